"""Which agreements speak for messages: looked up for a whole batch, by statements that go with the lock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import orjson
from sqlalchemy.orm import Session

from isthmus_bridge import agreements
from isthmus_bridge.agreements import Status, Version
from isthmus_bridge.gate import Standing, stopped
from isthmus_bridge.together import Rows, Statement, together
from isthmus_protocol.agreements import Direction, Suspension
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.keys import Keyring
from isthmus_protocol.messages import Reason

About: TypeAlias = tuple[str, Direction, str]
"""A message, its direction and its purpose."""

HOUR = timedelta(hours=1)

_VERSIONS = (
    "SELECT agreement.document, signature.token, signature.received_at FROM agreement"
    " JOIN agreement_signature AS signature"
    " ON signature.agreement_id = agreement.id AND signature.version = agreement.version"
    " WHERE (message, direction, purpose) IN (SELECT message, direction, purpose"
    " FROM json_to_recordset(CAST($1 AS json)) AS asked (message text, direction text, purpose text))"
    " ORDER BY agreement.id, agreement.version, signature.holder"
)
_SUSPENSIONS = (
    "SELECT token, agreement_id, version, reason, stated_at FROM suspension"
    " WHERE agreement_id IN (SELECT id FROM agreement"
    " WHERE (message, direction, purpose) IN (SELECT message, direction, purpose"
    " FROM json_to_recordset(CAST($1 AS json)) AS asked (message text, direction text, purpose text)))"
    " ORDER BY received_at, digest"
)
# A row says how many had been agreed in all by then: an hour's number is the difference of two rows, however
# many there were.
_AGREED_LAST_HOUR = (
    "SELECT id,"
    " coalesce((SELECT total FROM agreed_count WHERE agreement_id = id ORDER BY at DESC LIMIT 1), 0)"
    " - coalesce((SELECT total FROM agreed_count WHERE agreement_id = id"
    " AND at <= CAST($2 AS timestamptz) ORDER BY at DESC LIMIT 1), 0)"
    " FROM (SELECT DISTINCT id FROM agreement"
    " WHERE (message, direction, purpose) IN (SELECT message, direction, purpose"
    " FROM json_to_recordset(CAST($1 AS json)) AS asked (message text, direction text, purpose text)))"
    " AS speaking"
)
# No row is older than the newest: a clock that was set back counts as standing still. Rows that no hour
# reaches any more go.
_COUNT = (
    "WITH newest AS (SELECT at, total FROM agreed_count WHERE agreement_id = $1 ORDER BY at DESC LIMIT 1),"
    " forgotten AS (DELETE FROM agreed_count WHERE agreement_id = $1 AND at <"
    " (SELECT max(at) FROM agreed_count WHERE agreement_id = $1 AND at <= CAST($4 AS timestamptz)))"
    " INSERT INTO agreed_count (agreement_id, at, total)"
    " SELECT $1, greatest(CAST($3 AS timestamptz), (SELECT at FROM newest)),"
    " CAST($2 AS bigint) + coalesce((SELECT total FROM newest), 0)"
    " ON CONFLICT (agreement_id, at) DO UPDATE SET total = excluded.total"
)


def asking(asked: Iterable[About], now: datetime) -> list[Statement]:
    """Return the statements whose answers :func:`standings` reads."""
    wanted = [
        {"message": message, "direction": direction.value, "purpose": purpose}
        for message, direction, purpose in sorted(asked)
    ]
    given = orjson.dumps(wanted).decode()
    return [(_VERSIONS, [given]), (_SUSPENSIONS, [given]), (_AGREED_LAST_HOUR, [given, now - HOUR])]


def standings(
    session: Session, keyring: Keyring, answers: Sequence[Rows], now: datetime
) -> dict[About, Standing]:
    """Return the agreements that speak now, each with how many exchanges it has let cross in an hour.

    What is asked about and not in the result has no agreement with both signatures.
    """
    signed, stops, agreed = answers
    versions = agreements.read_versions(session, keyring, signed)
    suspensions = {row[0]: Suspension(*row[1:]) for row in stops}
    counted: Mapping[str, int] = {row[0]: int(row[1]) for row in agreed}
    about: dict[About, list[Version]] = {}
    for version in versions:
        agreement = version.agreement
        about.setdefault((agreement.message, agreement.direction, agreement.purpose), []).append(version)
    found = {asked: _speaking(speaking, suspensions, now) for asked, speaking in about.items()}
    return {
        asked: replace(standing, agreed_last_hour=counted.get(standing.agreement.id, 0))
        for asked, standing in found.items()
        if standing is not None
    }


def counting(agreement_id: str, more: int, now: datetime) -> Statement:
    """Return the statement that counts ``more`` exchanges agreed ``now``; the log must be locked."""
    return _COUNT, [agreement_id, more, now, now - HOUR]


def standing_for(
    session: Session, keyring: Keyring, message: str, direction: Direction, purpose: str, now: datetime
) -> Standing | None:
    """Return the agreement that speaks for ``message`` now, or None where none has both signatures."""
    asked = (message, direction, purpose)
    return standings(session, keyring, together(session, asking([asked], now)), now).get(asked)


def active(
    session: Session, keyring: Keyring, message: str, direction: Direction, purpose: str, now: datetime
) -> JsonObject | Reason:
    """Return the version that lets ``message`` cross now, or the reason why none does."""
    standing = standing_for(session, keyring, message, direction, purpose, now)
    if standing is None:
        return Reason.NO_AGREEMENT
    refused = stopped(standing, now)
    if refused is not None:
        return refused.reason
    version = agreements.document(session, keyring, standing.agreement.id, standing.agreement.version)
    return Reason.NO_AGREEMENT if version is None else version.to_json(Status.ACTIVE)


def _speaking(
    versions: Sequence[Version], suspensions: Mapping[str, Suspension], now: datetime
) -> Standing | None:
    best: tuple[tuple[bool, bool, datetime], Standing] | None = None
    for id_ in sorted({version.agreement.id for version in versions}):
        current = agreements.in_force((v for v in versions if v.agreement.id == id_), now)
        if current is None or current.active_since is None:
            continue
        agreement = current.agreement
        withdrawn = agreements.is_suspended(id_, set(), suspensions)
        rank = (not withdrawn, now < agreement.valid_until, current.active_since)
        if best is None or rank > best[0]:
            stopped_now = agreements.is_suspended(id_, {agreement.version}, suspensions)
            best = rank, Standing(agreement, stopped_now)
    return None if best is None else best[1]
