"""A cover's limit of each policy period: what may still be declared in it, whoever declares at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from insurance_trade import DESK, TRUST, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import PlatformError
from isthmus_platform.insurance import covers, exporting, limits
from isthmus_platform.insurance.covers import Adjustment
from isthmus_platform.insurance.limits import LimitExceeded
from isthmus_protocol.insurance_file import verify_insurance
from isthmus_protocol.policy_periods import begins, number_at
from standing import StandingClock

AT_ONCE = 16
ONE = 110_000
"""Minor units that each declaration here insures."""
IMPOSSIBLE: tuple[dict[str, Any], ...] = ({"per_period": 0}, {"period_months": 0}, {"period_months": 37})


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    opened = open_insured_trade(platform)
    opened.publish()
    return opened


def balances(trade: InsuredTrade, cover: UUID, by: str = "trader") -> list[int | None]:
    with trade.platform.begin(trade[by]) as work:
        found = limits.periods(work, [covers.get(work, cover)])[cover]
    assert [period.number for period in found] == [*range(1, len(found) + 1)]
    return [period.balance for period in found]


def test_what_would_exceed_a_period_is_refused_with_its_limit_its_balance_and_its_rule(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    cover = trade.cover(per_period=2 * ONE + 1, period_months=3)
    quotes = [trade.another(cover, number) for number in range(4)]
    first = trade.declare(quotes[0])
    trade.declare(quotes[1])
    before = trade.everything()
    with pytest.raises(LimitExceeded) as refusal:
        trade.declare(quotes[2])
    assert trade.everything() == before
    said = refusal.value
    assert (said.code, said.rule, said.field) == ("period_limit", "perPeriod", "quote")
    assert (said.limit, said.balance, said.wanted) == (220_001, 1, ONE)
    assert said.message == (
        "This would exceed the limit of policy period 1 (perPeriod):"
        " limit 220,001, balance 1, wanted 110,000 minor units."
    )
    trade.cancel(first.id)
    assert balances(trade, cover) == balances(trade, cover, "insurer") == [ONE + 1, *[2 * ONE + 1] * 3]
    trade.declare(quotes[2])
    clock.advance(days=92)
    later = trade.declare(trade.another(cover, 5))
    assert later.period == 2, "another period has a limit of its own"
    assert balances(trade, cover) == [1, ONE + 1, *[2 * ONE + 1] * 2]


def test_of_16_declarations_at_once_as_many_are_made_as_the_period_bears(
    platform_url: str, clock: StandingClock
) -> None:
    engine = create_platform_engine(platform_url, pool_size=AT_ONCE)
    trade = open_insured_trade(Platform(engine, clock))
    trade.publish()
    cover = trade.cover(per_period=3 * ONE + 109_999)
    quotes = [trade.another(cover, number) for number in range(AT_ONCE)]
    together = Barrier(AT_ONCE)

    def made(quote: UUID) -> str:
        together.wait()
        try:
            trade.declare(quote)
        except PlatformError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = Counter(pool.map(made, quotes))
    left = balances(trade, cover)
    engine.dispose()
    assert outcomes == {"done": 3, "period_limit": 13}
    assert left == [109_999]


def test_a_period_is_offered_signed_and_only_widened_and_its_file_is_held_to_it(trade: InsuredTrade) -> None:
    cover = trade.cover(per_period=ONE)
    assert trade.steps(cover)[0].about["perPeriod"] == ONE
    trade.declare(trade.another(cover, 1))

    def widen(per_period: int) -> None:
        with trade.platform.begin(trade["insurer"]) as work:
            covers.adjust(work, DESK, cover, Adjustment(per_period=per_period))

    with pytest.raises(PlatformError, match="not narrowed"):
        widen(ONE - 1)
    widen(2 * ONE)
    trade.declare(trade.another(cover, 2))
    with trade.platform.begin(trade["trader"]) as work:
        file = exporting.cover(work, DESK, cover)
    assert verify_insurance(file, TRUST)[0].passed
    none = trade.cover(number="OC-2")
    assert balances(trade, none) == [None]
    with trade.platform.begin(trade["insurer"]) as work, pytest.raises(PlatformError) as refusal:
        covers.adjust(work, DESK, none, Adjustment(per_period=10**9))
    assert (refusal.value.code, refusal.value.field) == ("narrowed", "perPeriodMinor")
    for impossible in IMPOSSIBLE:
        with pytest.raises(PlatformError):
            trade.cover(number="OC-3", **impossible)


def test_periods_are_calendar_months_also_where_a_month_lacks_the_day() -> None:
    start = datetime(2024, 1, 31, 9, tzinfo=UTC)
    assert [begins(start, 1, number).strftime("%m-%d") for number in range(1, 5)] == [
        *("01-31", "02-29", "03-31", "04-30")
    ]
    assert begins(datetime(2024, 2, 29, tzinfo=UTC), 12, 2) == datetime(2025, 2, 28, tzinfo=UTC)
    for number in range(1, 40):
        edge = begins(start, 1, number)
        assert number_at(start, 1, edge) == number
        assert number_at(start, 1, edge - timedelta(microseconds=1)) == max(1, number - 1)
