"""How far it is from place to place by each mode, and by which rule that is known. Pure, and remembered.

By sea along the lanes of the wheel ``searoute``; else by great circle, longer by a detour that is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from math import asin, cos, radians, sin, sqrt
from threading import Lock
from types import MappingProxyType
from typing import Any

import orjson

from isthmus_platform import places

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
SHORE_KM = 100.0
"""A place farther than this from the lanes is no place by the sea."""
DETOURS: Mapping[str, float] = MappingProxyType({"TRUCK": 1.3, "RAIL": 1.2, "BARGE": 1.3})
"""How much longer than the great circle the way on land is: our own estimate, none of the framework's."""

Point = tuple[float, float]
"""Longitude and latitude in degrees."""


class Lack(StrEnum):
    """Why a leg's emissions are not known."""

    MASS_UNKNOWN = "MASS_UNKNOWN"
    PLACE_UNKNOWN = "PLACE_UNKNOWN"
    NO_SEA_ROUTE = "NO_SEA_ROUTE"


class NoDistance(Exception):
    """The distance is not known; ``lack`` says why and the message of what."""

    def __init__(self, lack: Lack, message: str) -> None:
        super().__init__(message)
        self.lack = lack


@dataclass(frozen=True)
class Distance:
    """Whole kilometres, and the rule by which they were found."""

    km: int
    source: str


@lru_cache(maxsize=8192)
def between(mode: str, origin: str, destination: str) -> Distance:
    """Return the distance by ``mode`` between two UN/LOCODEs; raises :class:`NoDistance`."""
    start, end = position(origin), position(destination)
    if mode == "VESSEL":
        return _by_sea(start, end, (origin, destination))
    straight = great_circle_km(start, end)
    if mode == "AIR":
        return Distance(round(straight), "great circle")
    detour = DETOURS[mode]
    return Distance(round(straight * detour), f"great circle, {detour} times, our own estimate of the detour")


def great_circle_km(a: Point, b: Point) -> float:
    """Return the great-circle distance in kilometres (haversine)."""
    (lon1, lat1), (lon2, lat2) = ((radians(p[0]), radians(p[1])) for p in (a, b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(h)))


def position(locode: str) -> Point:
    """Return where a UN/LOCODE is: by UN/LOCODE itself, else by the port list of ``searoute``."""
    place = places.known(locode)
    if place is not None and place.latitude is not None and place.longitude is not None:
        return place.longitude, place.latitude
    if place is not None and locode in _ports():
        return _ports()[locode]
    named = locode if place is None else f"{place.name} ({locode})"
    raise NoDistance(Lack.PLACE_UNKNOWN, f"Where {named} is, is not published.")


def _by_sea(start: Point, end: Point, names: tuple[str, str]) -> Distance:
    if start == end:
        return Distance(0, _sea_source())
    points, km = _sea_way(start, end)
    if not points:
        raise NoDistance(Lack.NO_SEA_ROUTE, f"There is no way by sea from {names[0]} to {names[1]}.")
    for name, place, lane in ((names[0], start, points[0]), (names[1], end, points[-1])):
        away = great_circle_km(place, lane)
        if away > SHORE_KM:
            raise NoDistance(Lack.NO_SEA_ROUTE, f"{name} is {round(away)} km from the nearest sea lane.")
        km += away
    return Distance(round(km), _sea_source())


@lru_cache(maxsize=1)
def _sea_source() -> str:
    return f"searoute {version('searoute')}, shortest way by sea"


_loading = Lock()


# Both are read from the wheel's GeoJSON: its Python modules of the same data take ten times the memory.
@lru_cache(maxsize=1)
def _lanes() -> Any:
    """Return the graph of sea lanes: a second of CPU and 40 MB, so that who needs none does not load it."""
    from searoute.classes.marnet import Marnet

    lanes = Marnet()
    with resources.as_file(_data("marnet_searoute.geojson")) as file:
        lanes.load_geojson(str(file))
    return lanes


@lru_cache(maxsize=1)
def _ports() -> dict[str, Point]:
    """Return the positions of the port list by UN/LOCODE."""
    found = orjson.loads(_data("ports.geojson").read_bytes())["features"]
    return {each["properties"]["port"]: tuple(each["geometry"]["coordinates"][:2]) for each in found}


def _data(name: str) -> Traversable:
    return resources.files("searoute").joinpath("data", name)


def _sea_way(start: Point, end: Point) -> tuple[list[Point], float]:
    with _loading:  # the graph keeps its restrictions, and is made once
        from searoute.searoute import searoute

        # Its port graph costs three seconds and is of use only where ports are to be added: none is given.
        found = searoute(list(start), list(end), M=_lanes(), P=())
    points = [(float(x), float(y)) for x, y, *_ in found["geometry"]["coordinates"]]
    return points, float(found["properties"]["length"])
