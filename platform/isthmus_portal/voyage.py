"""What a shipment's pages tell of its voyage: how far it is, and which entries of its timeline stand."""

from dataclasses import dataclass
from typing import Any

from isthmus_portal.formats import moment

_NOT_YET_THERE = {"BOOKED", "CANCELLED", "EMPTY_PICKED_UP"}


@dataclass(frozen=True)
class Stop:
    """A port of the route and how the shipment stands to it: ``passed``, ``here`` or ``ahead``."""

    place: dict[str, Any]
    standing: str
    leg: str
    """The leg that leads onwards from it: ``sailed``, ``sailing``, ``ahead``, or empty at the end."""


@dataclass(frozen=True)
class Timeline:
    """Entries by what they are: still expected (soonest first), happened and overtaken (newest first)."""

    expected: list[dict[str, Any]]
    happened: list[dict[str, Any]]
    overtaken: list[dict[str, Any]]


def stops(shipment: dict[str, Any]) -> list[Stop]:
    """Return the route's ports in order, from the shipment's status alone."""
    places = [shipment["origin"], *shipment["transhipments"], shipment["destination"]]
    reached, sailing = _reached(shipment, places)
    out = []
    for number, place in enumerate(places):
        standing = "ahead"
        if number < reached or (number == reached and sailing):
            standing = "passed"
        elif number == reached:
            standing = "here"
        leg = "sailed" if number < reached else "sailing" if number == reached and sailing else "ahead"
        out.append(Stop(place, standing, leg if number < len(places) - 1 else ""))
    return out


def legs_sailed(shipment: dict[str, Any]) -> int:
    """Return how many legs of the route lie behind the shipment."""
    return sum(stop.leg == "sailed" for stop in stops(shipment))


def _reached(shipment: dict[str, Any], places: list[dict[str, Any]]) -> tuple[int, bool]:
    """Return the last port reached, -1 for none yet, and whether the shipment has sailed from it."""
    status = shipment["status"]
    at = status["place"]
    codes = [place["code"] for place in places]
    if status["code"] in _NOT_YET_THERE or not at or at["code"] not in codes:
        return -1, False
    number = codes.index(at["code"])
    return number, status["code"] == "DEPARTED" and number < len(codes) - 1


def timeline(entries: list[dict[str, Any]]) -> Timeline:
    """Part the entries; what an actual event or a later estimate replaced is expected no more."""
    happened = [entry for entry in entries if is_actual(entry)]
    came = {_what(entry) for entry in happened}
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    overtaken = []
    for entry in sorted((e for e in entries if not is_actual(e)), key=lambda e: moment(e["receivedAt"])):
        before = latest.pop(_what(entry), None)
        if before:
            overtaken.append(before)
        if _what(entry) in came:
            overtaken.append(entry)
        else:
            latest[_what(entry)] = entry
    return Timeline(
        sorted(latest.values(), key=lambda e: moment(e["at"])),
        sorted(happened, key=lambda e: moment(e["at"]), reverse=True),
        sorted(overtaken, key=lambda e: moment(e["receivedAt"]), reverse=True),
    )


def is_actual(entry: dict[str, Any]) -> bool:
    """Tell an event that happened from a planned or estimated one."""
    return bool(entry["classifier"] == "ACTUAL")


def _what(entry: dict[str, Any]) -> tuple[Any, ...]:
    place = entry.get("place")
    return entry["kind"], entry["code"], place and place["code"], entry.get("equipmentReference")
