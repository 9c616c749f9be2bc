"""What papers are made of: amounts, measures, parties, places, goods, containers.

They check themselves: for a value that breaks a rule :class:`InvalidInput` names the member and the rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import pycountry

from isthmus_platform import places
from isthmus_platform.drafts import check_equipment_reference
from isthmus_platform.errors import InvalidInput

LONGEST_TEXT = 5_000
MOST_LINES = 999
"""Of goods, of containers and of what is sold, in one paper."""
UNIT = re.compile(r"[A-Z0-9]{2,3}")
HS_CODE = re.compile(r"[0-9]{6,10}")
PACKAGE_TYPE = re.compile(r"[0-9A-Z]{2}")
SIZE_TYPE = re.compile(r"[0-9A-Z]{4}")
LOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")
LARGEST = Decimal(10) ** 15
UNHOLDABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def wrong(field: str, code: str, expected: str) -> InvalidInput:
    """Return the error that says what was expected at ``field``."""
    return InvalidInput(f"{field}: expected {expected}.", field=field, code=code)


def check_text(value: str | None, field: str, longest: int = LONGEST_TEXT) -> None:
    """Refuse an empty or too long text, and characters that neither XML 1.0 nor PostgreSQL can hold."""
    if value is None:
        return
    if not value.strip():
        raise wrong(field, "empty", "a text that is not empty")
    if len(value) > longest:
        raise wrong(field, "too_long", f"at most {longest} characters")
    if UNHOLDABLE.search(value):
        raise wrong(field, "character", "characters that XML 1.0 can hold")


def check_country(value: str | None, field: str) -> None:
    """Refuse what is no ISO 3166-1 alpha-2 code."""
    if value is not None and value not in _countries():
        raise wrong(field, "unknown_country", "a country of ISO 3166-1 alpha-2")


def check_match(value: str | None, pattern: re.Pattern[str], field: str, expected: str) -> None:
    """Refuse a value of another form than ``pattern``."""
    if value is not None and not pattern.fullmatch(value):
        raise wrong(field, "format", expected)


def check_count(value: int | None, field: str) -> None:
    """Refuse a negative or unbelievable number of things."""
    if value is not None and not 0 <= value <= 10**8:
        raise wrong(field, "out_of_range", "a number from 0 to 100,000,000")


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


def check_currency(value: str | None, field: str) -> None:
    """Refuse what is no ISO 4217 code."""
    if value is not None and value not in _currencies():
        raise wrong(field, "unknown_currency", "a currency of ISO 4217")


def _check_decimal(value: Decimal) -> None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -12 <= exponent <= 0 or abs(value) >= LARGEST:
        raise wrong("value", "out_of_range", "a decimal number below 10^15, of at most 12 decimals")


@dataclass(frozen=True)
class Amount:
    """An amount of money in units of its currency (ISO 4217): a unit price may be finer than a minor unit."""

    value: Decimal
    currency: str

    def __post_init__(self) -> None:
        _check_decimal(self.value)
        check_currency(self.currency, "currency")


@dataclass(frozen=True)
class Measure:
    """A number of a unit of UNECE Recommendation 20: ``KGM`` kilogram, ``MTQ`` cubic metre, ``C62`` piece."""

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        _check_decimal(self.value)
        check_match(self.unit, UNIT, "unit", "a unit code of UNECE Recommendation 20")


@dataclass(frozen=True)
class Address:
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None

    def __post_init__(self) -> None:
        for name in ("street", "city", "postcode", "region"):
            check_text(getattr(self, name), name, 300)
        check_country(self.country, "country")


@dataclass(frozen=True)
class TradeParty:
    """A party as a paper names it, with the number it is known by there and who keeps the list of these."""

    name: str
    identifier: str | None = None
    address: Address | None = None
    code_list_provider: str | None = None

    def __post_init__(self) -> None:
        check_text(self.name, "name", 300)
        check_text(self.identifier, "identifier", 100)
        check_text(self.code_list_provider, "codeListProvider", 100)


@dataclass(frozen=True)
class Location:
    """A place as a paper names it; ``code`` is its UN/LOCODE."""

    code: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.code is not None and (not LOCODE.fullmatch(self.code) or places.known(self.code) is None):
            raise wrong("code", "unknown_place", "a UN/LOCODE")
        check_text(self.name, "name", 300)


@dataclass(frozen=True)
class Container:
    """A container by its number (ISO 6346, check digit and all), its size and type, seals and tare."""

    reference: str
    size_type: str | None = None
    seals: tuple[str, ...] = ()
    shipper_owned: bool | None = None
    tare_mass: Measure | None = None

    def __post_init__(self) -> None:
        check_equipment_reference(self.reference, "reference")
        check_match(self.size_type, SIZE_TYPE, "sizeType", "a size and type code of ISO 6346, such as 22G1")
        for index, seal in enumerate(self.seals):
            check_text(seal, f"seals.{index}", 35)


@dataclass(frozen=True)
class InvoiceLine:
    """What one line of an invoice sells."""

    number: str
    description: str
    amount: Amount
    quantity: Measure | None = None
    unit_price: Amount | None = None
    hs_code: str | None = None
    origin_country: str | None = None

    def __post_init__(self) -> None:
        check_text(self.number, "number", 35)
        check_text(self.description, "description")
        check_match(self.hs_code, HS_CODE, "hsCode", "6 to 10 digits of the Harmonized System")
        check_country(self.origin_country, "originCountry")


@dataclass(frozen=True)
class Load:
    """What one container carries of goods that are spread over several."""

    container: str
    gross_mass: Measure
    net_mass: Measure | None = None
    volume: Measure | None = None
    packages: int | None = None

    def __post_init__(self) -> None:
        check_text(self.container, "container", 35)
        check_count(self.packages, "packages")


@dataclass(frozen=True)
class Goods:
    """Goods of one kind as they are packed and carried; ``package_type`` is UNECE Recommendation 21.

    Of goods in several containers ``loads`` says what each carries; together they are the goods.
    """

    number: str
    description: str
    gross_mass: Measure | None = None
    net_mass: Measure | None = None
    volume: Measure | None = None
    hs_code: str | None = None
    origin_country: str | None = None
    containers: tuple[str, ...] = ()
    packages: int | None = None
    package_type: str | None = None
    package_description: str | None = None
    loads: tuple[Load, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.number, "number", 35)
        check_text(self.description, "description")
        check_text(self.package_description, "packageDescription", 100)
        check_match(self.hs_code, HS_CODE, "hsCode", "6 to 10 digits of the Harmonized System")
        check_country(self.origin_country, "originCountry")
        check_count(self.packages, "packages")
        check_match(self.package_type, PACKAGE_TYPE, "packageType", "a package type code of two characters")
        for index, reference in enumerate(self.containers):
            check_text(reference, f"containers.{index}", 35)
        if self.loads:
            self._check_loads()

    def _check_loads(self) -> None:
        if self.containers != tuple(load.container for load in self.loads):
            raise wrong("containers", "contradiction", "the containers of its loads, in their order")
        if len(set(self.containers)) != len(self.containers):
            raise wrong("loads", "twice", "one load for each container")
        for member, name in (("gross_mass", "grossMass"), ("net_mass", "netMass"), ("volume", "volume")):
            total = total_of([getattr(load, member) for load in self.loads])
            if total is not None and getattr(self, member) != total:
                raise wrong(name, "contradiction", f"what its loads come to, {total.value:f} {total.unit}")
        packed = [load.packages for load in self.loads if load.packages is not None]
        if len(packed) == len(self.loads) and self.packages != sum(packed):
            raise wrong("packages", "contradiction", f"what its loads come to, {sum(packed)}")


def total_of(measures: Sequence[Measure | None]) -> Measure | None:
    """Return what measures of one unit come to; None where one is not said or has another unit."""
    said = [each for each in measures if each is not None]
    if not said or len(said) != len(measures) or len({each.unit for each in said}) != 1:
        return None
    return Measure(sum((each.value for each in said), Decimal(0)), said[0].unit)
