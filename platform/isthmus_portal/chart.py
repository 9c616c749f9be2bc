"""The maps and bars that pages draw: numbers for SVG, made on the server.

A map's unit is a tenth of a degree of longitude in the Miller cylindrical projection, the one in which
``static/land.svg`` is drawn, so that land and route fit on each other.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import asinh, degrees, hypot, radians, tan
from typing import Any

from isthmus_platform import ports
from isthmus_portal.sea_lanes import Point, leg, unwrapped

WORLD = 3600.0


def position(place: dict[str, Any]) -> Point | None:
    """Return where a place of the schema is: what UN/LOCODE says, else what is known of it as a port."""
    if place["latitude"] is not None and place["longitude"] is not None:
        return float(place["latitude"]), float(place["longitude"])
    return ports.beyond_locode(place["code"])


def project(point: Point) -> tuple[float, float]:
    """Return map units of a latitude and longitude in degrees."""
    latitude, longitude = point
    latitude = max(-85.0, min(85.0, latitude))
    return longitude * 10, -degrees(1.25 * asinh(tan(0.8 * radians(latitude)))) * 10


@dataclass(frozen=True)
class Mark:
    """A port on the map: where it is, what is written beside it and on which side."""

    x: float
    y: float
    name: str
    side: str
    passed: bool


@dataclass(frozen=True)
class Map:
    """A route on the part of the world it needs; ``worlds`` are the shifts at which land is drawn."""

    view: tuple[float, float, float, float]
    worlds: list[float]
    legs: list[tuple[str, bool]]
    marks: list[Mark]
    unit: float
    """Map units to a hundredth of the map's width: the size of letters is a multiple of it."""


def route_map(stops: list[dict[str, Any]], *, legs_done: int = 0, ratio: float = 2.2) -> Map | None:
    """Return the map of a route through ``stops`` (places of the schema); none with fewer than two positions.

    ``legs_done`` legs from the start are drawn as sailed. ``ratio`` is width to height.
    """
    placed = [(number, stop, at) for number, stop in enumerate(stops) if (at := position(stop))]
    if len(placed) < 2:
        return None
    ports = [at for _, _, at in placed]
    paths = _continuous([leg(one, other) for one, other in pairwise(ports)])
    drawn = [[project(point) for point in path] for path in paths]
    view = _view([point for path in drawn for point in path], ratio)
    ends = [path[0] for path in drawn] + [drawn[-1][-1]]
    marks = [
        Mark(x, y, stop["name"], "start" if x < view[0] + view[2] * 0.72 else "end", number <= legs_done)
        for (x, y), (number, stop, _) in zip(ends, placed, strict=True)
    ]
    lines = [(_smooth(path), mark.passed) for path, mark in zip(drawn, marks[1:], strict=True)]
    return Map(view, _worlds(view), lines, marks, view[2] / 100)


def _continuous(paths: list[list[Point]]) -> list[list[Point]]:
    """Let each leg begin at the longitude where the one before it ended, past the date line if need be."""
    out: list[list[Point]] = []
    for path in paths:
        out.append(unwrapped([out[-1][-1], *path])[1:] if out else path)
    return out


def _view(points: list[tuple[float, float]], ratio: float) -> tuple[float, float, float, float]:
    """Return x, y, width, height of a view of that ratio holding all points with room for their names."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    width = max(right - left, (bottom - top) * ratio * 0.9, 240.0) * 1.22
    height = max(width / ratio, (bottom - top) * 1.25)
    width = height * ratio
    x, y = (left + right - width) / 2, (top + bottom - height) / 2
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def _worlds(view: tuple[float, float, float, float]) -> list[float]:
    first, last = view[0], view[0] + view[2]
    return [shift for shift in (-WORLD, 0.0, WORLD) if shift - WORLD / 2 < last and shift + WORLD / 2 > first]


def _smooth(path: list[tuple[float, float]]) -> str:
    """Return an SVG path through all points whose turns are rounded by cubic curves.

    A turn's tangent is as long as its own segment allows, so that a curve never runs past a port.
    """
    parts = ["M" + _written(path[0])]
    for number, (here, there) in enumerate(pairwise(path)):
        reach = hypot(there[0] - here[0], there[1] - here[1]) * 0.28
        away, back = _heading(path, number), _heading(path, number + 1)
        a = (here[0] + away[0] * reach, here[1] + away[1] * reach)
        b = (there[0] - back[0] * reach, there[1] - back[1] * reach)
        parts.append("C" + " ".join(_written(point) for point in (a, b, there)))
    return "".join(parts)


def _written(point: tuple[float, float]) -> str:
    """Return a point to a tenth of a unit, and nought without a sign."""
    return " ".join(f"{round(value, 1) + 0.0:.1f}" for value in point)


def _heading(path: list[tuple[float, float]], number: int) -> tuple[float, float]:
    """Return the direction of the path at a point, of length one, or nought where it stands still."""
    before, after = path[max(number - 1, 0)], path[min(number + 1, len(path) - 1)]
    x, y = after[0] - before[0], after[1] - before[1]
    length = hypot(x, y)
    return (x / length, y / length) if length else (0.0, 0.0)


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its written value and its length in hundredths of the longest."""

    label: str
    value: str
    length: float


def bars(rows: list[tuple[str, str, int]]) -> list[Bar]:
    """Return a bar for each (label, written value, quantity), the longest 100 wide."""
    most = max((quantity for _, _, quantity in rows), default=0) or 1
    return [Bar(label, value, round(100 * quantity / most, 2)) for label, value, quantity in rows]
