"""A day of finance is a day in UTC, also on a machine whose own clock goes forward or back in that night."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from credit_case import TERMS
from credit_trade import open_credit_trade
from isthmus_platform import credit
from isthmus_platform.database import Platform
from receivable_trade import open_receivable_trade
from standing import StandingClock

NIGHTS = (date(2026, 10, 25), date(2027, 3, 28))
"""Sundays on which clocks in Berlin go back, and forward."""
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's own time be Berlin's: two hours, or one, before UTC."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def until(clock: StandingClock, day: date) -> None:
    """Let it be the last second before ``day`` in UTC, which in Berlin is that day already."""
    clock.now = datetime(day.year, day.month, day.day, tzinfo=UTC) - SECOND
    assert time.localtime(clock.now.timestamp()).tm_mday == day.day


@pytest.mark.parametrize("night", NIGHTS, ids=str)
@pytest.mark.parametrize("after", [-1, 10])
def test_a_receivable_is_late_from_midnight_in_utc_and_its_days_are_whole(
    platform: Platform, clock: StandingClock, night: date, after: int
) -> None:
    trade = open_receivable_trade(platform)
    due_on = night + timedelta(days=after)
    trade.on(due_on - timedelta(days=20))
    offer = trade.disbursed(issued_on=due_on - timedelta(days=31), due_on=due_on)
    assert trade.seen(offer).discount_minor == 75_653, "6 per cent a year of 226,960.00 for 20 days"
    until(clock, due_on + timedelta(days=1))
    trade.watch()
    assert trade.seen(offer).state == "DISBURSED"
    clock.advance(seconds=1)
    trade.watch()
    assert trade.seen(offer).state == "OVERDUE"


def test_the_fifth_banking_day_ends_at_midnight_in_utc(platform: Platform, clock: StandingClock) -> None:
    trade = open_credit_trade(platform)
    presentation = trade.present(trade.advised(TERMS))
    until(clock, trade.presentation(presentation).examine_by + timedelta(days=1))
    assert credit.watch(platform) == 0
    clock.advance(seconds=1)
    assert credit.watch(platform) == 1
