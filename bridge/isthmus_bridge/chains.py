"""Chains: each crossing record is linked to the one before it of its party, and of its subject.

How far a chain has come is kept in one row, written in the transaction that appends. That row only saves
looking: what the leaves say of each other is what an auditor checks (see :mod:`isthmus_protocol.fraud`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from isthmus_protocol.chains import Chain, ChainKind, Link, is_of_subject
from isthmus_protocol.records import LogRecord, Record

Key: TypeAlias = tuple[str, str]
"""A kind of chain, and whose: a party's name, or a subject's keyed hash."""

_LAST = text(
    "SELECT kind, key, count, last_index FROM log_chain WHERE (kind, key) IN"
    " (SELECT kind, key FROM json_to_recordset(CAST(:keys AS json)) AS given (kind text, key text))"
)

Ends: TypeAlias = list[dict[str, str | int]]
"""Rows of ``log_chain``, to be written with the records that were linked."""


def link(session: Session, records: Sequence[Record], first_index: int) -> tuple[list[Record], Ends]:
    """Return ``records``, to be appended in this order from ``first_index`` on, with their links.

    The log must be locked by this transaction, which also writes how far the chains have come then. Records
    of agreements are in no chain.
    """
    keys = sorted({key for record in records for key in _keys(record)})
    named = orjson.dumps([{"kind": kind, "key": key} for kind, key in keys]).decode()
    found = session.execute(_LAST, {"keys": named}) if keys else ()
    ends: dict[Key, tuple[int, int]] = {(row[0], row[1]): (row[2], row[3]) for row in found}
    linked: list[Record] = []
    for index, record in enumerate(records, first_index):
        if isinstance(record, LogRecord):
            places = {kind.lower(): _next(ends, (kind, key), index) for kind, key in _keys(record)}
            linked.append(replace(record, chain=Chain(**places)))
        else:
            linked.append(record)
    reached: Ends = [
        {"kind": kind, "key": key, "count": ends[kind, key][0], "last_index": ends[kind, key][1]}
        for kind, key in keys
    ]
    return linked, reached


def _keys(record: Record) -> list[Key]:
    if not isinstance(record, LogRecord):
        return []
    subject = record.subject if is_of_subject(record.phase, record.decision) else None
    named = ((ChainKind.PARTY, record.party), (ChainKind.SUBJECT, subject))
    return [(kind.value, key) for kind, key in named if key is not None]


def _next(ends: dict[Key, tuple[int, int]], key: Key, index: int) -> Link:
    """Return the next link of a chain, and move its end to ``index``."""
    count, previous = ends.get(key, (0, None))
    ends[key] = (count + 1, index)
    return Link(count + 1, previous)
