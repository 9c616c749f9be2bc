"""What is offered and quoted, as data that checks itself, and what a financing comes to. No I/O.

Money is whole minor units of an ISO 4217 currency, rates are basis points. The discount is counted on the
advance for the actual days until the due date over a year of 360 (actual/360, as money markets count).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from isthmus_platform.papers.parts import check_country, check_currency, check_text, wrong

LARGEST_MINOR = 10**15
"""Minor units: beyond any invoice, and within a Long of GraphQL."""
LONGEST_DAYS = 366
"""Days from the offer to the due date at most: as long as a grant may last."""
WHOLE = 10_000
"""Basis points of one."""
YEAR = 360
MOST_GRACE = 90
MOST_BANKS = 20
RATINGS = ("INVESTMENT_GRADE", "SPECULATIVE_GRADE", "UNRATED")
"""What a seller says of the debtor before a bank knows who it is."""
IDENTIFIER = re.compile(r"[A-Z0-9]{5,35}")


def check_minor(value: int, field: str, *, least: int = 1) -> None:
    """Refuse an amount that is negative, nothing where it must be something, or beyond all invoices."""
    if isinstance(value, bool) or not least <= value <= LARGEST_MINOR:
        raise wrong(field, "amount_range", f"whole minor units from {least} to {LARGEST_MINOR:,}")


def check_rate(value: int, field: str, *, least: int = 0) -> None:
    """Refuse a rate outside ``least`` to 10,000 basis points."""
    if isinstance(value, bool) or not least <= value <= WHOLE:
        raise wrong(field, "rate_range", f"{least} to {WHOLE:,} basis points")


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """What an invoice says; ``seller`` and ``buyer`` are registered identifiers (an LEI or a tax number).

    Until a bank accepts it knows amount, due date, ``country`` and ``rating`` of the debtor alone.
    """

    number: str
    issued_on: date
    due_on: date
    amount_minor: int
    currency: str
    seller: str
    buyer: str
    debtor: str
    country: str
    rating: str = "UNRATED"

    def __post_init__(self) -> None:
        check_text(self.number, "number", 35)
        check_text(self.debtor, "debtor", 300)
        check_currency(self.currency, "amount.currency")
        check_minor(self.amount_minor, "amount.amountMinor")
        check_country(self.country, "debtorCountry")
        for value, field in ((self.seller, "sellerIdentifier"), (self.buyer, "debtorIdentifier")):
            if not IDENTIFIER.fullmatch(value):
                raise wrong(field, "format", "an LEI or tax number: 5 to 35 capitals and digits")
        if self.seller == self.buyer:
            raise wrong("debtorIdentifier", "same_party", "another than the seller")
        if self.rating not in RATINGS:
            raise wrong("debtorRating", "unknown_code", " or ".join(RATINGS))
        if self.due_on < self.issued_on:
            raise wrong("dueOn", "before_issue", "a day from the invoice's on")

    def check_due(self, today: date) -> None:
        """Refuse an invoice that is not of the past, or is not due within a year from now."""
        if self.issued_on > today:
            raise wrong("issuedOn", "in_future", "a day up to today")
        if not today < self.due_on <= today + timedelta(days=LONGEST_DAYS):
            raise wrong("dueOn", "due_date", f"a day from tomorrow to {LONGEST_DAYS} days from now")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a bank asks: how much it advances, at what discount a year and for what fee.

    ``grace_days`` run after the due date before it is a default.
    """

    advance_bp: int
    discount_bp: int
    fee_minor: int
    grace_days: int
    valid_until: datetime

    def __post_init__(self) -> None:
        check_rate(self.advance_bp, "advanceBp", least=1)
        check_rate(self.discount_bp, "discountBp")
        check_minor(self.fee_minor, "feeMinor", least=0)
        if isinstance(self.grace_days, bool) or not 0 <= self.grace_days <= MOST_GRACE:
            raise wrong("graceDays", "days", f"0 to {MOST_GRACE} days")


@dataclass(frozen=True)
class Reckoning:
    """What a financing comes to, in minor units: advanced, kept as discount and fee, and paid out."""

    advance_minor: int
    discount_minor: int
    fee_minor: int
    days: int

    @property
    def paid_out_minor(self) -> int:
        """What the seller gets now; the advance is what is owed."""
        return self.advance_minor - self.discount_minor - self.fee_minor


def reckon(amount_minor: int, quote: Quote, today: date, due_on: date) -> Reckoning:
    """Return what ``quote`` comes to when it is paid out ``today``.

    The advance is rounded down, the discount half to even, both to whole minor units. Raises
    :class:`InvalidInput` (``nothing_left``) where discount and fee leave nothing of it.
    """
    days = max(0, (due_on - today).days)
    advance = amount_minor * quote.advance_bp // WHOLE
    discount = _half_even(advance * quote.discount_bp * days, WHOLE * YEAR)
    found = Reckoning(advance, discount, quote.fee_minor, days)
    if found.paid_out_minor <= 0:
        raise wrong("feeMinor", "nothing_left", "less than the advance, with the discount")
    return found


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    more = 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    return whole + more


def overdue(due_on: date, today: date) -> bool:
    """Say whether the due date has passed, in UTC: on that day itself it has not."""
    return today > due_on


def in_default(due_on: date, grace_days: int, today: date) -> bool:
    """Say whether the days of grace that follow the due date have passed too."""
    return today > due_on + timedelta(days=grace_days)
