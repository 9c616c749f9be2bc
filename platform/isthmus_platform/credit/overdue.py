"""What the clock asks of credits: whoever does not examine in five banking days has no more to say."""

from uuid import UUID

from sqlalchemy import select

from isthmus_platform.credit import presenting
from isthmus_platform.credit.machine import PresentationState
from isthmus_platform.credit.records import DUTY, CreditPresentation
from isthmus_platform.credit.register import today
from isthmus_platform.database import Duty, Platform

AT_ONCE = 200


def watch(platform: Platform) -> int:
    """End the time of every presentation whose fifth banking day is over; return how many there were.

    The oldest draws first, each in a transaction of its own under the lock of its credit: again, by two
    workers at once, or while a bank examines at last, each presentation is moved once.
    """
    done = 0
    after: UUID | None = None
    while batch := _unexamined(platform, after):
        for presentation_id in batch:
            with platform.begin(Duty(DUTY)) as work:
                done += presenting.preclude(work, presentation_id)
        after = batch[-1]
    return done


def _unexamined(platform: Platform, after: UUID | None) -> list[UUID]:
    with platform.begin(Duty(DUTY)) as work:
        query = (
            select(CreditPresentation.id)
            .where(
                CreditPresentation.state == PresentationState.PRESENTED.value,
                CreditPresentation.examine_by < today(work),
            )
            .order_by(CreditPresentation.id)
        )
        if after is not None:
            query = query.where(CreditPresentation.id > after)
        return list(work.session.scalars(query.limit(AT_ONCE)))
