"""A gate of eFTI is answered as its API says, and only as far as an agreement lets its request cross."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from counterparts import KEYRING, KEYS, Neighbour, Signer, serving
from freight import ROAD, consignment_agreement, follow_up_agreement, identifiers_agreement
from isthmus_bridge import agreements, log
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.efti.subsets import filtered
from isthmus_bridge.http import create_app
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_bridge.submission import submit
from isthmus_protocol.agreements import Suspension, sign_suspension
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import LogRecord, read_record
from isthmus_window.http import create_app as create_window
from isthmus_window.service import Window
from standards import STANDARDS
from standing import StandingClock

SCHEMAS = STANDARDS / "efti" / "xsd"
OWNED = "party=carrier&role=CARRIER&owner=trader"

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the published eFTI schemas are not here")

InForce = Callable[..., None]


@pytest.fixture
def client(bridge: Bridge) -> FlaskClient:
    return create_app(bridge, SCHEMAS).test_client()


@pytest.fixture
def deposited(as_platform: Signer) -> None:
    assert deposit(as_platform, "road-1").status_code == 204


def deposit(as_platform: Signer, dataset: str, document: bytes = ROAD, query: str = OWNED) -> TestResponse:
    path = f"/v1/efti/consignments/{dataset}?{query}"
    return as_platform.send("PUT", path, document, {"Content-Type": "application/xml"})


def follow_up(as_window: Signer, dataset: str, message: bytes) -> TestResponse:
    path = f"/v0/consignments/{dataset}/follow-up"
    return as_window.send("POST", path, message, {"Content-Type": "text/plain"})


def logged(bridge: Bridge) -> list[LogRecord]:
    with bridge.begin() as session:
        page = log.entries(session, 0, 100)
    read = [read_record(parse_object(record.encode())) for _, record in page]
    return [record for record in read if isinstance(record, LogRecord)]


def steps(bridge: Bridge) -> list[tuple[str, str, str | None]]:
    return [
        (record.phase.value, record.decision.value, record.reason and record.reason.value)
        for record in logged(bridge)
    ]


def code(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json["code"]


def test_a_gate_gets_the_consignment_as_far_as_its_subsets_may_see_it(
    deposited: None, as_window: Signer, put_in_force: InForce
) -> None:
    put_in_force(consignment_agreement("EU01", "FI01"))
    answer = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert answer.status_code == 200, answer.data
    assert answer.mimetype == "application/xml"
    assert answer.data == filtered(SCHEMAS, ROAD, frozenset({"EU01"}))
    assert b"appliedAmount" not in answer.data
    both = as_window.get("/v0/consignments/road-1?subsetId=EU01&subsetId=FI01")
    assert both.data == filtered(SCHEMAS, ROAD, frozenset({"EU01", "FI01"}))
    assert b"appliedAmount" in both.data


def test_the_request_is_in_the_log_and_the_receipt_follows(
    deposited: None, as_window: Signer, put_in_force: InForce, bridge: Bridge, window: Neighbour
) -> None:
    put_in_force(consignment_agreement("EU01"))
    given = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert steps(bridge) == [("AGREED", "PERMITTED", None), ("SENT", "PERMITTED", None)]
    assert logged(bridge)[0].fields == ("/consignment", "/datasetId", "/subsets/EU01")
    assert logged(bridge)[0].party == "carrier"
    deliver_due(bridge)
    assert steps(bridge)[2:] == [("DELIVERED", "PERMITTED", None)]
    (body,) = window.bodies
    assert str(body["consignment"]).encode() == given.data, "what the receipt is for is what was given"
    with bridge.begin() as session:
        (exchange,) = session.scalars(select(Exchange)).all()
    assert exchange.state == "DELIVERED"
    assert exchange.body is None
    assert str(exchange.id) == given.headers["Isthmus-Exchange"]


def test_what_was_given_in_the_answer_is_not_called_timed_out_when_no_receipt_follows(
    deposited: None,
    as_window: Signer,
    put_in_force: InForce,
    bridge: Bridge,
    window: Neighbour,
    clock: StandingClock,
) -> None:
    put_in_force(consignment_agreement("EU01"))
    assert as_window.get("/v0/consignments/road-1?subsetId=EU01").status_code == 200
    window.script.append(503)
    deliver_due(bridge)
    clock.advance(hours=73)
    deliver_due(bridge)
    assert window.inquiries
    assert window.received == {}
    assert steps(bridge)[2:] == [("DELIVERED", "REFUSED", "UNCONFIRMED")]


def test_what_no_agreement_lets_cross_is_refused_and_logged(
    deposited: None, as_window: Signer, put_in_force: InForce, bridge: Bridge, window: Neighbour
) -> None:
    answer = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert (answer.status_code, code(answer)) == (403, "NO_AGREEMENT")
    put_in_force(consignment_agreement("EU01"))
    beyond = as_window.get("/v0/consignments/road-1?subsetId=EU01&subsetId=FI01")
    assert (beyond.status_code, code(beyond)) == (403, "FIELD_NOT_PERMITTED")
    assert beyond.json is not None
    assert beyond.json["field"] == "/subsets/FI01"
    assert b"grossWeight" not in answer.data + beyond.data
    assert steps(bridge) == [
        ("AGREED", "REFUSED", "NO_AGREEMENT"),
        ("AGREED", "REFUSED", "FIELD_NOT_PERMITTED"),
    ]
    deliver_due(bridge)
    assert window.received == {}


def test_a_suspension_holds_for_the_next_request(
    deposited: None, as_window: Signer, put_in_force: InForce, bridge: Bridge
) -> None:
    put_in_force(consignment_agreement("EU01"))
    assert as_window.get("/v0/consignments/road-1?subsetId=EU01").status_code == 200
    suspension = Suspension("freight-consignment", None, "under examination", bridge.clock())
    with bridge.begin() as session:
        agreements.suspend(
            session, bridge.keyring, sign_suspension(KEYS[Holder.AUTHORITY], suspension), bridge.clock()
        )
    answer = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert (answer.status_code, code(answer)) == (403, "AGREEMENT_SUSPENDED")


def test_the_rate_of_an_agreement_holds_for_gates(
    deposited: None, as_window: Signer, put_in_force: InForce
) -> None:
    put_in_force(consignment_agreement("EU01", ratePerHour=1))
    assert as_window.get("/v0/consignments/road-1?subsetId=EU01").status_code == 200
    answer = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert (answer.status_code, code(answer)) == (429, "RATE_EXCEEDED")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "no_subset"),
        ("?subsetId=", "unknown_subset"),
        ("?subsetId=XX99", "unknown_subset"),
        ("?subsetId=EU01,FI01", "unknown_subset"),
        ("?subsetId=EU01&subsetId=EU01", "bad_request"),
        ("?subsetId=EU01&all=true", "bad_request"),
    ],
)
def test_a_request_without_known_subsets_is_refused(
    deposited: None, as_window: Signer, put_in_force: InForce, query: str, expected: str
) -> None:
    put_in_force(consignment_agreement("EU01"))
    answer = as_window.get(f"/v0/consignments/road-1{query}")
    assert (answer.status_code, code(answer)) == (400, expected)


def test_an_unknown_dataset_is_not_found_and_the_request_is_logged(
    as_window: Signer, put_in_force: InForce, bridge: Bridge
) -> None:
    put_in_force(consignment_agreement("EU01"))
    assert as_window.get("/v0/consignments/nobody?subsetId=EU01").status_code == 404
    assert steps(bridge) == [("AGREED", "REFUSED", "UNKNOWN_EXCHANGE")]
    assert as_window.get("/v0/consignments/%20?subsetId=EU01").status_code == 404


def test_only_the_window_asks_and_only_the_platform_deposits(
    deposited: None, as_window: Signer, as_platform: Signer, as_authority: Signer, client: FlaskClient
) -> None:
    assert client.get("/v0/consignments/road-1?subsetId=EU01").status_code == 401
    for other in (as_platform, as_authority):
        assert other.get("/v0/consignments/road-1?subsetId=EU01").status_code == 403
        assert follow_up(other, "road-1", b"hello").status_code == 403
    assert deposit(as_window, "road-1").status_code == 403


def test_a_later_deposit_takes_the_place_of_the_earlier(
    deposited: None, as_platform: Signer, as_window: Signer, put_in_force: InForce
) -> None:
    put_in_force(consignment_agreement("EU01"))
    assert deposit(as_platform, "road-1", ROAD.replace(b">1000<", b">2000<")).status_code == 204
    assert b">2000<" in as_window.get("/v0/consignments/road-1?subsetId=EU01").data


@pytest.mark.parametrize(
    ("document", "query", "status", "expected"),
    [
        (b"<a/>", OWNED, 422, "not_a_consignment"),
        (ROAD.replace(b"grossWeight", b"bribe"), OWNED, 422, "not_a_consignment"),
        (ROAD.replace(b"consignment/common", b"consignment/identifier"), OWNED, 422, "not_a_consignment"),
        (b"<!DOCTYPE a><a/>", OWNED, 400, "xml_doctype"),
        (b"<a>" + b" " * 500_000 + b"</a>", OWNED, 400, "xml_too_large"),
        (ROAD, "party=carrier&role=CARRIER", 422, "missing"),
        (ROAD, OWNED.replace("CARRIER", "PIRATE"), 422, "unknown_code"),
    ],
)
def test_what_is_no_valid_consignment_of_somebody_is_not_deposited(
    as_platform: Signer,
    as_window: Signer,
    put_in_force: InForce,
    document: bytes,
    query: str,
    status: int,
    expected: str,
) -> None:
    put_in_force(consignment_agreement("EU01"))
    answer = deposit(as_platform, "road-1", document, query)
    assert (answer.status_code, code(answer)) == (status, expected)
    assert as_window.get("/v0/consignments/road-1?subsetId=EU01").status_code == 404


def test_the_largest_consignment_that_is_taken_can_also_be_given_and_delivered(
    as_platform: Signer,
    as_window: Signer,
    put_in_force: InForce,
    bridge: Bridge,
    window: Neighbour,
) -> None:
    put_in_force(consignment_agreement("EU01"))
    filled = ROAD.replace(b"</consignment>", b"\n" * (480_000 - len(ROAD)) + b"</consignment>")
    assert deposit(as_platform, "road-1", filled).status_code == 204
    assert deposit(as_platform, "road-1", filled.replace(b"\n", b"\n\n", 1)).status_code == 400
    given = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert given.status_code == 200, given.data
    deliver_due(bridge)
    (body,) = window.bodies
    assert str(body["consignment"]).encode() == given.data


def test_an_exchange_that_ordinary_delivery_took_first_is_asked_for_again(
    deposited: None,
    as_window: Signer,
    put_in_force: InForce,
    bridge: Bridge,
    window: Neighbour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_in_force(consignment_agreement("EU01"))

    def overtaken(*given: Any, **more: Any) -> Any:
        answer = submit(*given, **more)
        deliver_due(bridge)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr("isthmus_bridge.efti.crossing.submit", overtaken)
        answer = as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert (answer.status_code, code(answer)) == (503, "try_again")
    assert len(window.received) == 1
    assert as_window.get("/v0/consignments/road-1?subsetId=EU01").status_code == 200


def test_without_the_schemas_nothing_is_given(bridge: Bridge, clock: StandingClock) -> None:
    bare = Signer(create_app(bridge).test_client(), KEYS[Holder.WINDOW], clock)
    answer = bare.get("/v0/consignments/road-1?subsetId=EU01")
    assert (answer.status_code, code(answer)) == (503, "schemas_missing")


def test_a_follow_up_is_delivered_to_the_platform_like_any_message(
    deposited: None,
    as_window: Signer,
    put_in_force: InForce,
    bridge: Bridge,
    private: Neighbour,
) -> None:
    put_in_force(consignment_agreement("EU01"), follow_up_agreement())
    as_window.get("/v0/consignments/road-1?subsetId=EU01")
    assert follow_up(as_window, "road-1", "Vikt saknas för släpet".encode()).status_code == 200
    assert private.received == {}
    deliver_due(bridge)
    (envelope,) = private.received.values()
    assert envelope.body == {"datasetId": "road-1", "message": "Vikt saknas för släpet"}
    assert (envelope.party, envelope.owner) == ("carrier", "trader")
    mine = [(r.phase.value, r.decision.value) for r in logged(bridge) if r.message == "EFTI_FOLLOW_UP"]
    assert mine == [("AGREED", "PERMITTED"), ("SENT", "PERMITTED"), ("DELIVERED", "PERMITTED")]


def test_a_follow_up_is_about_what_was_given_and_needs_an_agreement(
    deposited: None, as_window: Signer, put_in_force: InForce, bridge: Bridge, private: Neighbour
) -> None:
    put_in_force(consignment_agreement("EU01"))
    early = follow_up(as_window, "road-1", b"hello")
    assert (early.status_code, code(early)) == (403, "UNKNOWN_EXCHANGE")
    as_window.get("/v0/consignments/road-1?subsetId=EU01")
    refused = follow_up(as_window, "road-1", b"hello")
    assert (refused.status_code, code(refused)) == (403, "NO_AGREEMENT")
    put_in_force(follow_up_agreement())
    for message, status in ((b"h", 400), (b"h" * 10_001, 400), (b"\xff\xff", 400), (b"hi", 200)):
        assert follow_up(as_window, "road-1", message).status_code == status
    assert follow_up(as_window, "nobody", b"hello").status_code == 404
    deliver_due(bridge)
    assert [body["message"] for body in private.bodies] == ["hi"]


@pytest.fixture
def gate(tmp_path: Path, clock: StandingClock) -> Iterator[tuple[str, FlaskClient]]:
    """The reference window with its gate, on the loopback."""
    window = Window(
        tmp_path / "window.sqlite",
        KEYS[Holder.WINDOW],
        KEYRING,
        "http://127.0.0.1:1",
        clock,
        timedelta(seconds=1),
    )
    app = create_window(window)
    with serving(app) as url:
        yield url, app.test_client()
    window.close()


def announce(platform: Signer, key: str) -> Any:
    answer = platform.post("/v1/efti/consignments/road-1/announcement", {"idempotencyKey": key})
    assert answer.status_code in (200, 202), answer.data
    return answer.json


def found(http: FlaskClient, identifier: str) -> bool:
    query = (
        f'<identifierQuery xmlns="http://efti.eu/v1/edelivery"><identifier>{identifier}</identifier>'
        "</identifierQuery>"
    )
    return b"road-1" in http.post("/v0/identifier-queries", data=query.encode()).data


def test_announced_identifiers_are_found_at_the_gate_and_nothing_else_is_there(
    bridge: Bridge, clock: StandingClock, put_in_force: InForce, gate: tuple[str, FlaskClient]
) -> None:
    url, http = gate
    here = replace(bridge, window_url=url)
    platform = Signer(create_app(here, SCHEMAS).test_client(), KEYS[Holder.PLATFORM], clock)
    assert deposit(platform, "road-1").status_code == 204
    refused = announce(platform, "key-1")
    assert refused["announced"] is False
    assert (refused["answer"]["state"], refused["answer"]["reason"]) == ("REFUSED", "NO_AGREEMENT")
    assert not found(http, "ABC-123")
    put_in_force(identifiers_agreement())
    answer = announce(platform, "key-2")
    assert (answer["announced"], answer["answer"]["state"]) == (True, "AGREED")
    assert found(http, "abc-123")
    mine = [(r.phase.value, r.decision.value) for r in logged(here) if r.decision.value == "PERMITTED"]
    assert mine == [("AGREED", "PERMITTED"), ("SENT", "PERMITTED"), ("DELIVERED", "PERMITTED")]


def test_an_announcement_that_the_gate_missed_is_delivered_later_and_the_platform_told(
    bridge: Bridge,
    clock: StandingClock,
    put_in_force: InForce,
    gate: tuple[str, FlaskClient],
    private: Neighbour,
) -> None:
    url, http = gate
    put_in_force(identifiers_agreement(), consignment_agreement("EU01"))
    away = replace(bridge, window_url="http://127.0.0.1:1")
    platform = Signer(create_app(away, SCHEMAS).test_client(), KEYS[Holder.PLATFORM], clock)
    deposit(platform, "road-1")
    answer = announce(platform, "key-1")
    assert (answer["announced"], answer["answer"]["state"]) == (False, "AGREED")
    assert not found(http, "ABC-123")
    deliver_due(replace(bridge, window_url=url))
    assert found(http, "ABC-123")
    (notice,) = private.notices
    assert (notice["exchange"], notice["state"]) == (answer["answer"]["exchange"], "DELIVERED")
    assert announce(platform, "key-1") == answer, "said again, it is announced once"
    assert len([record for record in logged(bridge) if record.phase.value == "AGREED"]) == 1


def test_an_announcement_without_a_key_is_refused(deposited: None, as_platform: Signer) -> None:
    answer = as_platform.post("/v1/efti/consignments/road-1/announcement", {})
    assert (answer.status_code, code(answer)) == (422, "missing")
