"""A bank rests on the days of the week that it says: here Friday and Saturday, there Sunday alone."""

from datetime import date

import pytest

from credit_trade import CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit.days import WEEKEND, Calendar, Weekday
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError

GULF = [Weekday.FRIDAY, Weekday.SATURDAY]


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


def rest(trade: CreditTrade, by: str, days: list[Weekday]) -> None:
    with trade.platform.begin(trade[by]) as work:
        credit.set_rest_days(work, days)


@pytest.mark.parametrize(
    ("days", "presented", "by"),
    [
        (WEEKEND, date(2026, 6, 4), date(2026, 6, 11)),
        (GULF, date(2026, 6, 4), date(2026, 6, 11)),
        (GULF, date(2026, 6, 5), date(2026, 6, 14)),
        (GULF, date(2026, 6, 7), date(2026, 6, 14)),
        ([Weekday.SUNDAY], date(2026, 6, 4), date(2026, 6, 10)),
        ([], date(2026, 6, 4), date(2026, 6, 9)),
    ],
    ids=["default", "Thursday", "on a day of rest", "Sunday is a banking day", "one day", "none"],
)
def test_the_fifth_banking_day_skips_the_days_on_which_the_bank_rests(
    days: list[Weekday], presented: date, by: date
) -> None:
    calendar = Calendar.of((), days)
    assert calendar.examine_by(calendar.first_from(presented)) == by


def test_documents_that_come_on_a_day_of_rest_of_the_bank_count_from_its_next_banking_day(
    trade: CreditTrade,
) -> None:
    it = trade.advised()
    trade.on(date(2026, 6, 5))
    before = trade.presentation(trade.present(it, "P-1"))
    assert (before.presented_on, before.examine_by) == (date(2026, 6, 5), date(2026, 6, 12))
    rest(trade, "bank", GULF)
    after = trade.presentation(trade.present(it, "P-2"))
    assert (after.presented_on, after.examine_by) == (date(2026, 6, 7), date(2026, 6, 14))
    assert trade.presentation(before.id).examine_by == date(2026, 6, 12), "what came before keeps its time"
    rest(trade, "bank", [Weekday.SUNDAY])
    last = trade.presentation(trade.present(it, "P-3"))
    assert (last.presented_on, last.examine_by) == (date(2026, 6, 5), date(2026, 6, 11)), (
        "the last word holds"
    )


def test_a_credit_expires_on_the_next_day_on_which_its_bank_is_open(trade: CreditTrade) -> None:
    rest(trade, "bank", [Weekday.TUESDAY, Weekday.WEDNESDAY])
    it = trade.advised()
    trade.on(date(2026, 7, 1))  # the expiry, the thirtieth of June, is a Tuesday
    with pytest.raises(PlatformError) as refusal:
        trade.step("bank", it, "CLOSE")
    assert refusal.value.code == "credit_open"
    trade.on(date(2026, 7, 3))
    assert trade.step("bank", it, "CLOSE") == "CLOSED"


@pytest.mark.parametrize(
    ("by", "days", "code"),
    [
        ("bank", list(Weekday), "every_day"),
        ("bank", [*GULF, Weekday.FRIDAY], "repeated"),
        ("buyer", GULF, "role_required"),
    ],
    ids=["every day", "a day twice", "no bank"],
)
def test_a_bank_is_open_on_some_day_and_nobody_else_says_when(
    trade: CreditTrade, by: str, days: list[Weekday], code: str
) -> None:
    before = trade.everything()
    with pytest.raises(PlatformError) as refusal:
        rest(trade, by, days)
    assert refusal.value.code == code
    assert trade.everything() == before
