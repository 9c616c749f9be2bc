"""Which shipment an event is about.

A carrier's event names a transport document or a booking; only where these tell nothing does its container
decide. Only shipments that name the carrier count, so nobody's events reach what another carrier moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text

from isthmus_platform.consignments import Equipment, Shipment
from isthmus_platform.database import Work
from isthmus_platform.milestones import TrackingEvent


@dataclass(frozen=True)
class Candidate:
    """What of a shipment decides whether an event is about it."""

    id: UUID
    reference: str
    booked_at: datetime
    booking_reference: str | None
    bill_of_lading: str | None
    equipment: frozenset[str]

    def may_be(self, event: TrackingEvent) -> bool:
        """Return whether the shipment could be the one that ``event`` names otherwise than by container."""
        return not (
            (event.booking_reference and self.booking_reference)
            or (event.transport_document and self.bill_of_lading)
        )


def choose(event: TrackingEvent, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the shipment that ``event`` is about, or None.

    By transport document, else by booking; of several that share one, those with the event's container, and
    of these the oldest, so that a later shipment never takes events from an earlier one. Without either
    reference in common, the only shipment that carries the container.
    """
    named = [
        c for c in candidates if event.transport_document and c.bill_of_lading == event.transport_document
    ] or [c for c in candidates if event.booking_reference and c.booking_reference == event.booking_reference]
    if named:
        carrying = [c for c in named if event.equipment_reference in c.equipment]
        return min(carrying or named, key=lambda candidate: candidate.id)
    carrying = [c for c in candidates if event.equipment_reference in c.equipment]
    return carrying[0] if len(carrying) == 1 and carrying[0].may_be(event) else None


def match(
    work: Work, events: Sequence[TrackingEvent], *, carrier_id: UUID | None = None
) -> list[Candidate | None]:
    """Return the shipment of each event among those of ``carrier_id`` (the actor by default)."""
    candidates = _candidates(work, events, carrier_id or work.actor.party_id)
    return [choose(event, candidates) for event in events]


def one_at_a_time(work: Work, carrier_id: UUID) -> None:
    """Let one transaction at a time change what is known of a carrier's events, until this one ends."""
    work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:carrier, 4711))"), {"carrier": str(carrier_id)}
    )


def _candidates(work: Work, events: Sequence[TrackingEvent], carrier_id: UUID) -> list[Candidate]:
    bookings = {event.booking_reference for event in events if event.booking_reference}
    documents = {event.transport_document for event in events if event.transport_document}
    containers = {event.equipment_reference for event in events if event.equipment_reference}
    carrying = select(Equipment.shipment_id).where(Equipment.reference.in_(containers))
    shipments = work.session.scalars(
        select(Shipment)
        .where(Shipment.carrier_id == carrier_id)
        .where(
            or_(
                Shipment.booking_reference.in_(bookings),
                Shipment.bill_of_lading.in_(documents),
                Shipment.id.in_(carrying),
            )
        )
    )
    return [
        Candidate(
            shipment.id,
            shipment.reference,
            shipment.booked_at,
            shipment.booking_reference,
            shipment.bill_of_lading,
            frozenset(unit.reference for unit in shipment.equipment),
        )
        for shipment in shipments
    ]
