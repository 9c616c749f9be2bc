"""How many exchanges each agreement has let cross in an hour, told by two looks however many there were.

A row says how many had been agreed in all by then; the hour's are the newest row's less those of the last
before it. There is a row for each batch and agreement, and those that no hour reaches any more go.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

HOUR = timedelta(hours=1)

_LAST_HOUR = text(
    "SELECT coalesce((SELECT total FROM agreed_count WHERE agreement_id = :id ORDER BY at DESC LIMIT 1), 0)"
    " - coalesce((SELECT total FROM agreed_count WHERE agreement_id = :id AND at <= :since"
    " ORDER BY at DESC LIMIT 1), 0)"
)
# No row is older than the newest: a clock that was set back counts as standing still.
_COUNT = text(
    "WITH newest AS (SELECT at, total FROM agreed_count WHERE agreement_id = :id ORDER BY at DESC LIMIT 1),"
    " forgotten AS (DELETE FROM agreed_count WHERE agreement_id = :id AND at <"
    " (SELECT max(at) FROM agreed_count WHERE agreement_id = :id AND at <= :since))"
    " INSERT INTO agreed_count (agreement_id, at, total)"
    " SELECT :id, greatest(CAST(:now AS timestamptz), (SELECT at FROM newest)),"
    " :more + coalesce((SELECT total FROM newest), 0)"
    " ON CONFLICT (agreement_id, at) DO UPDATE SET total = excluded.total"
)


def agreed_last_hour(session: Session, agreement_id: str, now: datetime) -> int:
    """Return how many exchanges were agreed under ``agreement_id`` within the hour before ``now``."""
    return int(session.execute(_LAST_HOUR, {"id": agreement_id, "since": now - HOUR}).scalar_one())


def count(session: Session, agreement_id: str, more: int, now: datetime) -> None:
    """Count ``more`` exchanges that are agreed ``now``; the log must be locked."""
    session.execute(_COUNT, {"id": agreement_id, "more": more, "now": now, "since": now - HOUR})
