"""Keeping what sources send: every version once, newest on top, in a few statements for a whole batch.

An event is known by its source and its id there; a newer version supersedes the older,
whichever arrives first.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text

from isthmus_platform import bulk, deriving, domain_events, matching
from isthmus_platform.consignments import Shipment
from isthmus_platform.database import PartyRole, Work, new_id_text, on_duty
from isthmus_platform.dcsa import ReceivedEvent, Standard
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.matching import Candidate, Share
from isthmus_platform.milestones import TrackingEvent
from isthmus_platform.screening import asked

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


class EventOutcome(NamedTuple):
    """An event's id at its source and what became of it; ``shipment`` is the matched shipment's reference.

    ``also`` are the references of further shipments that the event names.
    """

    event_id: str
    outcome: Outcome
    shipment_id: UUID | None = None
    shipment: str | None = None
    also: tuple[str, ...] = ()

    @property
    def code(self) -> str | None:
        """A stable code that says why, where the outcome needs one."""
        return EXPLANATIONS.get(self.outcome, (None, None))[0]

    @property
    def message(self) -> str | None:
        """The same for people."""
        return EXPLANATIONS.get(self.outcome, (None, None))[1]


class Attached(NamedTuple):
    """A shipment that an event is attached to, and whose it is."""

    shipment_id: UUID
    owner_id: UUID


NOWHERE = (None, None)


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of an event that is on record, or about to be, and whose shipments it is attached to."""

    version_at: datetime
    digest: str
    attached: Sequence[Attached]


@dataclass
class _Batch:
    """What a batch of events comes to."""

    known: dict[str, list[_Version]]
    rows: list[tuple[Any, ...]]
    shipments: set[UUID]
    added: int = 0


def record(work: Work, standard: Standard, events: Sequence[ReceivedEvent]) -> list[EventOutcome]:
    """Keep a source's ``events`` and return what became of each, in their order; all of them or none.

    Raises :class:`NotPermitted` (``role_required``), :class:`InvalidInput` (``event_before_shipment``,
    ``too_many``) and :class:`Conflict` (``event_version_reused``: a version's time came with other content).
    """
    work.actor.require(PartyRole.CARRIER, PartyRole.TERMINAL)
    if len(events) > MOST_EVENTS:
        raise InvalidInput(f"At most {MOST_EVENTS} events at a time.", field="events", code="too_many")
    source_id, ids = work.actor.party_id, list[str]()
    matching.one_at_a_time(work, source_id)
    with on_duty(work, "matching"):
        batch = _Batch(_known(work, {received.event.source_event_id for received in events}), [], set())
        register = matching.register(work, ((each.event, each.names) for each in events), source_id)
        outcomes = [
            _judge(standard, received, batch, register.shares(received.event, received.names), f"events[{n}]")
            for n, received in enumerate(events)
        ]
        if batch.rows:
            asked.ask_for_new_vessels(work, _conveyances(batch))
            ids = _insert(work, batch)
            deriving.refresh(work, batch.shipments)
    if ids:
        about = {"standard": standard.value, "events": ids}
        domain_events.announce(work, "events.recorded", quantity=batch.added, about=about)
    return outcomes


def record_about(work: Work, standard: Standard, events: Sequence[ReceivedEvent], shipment: Shipment) -> None:
    """Keep what the actor tells of ``shipment``, which another service has found it to know of.

    A version that is known already changes nothing.
    """
    matching.one_at_a_time(work, work.actor.party_id)
    known = Candidate(
        id=shipment.id,
        owner_id=shipment.party_id,
        reference=shipment.reference,
        booked_at=shipment.booked_at,
        made_by=shipment.created_by,
        bookings=frozenset(),
        documents=frozenset(),
        equipment=frozenset(),
        own_bookings=False,
        own_documents=False,
    )
    with on_duty(work, "matching"):
        batch = _Batch(_known(work, {received.event.source_event_id for received in events}), [], set())
        for number, received in enumerate(events):
            _judge(standard, received, batch, [Share(known, None, None)], f"events[{number}]")
        if batch.rows:
            _insert(work, batch)
            deriving.refresh(work, batch.shipments)


def _judge(
    standard: Standard,
    received: ReceivedEvent,
    batch: _Batch,
    shares: list[Share],
    path: str,
) -> EventOutcome:
    """Return what becomes of one event; ``batch`` learns of it."""
    event = received.event
    content = orjson.dumps(received.content, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(content).hexdigest()
    versions = batch.known[event.source_event_id]
    named = [share.shipment for share in shares if share.shipment is not None]
    before = sorted({attached for version in versions for attached in version.attached})
    attached = [Attached(each.id, each.owner_id) for each in named] or before
    ids = [each.shipment_id for each in attached]
    if any(version.digest == digest for version in versions):
        return _answer(event, Outcome.DUPLICATE, named, ids)
    _check(event, versions, named, path)
    newest = max((version.version_at for version in versions), default=None)
    outcome = _outcome(event, newest, matched=bool(ids))
    versions.append(_Version(event.version_at, digest, attached))
    batch.shipments.update(ids, [each.shipment_id for each in before])
    batch.added += 1
    common = (digest, standard, received.conveyance, outcome is Outcome.CORRECTED)
    places: list[tuple[Share, Attached | tuple[None, None]]] = [
        (each, Attached(each.shipment.id, each.shipment.owner_id) if each.shipment else NOWHERE)
        for each in shares
    ]
    if attached and not named:  # it names no shipment any more, and goes where its other versions are
        places = [(shares[0], each) for each in attached]
    for part, (share, where) in enumerate(places):
        batch.rows.append((new_id_text(), *where, part, *common, *_told(event, share), content.decode()))
    return _answer(event, outcome, named, ids)


def _check(event: TrackingEvent, versions: Sequence[_Version], named: Sequence[Candidate], path: str) -> None:
    if any(version.version_at == event.version_at for version in versions):
        raise Conflict(
            "This version of the event is known with other content; a correction carries a later time.",
            field=f"{path}.eventID",
            code="event_version_reused",
        )
    for candidate in named:
        if not event.retracted and event.at < candidate.booked_at:
            raise InvalidInput(
                f"The event happened before its shipment {candidate.reference} was booked.",
                field=f"{path}.eventDateTime",
                code="event_before_shipment",
            )


def _answer(
    event: TrackingEvent, outcome: Outcome, named: Sequence[Candidate], ids: Sequence[UUID]
) -> EventOutcome:
    return EventOutcome(
        event.source_event_id,
        outcome,
        shipment_id=ids[0] if ids else None,
        shipment=named[0].reference if named else None,
        also=tuple(each.reference for each in named[1:]),
    )


def _told(event: TrackingEvent, share: Share) -> TrackingEvent:
    if (event.booking_reference, event.transport_document) == (share.booking, share.document):
        return event
    return event._replace(booking_reference=share.booking, transport_document=share.document)


def _outcome(event: TrackingEvent, newest: datetime | None, *, matched: bool) -> Outcome:
    if newest is not None and event.version_at < newest:
        return Outcome.STALE
    if newest is not None:
        return Outcome.CORRECTED
    return Outcome.RECORDED if matched else Outcome.UNMATCHED


def _known(work: Work, event_ids: set[str]) -> dict[str, list[_Version]]:
    rows = work.session.execute(KNOWN, {"source": work.actor.party_id, "ids": list(event_ids)})
    known: dict[str, list[_Version]] = defaultdict(list)
    for event_id, version_at, digest, shipments, owners in rows:
        attached = [Attached(*each) for each in zip(shipments, owners, strict=True) if each[0] is not None]
        known[event_id].append(_Version(version_at, digest, attached))
    return known


def _conveyances(batch: _Batch) -> set[tuple[UUID, UUID, str]]:
    """Return shipment, owner and conveyance of each row of a batch that has all three."""
    return {
        (shipment_id, owner_id, conveyance)
        for _, shipment_id, owner_id, _, _, _, conveyance, *_ in batch.rows
        if shipment_id is not None and conveyance is not None
    }


def _insert(work: Work, batch: _Batch) -> list[str]:
    """Add the rows of a batch and mark every version but the newest of each event; return the events' ids."""
    changed = {
        event_id: max(version.version_at for version in versions)
        for event_id, versions in batch.known.items()
        if len(versions) > 1
    }
    *columns, contents = zip(*batch.rows, strict=True)
    given: dict[str, Any] = dict(zip(TYPES, map(bulk.literal, columns), strict=True))
    given |= {"contents": f"[{','.join(contents)}]", "source": work.actor.party_id, "now": work.now}
    given |= {"changed": list(changed), "newest": list(changed.values())}
    work.session.execute(INSERT, given)
    return [row[0] for row in batch.rows if row[PART] == 0]


TYPES = {
    "id": "uuid",
    "shipment_id": "uuid",
    "owner_id": "uuid",
    "part": "int",
    "digest": "text",
    "standard": "text",
    "conveyance": "text",
    "correction": "boolean",
    **dict.fromkeys(TrackingEvent._fields, "text"),
    "version_at": "timestamptz",
    "at": "timestamptz",
    "empty": "boolean",
    "retracted": "boolean",
}
PART = list(TYPES).index("part")
KNOWN = text(
    """
    SELECT source_event_id, version_at, min(digest), array_agg(shipment_id), array_agg(owner_id)
    FROM tracking_event
    WHERE party_id = :source AND source_event_id = ANY (:ids) GROUP BY source_event_id, version_at
    """
)
COLUMNS = ", ".join([*TYPES, "content"])
# Rows come as one array a column: a batch is one statement, whatever its size. Contents come as one JSON
# array: among texts each of their quotes would be escaped, and read back.
INSERT = text(
    f"""
    WITH changed AS (
        SELECT * FROM unnest(CAST(:changed AS text[]), CAST(:newest AS timestamptz[])) AS c (event_id, newest)
    ), superseded AS (
        UPDATE tracking_event SET superseded_at = :now FROM changed
        WHERE party_id = :source AND source_event_id = event_id AND version_at < newest
            AND superseded_at IS NULL
    )
    INSERT INTO tracking_event ({COLUMNS}, party_id, received_at, superseded_at)
    SELECT {COLUMNS}, :source, :now, CASE WHEN version_at < newest THEN CAST(:now AS timestamptz) END
    FROM ROWS FROM (
        unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in TYPES.items())}),
        jsonb_array_elements(CAST(:contents AS jsonb))
    ) AS given ({COLUMNS})
    LEFT JOIN changed ON event_id = source_event_id
    ON CONFLICT (party_id, source_event_id, version_at, part) DO NOTHING
    """  # noqa: S608 (the names are columns of ours)
)
