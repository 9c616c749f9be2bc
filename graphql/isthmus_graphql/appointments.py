"""Slots of terminals' gates, and the appointments of lorries."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes, releases
from isthmus_graphql.bookings import Booking
from isthmus_graphql.context import Context, Info
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.releases import CargoRelease
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Place
from isthmus_platform import parties, places
from isthmus_platform.logistics import appointments, bookings, release, slots
from isthmus_platform.logistics.appointment_machine import AppointmentState, Direction
from isthmus_platform.logistics.appointment_records import GateSlot as SlotRow
from isthmus_platform.logistics.appointment_records import TruckAppointment as AppointmentRow
from isthmus_platform.logistics.booking_records import Booking as BookingRow
from isthmus_platform.logistics.records import CargoRelease as ReleaseRow

DIRECTIONS = {
    Direction.PICK_UP: "The lorry comes for a container.",
    Direction.DROP_OFF: "The lorry brings a container.",
}
STATES = {
    AppointmentState.BOOKED: "The lorry is expected.",
    AppointmentState.ARRIVED: "It is at the gate.",
    AppointmentState.COMPLETED: "It has its container, or has left it.",
    AppointmentState.CANCELLED: "Given up by who booked or drives.",
    AppointmentState.NO_SHOW: "It did not come.",
    AppointmentState.TURNED_AWAY: "The terminal turned it away at the gate.",
}

GateDirection = graphene.Enum.from_enum(
    Direction,
    name="GateDirection",
    description=lambda value: DIRECTIONS[value] if value else "What a lorry comes for.",
)
TruckAppointmentState = graphene.Enum.from_enum(
    AppointmentState,
    name="TruckAppointmentState",
    description=lambda value: STATES[value] if value else "Where an appointment stands.",
)


class GateSlot(graphene.ObjectType):
    """A time at a gate of a terminal."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (SlotRow,)

    terminal = graphene.Field(Party, required=True, description="Whose gate it is.")
    place = graphene.Field(Place, required=True, description="Where.")
    gate = graphene.String(required=True, description="Which gate.")
    direction = graphene.Field(GateDirection, required=True, description="What for.")
    starts_at = DateTime(required=True, description="From when, in UTC.")
    ends_at = DateTime(required=True, description="Until when, in UTC.")
    zone = graphene.String(required=True, description="The terminal's time zone (IANA).")
    starts_local = graphene.String(
        required=True, description="From when on the terminal's clock, with its offset."
    )
    ends_local = graphene.String(
        required=True, description="Until when on the terminal's clock, with its offset."
    )
    free_number = graphene.Int(required=True, description="How many lorries can still be booked. The number.")
    open = graphene.Boolean(required=True, description="Whether lorries can be booked at all.")

    @staticmethod
    def resolve_terminal(row: SlotRow, info: Info) -> parties.Party | None:
        """Return the terminal."""
        return party_of(info.context, row.terminal_id)

    @staticmethod
    def resolve_place(row: SlotRow, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.place)

    @staticmethod
    def resolve_starts_local(row: SlotRow, _info: Info) -> str:
        """Show the clock."""
        return slots.local(row, row.starts_at)

    @staticmethod
    def resolve_ends_local(row: SlotRow, _info: Info) -> str:
        """Show the clock."""
        return slots.local(row, row.ends_at)

    @staticmethod
    def resolve_free_number(row: SlotRow, _info: Info) -> int:
        """Return what is left."""
        return row.capacity - row.taken

    @staticmethod
    def resolve_open(row: SlotRow, info: Info) -> bool:
        """Return whether it is open now."""
        return row.state == "OPEN" and row.ends_at > info.context.reading.now


class TruckAppointment(graphene.ObjectType):
    """A lorry's appointment for a container."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (AppointmentRow,)

    slot = graphene.Field(GateSlot, required=True, description="When and where.")
    state = graphene.Field(TruckAppointmentState, required=True, description="Where it stands.")
    equipment = graphene.String(required=True, description="ISO 6346 number of the container.")
    booked_by = graphene.Field(Party, required=True, description="Who booked it.")
    haulier = graphene.Field(Party, description="Who drives, where that is another.")
    vehicle = graphene.String(description="Licence plate.")
    reason = graphene.String(description="Why, of what ended it.")
    release = graphene.Field(CargoRelease, description="Of a pick-up, if you are a party to it.")
    booking = graphene.Field(Booking, description="Of a drop-off, if it is of or with you.")
    booked_at = DateTime(required=True, description="When it was booked, in UTC.")
    arrived_at = DateTime(description="When the lorry was at the gate, in UTC.")
    changed_at = DateTime(required=True, description="When it last changed, in UTC.")

    @staticmethod
    def resolve_slot(row: AppointmentRow, info: Info) -> SlotRow | None:
        """Return the slot, read with those of the whole page."""
        context = info.context
        return context.loader.load(
            "gate slot", row.slot_id, "slot", lambda ids: slots.of_ids(context.reading, ids)
        )

    @staticmethod
    def resolve_booked_by(row: AppointmentRow, info: Info) -> parties.Party | None:
        """Return who booked."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_haulier(row: AppointmentRow, info: Info) -> parties.Party | None:
        """Return who drives."""
        return party_of(info.context, row.haulier_id)

    @staticmethod
    def resolve_release(row: AppointmentRow, info: Info) -> ReleaseRow | None:
        """Return the release."""
        return release_of(info.context, row.release_id)

    @staticmethod
    def resolve_booking(row: AppointmentRow, info: Info) -> BookingRow | None:
        """Return the booking, read with those of the whole page."""
        context, key = info.context, row.booking_id
        if key is None:
            return None
        return context.loader.load("booking", key, "booking", lambda ids: _bookings(context, ids))


def release_of(context: Context, release_id: UUID | None) -> ReleaseRow | None:
    """Return a release if the reader is a party to it, read with those of the whole page."""
    if release_id is None:
        return None
    return context.loader.load("release", release_id, "row", lambda ids: _releases(context, ids))


def _bookings(context: Context, ids: Sequence[UUID]) -> dict[UUID, BookingRow]:
    found = bookings.of_ids(context.reading, ids)
    rows = found.values()
    context.loader.keep("booking", rows)
    context.loader.together("party", [one for row in rows for one in (row.party_id, row.carrier_id)])
    context.loader.together("freight quote", [row.quote_id for row in rows])
    return found


def _releases(context: Context, ids: Sequence[UUID]) -> dict[UUID, ReleaseRow]:
    found = release.of_ids(context.reading, ids)
    releases.keep(context, list(found.values()))
    return found


GateSlotConnection = connection(GateSlot)
TruckAppointmentConnection = connection(TruckAppointment)


def _keep(context: Context, rows: Sequence[AppointmentRow]) -> None:
    context.loader.together("gate slot", (row.slot_id for row in rows))
    context.loader.together("party", [one for row in rows for one in (row.party_id, row.haulier_id)])
    context.loader.together("booking", (row.booking_id for row in rows))
    context.loader.together("release", (row.release_id for row in rows))


class AppointmentQuery(graphene.ObjectType):
    """Reading slots and appointments."""

    gate_slots = listed(
        GateSlotConnection,
        "Slots of a terminal that are not over, as they were offered.",
        terminal=graphene.String(required=True, description="Name of the terminal."),
    )
    truck_appointment = nodes.one_by_id(
        TruckAppointment, "The appointment with this id; null where there is none for you to see."
    )
    truck_appointments = listed(
        TruckAppointmentConnection,
        "Appointments of yours, at your gates, and of your releases and bookings, newest first.",
    )

    @staticmethod
    def resolve_gate_slots(
        _root: Any, info: Info, first: int | None, terminal: str, after: str | None = None
    ) -> Page[SlotRow]:
        """Return a page of slots."""
        asked, work = paging(info, "gate slot", first, after), info.context.reading
        named = parties.by_name(work, terminal, field="terminal")
        rows = slots.page(work, named.id, after=asked.behind, first=asked.count + 1)
        return asked.page(rows)

    @staticmethod
    def resolve_truck_appointments(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[AppointmentRow]:
        """Return a page of appointments."""
        asked = paging(info, "appointment", first, after)
        rows = appointments.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        _keep(info.context, rows)
        return asked.page(rows)


nodes.readable("GateSlot", lambda context, key: slots.get(context.reading, key))
nodes.readable("TruckAppointment", lambda context, key: appointments.get(context.reading, key))
