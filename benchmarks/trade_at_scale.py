"""A trade of any size, the same for the same seed: parties, shipments, containers, events, where each stands.

Written with COPY by the database's owner, as row-level security leaves no other way to write for everybody.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from isthmus_platform import places
from isthmus_platform.milestones import Route, TrackingEvent, eta, status

Row = dict[str, Any]

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PORTS = ("TWKHH", "DEHAM", "NLRTM", "CNSHA", "SGSIN", "KRPUS", "JPYOK", "USLAX", "USNYC", "BEANR", "ITGOA")
WRITTEN = ("party", "shipment", "equipment", "tracking_event", "shipment_tracking")
TRADERS, FORWARDERS, CARRIERS = 140, 40, 20
STEPS = (
    ("EQUIPMENT", "GTOT", True, 0),
    ("EQUIPMENT", "GTIN", False, 0),
    ("EQUIPMENT", "LOAD", False, 0),
    ("TRANSPORT", "DEPA", None, 0),
    ("TRANSPORT", "ARRI", None, 1),
    ("EQUIPMENT", "DISC", False, 1),
    ("EQUIPMENT", "LOAD", False, 1),
    ("TRANSPORT", "DEPA", None, 1),
    ("TRANSPORT", "ARRI", None, 2),
    ("EQUIPMENT", "DISC", False, 2),
)
"""Ten events of a journey: kind, code, empty or laden, and at which of its three places."""


@dataclass(frozen=True)
class Scale:
    """How much; two containers and ``events`` events for each shipment."""

    shipments: int
    events: int = 10
    seed: int = 4


class Trade:
    """The rows of a trade, table by table."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.random = random.Random(scale.seed)
        self.made = 0
        names = [
            *((f"trader-{n}", "TRADER") for n in range(TRADERS)),
            *((f"forwarder-{n}", "FORWARDER") for n in range(FORWARDERS)),
            *((f"carrier-{n}", "CARRIER") for n in range(CARRIERS)),
        ]
        self.parties: list[Row] = [
            {
                "id": self.key(),
                "name": name,
                "legal_name": f"{name} Ltd",
                "country": "GB",
                "roles": [role],
                "created_at": BEGAN,
            }
            for name, role in names
        ]

    def key(self, at: datetime = BEGAN) -> UUID:
        """Return a UUIDv7 of the time ``at``; later calls sort later."""
        self.made += 1
        milliseconds = int(at.timestamp() * 1000)
        value = milliseconds << 80 | 0x7 << 76 | (self.made >> 32 & 0xFFF) << 64
        return UUID(int=value | 0x2 << 62 | (self.made & 0xFFFFFFFF) << 30 | self.random.getrandbits(30))

    def party(self, first: int, count: int) -> UUID:
        """Return one of ``count`` parties from the ``first``."""
        found: UUID = self.parties[first + self.random.randrange(count)]["id"]
        return found

    def shipment(self, number: int) -> Iterator[tuple[str, Row]]:
        """Yield a shipment's rows, each with its table."""
        made_at = BEGAN + timedelta(seconds=20 * number)
        owner = self.parties[number % TRADERS]["id"]
        forwarder = self.party(TRADERS, FORWARDERS)
        carrier = self.party(TRADERS + FORWARDERS, CARRIERS)
        route = self.random.sample(PORTS, 3)
        key, booking = self.key(made_at), f"BK{number:08}"
        row: Row = {
            "id": key,
            "party_id": owner,
            "created_by": forwarder,
            "forwarder_id": forwarder,
            "carrier_id": carrier,
            "reference": f"S-{number:07}",
            "ucr": f"6GB{number:09}",
            "origin": route[0],
            "destination": route[2],
            "transhipments": [route[1]],
            "booking_reference": booking,
            "bill_of_lading": f"BL{number:08}",
            "booked_at": made_at,
            "created_at": made_at,
        }
        yield "shipment", row
        containers = [f"MCLU{(number * 2 + n) % 10_000_000:07}" for n in range(2)]
        for sequence, reference in enumerate(containers, start=1):
            unit: Row = {"id": self.key(made_at), "party_id": owner, "shipment_id": key, "iso_code": "22G1"}
            yield "equipment", unit | {"sequence": sequence, "reference": reference}
        yield from self.events(key, owner, carrier, made_at, route, containers, booking)

    def events(
        self,
        shipment: UUID,
        owner: UUID,
        carrier: UUID,
        since: datetime,
        route: list[str],
        containers: list[str],
        booking: str,
    ) -> Iterator[tuple[str, Row]]:
        """Yield the events of a shipment, some still to come, and where it stands after them."""
        happened = self.random.randint(0, len(STEPS))
        told: list[TrackingEvent] = []
        for number in range(self.scale.events):
            kind, code, empty, leg = STEPS[number % len(STEPS)]
            event = TrackingEvent(
                source_event_id=str(self.key(since)),
                version_at=since,
                at=since + timedelta(hours=20 * (number + 1), minutes=self.random.randrange(60)),
                kind=kind,
                code=code,
                classifier="ACT" if number % len(STEPS) < happened else "EST",
                place=route[leg],
                equipment_reference=containers[number % 2] if kind == "EQUIPMENT" else None,
                booking_reference=booking,
                transport_mode="VESSEL" if kind == "TRANSPORT" else None,
                empty=empty,
            )
            told.append(event)
            row = {name: getattr(event, name) for name in TrackingEvent._fields}
            row |= {
                "id": self.key(event.at),
                "party_id": carrier,
                "shipment_id": shipment,
                "digest": "0" * 64,
            }
            row |= {"standard": "DCSA_2_2", "content": "{}", "correction": False, "received_at": since}
            row["owner_id"] = owner
            yield "tracking_event", row
        journey = Route(route[0], route[2], (route[1],))
        now = status(told, journey)
        standing: Row = {"shipment_id": shipment, "party_id": owner, "carrier_id": carrier}
        standing |= {"status": now.code, "status_at": now.at, "status_place": now.place}
        yield "shipment_tracking", standing | {"eta": eta(told, journey), "updated_at": since}

    def write(self, address: str, *, batch: int = 5_000) -> None:
        """Write everything to the database at ``address``, and let it gather statistics."""
        with psycopg.connect(address) as connection:
            _guard(connection, guarded=False)
            _copy(connection, "party", self.parties)
            for start in range(0, self.scale.shipments, batch):
                tables: dict[str, list[Row]] = {}
                for number in range(start, min(start + batch, self.scale.shipments)):
                    for table, row in self.shipment(number):
                        tables.setdefault(table, []).append(row)
                for table, rows in tables.items():
                    _copy(connection, table, rows)
            _guard(connection, guarded=True)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


KEY = "overlay({c}::text placing lpad(to_hex(n), 3, '0') from 16 for 3)::uuid"  # what UUIDv7 calls rand_a
NAME = "{c} || '-' || n"
COPIED = {
    "shipment": {
        "id": KEY,
        "reference": NAME,
        "ucr": NAME,
        "booking_reference": NAME,
        "bill_of_lading": NAME,
    },
    "equipment": {"id": KEY, "shipment_id": KEY, "reference": NAME},
    "tracking_event": {"id": KEY, "shipment_id": KEY, "source_event_id": NAME, "booking_reference": NAME},
    "shipment_tracking": {"shipment_id": KEY},
}
"""What is another in a copy of a shipment, by table and column."""


def grow(address: str, times: int) -> None:
    """Make the trade at ``address`` so many times as large, each party's share of it too."""
    with psycopg.connect(address) as connection, _unhindered(connection, *COPIED):
        for table, changed in COPIED.items():
            found = connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND attgenerated = ''",
                [table],
            )
            columns = [name for (name,) in found]
            values = [changed.get(name, "{c}").format(c=f"old.{name}") for name in columns]
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
                f" FROM {table} old, generate_series(1, {times} - 1) n"
            )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _unhindered(connection: psycopg.Connection[Any], *tables: str) -> Iterator[None]:
    """Take away what makes ten million rows a matter of hours, and make it anew.

    Indexes that are no key are built at once, and references are not looked up: the rows are copies of rows
    that have them.
    """
    _guard(connection, guarded=False)
    anew: list[str] = []
    for table in tables:
        found = connection.execute(
            "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),"
            " format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s NOT VALID', conrelid::regclass, conname,"
            " pg_get_constraintdef(oid)) FROM pg_constraint"
            " WHERE conrelid = %(table)s::regclass AND contype = 'f'"
            " UNION ALL SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)"
            " FROM pg_index WHERE indrelid = %(table)s::regclass"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            {"table": table},
        ).fetchall()
        for away, back in found:
            connection.execute(away)
            anew.append(back)
    yield
    connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
    for statement in anew:
        connection.execute(statement)
    _guard(connection, guarded=True)


def _guard(connection: psycopg.Connection[Any], *, guarded: bool) -> None:
    """Say whether row-level security holds for the tables' owner too, and whether changes are noted.

    Otherwise the owner may not COPY, and would note a change for each of a million rows.
    """
    force, triggers = ("FORCE", "ENABLE") if guarded else ("NO FORCE", "DISABLE")
    for table in WRITTEN:
        connection.execute(f"ALTER TABLE {table} {force} ROW LEVEL SECURITY, {triggers} TRIGGER USER")


def _copy(connection: psycopg.Connection[Any], table: str, rows: Sequence[Row]) -> None:
    columns = ", ".join(rows[0])
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(list(row.values()))


def write_places(address: str) -> None:
    """Write the ports as a table, for the peers, which know places from the database alone."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "CREATE TABLE place (code text PRIMARY KEY, name text NOT NULL, country text NOT NULL)"
        )
        connection.execute("GRANT SELECT ON place TO isthmus_app")
        known = [places.find(code) for code in PORTS]
        _copy(connection, "place", [{"code": p.code, "name": p.name, "country": p.country} for p in known])
