"""Rates and quorums without a database: sums that fit, and one liar among three who changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isthmus_platform.insurance import quorum, rating
from isthmus_platform.insurance.rating import BASIC, Item, NotRated, Risk, Row, Table

AGREED = datetime(2028, 2, 27, 12, tzinfo=UTC)
TERMS = quorum.Terms(AGREED, 2, 1_000, 5)
TIMES = st.integers(-20 * 24, 60 * 24).map(lambda hours: AGREED + timedelta(hours=hours))


def outcome(told: dict[str, datetime]) -> tuple[int, int] | None:
    """Return (delay, days paid) as the words settle it, or None."""
    days = quorum.measured(told, AGREED)
    return None if days is None else (days, TERMS.paid_days(days))


@given(liar=st.sampled_from(quorum.ROLES), lie=st.none() | TIMES, days=st.integers(0, 40), hours=TIMES)
def test_one_source_that_lies_arbitrarily_neither_triggers_nor_blocks(
    liar: str, lie: datetime | None, days: int, hours: datetime
) -> None:
    """The honest two agree on the days, though not on the hour; the liar says anything, or nothing."""
    true = AGREED + timedelta(days=days)
    honest = dict(
        zip([r for r in quorum.ROLES if r != liar], (true, true + timedelta(hours=23)), strict=True)
    )
    told = honest if lie is None else {**honest, liar: lie}
    assert outcome(told) == outcome(honest) == (days, TERMS.paid_days(days))
    assert quorum.measured_at_last(told, AGREED) == days
    if lie is not None:
        for role in honest:  # before both honest ones have spoken, nothing wrong is settled
            early = {role: honest[role], liar: lie}
            assert outcome(early) in (None, outcome(honest))


@given(
    words=st.permutations(quorum.ROLES).flatmap(lambda roles: st.tuples(st.just(roles), TIMES, TIMES, TIMES))
)
def test_of_three_words_the_middle_one_counts_whoever_says_it(
    words: tuple[list[str], datetime, datetime, datetime],
) -> None:
    roles, *times = words
    told = dict(zip(roles, times, strict=True))
    days = sorted(quorum.days_late(AGREED, at) for at in times)
    assert quorum.measured(told, AGREED) == days[1]


def test_one_word_settles_nothing_and_a_stranger_has_none() -> None:
    late = AGREED + timedelta(days=9)
    assert quorum.measured({"CARRIER": late, "NEIGHBOUR": late}, AGREED) is None
    assert quorum.measured_at_last({"CARRIER": late, "NEIGHBOUR": late}, AGREED) == 0


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (timedelta(hours=23, minutes=59), 0),
        (timedelta(days=1), 1),
        (timedelta(days=3), 3),  # over 29 February
    ],
    ids=str,
)
def test_a_delay_counts_whole_days_of_24_hours(after: timedelta, days: int) -> None:
    assert quorum.days_late(AGREED, AGREED + after) == days


def test_days_are_paid_past_the_agreed_ones_and_no_more_than_the_most() -> None:
    assert [TERMS.paid_days(days) for days in (0, 2, 3, 7, 8, 400)] == [0, 0, 1, 5, 5, 5]


ROWS = st.builds(
    Row,
    hs=st.sampled_from(["", "84", "8457", "85"]),
    origin=st.sampled_from(["*", "TW", "ASIA"]),
    destination=st.sampled_from(["*", "DE"]),
    mode=st.sampled_from(["*", "VESSEL"]),
    clause=st.sampled_from(rating.CLAUSES),
    rate_ppm=st.integers(0, rating.MILLION),
    deductible_ppm=st.integers(0, rating.MILLION),
)
FALLBACK = tuple(Row("", "*", "*", "*", clause, 333) for clause in (*rating.CLAUSES, rating.DELAY))


@given(
    rows=st.lists(ROWS, max_size=8),
    minimum=st.integers(0, 10**6),
    values=st.lists(st.integers(1, 10**12), min_size=1, max_size=5),
    insured=st.integers(1, 10**15),
    delay=st.integers(0, 10**9),
)
@example(rows=[], minimum=1, values=[1], insured=1, delay=0)
def test_lines_sum_to_the_premium_which_is_never_below_the_minimum(
    rows: list[Row], minimum: int, values: list[int], insured: int, delay: int
) -> None:
    table = Table((*rows, *FALLBACK), minimum, {"ASIA": ("TW",)})
    items = tuple(Item("845710", value) for value in values)
    risk = Risk(items, insured, "TW", "DE", "VESSEL", ("ICC_A", "WAR"), delay)
    rated = rating.rate(table, risk)
    assert rated.premium == sum(line.amount for line in rated.lines) >= minimum
    assert all(line.amount >= 0 for line in rated.lines)
    assert sum(line.base for line in rated.lines if line.clause == "ICC_A") == insured
    assert rated.deductible <= 2 * insured + len(values) * 2


def test_products_are_rounded_half_to_even() -> None:
    assert [rating.share(n, 1, 2) for n in (1, 3, 5, 7)] == [0, 2, 2, 4]
    assert rating.sum_insured(10**15 - 1, 11_000) == 1_099_999_999_999_999


def test_the_row_that_fits_best_rates() -> None:
    rows = (
        Row("", "*", "*", "*", "ICC_C", 1),
        Row("84", "*", "*", "*", "ICC_C", 2),
        Row("84", "ASIA", "*", "*", "ICC_C", 3),
        Row("84", "TW", "*", "*", "ICC_C", 4),
        Row("84", "TW", "*", "VESSEL", "ICC_C", 5),
        Row("8457", "*", "*", "*", "ICC_C", 6),
    )
    table = Table(rows, 0, {"ASIA": ("TW", "JP")})

    def rate(hs: str, origin: str, mode: str) -> int | None:
        risk = Risk((Item(hs, 1),), 1_000_000, origin, "DE", mode, ("ICC_C",))
        return rating.rate(table, risk).lines[0].rate_ppm

    assert rate("010121", "TW", "AIR") == 1
    assert rate("841112", "US", "AIR") == 2
    assert rate("841112", "JP", "AIR") == 3
    assert rate("841112", "TW", "AIR") == 4
    assert rate("841112", "TW", "VESSEL") == 5
    assert rate("845710", "TW", "VESSEL") == 6
    with pytest.raises(NotRated):
        rating.rate(table, Risk((Item("84", 1),), 1, "TW", "DE", "AIR", (BASIC[0],)))
