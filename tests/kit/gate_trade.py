"""A trade whose containers come and go by lorry: slots of the terminal, orders and bookings, deliveries."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from stdnum import iso6346

from booking_trade import BookingTrade
from isthmus_platform.database import Platform
from isthmus_platform.logistics import appointments, deliveries, slots, tokens
from isthmus_platform.logistics.appointment_machine import Direction
from isthmus_platform.logistics.appointment_records import GateSlot, TruckAppointment
from isthmus_platform.logistics.delivery_records import DeliveryProof
from isthmus_platform.logistics.records import DeliveryOrder
from release_trade import ReleaseTrade, open_release_trade
from title_trade import DESK

CONTAINER, OTHER = "MCLU4200170", "MCLU4200185"
OFFER = slots.Offer(
    place="DEHAM",
    zone="Europe/Berlin",
    gate="North",
    direction=Direction.PICK_UP,
    day=date(2026, 6, 2),
    opens=time(6),
    closes=time(10),
    minutes=60,
    capacity=2,
)
TABLES = ("gate_slot", "truck_appointment", "delivery_proof", "tracking_event", "shipment_source", "outbox")


def containers(count: int) -> list[str]:
    """Return container numbers with right check digits."""
    bodies = (f"MCLU{number:06d}" for number in range(count))
    return [body + iso6346.calc_check_digit(body) for body in bodies]


@dataclass(frozen=True)
class GateTrade:
    """The trade of a release; ``rival`` drives, the forwarder books."""

    releases: ReleaseTrade

    @property
    def platform(self) -> Platform:
        return self.releases.platform

    def offer(self, by: str = "terminal", **changes: Any) -> list[GateSlot]:
        with self.platform.begin(self.releases.titles[by]) as work:
            return slots.offer(work, replace(OFFER, **changes))

    def slot(self, slot_id: UUID) -> GateSlot:
        with self.platform.begin(self.releases.titles["stranger"]) as work:
            return slots.get(work, slot_id)

    def close(self, slot_id: UUID, by: str = "terminal") -> None:
        with self.platform.begin(self.releases.titles[by]) as work:
            slots.close(work, slot_id)

    def ordered(self) -> DeliveryOrder:
        """Return a live delivery order of both containers, good for two days."""
        return self.releases.order(self.releases.ready())

    def book(
        self, slot: UUID, order: DeliveryOrder, container: str = CONTAINER, by: str = "forwarder", **more: Any
    ) -> TruckAppointment:
        given: dict[str, Any] = {
            "order_number": order.number,
            "token": tokens.token(DESK.vault, order.id),
            "haulier": "rival",
        } | more
        return self.bring(slot, None, container, by, **given)

    def bring(
        self, slot: UUID, booking: UUID | None, container: str, by: str = "trader", **more: Any
    ) -> TruckAppointment:
        with self.platform.begin(self.releases.titles[by]) as work:
            wanted = appointments.Wanted(slot, container, booking=booking, **more)
            return appointments.book(work, wanted)

    def move(self, name: str, appointment: UUID, by: str, *given: Any) -> TruckAppointment:
        """Do ``reschedule``, ``cancel``, ``arrive``, ``complete``, ``turn_away`` or ``no_show``."""
        with self.platform.begin(self.releases.titles[by]) as work:
            made: TruckAppointment = getattr(appointments, name)(work, appointment, *given)
            return made

    def booking(self, units: int = 2, origin: str = "DEHAM", cut_off: timedelta = timedelta(days=5)) -> UUID:
        """Return a booking of the trader's that the carrier confirmed."""
        trade = BookingTrade(self.platform, self.releases.titles.papers.trade.actors)
        return trade.confirm(trade.book(trade.accepted(units=units, origin=origin)), cut_off)

    def hand_out(self, order: DeliveryOrder) -> None:
        self.releases.pick_up(order.id, tokens.token(DESK.vault, order.id))

    def deliver(self, by: str, at: datetime | None = None, **changes: Any) -> DeliveryProof:
        given: dict[str, Any] = {
            "at": at or self.platform.clock(),
            "place": "DEHAM",
            "received_by": "A. Petersen",
        } | changes
        with self.platform.begin(self.releases.titles[by]) as work:
            return deliveries.record(work, DESK, deliveries.Delivered(**given))

    def answer(
        self, proof: UUID, agrees: bool = True, by: str = "consignee", remark: str | None = None
    ) -> str:
        with self.platform.begin(self.releases.titles[by]) as work:
            return deliveries.answer(work, DESK, proof, agrees=agrees, remark=remark).state

    def withdraw(self, proof: UUID, by: str) -> str:
        with self.platform.begin(self.releases.titles[by]) as work:
            return deliveries.withdraw(work, proof, "Another container").state

    def file(self, proof: UUID, by: str = "consignee") -> bytes:
        with self.platform.begin(self.releases.titles[by]) as work:
            return deliveries.export(work, DESK, proof)

    def rows(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        rows = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in TABLES)
        return self.releases.titles.as_owner(f"{rows} ORDER BY 1, 2")


def open_gate_trade(platform: Platform) -> GateTrade:
    """Register the parties and make the shipment."""
    return GateTrade(open_release_trade(platform))
