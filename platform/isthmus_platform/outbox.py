"""The transactional outbox: what must happen after a commit is written in the same transaction.

A message broker may forget; this table does not. A worker claims rows with ``SKIP LOCKED``, under a lease, so
that no network call is made inside a database transaction and a killed worker's rows come back by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Index, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base, Duty, Platform, Work, new_id

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=5)


class OutboxMessage(Base):
    """One thing to do; ``done_at`` is set when it has been done."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "topic", "due_at", postgresql_where="done_at IS NULL"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str]
    party_id: Mapped[UUID]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Message:
    """An outbox row as a handler sees it; ``id`` is what makes handling idempotent."""

    id: UUID
    topic: str
    party_id: UUID
    payload: dict[str, Any]
    request_id: str
    created_at: datetime
    attempts: int


class TryLater(Exception):
    """A handler's word that the other side cannot be reached now; the message waits and comes back."""


def emit(
    work: Work,
    topic: str,
    payload: dict[str, Any],
    *,
    party_id: UUID | None = None,
    due_at: datetime | None = None,
) -> UUID:
    """Record that ``payload`` must be handled after this transaction commits, and return the message's id.

    ``party_id`` is the party it concerns, the actor's own by default; ``due_at`` is when, at once by default.
    """
    message_id = new_id()
    work.session.add(
        OutboxMessage(
            id=message_id,
            topic=topic,
            party_id=party_id or work.actor.party_id,
            payload=payload,
            request_id=work.request_id,
            created_at=work.now,
            due_at=due_at or work.now,
        )
    )
    work.topics.add(topic)
    return message_id


def drain(platform: Platform, topic: str, handle: Callable[[Message], None], *, limit: int = 100) -> int:
    """Hand each due message of ``topic`` to ``handle`` and return how many were done.

    A handler may be called again for a message it has handled (a worker died between the two commits), so it
    must be idempotent by ``message.id``. It opens its own transactions. Any exception leaves the message due
    again after a growing wait; nothing is ever dropped.
    """
    done = 0
    for _ in range(limit):
        message = _claim(platform, topic)
        if message is None:
            break
        try:
            handle(message)
        except TryLater as delay:
            _postpone(platform, message, delay)
        except Exception as error:
            log.exception("outbox.failed", topic=topic, message_id=str(message.id), attempts=message.attempts)
            _postpone(platform, message, error)
        else:
            _finish(platform, message)
            done += 1
    return done


def _claim(platform: Platform, topic: str) -> Message | None:
    with platform.begin(Duty("outbox")) as work:
        row = work.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.topic == topic, OutboxMessage.done_at.is_(None))
            .where(OutboxMessage.due_at <= work.now)
            .order_by(OutboxMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        row.due_at = work.now + LEASE
        row.attempts += 1
        return Message(
            row.id, row.topic, row.party_id, row.payload, row.request_id, row.created_at, row.attempts
        )


def _postpone(platform: Platform, message: Message, error: Exception) -> None:
    wait = min(LONGEST_WAIT, timedelta(seconds=0.5 * 2 ** min(message.attempts, 10)))
    with platform.begin(Duty("outbox")) as work:
        work.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == message.id)
            .values(due_at=work.now + wait, last_error=f"{type(error).__name__}: {error}"[:500])
        )


def _finish(platform: Platform, message: Message) -> None:
    with platform.begin(Duty("outbox")) as work:
        work.session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message.id).values(done_at=work.now)
        )


def waiting(work: Work) -> dict[str, int]:
    """Return how many messages wait, by topic (needs the duty ``outbox``)."""
    rows = work.session.execute(
        select(OutboxMessage.topic, func.count())
        .where(OutboxMessage.done_at.is_(None))
        .group_by(OutboxMessage.topic)
    )
    return {row[0]: row[1] for row in rows}
