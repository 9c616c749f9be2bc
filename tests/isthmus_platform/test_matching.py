"""An event is told of every shipment it names, and of no other."""

from uuid import UUID

import pytest

from isthmus_platform import outbox, tracking
from isthmus_platform.database import Platform
from isthmus_platform.drafts import EquipmentDraft
from isthmus_platform.recording import Outcome
from trade import CONTAINERS, Trade, open_trade
from voyage_events import booked, handled, moved, on, send


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def ship(trade: Trade, n: int, by: str = "trader", booking: str | None = None, *boxes: str) -> UUID:
    return trade.ship(
        by,
        reference=f"R{n}",
        ucr=f"U{n}",
        booking_reference=booking or f"B{n}",
        bill_of_lading=None,
        equipment=tuple(EquipmentDraft(each) for each in boxes),
    )


def ids(trade: Trade, shipment_id: UUID, by: str = "trader") -> list[str]:
    with trade.platform.begin(trade[by]) as work:
        return [each.source_event_id for each in tracking.timeline(work, [shipment_id])[shipment_id]]


def status(trade: Trade, shipment_id: UUID, by: str = "trader") -> str:
    with trade.platform.begin(trade[by]) as work:
        return tracking.journeys_of(work, [shipment_id])[shipment_id].status.code


def test_an_event_that_names_several_bookings_is_told_of_each_of_their_shipments(trade: Trade) -> None:
    first, second, third = ship(trade, 1), ship(trade, 2, "stranger"), ship(trade, 3)
    (outcome,) = send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1", "B2")))
    assert (outcome.outcome, outcome.shipment, outcome.also) == (Outcome.RECORDED, "R1", ("R2",))
    assert ids(trade, first) == ids(trade, second, "stranger") == ["1"]
    assert ids(trade, third) == []
    assert status(trade, second, "stranger") == "DEPARTED"


def test_it_is_one_event_to_its_sender_and_to_the_meter(trade: Trade) -> None:
    ship(trade, 1), ship(trade, 2)
    event = moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1", "B2"))
    send(trade, event)
    (again,) = send(trade, event)
    assert (again.outcome, again.shipment, again.also) == (Outcome.DUPLICATE, "R1", ("R2",))
    told: list[object] = []
    outbox.drain(
        trade.platform,
        "domain-event",
        lambda message: told.append((message.payload["name"], message.payload["quantity"])),
    )
    assert told.count(("events.recorded", 1)) == 1
    assert len(told) == 3


def test_a_correction_and_a_retraction_reach_every_shipment_it_named(trade: Trade) -> None:
    first, second = ship(trade, 1), ship(trade, 2)
    send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1", "B2")))
    (corrected,) = send(
        trade, moved("1", "DEPA", "TWKHH", 2.5, told=3, documentReferences=booked("B1", "B2"))
    )
    assert corrected.outcome is Outcome.CORRECTED
    for shipment_id in (first, second):
        with trade.platform.begin(trade["trader"]) as work:
            assert [each.at for each in tracking.timeline(work, [shipment_id])[shipment_id]] == [on(2.5)]
    (narrowed,) = send(trade, moved("1", "DEPA", "TWKHH", 2.5, told=4, documentReferences=booked("B2")))
    assert narrowed.outcome is Outcome.CORRECTED
    assert (ids(trade, first), ids(trade, second)) == ([], ["1"])
    assert status(trade, first) == "BOOKED"


def test_a_booking_named_before_its_shipment_is_made_is_told_of_it_when_it_is(trade: Trade) -> None:
    first = ship(trade, 1)
    send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1", "B2", "B3")))
    assert ids(trade, first) == ["1"]
    second = ship(trade, 2, "stranger")
    assert ids(trade, second, "stranger") == ["1"]
    third = ship(trade, 3)
    assert ids(trade, third) == ["1"]
    assert status(trade, third) == "DEPARTED"
    assert ids(trade, first) == ["1"]


def test_a_booking_split_by_its_maker_is_told_of_each_part_and_a_container_of_its_own(trade: Trade) -> None:
    first = ship(trade, 1, "trader", "SHARED", CONTAINERS[0])
    send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("SHARED")))
    second = ship(trade, 2, "trader", "SHARED", CONTAINERS[1])
    assert ids(trade, second) == ["1"], "what was told of the booking before the split"
    send(trade, moved("2", "ARRI", "DEHAM", 30, documentReferences=booked("SHARED")))
    send(trade, handled("3", "DISC", "DEHAM", 31, CONTAINERS[1], documentReferences=booked("SHARED")))
    assert ids(trade, first) == ["1", "2"]
    assert ids(trade, second) == ["1", "2", "3"]
    assert (status(trade, first), status(trade, second)) == ("ARRIVED", "DISCHARGED")


def test_somebody_else_who_writes_the_same_booking_is_told_nothing(trade: Trade) -> None:
    first = ship(trade, 1, "trader", "SHARED")
    send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("SHARED", "B9")))
    other = ship(trade, 2, "stranger", "SHARED")
    send(trade, moved("2", "ARRI", "KRPUS", 5, documentReferences=booked("SHARED", "B9")))
    assert ids(trade, first) == ["1", "2"]
    assert ids(trade, other, "stranger") == []
