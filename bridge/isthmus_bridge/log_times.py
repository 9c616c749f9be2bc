"""When a signed statement was made, by the log: what decides whether a key that is revoked now counted then.

Whoever has stolen a key can write any time into what he signs. He cannot put a leaf into the log's past.
"""

from collections.abc import Iterable
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from isthmus_bridge.models import LogEntry
from isthmus_protocol.canonical import digest, parse
from isthmus_protocol.keys import Keyring, SignatureError
from isthmus_protocol.records import Record, read_record
from isthmus_protocol.statements import signer

_found: "WeakKeyDictionary[Engine, dict[str, tuple[int, Record]]]" = WeakKeyDictionary()
"""What was found is kept, a line for each signature of a revoked key: a leaf never changes."""


def of_revoked(session: Session, keyring: Keyring, tokens: Iterable[str]) -> dict[str, datetime]:
    """Return when the log took in those of ``tokens`` (JWS) whose key is revoked, or is to be.

    One that the log does not hold is left out. Others are not looked for: their key is in force.
    """
    if all(key.in_force(None) for key in keyring):
        return {}
    times = {}
    for token in tokens:
        if _may_be_revoked(token, keyring):
            found = agreement_leaf(session, token)
            if found is not None:
                times[token] = found[1].at
    return times


def agreement_leaf(session: Session, token: str) -> tuple[int, Record] | None:
    """Return the first leaf about an agreement that ``token`` came with, and its index; None without one."""
    engine = session.get_bind().engine
    known = _found.setdefault(engine, {})
    said = digest(token.encode())
    if said not in known:
        found = _first(session, f'%"kind":"AGREEMENT"%"statements":[%"{said}"%', after=-1)
        if found is None:
            return None
        known[said] = found
    return known[said]


def receipt_leaf(session: Session, token: str, decision: int) -> tuple[int, Record] | None:
    """Return the leaf that took in the receiver's word ``token``, after ``decision``, with its index."""
    return _first(session, f'%"receiptDigest":"{digest(token.encode())}"%', after=decision)


def _first(session: Session, pattern: str, *, after: int) -> tuple[int, Record] | None:
    row = session.execute(
        select(LogEntry.index, LogEntry.record)
        .where(LogEntry.index > after, LogEntry.record.like(pattern))
        .order_by(LogEntry.index)
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], read_record(parse(row[1].encode())))


def _may_be_revoked(token: str, keyring: Keyring) -> bool:
    try:
        return not signer(token, keyring).in_force(None)
    except SignatureError:
        return False
