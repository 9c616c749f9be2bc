"""Rating is exact: nothing is lost or made by rounding."""

from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_billing.rating import Measured, Share, Terms, given_back, half_even, rate

AUTHORITIES = [UUID(int=900), UUID(int=901)]
METERS = ["document.read", "events.recorded"]
MONTHS = ["2026-05", "2026-06"]

terms = st.builds(
    Terms,
    tariff_id=st.integers(0, 3).map(lambda n: UUID(int=n)),
    unit_price=st.integers(0, 10**6),
    free_allowance=st.integers(0, 50),
    basis_points=st.integers(0, 10_000),
    authority_id=st.sampled_from(AUTHORITIES),
)


@st.composite
def usages(draw: st.DrawFn) -> list[Measured]:
    """Draw one party's usage; a tariff has the same share and authority on all its meters."""
    tariffs = {UUID(int=n): draw(terms) for n in range(3)}
    return [
        Measured(
            UUID(int=1000 + n),
            draw(st.sampled_from(METERS)),
            draw(st.sampled_from(MONTHS)),
            draw(st.integers(1, 10**6)),
            Terms(
                tariff_id,
                draw(st.integers(0, 10**6)),
                draw(st.integers(0, 50)),
                tariffs[tariff_id].basis_points,
                tariffs[tariff_id].authority_id,
            ),
        )
        for n, tariff_id in enumerate(draw(st.lists(st.sampled_from(list(tariffs)), max_size=8)))
    ]


@given(usages())
def test_lines_sum_to_the_total_and_the_shares_are_the_total_exactly(used: list[Measured]) -> None:
    rated = rate(used, {})
    assert rated.total == sum(line.amount for line in rated.lines)
    assert [line.quantity for line in rated.lines] == [entry.quantity for entry in used]
    assert sum(share.base for share in rated.shares) == rated.total
    assert 0 <= rated.concession_fee <= rated.total
    operator_share = rated.total - rated.concession_fee
    assert operator_share + sum(share.fee for share in rated.shares) == rated.total


@given(usages())
def test_the_fee_is_within_half_a_minor_unit_of_the_exact_share_of_each_tariff(used: list[Measured]) -> None:
    rated = rate(used, {})
    exact = sum((Fraction(line.amount * line.terms.basis_points, 10_000) for line in rated.lines), Fraction())
    tariffs = {line.terms.tariff_id for line in rated.lines}
    assert abs(rated.concession_fee - exact) <= Fraction(len(tariffs), 2)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_a_half_is_rounded_to_the_even_neighbour(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("total", "points", "fee"), [(100, 50, 0), (300, 50, 2), (500, 50, 2), (101, 50, 1), (7, 10_000, 7)]
)
def test_a_fee_of_half_a_cent_goes_to_the_even_one(total: int, points: int, fee: int) -> None:
    assert half_even(total * points, 10_000) == fee


@given(st.integers(0, 30), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_however_a_months_usage_is_billed_in_parts_the_allowance_is_given_once(
    allowance: int, parts: list[int]
) -> None:
    one = Terms(UUID(int=1), 10, allowance, 100, AUTHORITIES[0])
    billed = 0
    amounts = []
    for part in parts:
        entry = Measured(UUID(int=5), METERS[0], MONTHS[0], part, one)
        amounts.append(rate([entry], {(MONTHS[0], METERS[0]): billed}).total)
        billed += part
    assert sum(amounts) == max(0, sum(parts) - allowance) * 10


def test_the_allowance_of_one_month_or_meter_is_not_spent_on_another() -> None:
    one = Terms(UUID(int=1), 10, 5, 0, AUTHORITIES[0])
    used = [
        Measured(UUID(int=n), meter, month, 6, one)
        for n, (meter, month) in enumerate([(m, t) for m in METERS for t in MONTHS])
    ]
    assert [line.amount for line in rate(used, {}).lines] == [10, 10, 10, 10]


@given(st.integers(1, 10**6), st.data())
def test_what_is_credited_in_steps_gives_the_whole_fee_back(total: int, data: st.DataObject) -> None:
    share = Share(AUTHORITIES[0], total, data.draw(st.integers(0, total)))
    stops = sorted({*data.draw(st.lists(st.integers(0, total), max_size=5)), 0, total})
    steps = [given_back(share.fee, total, before, after) for before, after in pairwise(stops)]
    assert sum(steps) == share.fee
    assert all(step >= 0 for step in steps)
