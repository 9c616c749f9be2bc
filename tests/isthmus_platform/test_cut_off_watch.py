"""The clock watches cut-offs: both sides are told once that one nears, and once that it was missed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from at_once import at_once
from booking_trade import BookingTrade, open_booking_trade
from isthmus_platform import changes
from isthmus_platform.changes import Change
from isthmus_platform.database import Duty, Platform, create_platform_engine
from isthmus_platform.logistics.booking_machine import AT_RISK_WITHIN, CutOffStatus
from isthmus_platform.logistics.booking_records import CLOCK
from standing import StandingClock
from trade import CONTAINERS

NEARS, MISSED = "booking.cut_off_nears", "booking.cut_off_missed"
DAYS = [timedelta(days=days) for days in (2, 4, 6)]
"""Documentation, verified gross mass, cargo."""


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[BookingTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=8)
    yield open_booking_trade(Platform(engine, clock))
    engine.dispose()


def both(kind: str, *codes: str) -> list[tuple[str, str, str]]:
    return [(kind, party, code) for code in codes for party in ("trader", "carrier")]


def test_both_sides_are_told_a_day_before_each_cut_off_and_at_its_instant_once(
    trade: BookingTrade, clock: StandingClock
) -> None:
    booking = trade.confirmed(*DAYS)
    clock.advance(hours=24, seconds=-1)
    assert (trade.watch(), trade.told()) == (0, [])
    clock.advance(seconds=1)
    assert (trade.watch(), trade.watch()) == (1, 0)
    assert trade.told() == both(NEARS, "DCO")
    clock.advance(hours=24, seconds=-1)
    assert trade.watch() == 0
    clock.advance(seconds=1)
    assert trade.watch() == 1
    assert trade.told() == both(NEARS, "DCO") + both(MISSED, "DCO")
    clock.advance(days=30)
    before = trade.told()
    assert trade.watch() == 2
    late = both(MISSED, "VCO", "FCO")
    assert trade.told() == before + late, "after a pause nobody is warned of what is over"
    rows = trade.rows()
    assert trade.watch() == 0
    assert trade.rows() == rows
    statuses = {each.status for each in trade.cut_offs(booking)}
    assert statuses == {CutOffStatus.MISSED}


def test_what_was_met_in_time_nobody_is_told_of(trade: BookingTrade, clock: StandingClock) -> None:
    booking = trade.confirmed(*DAYS)
    trade.weigh(booking)
    clock.advance(days=5)
    trade.deliver(booking)
    clock.advance(days=5)
    assert trade.watch() == 1
    assert trade.told() == both(MISSED, "DCO")
    half = trade.confirmed(*DAYS)
    trade.weigh(half, CONTAINERS[0])
    clock.advance(days=3)
    trade.watch()
    assert (NEARS, "carrier", "VCO") in trade.told(), "one of two containers is not weighed"


@pytest.mark.parametrize(
    ("by", "end"), [("trader", "CANCEL"), ("carrier", "DECLINE"), ("carrier", "COMPLETE")]
)
def test_of_a_booking_that_has_ended_nothing_more_is_told(
    trade: BookingTrade, clock: StandingClock, by: str, end: str
) -> None:
    booking = trade.confirmed(*DAYS)
    trade.act(by, booking, end)
    clock.advance(days=10)
    assert (trade.watch(), trade.told()) == (0, [])


def test_cut_offs_that_were_changed_are_watched_anew_and_those_that_stayed_are_not_told_twice(
    trade: BookingTrade, clock: StandingClock
) -> None:
    booking = trade.confirmed(*DAYS)
    clock.advance(days=1)
    assert trade.watch() == 1
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    later = (timedelta(days=1), timedelta(days=6), timedelta(days=5))
    trade.confirm(booking, *later)
    assert trade.watch() == 0, "the documentation cut-off is what it was, and was told"
    clock.advance(days=2)
    assert trade.watch() == 1
    assert trade.told() == both(NEARS, "DCO") + both(MISSED, "DCO"), "the old one of mass is none any more"
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    clock.advance(days=3)
    assert trade.watch() == 2, "while an amendment is wanted, what was confirmed holds"
    assert trade.told()[4:] == both(MISSED, "FCO") + both(NEARS, "VCO")


def test_a_cut_off_that_was_put_off_and_back_again_is_told_though_it_was_passed_over(
    trade: BookingTrade, clock: StandingClock
) -> None:
    booking = trade.confirmed(*DAYS)
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    trade.confirm(booking, *(3 * each for each in DAYS))
    clock.advance(days=1)
    assert trade.watch() == 0
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    trade.confirm(booking, *(each - timedelta(days=1) for each in DAYS))
    assert (trade.watch(), trade.told()) == (1, both(NEARS, "DCO"))


def test_a_cut_off_within_a_day_is_told_at_once(trade: BookingTrade) -> None:
    trade.confirmed(AT_RISK_WITHIN / 2)
    assert trade.watch() == 3
    assert trade.told() == both(NEARS, "DCO", "FCO", "VCO")


def test_workers_at_once_tell_each_cut_off_once(trade: BookingTrade, clock: StandingClock) -> None:
    for _ in range(3):
        trade.confirmed(*DAYS)
    clock.advance(days=1)
    assert at_once([trade.watch] * 4) == {"done": 4}
    assert sorted(trade.told()) == sorted(3 * both(NEARS, "DCO"))


def test_a_worker_that_dies_before_it_is_done_has_told_nobody_and_the_next_tells_both(
    trade: BookingTrade, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade.confirmed(*DAYS)
    clock.advance(days=1)
    note_each = changes.note_each

    def dies(*given: Any, **more: Any) -> None:
        note_each(*given, **more)
        raise KeyboardInterrupt

    before = trade.rows()
    with monkeypatch.context() as dying:
        dying.setattr(changes, "note_each", dies)
        with pytest.raises(KeyboardInterrupt):
            trade.watch()
    assert trade.rows() == before
    assert trade.watch() == 1
    assert trade.told() == both(NEARS, "DCO")


def test_only_the_two_sides_see_what_was_told_and_each_its_own_row(
    trade: BookingTrade, clock: StandingClock
) -> None:
    booking = trade.confirmed(*DAYS)
    clock.advance(days=1)
    trade.watch()
    seen: dict[str, list[Any]] = {}
    for name, actor in trade.actors.items():
        with trade.platform.begin(actor) as work:
            found = work.session.query(Change).where(Change.kind == NEARS)
            seen[name] = [each.party_id for each in found] + trade.notices(booking, name)
    assert {name: len(rows) for name, rows in seen.items() if rows} == {"trader": 7, "carrier": 7}
    assert [seen[name][0] for name in ("trader", "carrier")] == [
        trade["trader"].party_id,
        trade["carrier"].party_id,
    ]


def test_the_clock_changes_no_booking_and_nobody_else_marks_what_was_told(trade: BookingTrade) -> None:
    trade.confirmed(*DAYS)
    with pytest.raises(DBAPIError, match="row-level security"), trade.platform.begin(Duty(CLOCK)) as work:
        work.session.execute(text("UPDATE booking SET state = 'CANCELLED'"))
    before = trade.rows()
    for actor in (trade["carrier"], trade["trader"], Duty("gate")):
        with trade.platform.begin(actor) as work:
            work.session.execute(text("UPDATE cut_off_notice SET looked_at = now()"))
    assert trade.rows() == before
