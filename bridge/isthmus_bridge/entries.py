"""Exchanges as they are entered: a batch of them is decided in memory and written by one statement.

A row of the ORM costs more than all that the gate does: it is for exchanges that change, and these have not
yet been read by anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from isthmus_bridge.together import Statement

# The database reads the rows out of one JSON text, by the names of its columns: binding the columns one by
# one takes longer than deciding does. What is not named is null.
_ENTER = (
    "INSERT INTO exchange SELECT * FROM json_populate_recordset(CAST(NULL AS exchange), CAST($1 AS json))"
)


@dataclass(slots=True)
class Entry:
    """A new exchange; its members are columns of :class:`~isthmus_bridge.models.Exchange`."""

    id: UUID
    caller: str
    idempotency_key: str
    body_digest: str
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
    consents: Sequence[dict[str, Any]]
    due_at: datetime
    state: str
    terms: Sequence[dict[str, Any]] = ()
    agreement_id: str | None = None
    agreement_version: int | None = None
    agreement_digest: str | None = None
    salt: bytes | None = None
    payload_digest: str | None = None
    body: str | None = None
    reason: str | None = None
    field: str | None = None
    decision_index: int | None = None
    promise: str | None = None
    attempts: int = 0
    faults: int = 0


def entering(entries: Sequence[Entry]) -> Statement:
    """Return the statement that writes ``entries`` to the database."""
    return _ENTER, [orjson.dumps(entries, default=_bytea).decode()]


def _bytea(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"a {type(value).__name__} is in no column")
    return f"\\x{value.hex()}"
