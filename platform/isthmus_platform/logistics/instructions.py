"""Shipping instructions submitted for a booking, and bookings held against papers.

Whoever submits one opens it to the carrier by a grant, which its owner sees and takes back like any
other, and which ends when the booking is given up.
"""

from collections.abc import Sequence
from uuid import UUID

from isthmus_platform import documents
from isthmus_platform.database import Work
from isthmus_platform.documents import Document
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.logistics import booked_shipments, bookings, instruction_grants
from isthmus_platform.logistics.booking_machine import GIVEN_UP, BookingState
from isthmus_platform.logistics.booking_records import Booking, VerifiedGrossMass
from isthmus_platform.papers import issuing, plain
from isthmus_platform.papers.comparing import Source
from isthmus_platform.papers.shipping_instruction import ShippingInstruction
from isthmus_platform.papers.verified_masses import Booked

CITED = "booking:"
"""Before a booking's id, where it is cited."""


def submit(work: Work, vault: Vault | None, booking_id: UUID, document_id: UUID) -> Booking:
    """Submit an instruction for a confirmed booking; a shipping instruction (340) is opened to the carrier.

    One with data is of this booking: it names its reference and no more containers than are booked. Without
    a ``vault`` no data is read. Raises what :func:`bookings.instruct` raises, :class:`InvalidInput`
    (``other_booking``, ``other_units``) and :class:`Conflict` (``instruction_revoked``).
    """
    booking = bookings.instruct(work, booking_id, document_id)
    document = documents.get(work, document_id)
    if document.type in ShippingInstruction.TYPES:
        if vault is not None:
            _check(work, vault, booking, document)
        instruction_grants.open_to_carrier(work, booking, document)
    return booking


def _check(work: Work, vault: Vault, booking: Booking, document: Document) -> None:
    said = issuing.said(work, vault, [document]).get(document.id)
    if said is None:  # it is a file
        return
    if said.issued.revoked_at is not None:
        raise Conflict("The instruction was revoked.", field="document", code="instruction_revoked")
    paper = plain.paper(document.type, said.data)
    if not isinstance(paper, ShippingInstruction):
        return
    if paper.booking_reference != booking.reference:
        raise InvalidInput(
            f"The instruction's booking is {paper.booking_reference or 'not said'}, not {booking.reference}.",
            field="document.bookingReference",
            code="other_booking",
        )
    if len(paper.containers) > booking.units:
        raise InvalidInput(
            f"{booking.units} containers are booked, the instruction has {len(paper.containers)}.",
            field="document.containers",
            code="other_units",
        )


def of_shipments(work: Work, shipment_ids: Sequence[UUID]) -> dict[UUID, list[Source]]:
    """Return the bookings that carry each shipment, as the actor sees them, to be held against papers.

    A client that may not read logistics is shown none.
    """
    if not work.actor.has("read:logistics"):
        return {}
    tied = {
        shipment_id: [each for each in several if BookingState(each.state) not in GIVEN_UP]
        for shipment_id, several in booked_shipments.of_shipments(work, shipment_ids).items()
    }
    weighed = bookings.masses(work, [each.id for several in tied.values() for each in several])
    return {
        shipment_id: [_booked(each, weighed[each.id], alone=len(several) == 1) for each in several]
        for shipment_id, several in tied.items()
    }


def _booked(booking: Booking, weighed: Sequence[VerifiedGrossMass], *, alone: bool) -> Source:
    """Return what a booking says; of several for one shipment none speaks for all of it."""
    masses = {mass.equipment: mass.mass_kg for mass in weighed}
    complete = alone and len(masses) >= booking.units
    reference = booking.reference if alone else None
    return Source(f"{CITED}{booking.id}", Booked(reference, tuple(masses) if complete else (), masses))
