"""Which shipment a booking carries: told by who booked, once, where both go the same way."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform import shipments, tracking
from isthmus_platform.database import Work
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.logistics import bookings, quotes
from isthmus_platform.logistics.booking_machine import LIVE, BookingState
from isthmus_platform.logistics.booking_records import Booking
from isthmus_platform.logistics.errors import WrongParty, WrongState


def tie(work: Work, booking_id: UUID, shipment_id: UUID) -> Booking:
    """Tie a live booking to a shipment of the actor's, or of a principal of its. Again changes nothing.

    Raises :class:`NotFound`, :class:`WrongParty`, :class:`WrongState`, :class:`Conflict` (``tied_before``),
    :class:`InvalidInput` (``other_route``) where the shipment does not go by the booking's two places.
    """
    booking = bookings.get(work, booking_id, lock=True)
    if booking.party_id != work.actor.party_id:
        raise WrongParty("Only who booked may do this.", field="booking")
    shipment = shipments.get(work, shipment_id)
    if not work.session.scalar(select(func.acts_for(shipment.party_id))):
        raise NotFound("There is no such shipment of yours.", field="shipment")
    if booking.shipment_id == shipment.id:
        return booking
    if booking.shipment_id is not None:
        raise Conflict("The booking carries another shipment.", field="booking", code="tied_before")
    if BookingState(booking.state) not in LIVE:
        raise WrongState(f"The booking is {booking.state}.", field="booking")
    asked = quotes.get(work, quotes.quote_of(work, booking.quote_id).request_id)
    calls = [shipment.origin, *shipment.transhipments, shipment.destination]
    for leg in tracking.legs_of(work, [shipment.id]).get(shipment.id, ()):
        calls += [leg.origin, leg.destination]
    if not {asked.origin, asked.destination} <= set(calls):
        way = f"from {asked.origin} to {asked.destination}"
        raise InvalidInput(f"The booking is {way}.", field="shipment", code="other_route")
    booking.shipment_id, booking.changed_at = shipment.id, work.now
    work.session.flush()
    return booking


def of_shipments(work: Work, shipment_ids: Sequence[UUID]) -> dict[UUID, list[Booking]]:
    """Return the bookings of each shipment that the actor sees, oldest first."""
    found: dict[UUID, list[Booking]] = {one: [] for one in shipment_ids}
    query = select(Booking).where(Booking.shipment_id.in_(found)).order_by(Booking.id)
    for each in work.session.scalars(query):
        if each.shipment_id is not None:
            found[each.shipment_id].append(each)
    return found
