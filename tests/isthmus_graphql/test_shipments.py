"""Shipments through the schema: made once, read whole, seen by those concerned and nobody else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from graphql_client import Asker, nodes
from graphql_trade import SHIPMENT, departure, ship

LATER = "2027-06-01T00:00:00Z"
WHOLE = """
  id reference ucr owner { name } forwarder { name } carrier { name } consignee { name country }
  origin { code name country latitude longitude } destination { code name } transhipments { code }
  bookingReference billOfLading bookedAt vessel incoterm status { code description at place { code } } eta
  equipment { reference isoCode }
  goods {
    sequence description hsCode grossMassKg netMassKg packages packageType originCountry
    value { amountMinor currency }
  }
  timeline { edges { node { id } } } documents { edges { node { id } } } declaration { status }
  crossings { edges { node { id } } } createdAt
"""
BY_REFERENCE = "query ($r: String!) {{ shipment(reference: $r) {{ {selection} }} }}"
REFERENCES = (
    "query ($after: String, $filter: ShipmentFilter) { shipments(first: 3, after: $after, filter: $filter) {"
    " edges { node { reference } } pageInfo { hasNextPage endCursor } } }"
)


def references(asker: Asker, **wanted: Any) -> list[str]:
    page = asker.data(REFERENCES, filter=wanted)["shipments"]
    return [node["reference"] for node in nodes(page)]


def test_a_shipment_is_read_as_it_was_made(trader: Asker) -> None:
    made = ship(trader, WHOLE)
    assert trader.data(BY_REFERENCE.format(selection=WHOLE), r="KHH-HAM-1")["shipment"] == made
    assert made.pop("id")
    assert made == {
        "reference": "KHH-HAM-1",
        "ucr": "6TW24536806-1",
        "owner": {"name": "trader"},
        "forwarder": None,
        "carrier": {"name": "carrier"},
        "consignee": {"name": "Hanseatische Werkzeugmaschinen GmbH", "country": "DE"},
        "origin": {
            "code": "TWKHH",
            "name": "Kaohsiung",
            "country": "TW",
            "latitude": made["origin"]["latitude"],
            "longitude": made["origin"]["longitude"],
        },
        "destination": {"code": "DEHAM", "name": "Hamburg"},
        "transhipments": [{"code": "KRPUS"}],
        "bookingReference": "MCL4417001",
        "billOfLading": "MCLKHH2611042",
        "bookedAt": "2026-05-10T00:00:00Z",
        "vessel": "Meridian Aurora",
        "incoterm": "CIF",
        "status": {"code": "BOOKED", "description": "Booked", "at": None, "place": None},
        "eta": None,
        "equipment": [
            {"reference": "MCLU4200170", "isoCode": "22G1"},
            {"reference": "MCLU4200185", "isoCode": None},
        ],
        "goods": [{"sequence": 1, **SHIPMENT["goods"][0]}],
        "timeline": {"edges": []},
        "documents": {"edges": []},
        "declaration": None,
        "crossings": {"edges": []},
        "createdAt": "2026-06-01T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"equipment": [{"reference": "MCLU4200171"}]}, ("check_digit", "equipment[0].reference")),
        ({"origin": "TWXXX"}, ("unknown_place", "origin")),
        ({"transhipments": ["KRPUS", "nowhere"]}, ("unknown_place", "transhipments[1]")),
        ({"carrier": "rival"}, ("not_a_carrier", "carrier")),
        ({"carrier": "nobody"}, ("unknown_party", "carrier")),
        ({"incoterm": "XXX"}, ("unknown_incoterm", "incoterm")),
        ({"onBehalfOf": "rival"}, ("no_delegation", "onBehalfOf")),
        ({"reference": "x" * 36}, ("format", "reference")),
        (
            {"goods": [{**SHIPMENT["goods"][0], "netMassKg": "99999"}]},
            ("net_above_gross", "goods[0].netMassKg"),
        ),
    ],
)
def test_a_rule_broken_is_named_and_nothing_is_made(
    trader: Asker, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    assert trader.refused("createShipment", "shipment { id }", **{**SHIPMENT, **changes}) == [refusal]
    assert references(trader) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "DELIVERED"},
        {"goods": [{**SHIPMENT["goods"][0], "grossMassKg": 18450.5}]},
        {"goods": [{**SHIPMENT["goods"][0], "grossMassKg": "1e3"}]},
        {"goods": [{**SHIPMENT["goods"][0], "value": {"amountMinor": 2**53, "currency": "USD"}}]},
        {"goods": [{**SHIPMENT["goods"][0], "value": {"amountMinor": 1.5, "currency": "USD"}}]},
        {"bookedAt": "2026-05-10T08:00:00"},
        {"bookedAt": "2026-02-30T08:00:00Z"},
        {"bookedAt": "yesterday"},
    ],
)
def test_a_value_of_the_wrong_form_is_refused_before_anything_runs(
    trader: Asker, changes: dict[str, Any]
) -> None:
    mutation = "mutation ($input: CreateShipmentInput!) { createShipment(input: $input) { shipment { id } } }"
    assert trader.codes(mutation, input={"idempotencyKey": "k", **SHIPMENT, **changes}) == ["INPUT"]
    assert references(trader) == []


def test_a_carrier_does_not_make_shipments(carrier: Asker) -> None:
    assert carrier.refused("createShipment", "shipment { id }", **SHIPMENT) == [("role_required", None)]


def test_a_forwarder_makes_one_for_its_principal_while_the_delegation_holds(
    trader: Asker, forwarder: Asker
) -> None:
    given = {**SHIPMENT, "onBehalfOf": "trader"}
    assert forwarder.refused("createShipment", "shipment { id }", **given) == [
        ("no_delegation", "onBehalfOf")
    ]
    leave = trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    made = ship(forwarder, "owner { name } forwarder { name }", onBehalfOf="trader")
    assert made == {"owner": {"name": "trader"}, "forwarder": {"name": "forwarder"}}
    assert references(trader) == references(forwarder) == ["KHH-HAM-1"]
    trader.done("revokeDelegation", "delegation { id }", delegation=leave["delegation"]["id"])
    assert references(forwarder) == []


def test_those_concerned_see_it_and_nobody_else(
    trader: Asker, carrier: Asker, rival: Asker, bank: Asker, operator: Asker
) -> None:
    made = ship(trader)
    by_id = "query ($id: ID!) { node(id: $id) { id ... on Shipment { reference } } }"
    for seeing in (trader, carrier):
        assert seeing.data(by_id, id=made["id"])["node"] == made
        assert references(seeing) == ["KHH-HAM-1"]
    for other in (rival, bank, operator):
        assert other.data(by_id, id=made["id"]) == {"node": None}
        assert other.data(BY_REFERENCE.format(selection="id"), r="KHH-HAM-1") == {"shipment": None}
        assert references(other) == []


def test_filters_narrow_and_an_unknown_one_is_refused(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    ship(
        trader,
        reference="KHH-RTM-2",
        ucr="6TW-2",
        destination="NLRTM",
        bookingReference="B2",
        billOfLading="L2",
    )
    ship(trader, reference="NO-CARRIER", ucr="6TW-3", carrier=None, equipment=[], bookingReference=None)
    carrier.done(
        "recordEvents",
        "outcomes { outcome }",
        standard="DCSA_2_2",
        events=[departure(1, "2026-05-20T06:00:00Z")],
    )
    assert references(trader) == ["NO-CARRIER", "KHH-RTM-2", "KHH-HAM-1"]
    assert references(trader, reference="KHH-HAM-1") == ["KHH-HAM-1"]
    assert references(trader, ucr="6TW-2", destination="NLRTM") == ["KHH-RTM-2"]
    assert references(trader, bookingReference="B2") == ["KHH-RTM-2"]
    assert references(trader, equipmentReference="MCLU4200170") == ["KHH-RTM-2", "KHH-HAM-1"]
    assert references(trader, carrier="carrier") == ["KHH-RTM-2", "KHH-HAM-1"]
    assert references(trader, origin="DEHAM") == []
    assert references(trader, status="DEPARTED") == ["KHH-HAM-1"]
    assert references(trader, status="BOOKED", destination="NLRTM") == ["KHH-RTM-2"]
    assert trader.codes(REFERENCES, filter={"owner": "nobody"}) == ["unknown_party"]
    assert trader.codes(REFERENCES, filter={"colour": "red"}) == ["INPUT"]


def test_pages_go_on_where_they_ended_with_and_without_a_filter(trader: Asker) -> None:
    for n in range(7):
        ship(trader, reference=f"S{n}", ucr=f"U{n}")
    for wanted in ({}, {"status": "BOOKED"}):
        seen: list[str] = []
        after = None
        for expected in (3, 3, 1):
            page = trader.data(REFERENCES, after=after, filter=wanted)["shipments"]
            assert len(page["edges"]) == expected
            assert page["pageInfo"]["hasNextPage"] is (expected == 3)
            seen += [node["reference"] for node in nodes(page)]
            after = page["pageInfo"]["endCursor"]
        assert seen == [f"S{n}" for n in reversed(range(7))]


def test_a_cursor_of_another_list_is_refused(trader: Asker) -> None:
    ship(trader)
    trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    other = trader.data("{ delegations { edges { cursor } } }")["delegations"]["edges"][0]["cursor"]
    assert trader.codes(REFERENCES, after=other) == ["cursor"]
    inside = (
        "query ($after: String) { shipments { edges { node {"
        " timeline(after: $after) { edges { cursor } } } } } }"
    )
    assert trader.codes(inside, after=other) == ["cursor"]


def test_one_key_in_two_threads_makes_one_shipment(trader: Asker) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: ship(trader, idempotencyKey="race")["id"], range(6)))
    assert len(set(made)) == 1
    assert references(trader) == ["KHH-HAM-1"]
    reused = trader.refused(
        "createShipment", "shipment { id }", **{**SHIPMENT, "idempotencyKey": "race", "ucr": "U2"}
    )
    assert reused == [("idempotency_key_reused", "idempotencyKey")]
