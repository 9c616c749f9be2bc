"""Bookings on accepted quotes: DCSA Booking 2.0 states, shipping instruction, VGM, cut-offs watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import documents, domain_events, drafts
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.logistics import (
    booking_terms,
    booking_terms_json,
    cut_off_notices,
    instruction_grants,
    quotes,
    telling,
)
from isthmus_platform.logistics.booking_machine import (
    GIVEN_UP,
    MOVES,
    BookingAction,
    BookingState,
    CutOffCode,
    CutOffStatus,
    watched,
)
from isthmus_platform.logistics.booking_records import Booking, VerifiedGrossMass
from isthmus_platform.logistics.booking_terms import BookingTerms
from isthmus_platform.logistics.errors import WrongParty, WrongState
from isthmus_platform.logistics.quote_machine import QuoteState
from isthmus_platform.logistics.quote_records import FreightRequest
from isthmus_platform.logistics.wording import one_line

INSTRUCTIONS = ("340", "610")
"""Shipping and forwarding instructions (UNTDID 1001)."""
HEAVIEST_KG = Decimal(100_000)


@dataclass(frozen=True)
class Confirmation:
    """What a carrier confirms with: its booking reference, and the three cut-offs (aware)."""

    reference: str
    documentation: datetime
    vgm: datetime
    cargo: datetime


@dataclass(frozen=True)
class Mass:
    """A verified gross mass: method ``SM1`` (weighed packed) or ``SM2`` (contents and tare added up)."""

    equipment: str
    mass_kg: Decimal
    method: str
    responsible: str
    weighed_at: datetime


@dataclass(frozen=True)
class CutOff:
    """A cut-off of a booking, and how it stands by the clock."""

    booking: UUID
    code: CutOffCode
    at: datetime
    met_at: datetime | None
    status: CutOffStatus


def book(work: Work, quote_id: UUID, terms: BookingTerms | None = None) -> Booking:
    """Book on an accepted quote as the party that accepted it, once; ``terms`` are for what was quoted.

    Raises :class:`NotFound`, :class:`InvalidInput` naming a field of ``terms``, and :class:`Conflict`
    (``quote_not_accepted``, ``booked_before``).
    """
    quote = quotes.quote_of(work, quote_id)
    if quote.asker_id != work.actor.party_id:
        raise NotFound("There is no such quote to you.", field="quote")
    if quote.state != QuoteState.ACCEPTED:
        raise Conflict("The quote is not accepted.", field="quote", code="quote_not_accepted")
    asked = quotes.get(work, quote.request_id)
    made = Booking(
        id=new_id(),
        party_id=work.actor.party_id,
        carrier_id=quote.party_id,
        quote_id=quote.id,
        units=asked.units,
        terms=None if terms is None else _checked(work, terms, asked),
        state=BookingState.RECEIVED.value,
        booked_at=work.now,
        changed_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(made)
    except IntegrityError as error:
        if "uq_booking_quote_id" not in str(error.orig):
            raise
        raise Conflict("The quote is booked already.", field="quote", code="booked_before") from error
    domain_events.announce(work, "booking.made", about={"booking": str(made.id)})
    _tell(work, made, Kind.BOOKING_RECEIVED)
    return made


def _checked(work: Work, terms: BookingTerms, asked: FreightRequest) -> dict[str, Any]:
    booking_terms.check(terms, asked.equipment_type, asked.units, work.now.date())
    return booking_terms_json.to_json(terms)


def terms_of(booking: Booking) -> BookingTerms | None:
    """Return what a booking asks for; None where its quote says all."""
    return None if booking.terms is None else booking_terms_json.from_json(booking.terms)


def get(work: Work, booking_id: UUID, *, lock: bool = False) -> Booking:
    """Return a booking of the actor's or with it; raise :class:`NotFound`."""
    query = select(Booking).where(Booking.id == booking_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query)
    if found is None:
        raise NotFound("There is no such booking.", field="booking")
    return found


def of_ids(work: Work, booking_ids: Sequence[UUID]) -> dict[UUID, Booking]:
    """Return those of these bookings that are the actor's or with it, by id."""
    query = select(Booking).where(Booking.id.in_(booking_ids))
    return {row.id: row for row in work.session.scalars(query)}


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[Booking]:
    """Return the actor's bookings and those with it, newest first."""
    query = select(Booking).order_by(Booking.id.desc()).limit(first)
    if after is not None:
        query = query.where(Booking.id < after)
    return work.session.scalars(query).all()


def act(
    work: Work,
    booking_id: UUID,
    action: BookingAction,
    *,
    reason: str | None = None,
    confirmation: Confirmation | None = None,
    terms: BookingTerms | None = None,
) -> Booking:
    """Make a move on a booking; an update may bring other ``terms``.

    Raises :class:`WrongParty`, :class:`WrongState`, :class:`InvalidInput`.
    """
    booking, move = get(work, booking_id, lock=True), MOVES[action]
    if (work.actor.party_id == booking.carrier_id) is not move.carrier:
        whose = "the carrier" if move.carrier else "who booked"
        raise WrongParty(f"Only {whose} may do this.", field="booking")
    if BookingState(booking.state) not in move.before:
        raise WrongState(f"The booking is {booking.state}.", field="booking")
    if action is BookingAction.CONFIRM:
        _confirm(work, booking, confirmation)
    elif confirmation is not None:
        raise InvalidInput("Only a confirmation has cut-offs.", field="confirmation", code="not_wanted")
    if terms is not None:
        if action is not BookingAction.UPDATE:
            raise InvalidInput("Only an update changes the terms.", field="terms", code="not_wanted")
        asked = quotes.get(work, quotes.quote_of(work, booking.quote_id).request_id)
        booking.terms = _checked(work, terms, asked)
    said = None if reason is None else one_line(reason, "reason")
    if move.needs == "a reason" and said is None:
        raise InvalidInput("Say why.", field="reason", code="required")
    booking.state, booking.reason, booking.changed_at = move.after.value, said, work.now
    work.session.flush()
    if move.after in GIVEN_UP:
        instruction_grants.end(work, booking)
    _tell(work, booking, Kind(f"booking.{move.after.lower()}"))
    return booking


def _tell(work: Work, booking: Booking, kind: Kind) -> None:
    """Tell the webhooks of both sides."""
    about = {"booking": str(booking.id), "state": booking.state}
    telling.tell(work, kind, booking.id, about, (booking.party_id, booking.carrier_id))


def _confirm(work: Work, booking: Booking, given: Confirmation | None) -> None:
    if given is None:
        raise InvalidInput(
            "A confirmation has a reference and cut-offs.", field="confirmation", code="required"
        )
    if min(given.documentation, given.vgm, given.cargo) <= work.now:
        raise InvalidInput("Cut-offs are in the future.", field="confirmation", code="not_in_future")
    reference = one_line(given.reference, "confirmation.reference", 35)
    taken = select(Booking.id).where(
        Booking.carrier_id == booking.carrier_id, Booking.reference == reference, Booking.id != booking.id
    )
    if work.session.scalar(taken) is not None:
        raise Conflict(
            "Another booking has this reference.", field="confirmation.reference", code="reference_taken"
        )
    booking.reference = reference
    booking.documentation_cut_off, booking.vgm_cut_off = given.documentation, given.vgm
    booking.cargo_cut_off = given.cargo
    cut_off_notices.put_down(work, booking)


def _confirmed(work: Work, booking_id: UUID, *, carrier: bool) -> Booking:
    booking = get(work, booking_id, lock=True)
    if (work.actor.party_id == booking.carrier_id) is not carrier:
        whose = "the carrier" if carrier else "who booked"
        raise WrongParty(f"Only {whose} may do this.", field="booking")
    if booking.state != BookingState.CONFIRMED:
        raise WrongState("The booking is not confirmed.", field="booking")
    return booking


def instruct(work: Work, booking_id: UUID, document_id: UUID) -> Booking:
    """Name the document with the instruction, as who booked: its own or a principal's; the first counts."""
    booking = _confirmed(work, booking_id, carrier=False)
    document = documents.get(work, document_id)
    own = work.session.scalar(select(func.acts_for(document.party_id)))
    if document.type not in INSTRUCTIONS or not own:
        raise InvalidInput(
            "It is no shipping instruction of yours (340, 610).", field="document", code="not_an_instruction"
        )
    if booking.shipment_id not in (None, document.shipment_id):
        raise InvalidInput("The instruction is of another shipment.", field="document", code="other_shipment")
    booking.instructed_by, booking.changed_at = document.id, work.now
    booking.instructed_at = booking.instructed_at or work.now
    work.session.flush()
    _tell(work, booking, Kind.BOOKING_INSTRUCTED)
    return booking


def submit_mass(work: Work, booking_id: UUID, mass: Mass) -> VerifiedGrossMass:
    """Submit the verified gross mass of a container, as who booked; the newest of a container counts."""
    booking = _confirmed(work, booking_id, carrier=False)
    drafts.check_equipment_reference(mass.equipment, "equipment")
    if mass.method not in ("SM1", "SM2"):
        raise InvalidInput("SOLAS knows methods SM1 and SM2.", field="method", code="unknown_method")
    if not mass.mass_kg.is_finite() or not 0 < mass.mass_kg <= HEAVIEST_KG:
        raise InvalidInput("More than 0 and at most 100,000 kg.", field="massKg", code="range")
    if mass.mass_kg != round(mass.mass_kg, 3):
        raise InvalidInput("At most three decimals.", field="massKg", code="too_exact")
    if mass.weighed_at > work.now:
        raise InvalidInput("It was weighed in the past.", field="weighedAt", code="in_future")
    weighed = {each.equipment for each in masses(work, [booking.id])[booking.id]}
    if mass.equipment not in weighed and len(weighed) >= booking.units:
        raise Conflict("All booked containers are weighed.", field="equipment", code="too_many")
    made = VerifiedGrossMass(
        id=new_id(),
        booking_id=booking.id,
        party_id=work.actor.party_id,
        equipment=mass.equipment,
        mass_kg=mass.mass_kg,
        method=mass.method,
        responsible=one_line(mass.responsible, "responsible", 100),
        weighed_at=mass.weighed_at,
        submitted_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    _tell(work, booking, Kind.BOOKING_WEIGHED)
    return made


def mass_of(work: Work, mass_id: UUID) -> VerifiedGrossMass:
    """Return a verified gross mass that the actor sees."""
    return work.session.get_one(VerifiedGrossMass, mass_id)


def record_cargo(work: Work, booking_id: UUID) -> Booking:
    """Say as the carrier that all cargo of the booking was delivered to it. Again changes nothing."""
    booking = _confirmed(work, booking_id, carrier=True)
    if booking.delivered_at is None:
        booking.delivered_at, booking.changed_at = work.now, work.now
        work.session.flush()
        _tell(work, booking, Kind.BOOKING_CARGO_DELIVERED)
    return booking


def masses(work: Work, booking_ids: Sequence[UUID]) -> dict[UUID, list[VerifiedGrossMass]]:
    """Return the verified gross masses of bookings that the actor sees, oldest first."""
    found: dict[UUID, list[VerifiedGrossMass]] = {one: [] for one in booking_ids}
    query = select(VerifiedGrossMass).where(VerifiedGrossMass.booking_id.in_(booking_ids))
    for each in work.session.scalars(query.order_by(VerifiedGrossMass.id)):
        found[each.booking_id].append(each)
    return found


def cut_offs(booking: Booking, found: Sequence[VerifiedGrossMass], now: datetime) -> list[CutOff]:
    """Return the cut-offs of a confirmed booking as the clock has them; none before.

    That of VGM is met when the last of the booked containers has its first verified gross mass.
    """
    first: dict[str, datetime] = {}
    for mass in found:
        first.setdefault(mass.equipment, mass.submitted_at)
    weighed = max(first.values()) if len(first) >= booking.units else None
    met = {
        CutOffCode.DCO: booking.instructed_at,
        CutOffCode.VCO: weighed,
        CutOffCode.FCO: booking.delivered_at,
    }
    return [
        CutOff(booking.id, code, at, met[code], watched(at, met[code], now))
        for code, at in cut_off_notices.stands(booking).items()
    ]
