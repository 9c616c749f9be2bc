"""Indicators of the way and of who is new: a route without reason, the rush of a new party. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, starmap
from math import asin, cos, radians, sin, sqrt

from isthmus_platform import ports
from isthmus_platform.ports import Position
from isthmus_platform.risk.history import ESTABLISHED, History, recent
from isthmus_platform.risk.indicators import MOST_NAMED, Evidence, Fact, Reading, Source
from isthmus_platform.risk.seen import Seen

EARTH_KM = 6_371.0088
"""The mean radius of the Earth (IUGG)."""
USUAL = 3
"""Times a way was taken before it is called usual."""
LONG_WAY = 2.0
"""Times the shortest way between the ends, as great circles, from which a detour asks for a reason."""
RUSH = 10
"""Consignments within 30 days that are many for a newcomer."""
TIMES_USUAL = 3.0
"""Times what established parties send, where there are enough of them to say."""
SMALLEST_COMPANY = 3
"""Established parties below which nothing is said of what is usual."""


def distance_km(one: Position, other: Position) -> float:
    """Return the great circle between two positions, in kilometres (the haversine formula)."""
    north, east, north_2, east_2 = map(radians, (*one, *other))
    half = sin((north_2 - north) / 2) ** 2 + cos(north) * cos(north_2) * sin((east_2 - east) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def way_km(codes: Sequence[str]) -> float | None:
    """Return the length of a way as great circles between its places; None where one is not known."""
    known = [position for code in codes if (position := ports.position(code)) is not None]
    return sum(starmap(distance_km, pairwise(known))) if len(known) == len(codes) else None


def route(seen: Seen, history: History) -> Reading:
    """Hold the way by the places of transhipment, and the calls that came about, against lane and history."""
    ways = history.ways(seen.lane)
    usual = ways[seen.transhipments] >= USUAL
    planned = {seen.origin, seen.destination, *seen.transhipments}
    strays = [call for call in seen.calls if call.place not in planned]
    facts: dict[str, Fact] = {
        "usual": usual,
        "trips": sum(ways.values()),
        "calls": len(seen.transhipments),
        "unplanned": len({call.place for call in strays}),
    }
    evidence = [
        Evidence(
            Source.EVENT,
            "place",
            f"{call.place} at {call.at:%Y-%m-%d}",
            "not on the route",
            str(call.event_id),
        )
        for call in strays
    ]
    direct, sailed = way_km(seen.lane), way_km((seen.origin, *seen.transhipments, seen.destination))
    if direct is None or sailed is None or direct == 0:
        says = "a place has no published position"
        return Reading("route", says, facts | {"known": False}, tuple(evidence), stands_out=bool(strays))
    detour = sailed / direct
    long_way = detour >= LONG_WAY and not usual
    if long_way:
        evidence.insert(0, _way_taken(seen, history, sailed, direct))
    says = f"the way is {detour:.2f} times the shortest, and {'usual' if usual else 'not usual'}"
    facts |= {"known": True, "detour": detour}
    return Reading("route", says, facts, tuple(evidence), stands_out=long_way or bool(strays))


def _way_taken(seen: Seen, history: History, sailed: float, direct: float) -> Evidence:
    known = history.ways(seen.lane).most_common(MOST_NAMED)
    others = "; ".join(f"{' '.join(way) or 'direct'} ({times} times)" for way, times in known)
    against = f"{direct:.0f} km direct; ways known of this lane: {others or 'none'}"
    return Evidence(
        Source.FIELD, "transhipments", f"{sailed:.0f} km by {' '.join(seen.transhipments)}", against
    )


def owner(seen: Seen, history: History) -> Reading:
    """Hold how much the owner sends against how long it is on the platform."""
    earlier = history.of_owner(seen.owner_id)
    told = _Newcomer("owner", seen.owner, seen.owner_since, "on the platform", earlier)
    return _rush(told, seen, history.usual_volume(seen.created_at))


def consignee(seen: Seen, history: History) -> Reading:
    """Hold how much goes to the consignee against how long it is known in the member's own history."""
    if seen.consignee_name is None:
        return Reading("consignee", "no consignee is named", {"known": False})
    earlier = history.to_consignee(seen.consignee_name)
    since = earlier[0].created_at if earlier else seen.created_at
    told = _Newcomer("consignee", seen.consignee_name, since, "in this history", earlier)
    return _rush(told, seen, (0, 0.0))


@dataclass(frozen=True)
class _Newcomer:
    """Who may be new: since when, where that is known, and what came before."""

    name: str
    who: str
    since: datetime
    where: str
    earlier: Sequence[Seen]


def _rush(told: _Newcomer, seen: Seen, usually: tuple[int, float]) -> Reading:
    age = seen.created_at - told.since
    count = 1 + recent(told.earlier, seen.created_at)
    others, usual = usually
    facts: dict[str, Fact] = {
        "known": True,
        "ageDays": age.days,
        "recent": count,
        "earlier": len(told.earlier),
    }
    many = count >= RUSH
    against = f"{RUSH} consignments in 30 days are many for who is younger than {ESTABLISHED.days} days"
    if others >= SMALLEST_COMPANY and usual:
        facts["timesUsual"] = count / usual
        many = many and count >= TIMES_USUAL * usual
        against = f"established parties send {usual:g} in 30 days (the median of {others})"
    rush = many and age < ESTABLISHED
    says = f"{told.who} is {age.days} days {told.where}, with {count} consignments in 30 days"
    evidence = (Evidence(Source.FIELD, told.name, says, against),) if rush else ()
    return Reading(told.name, says, facts, evidence, stands_out=rush)
