"""Tracking: carriers' events, kept in every version and matched to shipments.

An event is known by its source (the carrier that sent it) and its id there; a newer version supersedes the
older, whichever arrives first. Status and timeline are derived (:mod:`isthmus_platform.milestones`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert, select, update

from isthmus_platform import domain_events, matching, parties, places
from isthmus_platform.consignments import RecordedEvent, Shipment
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.dcsa import ReceivedEvent, Standard
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.milestones import Route, Status, TrackingEvent, eta, status
from isthmus_platform.places import Place
from isthmus_platform.wording import title

__all__ = [
    "EventOutcome",
    "Outcome",
    "Progress",
    "RecordedEvent",
    "Status",
    "TimelineEntry",
    "TrackingEvent",
    "attach",
    "eta",
    "merge",
    "progress",
    "record",
    "status",
    "timeline",
]

MOST_EVENTS = 1000


class Outcome(StrEnum):
    """What became of an event that was sent."""

    RECORDED = "RECORDED"
    DUPLICATE = "DUPLICATE"
    CORRECTED = "CORRECTED"
    STALE = "STALE"
    UNMATCHED = "UNMATCHED"


EXPLANATIONS = {
    Outcome.DUPLICATE: ("known_event", "This version of the event is known; nothing was added."),
    Outcome.STALE: (
        "newer_version_known",
        "A newer version of the event is known; this one is kept beneath it.",
    ),
    Outcome.UNMATCHED: (
        "no_shipment",
        "No shipment of yours carries these references; the event attaches when one is made.",
    ),
}


@dataclass(frozen=True)
class EventOutcome:
    """An event's id at its source and what became of it; ``shipment`` is the matched shipment's reference."""

    event_id: str
    outcome: Outcome
    shipment_id: UUID | None = None
    shipment: str | None = None

    @property
    def code(self) -> str | None:
        """A stable code that says why, where the outcome needs one."""
        return EXPLANATIONS.get(self.outcome, (None, None))[0]

    @property
    def message(self) -> str | None:
        """The same for people."""
        return EXPLANATIONS.get(self.outcome, (None, None))[1]


@dataclass(frozen=True)
class TimelineEntry:
    """What happened to a shipment or is expected to; ``source`` names the party that said so."""

    id: UUID
    at: datetime
    kind: str
    code: str
    classifier: str
    title: str
    place: Place | None
    equipment_reference: str | None
    source: str
    source_event_id: str
    correction: bool
    received_at: datetime


@dataclass(frozen=True)
class Progress:
    """A shipment's status and when it is expected at its destination."""

    status: Status
    eta: datetime | None


@dataclass(frozen=True)
class _Version:
    """A version of an event that is on record, or about to be."""

    id: UUID
    version_at: datetime
    digest: str
    shipment_id: UUID | None


def record(work: Work, standard: Standard, events: Sequence[ReceivedEvent]) -> list[EventOutcome]:
    """Keep a carrier's ``events`` and return what became of each, in their order; all of them or none.

    Raises :class:`NotPermitted` (``role_required``), :class:`InvalidInput` (``event_before_shipment``,
    ``too_many``) and :class:`Conflict` (``event_version_reused``: a version's time came with other content).
    """
    work.actor.require(PartyRole.CARRIER)
    if len(events) > MOST_EVENTS:
        raise InvalidInput(f"At most {MOST_EVENTS} events at a time.", field="events", code="too_many")
    matching.one_at_a_time(work, work.actor.party_id)
    known = _known(work, {received.event.source_event_id for received in events})
    matched = matching.match(work, [received.event for received in events])
    rows: list[dict[str, Any]] = []
    outcomes: list[EventOutcome] = []
    for index, received in enumerate(events):
        outcome, row = _judge(work, standard, received, known, matched[index], f"events[{index}]")
        outcomes.append(outcome)
        if row is not None:
            rows.append(row)
    if rows:
        work.session.execute(insert(RecordedEvent), rows)
        _supersede(work, known)
        about = {"standard": standard.value, "events": [str(row["id"]) for row in rows]}
        domain_events.announce(work, "events.recorded", quantity=len(rows), about=about)
    return outcomes


def attach(work: Work, shipment: Shipment) -> int:
    """Attach the events that ``shipment``'s carrier sent before it was made; return how many.

    They are not the owner's to see until then, so the duty ``matching`` looks for them.
    """
    if shipment.carrier_id is None:
        return 0
    matching.one_at_a_time(work, shipment.carrier_id)
    waiting = [
        (column, value)
        for column, values in (
            (RecordedEvent.transport_document, [shipment.bill_of_lading]),
            (RecordedEvent.booking_reference, [shipment.booking_reference]),
            (RecordedEvent.equipment_reference, [unit.reference for unit in shipment.equipment]),
        )
        for value in values
        if value is not None
    ]
    with on_duty(work, "matching"):
        found = {
            row.id: row
            for column, value in waiting
            for row in work.session.scalars(
                select(RecordedEvent).where(
                    RecordedEvent.party_id == shipment.carrier_id,
                    RecordedEvent.shipment_id.is_(None),
                    column == value,
                    RecordedEvent.at >= shipment.booked_at,
                )
            )
        }
        rows = list(found.values())
        matched = matching.match(work, [_event(row) for row in rows], carrier_id=shipment.carrier_id)
        ids = [
            row.id
            for row, candidate in zip(rows, matched, strict=True)
            if candidate and candidate.id == shipment.id
        ]
        if ids:
            work.session.execute(
                update(RecordedEvent)
                .where(RecordedEvent.id.in_(ids))
                .values(shipment_id=shipment.id)
                .execution_options(synchronize_session=False)
            )
    return len(ids)


def progress(work: Work, shipments: Iterable[Shipment]) -> dict[UUID, Progress]:
    """Return status and expected arrival of each shipment, by id, from one statement."""
    routes = {s.id: Route(s.origin, s.destination, tuple(s.transhipments)) for s in shipments}
    events: dict[UUID, list[TrackingEvent]] = defaultdict(list)
    for row in _standing(work, routes):
        if row.shipment_id is not None:
            events[row.shipment_id].append(_event(row))
    return {
        shipment_id: Progress(status(events[shipment_id], route), eta(events[shipment_id], route))
        for shipment_id, route in routes.items()
    }


def timeline(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[TimelineEntry]]:
    """Return the carriers' entries of each shipment, oldest first, by its id, from one statement."""
    entries: dict[UUID, list[TimelineEntry]] = {shipment_id: [] for shipment_id in shipment_ids}
    rows = _standing(work, entries)
    sources = parties.get_many(work, (row.party_id for row in rows))
    for row in rows:
        if row.shipment_id is not None and not row.retracted:
            entries[row.shipment_id].append(_entry(row, sources[row.party_id].name))
    return merge(entries)


def merge(*timelines: Mapping[UUID, Iterable[TimelineEntry]]) -> dict[UUID, list[TimelineEntry]]:
    """Return one timeline of several (carriers', customs'), each shipment's entries oldest first."""
    together: dict[UUID, list[TimelineEntry]] = defaultdict(list)
    for entries in timelines:
        for shipment_id, its_own in entries.items():
            together[shipment_id].extend(its_own)
    return {
        shipment_id: sorted(
            found, key=lambda entry: (entry.at, entry.kind, entry.code, entry.source_event_id)
        )
        for shipment_id, found in together.items()
    }


def _judge(
    work: Work,
    standard: Standard,
    received: ReceivedEvent,
    known: dict[str, list[_Version]],
    candidate: matching.Candidate | None,
    path: str,
) -> tuple[EventOutcome, dict[str, Any] | None]:
    """Return what becomes of one event, and the row to add if any; ``known`` learns of it."""
    event = received.event
    digest = hashlib.sha256(orjson.dumps(received.content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    versions = known[event.source_event_id]
    shipment_id = (
        candidate.id if candidate else next((v.shipment_id for v in versions if v.shipment_id), None)
    )
    reference = candidate.reference if candidate else None
    if any(version.digest == digest for version in versions):
        return EventOutcome(event.source_event_id, Outcome.DUPLICATE, shipment_id, reference), None
    if any(version.version_at == event.version_at for version in versions):
        raise Conflict(
            "This version of the event is known with other content; a correction carries a later time.",
            field=f"{path}.eventID",
            code="event_version_reused",
        )
    if candidate is not None and not event.retracted and event.at < candidate.booked_at:
        raise InvalidInput(
            f"The event happened before its shipment {candidate.reference} was booked.",
            field=f"{path}.eventDateTime",
            code="event_before_shipment",
        )
    newest = max((version.version_at for version in versions), default=None)
    row_id = new_id()
    versions.append(_Version(row_id, event.version_at, digest, shipment_id))
    outcome = _outcome(event, newest, shipment_id)
    row = {
        **{name: getattr(event, name) for name in TrackingEvent.__slots__},
        "id": row_id,
        "party_id": work.actor.party_id,
        "shipment_id": shipment_id,
        "digest": digest,
        "standard": standard.value,
        "content": received.content,
        "correction": outcome is Outcome.CORRECTED,
        "received_at": work.now,
        "superseded_at": None,
    }
    return EventOutcome(event.source_event_id, outcome, shipment_id, reference), row


def _outcome(event: TrackingEvent, newest: datetime | None, shipment_id: UUID | None) -> Outcome:
    if newest is not None and event.version_at < newest:
        return Outcome.STALE
    if newest is not None:
        return Outcome.CORRECTED
    return Outcome.UNMATCHED if shipment_id is None else Outcome.RECORDED


def _known(work: Work, event_ids: set[str]) -> dict[str, list[_Version]]:
    rows = work.session.execute(
        select(
            RecordedEvent.source_event_id,
            RecordedEvent.id,
            RecordedEvent.version_at,
            RecordedEvent.digest,
            RecordedEvent.shipment_id,
        ).where(RecordedEvent.party_id == work.actor.party_id, RecordedEvent.source_event_id.in_(event_ids))
    )
    known: dict[str, list[_Version]] = defaultdict(list)
    for event_id, row_id, version_at, digest, shipment_id in rows:
        known[event_id].append(_Version(row_id, version_at, digest, shipment_id))
    return known


def _supersede(work: Work, known: Mapping[str, Sequence[_Version]]) -> None:
    """Mark every version but the newest of each event."""
    older = [
        version.id
        for versions in known.values()
        for version in sorted(versions, key=lambda version: version.version_at)[:-1]
    ]
    if older:
        work.session.execute(
            update(RecordedEvent)
            .where(RecordedEvent.id.in_(older), RecordedEvent.superseded_at.is_(None))
            .values(superseded_at=work.now)
            .execution_options(synchronize_session=False)
        )


def _standing(work: Work, shipment_ids: Iterable[UUID]) -> Sequence[RecordedEvent]:
    return work.session.scalars(
        select(RecordedEvent).where(
            RecordedEvent.shipment_id.in_(list(shipment_ids)), RecordedEvent.superseded_at.is_(None)
        )
    ).all()


def _event(row: RecordedEvent) -> TrackingEvent:
    return TrackingEvent(**{name: getattr(row, name) for name in TrackingEvent.__slots__})


def _entry(row: RecordedEvent, source: str) -> TimelineEntry:
    event = _event(row)
    return TimelineEntry(
        id=row.id,
        at=row.at,
        kind=row.kind,
        code=row.code,
        classifier=row.classifier,
        title=title(event),
        place=places.known(row.place) if row.place else None,
        equipment_reference=row.equipment_reference,
        source=source,
        source_event_id=row.source_event_id,
        correction=row.correction,
        received_at=row.received_at,
    )
