"""Chains: each crossing record is linked to the one before it of its party, and of its subject.

How far a chain has come is kept in one row, written in the transaction that appends. That row only saves
looking: what the leaves say of each other is what an auditor checks (see :mod:`isthmus_protocol.fraud`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from sqlalchemy import text
from sqlalchemy.orm import Session

from isthmus_protocol.chains import Chain, ChainKind, Link, is_of_subject
from isthmus_protocol.records import LogRecord, Record

Key: TypeAlias = tuple[str, str]
"""A kind of chain, and whose: a party's name, or a subject's keyed hash."""

# Both take arrays, so that one prepared statement serves a batch of any length.
_LAST = text(
    "SELECT kind, key, count, last_index FROM log_chain WHERE (kind, key) IN"
    " (SELECT * FROM unnest(CAST(:kinds AS varchar[]), CAST(:keys AS varchar[])))"
)
_KEEP = text(
    "INSERT INTO log_chain (kind, key, count, last_index) SELECT * FROM unnest("
    "CAST(:kinds AS varchar[]), CAST(:keys AS varchar[]),"
    " CAST(:counts AS bigint[]), CAST(:indices AS bigint[]))"
    " ON CONFLICT (kind, key) DO UPDATE SET count = excluded.count, last_index = excluded.last_index"
)


def link(session: Session, records: Sequence[Record], first_index: int) -> list[Record]:
    """Return ``records``, to be appended in this order from ``first_index`` on, with their links.

    The log must be locked by this transaction. Records of agreements are in no chain.
    """
    keys = sorted({key for record in records for key in _keys(record)})
    named = {"kinds": [kind for kind, _ in keys], "keys": [name for _, name in keys]}
    found = session.execute(_LAST, named) if keys else ()
    ends: dict[Key, tuple[int, int]] = {(row[0], row[1]): (row[2], row[3]) for row in found}
    linked: list[Record] = []
    for index, record in enumerate(records, first_index):
        if isinstance(record, LogRecord):
            places = {kind.lower(): _next(ends, (kind, key), index) for kind, key in _keys(record)}
            linked.append(replace(record, chain=Chain(**places)))
        else:
            linked.append(record)
    if keys:
        reached = {"counts": [ends[key][0] for key in keys], "indices": [ends[key][1] for key in keys]}
        session.execute(_KEEP, named | reached)
    return linked


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
