"""Quotes compare in one currency as stated, nobody sees another's, and exactly one is accepted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from at_once import at_once
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.logistics import quotes, quoting
from isthmus_platform.logistics.quoting import Charge, ChargeKind, Comparison, Offer, PaymentTerm, convert
from standing import StandingClock
from trade import Trade, open_trade

NOW = StandingClock().now
BASE = Charge(ChargeKind.BASE, "Ocean freight", 120_000, "USD", 2, "Per container", PaymentTerm.PRE)
BUNKER = Charge(ChargeKind.SURCHARGE, "Bunker", 1_999, "JPY", 2, "Per container", PaymentTerm.PRE)
THC = Charge(ChargeKind.SURCHARGE, "Terminal handling", 12_345, "BHD", 2, "Per container", PaymentTerm.COL)
RATES = {"JPY": Decimal("0.00645"), "BHD": Decimal("2.6596")}


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def ask(trade: Trade, by: str = "trader", **changes: Any) -> UUID:
    question = quotes.Question(
        origin="TWKHH",
        destination="DEHAM",
        goods="Machine tools",
        equipment_type="22G1",
        units=2,
        closes_at=trade.platform.clock() + timedelta(days=3),
        of=("carrier", "rival", "forwarder"),
        charges=("Bunker",),
    )
    with trade.platform.begin(trade[by]) as work:
        return quotes.ask(work, replace(question, **changes)).id


def quote(trade: Trade, request: UUID, by: str = "carrier", *charges: Charge, **lasting: float) -> UUID:
    until = trade.platform.clock() + timedelta(**(lasting or {"days": 7}))
    with trade.platform.begin(trade[by]) as work:
        return quotes.quote(work, request, charges or (BASE, BUNKER), valid_until=until, transit_days=34).id


def accept(trade: Trade, quote_id: UUID, by: str = "trader") -> None:
    with trade.platform.begin(trade[by]) as work:
        quotes.accept(work, quote_id)


def withdraw(trade: Trade, quote_id: UUID, by: str = "carrier") -> None:
    with trade.platform.begin(trade[by]) as work:
        quotes.withdraw(work, quote_id)


def seen(trade: Trade, request: UUID, by: str) -> list[UUID]:
    with trade.platform.begin(trade[by]) as work:
        return [row.id for row in quotes.of_requests(work, [request])[request]]


@pytest.mark.parametrize(
    ("amount", "currency", "wanted", "rate", "result"),
    [
        (1_999, "JPY", "USD", "0.01", 1_999),  # 1,999 yen, which has no decimals, at a cent each
        (100_005, "USD", "JPY", "1", 1_000),  # 1,000.05 of two decimals to none
        (250, "USD", "JPY", "1", 2),  # 2.5: half to even
        (350, "USD", "JPY", "1", 4),  # 3.5: half to even
        (1_005, "BHD", "USD", "1", 100),  # 1.005 of three decimals to two: half to even
        (1_015, "BHD", "USD", "1", 102),
        (7, "USD", "BHD", "0.376", 26),  # 0.07 USD are 0.02632 BHD
        (123, "USD", "USD", "9", 123),  # its own currency needs no rate
    ],
    ids=lambda value: str(value),
)
def test_an_amount_converts_by_the_currencies_own_decimals_half_to_even(
    amount: int, currency: str, wanted: str, rate: str, result: int
) -> None:
    assert convert(amount, currency, wanted, Decimal(rate)) == result


@given(st.integers(0, 2**53 - 1), st.decimals("0.000001", "1000000", places=6))
def test_rounding_never_moves_an_amount_by_more_than_half_a_minor_unit(amount: int, rate: Decimal) -> None:
    exact = Fraction(amount) * Fraction(rate)
    assert abs(convert(amount, "USD", "EUR", rate) - exact) <= Fraction(1, 2)


def test_quotes_compare_in_one_currency_and_each_that_does_not_says_why() -> None:
    def told(*charges: Charge, hours: int = 1, withdrawn: bool = False) -> tuple[Comparison, int | None]:
        offer = Offer(charges, NOW + timedelta(hours=hours), withdrawn)
        found = quoting.compare(offer, "USD", RATES, ["bunker"], NOW)
        assert found.total_minor == (sum(found.lines_minor) if found.lines_minor else None)
        assert (found.why is None) is (found.status is Comparison.COMPARABLE)
        return found.status, found.total_minor

    # 2,400.00 USD, 3,998 JPY at 0.00645 (25.7871), 24.690 BHD at 2.6596 (65.665524)
    assert told(BASE, BUNKER, THC) == (Comparison.COMPARABLE, 240_000 + 2_579 + 6_567)
    assert told(BASE, BUNKER, hours=0) == (Comparison.EXPIRED, 242_579)
    assert told(BASE) == (Comparison.INCOMPLETE, 240_000)
    assert told(BUNKER) == (Comparison.INCOMPLETE, 2_579)
    assert told(BASE, BUNKER, replace(THC, currency="EUR")) == (Comparison.NO_RATE, None)
    assert told(BASE, BUNKER, withdrawn=True) == (Comparison.WITHDRAWN, 242_579)


def test_who_quotes_sees_neither_who_else_was_asked_nor_what_they_said(trade: Trade) -> None:
    request = ask(trade)
    first, second = quote(trade, request), quote(trade, request, "rival")
    assert seen(trade, request, "trader") == [first, second]
    assert seen(trade, request, "carrier") == [first]
    assert seen(trade, request, "rival") == [second]
    for by in ("stranger", "operator", "authority"):
        with pytest.raises(NotFound):
            quote(trade, request, by)
        with pytest.raises(NotFound):
            accept(trade, first, by)
        assert seen(trade, request, by) == []
    for by in ("rival", "trader"):
        with pytest.raises(NotFound):
            withdraw(trade, first, by)
    with pytest.raises(NotFound):
        accept(trade, first, "carrier")
    with pytest.raises(NotPermitted):
        ask(trade, "operator")


def test_an_expired_incomplete_or_withdrawn_quote_is_not_accepted(trade: Trade, clock: StandingClock) -> None:
    request = ask(trade)
    short, bare = quote(trade, request, hours=1), quote(trade, request, "rival", BASE)
    gone = quote(trade, request, "forwarder")
    withdraw(trade, gone, "forwarder")
    clock.advance(hours=1)
    for each, code in ((short, "quote_expired"), (bare, "quote_incomplete"), (gone, "quote_withdrawn")):
        with pytest.raises(Conflict) as refused:
            accept(trade, each)
        assert refused.value.code == code
    with pytest.raises(Conflict) as refused:
        quote(trade, request)
    assert refused.value.code == "quoted_before"
    withdraw(trade, short)
    accept(trade, quote(trade, request))
    for late in (partial(quote, trade, request, "forwarder"), partial(accept, trade, bare)):
        with pytest.raises(Conflict):
            late()


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BASE, currency="XXZ"),
        replace(BASE, unit_price_minor=-1),
        replace(BASE, quantity=0),
        replace(BASE, unit_price_minor=2**53 - 1),
        replace(BASE, name=" "),
    ],
    ids=["currency", "negative", "no quantity", "overflow", "no name"],
)
def test_an_impossible_charge_is_refused_with_its_place(trade: Trade, wrong: Charge) -> None:
    request = ask(trade)
    with pytest.raises(InvalidInput) as refused:
        quote(trade, request, "carrier", BUNKER, wrong)
    assert str(refused.value.field).startswith("charges.1")
    assert seen(trade, request, "carrier") == []


def test_of_acceptances_at_once_one_is_made(platform_url: str, clock: StandingClock) -> None:
    engine = create_platform_engine(platform_url, pool_size=9)
    trade = open_trade(Platform(engine, clock))
    request = ask(trade)
    offered = [quote(trade, request, by) for by in ("carrier", "rival", "forwarder")]
    calls = [partial(accept, trade, one) for one in offered * 3]
    assert at_once(calls) == {"done": 1, "request_awarded": 8}
    engine.dispose()
