"""Offering slots of a gate, booking lorries into them, and what becomes of them."""

from datetime import date, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.appointments import GateDirection, GateSlot, TruckAppointment
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics import appointments, slots
from isthmus_platform.logistics.appointment_machine import Direction


class Move(StrEnum):
    """What is done with an appointment that needs no slot."""

    CANCEL = "CANCEL"
    ARRIVE = "ARRIVE"
    COMPLETE = "COMPLETE"
    TURN_AWAY = "TURN_AWAY"
    NO_SHOW = "NO_SHOW"


MOVES = {
    Move.CANCEL: "For who booked or drives: it is given up, with a reason.",
    Move.ARRIVE: "For the terminal: the lorry is at the gate.",
    Move.COMPLETE: "For the terminal: the lorry has its container, or has left it.",
    Move.TURN_AWAY: "For the terminal: the lorry is turned away, with a reason.",
    Move.NO_SHOW: "For the terminal: the lorry did not come.",
}
TruckAppointmentMove = graphene.Enum.from_enum(
    Move,
    name="TruckAppointmentMove",
    description=lambda value: MOVES[value] if value else "What is done with an appointment.",
)


class OfferGateSlotsInput(Change):
    """Slots of one gate on one day, by the terminal's clock."""

    place = graphene.String(required=True, description="UN/LOCODE of the terminal.")
    zone = graphene.String(required=True, description="The terminal's time zone (IANA), `Europe/Berlin`.")
    gate = graphene.String(required=True, description="Which gate, 1 to 35 characters.")
    direction = GateDirection(required=True, description="What for.")
    day = graphene.String(required=True, description="Local day (ISO 8601), `2026-06-02`.")
    opens = graphene.String(
        required=True, description="Local time, `06:00`; of an hour that comes twice, the first."
    )
    closes = graphene.String(
        required=True, description="Local time, `22:00`; not after `opens`, it is on the next day."
    )
    minutes = graphene.Int(required=True, description="Of each slot, 10 to 720 minutes. The number.")
    capacity = graphene.Int(required=True, description="Lorries a slot, 1 to 1,000. The number.")


class CloseGateSlotInput(Change):
    """A slot of yours that takes no more lorries."""

    slot = graphene.ID(required=True, description="Global id of the slot.")


class BookTruckAppointmentInput(Change):
    """A container, and what it is picked up or dropped off on."""

    slot = graphene.ID(required=True, description="Global id of the slot.")
    equipment = graphene.String(required=True, description="ISO 6346 number of the container.")
    order_number = graphene.String(description="To pick up: number of the delivery order.")
    token = graphene.String(description="To pick up: the delivery order's token.")
    booking = graphene.ID(description="To drop off: global id of your booking.")
    haulier = graphene.String(description="Name of the party that drives, where that is another.")
    vehicle = graphene.String(description="Licence plate, 1 to 15 characters.")


class RescheduleTruckAppointmentInput(Change):
    """An appointment, and the slot that it moves to."""

    appointment = graphene.ID(required=True, description="Global id of the appointment.")
    slot = graphene.ID(required=True, description="Global id of another slot of the same terminal.")


class MoveTruckAppointmentInput(Change):
    """An appointment, and what becomes of it."""

    appointment = graphene.ID(required=True, description="Global id of the appointment.")
    move = TruckAppointmentMove(required=True, description="What.")
    reason = graphene.String(description="Why, 1 to 255 characters; of CANCEL and TURN_AWAY.")


class GateSlotsPayload(Changed):
    """The slots, or why nothing was changed."""

    slots = graphene.List(graphene.NonNull(GateSlot), description="In their order.")


class GateSlotPayload(Changed):
    """The slot, or why nothing was changed."""

    slot = graphene.Field(GateSlot, description="As it stands.")


class TruckAppointmentPayload(Changed):
    """The appointment, or why nothing was changed."""

    appointment = graphene.Field(TruckAppointment, description="As it stands.")


def _time(given: str, field: str) -> time:
    try:
        found = time.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or len(given) != 5:
        raise InvalidInput("A local time such as 06:00 is wanted.", field=field, code="format")
    return found


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise InvalidInput("A day such as 2026-06-02 is wanted.", field="day", code="format") from None


def offer_gate_slots(_root: Any, info: Info, input: Any) -> GateSlotsPayload:  # noqa: A002
    """Offer slots."""

    def write(work: Work) -> dict[str, Any]:
        offer = slots.Offer(
            place=input.place,
            zone=input.zone,
            gate=input.gate,
            direction=Direction(input.direction.value),
            day=_day(input.day),
            opens=_time(input.opens, "opens"),
            closes=_time(input.closes, "closes"),
            minutes=input.minutes,
            capacity=input.capacity,
        )
        return {"slots": [str(each.id) for each in slots.offer(work, offer)]}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        keys = [UUID(each) for each in ids["slots"]]
        found = slots.of_ids(work, keys)
        return {"slots": [found[key] for key in keys]}

    return perform(GateSlotsPayload, info, input, Operation("offerGateSlots", write, answer))


def close_gate_slot(_root: Any, info: Info, input: Any) -> GateSlotPayload:  # noqa: A002
    """Close a slot."""

    def write(work: Work) -> dict[str, Any]:
        return {"slot": str(slots.close(work, _slot(input)).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"slot": slots.get(work, UUID(ids["slot"]))}

    return perform(GateSlotPayload, info, input, Operation("closeGateSlot", write, answer))


def _slot(given: Any) -> UUID:
    return identity.key_of("GateSlot", given.slot, "slot")


def _key(given: Any) -> UUID:
    return identity.key_of("TruckAppointment", given.appointment, "appointment")


def _performed(info: Info, given: Any, name: str, make: Any) -> TruckAppointmentPayload:
    def write(work: Work) -> dict[str, Any]:
        return {"appointment": str(make(work).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"appointment": appointments.get(work, UUID(ids["appointment"]))}

    return perform(TruckAppointmentPayload, info, given, Operation(name, write, answer))


def book_truck_appointment(_root: Any, info: Info, input: Any) -> TruckAppointmentPayload:  # noqa: A002
    """Book a lorry."""

    def make(work: Work) -> Any:
        booking = input.booking and identity.key_of("Booking", input.booking, "booking")
        wanted = appointments.Wanted(
            slot=_slot(input),
            equipment=input.equipment,
            order_number=input.order_number,
            token=input.token,
            booking=booking,
            haulier=input.haulier,
            vehicle=input.vehicle,
        )
        return appointments.book(work, wanted)

    return _performed(info, input, "bookTruckAppointment", make)


def reschedule_truck_appointment(_root: Any, info: Info, input: Any) -> TruckAppointmentPayload:  # noqa: A002
    """Move it to another slot."""
    return _performed(
        info,
        input,
        "rescheduleTruckAppointment",
        lambda work: appointments.reschedule(work, _key(input), _slot(input)),
    )


def move_truck_appointment(_root: Any, info: Info, input: Any) -> TruckAppointmentPayload:  # noqa: A002
    """Say what becomes of it."""
    move = Move(input.move.value)

    def make(work: Work) -> Any:
        if move in (Move.CANCEL, Move.TURN_AWAY):
            if input.reason is None:
                raise InvalidInput("Say why.", field="reason", code="required")
            end = appointments.cancel if move is Move.CANCEL else appointments.turn_away
            return end(work, _key(input), input.reason)
        if input.reason is not None:
            raise InvalidInput("No reason is wanted.", field="reason", code="not_wanted")
        step = {
            Move.ARRIVE: appointments.arrive,
            Move.COMPLETE: appointments.complete,
            Move.NO_SHOW: appointments.no_show,
        }[move]
        return step(work, _key(input))

    return _performed(info, input, "moveTruckAppointment", make)


class AppointmentMutation(graphene.ObjectType):
    """Slots of gates, and the appointments of lorries."""

    offer_gate_slots = change(
        GateSlotsPayload, OfferGateSlotsInput, offer_gate_slots, "For terminals: offer slots of a day."
    )
    close_gate_slot = change(
        GateSlotPayload, CloseGateSlotInput, close_gate_slot, "For terminals: take no more lorries in a slot."
    )
    book_truck_appointment = change(
        TruckAppointmentPayload,
        BookTruckAppointmentInput,
        book_truck_appointment,
        "Book a lorry, with a delivery order's token or on your confirmed booking.",
    )
    reschedule_truck_appointment = change(
        TruckAppointmentPayload,
        RescheduleTruckAppointmentInput,
        reschedule_truck_appointment,
        "For who booked or drives: move an appointment to another slot.",
    )
    move_truck_appointment = change(
        TruckAppointmentPayload,
        MoveTruckAppointmentInput,
        move_truck_appointment,
        "Cancel, arrive, complete, turn away, or say that it did not come.",
    )
