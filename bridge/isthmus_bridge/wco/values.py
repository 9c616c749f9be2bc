"""Values of the WCO Data Model that are more than text: amounts, quantities, instants."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pycountry
from babel.numbers import get_currency_precision


def exponent(currency: str) -> int:
    """Return how many decimals the minor unit of ``currency`` has. Raises ValueError for no currency."""
    if pycountry.currencies.get(alpha_3=currency) is None:
        raise ValueError(f"{currency!r} is not a currency of ISO 4217")
    return get_currency_precision(currency)


@dataclass(frozen=True)
class Amount:
    """An amount of money, with the decimals it was given with; a currency may be understood."""

    value: Decimal
    currency: str | None = None

    @property
    def minor(self) -> int:
        """Return the amount in minor units. Raises ValueError where it has none, or no currency."""
        if self.currency is None:
            raise ValueError("an amount without currency has no minor units")
        scaled = self.value.scaleb(exponent(self.currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{self.value} {self.currency} is not a whole number of minor units")
        return int(scaled)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> "Amount":
        """Return the amount that ``minor`` units of ``currency`` are. Raises ValueError."""
        return cls(Decimal(minor).scaleb(-exponent(currency)), currency)


@dataclass(frozen=True)
class Quantity:
    """A number, or a mass in kilograms where no unit (UN/ECE recommendation 20) is given."""

    value: Decimal
    unit: str | None = None


@dataclass(frozen=True)
class Instant:
    """A date (format 102) or a time with its offset (304), of UN/EDIFACT code list 2379, as it was given."""

    text: str
    format: str

    @property
    def at(self) -> datetime:
        """Return the moment in UTC; a date is its first one. Raises ValueError for one that never was."""
        day_and_time, zone = self.text[:14], self.text[14:]
        if len(day_and_time) == 8 and not zone:
            return datetime.strptime(day_and_time, "%Y%m%d").replace(tzinfo=UTC)
        hours = 0 if zone == "Z" else int(zone)
        moment = datetime.strptime(day_and_time, "%Y%m%d%H%M%S")  # noqa: DTZ007  # its zone follows
        return moment.replace(tzinfo=timezone(timedelta(hours=hours))).astimezone(UTC)
