"""A lorry comes for a container in a slot with room, once an order is live or before the cut-off."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from at_once import at_once
from gate_trade import CONTAINER, OTHER, GateTrade, containers, open_gate_trade
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted, PlatformError
from isthmus_platform.logistics import slots
from isthmus_platform.logistics.appointment_machine import (
    STEPS,
    AppointmentAction,
    AppointmentState,
    Direction,
    day_slots,
)
from isthmus_platform.logistics.errors import WrongParty, WrongState, WrongToken
from standing import StandingClock

BERLIN = ZoneInfo("Europe/Berlin")
WRITERS = 20


@pytest.fixture
def trade(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


@pytest.mark.parametrize(
    ("day", "hours", "first"),
    [
        (date(2026, 6, 2), 24, "2026-06-01T22:00:00+00:00"),
        (date(2026, 10, 25), 25, "2026-10-24T22:00:00+00:00"),
        (date(2027, 3, 28), 23, "2027-03-27T23:00:00+00:00"),
        (date(2028, 2, 29), 24, "2028-02-28T23:00:00+00:00"),
    ],
    ids=["summer", "clocks go back", "clocks go forward", "leap day"],
)
def test_a_local_day_has_as_many_slots_as_it_has_hours(day: date, hours: int, first: str) -> None:
    found = day_slots(day, time(0), time(0), BERLIN, 60)
    assert len(found) == hours
    assert found[0][0].isoformat() == first
    assert found[-1][1].astimezone(BERLIN).time() == time(0)


def test_the_hour_that_comes_twice_is_shown_with_its_two_offsets() -> None:
    found = day_slots(date(2026, 10, 25), time(2), time(3), BERLIN, 60)
    assert [start.astimezone(BERLIN).isoformat() for start, _ in found] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [(time(2, 30), time(6), "opens"), (time(0), time(2, 30), "closes")],
    ids=["opens", "closes"],
)
def test_a_time_that_the_clock_skips_is_refused(opens: time, closes: time, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        day_slots(date(2027, 3, 28), opens, closes, BERLIN, 60)
    assert (refused.value.code, refused.value.field) == ("no_such_time", field)


@settings(max_examples=60)
@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.times(),
    st.times(),
    st.integers(10, 720),
    st.sampled_from(["Europe/Berlin", "Asia/Taipei", "America/New_York", "Australia/Lord_Howe"]),
)
def test_slots_are_of_one_length_follow_each_other_and_end_by_closing_time(
    day: date, opens: time, closes: time, minutes: int, zone: str
) -> None:
    try:
        found = day_slots(day, opens, closes, ZoneInfo(zone), minutes)
    except InvalidInput:
        reject()  # a time that the clock skips, which the test before is of
    assert all(end - start == timedelta(minutes=minutes) for start, end in found)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    for start, _ in found[:1]:
        assert start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(day, opens)


def test_slots_are_kept_in_utc_and_shown_by_the_terminals_clock(trade: GateTrade) -> None:
    made = trade.offer()
    assert [each.starts_at for each in made] == [
        datetime(2026, 6, 2, hour, tzinfo=UTC) for hour in (4, 5, 6, 7)
    ]
    assert slots.local(made[0], made[0].starts_at) == "2026-06-02T06:00+02:00"
    assert {(each.capacity, each.taken, each.state) for each in made} == {(2, 0, "OPEN")}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"zone": "Europe/Atlantis"}, "unknown_zone", "zone"),
        ({"zone": "../etc/passwd"}, "unknown_zone", "zone"),
        ({"place": "XXZZZ"}, "unknown_place", "place"),
        ({"minutes": 9}, "range", "minutes"),
        ({"minutes": 720}, "no_slot", "closes"),
        ({"capacity": 0}, "range", "capacity"),
        ({"capacity": 1001}, "range", "capacity"),
        ({"day": date(2026, 6, 1)}, "range", "day"),
        ({"day": date(2026, 9, 1)}, "range", "day"),
        ({"gate": " "}, "length", "gate"),
    ],
    ids=lambda value: (
        "-".join(f"{name}={given}" for name, given in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_what_no_gate_can_offer_is_refused_by_field(
    trade: GateTrade, changes: dict[str, Any], code: str, field: str
) -> None:
    before = trade.rows()
    with pytest.raises(InvalidInput) as refused:
        trade.offer(**changes)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert trade.rows() == before


def test_slots_of_one_gate_do_not_overlap_and_only_terminals_offer_them(trade: GateTrade) -> None:
    trade.offer()
    assert refused(trade, partial(trade.offer, opens=time(9, 30), closes=time(12))) == "slots_overlap"
    trade.offer(opens=time(10), closes=time(12))
    trade.offer(gate="South")
    trade.offer(direction=Direction.DROP_OFF)
    for by in ("carrier", "forwarder", "operator"):
        with pytest.raises(NotPermitted):
            trade.offer(by, gate="West")


def refused(trade: GateTrade, call: Any) -> str:
    """Return the code of why ``call`` was refused, which changed nothing."""
    before = trade.rows()
    with pytest.raises(PlatformError) as error:
        call()
    assert trade.rows() == before
    return error.value.code


def test_a_container_is_booked_only_on_a_live_order_and_its_token(trade: GateTrade) -> None:
    slot = trade.offer()[0].id
    release = trade.releases.ready()
    with pytest.raises(WrongToken):
        trade.bring(slot, None, CONTAINER, order_number="DO-AAAAAAAAAAAAAAAA", token="A" * 16)
    order = trade.releases.order(release)
    for wrong in ({"token": "A" * 16}, {"token": None}, {"order_number": order.number[:-1]}):
        assert refused(trade, partial(trade.book, slot, order, **wrong)) == "wrong_token"
    foreign = containers(1)[0]
    assert refused(trade, partial(trade.book, slot, order, foreign)) == "not_in_shipment"
    assert refused(trade, partial(trade.book, slot, order, "MCLU4200171")) == "check_digit"
    assert refused(trade, partial(trade.book, slot, order, haulier="trader")) == "not_a_carrier"
    made = trade.book(slot, order)
    assert (made.state, trade.slot(slot).taken) == ("BOOKED", 1)
    assert refused(trade, partial(trade.book, slot, order)) == "booked_before"
    trade.releases.revoke(order.id)
    assert refused(trade, partial(trade.book, slot, order, OTHER)) == "order_not_live"


def test_a_slot_of_another_terminal_direction_or_time_is_not_for_this_container(
    trade: GateTrade, clock: StandingClock
) -> None:
    order = trade.ordered()  # good until 9:00 of the third of June
    late = trade.offer(day=date(2026, 6, 3), opens=time(10), closes=time(12))
    drop = trade.offer(direction=Direction.DROP_OFF)[0].id
    assert trade.book(late[0].id, order).state == "BOOKED", "it ends with the order"
    assert refused(trade, partial(trade.book, late[1].id, order, OTHER)) == "after_order_expiry"
    assert refused(trade, partial(trade.book, drop, order, OTHER)) == "wrong_direction"
    slot = trade.offer(gate="South", capacity=1)[0].id
    trade.close(slot)
    assert refused(trade, partial(trade.book, slot, order, OTHER)) == "slot_closed"
    slot = trade.offer(gate="East")[0].id
    clock.advance(days=1)
    assert refused(trade, partial(trade.book, slot, order, OTHER)) == "slot_over"
    clock.advance(days=1)
    assert refused(trade, partial(trade.book, slot, order, OTHER)) == "order_not_live"


def test_a_drop_off_ends_before_the_cut_off_and_is_of_a_booked_container(trade: GateTrade) -> None:
    booking = trade.booking(units=1, cut_off=timedelta(hours=20))  # 5:00 of the second of June
    first, second, *_ = trade.offer(direction=Direction.DROP_OFF)
    assert trade.bring(first.id, booking, CONTAINER).booking_id == booking
    assert refused(trade, partial(trade.bring, second.id, booking, CONTAINER)) == "after_cut_off"
    assert refused(trade, partial(trade.bring, first.id, booking, OTHER)) == "too_many"
    elsewhere = trade.booking(origin="TWKEL")
    assert refused(trade, partial(trade.bring, first.id, elsewhere, OTHER)) == "other_place"
    for by in ("stranger", "carrier", "forwarder"):
        with pytest.raises(NotFound):
            trade.bring(first.id, booking, OTHER, by)
    assert refused(trade, partial(trade.bring, first.id, None, OTHER)) == "one_of"


def test_an_appointment_lives_by_its_table(trade: GateTrade, clock: StandingClock) -> None:
    order = trade.ordered()
    early, later, *_ = trade.offer()
    made = trade.book(early.id, order).id
    for by in ("terminal", "stranger", "consignee"):
        with pytest.raises((WrongParty, NotFound)):
            trade.move("reschedule", made, by, later.id)
    assert trade.move("reschedule", made, "rival", later.id).slot_id == later.id
    assert (trade.slot(early.id).taken, trade.slot(later.id).taken) == (0, 1)
    trade.move("reschedule", made, "forwarder", early.id)
    assert refused(trade, partial(trade.move, "arrive", made, "terminal")) == "outside_slot"
    assert refused(trade, partial(trade.move, "no_show", made, "terminal")) == "slot_not_over"
    clock.now = early.starts_at - timedelta(minutes=30)
    with pytest.raises(WrongParty):
        trade.move("arrive", made, "rival")
    assert trade.move("arrive", made, "terminal").state == "ARRIVED"
    assert refused(trade, partial(trade.move, "complete", made, "terminal")) == "not_handed_out"
    assert refused(trade, partial(trade.move, "cancel", made, "forwarder", "Late")) == "wrong_state"
    trade.hand_out(order)
    assert trade.move("complete", made, "terminal").state == "COMPLETED"
    assert set(STEPS) == set(AppointmentAction)
    assert {step.after for step in STEPS.values()} | {AppointmentState.BOOKED} == set(AppointmentState)


def test_a_lorry_that_was_cancelled_turned_away_or_did_not_come_leaves_the_container_free(
    trade: GateTrade, clock: StandingClock
) -> None:
    order = trade.ordered()
    early, later, last, _ = trade.offer(capacity=1)
    made = trade.book(early.id, order).id
    assert refused(trade, partial(trade.book, early.id, order, OTHER)) == "slot_full"
    assert trade.move("cancel", made, "rival", "Broken down").reason == "Broken down"
    made = trade.book(early.id, order).id
    clock.now = early.ends_at + timedelta(minutes=30, seconds=1)
    assert refused(trade, partial(trade.move, "cancel", made, "rival", "Late")) == "slot_over"
    assert refused(trade, partial(trade.move, "arrive", made, "terminal")) == "outside_slot"
    assert trade.move("no_show", made, "terminal").state == "NO_SHOW"
    made = trade.book(later.id, order).id
    trade.move("arrive", made, "terminal")
    assert trade.move("turn_away", made, "terminal", "Wrong papers").state == "TURNED_AWAY"
    made = trade.book(last.id, order).id
    trade.releases.revoke(order.id)
    clock.now = last.starts_at
    assert refused(trade, partial(trade.move, "arrive", made, "terminal")) == "order_not_live"


@pytest.fixture
def busy(platform_url: str, clock: StandingClock) -> Iterator[GateTrade]:
    """Yield a trade with a real connection for each writer."""
    engine = create_platform_engine(platform_url, pool_size=WRITERS)
    yield open_gate_trade(Platform(engine, clock))
    engine.dispose()


def test_of_twenty_lorries_at_once_no_more_are_booked_than_there_is_room(busy: GateTrade) -> None:
    bookings = [busy.booking(units=4) for _ in range(5)]
    slot = busy.offer(direction=Direction.DROP_OFF, capacity=7)[0].id
    calls = [
        partial(busy.bring, slot, bookings[number % 5], unit)
        for number, unit in enumerate(containers(WRITERS))
    ]
    assert at_once(calls) == {"done": 7, "slot_full": WRITERS - 7}
    assert busy.slot(slot).taken == 7
    standing = "SELECT count(*) FROM truck_appointment WHERE state = 'BOOKED'"
    assert busy.releases.titles.as_owner(standing) == [(7,)]
    assert busy.releases.titles.as_owner(
        "SELECT count(*) FROM outbox WHERE payload::text LIKE '%appointment.booked%'"
    ) == [(7,)]


def test_lorries_that_change_places_at_once_neither_block_each_other_nor_overbook(busy: GateTrade) -> None:
    booking = busy.booking(units=16)
    one, other, *_ = busy.offer(direction=Direction.DROP_OFF, capacity=9)
    made: list[tuple[UUID, UUID]] = []
    for number, unit in enumerate(containers(16)):
        here, there = (one.id, other.id) if number % 2 else (other.id, one.id)
        made.append((busy.bring(here, booking, unit).id, there))
    came = at_once([partial(busy.move, "reschedule", each, "trader", there) for each, there in made])
    assert set(came) <= {"done", "slot_full"}
    assert came["done"] >= 1
    counted = busy.releases.titles.as_owner(
        "SELECT count(*) FROM truck_appointment GROUP BY slot_id ORDER BY slot_id"
    )
    assert [(busy.slot(each).taken,) for each in sorted((one.id, other.id))] == counted
    assert all(taken <= 9 for (taken,) in counted)


def test_an_order_revoked_while_a_lorry_is_booked_on_it_leaves_no_lorry_that_gets_in(
    busy: GateTrade, clock: StandingClock
) -> None:
    order = busy.ordered()
    slot = busy.offer()[0]
    came = at_once([partial(busy.book, slot.id, order), partial(busy.releases.revoke, order.id)])
    assert came["done"] + came["order_not_live"] == 2
    clock.now = slot.starts_at
    for (made,) in busy.releases.titles.as_owner("SELECT id FROM truck_appointment"):
        assert refused(busy, partial(busy.move, "arrive", made, "terminal")) == "order_not_live"


def test_who_has_nothing_to_do_with_an_appointment_does_not_see_it(trade: GateTrade) -> None:
    made = trade.book(trade.offer()[0].id, trade.ordered()).id
    for by in ("stranger", "bank", "insurer", "operator", "authority"):
        with pytest.raises(NotFound):
            trade.move("cancel", made, by, "Why not")
    for by in ("consignee", "carrier", "trader"):
        with pytest.raises((WrongParty, WrongState)):
            trade.move("cancel", made, by, "Why not")
