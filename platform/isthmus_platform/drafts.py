"""What a party hands in to have a shipment made, and the rules that it must keep.

Every error names the field in the caller's spelling, with its place: ``goods[1].hsCode``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import pycountry
from stdnum import iso6346
from stdnum.exceptions import InvalidChecksum, ValidationError

from isthmus_platform import places
from isthmus_platform.errors import InvalidInput
from isthmus_platform.parties import check_country

REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,35}")
UCR = re.compile(r"[A-Za-z0-9][A-Za-z0-9()/._-]{0,34}")
HS_CODE = re.compile(r"[0-9]{6,10}")
MASS = re.compile(r"(?:0|[1-9][0-9]{0,10})(?:\.[0-9]{1,6})?")
SIZE_TYPE = re.compile(r"[0-9A-Z]{4}")
PACKAGE_TYPE = re.compile(r"[0-9A-Z]{2}")
INCOTERMS_2020 = frozenset(["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"])
MOST_MINOR_UNITS = 10**15
MOST_PACKAGES = 10**8
MOST_GOODS = 999
MOST_EQUIPMENT = 500
MOST_TRANSHIPMENTS = 20
MOST_LEGS = 20
MOST_TERMINALS = 20
MODES = frozenset({"VESSEL", "BARGE", "RAIL", "TRUCK", "AIR"})
"""Means of transport: DCSA's codes, and ``AIR``."""
BOOKING_MAY_LEAD = timedelta(days=1)


@dataclass(frozen=True)
class EquipmentDraft:
    """A container by its ISO 6346 number, with its ISO size and type code (``22G1``)."""

    reference: str
    iso_code: str | None = None


@dataclass(frozen=True)
class GoodsDraft:
    """Goods of one kind: HS code of 6 to 10 digits, masses in kilograms as decimal strings."""

    description: str
    hs_code: str
    gross_mass_kg: str
    net_mass_kg: str
    packages: int
    package_type: str
    origin_country: str
    value_minor: int
    currency: str


@dataclass(frozen=True)
class InvoiceDraft:
    """The commercial terms, held for the owner; the discount is in minor units of the goods' currency."""

    number: str | None = None
    payment_terms: str | None = None
    discount_minor: int | None = None
    bank_account: str | None = None


@dataclass(frozen=True)
class LegDraft:
    """One means of transport from a place to the next; ``carrier`` is the name of the party whose leg it is.

    ``mode`` is one of :data:`MODES`; ``conveyance`` a vessel, flight, train or licence plate.
    """

    mode: str
    origin: str
    destination: str
    carrier: str | None = None
    booking_reference: str | None = None
    transport_document: str | None = None
    conveyance: str | None = None
    planned_departure: datetime | None = None
    planned_arrival: datetime | None = None


@dataclass(frozen=True)
class ShipmentDraft:
    """A shipment to be; ``on_behalf_of`` and ``carrier`` are party names, ``booked_at`` is now by default."""

    reference: str
    ucr: str
    origin: str
    destination: str
    on_behalf_of: str | None = None
    carrier: str | None = None
    transhipments: Sequence[str] = ()
    booking_reference: str | None = None
    bill_of_lading: str | None = None
    booked_at: datetime | None = None
    incoterm: str | None = None
    vessel: str | None = None
    consignee_name: str | None = None
    consignee_country: str | None = None
    equipment: Sequence[EquipmentDraft] = ()
    goods: Sequence[GoodsDraft] = ()
    invoice: InvoiceDraft | None = None
    legs: Sequence[LegDraft] = ()
    terminals: Sequence[str] = ()


def check(draft: ShipmentDraft, now: datetime) -> None:
    """Raise :class:`InvalidInput` naming the first field of ``draft`` that breaks a rule, and the rule."""
    _matches(draft.reference, REFERENCE, "reference", "letters, digits, dot, underscore, hyphen, 1 to 35")
    _matches(draft.ucr, UCR, "ucr", "a UCR of at most 35 characters (WCO Recommendation on the UCR)")
    _check_route(draft)
    for name, value, longest in (
        ("bookingReference", draft.booking_reference, 35),
        ("billOfLading", draft.bill_of_lading, 35),
        ("vessel", draft.vessel, 35),
        ("consignee.name", draft.consignee_name, 200),
    ):
        _check_text(value, name, longest)
    if draft.incoterm is not None and draft.incoterm not in INCOTERMS_2020:
        raise _wrong("incoterm", "unknown_incoterm", "one of the Incoterms 2020")
    if draft.consignee_country is not None:
        check_country(draft.consignee_country, "consignee.country")
    if draft.booked_at is not None:
        _check_booked_at(draft.booked_at, now)
    _check_legs(draft)
    _at_most(draft.terminals, MOST_TERMINALS, "terminals")
    _check_equipment(draft.equipment)
    _at_most(draft.goods, MOST_GOODS, "goods")
    for index, goods in enumerate(draft.goods):
        _check_goods(goods, f"goods[{index}]")
    if draft.invoice is not None:
        _check_invoice(draft.invoice)


def check_equipment_reference(reference: str, field: str) -> str:
    """Return ``reference`` if it is an ISO 6346 number; else raise ``format`` or ``check_digit``."""
    broken = _broken_rule(reference)
    if broken is None:
        return reference
    if broken == "check_digit":
        raise InvalidInput(
            f"The check digit of {reference[:20]!r} is wrong (ISO 6346).", field=field, code=broken
        )
    raise _wrong(field, "format", "four capital letters and seven digits (ISO 6346)")


@lru_cache(maxsize=8192)  # a container comes again with each of its events
def _broken_rule(reference: str) -> str | None:
    try:
        return None if iso6346.validate(reference) == reference else "format"
    except InvalidChecksum:
        return "check_digit"
    except ValidationError:
        return "format"


def _wrong(field: str, code: str, rule: str) -> InvalidInput:
    return InvalidInput(f"{field} is {rule}.", field=field, code=code)


def _matches(value: str, pattern: re.Pattern[str], field: str, rule: str) -> None:
    if not pattern.fullmatch(value):
        raise _wrong(field, "format", rule)


def _at_most(values: Sequence[object], most: int, field: str) -> None:
    if len(values) > most:
        raise _wrong(field, "too_many", f"a list of at most {most}")


def _check_text(value: str | None, field: str, longest: int) -> None:
    if value is None:
        return
    if not value.strip() or len(value) > longest:
        raise _wrong(field, "length", f"a text of 1 to {longest} characters")
    if not value.isprintable():
        raise _wrong(field, "format", "a text without control characters")


def _check_route(draft: ShipmentDraft) -> None:
    places.find(draft.origin, field="origin")
    places.find(draft.destination, field="destination")
    _at_most(draft.transhipments, MOST_TRANSHIPMENTS, "transhipments")
    for index, code in enumerate(draft.transhipments):
        places.find(code, field=f"transhipments[{index}]")
    if draft.origin == draft.destination:
        raise _wrong("destination", "same_place", "another place than the origin")


def _check_legs(draft: ShipmentDraft) -> None:
    """Check that the legs, where given, lead without a gap from the origin to the destination."""
    _at_most(draft.legs, MOST_LEGS, "legs")
    here = draft.origin
    for index, leg in enumerate(draft.legs):
        at = f"legs[{index}]"
        if leg.mode not in MODES:
            raise _wrong(f"{at}.mode", "unknown_code", "one of " + ", ".join(sorted(MODES)))
        if leg.origin != here:
            raise _wrong(f"{at}.origin", "gap", f"where the way has come to, {here}")
        here = places.find(leg.destination, field=f"{at}.destination").code
        for name, value in (
            ("bookingReference", leg.booking_reference),
            ("transportDocument", leg.transport_document),
            ("conveyance", leg.conveyance),
        ):
            _check_text(value, f"{at}.{name}", 35)
        _check_plan(leg, at)
    if draft.legs and here != draft.destination:
        raise _wrong(
            f"legs[{len(draft.legs) - 1}].destination", "gap", f"the destination, {draft.destination}"
        )


def _check_plan(leg: LegDraft, at: str) -> None:
    for name, value in (("plannedDeparture", leg.planned_departure), ("plannedArrival", leg.planned_arrival)):
        if value is not None and value.tzinfo is None:
            raise _wrong(f"{at}.{name}", "no_offset", "a time with its offset from UTC")
    if leg.planned_departure and leg.planned_arrival and leg.planned_arrival < leg.planned_departure:
        raise _wrong(f"{at}.plannedArrival", "before_departure", "not before the departure")


def _check_booked_at(booked_at: datetime, now: datetime) -> None:
    if booked_at.tzinfo is None:
        raise _wrong("bookedAt", "no_offset", "a time with its offset from UTC")
    if booked_at > now + BOOKING_MAY_LEAD:
        raise _wrong("bookedAt", "in_future", "a time that has come")


def _check_equipment(equipment: Sequence[EquipmentDraft]) -> None:
    _at_most(equipment, MOST_EQUIPMENT, "equipment")
    seen: set[str] = set()
    for index, unit in enumerate(equipment):
        field = f"equipment[{index}].reference"
        check_equipment_reference(unit.reference, field)
        if unit.reference in seen:
            raise _wrong(field, "repeated", "listed once in a shipment")
        seen.add(unit.reference)
        if unit.iso_code is not None:
            _matches(
                unit.iso_code, SIZE_TYPE, f"equipment[{index}].isoCode", "a size and type code (ISO 6346)"
            )


def _check_goods(goods: GoodsDraft, at: str) -> None:
    _check_text(goods.description, f"{at}.description", 512)
    _matches(goods.hs_code, HS_CODE, f"{at}.hsCode", "an HS code of 6 to 10 digits")
    gross = _mass(goods.gross_mass_kg, f"{at}.grossMassKg")
    if _mass(goods.net_mass_kg, f"{at}.netMassKg") > gross:
        raise _wrong(f"{at}.netMassKg", "net_above_gross", "at most the gross mass")
    if not 0 < goods.packages <= MOST_PACKAGES:
        raise _wrong(f"{at}.packages", "out_of_range", f"a number from 1 to {MOST_PACKAGES}")
    _matches(
        goods.package_type, PACKAGE_TYPE, f"{at}.packageType", "a package code (UNECE Recommendation 21)"
    )
    check_country(goods.origin_country, f"{at}.originCountry")
    _check_minor_units(goods.value_minor, f"{at}.value.amountMinor")
    if len(goods.currency) != 3 or not _is_currency(goods.currency):
        raise _wrong(f"{at}.value.currency", "unknown_currency", "an ISO 4217 code of three letters")


def _is_currency(code: str) -> bool:
    return code.isupper() and pycountry.currencies.get(alpha_3=code) is not None


def _mass(text: str, field: str) -> Decimal:
    if not MASS.fullmatch(text):
        raise _wrong(field, "format", "kilograms as a decimal number, at most 6 places")
    mass = Decimal(text)
    if mass <= 0:
        raise _wrong(field, "not_positive", "more than zero")
    return mass


def _check_minor_units(amount: int, field: str) -> None:
    if not 0 <= amount <= MOST_MINOR_UNITS:
        raise _wrong(field, "out_of_range", f"an amount in minor units from 0 to {MOST_MINOR_UNITS}")


def _check_invoice(invoice: InvoiceDraft) -> None:
    _check_text(invoice.number, "invoice.number", 70)
    _check_text(invoice.payment_terms, "invoice.paymentTerms", 512)
    _check_text(invoice.bank_account, "invoice.bankAccount", 70)
    if invoice.discount_minor is not None:
        _check_minor_units(invoice.discount_minor, "invoice.discountMinor")
