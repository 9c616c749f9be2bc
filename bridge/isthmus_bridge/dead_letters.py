"""What waits to get through: how long it may, when it is set aside, and how it is resumed.

A receiver that is down, or says that it is, is tried until the exchange's time limit: what waits for it goes
on by itself when it is back. A receiver that answers, but neither takes the exchange nor refuses it, is at
fault each time; after enough faults in a row the exchange is set aside, a dead letter, and waits for a person
to resume it. A dead letter keeps its place: what follows it about the same subject in the same direction
waits behind it, since order is promised there, and everything else goes on. At its time limit it is given
up: its receiver is asked whether it has it all the same (:mod:`isthmus_bridge.in_doubt`), the originator is
told the end, and the next goes on.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from isthmus_bridge import exchanges, in_doubt
from isthmus_bridge.models import Exchange
from isthmus_bridge.passages import Passage
from isthmus_bridge.service import Patience
from isthmus_protocol.messages import ExchangeState

UNDER_WAY = tuple(state.value for state in exchanges.UNDER_WAY)
TO_TELL = (ExchangeState.DELIVERED.value, ExchangeState.FAILED.value, ExchangeState.TERMINATED.value)

NOT_AT_FAULT = (408, 425, 429, 502, 503, 504)
"""Statuses of a receiver that is down or busy for everybody: RFC 9110 (15.5.9, 15.6), RFC 8470, RFC 6585."""


@dataclass(frozen=True)
class Waiting:
    """How many exchanges are not at their end yet, how many of them are set aside, how many are in doubt."""

    waiting: int
    set_aside: int
    in_doubt: int


def waits() -> ColumnElement[bool]:
    """Say which exchanges are under way, or ended and their originator has yet to be told."""
    untold = and_(Exchange.told_at.is_(None), Exchange.state.in_(TO_TELL))
    return or_(Exchange.state.in_(UNDER_WAY), untold)


def is_waiting(exchange: Exchange) -> bool:
    """Say of one exchange what :func:`waits` says of all."""
    return exchange.state in UNDER_WAY or (exchange.told_at is None and exchange.state in TO_TELL)


def ends_at(exchange: Exchange | Passage, patience: Patience) -> datetime | None:
    """Return when an exchange under way is given up; None where it has been, or is at its end."""
    if exchange.state not in UNDER_WAY or in_doubt.is_in_doubt(exchange):
        return None
    return exchange.created_at + patience.time_limit


def is_overdue(exchange: Passage, patience: Patience, now: datetime) -> bool:
    """Say whether the time limit of an exchange under way has passed."""
    end = ends_at(exchange, patience)
    return end is not None and now >= end


def count_fault(exchange: Passage, problem: str, patience: Patience, now: datetime) -> None:
    """Count that the receiver answered and neither took nor refused it; set it aside when that is enough."""
    exchange.faults += 1
    if exchange.faults >= patience.faults:
        set_aside(exchange, problem, patience, now)


def set_aside(exchange: Passage, problem: str, patience: Patience, now: datetime) -> None:
    """Try the exchange no more until it is resumed, or its time limit ends it."""
    exchange.set_aside_at = now
    exchange.last_error = problem[:500]
    exchange.due_at = ends_at(exchange, patience) or now


def resume(exchange: Exchange, now: datetime) -> None:
    """Make a waiting exchange due at once, its faults forgiven."""
    if not is_waiting(exchange):
        raise ValueError("only what waits is resumed")
    exchange.set_aside_at = None
    exchange.faults = 0
    exchange.due_at = now


def resume_all(session: Session, now: datetime) -> int:
    """Resume everything that is set aside and return how much that was."""
    resumed = session.execute(
        update(Exchange)
        .where(Exchange.set_aside_at.is_not(None), waits())
        .values(set_aside_at=None, faults=0, due_at=now)
        .returning(Exchange.id)
    )
    return len(resumed.all())


def count(session: Session) -> Waiting:
    """Return how much waits, and how much of it is set aside or in doubt."""
    doubtful = func.count().filter(in_doubt.are())
    counted = select(func.count(), func.count(Exchange.set_aside_at), doubtful).select_from(Exchange)
    row = session.execute(counted.where(waits())).one()
    return Waiting(row[0], row[1], row[2])


def listing(session: Session, *, only_set_aside: bool, start: int, limit: int) -> list[Exchange]:
    """Return exchanges that wait, in the order in which they were agreed, from ``start`` in the log on."""
    query = select(Exchange).where(waits(), Exchange.decision_index >= start)
    if only_set_aside:
        query = query.where(Exchange.set_aside_at.is_not(None))
    return list(session.scalars(query.order_by(Exchange.decision_index).limit(limit)))


def ahead_of(session: Session, exchange: Exchange) -> Exchange | None:
    """Return the exchange under way that this one has to wait for, if there is one."""
    if exchange.state not in UNDER_WAY or exchange.subject is None:
        return None
    return session.scalars(
        select(Exchange)
        .where(
            Exchange.subject == exchange.subject,
            Exchange.direction == exchange.direction,
            Exchange.state.in_(UNDER_WAY),
            Exchange.decision_index < exchange.decision_index,
        )
        .order_by(Exchange.decision_index)
        .limit(1)
    ).one_or_none()
