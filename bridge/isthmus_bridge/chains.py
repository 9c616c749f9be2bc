"""Chains: each crossing record is linked to the one before it of its party, and of its subject.

How far a chain has come is kept in one row, written in the transaction that appends. That row only saves
looking: what the leaves say of each other is what an auditor checks (see :mod:`isthmus_protocol.fraud`).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeAlias

import orjson
from sqlalchemy.orm import Session

from isthmus_bridge.together import Rows, Statement, together
from isthmus_protocol.chains import Chain, ChainKind, Link, is_of_subject
from isthmus_protocol.records import LogRecord, Record

Key: TypeAlias = tuple[str, str]
"""A kind of chain, and whose: a party's name, or a subject's keyed hash."""

Ends: TypeAlias = dict[Key, tuple[int, int | None]]
"""How many leaves chains have, and the index of the last: none and None where there is no chain yet."""

_ENDS = (
    "SELECT kind, key, count, last_index FROM log_chain WHERE (kind, key) IN"
    " (SELECT kind, key FROM json_to_recordset(CAST($1 AS json)) AS given (kind text, key text))"
)


def asking(keys: Collection[Key]) -> Statement:
    """Return the statement that looks up the ends of chains; :func:`ends` reads its answer."""
    named = [{"kind": kind, "key": key} for kind, key in sorted(keys)]
    return _ENDS, [orjson.dumps(named).decode()]


def ends(keys: Collection[Key], rows: Rows) -> Ends:
    """Return the ends of the chains ``keys``."""
    found: Ends = dict.fromkeys(keys, (0, None))
    return found | {(row[0], row[1]): (row[2], row[3]) for row in rows}


def link(session: Session, records: Sequence[Record], first_index: int, known: Ends) -> list[Record]:
    """Return ``records``, to be appended in this order from ``first_index`` on, with their links.

    The log must be locked by this transaction; ``known`` are ends that it knows. They are moved, and those
    that it did not know are added. Records of agreements are in no chain.
    """
    unknown = {key for record in records for key in _keys(record)} - known.keys()
    if unknown:
        known |= ends(unknown, together(session, [asking(unknown)])[0])
    linked: list[Record] = []
    for index, record in enumerate(records, first_index):
        if isinstance(record, LogRecord):
            places = {kind.lower(): _next(known, (kind, key), index) for kind, key in _keys(record)}
            linked.append(replace(record, chain=Chain(**places)))
        else:
            linked.append(record)
    return linked


def keys_of(party: str | None, subject: str | None) -> list[Key]:
    """Return the chains of a party and a subject."""
    named = ((ChainKind.PARTY, party), (ChainKind.SUBJECT, subject))
    return [(kind.value, key) for kind, key in named if key is not None]


def _keys(record: Record) -> list[Key]:
    if not isinstance(record, LogRecord):
        return []
    return keys_of(record.party, record.subject if is_of_subject(record.phase, record.decision) else None)


def _next(known: Ends, key: Key, index: int) -> Link:
    """Return the next link of a chain, and move its end to ``index``."""
    count, previous = known[key]
    known[key] = (count + 1, index)
    return Link(count + 1, previous)
