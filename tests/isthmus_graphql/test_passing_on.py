"""Passing access on, further versions and download links through GraphQL: once by key, and not another's."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from graphql_relay import from_global_id, to_global_id

from graphql_client import Asker, serve
from graphql_trade import SHIPMENT, VAULT, ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from isthmus_platform.papers import plain
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, SigningKey
from papers_of_trade import INVOICE

TOTAL = "query ($id: ID!) { document(id: $id) { version data { ... on CommercialInvoice { number } } } }"


@pytest.fixture
def askers(platform: Platform, cast: dict[str, Actor]) -> dict[str, Asker]:
    desk = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")
    served = serve(GraphQL(platform, build(), desk=desk), cast)
    ship(served["trader"])
    return served


@pytest.fixture
def insurer(askers: dict[str, Asker]) -> Asker:
    return askers["insurer"]


@pytest.fixture
def invoice(trader: Asker) -> str:
    made = trader.done(
        "issueDocument",
        "document { id }",
        shipment=SHIPMENT["reference"],
        type="380",
        data=plain.to_json(INVOICE),
    )
    return str(made["document"]["id"])


@pytest.fixture
def until(platform: Platform) -> str:
    return (platform.clock() + timedelta(days=1)).isoformat()


@pytest.fixture
def grant(trader: Asker, invoice: str, until: str) -> str:
    made = trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        documents=[invoice],
        purpose="TRADE_FINANCE",
        validUntil=until,
    )
    return str(made["grant"]["id"])


def read(asker: Asker, document: str) -> Any:
    return asker.data(TOTAL, id=document)["document"]


def test_a_bank_passes_its_grant_on_narrower_and_takes_it_back(
    trader: Asker, bank: Asker, insurer: Asker, invoice: str, grant: str, until: str
) -> None:
    passed = bank.done(
        "passAccessOn",
        "grant { id fields owner { name } reader { name } }",
        grant=grant,
        reader="insurer",
        fields=["number"],
        validUntil=until,
    )["grant"]
    assert {name: passed[name] for name in ("fields", "owner", "reader")} == {
        "fields": ["number"],
        "owner": {"name": "trader"},
        "reader": {"name": "insurer"},
    }
    assert read(insurer, invoice)["data"] == {"number": INVOICE.number}
    held = trader.data("{ grants { edges { node { id } } } }")["grants"]["edges"]
    assert {"node": {"id": passed["id"]}} in held
    ended = bank.done("takeAccessBack", "grant { revokedAt }", grant=passed["id"])
    assert ended["grant"]["revokedAt"] is not None
    assert read(insurer, invoice) is None
    assert read(bank, invoice) is not None


def test_nothing_wider_is_passed_on(
    platform: Platform, bank: Asker, invoice: str, grant: str, until: str
) -> None:
    later = (platform.clock() + timedelta(days=2)).isoformat()
    given = {"grant": grant, "reader": "insurer", "validUntil": until}
    selection = "grant { id }"
    assert bank.refused("passAccessOn", selection, **{**given, "validUntil": later}) == [
        ("too_long", "validUntil")
    ]
    other = to_global_id("Document", str(uuid4()))
    assert bank.refused("passAccessOn", selection, **given, documents=[other]) == [("wider", "documents")]


def test_a_further_version_takes_the_place_of_the_one_before(
    trader: Asker, bank: Asker, invoice: str, grant: str
) -> None:
    data = {**plain.to_json(INVOICE), "number": "FPM-2"}
    trader.done("issueDocumentVersion", "document { version }", document=invoice, data=data)
    assert read(bank, invoice) == {"version": 2, "data": {"number": "FPM-2"}}
    assert trader.refused("issueDocumentVersion", "document { id }", document=invoice) == [("one_of", "data")]


def test_a_link_is_made_for_who_asked(trader: Asker, bank: Asker, invoice: str, grant: str) -> None:
    link = bank.done("issueDownloadLink", "link { url expiresAt }", document=invoice)["link"]
    address = urlsplit(link["url"])
    assert (address.netloc, address.path) == ("isthmus.example", "/documents/link")
    assert len(parse_qs(address.query)["token"][0]) == 43
    wrong = to_global_id("Document", str(uuid4()))
    assert bank.refused("issueDownloadLink", "link { url }", document=wrong) == [("not_found", "document")]


CHANGES = {
    "passAccessOn": "grant { id }",
    "takeAccessBack": "grant { id }",
    "issueDocumentVersion": "document { id version }",
    "issueDownloadLink": "link { url expiresAt }",
}


@pytest.fixture
def given(bank: Asker, invoice: str, grant: str, until: str) -> dict[str, dict[str, Any]]:
    """Return the input of each change, with things of trader and bank."""
    passing = {"grant": grant, "reader": "insurer", "validUntil": until}
    passed = bank.done("passAccessOn", "grant { id }", **passing)["grant"]["id"]
    return {
        "passAccessOn": passing,
        "takeAccessBack": {"grant": passed},
        "issueDocumentVersion": {"document": invoice, "data": plain.to_json(INVOICE)},
        "issueDownloadLink": {"document": invoice},
    }


def test_a_change_of_anothers_thing_answers_as_if_it_were_not_there(
    given: dict[str, dict[str, Any]], rival: Asker, trader: Asker
) -> None:
    for change, selection in CHANGES.items():
        name = next(iter(given[change]))
        kind = from_global_id(given[change][name]).type
        unknown = {**given[change], name: to_global_id(kind, str(uuid4()))}
        known = rival.change(change, selection, **given[change])
        assert known == rival.change(change, selection, **unknown), change
        assert known["userErrors"][0]["code"] == "not_found", change
    standing = trader.data("{ grants { edges { node { revokedAt } } } }")["grants"]["edges"]
    assert standing == [{"node": {"revokedAt": None}}] * 2


def test_a_change_that_is_sent_again_is_made_once(
    given: dict[str, dict[str, Any]], trader: Asker, bank: Asker, invoice: str
) -> None:
    for change, selection in CHANGES.items():
        by = trader if change == "issueDocumentVersion" else bank
        first = by.done(change, selection, idempotencyKey=change, **given[change])
        assert by.done(change, selection, idempotencyKey=change, **given[change]) == first, change
        other = "issueDownloadLink" if change != "issueDownloadLink" else "passAccessOn"
        refused = by.refused(other, CHANGES[other], idempotencyKey=change, **given[other])
        assert refused == [("idempotency_key_reused", "idempotencyKey")], change
    assert read(trader, invoice)["version"] == 2
    assert len(trader.data("{ grants { edges { node { id } } } }")["grants"]["edges"]) == 3


def test_a_link_that_is_refused_is_in_the_owners_log(trader: Asker, insurer: Asker, invoice: str) -> None:
    assert insurer.refused("issueDownloadLink", "link { url }", document=invoice) == [
        ("not_found", "document")
    ]
    log = trader.data("{ accessLog { edges { node { action outcome reason reader { name } } } } }")
    assert log["accessLog"]["edges"] == [
        {
            "node": {
                "action": "METADATA",
                "outcome": "REFUSED",
                "reason": "no_grant",
                "reader": {"name": "insurer"},
            }
        }
    ]
