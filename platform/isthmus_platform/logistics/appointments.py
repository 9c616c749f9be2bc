"""Lorries' appointments at terminals: for a pick-up on a delivery order, or a drop-off under a booking.

Locks are taken in one order: what the appointment stands on (release or booking), then the appointment, then
its slots. So an order that is revoked and a lorry that books on it never pass each other.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import domain_events, drafts, parties
from isthmus_platform.changes import Kind
from isthmus_platform.consignments import Equipment
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.logistics import bookings, quotes, release, slots, telling, tokens
from isthmus_platform.logistics.appointment_machine import (
    GRACE,
    STEPS,
    AppointmentAction,
    AppointmentState,
    Direction,
)
from isthmus_platform.logistics.appointment_records import GATE, GateSlot, TruckAppointment
from isthmus_platform.logistics.booking_machine import BookingState
from isthmus_platform.logistics.booking_records import Booking
from isthmus_platform.logistics.errors import WrongParty, WrongState, WrongToken
from isthmus_platform.logistics.machine import OrderState, State
from isthmus_platform.logistics.records import RELEASE, CargoRelease, DeliveryOrder
from isthmus_platform.logistics.wording import one_line

LIVE = (AppointmentState.BOOKED.value, AppointmentState.ARRIVED.value, AppointmentState.COMPLETED.value)


@dataclass(frozen=True)
class Wanted:
    """A container's appointment: on a delivery order's number and token, or on a booking of the actor's."""

    slot: UUID
    equipment: str
    order_number: str | None = None
    token: str | None = None
    booking: UUID | None = None
    haulier: str | None = None
    vehicle: str | None = None


def book(work: Work, wanted: Wanted) -> TruckAppointment:
    """Book a lorry into a slot, for one container: whoever has an order's token, or who made a booking.

    Raises :class:`NotPermitted`, :class:`WrongToken` where number and token are of no order,
    :class:`NotFound`, :class:`InvalidInput` naming the field, and :class:`Conflict`: ``order_not_live``,
    ``after_order_expiry``, ``after_cut_off``, ``slot_full``, ``slot_over``, ``slot_closed``,
    ``booked_before``, ``too_many``.
    """
    work.actor.require(PartyRole.TRADER, PartyRole.FORWARDER, PartyRole.CARRIER)
    if (wanted.booking is None) is (wanted.order_number is None):
        raise InvalidInput("Either a delivery order or a booking.", field="booking", code="one_of")
    drafts.check_equipment_reference(wanted.equipment, "equipment")
    haulier = None if wanted.haulier is None else _haulier(work, wanted.haulier)
    vehicle = None if wanted.vehicle is None else one_line(wanted.vehicle, "vehicle", 15)
    slot = slots.get(work, wanted.slot)
    made = TruckAppointment(
        id=new_id(),
        slot_id=slot.id,
        terminal_id=slot.terminal_id,
        party_id=work.actor.party_id,
        haulier_id=haulier,
        equipment=wanted.equipment,
        vehicle=vehicle,
        state=AppointmentState.BOOKED.value,
        booked_at=work.now,
        changed_at=work.now,
    )
    if wanted.booking is not None:
        made.booking_id = _own_booking(work, wanted.booking).id
    else:
        made.release_id = _release_by_token(work, wanted).id
    _check(work, made, slot)
    slots.take(work, slots.locked(work, [slot.id])[slot.id])
    _add(work, made)
    domain_events.announce(work, "appointment.booked", about={"appointment": str(made.id)})
    _tell(work, made, Kind.APPOINTMENT_BOOKED)
    return made


def _tell(work: Work, made: TruckAppointment, kind: Kind) -> None:
    """Tell the webhooks of all who see an appointment: its own parties, and those of what it stands on."""
    about = {"appointment": str(made.id), "state": made.state}
    own = (made.terminal_id, made.party_id, *([] if made.haulier_id is None else [made.haulier_id]))
    if made.release_id is not None:
        found = release.row(work, made.release_id)
        telling.tell(work, kind, made.id, about, (*own, *telling.sides(found)), owner=found.party_id)
    elif made.booking_id is not None:
        booking = _locked_booking(work, made.booking_id)
        telling.tell(work, kind, made.id, about, (*own, booking.party_id, booking.carrier_id))


def _add(work: Work, made: TruckAppointment) -> None:
    try:
        with work.session.begin_nested():
            work.session.add(made)
    except IntegrityError as error:
        if "uq_truck_appointment" not in str(error.orig):
            raise
        raise Conflict(
            "The container has an appointment already.", field="equipment", code="booked_before"
        ) from error


def _haulier(work: Work, name: str) -> UUID:
    found = parties.by_name(work, name, field="haulier")
    if not (found.has(PartyRole.CARRIER) or found.has(PartyRole.FORWARDER)):
        raise InvalidInput(f"{found.name} carries nothing.", field="haulier", code="not_a_carrier")
    return found.id


def _own_booking(work: Work, booking_id: UUID) -> Booking:
    booking = bookings.get(work, booking_id)
    if booking.party_id != work.actor.party_id:
        raise NotFound("There is no such booking of yours.", field="booking")
    return _locked_booking(work, booking_id)


def _locked_booking(work: Work, booking_id: UUID) -> Booking:
    with on_duty(work, GATE):
        return work.session.scalars(
            select(Booking)
            .where(Booking.id == booking_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()


def _release_by_token(work: Work, wanted: Wanted) -> CargoRelease:
    """Return the release, locked, of the order with this number and token: no other answer tells of it."""
    given = sha256(tokens.plain(wanted.token or "").encode()).digest()
    with on_duty(work, RELEASE):
        order = work.session.scalar(
            select(DeliveryOrder).where(DeliveryOrder.number == (wanted.order_number or "").strip().upper())
        )
    if order is None or not hmac.compare_digest(given, order.token_digest):
        raise WrongToken("Number and token are of no delivery order.", field="token")
    found = release.row(work, order.release_id)
    live = _live_order(work, found)
    if live is None or live.id != order.id:
        raise Conflict("The delivery order is not live.", field="order", code="order_not_live")
    return found


def _live_order(work: Work, found: CargoRelease) -> DeliveryOrder | None:
    with on_duty(work, RELEASE):
        orders = work.session.scalars(
            select(DeliveryOrder)
            .where(DeliveryOrder.release_id == found.id, DeliveryOrder.state == OrderState.ISSUED.value)
            .execution_options(populate_existing=True)
        ).all()
    return next((each for each in orders if each.expires_at > work.now), None)


def _check(work: Work, made: TruckAppointment, slot: GateSlot) -> None:
    """Refuse a slot in which this container may not come; what it stands on is locked."""
    wants = Direction.PICK_UP if made.booking_id is None else Direction.DROP_OFF
    if slot.direction != wants:
        raise InvalidInput(f"The slot is for {slot.direction}.", field="slot", code="wrong_direction")
    if made.booking_id is not None:
        _check_drop_off(work, made, slot, _locked_booking(work, made.booking_id))
    elif made.release_id is not None:
        _check_pick_up(work, made, slot, release.row(work, made.release_id))


def _check_pick_up(work: Work, made: TruckAppointment, slot: GateSlot, found: CargoRelease) -> None:
    if found.terminal_id != slot.terminal_id:
        raise InvalidInput("The cargo is at another terminal.", field="slot", code="other_terminal")
    order = _live_order(work, found)
    if order is None:
        raise Conflict("No delivery order is live.", field="order", code="order_not_live")
    if slot.ends_at > order.expires_at:
        raise Conflict("The order ends before the slot does.", field="slot", code="after_order_expiry")
    with on_duty(work, GATE):
        carried = work.session.scalars(
            select(Equipment.reference).where(Equipment.shipment_id == found.shipment_id)
        ).all()
    if made.equipment not in carried:
        raise InvalidInput("The order is not of this container.", field="equipment", code="not_in_shipment")


def _check_drop_off(work: Work, made: TruckAppointment, slot: GateSlot, booking: Booking) -> None:
    if booking.state != BookingState.CONFIRMED or booking.cargo_cut_off is None:
        raise WrongState("The booking is not confirmed.", field="booking")
    if slot.ends_at > booking.cargo_cut_off:
        raise Conflict("The slot ends after the cargo's cut-off.", field="slot", code="after_cut_off")
    if made.party_id == work.actor.party_id:  # a haulier moves it within one terminal, which was checked
        asked = quotes.get(work, quotes.quote_of(work, booking.quote_id).request_id)
        if slot.place != asked.origin:
            raise InvalidInput(f"The booking is from {asked.origin}.", field="slot", code="other_place")
    with on_duty(work, GATE):
        others = work.session.scalar(
            select(func.count()).where(
                TruckAppointment.booking_id == booking.id,
                TruckAppointment.state.in_(LIVE),
                TruckAppointment.equipment != made.equipment,
            )
        )
    if (others or 0) >= booking.units:
        raise Conflict("All booked containers have appointments.", field="equipment", code="too_many")


def get(work: Work, appointment_id: UUID) -> TruckAppointment:
    """Return an appointment that the actor sees; raise :class:`NotFound`."""
    found = work.session.scalar(
        select(TruckAppointment)
        .where(TruckAppointment.id == appointment_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such appointment.", field="appointment")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[TruckAppointment]:
    """Return the appointments that the actor sees, newest first."""
    query = select(TruckAppointment).order_by(TruckAppointment.id.desc()).limit(first)
    if after is not None:
        query = query.where(TruckAppointment.id < after)
    return work.session.scalars(query).all()


def reschedule(work: Work, appointment_id: UUID, slot_id: UUID) -> TruckAppointment:
    """Move an appointment to another slot of the same terminal, as who booked or drives.

    All that booking needs is asked again. Raises as :func:`book`, and ``other_terminal``.
    """
    made = _taken(work, appointment_id, AppointmentAction.RESCHEDULE)
    if made.slot_id == slot_id:
        return made
    both = slots.locked(work, [made.slot_id, slot_id])
    if slot_id not in both:
        raise NotFound("There is no such slot.", field="slot")
    old, new = both[made.slot_id], both[slot_id]
    _still(work, old)
    if (new.terminal_id, new.place) != (old.terminal_id, old.place):
        raise InvalidInput("The slot is another terminal's.", field="slot", code="other_terminal")
    _check(work, made, new)
    slots.take(work, new)
    slots.free(work, old)
    return _change(work, made, Kind.APPOINTMENT_RESCHEDULED, slot_id=new.id)


def cancel(work: Work, appointment_id: UUID, reason: str) -> TruckAppointment:
    """Cancel an appointment before its slot ends, as who booked or drives; its place is free again."""
    said = one_line(reason, "reason")
    made = _taken(work, appointment_id, AppointmentAction.CANCEL)
    slot = slots.locked(work, [made.slot_id])[made.slot_id]
    _still(work, slot)
    slots.free(work, slot)
    return _change(
        work, made, Kind.APPOINTMENT_CANCELLED, state=AppointmentState.CANCELLED.value, reason=said
    )


def _still(work: Work, slot: GateSlot) -> None:
    if slot.ends_at <= work.now:
        raise Conflict("The slot is over.", field="appointment", code="slot_over")


def arrive(work: Work, appointment_id: UUID) -> TruckAppointment:
    """Say as the terminal that the lorry is at the gate.

    Raises :class:`Conflict`: ``outside_slot``, ``order_not_live``, ``after_cut_off``.
    """
    made = _taken(work, appointment_id, AppointmentAction.ARRIVE)
    slot = slots.get(work, made.slot_id)
    if not slot.starts_at - GRACE <= work.now <= slot.ends_at + GRACE:
        raise Conflict("The lorry is not in its slot's time.", field="appointment", code="outside_slot")
    if made.booking_id is not None:
        booking = _locked_booking(work, made.booking_id)
        if booking.state != BookingState.CONFIRMED or booking.cargo_cut_off is None:
            raise WrongState("The booking is not confirmed.", field="appointment")
        if work.now >= booking.cargo_cut_off:
            raise Conflict("The cargo's cut-off is over.", field="appointment", code="after_cut_off")
    elif made.release_id is not None:
        found = release.row(work, made.release_id)
        if found.state != State.PICKED_UP and _live_order(work, found) is None:
            raise Conflict("No delivery order is live.", field="appointment", code="order_not_live")
    return _change(
        work, made, Kind.APPOINTMENT_ARRIVED, state=AppointmentState.ARRIVED.value, arrived_at=work.now
    )


def complete(work: Work, appointment_id: UUID) -> TruckAppointment:
    """Say as the terminal that the lorry has its container, or has left it.

    Raises :class:`Conflict` (``not_handed_out``) while the cargo of a pick-up is not.
    """
    made = _taken(work, appointment_id, AppointmentAction.COMPLETE)
    if made.release_id is not None and release.row(work, made.release_id).state != State.PICKED_UP:
        raise Conflict("The cargo is not handed out.", field="appointment", code="not_handed_out")
    return _change(work, made, Kind.APPOINTMENT_COMPLETED, state=AppointmentState.COMPLETED.value)


def turn_away(work: Work, appointment_id: UUID, reason: str) -> TruckAppointment:
    """Turn a lorry away at the gate, as the terminal; the container may be booked again."""
    said = one_line(reason, "reason")
    made = _taken(work, appointment_id, AppointmentAction.TURN_AWAY)
    return _change(
        work, made, Kind.APPOINTMENT_TURNED_AWAY, state=AppointmentState.TURNED_AWAY.value, reason=said
    )


def no_show(work: Work, appointment_id: UUID) -> TruckAppointment:
    """Say as the terminal that the lorry did not come; raises :class:`Conflict` (``slot_not_over``)."""
    made = _taken(work, appointment_id, AppointmentAction.NO_SHOW)
    if work.now <= slots.get(work, made.slot_id).ends_at + GRACE:
        raise Conflict("The lorry may still come.", field="appointment", code="slot_not_over")
    return _change(work, made, Kind.APPOINTMENT_NO_SHOW, state=AppointmentState.NO_SHOW.value)


def _taken(work: Work, appointment_id: UUID, action: AppointmentAction) -> TruckAppointment:
    """Return an appointment, locked with what it stands on, on which the actor may do ``action`` now."""
    seen, step = get(work, appointment_id), STEPS[action]
    may = (seen.terminal_id,) if step.terminal else (seen.party_id, seen.haulier_id)
    if work.actor.party_id not in may:
        whose = "the terminal" if step.terminal else "who booked or drives"
        raise WrongParty(f"Only {whose} may do this.", field="appointment")
    if seen.booking_id is not None:
        _locked_booking(work, seen.booking_id)
    elif seen.release_id is not None:
        release.row(work, seen.release_id)
    with on_duty(work, GATE):
        made = work.session.scalars(
            select(TruckAppointment)
            .where(TruckAppointment.id == appointment_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
    if AppointmentState(made.state) is not step.before:
        raise WrongState(f"The appointment is {made.state}.", field="appointment")
    return made


def _change(work: Work, made: TruckAppointment, kind: Kind, **values: object) -> TruckAppointment:
    with on_duty(work, GATE):
        for name, value in values.items():
            setattr(made, name, value)
        made.changed_at = work.now
        work.session.flush()
    _tell(work, made, kind)
    return made
