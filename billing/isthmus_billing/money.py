"""Money: integer minor units of an ISO 4217 currency; how many decimals it has matters to display only."""

import re
from dataclasses import dataclass
from decimal import Decimal

import pycountry
from babel.numbers import format_currency, get_currency_precision

from isthmus_platform.errors import InvalidInput


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents; whole yen; fils) and its ISO 4217 code."""

    amount_minor: int
    currency: str

    def shown(self, locale: str = "en_GB") -> str:
        """Return the amount for people: JPY has no decimals, EUR two, BHD three (CLDR, by babel)."""
        decimals = get_currency_precision(self.currency)
        return format_currency(Decimal(self.amount_minor).scaleb(-decimals), self.currency, locale=locale)


def check_currency(code: str) -> str:
    """Return ``code`` if ISO 4217 has it, else raise :class:`InvalidInput` (``unknown_currency``)."""
    if not re.fullmatch("[A-Z]{3}", code) or pycountry.currencies.get(alpha_3=code) is None:
        raise InvalidInput(
            f"{code[:10]!r} is no ISO 4217 currency.", field="currency", code="unknown_currency"
        )
    return code
