"""What the clock asks: offers whose time is over lapse, what is unpaid falls due, and then into default."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from isthmus_platform.database import Duty, Platform, Work
from isthmus_platform.receivables.machine import Action, Part, State
from isthmus_platform.receivables.records import DUTY, ReceivableOffer
from isthmus_platform.receivables.stepping import check, close_to, enter, let_go, locked
from isthmus_platform.receivables.terms import in_default, overdue

AT_ONCE = 200
QUOTED = (State.QUOTED.value, State.ACCEPTED.value)
DATED = (State.OFFERED.value, State.CONFIRMED.value, State.DISBURSED.value, State.OVERDUE.value)


def watch(platform: Platform) -> int:
    """Do what is due, each offer in a transaction of its own; return how many steps were made.

    Again, or by two workers at once, each step is made once.
    """
    done = 0
    after: UUID | None = None
    while batch := _looked_at(platform, after):
        done += sum(_moved(platform, offer_id) for offer_id in batch)
        after = batch[-1]
    return done


def _looked_at(platform: Platform, after: UUID | None) -> list[UUID]:
    with platform.begin(Duty(DUTY)) as work:
        query = select(ReceivableOffer.id).where(_late(work.now)).order_by(ReceivableOffer.id)
        if after is not None:
            query = query.where(ReceivableOffer.id > after)
        return list(work.session.scalars(query.limit(AT_ONCE)))


def _late(now: datetime) -> ColumnElement[bool]:
    """Return what an offer must fulfil to be looked at; days of grace are counted later."""
    return or_(
        and_(ReceivableOffer.state.in_(QUOTED), ReceivableOffer.valid_until <= now),
        and_(ReceivableOffer.state.in_(DATED), ReceivableOffer.due_on < now.date()),
    )


def _moved(platform: Platform, offer_id: UUID) -> int:
    """Make the steps that the clock asks of one offer: after a long pause it falls due and defaults."""
    made = 0
    with platform.begin(Duty(DUTY)) as work:
        offer = locked(work, offer_id)
        while (action := due_step(offer, work.now)) is not None:
            _make(work, offer, action)
            made += 1
    return made


def due_step(offer: ReceivableOffer, now: datetime) -> Action | None:
    """Return what the clock asks of an offer at ``now``; None where it asks nothing."""
    today: date = now.date()
    match State(offer.state):
        case State.QUOTED | State.ACCEPTED:
            return Action.LAPSE if offer.valid_until is not None and offer.valid_until <= now else None
        case State.OFFERED | State.CONFIRMED:
            return Action.LAPSE if overdue(offer.due_on, today) else None
        case State.DISBURSED:
            return Action.FALL_DUE if overdue(offer.due_on, today) else None
        case State.OVERDUE:
            return Action.DEFAULT if in_default(offer.due_on, offer.grace_days or 0, today) else None
        case _:
            return None


def _make(work: Work, offer: ReceivableOffer, action: Action) -> None:
    transition = check(offer, action, Part.CLOCK)
    if action is Action.LAPSE:
        let_go(work, offer)
        close_to(work, offer)
    offer.state = (transition.after or State(offer.state)).value
    enter(work, offer, action)
