"""Booking on an accepted quote, moving a booking, and handing in what has to be there by its cut-offs."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import booking_terms, identity
from isthmus_graphql.booking_terms import BookingTermsInput
from isthmus_graphql.bookings import Booking, BookingMove
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.scalars import DateTime, Decimal
from isthmus_platform.database import Work
from isthmus_platform.logistics import bookings, instructions
from isthmus_platform.logistics.booking_machine import BookingAction


class RequestBookingInput(Change):
    """The quote that you accepted."""

    quote = graphene.ID(required=True, description="Global id of the quote.")
    terms = BookingTermsInput(description="What you ask for beside what was quoted.")


class BookingConfirmationInput(graphene.InputObjectType):
    """What a carrier confirms with."""

    reference = graphene.String(required=True, description="Its booking reference, 1 to 35 characters.")
    documentation_cut_off = DateTime(required=True, description="For the shipping instruction (DCO).")
    vgm_cut_off = DateTime(required=True, description="For verified gross mass (VCO).")
    cargo_cut_off = DateTime(required=True, description="For the cargo (FCO).")


class MoveBookingInput(Change):
    """What you do to a booking."""

    booking = graphene.ID(required=True, description="Global id of the booking.")
    move = BookingMove(required=True, description="What.")
    reason = graphene.String(description="Why, 1 to 255 characters; wanted of all but CONFIRM and COMPLETE.")
    confirmation = BookingConfirmationInput(description="Of CONFIRM alone.")
    terms = BookingTermsInput(description="Of UPDATE alone: what you ask for now, all of it.")


class SubmitShippingInstructionInput(Change):
    """Your shipping or forwarding instruction for a confirmed booking."""

    booking = graphene.ID(required=True, description="Global id of the booking.")
    document = graphene.ID(required=True, description="Global id of a document of yours, type 340 or 610.")


class SubmitGrossMassInput(Change):
    """The verified gross mass of a packed container."""

    booking = graphene.ID(required=True, description="Global id of the booking.")
    equipment = graphene.String(required=True, description="ISO 6346 number.")
    mass_kg = Decimal(required=True, description="In kilograms, at most three decimals.")
    method = graphene.String(required=True, description="`SM1` weighed packed, `SM2` added up.")
    responsible = graphene.String(required=True, description="Name of who answers for it.")
    weighed_at = DateTime(required=True, description="When.")


class RecordCargoDeliveryInput(Change):
    """The booking whose cargo is all there."""

    booking = graphene.ID(required=True, description="Global id of the booking.")


class BookingPayload(Changed):
    """The booking, or why nothing was changed."""

    booking = graphene.Field(Booking, description="As it stands.")


def _key(given: Any) -> UUID:
    return identity.key_of("Booking", given.booking, "booking")


def _booked(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"booking": bookings.get(work, UUID(ids["booking"]))}


def _performed(info: Info, given: Any, name: str, make: Any) -> BookingPayload:
    def write(work: Work) -> dict[str, Any]:
        return {"booking": str(make(work))}

    return perform(BookingPayload, info, given, Operation(name, write, _booked))


def request_booking(_root: Any, info: Info, input: Any) -> BookingPayload:  # noqa: A002
    """Book."""
    return _performed(
        info,
        input,
        "requestBooking",
        lambda work: (
            bookings.book(
                work, identity.key_of("FreightQuote", input.quote, "quote"), booking_terms.read(input.terms)
            ).id
        ),
    )


def move_booking(_root: Any, info: Info, input: Any) -> BookingPayload:  # noqa: A002
    """Make a move."""
    given = input.confirmation
    confirmation = given and bookings.Confirmation(
        given.reference, given.documentation_cut_off, given.vgm_cut_off, given.cargo_cut_off
    )
    return _performed(
        info,
        input,
        "moveBooking",
        lambda work: (
            bookings.act(
                work,
                _key(input),
                BookingAction(input.move.value),
                reason=input.reason,
                confirmation=confirmation,
                terms=booking_terms.read(input.terms),
            ).id
        ),
    )


def submit_shipping_instruction(_root: Any, info: Info, input: Any) -> BookingPayload:  # noqa: A002
    """Instruct."""
    return _performed(
        info,
        input,
        "submitShippingInstruction",
        lambda work: (
            instructions.submit(
                work,
                None if info.context.desk is None else info.context.desk.vault,
                _key(input),
                identity.key_of("Document", input.document, "document"),
            ).id
        ),
    )


def submit_gross_mass(_root: Any, info: Info, input: Any) -> BookingPayload:  # noqa: A002
    """Submit a mass."""
    mass = bookings.Mass(input.equipment, input.mass_kg, input.method, input.responsible, input.weighed_at)
    return _performed(
        info,
        input,
        "submitGrossMass",
        lambda work: bookings.submit_mass(work, _key(input), mass).booking_id,
    )


def record_cargo_delivery(_root: Any, info: Info, input: Any) -> BookingPayload:  # noqa: A002
    """Say that the cargo is there."""
    return _performed(
        info, input, "recordCargoDelivery", lambda work: bookings.record_cargo(work, _key(input)).id
    )


class BookingMutation(graphene.ObjectType):
    """Bookings, and what has to be there by their cut-offs."""

    request_booking = change(
        BookingPayload, RequestBookingInput, request_booking, "Book on a quote that you accepted."
    )
    move_booking = change(
        BookingPayload,
        MoveBookingInput,
        move_booking,
        "Confirm, change, decline, cancel or complete a booking.",
    )
    submit_shipping_instruction = change(
        BookingPayload,
        SubmitShippingInstructionInput,
        submit_shipping_instruction,
        "For who booked: name the document with the instruction; a shipping instruction (340) is opened to"
        " the carrier by a grant, which ends if the booking is given up.",
    )
    submit_gross_mass = change(
        BookingPayload,
        SubmitGrossMassInput,
        submit_gross_mass,
        "For who booked: submit the verified gross mass of a container.",
    )
    record_cargo_delivery = change(
        BookingPayload,
        RecordCargoDeliveryInput,
        record_cargo_delivery,
        "For the carrier: all cargo of the booking is there.",
    )
