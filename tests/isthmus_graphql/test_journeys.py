"""The one view of a shipment through the schema: what sources said, where they differ, what is irregular."""

from typing import Any

from graphql_client import Asker, nodes
from graphql_trade import BOOKING, departure, ship

VIEW = """{ shipment(reference: "KHH-HAM-1") {
  eta delayHours expectedArrival { at toldAt source { name kind } }
  milestones { code eventCode place { code } equipmentReference delayHours
    planned { at } estimated { at source { name } } actual { at } }
  conflicts { code classifier reason explanation hoursApart follows { at } insteadOf { at } }
  exceptions { code description hours since until place { code } equipmentReference }
  dwells { place { code } equipmentReference hours until }
  legs { sequence mode origin { code } destination { code } carrier { name } conveyance }
} }"""
FOUND = "query ($filter: ShipmentFilter) { shipments(filter: $filter) { edges { node { reference } } } }"


def arrival(number: int, at: str, told: str, classifier: str = "EST") -> dict[str, Any]:
    call = {"transportCallID": "c", "UNLocationCode": "DEHAM", "modeOfTransport": "VESSEL"}
    return departure(
        number,
        at,
        transportEventTypeCode="ARRI",
        eventCreatedDateTime=told,
        eventClassifierCode=classifier,
        transportCall=call,
    )


def send(carrier: Asker, *events: dict[str, Any]) -> None:
    carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=list(events))


def test_an_eta_that_slipped_is_shown_with_who_said_so(trader: Asker, carrier: Asker) -> None:
    ship(trader, legs=[{"mode": "VESSEL", "origin": "TWKHH", "destination": "DEHAM", "carrier": "carrier"}])
    send(carrier, arrival(1, "2026-06-20T06:00:00Z", "2026-05-20T00:00:00Z", "PLN"))
    send(carrier, arrival(2, "2026-06-21T18:00:00Z", "2026-05-28T00:00:00Z"))
    seen = trader.data(VIEW)["shipment"]
    assert seen["eta"] == "2026-06-21T18:00:00Z"
    assert seen["expectedArrival"] == {
        "at": seen["eta"],
        "toldAt": "2026-05-28T00:00:00Z",
        "source": {"name": "carrier", "kind": "CARRIER"},
    }
    assert seen["delayHours"] == 36
    (milestone,) = seen["milestones"]
    assert milestone == {
        "code": "ARRIVED",
        "eventCode": "ARRI",
        "place": {"code": "DEHAM"},
        "equipmentReference": None,
        "delayHours": 36,
        "planned": {"at": "2026-06-20T06:00:00Z"},
        "estimated": {"at": "2026-06-21T18:00:00Z", "source": {"name": "carrier"}},
        "actual": None,
    }
    assert [(each["code"], each["description"], each["until"]) for each in seen["exceptions"]] == [
        ("DELAYED", "36 h behind its plan", None),
        ("ETA_SLIPPED", "ETA slipped 36 h", None),
    ]
    assert (seen["conflicts"], seen["dwells"]) == ([], [])
    assert seen["legs"] == [
        {
            "sequence": 1,
            "mode": "VESSEL",
            "origin": {"code": "TWKHH"},
            "destination": {"code": "DEHAM"},
            "carrier": {"name": "carrier"},
            "conveyance": None,
        }
    ]


def test_shipments_are_found_by_exception_expected_arrival_and_any_reference(
    trader: Asker, carrier: Asker, rival: Asker
) -> None:
    ship(trader)
    ship(trader, reference="OTHER", ucr="U2", bookingReference="B2", billOfLading="L2", equipment=[])
    send(carrier, arrival(1, "2026-06-20T06:00:00Z", "2026-05-20T00:00:00Z"))
    send(carrier, arrival(2, "2026-06-21T18:00:00Z", "2026-05-28T00:00:00Z"))
    for wanted in (
        {"exception": "ETA_SLIPPED"},
        {"etaFrom": "2026-06-21T00:00:00Z", "etaUntil": "2026-06-22T00:00:00Z"},
        {"anyReference": BOOKING},
        {"anyReference": "MCLU4200170"},
    ):
        page = trader.data(FOUND, filter=wanted)["shipments"]
        assert [node["reference"] for node in nodes(page)] == ["KHH-HAM-1"], wanted
        assert nodes(rival.data(FOUND, filter=wanted)["shipments"]) == []
    assert nodes(trader.data(FOUND, filter={"exception": "ROLLED"})["shipments"]) == []
    assert trader.codes(FOUND, filter={"place": "XXXXX"}) == ["unknown_place"]
