"""What the clock asks of bookings: both sides are told once that a cut-off nears, and that it was missed.

What is due was put down when the carrier set the cut-offs (:mod:`.cut_off_notices`). A cut-off that was met
in time, that is no longer the booking's, or whose booking has ended is looked at and not told.
"""

from uuid import UUID

from sqlalchemy import select

from isthmus_platform.changes import Kind
from isthmus_platform.database import Duty, Platform, Work
from isthmus_platform.logistics import bookings, telling
from isthmus_platform.logistics.booking_machine import WATCHED, BookingState, CutOffStatus
from isthmus_platform.logistics.booking_records import CLOCK, Booking, CutOffNotice
from isthmus_platform.logistics.bookings import CutOff

AT_ONCE = 200
KINDS = {
    CutOffStatus.AT_RISK: Kind.BOOKING_CUT_OFF_NEARS,
    CutOffStatus.MISSED: Kind.BOOKING_CUT_OFF_MISSED,
}


def watch(platform: Platform) -> int:
    """Look at every cut-off that is due, and tell of those that are not met; return how many were told.

    Each booking is looked at in a transaction of its own under its lock. Again, by two workers at once, or
    after one that was cut off, each cut-off is told once; after a long pause only that it was missed.
    """
    told = 0
    while batch := _due(platform):
        for booking_id in batch:
            with platform.begin(Duty(CLOCK)) as work:
                told += _look(work, booking_id)
    return told


def _due(platform: Platform) -> list[UUID]:
    with platform.begin(Duty(CLOCK)) as work:
        query = (
            select(CutOffNotice.booking_id)
            .where(CutOffNotice.looked_at.is_(None), CutOffNotice.due_at <= work.now)
            .distinct()
            .limit(AT_ONCE)
        )
        return list(work.session.scalars(query))


def _look(work: Work, booking_id: UUID) -> int:
    booking = bookings.get(work, booking_id, lock=True)
    due = work.session.scalars(
        select(CutOffNotice)
        .where(
            CutOffNotice.booking_id == booking_id,
            CutOffNotice.looked_at.is_(None),
            CutOffNotice.due_at <= work.now,
        )
        .order_by(CutOffNotice.due_at, CutOffNotice.code)
    ).all()
    if not due:
        return 0
    masses = bookings.masses(work, [booking_id])[booking_id]
    unmet = {
        (each.code.value, each.at, each.status.value): each
        for each in bookings.cut_offs(booking, masses, work.now)
        if BookingState(booking.state) in WATCHED
    }
    told = 0
    for notice in due:
        notice.looked_at = work.now
        found = unmet.get((notice.code, notice.cut_off, notice.status))
        if found is not None:
            notice.told_at = work.now
            _tell(work, booking, found)
            told += 1
    work.session.flush()
    return told


def _tell(work: Work, booking: Booking, cut_off: CutOff) -> None:
    about = {
        "booking": str(booking.id),
        "state": booking.state,
        "cutOff": cut_off.code.value,
        "at": cut_off.at.isoformat(),
    }
    telling.tell(work, KINDS[cut_off.status], booking.id, about, (booking.party_id, booking.carrier_id))
