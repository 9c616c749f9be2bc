"""The events a party may see, in the order in which their sources told them: for those who fetch them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text, tuple_
from sqlalchemy.orm import undefer

from isthmus_platform.consignments import RecordedEvent, Shipment
from isthmus_platform.database import Work

MOST = 1000
ONCE = text(
    "DISTINCT ON (tracking_event.version_at, tracking_event.party_id, tracking_event.source_event_id)"
)
CALL_3 = ("transportDetails", "transportCall")
VOYAGE_3 = (*CALL_3, "exportVoyageNumberOrReference", "carrierVoyageNumber")
CALL = {
    "transportCallID": (("transportCall", "transportCallID"), (*CALL_3, "transportCallReference")),
    "vesselIMONumber": (
        ("transportCall", "vessel", "vesselIMONumber"),
        (*CALL_3, "vesselTransport", "vesselIMONumber"),
    ),
    "exportVoyageNumber": (("transportCall", "exportVoyageNumber"), VOYAGE_3),
    "carrierVoyageNumber": (("transportCall", "carrierVoyageNumber"), VOYAGE_3),
    "carrierServiceCode": (
        ("transportCall", "carrierServiceCode"),
        (*CALL_3, "serviceCodeOrReference", "carrierServiceCode"),
    ),
}
"""Where an event says what 2.2's filters of a transport call ask for, in a message of either version."""


@dataclass(frozen=True)
class Position:
    """A place in the feed: when the event was last changed, by whom, and its id there."""

    version_at: datetime
    party_id: UUID
    source_event_id: str


@dataclass(frozen=True)
class FeedFilter:
    """Which events; an empty tuple and None do not count. Times are of its last change.

    ``calls`` are values of the transport call, each under a name of :data:`CALL`.
    """

    booking_reference: str | None = None
    transport_document: str | None = None
    equipment_reference: str | None = None
    place: str | None = None
    kinds: tuple[str, ...] = ()
    codes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    document_types: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    at_least: datetime | None = None
    at_most: datetime | None = None
    after: datetime | None = None
    before: datetime | None = None
    retracted: bool = True


def page(work: Work, wanted: FeedFilter, after: Position | None, first: int) -> Sequence[RecordedEvent]:
    """Return up to ``first`` events past ``after``, the newest version of each, oldest word first.

    An event that names several shipments comes once. A booking or document is matched in the event and in the
    shipments it is about.
    """
    place = (RecordedEvent.version_at, RecordedEvent.party_id, RecordedEvent.source_event_id)
    query = select(RecordedEvent).prefix_with(ONCE).where(RecordedEvent.superseded_at.is_(None))
    if after is not None:
        query = query.where(tuple_(*place) > (after.version_at, after.party_id, after.source_event_id))
    query = query.where(*_conditions(wanted)).order_by(*place, RecordedEvent.part).limit(first)
    return work.session.scalars(query.options(undefer(RecordedEvent.content))).all()


def of_shipment(
    work: Work, wanted: FeedFilter, shipment_id: UUID, received: ColumnElement[bool]
) -> Sequence[RecordedEvent]:
    """Return those events of a shipment that were ``received`` so, the newest version of each."""
    query = select(RecordedEvent).where(
        RecordedEvent.shipment_id == shipment_id, RecordedEvent.superseded_at.is_(None), received
    )
    order = (RecordedEvent.version_at, RecordedEvent.party_id, RecordedEvent.source_event_id)
    query = query.where(*_conditions(wanted)).order_by(*order)
    return work.session.scalars(query.options(undefer(RecordedEvent.content))).all()


def _conditions(wanted: FeedFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for its_column, of_shipment, value in (
        (RecordedEvent.booking_reference, Shipment.booking_reference, wanted.booking_reference),
        (RecordedEvent.transport_document, Shipment.bill_of_lading, wanted.transport_document),
    ):
        if value is not None:
            about = RecordedEvent.shipment_id.in_(select(Shipment.id).where(of_shipment == value))
            found.append(or_(its_column == value, about))
    if wanted.equipment_reference is not None:
        found.append(RecordedEvent.equipment_reference == wanted.equipment_reference)
    if wanted.place is not None:
        found.append(RecordedEvent.place == wanted.place)
    if wanted.kinds:
        found.append(RecordedEvent.kind.in_(wanted.kinds))
    for kind, codes in wanted.codes:
        found.append((RecordedEvent.kind == kind) & RecordedEvent.code.in_(codes))
    if wanted.document_types:
        found.append(RecordedEvent.document_type.in_(wanted.document_types))
    for name, value in wanted.calls:
        found.append(or_(*(RecordedEvent.content[path].astext == value for path in CALL[name])))
    if not wanted.retracted:
        found.append(RecordedEvent.retracted.is_(False))
    return found + _bounds(wanted)


def _bounds(wanted: FeedFilter) -> list[ColumnElement[bool]]:
    bounds = (
        (wanted.at_least, RecordedEvent.version_at.__ge__),
        (wanted.at_most, RecordedEvent.version_at.__le__),
        (wanted.after, RecordedEvent.version_at.__gt__),
        (wanted.before, RecordedEvent.version_at.__lt__),
    )
    return [within(limit) for limit, within in bounds if limit is not None]
