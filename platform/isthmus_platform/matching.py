"""Which shipments an event is about.

An event names transport documents or bookings; only where these tell nothing does its container decide. Only
shipments that name the source count (as their carrier, a leg's carrier or a terminal), so nobody's events
reach what others move. An event that names several consignments is about each of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text

from isthmus_platform.database import Work, on_duty
from isthmus_platform.milestones import TrackingEvent


class Names(NamedTuple):
    """Every booking and transport document that an event names, in its order."""

    bookings: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: TrackingEvent) -> "Names":
        """Return the names that an event itself holds: at most one of each."""
        booking, document = event.booking_reference, event.transport_document
        return cls((booking,) if booking else (), (document,) if document else ())


@dataclass(frozen=True)
class Candidate:
    """What of a shipment decides whether an event of one source is about it.

    ``own_bookings`` and ``own_documents`` are under the source's own numbers: the carrier's of the shipment,
    a leg's carrier's of its leg.
    """

    id: UUID
    owner_id: UUID
    reference: str
    booked_at: datetime
    made_by: UUID
    bookings: frozenset[str]
    documents: frozenset[str]
    equipment: frozenset[str]
    own_bookings: bool
    own_documents: bool

    def may_be(self, names: Names) -> bool:
        """Return whether the shipment could be one that is named otherwise than by container."""
        return not ((names.bookings and self.own_bookings) or (names.documents and self.own_documents))


class Share(NamedTuple):
    """One shipment that an event is about, or one name of it that no shipment carries yet."""

    shipment: Candidate | None
    booking: str | None
    document: str | None


class Register:
    """The shipments of one source, found by what an event names."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._bookings: dict[str, list[Candidate]] = defaultdict(list)
        self._documents: dict[str, list[Candidate]] = defaultdict(list)
        self._equipment: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in sorted(candidates, key=lambda each: each.id):
            for book, names in (
                (self._bookings, candidate.bookings),
                (self._documents, candidate.documents),
                (self._equipment, candidate.equipment),
            ):
                for name in names:
                    book[name].append(candidate)

    def shares(self, event: TrackingEvent, names: Names) -> list[Share]:
        """Return what ``event`` is about; at least one share, that of nobody where nothing is found.

        By transport document, else by booking: of several shipments that share one, those with the event's
        container, and of these whatever the maker of the oldest has under it (a booking split in several), so
        that a later shipment of somebody else never takes events. Without a reference in common, the only
        shipment that carries the container.
        """
        booking, document = next(iter(names.bookings), None), next(iter(names.documents), None)
        if len(names.bookings) < 2 and len(names.documents) < 2:
            found = self._sharing(self._documents.get(document or "", ()), event) or self._sharing(
                self._bookings.get(booking or "", ()), event
            )
            found = found or self._carrying(event, names)
            return [Share(each, booking, document) for each in found] or [Share(None, booking, document)]
        return self._several(event, names)

    def _several(self, event: TrackingEvent, names: Names) -> list[Share]:
        shares: dict[UUID, Share] = {}
        waiting: list[Share] = []
        for document in names.documents:
            found = self._sharing(self._documents.get(document, ()), event)
            for each in found:
                mine = next((name for name in names.bookings if name in each.bookings), None)
                shares.setdefault(each.id, Share(each, mine, document))
            if not found and len(names.documents) > 1:
                waiting.append(Share(None, None, document))
        for booking in names.bookings:
            found = self._sharing(self._bookings.get(booking, ()), event)
            for each in found:
                shares.setdefault(each.id, Share(each, booking, None))
            if not found and len(names.bookings) > 1:
                waiting.append(Share(None, booking, None))
        return [*shares.values(), *waiting]

    def _carrying(self, event: TrackingEvent, names: Names) -> Sequence[Candidate]:
        carrying = self._equipment.get(event.equipment_reference or "", [])
        return carrying if len(carrying) == 1 and carrying[0].may_be(names) else []

    @staticmethod
    def _sharing(named: Sequence[Candidate], event: TrackingEvent) -> Sequence[Candidate]:
        if len(named) < 2:
            return named
        carrying = [each for each in named if event.equipment_reference in each.equipment] or named
        return [each for each in carrying if each.made_by == carrying[0].made_by]


def register(work: Work, events: Iterable[tuple[TrackingEvent, Names]], source_id: UUID) -> Register:
    """Return those shipments of ``source_id`` that may have to do with ``events``."""
    bookings: set[str] = set()
    documents: set[str] = set()
    containers: set[str] = set()
    for event, names in events:
        bookings.update(names.bookings)
        documents.update(names.documents)
        if event.equipment_reference:
            containers.add(event.equipment_reference)
    given = {
        "source": source_id,
        "bookings": list(bookings),
        "documents": list(documents),
        "containers": list(containers),
    }
    ways = tuple(name for name in WAYS if given[name])
    if not ways:
        return Register(())
    with on_duty(work, "matching"):
        rows = work.session.execute(_candidates(ways), given).all()
    return Register(_candidate(source_id, *row) for row in rows)


def one_at_a_time(work: Work, source_id: UUID) -> None:
    """Let one transaction at a time change what is known of a source's events, until this one ends."""
    work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:source, 4711))"), {"source": str(source_id)}
    )


OF_SOURCE = (
    "(carrier_id = :source OR EXISTS (SELECT FROM shipment_source its_own"
    " WHERE its_own.shipment_id = shipment.id AND its_own.source_id = :source))"
)
# One index look-up a way of naming; an OR of them would read every shipment of the source.
WAYS = {
    "bookings": f"""
        SELECT id FROM shipment WHERE booking_reference = ANY (:bookings) AND {OF_SOURCE}
        UNION SELECT shipment_id FROM shipment_leg
            WHERE carrier_id = :source AND booking_reference = ANY (:bookings)
        """,  # noqa: S608 (a constant of ours)
    "documents": f"""
        SELECT id FROM shipment WHERE bill_of_lading = ANY (:documents) AND {OF_SOURCE}
        UNION SELECT shipment_id FROM shipment_leg
            WHERE carrier_id = :source AND transport_document = ANY (:documents)
        """,  # noqa: S608 (a constant of ours)
    "containers": f"""
        SELECT shipment_id FROM equipment JOIN shipment ON shipment.id = shipment_id
            WHERE equipment.reference = ANY (:containers) AND {OF_SOURCE}
        """,  # noqa: S608 (a constant of ours)
}


@cache
def _candidates(ways: tuple[str, ...]) -> TextClause:
    """Return the statement that finds shipments by these of :data:`WAYS`."""
    return text(
        f"""
    WITH named (id) AS ({" UNION ".join(WAYS[name] for name in ways)})
    SELECT shipment.id, party_id, reference, booked_at, created_by, carrier_id,
        booking_reference, bill_of_lading,
        ARRAY(SELECT unit.reference FROM equipment unit WHERE unit.shipment_id = shipment.id) AS equipment,
        ARRAY(SELECT leg.booking_reference FROM shipment_leg leg WHERE leg.shipment_id = shipment.id
            AND leg.carrier_id = :source AND leg.booking_reference IS NOT NULL) AS leg_bookings,
        ARRAY(SELECT leg.transport_document FROM shipment_leg leg WHERE leg.shipment_id = shipment.id
            AND leg.carrier_id = :source AND leg.transport_document IS NOT NULL) AS leg_documents
    FROM shipment JOIN named USING (id)
    """  # noqa: S608 (the parts are ours)
    )


def _candidate(
    source_id: UUID,
    shipment_id: UUID,
    owner_id: UUID,
    reference: str,
    booked_at: datetime,
    made_by: UUID,
    carrier_id: UUID | None,
    booking: str | None,
    document: str | None,
    equipment: list[str],
    leg_bookings: list[str],
    leg_documents: list[str],
) -> Candidate:
    """Return a row of what :func:`_candidates` finds, in the order of its columns."""
    carries = carrier_id == source_id
    return Candidate(
        id=shipment_id,
        owner_id=owner_id,
        reference=reference,
        booked_at=booked_at,
        made_by=made_by,
        bookings=frozenset([*leg_bookings, *filter(None, [booking])]),
        documents=frozenset([*leg_documents, *filter(None, [document])]),
        equipment=frozenset(equipment),
        own_bookings=bool((carries and booking) or leg_bookings),
        own_documents=bool((carries and document) or leg_documents),
    )
