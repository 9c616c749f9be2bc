"""How far a shipment has come, derived from its events alone: pure, whatever the order they arrived in.

Codes of events are DCSA's (Track & Trace 2.2 and 3.0); only what has happened (``ACT``) moves a shipment.
A shipment is as far as the least advanced of the containers that its events speak of; an event that names no
container moves them all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from isthmus_platform import places

OVERLAND = frozenset({"TRUCK", "RAIL"})
PROOF_GIVEN = frozenset({"CMPL", "ISSU", "RECE"})
CALLED_OFF = frozenset({"CANC", "CACF", "DECL", "REJE", "VOID"})


class TrackingEvent(NamedTuple):
    """One version of an event, as its source tells it.

    ``place`` is a UN/LOCODE, ``location`` the source's own name of the spot. ``version_at`` is when the
    source last changed its word. A ``retracted`` event did not happen, whatever else it says.
    """

    source_event_id: str
    version_at: datetime
    at: datetime
    kind: str
    code: str
    classifier: str
    place: str | None = None
    location: str | None = None
    equipment_reference: str | None = None
    booking_reference: str | None = None
    transport_document: str | None = None
    transport_mode: str | None = None
    empty: bool | None = None
    document_type: str | None = None
    retracted: bool = False


@dataclass(frozen=True, slots=True)
class RouteLeg:
    """One means of transport (``VESSEL``, ``BARGE``, ``RAIL``, ``TRUCK``, ``AIR``) between two places."""

    mode: str
    origin: str
    destination: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a shipment begins, is transhipped and ends (UN/LOCODE), and by which means, where told."""

    origin: str
    destination: str
    transhipments: tuple[str, ...] = ()
    legs: tuple[RouteLeg, ...] = ()

    def goes_by(self, mode: str, code: str, place: str | None) -> bool:
        """Return whether a leg by ``mode`` departs from (``DEPA``) or arrives at ``place``."""
        return any(
            leg.mode == mode and place == (leg.origin if code == "DEPA" else leg.destination)
            for leg in self.legs
        )


class Stage(IntEnum):
    """What a shipment's status may be, in the order of a journey."""

    CANCELLED = 0
    BOOKED = 1
    EMPTY_PICKED_UP = 2
    GATED_IN = 3
    LOADED = 4
    UNDER_WAY = 5
    ARRIVED = 6
    DISCHARGED = 7
    GATED_OUT = 8
    DELIVERED = 9
    EMPTY_RETURNED = 10


@dataclass(frozen=True, slots=True)
class Status:
    """What is true of a shipment now: a code, a sentence, since when and where (UN/LOCODE)."""

    code: str
    description: str
    at: datetime | None
    place: str | None


class _Milestone(NamedTuple):
    stage: Stage
    code: str
    event: TrackingEvent

    @property
    def order(self) -> tuple[Stage, datetime, str, str]:
        return (self.stage, self.event.at, self.code, self.event.source_event_id)


def current(events: Iterable[TrackingEvent]) -> list[TrackingEvent]:
    """Return the newest version of each event that was not retracted, in the order in which they happened."""
    newest: dict[str, TrackingEvent] = {}
    for event in events:
        held = newest.get(event.source_event_id)
        if held is None or version(event) > version(held):
            newest[event.source_event_id] = event
    return sorted((event for event in newest.values() if not event.retracted), key=in_time)


def in_time(event: TrackingEvent) -> tuple[datetime, str, str, str]:
    """Return the order in which events happened; what happened at once is told apart by name."""
    return (event.at, event.kind, event.code, event.source_event_id)


def status(events: Iterable[TrackingEvent], route: Route) -> Status:
    """Return how far a shipment on ``route`` has come; ``BOOKED`` when nothing has happened yet."""
    return reached_by(current(events), route)


def reached_by(events: Sequence[TrackingEvent], route: Route) -> Status:
    """Return the same of events that are :func:`current` already."""
    happened = [event for event in events if event.classifier == "ACT"]
    reached = [milestone for event in happened if (milestone := _milestone(event, route))]
    if not reached:
        return _booking(happened)
    named = {m.event.equipment_reference for m in reached if m.event.equipment_reference}
    containers: set[str | None] = {*named} or {None}
    furthest = [
        max((m for m in reached if m.event.equipment_reference in (None, container)), key=lambda m: m.order)
        for container in containers
    ]
    least = min(furthest, key=lambda m: m.order)
    # The shipment reached this stage when the last of its containers there did.
    last = max(
        (m for m in furthest if (m.code, m.event.place) == (least.code, least.event.place)),
        key=lambda m: m.order,
    )
    return Status(last.code, _sentence(last.code, last.event.place), last.event.at, last.event.place)


def eta(events: Iterable[TrackingEvent], route: Route) -> datetime | None:
    """Return when the shipment is expected at its destination by the last word; None once it is there."""
    arrivals = [event for event in current(events) if arrives(event, route)]
    if not arrivals or any(event.classifier == "ACT" for event in arrivals):
        return None
    return max(arrivals, key=last_word).at


def arrives(event: TrackingEvent, route: Route) -> bool:
    """Return whether ``event`` speaks of the arrival at the destination."""
    return event.code == "ARRI" and event.kind == "TRANSPORT" and event.place == route.destination


def last_word(event: TrackingEvent) -> tuple[datetime, bool, datetime]:
    """Return the order in which expectations count: the later told, then estimates, then the later time."""
    return (event.version_at, event.classifier == "EST", event.at)


def sentence(code: str, place: str | None) -> str:
    """Return a status of :class:`Stage` in a few English words: ``Departed from Kaohsiung``."""
    return _sentence(code, place) if code in SENTENCES else code.capitalize()


def version(event: TrackingEvent) -> tuple[datetime, bool, datetime, str]:
    """Return the order of an event's versions; the last of them counts."""
    return (event.version_at, event.retracted, event.at, repr(event))


def _booking(happened: Sequence[TrackingEvent]) -> Status:
    """Return the status before anything has moved: what was last said of the booking itself."""
    said = [event for event in happened if (event.kind, event.document_type) == ("SHIPMENT", "BKG")]
    if not said:
        return Status("BOOKED", "Booked", None, None)
    code = "CANCELLED" if said[-1].code in CALLED_OFF else "BOOKED"
    return Status(code, code.capitalize(), said[-1].at, None)


def _milestone(event: TrackingEvent, route: Route) -> _Milestone | None:
    """Return what ``event`` means for a shipment on ``route``, or None if it moves nothing on."""
    found = stage(event, route)
    return _Milestone(found[0], found[1], event) if found else None


def stage(event: TrackingEvent, route: Route) -> tuple[Stage, str] | None:
    """Return the stage and code that ``event`` stands for, happened or expected, or None if it is neither.

    Lorries and trains count only on legs of their own: without one they serve the port, not the journey.
    """
    if event.kind == "TRANSPORT":
        mode = event.transport_mode
        if mode in OVERLAND and not route.goes_by(mode or "", event.code, event.place):
            return None
        return _voyage(event, route)
    if event.kind == "EQUIPMENT":
        return _handling(event, route)
    if route.legs and (event.kind, event.document_type) == ("SHIPMENT", "PFD"):
        return (Stage.DELIVERED, "DELIVERED") if event.code in PROOF_GIVEN else None
    return None


def _voyage(event: TrackingEvent, route: Route) -> tuple[Stage, str] | None:
    """Return the stage of a vessel's call; its arrival to load and its leaving when unloaded are none."""
    if event.code == "DEPA" and event.place != route.destination:
        return Stage.UNDER_WAY, "DEPARTED"
    if event.code == "ARRI" and event.place == route.destination:
        return Stage.ARRIVED, "ARRIVED"
    if event.code == "ARRI" and event.place not in (None, route.origin):
        return Stage.UNDER_WAY, "AT_TRANSHIPMENT"
    return None


def _handling(event: TrackingEvent, route: Route) -> tuple[Stage, str] | None:
    """Return the stage of a container's handling at the origin, under way or at the destination."""
    if event.place == route.destination:
        return _at_destination(event)
    at_call = event.place in route.transhipments
    match event.code:
        case "GTOT" | "PICK" if event.empty and not at_call:
            return Stage.EMPTY_PICKED_UP, "EMPTY_PICKED_UP"
        case "GTIN" if not event.empty and not at_call:
            return Stage.GATED_IN, "GATED_IN"
        case "LOAD" if event.place in (None, route.origin):
            return Stage.LOADED, "LOADED"
        case "LOAD":
            return Stage.UNDER_WAY, "TRANSHIPPED"
        case "DISC" if event.place not in (None, route.origin):
            return Stage.UNDER_WAY, "AT_TRANSHIPMENT"
        case "GTIN" | "DROP" if event.empty and event.place not in (None, route.origin):
            return Stage.EMPTY_RETURNED, "EMPTY_RETURNED"
        case "STRP" if event.place not in (None, route.origin) and not at_call:
            return Stage.DELIVERED, "DELIVERED"
    return None


def _at_destination(event: TrackingEvent) -> tuple[Stage, str] | None:
    match event.code:
        case "DISC":
            return Stage.DISCHARGED, "DISCHARGED"
        case "GTOT" | "PICK" if not event.empty:
            return Stage.GATED_OUT, "GATED_OUT"
        case "GTIN" | "DROP" if event.empty:
            return Stage.EMPTY_RETURNED, "EMPTY_RETURNED"
        case "STRP" | "DROP":
            return Stage.DELIVERED, "DELIVERED"
    return None


SENTENCES = {
    "EMPTY_PICKED_UP": ("Empty container picked up", "at"),
    "GATED_IN": ("Gated in", "at"),
    "LOADED": ("Loaded", "at"),
    "DEPARTED": ("Departed", "from"),
    "AT_TRANSHIPMENT": ("In transhipment", "at"),
    "TRANSHIPPED": ("Transhipped", "at"),
    "ARRIVED": ("Arrived", "at"),
    "DISCHARGED": ("Discharged", "at"),
    "GATED_OUT": ("Gated out", "at"),
    "DELIVERED": ("Delivered", "at"),
    "EMPTY_RETURNED": ("Empty container returned", "at"),
}


def _sentence(code: str, place: str | None) -> str:
    words, preposition = SENTENCES[code]
    known = places.known(place) if place else None
    return f"{words} {preposition} {known.name}" if known else words
