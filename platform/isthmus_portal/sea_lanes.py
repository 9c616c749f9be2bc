"""The usual lanes between the world's seas, so that a route is drawn round the land and not across it.

``sea_lanes.json`` is a small graph of turning points (our own reading of the chart), good for a map a hand
wide and for nothing else: it is neither a track nor a distance. Longitudes of a returned path are continuous:
one that crosses the date line runs on past 180 degrees.
"""

import heapq
import json
from math import asin, cos, inf, radians, sin, sqrt
from pathlib import Path

Point = tuple[float, float]
"""Latitude and longitude in degrees, north and east positive."""

_CHART = json.loads(Path(__file__).with_name("sea_lanes.json").read_bytes())
TURNS: dict[str, Point] = {
    name: (latitude, longitude) for name, (latitude, longitude) in _CHART["turns"].items()
}


def distance(a: Point, b: Point) -> float:
    """Return the great-circle distance in degrees of arc (haversine)."""
    (lat1, lon1), (lat2, lon2) = ((radians(p[0]), radians(p[1])) for p in (a, b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * asin(min(1.0, sqrt(h))) * 57.29578


def _neighbours() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in TURNS}
    for one, other in _CHART["lanes"]:
        found[one].append(other)
        found[other].append(one)
    return found


NEIGHBOURS = _neighbours()


def _nearest(port: Point, many: int = 3) -> dict[str, float]:
    ranked = sorted((distance(port, at), name) for name, at in TURNS.items())[:many]
    reach = ranked[0][0] * 2 + 2
    # Leaving port is dear, so that the path prefers the turn in front of it to one behind a headland.
    return {name: away * 1.6 for away, name in ranked if away <= reach}


def _turns_between(start: Point, end: Point) -> list[Point]:
    """Return the turning points of the shortest way by the lanes (Dijkstra)."""
    goals = _nearest(end)
    queue: list[tuple[float, str, tuple[str, ...]]] = [
        (away, name, (name,)) for name, away in _nearest(start).items()
    ]
    heapq.heapify(queue)
    done: set[str] = set()
    best: tuple[float, tuple[str, ...]] = (inf, ())
    while queue:
        cost, name, path = heapq.heappop(queue)
        if cost >= best[0]:
            break
        if name in done:
            continue
        done.add(name)
        if name in goals and cost + goals[name] < best[0]:
            best = (cost + goals[name], path)
        for onward in NEIGHBOURS[name]:
            if onward not in done:
                heapq.heappush(queue, (cost + distance(TURNS[name], TURNS[onward]), onward, (*path, onward)))
    return [TURNS[name] for name in best[1]]


NEXT_DOOR = 3.0
"""Degrees of arc within which two ports are joined by a plain line."""


def unwrapped(points: list[Point]) -> list[Point]:
    """Return the points with each longitude within 180 degrees of the one before it."""
    out: list[Point] = []
    for latitude, longitude in points:
        if out:
            longitude += 360 * round((out[-1][1] - longitude) / 360)
        out.append((latitude, longitude))
    return out


def leg(start: Point, end: Point) -> list[Point]:
    """Return the points of one leg from port to port, both included."""
    turns = _turns_between(start, end) if distance(start, end) > NEXT_DOOR else []
    return unwrapped([start, *turns, end])
