"""The terms of a documentary credit, as data that checks itself; a refusal names the member and the rule.

Money is whole minor units of an ISO 4217 currency. Texts are single lines in the characters of SWIFT (its
sets x and z), so that every credit that is accepted here can be told to a bank that is not (:mod:`.swift`).
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import get_currency_precision

from isthmus_platform.drafts import INCOTERMS_2020
from isthmus_platform.papers.carriage import FREIGHT
from isthmus_platform.papers.kinds import kind_of
from isthmus_platform.papers.parts import Location, check_currency, wrong

LARGEST_MINOR = 10**13 - 1
"""What fits the fifteen places of SWIFT's field 32B in every currency."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2079, 12, 31)
"""Which days six digits can say (SWIFT reads years 80 to 99 as of the last century)."""
SIGHT, ACCEPTANCE, DEFERRED, NEGOTIATION = "SIGHT", "ACCEPTANCE", "DEFERRED", "NEGOTIATION"
AVAILABLE_BY = (SIGHT, ACCEPTANCE, DEFERRED, NEGOTIATION)
ISSUING, ADVISING = "ISSUING", "ADVISING"
AVAILABLE_WITH = (ISSUING, ADVISING)
TENORS = ("SIGHT", "SHIPMENT")
ALLOWED_X = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")
ALLOWED_Z = re.compile(r"[A-Za-z0-9/\-?:().,'+ =!\"%&*<>;{@#_]*")
REFERENCE = re.compile(r"[A-Za-z0-9?:().,'+\-](?:[A-Za-z0-9/\-?:().,'+ ]{0,14}[A-Za-z0-9?:().,'+\-])?")
MOST_ITEMS = 30
RESERVED = ("BILL OF LADING MADE OUT ", "NOTIFY ", "FREIGHT ", "INSURANCE FOR ", "INSURANCE COVERS ")
"""Beginnings of additional conditions by which the messages tell what has a member of its own here."""


def places_of(currency: str) -> int:
    """Return how many decimals a currency has: 2 of USD, none of JPY, 3 of BHD."""
    return int(get_currency_precision(currency))


def in_units(minor: int, currency: str) -> Decimal:
    """Return an amount of minor units in units of its currency."""
    return Decimal(minor).scaleb(-places_of(currency))


def in_minor(value: Decimal, currency: str, field: str) -> int:
    """Return an amount in minor units; refuse one that has more decimals than its currency."""
    scaled = value.scaleb(places_of(currency))
    if scaled != scaled.to_integral_value():
        raise wrong(field, "decimals", f"at most {places_of(currency)} decimals in {currency}")
    return int(scaled)


def check_minor(value: int, field: str) -> None:
    """Refuse an amount that is not positive, or beyond what a message can carry."""
    if not 0 < value <= LARGEST_MINOR:
        raise wrong(field, "amount_range", f"whole minor units from 1 to {LARGEST_MINOR}")


def check_day(value: date | None, field: str) -> None:
    """Refuse a day that SWIFT's six digits cannot say."""
    if value is not None and not FIRST_DAY <= value <= LAST_DAY:
        raise wrong(field, "day_range", f"a day from {FIRST_DAY} to {LAST_DAY}")


def check_line(value: str | None, field: str, longest: int, allowed: re.Pattern[str] = ALLOWED_X) -> None:
    """Refuse what is not one line of SWIFT's characters, with single spaces between its words."""
    if value is None:
        return
    if not value or len(value) > longest:
        raise wrong(field, "length", f"1 to {longest} characters")
    if not allowed.fullmatch(value):
        raise wrong(field, "character", "characters of the SWIFT set alone")
    if value != " ".join(value.split()) or value[0] in ":-+":
        raise wrong(field, "format", "words with single spaces, not beginning with a colon, hyphen or plus")


def check_items(values: tuple[str, ...], field: str) -> None:
    """Refuse a list of texts that is endless, or that holds what :func:`check_line` refuses."""
    if len(values) > MOST_ITEMS:
        raise wrong(field, "too_many", f"at most {MOST_ITEMS}")
    for index, value in enumerate(values):
        check_line(value, f"{field}.{index}", 500, ALLOWED_Z)
        if value.startswith(RESERVED):
            raise wrong(f"{field}.{index}", "reserved", "a condition that has no member of its own")


def check_lines(values: tuple[str, ...], field: str) -> None:
    """Refuse what is not a name and address in one to four lines of 35 characters (SWIFT 50 and 59)."""
    if not 1 <= len(values) <= 4:
        raise wrong(field, "lines", "one to four lines")
    for index, value in enumerate(values):
        check_line(value, f"{field}.{index}", 35)


def check_percent(value: int, field: str) -> None:
    """Refuse a tolerance of which 39A cannot speak (two digits)."""
    if not 0 <= value <= 99:
        raise wrong(field, "percent", "0 to 99 percent")


@dataclass(frozen=True, kw_only=True)
class RequiredDocument:
    """A document that must be presented: its type (UNTDID 1001), originals, copies, further wording."""

    type: str
    originals: int = 1
    copies: int = 0
    wording: str | None = None

    def __post_init__(self) -> None:
        kind_of(self.type)
        for name in ("originals", "copies"):
            if not 0 <= getattr(self, name) <= 9:
                raise wrong(name, "out_of_range", "0 to 9")
        if not self.originals + self.copies:
            raise wrong("originals", "empty", "at least one original or copy")
        check_line(self.wording, "wording", 400, ALLOWED_Z)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the applicant asks for and the issuing bank undertakes (UCP 600 articles 2 and 7).

    ``applicant`` and ``beneficiary`` are name and address in lines, as the messages have them. Tolerances are
    percent of the amount; ``presentation_days`` count from the day of shipment (article 14 c).
    """

    reference: str
    currency: str
    amount_minor: int
    applicant: tuple[str, ...]
    beneficiary: tuple[str, ...]
    expires_on: date
    expires_at: str
    goods: str
    documents: tuple[RequiredDocument, ...]
    available_with: str = ISSUING
    available_by: str = SIGHT
    tenor_days: int | None = None
    tenor_from: str | None = None
    tolerance_plus: int = 0
    tolerance_minus: int = 0
    partial_shipments: bool = True
    transhipment: bool = True
    received_at: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    delivered_to: str | None = None
    latest_shipment: date | None = None
    incoterm: str | None = None
    incoterm_place: str | None = None
    bill_to: str | None = None
    notify: str | None = None
    freight: str | None = None
    insurance_percent: int = 110
    insurance_clauses: str | None = None
    conditions: tuple[str, ...] = ()
    presentation_days: int = 21

    def __post_init__(self) -> None:
        if not REFERENCE.fullmatch(self.reference) or "//" in self.reference:
            raise wrong("reference", "format", "1 to 16 SWIFT characters, no stroke at either end, no //")
        self._check_money()
        self._check_days()
        self._check_availability()
        self._check_wording()
        if not 0 < len(self.documents) <= MOST_ITEMS:
            raise wrong("documents", "empty", f"1 to {MOST_ITEMS} required documents")
        if len({one.type for one in self.documents}) != len(self.documents):
            raise wrong("documents", "repeated", "each type of document once")

    def _check_money(self) -> None:
        check_currency(self.currency, "currency")
        check_minor(self.amount_minor, "amountMinor")
        check_percent(self.tolerance_plus, "tolerancePlus")
        check_percent(self.tolerance_minus, "toleranceMinus")
        if not 100 <= self.insurance_percent <= 200:
            raise wrong("insurancePercent", "percent", "100 to 200 percent")

    def _check_days(self) -> None:
        check_day(self.expires_on, "expiresOn")
        check_day(self.latest_shipment, "latestShipment")
        if self.latest_shipment is not None and self.latest_shipment > self.expires_on:
            raise wrong("latestShipment", "after_expiry", "a day up to that of expiry")
        if not 1 <= self.presentation_days <= 999:
            raise wrong("presentationDays", "out_of_range", "1 to 999 days")

    def _check_availability(self) -> None:
        if self.available_by not in AVAILABLE_BY:
            raise wrong("availableBy", "unknown_code", " or ".join(AVAILABLE_BY))
        if self.available_with not in AVAILABLE_WITH:
            raise wrong("availableWith", "unknown_code", " or ".join(AVAILABLE_WITH))
        timed = self.available_by in (ACCEPTANCE, DEFERRED)
        if timed != (self.tenor_days is not None) or timed != (self.tenor_from is not None):
            raise wrong("tenorDays", "tenor", "a tenor for acceptance and deferred payment, and for no other")
        if self.tenor_days is not None and not 1 <= self.tenor_days <= 999:
            raise wrong("tenorDays", "out_of_range", "1 to 999 days")
        if self.tenor_from is not None and self.tenor_from not in TENORS:
            raise wrong("tenorFrom", "unknown_code", "SIGHT or SHIPMENT")

    def _check_wording(self) -> None:
        check_lines(self.applicant, "applicant")
        check_lines(self.beneficiary, "beneficiary")
        check_line(self.expires_at, "expiresAt", 29)
        check_line(self.goods, "goods", 4_000, ALLOWED_Z)
        for name, field in (("received_at", "receivedAt"), ("delivered_to", "deliveredTo")):
            check_line(getattr(self, name), field, 60)
        for place, field in ((self.loading, "loading"), (self.discharge, "discharge")):
            if place is not None and place.code is None:
                raise wrong(f"{field}.code", "missing", "a UN/LOCODE")
            check_line(None if place is None else place.name, f"{field}.name", 50)
        if self.incoterm is not None and self.incoterm not in INCOTERMS_2020:
            raise wrong("incoterm", "unknown_incoterm", "one of the Incoterms 2020")
        if self.incoterm_place is not None and self.incoterm is None:
            raise wrong("incoterm", "missing", "the term to which the place belongs")
        check_line(self.incoterm_place, "incotermPlace", 60, ALLOWED_Z)
        for name, field in (
            ("bill_to", "billTo"),
            ("notify", "notify"),
            ("insurance_clauses", "insuranceClauses"),
        ):
            check_line(getattr(self, name), field, 200, ALLOWED_Z)
        if self.freight is not None and self.freight not in FREIGHT:
            raise wrong("freight", "unknown_code", "PREPAID or COLLECT")
        check_items(self.conditions, "conditions")

    @property
    def limit_minor(self) -> int:
        """The most that can ever be drawn: the amount and its tolerance (UCP 600 article 30 a)."""
        return self.amount_minor * (100 + self.tolerance_plus) // 100

    @property
    def least_minor(self) -> int:
        """The least of one whole drawing: five percent less are always allowed (article 30 b)."""
        return -(-self.amount_minor * (100 - max(self.tolerance_minus, 5)) // 100)
