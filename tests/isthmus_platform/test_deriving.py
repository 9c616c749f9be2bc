"""Where a shipment stands is written with the events that say so, and is always what they say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from isthmus_platform import deriving, outbox, shipments, tracking
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.drafts import LegDraft
from isthmus_platform.errors import InvalidInput, NotPermitted
from isthmus_platform.irregularities import Code
from isthmus_platform.recording import Outcome
from isthmus_platform.shipments import ShipmentFilter
from isthmus_platform.sources import SourceKind
from isthmus_platform.tracking_records import ShipmentException, ShipmentTracking
from trade import CONTAINERS, Trade, open_trade
from voyage_events import booked, handled, join, moved, on, send


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def standing(trade: Trade, shipment_id: UUID, by: str = "trader") -> ShipmentTracking | None:
    with trade.platform.begin(trade[by]) as work:
        return work.session.get(ShipmentTracking, shipment_id)


def exceptions(trade: Trade, shipment_id: UUID, by: str = "trader") -> list[tuple[str, int | None, bool]]:
    with trade.platform.begin(trade[by]) as work:
        found = tracking.exceptions_of(work, [shipment_id])[shipment_id]
        return [(each.code, each.hours, each.until is None) for each in found]


def test_a_shipment_stands_somewhere_from_the_moment_it_is_made(trade: Trade) -> None:
    row = standing(trade, trade.ship())
    assert row is not None
    assert (row.status, row.status_at, row.eta) == ("BOOKED", None, None)


def test_events_move_what_is_written_and_say_who_expects_the_arrival(trade: Trade) -> None:
    shipment_id = trade.ship()
    send(
        trade,
        moved("1", "DEPA", "TWKHH", 2),
        moved("2", "ARRI", "DEHAM", 30, told=3, eventClassifierCode="EST"),
    )
    row = standing(trade, shipment_id)
    assert row is not None
    assert (row.status, row.status_at, row.status_place) == ("DEPARTED", on(2), "TWKHH")
    assert (row.eta, row.eta_source, row.eta_source_kind, row.eta_told_at) == (
        on(30),
        "carrier",
        "CARRIER",
        on(3),
    )


def test_an_eta_that_slips_36_hours_is_an_exception_until_the_arrival(trade: Trade) -> None:
    shipment_id = trade.ship()
    send(trade, moved("1", "ARRI", "DEHAM", 30, told=3, eventClassifierCode="EST"))
    assert exceptions(trade, shipment_id) == []
    send(trade, moved("1", "ARRI", "DEHAM", 31.5, told=9, eventClassifierCode="EST"))
    assert exceptions(trade, shipment_id) == [("ETA_SLIPPED", 36, True)]
    send(trade, moved("2", "ARRI", "DEHAM", 31.5))
    assert exceptions(trade, shipment_id) == [("ETA_SLIPPED", 36, False)]


def test_an_exception_taken_back_is_over_and_stays_on_record(trade: Trade) -> None:
    shipment_id = trade.ship()
    send(trade, moved("1", "ARRI", "DEHAM", 30, told=3, eventClassifierCode="EST"))
    send(trade, moved("1", "ARRI", "DEHAM", 32, told=9, eventClassifierCode="EST"))
    assert exceptions(trade, shipment_id) == [("ETA_SLIPPED", 48, True)]
    send(trade, moved("1", "ARRI", "DEHAM", 30, told=10, eventClassifierCode="EST"))
    assert exceptions(trade, shipment_id) == [("ETA_SLIPPED", 48, False)]


def test_only_those_who_see_the_shipment_see_where_it_stands(trade: Trade) -> None:
    trade.delegate()
    shipment_id = trade.ship()
    for party in ("trader", "forwarder", "carrier"):
        assert standing(trade, shipment_id, party) is not None
    for party in ("stranger", "operator", "authority", "rival"):
        assert standing(trade, shipment_id, party) is None


def test_what_the_window_holds_is_for_the_owners_side_alone(trade: Trade) -> None:
    shipment_id = trade.ship()
    with trade.platform.begin(Duty("bridge-inbox")) as work:
        deriving.customs_said(work, shipment_id, [("CHANNEL_ASSIGNED", "RED", on(2))])
    assert exceptions(trade, shipment_id) == [("CUSTOMS_HOLD", None, True)]
    assert exceptions(trade, shipment_id, "carrier") == []
    held = ShipmentFilter(exception="CUSTOMS_HOLD")
    with trade.platform.begin(trade["carrier"]) as work:
        assert shipments.page(work, held) == []
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    assert exceptions(trade, shipment_id) == [("CUSTOMS_HOLD", None, True)], "events do not end it"
    with trade.platform.begin(Duty("bridge-inbox")) as work:
        said = [("CHANNEL_ASSIGNED", "RED", on(2)), ("RELEASED", None, on(3))]
        deriving.customs_said(work, shipment_id, said)
    assert exceptions(trade, shipment_id) == [("CUSTOMS_HOLD", None, False)]


@pytest.mark.parametrize("by", ["trader", "carrier"])
def test_nobody_writes_where_a_shipment_stands_but_the_platform(trade: Trade, by: str) -> None:
    shipment_id = trade.ship()
    with trade.platform.begin(trade[by]) as work:
        changed = work.session.execute(
            text("UPDATE shipment_tracking SET status = 'DELIVERED' RETURNING status")
        )
        assert changed.all() == []
    forged = ShipmentException(
        shipment_id=shipment_id,
        private=False,
        key="x",
        party_id=trade["trader"].party_id,
        code="ROLLED",
        since=on(1),
        description="x",
        updated_at=on(1),
    )
    with trade.platform.begin(trade[by]) as work:
        work.session.add(forged)
        with pytest.raises(ProgrammingError, match="row-level security"):
            work.session.flush()
        work.session.rollback()
    row = standing(trade, shipment_id)
    assert row is not None
    assert row.status == "BOOKED"


def test_a_terminal_named_by_the_owner_is_heard_and_its_word_on_its_ground_is_followed(trade: Trade) -> None:
    join(trade, port=PartyRole.TERMINAL, elsewhere=PartyRole.TERMINAL)
    shipment_id = trade.ship(terminals=("port",))
    send(trade, handled("1", "DISC", "DEHAM", 31, CONTAINERS[0]))
    (outcome,) = send(trade, handled("a", "DISC", "DEHAM", 30.5, CONTAINERS[0]), by="port")
    assert outcome.outcome is Outcome.RECORDED
    (ignored,) = send(trade, handled("b", "GTOT", "DEHAM", 32, CONTAINERS[0]), by="elsewhere")
    assert ignored.outcome is Outcome.UNMATCHED
    row = standing(trade, shipment_id)
    assert row is not None
    assert (row.status, row.status_at) == ("DISCHARGED", on(30.5))
    assert exceptions(trade, shipment_id) == [("SOURCES_DIFFER", 12, True)]
    with trade.platform.begin(trade["trader"]) as work:
        (conflict,) = tracking.journeys_of(work, [shipment_id])[shipment_id].conflicts
    assert (conflict.follows.source.name, conflict.follows.source.kind) == ("port", SourceKind.TERMINAL)
    with trade.platform.begin(trade["port"]) as work:
        assert shipments.page(work) == [], "a terminal reports of a shipment and does not see it"


def test_legs_by_sea_and_road_are_told_of_by_their_own_carriers(trade: Trade) -> None:
    join(trade, lorry=PartyRole.CARRIER)
    legs = (
        LegDraft("VESSEL", "TWKHH", "DEHAM", conveyance="Meridian Aurora"),
        LegDraft(
            "TRUCK", "DEHAM", "DEMUC", carrier="lorry", booking_reference="ORDER-7", planned_arrival=on(33)
        ),
    )
    shipment_id = trade.ship(destination="DEMUC", transhipments=(), legs=legs)
    by_road = {"transportCallID": "L", "modeOfTransport": "TRUCK", "UNLocationCode": "DEMUC"}
    (there,) = send(
        trade,
        moved("1", "ARRI", "DEMUC", 33, transportCall=by_road, documentReferences=booked("ORDER-7")),
        by="lorry",
    )
    assert there.shipment == "KHH-HAM-1"
    row = standing(trade, shipment_id)
    assert row is not None
    assert (row.status, row.status_place) == ("ARRIVED", "DEMUC")
    with trade.platform.begin(trade["trader"]) as work:
        made = shipments.get(work, shipment_id)
        assert made.transhipments == ["DEHAM"]
        assert [leg.mode for leg in tracking.legs_of(work, [shipment_id])[shipment_id]] == ["VESSEL", "TRUCK"]


@pytest.mark.parametrize(
    ("legs", "refusal"),
    [
        ((LegDraft("VESSEL", "TWKHH", "KRPUS"),), ("gap", "legs[0].destination")),
        ((LegDraft("VESSEL", "KRPUS", "DEHAM"),), ("gap", "legs[0].origin")),
        ((LegDraft("CART", "TWKHH", "DEHAM"),), ("unknown_code", "legs[0].mode")),
        ((LegDraft("AIR", "TWKHH", "DEHAM", carrier="stranger"),), ("not_a_carrier", "legs[0].carrier")),
        (
            (LegDraft("AIR", "TWKHH", "DEHAM", planned_departure=on(2), planned_arrival=on(1)),),
            ("before_departure", "legs[0].plannedArrival"),
        ),
        (
            (LegDraft("AIR", "TWKHH", "DEHAM", planned_departure=datetime(2026, 5, 1)),),  # noqa: DTZ001
            ("no_offset", "legs[0].plannedDeparture"),
        ),
    ],
    ids=["short", "late", "mode", "carrier", "backwards", "offset"],
)
def test_legs_that_do_not_lead_there_are_refused(
    trade: Trade, legs: tuple[LegDraft, ...], refusal: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        trade.ship(legs=legs)
    assert (refused.value.code, refused.value.field) == refusal
    with trade.platform.begin(trade["trader"]) as work:
        assert shipments.page(work) == []


def test_only_a_terminal_is_named_as_one(trade: Trade) -> None:
    with pytest.raises(InvalidInput) as refused:
        trade.ship(terminals=("rival",))
    assert (refused.value.code, refused.value.field) == ("not_a_terminal", "terminals[0]")
    with pytest.raises(NotPermitted):
        send(trade, moved("1", "DEPA", "TWKHH", 2), by="operator")


def test_two_sources_at_once_leave_what_both_said(trade: Trade) -> None:
    join(trade, port=PartyRole.TERMINAL)
    made = [
        trade.ship(
            reference=f"R{n}",
            ucr=f"U{n}",
            booking_reference=f"B{n}",
            bill_of_lading=None,
            equipment=(),
            terminals=("port",),
        )
        for n in range(6)
    ]
    with ThreadPoolExecutor(4) as pool:
        sent = []
        for n in range(6):
            names: dict[str, Any] = {"documentReferences": booked(f"B{n}")}
            sent.append(pool.submit(send, trade, moved(f"c{n}", "DEPA", "TWKHH", 2, **names)))
            estimated = moved(f"p{n}", "ARRI", "DEHAM", 30, told=2, eventClassifierCode="EST", **names)
            sent.append(pool.submit(send, trade, estimated, by="port"))
        for each in sent:
            each.result()
    for shipment_id in made:
        row = standing(trade, shipment_id)
        assert row is not None
        assert (row.status, row.eta, row.eta_source) == ("DEPARTED", on(30), "port")


def test_a_shipment_from_before_is_derived_by_the_worker(trade: Trade, platform_url: str) -> None:
    shipment_id = trade.ship()
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    with trade.platform.begin(Duty("matching")) as work:
        work.session.execute(text("UPDATE shipment_tracking SET status = 'BOOKED', status_place = NULL"))
        outbox.emit(work, deriving.TOPIC, {"shipment": str(shipment_id)}, party_id=trade["trader"].party_id)
    assert outbox.drain(trade.platform, deriving.TOPIC, lambda m: deriving.derive(trade.platform, m)) == 1
    row = standing(trade, shipment_id)
    assert row is not None
    assert row.status == "DEPARTED"


STEP = st.tuples(
    st.sampled_from(["DEPA", "ARRI"]),
    st.sampled_from(["TWKHH", "KRPUS", "DEHAM"]),
    st.integers(1, 20),
    st.sampled_from(["ACT", "EST", "PLN"]),
    st.sampled_from("abcd"),
    st.integers(21, 60),
    st.sampled_from(["carrier", "port"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=8, unique_by=lambda step: (step[4], step[5], step[6])))
def test_what_is_written_is_what_all_events_say(trade: Trade, steps: list[Any]) -> None:
    if "port" not in trade.actors:
        join(trade, port=PartyRole.TERMINAL)
    key = f"X{datetime.now(UTC).timestamp()}"
    names: dict[str, Any] = {
        "booking_reference": key,
        "bill_of_lading": None,
        "equipment": (),
        "ucr": key,
        "reference": key,
    }
    shipment_id = trade.ship(terminals=("port",), **names)
    for code, place, day, classifier, event_id, told, by in steps:
        event = moved(
            key + event_id,
            code,
            place,
            day,
            told=told,
            eventClassifierCode=classifier,
            documentReferences=booked(key),
        )
        send(trade, event, by=by)
    row = standing(trade, shipment_id)
    with trade.platform.begin(trade["trader"]) as work:
        derived = tracking.journeys_of(work, [shipment_id])[shipment_id]
        exceptional = work.session.scalars(
            select(ShipmentException.code).where(
                ShipmentException.shipment_id == shipment_id, ShipmentException.until.is_(None)
            )
        ).all()
        for code in Code:
            page = shipments.page(work, ShipmentFilter(reference=key, exception=code.value))
            assert [each.id for each in page] == ([shipment_id] if code in exceptional else [])
    assert row is not None
    assert (row.status, row.status_at, row.status_place) == (
        derived.status.code,
        derived.status.at,
        derived.status.place,
    )
    assert (row.eta, row.eta_source) == (
        (derived.eta.at, derived.eta.source.name) if derived.eta else (None, None)
    )
