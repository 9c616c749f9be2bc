"""Tying a booking to the shipment that it carries, and reading one by the other."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import documents as document_types
from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_platform import documents, shipments
from isthmus_platform.database import Work
from isthmus_platform.logistics import booked_shipments, bookings
from isthmus_platform.logistics.booking_records import Booking as BookingRow


class Carrying(graphene.ObjectType):
    """What its shipment adds to a booking."""

    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="What it carries, once that is told, if you see it."
    )
    instruction = graphene.Field(
        "isthmus_graphql.documents.Document",
        description="The shipping (340) or forwarding instruction (610) submitted, if you may read it.",
    )

    @staticmethod
    def resolve_shipment(row: BookingRow, info: Info) -> shipments.Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)

    @staticmethod
    def resolve_instruction(row: BookingRow, info: Info) -> documents.Document | None:
        """Return the instruction; another's reading of it is recorded."""
        if row.instructed_by is None or not documents.get_many(info.context.reading, [row.instructed_by]):
            return None
        return document_types.look(info.context, row.instructed_by)


class Booked(graphene.ObjectType):
    """What bookings add to a shipment."""

    bookings = graphene.List(
        graphene.NonNull("isthmus_graphql.bookings.Booking"),
        required=True,
        description="Bookings that carry it and are yours or with you, oldest first.",
    )

    @staticmethod
    def resolve_bookings(row: shipments.Shipment, info: Info) -> Any:
        """Return the bookings, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[BookingRow]]:
            found = booked_shipments.of_shipments(context.reading, ids)
            rows = [each for several in found.values() for each in several]
            context.loader.keep("booking", rows)
            context.loader.together(
                "party", [one for each in rows for one in (each.party_id, each.carrier_id)]
            )
            return found

        return context.loader.load("shipment", row.id, "bookings", read) or []


class TieBookingInput(Change):
    """A booking of yours, and the shipment that it carries."""

    booking = graphene.ID(required=True, description="Global id of the booking.")
    shipment = graphene.ID(required=True, description="Global id of a shipment of yours or a principal's.")


class TiedBookingPayload(Changed):
    """The booking, or why nothing was changed."""

    booking = graphene.Field("isthmus_graphql.bookings.Booking", description="As it stands.")


def tie_booking(_root: Any, info: Info, input: Any) -> TiedBookingPayload:  # noqa: A002
    """Tie them."""

    def write(work: Work) -> dict[str, Any]:
        tied = booked_shipments.tie(
            work,
            identity.key_of("Booking", input.booking, "booking"),
            identity.key_of("Shipment", input.shipment, "shipment"),
        )
        return {"booking": str(tied.id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"booking": bookings.get(work, UUID(ids["booking"]))}

    return perform(TiedBookingPayload, info, input, Operation("tieBooking", write, answer))


class BookedShipmentMutation(graphene.ObjectType):
    """Which shipment a booking carries."""

    tie_booking = change(
        TiedBookingPayload, TieBookingInput, tie_booking, "For who booked: say which shipment it carries."
    )
