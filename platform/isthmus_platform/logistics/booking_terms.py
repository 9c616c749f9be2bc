"""What a booking asks for in DCSA's terms (Booking 2.0.0, ``CreateBooking``): service, equipment, cargo."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from isthmus_platform.drafts import HS_CODE, INCOTERMS_2020, SIZE_TYPE
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics.quoting import PaymentTerm
from isthmus_platform.logistics.wording import one_line

MOST_ITEMS = 50
HEAVIEST = Decimal(10_000_000)
"""Of one commodity, in either unit: more than any ship takes of one booking."""
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

    ``packages`` counts the outer packagings: to be given for dangerous goods.
    """

    commodity_type: str
    gross_weight: Decimal
    weight_unit: WeightUnit
    hs_codes: tuple[str, ...] = ()
    packages: int | None = None
    dangerous_goods: tuple[DangerousGoods, ...] = ()


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


def _wrong(field: str, code: str, wanted: str) -> InvalidInput:
    return InvalidInput(f"This has to be {wanted}.", field=field, code=code)


def check(terms: BookingTerms, equipment_type: str, units: int, today: date) -> None:
    """Raise :class:`InvalidInput` naming the field under ``terms`` that breaks a rule of DCSA's or the quote.

    ``equipment_type`` and ``units`` are what was quoted for: other containers need another quote.
    """
    if terms.incoterm is not None and terms.incoterm not in INCOTERMS_2020:
        raise _wrong("terms.incoterm", "unknown_incoterm", "one of the Incoterms 2020")
    if terms.service_contract is not None:
        _words(terms.service_contract, "terms.serviceContract", 30)
    if terms.expected_departure is not None and terms.expected_departure < today:
        raise _wrong("terms.expectedDeparture", "not_in_future", "today or later")
    _count(terms.equipment, "terms.equipment", least=1)
    for number, each in enumerate(terms.equipment):
        _check_equipment(each, f"terms.equipment.{number}")
        if each.iso_code != equipment_type:
            at = f"terms.equipment.{number}.isoCode"
            raise _wrong(at, "other_equipment", f"{equipment_type}, for which the quote is")
    if sum(each.units for each in terms.equipment) != units:
        raise _wrong("terms.equipment", "other_units", f"{units} units in all, for which the quote is")


def _words(value: str, field: str, longest: int) -> None:
    if one_line(value, field, longest) != value:
        raise _wrong(field, "format", "without blanks at its ends")


def _count(items: Sequence[object], field: str, *, least: int = 0) -> None:
    if not least <= len(items) <= MOST_ITEMS:
        raise _wrong(field, "count", f"{least} to {MOST_ITEMS} of them")


def _check_equipment(given: RequestedEquipment, at: str) -> None:
    if not SIZE_TYPE.fullmatch(given.iso_code):
        raise _wrong(f"{at}.isoCode", "format", "a size and type code (ISO 6346)")
    if not 1 <= given.units <= 10_000:
        raise _wrong(f"{at}.units", "range", "1 to 10,000")
    owned = (given.tare_weight is not None, given.tare_unit is not None)
    if owned != (given.shipper_owned, given.shipper_owned):
        raise _wrong(
            f"{at}.tareWeight", "tare", "given with its unit for the shipper's own, and for no other"
        )
    if given.tare_weight is not None:
        _check_weight(given.tare_weight, f"{at}.tareWeight")
    _check_reefer(given, at)
    _count(given.commodities, f"{at}.commodities", least=1)
    for number, each in enumerate(given.commodities):
        _check_commodity(each, f"{at}.commodities.{number}")


def _check_reefer(given: RequestedEquipment, at: str) -> None:
    thermal = REEFER.fullmatch(given.iso_code) is not None
    if given.non_operating_reefer and not thermal:
        raise _wrong(f"{at}.nonOperatingReefer", "no_reefer", "left out of what is no reefer")
    if (given.reefer is not None) is not (thermal and not given.non_operating_reefer):
        raise _wrong(f"{at}.reefer", "reefer", "given for a reefer that is to be operated, and for no other")
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
        raise _wrong(field, "range", f"{least} to {most}")
    if value != round(value, 1):
        raise InvalidInput("At most one decimal.", field=field, code="too_exact")


def _check_weight(value: Decimal, field: str) -> None:
    if not value.is_finite() or not 0 < value <= HEAVIEST:
        raise _wrong(field, "range", f"more than 0 and at most {HEAVIEST:,}")
    if value != round(value, 3):
        raise InvalidInput("At most three decimals.", field=field, code="too_exact")


def _check_commodity(given: Commodity, at: str) -> None:
    _words(given.commodity_type, f"{at}.commodityType", 550)
    _check_weight(given.gross_weight, f"{at}.grossWeight")
    _count(given.hs_codes, f"{at}.hsCodes")
    for number, code in enumerate(given.hs_codes):
        if not HS_CODE.fullmatch(code):
            raise _wrong(f"{at}.hsCodes.{number}", "format", "an HS code of 6 to 10 digits")
    if given.packages is not None and not 1 <= given.packages <= 10_000_000:
        raise _wrong(f"{at}.packages", "range", "1 to 10,000,000")
    _count(given.dangerous_goods, f"{at}.dangerousGoods")
    if given.dangerous_goods and given.packages is None:
        raise _wrong(f"{at}.packages", "required", "given where goods are dangerous")
    for number, each in enumerate(given.dangerous_goods):
        _check_dangerous(each, f"{at}.dangerousGoods.{number}")


def _check_dangerous(given: DangerousGoods, at: str) -> None:
    if not re.fullmatch(r"[0-9]{4}", given.un_number):
        raise _wrong(f"{at}.unNumber", "format", "a UN number of four digits")
    _words(given.proper_shipping_name, f"{at}.properShippingName", 250)
    if not IMO_CLASS.fullmatch(given.imo_class):
        raise _wrong(f"{at}.imoClass", "format", "a class of the IMDG Code, such as 8 or 1.4S")
    if given.subsidiary_risk is not None and not SUBSIDIARY.fullmatch(given.subsidiary_risk):
        raise _wrong(f"{at}.subsidiaryRisk", "format", "a class without compatibility group")
    if given.packing_group is not None and not 1 <= given.packing_group <= 3:
        raise _wrong(f"{at}.packingGroup", "range", "1, 2 or 3")
