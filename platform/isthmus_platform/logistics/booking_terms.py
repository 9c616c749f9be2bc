"""What a booking asks for in DCSA's terms (Booking 2.0.0, ``CreateBooking``): service, equipment, cargo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from isthmus_platform.drafts import HS_CODE, INCOTERMS_2020, SIZE_TYPE
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics.booking_parties import (
    Contact,
    DocumentParties,
    check_contacts,
    check_parties,
)
from isthmus_platform.logistics.booking_rules import count, given_words, quantity, words, wrong
from isthmus_platform.logistics.booking_voyage import ArrivalWish, VoyageWish, check_arrival, check_voyage
from isthmus_platform.logistics.quoting import PaymentTerm

IMO_CLASS = re.compile(r"1\.[1-6][A-HJKLNS]?|2\.[1-3]|3|4\.[1-3]|5\.[12]|6\.[12]|7|8|9")
"""Classes and divisions of the IMDG Code, part 2; of explosives with their compatibility group."""
SUBSIDIARY = re.compile(r"[1-9](\.[1-6])?")
REEFER = re.compile(r".{2}[RH].")
"""ISO 6346 annex E: thermal containers, refrigerated (R) or with removable equipment (H)."""


class ServiceType(StrEnum):
    """Where the carrier takes over or hands over (DCSA ``receiptTypeAtOrigin``)."""

    CY = "CY"
    SD = "SD"
    CFS = "CFS"


class CargoMovement(StrEnum):
    """Who fills or empties the container (DCSA ``cargoMovementTypeAtOrigin``)."""

    FCL = "FCL"
    LCL = "LCL"


class WeightUnit(StrEnum):
    """Kilograms or pounds (DCSA ``cargoGrossWeightUnit``)."""

    KGM = "KGM"
    LBR = "LBR"


class VolumeUnit(StrEnum):
    """Cubic metres or cubic feet (DCSA ``cargoGrossVolumeUnit``)."""

    MTQ = "MTQ"
    FTQ = "FTQ"


class TemperatureUnit(StrEnum):
    """Celsius or Fahrenheit (DCSA ``temperatureUnit``)."""

    CEL = "CEL"
    FAH = "FAH"


HELD: Mapping[TemperatureUnit, tuple[Decimal, Decimal]] = {
    TemperatureUnit.CEL: (Decimal(-70), Decimal(40)),
    TemperatureUnit.FAH: (Decimal(-94), Decimal(104)),
}
"""Between what a container can hold its cargo, deep freezers included."""


@dataclass(frozen=True)
class ReeferSettings:
    """DCSA ``activeReeferSettings``: the setpoint, and shares in per cent where the air is regulated."""

    temperature: Decimal
    unit: TemperatureUnit
    humidity: Decimal | None = None
    o2: Decimal | None = None
    co2: Decimal | None = None
    ventilation_open: bool | None = None
    cold_treatment: bool | None = None
    pre_cooling: bool | None = None


@dataclass(frozen=True)
class DangerousGoods:
    """DCSA ``dangerousGoods`` by the IMDG Code; ``packing_group`` is 1, 2 or 3 where the entry has one."""

    un_number: str
    proper_shipping_name: str
    imo_class: str
    subsidiary_risk: str | None = None
    packing_group: int | None = None
    marine_pollutant: bool = False
    limited_quantity: bool = False


@dataclass(frozen=True)
class Commodity:
    """DCSA ``commodity``: goods in words and HS codes, their estimated gross weight, what is dangerous.

    ``packages`` counts the outer packagings: to be given for dangerous goods. The days are
    those of the export licence, the last one included.
    """

    commodity_type: str
    gross_weight: Decimal
    weight_unit: WeightUnit
    hs_codes: tuple[str, ...] = ()
    packages: int | None = None
    dangerous_goods: tuple[DangerousGoods, ...] = ()
    gross_volume: Decimal | None = None
    volume_unit: VolumeUnit | None = None
    export_license_issued: date | None = None
    export_license_expires: date | None = None


@dataclass(frozen=True)
class RequestedEquipment:
    """DCSA ``requestedEquipment``: ``units`` of one type, each with the same cargo and settings."""

    iso_code: str
    units: int
    commodities: tuple[Commodity, ...]
    shipper_owned: bool = False
    tare_weight: Decimal | None = None
    tare_unit: WeightUnit | None = None
    non_operating_reefer: bool = False
    reefer: ReeferSettings | None = None


@dataclass(frozen=True)
class BookingTerms:
    """What who books asks for, beside what the quote says."""

    receipt_type: ServiceType
    delivery_type: ServiceType
    movement_at_origin: CargoMovement
    movement_at_destination: CargoMovement
    equipment: tuple[RequestedEquipment, ...]
    freight_payment_term: PaymentTerm | None = None
    incoterm: str | None = None
    service_contract: str | None = None
    expected_departure: date | None = None
    partial_load_allowed: bool = False
    equipment_substitution_allowed: bool = False
    export_declaration_required: bool = False
    import_license_required: bool = False
    export_declaration_reference: str | None = None
    import_license_reference: str | None = None
    expected_arrival: ArrivalWish | None = None
    voyage: VoyageWish | None = None
    parties: DocumentParties | None = None
    contacts: tuple[Contact, ...] = ()


def check(terms: BookingTerms, equipment_type: str, units: int, today: date) -> None:
    """Raise :class:`InvalidInput` naming the field under ``terms`` that breaks a rule of DCSA's or the quote.

    ``equipment_type`` and ``units`` are what was quoted for: other containers need another quote.
    """
    if terms.incoterm is not None and terms.incoterm not in INCOTERMS_2020:
        raise wrong("terms.incoterm", "unknown_incoterm", "one of the Incoterms 2020")
    if terms.service_contract is not None:
        words(terms.service_contract, "terms.serviceContract", 30)
    if terms.expected_departure is not None and terms.expected_departure < today:
        raise wrong("terms.expectedDeparture", "not_in_future", "today or later")
    departs = terms.expected_departure or today
    _check_references(terms)
    _check_wishes(terms, departs)
    count(terms.equipment, "terms.equipment", least=1)
    for number, each in enumerate(terms.equipment):
        _check_equipment(each, f"terms.equipment.{number}")
        for place, goods in enumerate(each.commodities):
            _check_license(goods, f"terms.equipment.{number}.commodities.{place}", today, departs)
        if each.iso_code != equipment_type:
            at = f"terms.equipment.{number}.isoCode"
            raise wrong(at, "other_equipment", f"{equipment_type}, for which the quote is")
    if sum(each.units for each in terms.equipment) != units:
        raise wrong("terms.equipment", "other_units", f"{units} units in all, for which the quote is")


def _check_wishes(terms: BookingTerms, departs: date) -> None:
    if terms.voyage is not None:
        check_voyage(terms.voyage, "terms.voyage")
    if terms.expected_arrival is not None:
        check_arrival(terms.expected_arrival, "terms.expectedArrival", departs)
    if terms.parties is not None:
        check_parties(terms.parties, "terms.parties")
    check_contacts(terms.contacts, "terms.contacts")


def _check_references(terms: BookingTerms) -> None:
    """Refuse the reference of a declaration or licence that is said not to be required."""
    for name, reference, required in (
        ("exportDeclaration", terms.export_declaration_reference, terms.export_declaration_required),
        ("importLicense", terms.import_license_reference, terms.import_license_required),
    ):
        given_words(reference, f"terms.{name}Reference", 35)
        if reference is not None and not required:
            raise wrong(f"terms.{name}Reference", "not_required", f"left out, or {name}Required said")


def _check_license(given: Commodity, at: str, today: date, departs: date) -> None:
    """Refuse an export licence that is not issued yet, or not valid when the ship leaves."""
    issued, expires = given.export_license_issued, given.export_license_expires
    if issued is not None and issued > today:
        raise wrong(f"{at}.exportLicenseIssued", "in_future", "today or earlier")
    if expires is not None and expires < departs:
        raise wrong(f"{at}.exportLicenseExpires", "lapsed", f"{departs} or later: the day of departure")


def _check_equipment(given: RequestedEquipment, at: str) -> None:
    if not SIZE_TYPE.fullmatch(given.iso_code):
        raise wrong(f"{at}.isoCode", "format", "a size and type code (ISO 6346)")
    if not 1 <= given.units <= 10_000:
        raise wrong(f"{at}.units", "range", "1 to 10,000")
    owned = (given.tare_weight is not None, given.tare_unit is not None)
    if owned != (given.shipper_owned, given.shipper_owned):
        raise wrong(f"{at}.tareWeight", "tare", "given with its unit for the shipper's own, and for no other")
    if given.tare_weight is not None:
        quantity(given.tare_weight, f"{at}.tareWeight")
    _check_reefer(given, at)
    count(given.commodities, f"{at}.commodities", least=1)
    for number, each in enumerate(given.commodities):
        _check_commodity(each, f"{at}.commodities.{number}")


def _check_reefer(given: RequestedEquipment, at: str) -> None:
    thermal = REEFER.fullmatch(given.iso_code) is not None
    if given.non_operating_reefer and not thermal:
        raise wrong(f"{at}.nonOperatingReefer", "no_reefer", "left out of what is no reefer")
    if (given.reefer is not None) is not (thermal and not given.non_operating_reefer):
        raise wrong(f"{at}.reefer", "reefer", "given for a reefer that is to be operated, and for no other")
    if given.reefer is None:
        return
    least, most = HELD[given.reefer.unit]
    _check_range(given.reefer.temperature, f"{at}.reefer.temperature", least, most)
    for name in ("humidity", "o2", "co2"):
        share = getattr(given.reefer, name)
        if share is not None:
            _check_range(share, f"{at}.reefer.{name}", Decimal(0), Decimal(100))


def _check_range(value: Decimal, field: str, least: Decimal, most: Decimal) -> None:
    if not value.is_finite() or not least <= value <= most:
        raise wrong(field, "range", f"{least} to {most}")
    if value != round(value, 1):
        raise InvalidInput("At most one decimal.", field=field, code="too_exact")


def _check_commodity(given: Commodity, at: str) -> None:
    words(given.commodity_type, f"{at}.commodityType", 550)
    quantity(given.gross_weight, f"{at}.grossWeight")
    if (given.gross_volume is None) is not (given.volume_unit is None):
        raise wrong(f"{at}.grossVolume", "volume", "given with its unit")
    if given.gross_volume is not None:
        quantity(given.gross_volume, f"{at}.grossVolume")
    count(given.hs_codes, f"{at}.hsCodes")
    for number, code in enumerate(given.hs_codes):
        if not HS_CODE.fullmatch(code):
            raise wrong(f"{at}.hsCodes.{number}", "format", "an HS code of 6 to 10 digits")
    if given.packages is not None and not 1 <= given.packages <= 10_000_000:
        raise wrong(f"{at}.packages", "range", "1 to 10,000,000")
    count(given.dangerous_goods, f"{at}.dangerousGoods")
    if given.dangerous_goods and given.packages is None:
        raise wrong(f"{at}.packages", "required", "given where goods are dangerous")
    for number, each in enumerate(given.dangerous_goods):
        _check_dangerous(each, f"{at}.dangerousGoods.{number}")


def _check_dangerous(given: DangerousGoods, at: str) -> None:
    if not re.fullmatch(r"[0-9]{4}", given.un_number):
        raise wrong(f"{at}.unNumber", "format", "a UN number of four digits")
    words(given.proper_shipping_name, f"{at}.properShippingName", 250)
    if not IMO_CLASS.fullmatch(given.imo_class):
        raise wrong(f"{at}.imoClass", "format", "a class of the IMDG Code, such as 8 or 1.4S")
    if given.subsidiary_risk is not None and not SUBSIDIARY.fullmatch(given.subsidiary_risk):
        raise wrong(f"{at}.subsidiaryRisk", "format", "a class without compatibility group")
    if given.packing_group is not None and not 1 <= given.packing_group <= 3:
        raise wrong(f"{at}.packingGroup", "range", "1, 2 or 3")
