"""Bookings on accepted quotes, in DCSA's terms, with their cut-offs as the clock has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.booked_shipments import Carrying
from isthmus_graphql.booking_terms import BookingTerms
from isthmus_graphql.context import Info
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.quotes import FreightQuote
from isthmus_graphql.scalars import DateTime, Decimal
from isthmus_platform import parties
from isthmus_platform.logistics import bookings, cut_off_notices, quotes
from isthmus_platform.logistics.booking_machine import BookingAction, BookingState, CutOffCode, CutOffStatus
from isthmus_platform.logistics.booking_records import Booking as BookingRow
from isthmus_platform.logistics.booking_records import CutOffNotice
from isthmus_platform.logistics.booking_records import VerifiedGrossMass as MassRow
from isthmus_platform.logistics.booking_terms import BookingTerms as TermsRow
from isthmus_platform.logistics.quote_records import FreightQuote as QuoteRow

STATES = {
    BookingState.RECEIVED: "The carrier has it.",
    BookingState.PENDING_UPDATE: "The carrier wants it changed before it confirms.",
    BookingState.UPDATE_RECEIVED: "Who booked has changed it.",
    BookingState.CONFIRMED: "The carrier confirms it.",
    BookingState.PENDING_AMENDMENT: "The carrier wants it changed after it confirmed.",
    BookingState.REJECTED: "The carrier does not take it.",
    BookingState.DECLINED: "The carrier gives it up after it confirmed.",
    BookingState.CANCELLED: "Who booked gives it up.",
    BookingState.COMPLETED: "It is carried out.",
}
ACTIONS = {
    BookingAction.REQUEST_UPDATE: "For the carrier: it is to be changed before it is confirmed.",
    BookingAction.UPDATE: "For who booked: it is changed.",
    BookingAction.CONFIRM: "For the carrier: it is confirmed, with reference and cut-offs.",
    BookingAction.REQUEST_AMENDMENT: "For the carrier: it is to be changed after it was confirmed.",
    BookingAction.REJECT: "For the carrier: it is not taken.",
    BookingAction.DECLINE: "For the carrier: it is given up after it was confirmed.",
    BookingAction.CANCEL: "For who booked: it is given up.",
    BookingAction.COMPLETE: "For the carrier: it is carried out.",
}
CODES = {
    CutOffCode.DCO: "The shipping instruction.",
    CutOffCode.VCO: "The verified gross mass of every container.",
    CutOffCode.FCO: "The cargo.",
}
STATUSES = {
    CutOffStatus.MET: "It was there in time.",
    CutOffStatus.OPEN: "There is more than a day left.",
    CutOffStatus.AT_RISK: "There is a day left or less.",
    CutOffStatus.MISSED: "It was not there in time.",
}

BookingStatus = graphene.Enum.from_enum(
    BookingState,
    name="BookingStatus",
    description=lambda value: STATES[value] if value else "Where a booking stands (DCSA `bookingStatus`).",
)
BookingMove = graphene.Enum.from_enum(
    BookingAction,
    name="BookingMove",
    description=lambda value: ACTIONS[value] if value else "What the two sides of a booking do.",
)
BookingCutOffCode = graphene.Enum.from_enum(
    CutOffCode,
    name="BookingCutOffCode",
    description=lambda value: CODES[value] if value else "What has to be there (DCSA `cutOffDateTimeCode`).",
)
BookingCutOffStatus = graphene.Enum.from_enum(
    CutOffStatus,
    name="BookingCutOffStatus",
    description=lambda value: STATUSES[value] if value else "How a cut-off stands by the clock.",
)


class BookingCutOff(graphene.ObjectType):
    """A cut-off of a booking."""

    class Meta:
        possible_types = (bookings.CutOff,)

    code = graphene.Field(BookingCutOffCode, required=True, description="What has to be there.")
    at = DateTime(required=True, description="By when, in UTC; that instant is too late.")
    met_at = DateTime(description="When it was there, in UTC.")
    status = graphene.Field(BookingCutOffStatus, required=True, description="How it stands now.")
    warned_at = DateTime(description="When both sides were told that it nears, in UTC.")
    missed_told_at = DateTime(description="When both sides were told that it was missed, in UTC.")

    @staticmethod
    def resolve_warned_at(row: bookings.CutOff, info: Info) -> datetime | None:
        """Return when it was told, read with the notices of the whole page."""
        return _told(row, info, CutOffStatus.AT_RISK)

    @staticmethod
    def resolve_missed_told_at(row: bookings.CutOff, info: Info) -> datetime | None:
        """Return when it was told, read with the notices of the whole page."""
        return _told(row, info, CutOffStatus.MISSED)


class VerifiedGrossMass(graphene.ObjectType):
    """The verified gross mass of a packed container (SOLAS VI/2)."""

    class Meta:
        possible_types = (MassRow,)

    equipment = graphene.String(required=True, description="ISO 6346 number.")
    mass_kg = Decimal(required=True, description="In kilograms.")
    method = graphene.String(required=True, description="`SM1` or `SM2` (SOLAS VI/2.4).")
    responsible = graphene.String(required=True, description="Who answers for it.")
    weighed_at = DateTime(required=True, description="When, in UTC.")
    submitted_at = DateTime(required=True, description="When it was told here, in UTC.")


class Booking(Carrying):
    """A booking on an accepted quote."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (BookingRow,)

    status = graphene.Field(BookingStatus, required=True, description="Where it stands.")
    reason = graphene.String(description="Why, of the last move.")
    quote = graphene.Field(FreightQuote, required=True, description="The accepted quote that it is on.")
    units = graphene.Int(required=True, description="How many containers are booked. The number.")
    booked_by = graphene.Field(Party, required=True, description="Who booked.")
    carrier = graphene.Field(Party, required=True, description="With whom.")
    reference = graphene.String(description="The carrier's, once it confirms.")
    cut_offs = graphene.List(
        graphene.NonNull(BookingCutOff), required=True, description="None before it is confirmed."
    )
    masses = graphene.List(
        graphene.NonNull(VerifiedGrossMass), required=True, description="Oldest first; the newest counts."
    )
    terms = graphene.Field(BookingTerms, description="What is asked for beside the quote, where it was said.")
    instructed_at = DateTime(description="When the shipping instruction came, in UTC.")
    booked_at = DateTime(required=True, description="When it was made, in UTC.")
    changed_at = DateTime(required=True, description="When it last changed, in UTC.")

    @staticmethod
    def resolve_status(row: BookingRow, _info: Info) -> BookingState:
        """Return where it stands."""
        return BookingState(row.state)

    @staticmethod
    def resolve_quote(row: BookingRow, info: Info) -> QuoteRow | None:
        """Return the quote, read with those of the whole page."""

        def read(ids: Sequence[UUID]) -> dict[UUID, QuoteRow]:
            found = quotes.get_many(info.context.reading, ids)
            info.context.loader.together("party", [one.party_id for one in found.values()])
            info.context.loader.together("freight question", [one.request_id for one in found.values()])
            return found

        return info.context.loader.load("freight quote", row.quote_id, "quote", read)

    @staticmethod
    def resolve_booked_by(row: BookingRow, info: Info) -> parties.Party | None:
        """Return who booked."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_carrier(row: BookingRow, info: Info) -> parties.Party | None:
        """Return with whom."""
        return party_of(info.context, row.carrier_id)

    @staticmethod
    def resolve_terms(row: BookingRow, _info: Info) -> TermsRow | None:
        """Return what is asked for."""
        return bookings.terms_of(row)

    @staticmethod
    def resolve_masses(row: BookingRow, info: Info) -> list[MassRow]:
        """Return the masses, read with those of the whole page."""
        return _masses(row, info)

    @staticmethod
    def resolve_cut_offs(row: BookingRow, info: Info) -> list[bookings.CutOff]:
        """Return the cut-offs by the clock."""
        return bookings.cut_offs(row, _masses(row, info), info.context.reading.now)


def _told(row: bookings.CutOff, info: Info, status: CutOffStatus) -> datetime | None:
    def read(ids: Sequence[UUID]) -> dict[UUID, list[CutOffNotice]]:
        return cut_off_notices.of_bookings(info.context.reading, ids)

    notices = info.context.loader.load("booking", row.booking, "notices", read) or []
    return cut_off_notices.told_at(notices, row.code, row.at, status)


def _masses(row: BookingRow, info: Info) -> list[MassRow]:
    def read(ids: Sequence[UUID]) -> dict[UUID, list[MassRow]]:
        return bookings.masses(info.context.reading, ids)

    return info.context.loader.load("booking", row.id, "masses", read) or []


BookingConnection = connection(Booking)


class BookingQuery(graphene.ObjectType):
    """Reading bookings."""

    booking = nodes.one_by_id(Booking, "The booking with this id; null where there is none of or with you.")
    bookings = listed(BookingConnection, "Bookings of yours and with you, newest first.")

    @staticmethod
    def resolve_bookings(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[BookingRow]:
        """Return a page of bookings."""
        asked = paging(info, "booking", first, after)
        rows = bookings.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.keep("booking", rows)
        info.context.loader.together("party", [one for row in rows for one in (row.party_id, row.carrier_id)])
        info.context.loader.together("freight quote", [row.quote_id for row in rows])
        return asked.page(rows)


nodes.readable("Booking", lambda context, key: bookings.get(context.reading, key))
