"""What the clock is to look at of a booking's cut-offs, put down when the carrier sets them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.database import Work, on_duty
from isthmus_platform.logistics.booking_machine import AT_RISK_WITHIN, CutOffCode, CutOffStatus
from isthmus_platform.logistics.booking_records import CLOCK, Booking, CutOffNotice

WARNS = CutOffStatus.AT_RISK
MISSED = CutOffStatus.MISSED


def stands(booking: Booking) -> dict[CutOffCode, datetime]:
    """Return the cut-offs that the carrier last set, by code; none before it confirms."""
    told = (
        (CutOffCode.DCO, booking.documentation_cut_off),
        (CutOffCode.VCO, booking.vgm_cut_off),
        (CutOffCode.FCO, booking.cargo_cut_off),
    )
    return {code: at for code, at in told if at is not None}


def put_down(work: Work, booking: Booking) -> None:
    """Let the clock look at each cut-off a day before it and at its instant.

    A cut-off that is confirmed again as it was has its rows already: what was told is not told twice, and
    what was passed over while another cut-off stood is looked at anew.
    """
    work.session.flush()
    rows = [
        {
            "booking_id": booking.id,
            "code": code.value,
            "cut_off": at,
            "status": status.value,
            "due_at": due,
        }
        for code, at in stands(booking).items()
        for status, due in ((WARNS, at - AT_RISK_WITHIN), (MISSED, at))
    ]
    put = insert(CutOffNotice).values(rows)
    anew = put.on_conflict_do_update(
        index_elements=["booking_id", "code", "cut_off", "status"],
        set_={"looked_at": None},
        where=CutOffNotice.told_at.is_(None),
    )
    with on_duty(work, CLOCK):
        work.session.execute(anew)


def of_bookings(work: Work, booking_ids: Sequence[UUID]) -> dict[UUID, list[CutOffNotice]]:
    """Return what both sides were told of the cut-offs of bookings that the actor sees."""
    found: dict[UUID, list[CutOffNotice]] = {one: [] for one in booking_ids}
    query = select(CutOffNotice).where(
        CutOffNotice.booking_id.in_(booking_ids), CutOffNotice.told_at.is_not(None)
    )
    for each in work.session.scalars(query.order_by(CutOffNotice.due_at, CutOffNotice.code)):
        found[each.booking_id].append(each)
    return found


def told_at(
    notices: Sequence[CutOffNotice], code: CutOffCode, cut_off: datetime, status: CutOffStatus
) -> datetime | None:
    """Return when both sides were told that this cut-off stands so."""
    wanted = (code.value, cut_off, status.value)
    return next((each.told_at for each in notices if (each.code, each.cut_off, each.status) == wanted), None)
