"""Crossings through the schema, decided by a real bridge: one's own; to an authority, the bridge's log."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from graphql_relay import from_global_id, to_global_id
from sqlalchemy import update

from counterparts import KEYRING, KEYS, serving, signed
from graphql_client import Asker, nodes, serve
from graphql_trade import ship, upload
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_graphql.execution import GraphQL
from isthmus_platform import declarations, outbox, window_queries
from isthmus_platform.crossings import BRIDGE, TOPIC, BridgeClient, Crossing, Sender
from isthmus_platform.database import Actor, Platform
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.keys import Holder
from standing import StandingClock

LATER = "2026-12-01T00:00:00Z"
AGREED = sum(1 for _ in resources.files("isthmus.demo").joinpath("agreements").iterdir())
"""Entries of the log that the demonstration's agreements take, before the first crossing."""
CROSSING = """id exchange direction message purpose legalBasis party owner state decision reason field fields
  agreement { id version } answer { exists released } logIndex at evidenceUrl shipment { reference }"""
ONE = f"query ($id: ID!) {{ crossing(id: $id) {{ {CROSSING} }} }}"
MANY = (
    "query ($first: Int = 20, $after: String, $filter: CrossingFilter) {"
    f" crossings(first: $first, after: $after, filter: $filter) {{ edges {{ node {{ {CROSSING} }} }}"
    " pageInfo { hasNextPage endCursor } } }"
)


@pytest.fixture
def bridge(bridge_url: str, clock: StandingClock) -> Iterator[Bridge]:
    """Yield a bridge on which the demonstration's agreements are in force."""
    engine = create_bridge_engine(bridge_url, pool_size=4)
    running = Bridge(
        engine=engine,
        keyring=KEYRING,
        signing_key=KEYS[Holder.BRIDGE],
        log_key=KEYS[Holder.LOG],
        subject_key=b"s" * 32,
        window_url="http://127.0.0.1:9",
        platform_url="http://127.0.0.1:9",
        origin="bridge.test/log",
        clock=clock,
    )
    for file in resources.files("isthmus.demo").joinpath("agreements").iterdir():
        document = Agreement.from_json(orjson.loads(file.read_bytes()))
        with running.begin() as session:
            agreements.store(session, running.keyring, signed(document), running.clock())
    yield running
    engine.dispose()


@pytest.fixture
def client(bridge: Bridge, clock: StandingClock) -> Iterator[BridgeClient]:
    with serving(create_app(bridge)) as address:
        client = BridgeClient(address, KEYS[Holder.PLATFORM], KEYRING, clock)
        yield client
        client.http.close()


@pytest.fixture
def askers(graphql: GraphQL, cast: dict[str, Actor], client: BridgeClient) -> dict[str, Asker]:
    return serve(replace(graphql, bridge=client), cast)


@pytest.fixture
def authority(askers: dict[str, Asker]) -> Asker:
    return askers["authority"]


@pytest.fixture
def send(platform: Platform, client: BridgeClient) -> Callable[[], int]:
    """Return what hands waiting crossings to the bridge, as a worker does."""
    sender = Sender(platform, client, {**declarations.OUTGOING, **window_queries.OUTGOING})
    return lambda: outbox.drain(platform, TOPIC, sender)


def declare(asker: Asker, **given: Any) -> dict[str, Any]:
    return asker.done(
        "submitDeclaration",
        f"crossing {{ {CROSSING} }} declaration {{ status mrn }}",
        **{"shipment": "KHH-HAM-1", **given},
    )


def test_a_declaration_waits_for_the_bridge_which_permits_it(trader: Asker, send: Callable[[], int]) -> None:
    ship(trader)
    filed = declare(trader)
    assert filed["declaration"] == {"status": "SUBMITTED", "mrn": None}
    waiting = filed["crossing"]
    assert (waiting["state"], waiting["decision"], waiting["evidenceUrl"]) == ("REQUESTED", None, None)
    assert send() == 1
    crossed = trader.data(ONE, id=waiting["id"])["crossing"]
    exchange = crossed["exchange"]
    assert str(UUID(exchange)) == exchange
    assert "/goods/hsCode" in crossed["fields"]
    assert [field for field in crossed["fields"] if field.startswith("/invoice/bank")] == []
    assert crossed == {
        "id": waiting["id"],
        "exchange": exchange,
        "direction": "TO_WINDOW",
        "message": "EXPORT_DECLARATION",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "legalBasis": crossed["legalBasis"],
        "party": "trader",
        "owner": "trader",
        "state": "AGREED",
        "decision": "PERMITTED",
        "reason": None,
        "field": None,
        "fields": crossed["fields"],
        "agreement": {"id": "export-declaration", "version": 1},
        "answer": None,
        "logIndex": AGREED,
        "at": "2026-06-01T09:00:00Z",
        "evidenceUrl": f"/crossings/{exchange}/evidence",
        "shipment": {"reference": "KHH-HAM-1"},
    }
    about = trader.data(
        '{ shipment(reference: "KHH-HAM-1") { declaration { status } crossings { edges { node { id } } } } }'
    )["shipment"]
    assert about == {
        "declaration": {"status": "SUBMITTED"},
        "crossings": {"edges": [{"node": {"id": waiting["id"]}}]},
    }


def test_a_field_that_may_not_cross_is_refused_and_named(trader: Asker, send: Callable[[], int]) -> None:
    ship(trader)
    filed = declare(trader, additionalFields=["/invoice/bankAccount"])
    send()
    refused = trader.data(ONE, id=filed["crossing"]["id"])["crossing"]
    assert (refused["state"], refused["decision"], refused["reason"], refused["field"]) == (
        "REFUSED",
        "REFUSED",
        "FIELD_NOT_PERMITTED",
        "/invoice/bankAccount",
    )
    status = '{ shipment(reference: "KHH-HAM-1") { declaration { status } } }'
    assert trader.data(status)["shipment"]["declaration"] == {"status": "REFUSED"}


def test_a_declaration_is_filed_once_and_only_of_ones_own(
    trader: Asker, rival: Asker, carrier: Asker
) -> None:
    ship(trader)
    declare(trader)
    for asker, given, refusal in (
        (trader, {"shipment": "KHH-HAM-1"}, ("declaration_exists", "shipment")),
        (carrier, {"shipment": "KHH-HAM-1"}, ("not_owner", "shipment")),
        (rival, {"shipment": "KHH-HAM-1"}, ("not_found", "shipment")),
        (
            trader,
            {"shipment": "KHH-HAM-1", "additionalFields": ["/nothing"]},
            ("unknown_field", "additionalFields"),
        ),
    ):
        assert asker.refused("submitDeclaration", "crossing { id } declaration { status }", **given) == [
            refusal
        ]
    assert len(nodes(trader.data(MANY)["crossings"])) == 1
    assert nodes(rival.data(MANY)["crossings"]) == []


def test_one_key_in_two_threads_files_once(trader: Asker) -> None:
    ship(trader)
    with ThreadPoolExecutor(2) as pool:
        filed = list(pool.map(lambda _: declare(trader, idempotencyKey="race")["crossing"]["id"], range(4)))
    assert len(set(filed)) == 1
    assert len(nodes(trader.data(MANY)["crossings"])) == 1


def test_a_bank_asks_with_the_owners_grant_and_is_refused_without(
    platform: Platform, trader: Asker, bank: Asker, send: Callable[[], int]
) -> None:
    ship(trader)
    document = to_global_id("Document", str(upload(platform, trader)))

    def ask() -> dict[str, Any]:
        asked = bank.done("askWindow", "crossing { id state }", ucr="6TW24536806-1", purpose="TRADE_FINANCE")
        assert asked["crossing"]["state"] == "REQUESTED"
        send()
        crossing: dict[str, Any] = bank.data(ONE, id=asked["crossing"]["id"])["crossing"]
        return crossing

    without = ask()
    assert (without["state"], without["reason"], without["owner"]) == ("REFUSED", "CONSENT_MISSING", "bank")
    trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        documents=[document],
        purpose="TRADE_FINANCE",
        validUntil=LATER,
    )
    with_grant = ask()
    assert (with_grant["state"], with_grant["owner"], with_grant["party"]) == ("AGREED", "trader", "bank")
    assert with_grant["fields"] == ["/ucr"]
    assert with_grant["shipment"] is None
    answer = {"exists": True, "released": False}
    with platform.begin(BRIDGE) as work:
        key = UUID(from_global_id(with_grant["id"]).id)
        work.session.execute(update(Crossing).where(Crossing.id == key).values(answer=answer))
    assert bank.data(ONE, id=with_grant["id"])["crossing"]["answer"] == answer
    log = "{ accessLog { edges { node { reader { name } action outcome reason shipment { reference } } } } }"
    assert [
        (entry["action"], entry["outcome"], entry["reason"]) for entry in nodes(trader.data(log)["accessLog"])
    ] == [("WINDOW_QUERY", "ALLOWED", None), ("WINDOW_QUERY", "REFUSED", "CONSENT_MISSING")]


def test_a_question_that_cannot_be_one_is_refused(bank: Asker) -> None:
    for ucr in ("", "x" * 36, "é"):
        refused = bank.refused("askWindow", "crossing { id }", ucr=ucr, purpose="TRADE_FINANCE")
        assert refused == [("format", "ucr")]
    assert nodes(bank.data(MANY)["crossings"]) == []


@pytest.fixture
def several(trader: Asker, bank: Asker, send: Callable[[], int]) -> None:
    """Let five crossings be decided: permitted, and refused four times."""
    ship(trader)
    declare(trader, additionalFields=["/invoice/bankAccount"])
    send()
    declare(trader)
    send()
    for _ in range(3):
        bank.done("askWindow", "crossing { id }", ucr="6TW24536806-1", purpose="TRADE_FINANCE")
        send()


@pytest.mark.usefixtures("several")
def test_an_authority_reads_every_decision_from_the_bridges_own_log(authority: Asker) -> None:
    listed = nodes(authority.data(MANY)["crossings"])
    assert [(each["logIndex"], each["party"], each["decision"], each["reason"]) for each in listed] == [
        (AGREED + 4, "bank", "REFUSED", "CONSENT_MISSING"),
        (AGREED + 3, "bank", "REFUSED", "CONSENT_MISSING"),
        (AGREED + 2, "bank", "REFUSED", "CONSENT_MISSING"),
        (AGREED + 1, "trader", "PERMITTED", None),
        (AGREED, "trader", "REFUSED", "FIELD_NOT_PERMITTED"),
    ]
    permitted = listed[3]
    assert permitted["legalBasis"]
    assert permitted["agreement"] == {"id": "export-declaration", "version": 1}
    assert permitted["evidenceUrl"] == f"/crossings/{permitted['exchange']}/evidence"
    assert permitted["shipment"] is None
    assert authority.data(ONE, id=permitted["id"])["crossing"] == permitted
    for absent in (UUID(int=0), UUID(int=99), UUID(int=2**100), uuid4()):
        assert authority.data(ONE, id=to_global_id("Crossing", str(absent))) == {"crossing": None}


@pytest.mark.usefixtures("several")
def test_the_log_is_read_in_pages_and_by_decision(authority: Asker) -> None:
    seen: list[int] = []
    after = None
    for expected in (2, 2, 1):
        page = authority.data(MANY, first=2, after=after)["crossings"]
        assert page["pageInfo"]["hasNextPage"] is (expected == 2)
        seen += [node["logIndex"] for node in nodes(page)]
        after = page["pageInfo"]["endCursor"]
    newest_first = [*reversed(range(AGREED, AGREED + 5))]
    assert seen == newest_first, "the agreements before them are no crossings"
    assert [
        n["logIndex"] for n in nodes(authority.data(MANY, filter={"decision": "PERMITTED"})["crossings"])
    ] == [AGREED + 1]
    declared = {"message": "EXPORT_DECLARATION", "decision": "REFUSED"}
    assert [n["logIndex"] for n in nodes(authority.data(MANY, filter=declared)["crossings"])] == [AGREED]
    assert authority.codes(MANY, after="forged") == ["cursor"]
    assert authority.codes(MANY, filter={"decision": "MAYBE"}) == ["INPUT"]


@pytest.mark.usefixtures("several")
def test_a_party_reads_its_own_crossings_by_decision(trader: Asker) -> None:
    def states(**wanted: Any) -> list[str]:
        return [node["state"] for node in nodes(trader.data(MANY, filter=wanted)["crossings"])]

    assert states() == ["AGREED", "REFUSED"]
    assert states(decision="PERMITTED") == ["AGREED"]
    assert states(decision="REFUSED") == ["REFUSED"]
    assert states(message="DECLARATION_QUERY") == []


def test_while_the_bridge_is_away_an_authority_is_told_so(
    graphql: GraphQL, cast: dict[str, Actor], clock: StandingClock
) -> None:
    nobody = BridgeClient("http://127.0.0.1:9", KEYS[Holder.PLATFORM], KEYRING, clock)
    for bridge in (nobody, None):
        authority = serve(replace(graphql, bridge=bridge), cast)["authority"]
        body = authority.ask(MANY)
        assert body["data"] == {"crossings": None}
        assert [error["extensions"]["code"] for error in body["errors"]] == ["bridge_unavailable"]
    nobody.http.close()
