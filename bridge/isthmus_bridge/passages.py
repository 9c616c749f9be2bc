"""Exchanges as delivery works on them: plain rows, read and written for many at once.

The steps of an exchange are those of :mod:`isthmus_bridge.exchanges`, whichever of its forms they are taken
on. What a step changes is written by :func:`write`, one statement for a whole batch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, parse_object


@dataclass
class Passage:
    """One exchange; the names are those of :class:`isthmus_bridge.models.Exchange`, JSON is left as text."""

    id: UUID
    request_id: str
    created_at: datetime
    message: str
    direction: str
    purpose: str
    party: str | None
    role: str | None
    owner: str | None
    subject: str | None
    in_reply_to: UUID | None
    consents: str
    agreement_id: str | None
    agreement_version: int | None
    agreement_digest: str | None
    terms: str
    salt: bytes | None
    payload_digest: str | None
    decision_index: int | None
    promise: str | None
    body: str | None
    state: str
    reason: str | None
    field: str | None
    detail: str | None
    receipt: str | None
    acknowledgement: str | None
    sent_at: datetime | None
    told_at: datetime | None
    due_at: datetime
    attempts: int
    faults: int
    last_error: str | None
    set_aside_at: datetime | None

    @cached_property
    def released(self) -> JsonObject:
        """What the gate released, as it was first read; raises ValueError where that is none."""
        if self.body is None:
            raise ValueError("what was released is kept no longer")
        return parse_object(self.body.encode())


_AS_TEXT = ("consents", "terms")
_COLUMNS = ", ".join(
    f"exchange.{each.name}::text" if each.name in _AS_TEXT else f"exchange.{each.name}"
    for each in fields(Passage)
)

# The literals are those of the partial indexes, which have the order too: no more is read than is claimed.
_TO_DELIVER = "exchange.state IN ('AGREED', 'SENT') AND exchange.due_at <= :now"
_TO_TELL = (
    "exchange.state IN ('DELIVERED', 'FAILED', 'TERMINATED') AND exchange.told_at IS NULL"
    " AND exchange.set_aside_at IS NULL AND exchange.due_at <= :now"
)
# The first of its subject is looked up by index for each that is due: a join would take the square of them.
_FIRST = (
    "(exchange.subject IS NULL OR exchange.decision_index = (SELECT before.decision_index"
    " FROM exchange AS before WHERE before.subject = exchange.subject"
    " AND before.direction = exchange.direction AND before.state IN ('AGREED', 'SENT')"
    " ORDER BY before.decision_index LIMIT 1))"
)
_NEXT = "SELECT {} FROM exchange WHERE exchange.direction = :direction AND {}"
_LOCKED = " ORDER BY exchange.due_at LIMIT :most FOR UPDATE OF exchange SKIP LOCKED"
_DELIVERABLE = text(_NEXT.format(_COLUMNS, f"{_TO_DELIVER} AND {_FIRST}") + _LOCKED)
_TELLABLE = text(_NEXT.format(_COLUMNS, _TO_TELL) + _LOCKED)
_EXISTS = "SELECT '{0}', {1} WHERE EXISTS (SELECT FROM exchange WHERE exchange.direction = '{0}' AND {2})"
_IS_DUE = text(
    " UNION ALL ".join(
        _EXISTS.format(direction, told, due)
        for direction in Direction
        for told, due in (("false", _TO_DELIVER), ("true", _TO_TELL))
    )
)
_LOCK_CLAIMED = text(
    "SELECT id, state, attempts, faults FROM exchange WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
)

# What delivery changes of an exchange, and the type of each column.
_CHANGED = {
    "state": "varchar",
    "reason": "varchar",
    "field": "varchar",
    "detail": "varchar",
    "receipt": "varchar",
    "acknowledgement": "varchar",
    "sent_at": "timestamptz",
    "told_at": "timestamptz",
    "due_at": "timestamptz",
    "attempts": "int",
    "faults": "int",
    "last_error": "varchar",
    "set_aside_at": "timestamptz",
}
# One JSON text for all of them, as they are entered (isthmus_bridge.entries): binding arrays takes longer.
_UPDATE = (
    "UPDATE exchange SET ({names}) = ROW({values}),"
    " body = CASE WHEN new.state IN ('AGREED', 'SENT') THEN exchange.body END"
    " FROM json_to_recordset(CAST(:rows AS json)) AS new (id uuid, {columns}) WHERE exchange.id = new.id"
)
_WRITE = text(
    _UPDATE.format(
        names=", ".join(_CHANGED),
        values=", ".join(f"new.{name}" for name in _CHANGED),
        columns=", ".join(f"{name} {type_}" for name, type_ in _CHANGED.items()),
    )
)


def is_due(session: Session, now: datetime) -> set[tuple[Direction, bool]]:
    """Return the directions in which something may be due, and whether that is an end to be told."""
    return {(Direction(row[0]), row[1]) for row in session.execute(_IS_DUE, {"now": now})}


def deliverable(session: Session, direction: Direction, now: datetime, most: int) -> list[Passage]:
    """Lock and return up to ``most`` that are due in ``direction``, none behind another of its subject."""
    return _read(session, _DELIVERABLE, direction, now, most)


def tellable(session: Session, direction: Direction, now: datetime, most: int) -> list[Passage]:
    """Lock and return up to ``most`` that have ended in ``direction`` and whose originator is to hear it."""
    return _read(session, _TELLABLE, direction, now, most)


def _read(
    session: Session, query: TextClause, direction: Direction, now: datetime, most: int
) -> list[Passage]:
    rows = session.execute(query, {"direction": direction.value, "now": now, "most": most})
    return [Passage(*row) for row in rows]


@dataclass(frozen=True)
class Standing:
    """How far an exchange has come by what the database holds now."""

    state: str
    attempts: int
    faults: int


def lock(session: Session, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Lock exchanges, always in one order, and return how far each has come."""
    rows = session.execute(_LOCK_CLAIMED, {"ids": list(ids)})
    return {row[0]: Standing(row[1], row[2], row[3]) for row in rows}


def write(session: Session, passages: Iterable[Passage]) -> None:
    """Write what has changed of ``passages``, which this transaction has locked."""
    changed = [{name: getattr(each, name) for name in ("id", *_CHANGED)} for each in passages]
    if changed:
        session.execute(_WRITE, {"rows": orjson.dumps(changed).decode()})
