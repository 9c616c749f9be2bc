"""Finding shipments: by any reference, place, status, expected arrival, exception.

Each way of finding is an equality or range on columns of its own, so that PostgreSQL may use an index beneath
row-level security; what a reader may not see (another's MRN) it does not find by either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, column, func, select, table, union

from isthmus_platform import parties, places
from isthmus_platform.consignments import Equipment, Shipment
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput
from isthmus_platform.irregularities import Code
from isthmus_platform.tracking_records import ShipmentException, ShipmentLeg, ShipmentTracking

DECLARATION = table(
    "declaration", column("shipment_id"), column("mrn")
)  # declarations' own, read here by MRN


@dataclass(frozen=True)
class ShipmentFilter:
    """Which shipments a page holds; None does not count, all others must hold.

    ``owner`` and ``carrier`` are party names. ``any_reference`` is any of: the owner's reference, UCR,
    booking, transport document (also of a leg), container, MRN. ``place`` (UN/LOCODE) is on the route
    or where the shipment was last. ``eta_from`` is included, ``eta_until`` is not. ``exception`` is one that
    stands.
    """

    reference: str | None = None
    ucr: str | None = None
    booking_reference: str | None = None
    bill_of_lading: str | None = None
    equipment_reference: str | None = None
    mrn: str | None = None
    any_reference: str | None = None
    origin: str | None = None
    destination: str | None = None
    place: str | None = None
    owner: str | None = None
    carrier: str | None = None
    status: str | None = None
    eta_from: datetime | None = None
    eta_until: datetime | None = None
    exception: str | None = None


def conditions(work: Work, wanted: ShipmentFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold of a shipment; raises :class:`InvalidInput`, :class:`NotFound`."""
    for its_column, value in (
        (Shipment.reference, wanted.reference),
        (Shipment.ucr, wanted.ucr),
        (Shipment.booking_reference, wanted.booking_reference),
        (Shipment.bill_of_lading, wanted.bill_of_lading),
        (Shipment.origin, wanted.origin),
        (Shipment.destination, wanted.destination),
    ):
        if value is not None:
            yield its_column == value
    if wanted.equipment_reference is not None:
        yield Shipment.equipment.any(Equipment.reference == wanted.equipment_reference)
    if wanted.mrn is not None:
        yield Shipment.id.in_(select(DECLARATION.c.shipment_id).where(DECLARATION.c.mrn == wanted.mrn))
    if wanted.any_reference is not None:
        yield _any_reference(wanted.any_reference)
    if wanted.place is not None:
        yield _place(places.find(wanted.place, field="filter.place").code)
    if wanted.owner is not None:
        yield Shipment.party_id == parties.by_name(work, wanted.owner, field="filter.owner").id
    if wanted.carrier is not None:
        yield Shipment.carrier_id == parties.by_name(work, wanted.carrier, field="filter.carrier").id
    yield from _derived(wanted)


def _derived(wanted: ShipmentFilter) -> Iterator[ColumnElement[bool]]:
    stands: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        stands.append(ShipmentTracking.status == wanted.status)
    if wanted.eta_from is not None:
        stands.append(ShipmentTracking.eta >= _instant(wanted.eta_from, "filter.etaFrom"))
    if wanted.eta_until is not None:
        stands.append(ShipmentTracking.eta < _instant(wanted.eta_until, "filter.etaUntil"))
    if stands:
        yield Shipment.id.in_(select(ShipmentTracking.shipment_id).where(*stands))
    if wanted.exception is not None:
        if wanted.exception not in Code.__members__:
            raise InvalidInput(
                f"An exception is one of {', '.join(Code)}.", field="filter.exception", code="unknown_code"
            )
        yield Shipment.id.in_(
            select(ShipmentException.shipment_id).where(
                ShipmentException.code == wanted.exception, ShipmentException.until.is_(None)
            )
        )


def _instant(value: datetime, field: str) -> datetime:
    if value.tzinfo is None:
        raise InvalidInput(f"{field} is a time with its offset from UTC.", field=field, code="no_offset")
    return value


def _any_reference(reference: str) -> ColumnElement[bool]:
    """Return the condition as one look-up a kind of reference: an OR across tables would use no index."""
    own = (Shipment.reference, Shipment.ucr, Shipment.booking_reference, Shipment.bill_of_lading)
    legs = (ShipmentLeg.booking_reference, ShipmentLeg.transport_document)
    found = union(
        *(select(Shipment.id).where(its_column == reference) for its_column in own),
        *(select(ShipmentLeg.shipment_id).where(its_column == reference) for its_column in legs),
        select(Equipment.shipment_id).where(Equipment.reference == reference),
        select(DECLARATION.c.shipment_id).where(DECLARATION.c.mrn == reference),
    ).subquery()
    ids: ColumnElement[UUID] = found.c[0]
    return Shipment.id.in_(select(ids))


def _place(code: str) -> ColumnElement[bool]:
    """Return the condition that the shipment leads by the place or is there, by index."""
    found = func.shipments_at(code).table_valued(column("found", Uuid))
    return Shipment.id.in_(select(found.c.found))
