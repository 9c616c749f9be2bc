"""A write that is sent again with the same key is done once.

The key is kept with a digest of the input and the answer, in the same transaction as the write.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base, Work
from isthmus_platform.errors import Conflict, InvalidInput

LONGEST_KEY = 200


class IdempotencyRecord(Base):
    """A party's key, what it was used for, and what was answered."""

    __tablename__ = "idempotency_record"

    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str]
    input_digest: Mapped[str]
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


def once(
    work: Work, key: str, operation: str, given: dict[str, Any], write: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Run ``write`` unless the actor's ``key`` was used before; return its answer, the first one's if so.

    The answer is JSON (ids, not rows). Two callers with one key wait for each other: the insert locks.
    Raises :class:`Conflict` (``idempotency_key_reused``) when the key came with another operation or input.
    """
    if not key or len(key) > LONGEST_KEY:
        raise InvalidInput(
            f"An idempotency key has 1 to {LONGEST_KEY} characters.", field="idempotencyKey", code="length"
        )
    canonical = orjson.dumps(given, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    digest = hashlib.sha256(canonical).hexdigest()
    party_id = work.actor.party_id
    inserted = work.session.scalar(
        insert(IdempotencyRecord)
        .values(
            party_id=party_id,
            key=key,
            operation=operation,
            input_digest=digest,
            answer={},
            created_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyRecord.key)
    )
    record = work.session.get_one(IdempotencyRecord, (party_id, key))
    if inserted is None:
        if (record.operation, record.input_digest) != (operation, digest):
            raise Conflict(
                "This idempotency key was used before, with another operation or input.",
                field="idempotencyKey",
                code="idempotency_key_reused",
            )
        return record.answer
    record.answer = write()
    return record.answer
