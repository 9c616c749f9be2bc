"""What a declaration must hold to be accepted: every fault is named, with a code and its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeGuard

import pycountry
from stdnum import iso6346

_LOCODE = re.compile(r"([A-Z]{2})[A-Z2-9]{3}")
_HS_CODE = re.compile(r"\d{6,10}", re.ASCII)
_MASS = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """A rule that the declaration breaks. ``field`` is a JSON pointer, with the goods item's position."""

    code: str
    field: str
    message: str


def faults(body: Mapping[str, Any]) -> list[Fault]:
    """Return every fault of the export declaration ``body``; none means that it is accepted."""
    return [
        *_header(body),
        *_parties(body),
        *_transport(body),
        *_equipment(body),
        *_goods(body),
    ]


def _header(body: Mapping[str, Any]) -> Iterator[Fault]:
    if not _text(body.get("ucr")):
        yield Fault("UCR_MISSING", "/ucr", "A declaration names its consignment by a UCR.")
    elif len(body["ucr"]) > 35:
        yield Fault("UCR_TOO_LONG", "/ucr", "A UCR has at most 35 characters.")
    if body.get("type") != "EX":
        yield Fault("TYPE_UNKNOWN", "/type", "This window takes export declarations (EX).")


def _parties(body: Mapping[str, Any]) -> Iterator[Fault]:
    for role in ("exporter", "consignee", "declarant"):
        party = body.get(role)
        if party is None and role == "declarant":
            continue
        if not isinstance(party, dict) or not _text(party.get("name")):
            yield Fault("PARTY_MISSING", f"/{role}/name", f"The {role} is not named.")
            continue
        if not _country(party.get("country")):
            yield Fault("COUNTRY_UNKNOWN", f"/{role}/country", "Not a country of ISO 3166.")


def _transport(body: Mapping[str, Any]) -> Iterator[Fault]:
    transport = body.get("transport")
    for name in ("loadingPlace", "dischargePlace"):
        place = transport.get(name) if isinstance(transport, dict) else None
        if not _text(place):
            yield Fault("PLACE_MISSING", f"/transport/{name}", "The place is not given.")
        elif not _place(place):
            yield Fault("PLACE_MALFORMED", f"/transport/{name}", "Not of the form of a UN/LOCODE.")


def _equipment(body: Mapping[str, Any]) -> Iterator[Fault]:
    for position, item in _items(body.get("equipment")):
        reference = None if item is None else item.get("reference")
        if not isinstance(reference, str) or not iso6346.is_valid(reference):
            yield Fault(
                "EQUIPMENT_MALFORMED",
                f"/equipment/{position}/reference",
                "Not a container number of ISO 6346.",
            )


def _goods(body: Mapping[str, Any]) -> Iterator[Fault]:
    items = list(_items(body.get("goods")))
    if not items:
        yield Fault("GOODS_MISSING", "/goods", "A declaration has at least one goods item.")
    currencies = set()
    for position, item in items:
        where = f"/goods/{position}"
        if item is None:
            yield Fault("GOODS_MALFORMED", where, "A goods item is an object.")
            continue
        if not _text(item.get("description")):
            yield Fault("DESCRIPTION_MISSING", f"{where}/description", "The goods are not described.")
        yield from _classification(item, where)
        yield from _masses(item, where)
        yield from _value(item, where)
        currencies.add(str(item.get("currency")))
    if len(currencies) > 1:
        yield Fault("CURRENCY_MIXED", "/goods", "All goods items are valued in one currency.")


def _classification(item: Mapping[str, Any], where: str) -> Iterator[Fault]:
    code = item.get("hsCode")
    if not _text(code):
        yield Fault("HS_CODE_MISSING", f"{where}/hsCode", "The HS code is missing.")
    elif _HS_CODE.fullmatch(code) is None or not 1 <= int(code[:2]) <= 97 or code[:2] == "77":
        yield Fault("HS_CODE_MALFORMED", f"{where}/hsCode", "An HS code has 6 to 10 digits.")
    if not _country(item.get("originCountry")):
        yield Fault("COUNTRY_UNKNOWN", f"{where}/originCountry", "Not a country of ISO 3166.")


def _masses(item: Mapping[str, Any], where: str) -> Iterator[Fault]:
    masses: dict[str, Decimal] = {}
    for name in ("grossMassKg", "netMassKg"):
        value = item.get(name)
        if value is None and name == "netMassKg":
            continue
        if not isinstance(value, str) or _MASS.fullmatch(value) is None:
            yield Fault("MASS_MALFORMED", f"{where}/{name}", "A mass is a decimal number of kilograms.")
        elif Decimal(value) <= 0:
            yield Fault("MASS_NOT_POSITIVE", f"{where}/{name}", "A mass is more than nothing.")
        else:
            masses[name] = Decimal(value)
    if len(masses) == 2 and masses["netMassKg"] > masses["grossMassKg"]:
        yield Fault("NET_OVER_GROSS", f"{where}/netMassKg", "The net mass is more than the gross mass.")


def _value(item: Mapping[str, Any], where: str) -> Iterator[Fault]:
    packages = item.get("packages")
    if not _count(packages) or packages < 1:
        yield Fault("PACKAGES_NOT_POSITIVE", f"{where}/packages", "There is at least one package.")
    value = item.get("statisticalValueMinor")
    if not _count(value) or value < 1:
        yield Fault(
            "VALUE_NOT_POSITIVE",
            f"{where}/statisticalValueMinor",
            "The statistical value is missing or nothing.",
        )
    currency = item.get("currency")
    if not isinstance(currency, str) or pycountry.currencies.get(alpha_3=currency) is None:
        yield Fault("CURRENCY_UNKNOWN", f"{where}/currency", "Not a currency of ISO 4217.")


def _items(value: object) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Yield each entry of an array with its position, None for one that is no object."""
    if isinstance(value, list):
        yield from (
            (position, item if isinstance(item, dict) else None) for position, item in enumerate(value)
        )


def _text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _country(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2 and pycountry.countries.get(alpha_2=value) is not None


def _place(value: str) -> bool:
    match = _LOCODE.fullmatch(value)
    return match is not None and _country(match[1])
