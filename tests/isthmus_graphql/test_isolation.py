"""Whatever names another party's thing answers exactly as if there were no such thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import from_global_id, to_global_id

from graphql_client import Asker
from graphql_trade import ship, upload
from isthmus_platform.database import Platform

LATER = "2026-12-01T00:00:00Z"


@dataclass(frozen=True)
class Things:
    """Global ids of what belongs to the trader."""

    shipment: str
    document: str
    grant: str
    delegation: str
    crossing: str


@pytest.fixture
def things(platform: Platform, trader: Asker) -> Things:
    shipment = ship(trader)["id"]
    document = to_global_id("Document", str(upload(platform, trader)))
    grant = trader.done(
        "grantAccess",
        "grant { id }",
        reader="insurer",
        documents=[document],
        purpose="INSURANCE",
        validUntil=LATER,
    )["grant"]["id"]
    delegation = trader.done("recordDelegation", "delegation { id }", agent="insurer", validUntil=LATER)[
        "delegation"
    ]["id"]
    crossing = trader.done("submitDeclaration", "crossing { id }", shipment="KHH-HAM-1")["crossing"]["id"]
    return Things(shipment, document, grant, delegation, crossing)


def other_of(given: str, kind: str) -> str:
    """Return an id of ``kind`` that nothing has."""
    assert from_global_id(given).type == kind
    return to_global_id(kind, str(uuid4()))


def test_ids_in_queries(
    things: Things, trader: Asker, rival: Asker, carrier: Asker, bank: Asker, operator: Asker
) -> None:
    node = "query ($id: ID!) { node(id: $id) { id } }"
    document = "query ($id: ID!) { document(id: $id) { id } }"
    crossing = "query ($id: ID!) { crossing(id: $id) { id } }"
    for query, given in (
        (node, things.shipment),
        (node, things.document),
        (node, things.grant),
        (node, things.delegation),
        (node, things.crossing),
        (document, things.document),
        (crossing, things.crossing),
    ):
        assert next(iter(trader.data(query, id=given).values())) == {"id": given}
        for stranger in (rival, bank, operator):
            absent = stranger.ask(query, id=to_global_id("Shipment", str(uuid4())))
            assert stranger.ask(query, id=given) == absent
    assert carrier.data(node, id=things.document) == {"node": None}
    assert carrier.data(node, id=things.crossing) == {"node": None}


def test_references_in_queries(things: Things, rival: Asker, bank: Asker) -> None:
    by_reference = "query ($r: String!) { shipment(reference: $r) { id } }"
    lists = "query ($f: ShipmentFilter) { shipments(filter: $f) { edges { node { id } } } }"
    for stranger in (rival, bank):
        assert stranger.ask(by_reference, r="KHH-HAM-1") == stranger.ask(by_reference, r="NO-SUCH")
        for known, unknown in (
            ({"reference": "KHH-HAM-1"}, {"reference": "NO-SUCH"}),
            ({"ucr": "6TW24536806-1"}, {"ucr": "NO-SUCH"}),
            ({"equipmentReference": "MCLU4200170"}, {"equipmentReference": "MCLU0000000"}),
            ({"bookingReference": "MCL4417001"}, {"bookingReference": "NO-SUCH"}),
        ):
            assert stranger.ask(lists, f=known) == stranger.ask(lists, f=unknown)


def cases(things: Things) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Yield mutation, selection, and its input with the trader's thing and with one that nobody has."""
    access = {"reader": "bank", "purpose": "TRADE_FINANCE", "validUntil": LATER}
    yield (
        "grantAccess",
        "grant { id }",
        {**access, "documents": [things.document]},
        {**access, "documents": [other_of(things.document, "Document")]},
    )
    yield (
        "grantAccess",
        "grant { id }",
        {**access, "shipment": things.shipment},
        {**access, "shipment": other_of(things.shipment, "Shipment")},
    )
    yield "revokeAccess", "grant { id }", {"grant": things.grant}, {"grant": other_of(things.grant, "Grant")}
    yield (
        "revokeDelegation",
        "delegation { id }",
        {"delegation": things.delegation},
        {"delegation": other_of(things.delegation, "Delegation")},
    )
    yield "submitDeclaration", "crossing { id }", {"shipment": "KHH-HAM-1"}, {"shipment": "NO-SUCH"}


def test_ids_and_references_in_mutations(things: Things, trader: Asker, rival: Asker, bank: Asker) -> None:
    for mutation, selection, known, unknown in cases(things):
        for stranger in (rival, bank):
            assert stranger.change(mutation, selection, **known) == stranger.change(
                mutation, selection, **unknown
            )
            assert stranger.change(mutation, selection, **known)["userErrors"][0]["code"] == "not_found", (
                mutation
            )
    standing = trader.data(
        "query ($g: ID!, $d: ID!) { grant: node(id: $g) { ... on Grant { revokedAt } }"
        " delegation: node(id: $d) { ... on Delegation { revokedAt } } }",
        g=things.grant,
        d=things.delegation,
    )
    assert standing == {"grant": {"revokedAt": None}, "delegation": {"revokedAt": None}}


def test_a_question_about_anothers_consignment_looks_like_one_about_none(things: Things, bank: Asker) -> None:
    selection = "crossing { state party owner shipment { id } reason }"
    asked = [
        bank.done("askWindow", selection, ucr=ucr, purpose="TRADE_FINANCE")
        for ucr in ("6TW24536806-1", "NO-SUCH")
    ]
    assert asked[0] == asked[1]
    assert asked[0]["crossing"]["owner"] == "bank"


def test_two_parties_may_use_one_reference_and_one_key(things: Things, trader: Asker, rival: Asker) -> None:
    made = ship(rival, "id owner { name }", idempotencyKey="same")
    assert made["owner"] == {"name": "rival"}
    again = ship(trader, "owner { name }", idempotencyKey="same", reference="R2", ucr="U2")
    assert again["owner"] == {"name": "trader"}
    mine = '{ shipment(reference: "KHH-HAM-1") { id owner { name } } }'
    assert rival.data(mine)["shipment"] == made
    assert trader.data(mine)["shipment"]["owner"] == {"name": "trader"}
