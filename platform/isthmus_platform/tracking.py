"""Tracking: what carriers, terminals and customs say of shipments, and what follows from it.

Events are kept by :mod:`isthmus_platform.recording` and matched by :mod:`isthmus_platform.matching`; where
a shipment stands is derived by :mod:`isthmus_platform.journeys`, written by :mod:`isthmus_platform.deriving`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, text, update

from isthmus_platform import deriving, matching, parties, places
from isthmus_platform.consignments import RecordedEvent, Shipment
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.journeys import Journey, journey
from isthmus_platform.matching import Names, Register
from isthmus_platform.milestones import Status, TrackingEvent, eta, sentence, status
from isthmus_platform.places import Place
from isthmus_platform.recording import EventOutcome, Outcome, record
from isthmus_platform.sources import Report
from isthmus_platform.tracking_records import ShipmentException, ShipmentLeg, ShipmentTracking
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
    "event_of",
    "exceptions_of",
    "journeys_of",
    "legs_of",
    "merge",
    "progress",
    "record",
    "status",
    "timeline",
]


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


def attach(work: Work, made: Sequence[tuple[Shipment, Collection[UUID]]]) -> int:
    """Attach the events that came before the shipments just ``made`` by one party; return how many.

    Each shipment comes with its sources beside its carrier. The events are not the owner's to see until then,
    so the duty ``matching`` looks for them. Where the maker has other shipments under the same booking or
    document, what was told of these is told of the new one too.
    """
    told: dict[UUID, list[Shipment]] = defaultdict(list)
    for shipment, sources in made:
        for source_id in {*sources, *((shipment.carrier_id,) if shipment.carrier_id else ())}:
            told[source_id].append(shipment)
    attached = sum(_attach_all(work, told[source_id], source_id) for source_id in sorted(told))
    deriving.refresh(work, [shipment.id for shipment, _ in made])
    return attached


def _attach_all(work: Work, shipments: Sequence[Shipment], source_id: UUID) -> int:
    """Look once for all the shipments, since most files are of shipments that nobody has told of yet."""
    matching.one_at_a_time(work, source_id)
    legs = _legs(work, shipments)
    with on_duty(work, "matching"):
        found = select(RecordedEvent.id).where(_may_be_of(shipments, source_id, legs)).limit(1)
        if work.session.scalar(found) is None:
            return 0
    return sum(
        _attach(work, each, source_id, [leg for leg in legs if leg.shipment_id == each.id])
        for each in shipments
    )


def _attach(work: Work, shipment: Shipment, source_id: UUID, legs: Sequence[ShipmentLeg]) -> int:
    with on_duty(work, "matching"):
        rows = work.session.scalars(
            select(RecordedEvent).where(_may_be_of([shipment], source_id, legs))
        ).all()
    if not rows:
        return 0
    events = [event_of(row) for row in rows]
    register = matching.register(work, [(event, Names.of(event)) for event in events], source_id)
    its_own = [
        row for row, event in zip(rows, events, strict=True) if _is_about(register, event, shipment.id)
    ]
    waiting = [row.id for row in its_own if row.shipment_id is None]
    shared = [row.id for row in its_own if row.shipment_id is not None]
    with on_duty(work, "matching"):
        if waiting:
            work.session.execute(
                update(RecordedEvent)
                .where(RecordedEvent.id.in_(waiting))
                .values(shipment_id=shipment.id)
                .execution_options(synchronize_session=False)
            )
        if shared:
            given = {"ids": shared, "new": [new_id() for _ in shared], "shipment": shipment.id}
            given["owner"] = shipment.party_id
            work.session.execute(SHARE, given)
    return len(its_own)


def _legs(work: Work, shipments: Sequence[Shipment]) -> Sequence[ShipmentLeg]:
    ids = [shipment.id for shipment in shipments]
    return work.session.scalars(select(ShipmentLeg).where(ShipmentLeg.shipment_id.in_(ids))).all()


def _may_be_of(
    shipments: Sequence[Shipment], source_id: UUID, legs: Sequence[ShipmentLeg]
) -> ColumnElement[bool]:
    """Return what holds of events that wait under the names of these, and of their siblings under them."""
    bookings = [
        *(each.booking_reference for each in shipments if each.booking_reference),
        *(each.booking_reference for each in legs if each.booking_reference),
    ]
    documents = [
        *(each.bill_of_lading for each in shipments if each.bill_of_lading),
        *(each.transport_document for each in legs if each.transport_document),
    ]
    named = or_(
        RecordedEvent.booking_reference.in_(bookings), RecordedEvent.transport_document.in_(documents)
    )
    carried = RecordedEvent.equipment_reference.in_(
        {unit.reference for shipment in shipments for unit in shipment.equipment}
    )
    siblings = select(Shipment.id).where(
        Shipment.created_by == shipments[0].created_by,
        Shipment.id.not_in([shipment.id for shipment in shipments]),
        or_(Shipment.booking_reference.in_(bookings), Shipment.bill_of_lading.in_(documents)),
    )
    return and_(
        RecordedEvent.party_id == source_id,
        RecordedEvent.at >= min(shipment.booked_at for shipment in shipments),
        or_(
            and_(RecordedEvent.shipment_id.is_(None), or_(named, carried)),
            and_(RecordedEvent.shipment_id.in_(siblings), named),
        ),
    )


def _is_about(register: Register, event: TrackingEvent, shipment_id: UUID) -> bool:
    return any(
        share.shipment is not None and share.shipment.id == shipment_id
        for share in register.shares(event, Names.of(event))
    )


# A further part of the same version, for the shipment that shares its booking.
SHARED = [
    column.name
    for column in RecordedEvent.__table__.columns
    if column.name not in ("id", "part", "shipment_id", "owner_id")
]
SHARE = text(
    f"""
    INSERT INTO tracking_event (id, part, shipment_id, owner_id, {", ".join(SHARED)})
    SELECT given.new_id, 1 + (
            SELECT max(other.part) FROM tracking_event other WHERE other.party_id = told.party_id
            AND other.source_event_id = told.source_event_id AND other.version_at = told.version_at
        ), :shipment, :owner, {", ".join(f"told.{name}" for name in SHARED)}
    FROM unnest(CAST(:ids AS uuid[]), CAST(:new AS uuid[])) AS given (old_id, new_id)
    JOIN tracking_event told ON told.id = given.old_id
    """  # noqa: S608 (the names are columns of ours)
)


def progress(work: Work, shipments: Iterable[Shipment]) -> dict[UUID, Progress]:
    """Return status and expected arrival of each shipment, by id, from one statement.

    They are as :mod:`isthmus_platform.deriving` wrote them; a shipment it has not come to yet is derived now.
    """
    found: dict[UUID, Progress | None] = {shipment.id: None for shipment in shipments}
    for row in work.session.scalars(
        select(ShipmentTracking).where(ShipmentTracking.shipment_id.in_(list(found)))
    ):
        words = sentence(row.status, row.status_place)
        found[row.shipment_id] = Progress(Status(row.status, words, row.status_at, row.status_place), row.eta)
    missing = [shipment_id for shipment_id, known in found.items() if known is None]
    if missing:
        found |= {
            shipment_id: Progress(each.status, each.eta.at if each.eta else None)
            for shipment_id, each in journeys_of(work, missing).items()
        }
    return {shipment_id: known for shipment_id, known in found.items() if known is not None}


def journeys_of(
    work: Work, shipment_ids: Collection[UUID], also: Mapping[UUID, Iterable[Report]] = MappingProxyType({})
) -> dict[UUID, Journey]:
    """Return the one view of each visible shipment, of what its sources and ``also`` said, by id."""
    found = deriving.ways(work, shipment_ids)
    told = deriving.reports(work, found)
    return {
        shipment_id: journey([*told[shipment_id], *also.get(shipment_id, ())], way.route)
        for shipment_id, way in found.items()
    }


def exceptions_of(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ShipmentException]]:
    """Return the exceptions of each shipment that the actor may see, the standing ones first."""
    found: dict[UUID, list[ShipmentException]] = {shipment_id: [] for shipment_id in shipment_ids}
    rows = select(ShipmentException).where(ShipmentException.shipment_id.in_(list(found)))
    order = (ShipmentException.until.is_not(None), ShipmentException.since.desc(), ShipmentException.key)
    for row in work.session.scalars(rows.order_by(*order, ShipmentException.private)):
        found[row.shipment_id].append(row)
    return found


def legs_of(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ShipmentLeg]]:
    """Return the legs of each shipment in their order."""
    found: dict[UUID, list[ShipmentLeg]] = {shipment_id: [] for shipment_id in shipment_ids}
    rows = select(ShipmentLeg).where(ShipmentLeg.shipment_id.in_(list(found)))
    for row in work.session.scalars(rows.order_by(ShipmentLeg.sequence)):
        found[row.shipment_id].append(row)
    return found


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


def _standing(work: Work, shipment_ids: Iterable[UUID]) -> Sequence[RecordedEvent]:
    return work.session.scalars(
        select(RecordedEvent).where(
            RecordedEvent.shipment_id.in_(list(shipment_ids)), RecordedEvent.superseded_at.is_(None)
        )
    ).all()


def event_of(row: RecordedEvent) -> TrackingEvent:
    """Return what a recorded event says."""
    return TrackingEvent(**{name: getattr(row, name) for name in TrackingEvent._fields})


def _entry(row: RecordedEvent, source: str) -> TimelineEntry:
    event = event_of(row)
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
