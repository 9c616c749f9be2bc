"""Freight quotes side by side: what each costs in one currency, and why one does not compare. No I/O.

Amounts are whole minor units with an ISO 4217 currency. An exchange rate says how many units of the wanted
currency one unit of another buys; each charge is converted by itself and rounded half to even to the wanted
currency's minor unit, so that the lines add up to the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

import pycountry
from babel.numbers import get_currency_precision

from isthmus_platform.errors import InvalidInput

LARGEST = 2**53 - 1
"""Minor units: what every JSON reader keeps exactly."""
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
LARGEST_RATE = Decimal(10) ** 9


class ChargeKind(StrEnum):
    """Whether a charge is the freight itself or comes on top of it."""

    BASE = "BASE"
    SURCHARGE = "SURCHARGE"


class PaymentTerm(StrEnum):
    """Who pays a charge where (DCSA ``paymentTermCode``)."""

    PRE = "PRE"
    COL = "COL"


@dataclass(frozen=True)
class Charge:
    """A line of a quote in DCSA's terms: ``unit_price_minor`` times ``quantity`` of ``calculation_basis``."""

    kind: ChargeKind
    name: str
    unit_price_minor: int
    currency: str
    quantity: int
    calculation_basis: str
    payment_term: PaymentTerm

    @property
    def amount_minor(self) -> int:
        """What it comes to, in minor units of its currency."""
        return self.unit_price_minor * self.quantity


class Comparison(StrEnum):
    """Whether a quote can be compared and accepted."""

    COMPARABLE = "COMPARABLE"
    EXPIRED = "EXPIRED"
    INCOMPLETE = "INCOMPLETE"
    NO_RATE = "NO_RATE"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Offer:
    """A quote as it is compared."""

    charges: Sequence[Charge]
    valid_until: datetime
    withdrawn: bool = False


@dataclass(frozen=True)
class Compared:
    """How an offer compares; ``total_minor`` is told if all of it converts; ``why`` names what lacks."""

    status: Comparison
    total_minor: int | None
    lines_minor: tuple[int, ...]
    why: str | None


def check_currency(code: str, field: str) -> str:
    """Return ``code`` if it is an ISO 4217 currency in use; else raise (``unknown_currency``)."""
    if pycountry.currencies.get(alpha_3=code) is None:
        raise InvalidInput(f"{code[:10]!r} is no ISO 4217 currency.", field=field, code="unknown_currency")
    return code


def check_charge(charge: Charge, field: str) -> None:
    """Raise :class:`InvalidInput` unless currency, price and quantity are possible."""
    check_currency(charge.currency, f"{field}.currency")
    if not 0 <= charge.unit_price_minor <= LARGEST or not 1 <= charge.quantity <= 100_000:
        raise InvalidInput("A price is not negative, a quantity 1 to 100,000.", field=field, code="range")
    if charge.amount_minor > LARGEST:
        raise InvalidInput("The charge is larger than any amount.", field=field, code="range")


def check_rates(rates: Mapping[str, Decimal]) -> None:
    """Raise :class:`InvalidInput` unless every rate is of a currency, more than nothing and finite."""
    for currency, rate in rates.items():
        check_currency(currency, "rates")
        if not rate.is_finite() or not 0 < rate <= LARGEST_RATE:
            raise InvalidInput("A rate is more than 0.", field="rates", code="range")


def convert(amount_minor: int, currency: str, wanted: str, rate: Decimal) -> int:
    """Return ``amount_minor`` of ``currency`` in minor units of ``wanted``, rounded half to even.

    JPY has no decimals and BHD three: the currencies' own minor units are taken into account.
    """
    if currency == wanted:
        return amount_minor
    shift = get_currency_precision(wanted) - get_currency_precision(currency)
    exact = _EXACT.multiply(Decimal(amount_minor), rate).scaleb(shift, _EXACT)
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT))


def lacking(charges: Sequence[Charge], wanted: Sequence[str]) -> list[str]:
    """Return what a complete quote would have beside these: the base rate, and each charge that was asked."""
    named = {charge.name.casefold() for charge in charges}
    base = [] if any(charge.kind is ChargeKind.BASE for charge in charges) else ["base rate"]
    return base + [name for name in wanted if name.casefold() not in named]


def compare(
    offer: Offer, currency: str, rates: Mapping[str, Decimal], wanted: Sequence[str], now: datetime
) -> Compared:
    """Return how ``offer`` compares in ``currency`` at ``now``.

    ``rates`` has for each other currency what one of it buys of ``currency``; ``wanted`` names the charges
    that were asked for.
    """
    unknown = sorted({charge.currency for charge in offer.charges} - {currency, *rates})
    missing = lacking(offer.charges, wanted)
    lines: tuple[int, ...] = ()
    if not unknown:
        lines = tuple(
            convert(each.amount_minor, each.currency, currency, rates.get(each.currency, Decimal(1)))
            for each in offer.charges
        )
    total = None if unknown else sum(lines)
    if offer.withdrawn:
        return Compared(Comparison.WITHDRAWN, total, lines, "It was withdrawn.")
    if offer.valid_until <= now:
        return Compared(Comparison.EXPIRED, total, lines, f"It was valid until {offer.valid_until:%Y-%m-%d}.")
    if missing:
        return Compared(Comparison.INCOMPLETE, total, lines, f"It lacks: {', '.join(missing)}.")
    if unknown:
        return Compared(Comparison.NO_RATE, None, (), f"No rate is given for {', '.join(unknown)}.")
    return Compared(Comparison.COMPARABLE, total, lines, None)
