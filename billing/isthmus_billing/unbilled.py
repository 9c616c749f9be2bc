"""Usage that is on no invoice yet, measured by party, month, meter and the tariff then in force."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text

from isthmus_billing import tariffs
from isthmus_billing.rating import Measured
from isthmus_platform.database import Work

# An event is due when a tariff was in force at its time and prices its meter. Of tariffs in force from one
# instant the later version holds: the earlier one's range is empty.
_MEASURED = """
WITH in_force AS (
    SELECT id, version, in_force_from,
           lead(in_force_from) OVER (ORDER BY in_force_from, version) AS until
    FROM tariff WHERE in_force_from IS NOT NULL
), due AS MATERIALIZED (
    SELECT event.id, event.party_id, event.meter, event.quantity,
           to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
           in_force.id AS tariff_id, in_force.version, in_force.in_force_from
    FROM usage_event AS event
    JOIN in_force ON event.at >= in_force.in_force_from
                 AND (in_force.until IS NULL OR event.at < in_force.until)
    JOIN tariff_price AS price ON price.tariff_id = in_force.id AND price.meter = event.meter
    WHERE event.invoice_line_id IS NULL AND event.at >= :since AND event.at < :until
), measured AS MATERIALIZED (
    SELECT gen_random_uuid() AS line_id, party_id, month, meter, tariff_id, version, in_force_from,
           sum(quantity)::bigint AS quantity
    FROM due GROUP BY party_id, month, meter, tariff_id, version, in_force_from
)"""
_CLAIMED = """, claimed AS (
    UPDATE usage_event AS event SET invoice_line_id = measured.line_id
    FROM due JOIN measured USING (party_id, month, meter, tariff_id)
    WHERE event.id = due.id
)"""
_IN_ORDER = " SELECT * FROM measured ORDER BY party_id, month, meter, in_force_from, version"

# Measured and claimed by one statement, hence of one snapshot: what arrives meanwhile is in neither.
_CLAIM = text(_MEASURED + _CLAIMED + _IN_ORDER)
_MEASURE = text(_MEASURED + _IN_ORDER)
_UNPRICED = text(
    "SELECT meter, count(*) FROM usage_event"
    " WHERE invoice_line_id IS NULL AND meter IS NOT NULL AND at < :until GROUP BY meter ORDER BY meter"
)


def claim(work: Work, until: datetime) -> Mapping[UUID, list[Measured]]:
    """Claim all that was used before ``until`` and is unbilled; return it measured, by party.

    Every claimed event names its line to come (``Measured.line_id``), to be added in this transaction.
    """
    rows = work.session.execute(_CLAIM, {"since": datetime.min.replace(tzinfo=until.tzinfo), "until": until})
    return _by_party(work, list(rows.mappings()))


def measure(work: Work, since: datetime, until: datetime) -> Mapping[UUID, list[Measured]]:
    """Return what was used from ``since`` up to ``until`` and is unbilled, by party; nothing is claimed."""
    rows = work.session.execute(_MEASURE, {"since": since, "until": until})
    return _by_party(work, list(rows.mappings()))


def unpriced(work: Work, until: datetime) -> dict[str, int]:
    """Return how many metered events before ``until`` are on no invoice, by meter.

    After a claim these are the ones for which no tariff was in force when they happened.
    """
    return {row[0]: row[1] for row in work.session.execute(_UNPRICED, {"until": until})}


def _by_party(work: Work, rows: list[RowMapping]) -> Mapping[UUID, list[Measured]]:
    terms = tariffs.terms(work, {row["tariff_id"] for row in rows})
    parties: dict[UUID, list[Measured]] = {}
    for row in rows:
        entry = Measured(
            row["line_id"],
            row["meter"],
            row["month"],
            row["quantity"],
            terms[row["tariff_id"], row["meter"]],
        )
        parties.setdefault(row["party_id"], []).append(entry)
    return parties
