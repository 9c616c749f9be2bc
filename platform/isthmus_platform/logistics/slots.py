"""Slots of terminals' gates: offered by the day on the terminal's clock, kept in UTC, never overbooked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select, text

from isthmus_platform import places
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.logistics.appointment_machine import Direction, day_slots
from isthmus_platform.logistics.appointment_records import GATE, GateSlot
from isthmus_platform.logistics.wording import one_line

SHORTEST, LONGEST = 10, 720
"""Minutes of a slot."""
MOST_LORRIES = 1000
AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class Offer:
    """Slots of one gate on one day: times are those of the clock in ``zone`` (IANA)."""

    place: str
    zone: str
    gate: str
    direction: Direction
    day: date
    opens: time
    closes: time
    minutes: int
    capacity: int


def offer(work: Work, given: Offer) -> list[GateSlot]:
    """Offer the slots of a day as a terminal; all of them or none.

    Raises :class:`NotPermitted`, :class:`InvalidInput` naming the field, and :class:`Conflict`
    (``slots_overlap``) where one overlaps another of the same gate and direction.
    """
    work.actor.require(PartyRole.TERMINAL)
    places.find(given.place, field="place")
    gate = one_line(given.gate, "gate", 35)
    if not SHORTEST <= given.minutes <= LONGEST:
        raise InvalidInput(f"{SHORTEST} to {LONGEST} minutes.", field="minutes", code="range")
    if not 1 <= given.capacity <= MOST_LORRIES:
        raise InvalidInput(f"1 to {MOST_LORRIES} lorries.", field="capacity", code="range")
    times = day_slots(given.day, given.opens, given.closes, zone_of(given.zone), given.minutes)
    if not times:
        raise InvalidInput("No slot fits between these times.", field="closes", code="no_slot")
    if times[0][0] <= work.now or times[-1][1] > work.now + AHEAD:
        raise InvalidInput("Slots begin in the future, within 60 days.", field="day", code="range")
    _check_free(work, gate, given.direction, times)
    made = [
        GateSlot(
            id=new_id(),
            terminal_id=work.actor.party_id,
            place=given.place,
            zone=given.zone,
            gate=gate,
            direction=given.direction.value,
            starts_at=start,
            ends_at=end,
            capacity=given.capacity,
            taken=0,
            state="OPEN",
            offered_at=work.now,
        )
        for start, end in times
    ]
    work.session.add_all(made)
    work.session.flush()
    return made


def _check_free(
    work: Work, gate: str, direction: Direction, times: Sequence[tuple[datetime, datetime]]
) -> None:
    """Refuse slots that overlap; who offers slots of the same terminal at once waits here."""
    terminal = work.actor.party_id
    work.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 4712))"), {"key": str(terminal)}
    )
    overlapping = select(GateSlot.id).where(
        GateSlot.terminal_id == terminal,
        GateSlot.gate == gate,
        GateSlot.direction == direction.value,
        GateSlot.starts_at < times[-1][1],
        GateSlot.ends_at > times[0][0],
    )
    if work.session.scalar(overlapping.limit(1)) is not None:
        raise Conflict("Slots of this gate are offered then already.", field="day", code="slots_overlap")


def zone_of(name: str) -> ZoneInfo:
    """Return the zone with this IANA name; raise :class:`InvalidInput` (``unknown_zone``)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            "An IANA time zone such as Europe/Berlin is wanted.", field="zone", code="unknown_zone"
        ) from None


def local(slot: GateSlot, at: datetime) -> str:
    """Return a time as the terminal's clock shows it, with its offset (RFC 3339)."""
    return at.astimezone(ZoneInfo(slot.zone)).isoformat(timespec="minutes")


def get(work: Work, slot_id: UUID) -> GateSlot:
    """Return a slot; raise :class:`NotFound`."""
    found = work.session.scalar(
        select(GateSlot).where(GateSlot.id == slot_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such slot.", field="slot")
    return found


def page(work: Work, terminal_id: UUID, *, after: UUID | None = None, first: int = 50) -> Sequence[GateSlot]:
    """Return a terminal's slots that have not ended, in the order in which they were offered."""
    query = (
        select(GateSlot)
        .where(GateSlot.terminal_id == terminal_id, GateSlot.ends_at > work.now)
        .order_by(GateSlot.id)
        .limit(first)
    )
    if after is not None:
        query = query.where(GateSlot.id > after)
    return work.session.scalars(query).all()


def of_ids(work: Work, slot_ids: Sequence[UUID]) -> dict[UUID, GateSlot]:
    """Return these slots by id."""
    return {row.id: row for row in work.session.scalars(select(GateSlot).where(GateSlot.id.in_(slot_ids)))}


def close(work: Work, slot_id: UUID) -> GateSlot:
    """Close a slot to further lorries, as its terminal; those booked may come. Again changes nothing."""
    slot = get(work, slot_id)
    if slot.terminal_id != work.actor.party_id:
        raise NotPermitted("The slot is another terminal's.", field="slot", code="wrong_party")
    slot = locked(work, [slot_id])[slot_id]
    if slot.state == "OPEN":
        with on_duty(work, GATE):
            slot.state = "CLOSED"
            work.session.flush()
    return slot


def locked(work: Work, slot_ids: Sequence[UUID]) -> dict[UUID, GateSlot]:
    """Return slots locked and as they stand, always locked in one order."""
    with on_duty(work, GATE):
        rows = work.session.scalars(
            select(GateSlot)
            .where(GateSlot.id.in_(slot_ids))
            .order_by(GateSlot.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
    return {row.id: row for row in rows}


def take(work: Work, slot: GateSlot) -> None:
    """Take a place in a locked slot; raises ``slot_closed``, ``slot_over`` or ``slot_full``."""
    if slot.state != "OPEN":
        raise Conflict("The slot is closed.", field="slot", code="slot_closed")
    if slot.ends_at <= work.now:
        raise Conflict("The slot is over.", field="slot", code="slot_over")
    if slot.taken >= slot.capacity:
        raise Conflict("The slot is full.", field="slot", code="slot_full")
    with on_duty(work, GATE):
        slot.taken += 1
        work.session.flush()


def free(work: Work, slot: GateSlot) -> None:
    """Free a place in a locked slot."""
    with on_duty(work, GATE):
        slot.taken -= 1
        work.session.flush()
