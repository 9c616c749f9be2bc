"""Freight identifiers (Regulation (EU) 2020/1056): what a consignment travels by and in, and who asks for it.

An announced consignment is read leniently: what is not there cannot be matched. A query is read strictly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

IDENTIFIERS = "http://efti.eu/v1/consignment/identifier"
EDELIVERY = "http://efti.eu/v1/edelivery"

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_ONE_EACH = ("identifier", "registrationCountryCode", "modeCode", "dangerousGoodsIndicator")


class MalformedQuery(ValueError):
    """The element is no identifier query."""


class Kind(StrEnum):
    """What an identifier names: a means of transport, equipment, or equipment carried on other equipment."""

    MEANS = "means"
    EQUIPMENT = "equipment"
    CARRIED = "carried"


@dataclass(frozen=True)
class Movement:
    """A main carriage movement: its mode (eFTI581) and whether dangerous goods are on it (eFTI1451)."""

    mode: str | None
    dangerous: bool | None


@dataclass(frozen=True)
class Identifier:
    """An identifier (eFTI618, eFTI374 or eFTI448) with the agency of its scheme and its country.

    ``movement`` is the one that a means of transport makes. Carried equipment has no country in the schema.
    """

    kind: Kind
    value: str
    scheme: str | None
    country: str | None
    movement: Movement | None = None


@dataclass(frozen=True)
class Announcement:
    """What a consignment announces: by which identifiers it is found, and how it moves."""

    identifiers: tuple[Identifier, ...]
    movements: tuple[Movement, ...]


@dataclass(frozen=True)
class IdentifierQuery:
    """Who is asked for, and what else must hold where it is given; ``kinds`` empty means any."""

    value: str
    kinds: frozenset[Kind] = frozenset()
    scheme: str | None = None
    country: str | None = None
    mode: str | None = None
    dangerous: bool | None = None


def matches(query: IdentifierQuery, announced: Announcement) -> bool:
    """Say whether the consignment answers the query: one of its identifiers does, and one of its movements.

    Letter case makes no difference to an identifier. A country is asked of what bears the identifier, a mode
    and dangerous goods of the movement; of a means of transport, of the movement that it makes.
    """
    return any(
        _names(query, identifier) and _moves(query, identifier, announced.movements)
        for identifier in announced.identifiers
    )


def _names(query: IdentifierQuery, identifier: Identifier) -> bool:
    return (
        identifier.value.casefold() == query.value.casefold()
        and (not query.kinds or identifier.kind in query.kinds)
        and query.scheme in (None, identifier.scheme)
        and (identifier.kind is Kind.CARRIED or query.country in (None, identifier.country))
    )


def _moves(query: IdentifierQuery, identifier: Identifier, movements: tuple[Movement, ...]) -> bool:
    if query.mode is None and query.dangerous is None:
        return True
    return any(
        query.mode in (None, movement.mode) and query.dangerous in (None, movement.dangerous)
        for movement in ([identifier.movement] if identifier.movement else movements)
    )


def read_announcement(consignment: etree._Element) -> Announcement:
    """Return what ``consignment`` announces, whatever else it holds or lacks."""
    movements: list[Movement] = []
    identifiers: list[Identifier] = []
    for each in _children(consignment, "mainCarriageTransportMovement"):
        movement = Movement(
            _text(_first(each, "modeCode")),
            _BOOLEANS.get(_text(_first(each, "dangerousGoodsIndicator")) or ""),
        )
        movements.append(movement)
        for means in _children(each, "usedTransportMeans"):
            identifiers += _identifiers(means, Kind.MEANS, movement)
    for equipment in _children(consignment, "usedTransportEquipment"):
        identifiers += _identifiers(equipment, Kind.EQUIPMENT)
        for carried in _children(equipment, "carriedTransportEquipment"):
            identifiers += _identifiers(carried, Kind.CARRIED)
    return Announcement(tuple(identifiers), tuple(movements))


def read_query(element: etree._Element) -> IdentifierQuery:
    """Return the query in ``element`` (of type ``IdentifierQuery``), or raise :class:`MalformedQuery`."""
    parts: dict[str, etree._Element] = {}
    for child in element.iterchildren("*"):
        name = etree.QName(child)
        if name.namespace != EDELIVERY or name.localname not in _ONE_EACH or name.localname in parts:
            raise MalformedQuery(f"{name.localname} is not asked, or not twice.")
        parts[name.localname] = child
    identifier = parts.get("identifier")
    value = _text(identifier)
    if identifier is None or value is None:
        raise MalformedQuery("A query names an identifier.")
    dangerous = _text(parts.get("dangerousGoodsIndicator"))
    if dangerous is not None and dangerous not in _BOOLEANS:
        raise MalformedQuery("Whether goods are dangerous is true or false.")
    try:
        kinds = frozenset(Kind(kind) for kind in (identifier.get("type") or "").split())
    except ValueError as error:
        raise MalformedQuery("An identifier is of means, equipment or carried.") from error
    return IdentifierQuery(
        value=value,
        kinds=kinds,
        scheme=_token(identifier.get("schemeAgencyId")),
        country=_text(parts.get("registrationCountryCode")),
        mode=_text(parts.get("modeCode")),
        dangerous=None if dangerous is None else _BOOLEANS[dangerous],
    )


def _identifiers(bearer: etree._Element, kind: Kind, movement: Movement | None = None) -> list[Identifier]:
    country = None
    for each in _children(bearer, "registrationCountry"):
        country = _text(_first(each, "code"))
    return [
        Identifier(kind, value, _token(each.get("schemeAgencyId")), country, movement)
        for each in _children(bearer, "id")
        if (value := _text(each)) is not None
    ]


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return element.iterchildren(f"{{{IDENTIFIERS}}}{name}")


def _first(element: etree._Element, name: str) -> etree._Element | None:
    return next(_children(element, name), None)


def _text(element: etree._Element | None) -> str | None:
    return None if element is None else _token("".join(str(part) for part in element.itertext()))


def _token(value: str | None) -> str | None:
    """Return ``value`` with its white space collapsed (xsd:token); None for nothing."""
    return " ".join((value or "").split()) or None
