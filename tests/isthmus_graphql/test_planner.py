"""The planner answers as the ordinary executor does, and says when it did."""

from typing import Any

import pytest

from both_ways import BothWays
from graphql_client import Asker, nodes
from graphql_trade import departure, ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_platform.database import Actor, Platform

LATER = "2026-12-01T00:00:00Z"
PAGE = """query ($first: Int, $after: String, $filter: ShipmentFilter) {
  shipments(first: $first, after: $after, filter: $filter) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node {
      id reference ucr bookingReference billOfLading bookedAt vessel incoterm createdAt
      owner { id name legalName country roles } forwarder { name } carrier { name }
      consignee { name country }
      origin { code name country latitude longitude } destination { ...P } transhipments { ...P }
      status { code description at place { ...P } } eta
      equipment { reference isoCode }
      goods { sequence description hsCode grossMassKg netMassKg packages packageType originCountry
        value { amountMinor currency } }
      timeline(first: 10) { pageInfo { hasNextPage endCursor } edges { cursor node {
        id at kind code classifier title place { ...P } equipmentReference source sourceEventId correction
        receivedAt } } }
      documents(first: 2) { edges { node { id type typeName title version sha256 size mediaType
        owner { name } shipmentReference ucr createdAt contentUrl versions { version sha256 }
        grants { reader { name } purpose documents { title } } } } }
      declaration { mrn status channel duty { amountMinor currency } releasedAt createdAt }
      crossings { edges { node { id direction message state party owner decision fields at
        agreement { id version } shipment { reference equipment { reference } } } } }
    } }
  }
}
fragment P on Place { code name }"""


@pytest.fixture
def both(graphql: GraphQL) -> BothWays:
    return BothWays(graphql)


@pytest.fixture
def trade(platform: Platform, trader: Asker, forwarder: Asker, carrier: Asker, bank: Asker) -> None:
    """Make shipments with events, documents that the bank was granted and read, and declarations."""
    trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    for n in range(3):
        given = {"reference": f"S{n}", "ucr": f"U{n}", "bookingReference": f"B{n}", "billOfLading": f"L{n}"}
        ship(forwarder, onBehalfOf="trader", **given)
        upload(platform, trader, reference=f"S{n}")
        booked = [{"documentReferenceType": "BKG", "documentReferenceValue": f"B{n}"}]
        events = [
            departure(20 * n + k, f"2026-05-{20 + k}T06:00:00Z", documentReferences=booked)
            for k in range(4 * n)
        ]
        carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=events)
    forwarder.done("submitDeclaration", "crossing { id }", shipment="S1")
    shipment = trader.data('{ shipment(reference: "S1") { id documents { edges { node { id } } } } }')
    [document] = nodes(shipment["shipment"]["documents"])
    granted = {"reader": "bank", "purpose": "TRADE_FINANCE", "validUntil": LATER}
    trader.done("grantAccess", "grant { id }", documents=[document["id"]], **granted)
    trader.done("grantAccess", "grant { id }", shipment=shipment["shipment"]["id"], **granted)
    bank.data("query ($id: ID!) { document(id: $id) { id } }", id=document["id"])


@pytest.mark.usefixtures("trade")
@pytest.mark.parametrize(
    "variables",
    [
        {"first": 2},
        {"first": 50},
        {},
        {"filter": {"reference": "S1"}},
        {"filter": {"equipmentReference": "MCLU4200170", "ucr": "U2"}, "first": 1},
        {"filter": None},
        {"filter": {"reference": None, "origin": "XXXXX"}},
    ],
    ids=str,
)
def test_a_page_of_shipments_is_planned(
    both: BothWays, cast: dict[str, Actor], variables: dict[str, Any]
) -> None:
    for name, actor in cast.items():
        told = both.same(actor, PAGE, **variables)
        assert told.by == "planner", (name, told.why)
    assert nodes(both.planned(cast["trader"], PAGE).body["data"]["shipments"])


@pytest.mark.usefixtures("trade")
def test_pages_follow_one_another(both: BothWays, cast: dict[str, Actor]) -> None:
    after, seen = None, []
    for _ in range(3):
        told = both.same(cast["trader"], PAGE, first=1, after=after)
        assert told.by == "planner"
        page = told.body["data"]["shipments"]
        seen += [node["reference"] for node in nodes(page)]
        after = page["pageInfo"]["endCursor"]
    assert seen == ["S2", "S1", "S0"]
    assert not page["pageInfo"]["hasNextPage"]


@pytest.mark.usefixtures("trade")
def test_a_filter_by_a_partys_name(both: BothWays, cast: dict[str, Actor]) -> None:
    for owner, by in (("trader", "planner"), ("rival", "executor"), ("nobody", "executor")):
        told = both.same(cast["trader"], PAGE, filter={"owner": owner, "carrier": "carrier"})
        assert told.by == by, told.why
