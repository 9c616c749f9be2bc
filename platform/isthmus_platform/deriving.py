"""Where each shipment stands, derived from all its events and written in the transaction that changes them.

Readers filter by what is written here. The duty ``matching`` writes it, which sees every source's events;
what customs said is added by the duty ``bridge-inbox`` (:func:`customs_said`), for the owner's side alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from isthmus_platform import bulk, journeys
from isthmus_platform.database import Duty, Platform, Work, on_duty
from isthmus_platform.irregularities import Irregularity, customs_irregularities, irregularities
from isthmus_platform.journeys import Journey
from isthmus_platform.milestones import Route, RouteLeg, TrackingEvent
from isthmus_platform.outbox import Message
from isthmus_platform.sources import Report, Source, SourceKind
from isthmus_platform.tracking_records import ShipmentException, ShipmentTracking

TOPIC = "tracking"


@dataclass(frozen=True)
class Way:
    """What of a shipment its events are read against: route, and who reports of it as what."""

    id: UUID
    party_id: UUID
    carrier_id: UUID | None
    route: Route
    kinds: Mapping[UUID, SourceKind]

    def source(self, party_id: UUID, name: str) -> Source:
        """Return what the party ``party_id`` is to this shipment."""
        return Source(name, self.kinds.get(party_id, SourceKind.CARRIER))


def ways(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, Way]:
    """Return the visible ones of the shipments as their events need them, by id, from one statement."""
    rows = work.session.execute(WAYS, {"ids": bulk.literal([*shipment_ids])})
    return {
        shipment_id: Way(
            shipment_id,
            party_id,
            carrier_id,
            Route(origin, destination, tuple(transhipments), tuple(RouteLeg(*leg) for leg in legs)),
            {UUID(source_id): SourceKind(kind) for source_id, kind in kinds},
        )
        for shipment_id, party_id, carrier_id, origin, destination, transhipments, legs, kinds in rows
    }


def reports(work: Work, found: Mapping[UUID, Way]) -> dict[UUID, list[Report]]:
    """Return every version of every event of each shipment that the actor may see, from one statement."""
    told: dict[UUID, list[Report]] = {shipment_id: [] for shipment_id in found}
    by_text = {str(shipment_id): shipment_id for shipment_id in found}
    sources: dict[tuple[str, str], Source] = {}
    rows = work.session.execute(REPORTS, {"ids": bulk.literal([*found])}).all()  # a row at a time costs more
    for shipment, party, name, conveyance, superseded, *event in rows:
        shipment_id = by_text[shipment]
        source = sources.get((shipment, party))
        if source is None:
            source = sources[shipment, party] = found[shipment_id].source(UUID(party), name)
        told[shipment_id].append(Report(TrackingEvent(*event), source, conveyance, superseded))
    return told


def refresh(work: Work, shipment_ids: Collection[UUID]) -> None:
    """Derive anew where the shipments stand and what is irregular with them; write what has changed.

    Whoever changes events of the same shipment at the same time waits here, and reads what the other wrote.
    """
    if not shipment_ids:
        return
    with on_duty(work, "matching"):
        _lock(work, shipment_ids)
        found = ways(work, shipment_ids)
        told = reports(work, found)
        standing = [(way, *_standing(work, way, told[way.id])) for way in found.values()]
        bulk.upsert(work.session, ShipmentTracking, [row for _, row, _ in standing])
        _keep_exceptions(work, [(way, irregular) for way, _, irregular in standing], private=False)


def customs_said(work: Work, shipment_id: UUID, said: Iterable[tuple[str, str | None, datetime]]) -> None:
    """Keep the exceptions in what the single window said of a shipment: (status, channel, time)."""
    for way in ways(work, [shipment_id]).values():
        _keep_exceptions(work, [(way, customs_irregularities(said))], private=True)


def derive(platform: Platform, message: Message) -> None:
    """Handle a message of :data:`TOPIC`: derive where a shipment stands that is older than this."""
    with platform.begin(Duty("matching"), request_id=message.request_id) as work:
        refresh(work, [UUID(message.payload["shipment"])])


def _lock(work: Work, shipment_ids: Collection[UUID]) -> None:
    given = {"ids": list(shipment_ids)}
    held = work.session.scalars(LOCK, given).all()
    if len(held) < len(shipment_ids):
        work.session.execute(BEGIN, given | {"now": work.now})
        work.session.scalars(LOCK, given).all()


def _standing(work: Work, way: Way, told: Sequence[Report]) -> tuple[dict[str, Any], list[Irregularity]]:
    journey = journeys.journey(told, way.route)
    eta = journey.eta
    row = {
        "shipment_id": way.id,
        "party_id": way.party_id,
        "carrier_id": way.carrier_id,
        "status": journey.status.code,
        "status_at": journey.status.at,
        "status_place": journey.status.place,
        "eta": eta and eta.at,
        "eta_source": eta and eta.source.name,
        "eta_source_kind": eta and eta.source.kind.value,
        "eta_told_at": eta and eta.told_at,
        "delay_hours": _hours(journey),
        "updated_at": work.now,
    }
    return row, irregularities(told, way.route, journey)


def _hours(journey: Journey) -> int | None:
    return None if journey.delay is None else int(journey.delay / timedelta(hours=1))


def _keep_exceptions(
    work: Work, found: Sequence[tuple[Way, Sequence[Irregularity]]], *, private: bool
) -> None:
    """Write the exceptions of each shipment that are new or other; those no longer found are over."""
    held: dict[tuple[UUID, str], tuple[Any, ...]] = {
        (shipment_id, key): tuple(values)
        for shipment_id, key, *values in work.session.execute(
            select(ShipmentException.shipment_id, ShipmentException.key, *SHOWN).where(
                ShipmentException.shipment_id.in_([way.id for way, _ in found]),
                ShipmentException.private.is_(private),
            )
        )
    }
    rows = []
    for way, irregular in found:
        for each in irregular:
            values = (each.code.value, each.since, each.until, each.hours, each.description)
            if held.pop((way.id, each.key), None) != values:
                rows.append(_exception(work, way, each, private=private))
    over = [key for key, values in held.items() if values[2] is None]
    bulk.upsert(work.session, ShipmentException, rows)
    if over:
        ids, keys = zip(*over, strict=True)
        given = {"ids": list(ids), "keys": list(keys), "private": private, "now": work.now}
        work.session.execute(OVER, given)


def _exception(work: Work, way: Way, each: Irregularity, *, private: bool) -> dict[str, Any]:
    return {
        "shipment_id": way.id,
        "private": private,
        "key": each.key,
        "party_id": way.party_id,
        "carrier_id": way.carrier_id,
        "code": each.code.value,
        "since": each.since,
        "until": each.until,
        "hours": each.hours,
        "place": each.place,
        "equipment_reference": each.equipment_reference,
        "description": each.description,
        "updated_at": work.now,
    }


SHOWN = (
    ShipmentException.code,
    ShipmentException.since,
    ShipmentException.until,
    ShipmentException.hours,
    ShipmentException.description,
)
WAYS = text(
    """
    SELECT id, party_id, carrier_id, origin, destination, transhipments,
        ARRAY(SELECT ARRAY[leg.mode, leg.origin, leg.destination] FROM shipment_leg leg
            WHERE leg.shipment_id = shipment.id ORDER BY leg.sequence),
        ARRAY(SELECT ARRAY[CAST(its_own.source_id AS text), its_own.kind] FROM shipment_source its_own
            WHERE its_own.shipment_id = shipment.id)
    FROM shipment WHERE id = ANY (CAST(:ids AS uuid[]))
    """
)
# Ids come as texts: few differ, and to make each a UUID would cost more than the rest of its row.
REPORTS = text(
    f"""
    SELECT CAST(shipment_id AS text), CAST(party_id AS text), party.name, conveyance,
        superseded_at IS NOT NULL, {", ".join(TrackingEvent._fields)}
    FROM tracking_event JOIN party ON party.id = party_id WHERE shipment_id = ANY (CAST(:ids AS uuid[]))
    """  # noqa: S608 (the names are columns of ours)
)
LOCK = text(
    "SELECT shipment_id FROM shipment_tracking WHERE shipment_id = ANY (:ids) ORDER BY shipment_id FOR UPDATE"
)
BEGIN = text(
    "INSERT INTO shipment_tracking (shipment_id, party_id, carrier_id, status, updated_at)"
    " SELECT id, party_id, carrier_id, 'BOOKED', :now FROM shipment WHERE id = ANY (:ids)"
    " ON CONFLICT (shipment_id) DO NOTHING"
)
OVER = text(
    "UPDATE shipment_exception SET until = :now, updated_at = :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) AS over (id, its_key)"
    " WHERE shipment_id = over.id AND key = over.its_key AND private = :private"
)
