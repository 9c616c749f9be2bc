"""What the GraphQL servers with data loaders read: a statement for each batch, in one transaction."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

PARTY = os.environ["BENCHMARK_PARTY"]
SENTENCES = json.loads(os.environ["BENCHMARK_SENTENCES"])
CLASSIFIERS = {"ACT": "ACTUAL", "EST": "ESTIMATED", "PLN": "PLANNED"}
ANNOUNCE = "SELECT set_config('isthmus.party', $1, true), set_config('isthmus.now', $2, true)"
PAGE = "SELECT * FROM shipment WHERE party_id = acting_party() ORDER BY id DESC LIMIT $1"
SINGLE = "SELECT * FROM shipment WHERE party_id = acting_party() AND reference = $1"
EVENTS = """SELECT e.* FROM unnest($1::uuid[]) asked (id) CROSS JOIN LATERAL (SELECT shipment_id, at, kind,
  code, classifier, place, equipment_reference FROM tracking_event WHERE shipment_id = asked.id
  AND superseded_at IS NULL AND NOT retracted ORDER BY at DESC, id DESC LIMIT 10) e"""

_pool: list[asyncpg.Pool] = []


class Rows:
    """The batches of one request; ``make`` is the framework's data loader."""

    def __init__(self, connection: Any, make: Callable[..., Any]) -> None:
        self.connection = connection
        self.one_at_a_time = asyncio.Lock()
        self.parties = make(self._by_key("SELECT id, name FROM party WHERE id = ANY($1)", "id"))
        self.places = make(self._by_key("SELECT code, name, country FROM place WHERE code = ANY($1)", "code"))
        self.standings = make(
            self._by_key("SELECT * FROM shipment_tracking WHERE shipment_id = ANY($1)", "shipment_id")
        )
        equipment = "SELECT * FROM equipment WHERE shipment_id = ANY($1) ORDER BY shipment_id, sequence"
        self.equipment = make(self._by_parent(equipment))
        self.events = make(self._by_parent(EVENTS))

    async def fetch(self, sql: str, value: Any) -> list[Any]:
        """Return a statement's rows."""
        async with self.one_at_a_time:
            found: list[Any] = await self.connection.fetch(sql, value)
            return found

    def _by_key(self, sql: str, name: str) -> Callable[..., Any]:
        async def load(keys: Sequence[Any]) -> list[Any]:
            rows = {row[name]: row for row in await self.fetch(sql, keys)}
            return [rows.get(key) for key in keys]

        return load

    def _by_parent(self, sql: str) -> Callable[..., Any]:
        async def load(keys: Sequence[Any]) -> list[list[Any]]:
            rows: dict[Any, list[Any]] = {key: [] for key in keys}
            for row in await self.fetch(sql, keys):
                rows[row["shipment_id"]].append(row)
            return [rows[key] for key in keys]

        return load


@asynccontextmanager
async def reading(make: Callable[..., Any]) -> Any:
    """Yield the rows of one request, in one snapshot and under row-level security."""
    if not _pool:
        _pool.append(
            await asyncpg.create_pool(
                os.environ["BENCHMARK_DATABASE_URL"],
                min_size=1,
                max_size=int(os.environ["BENCHMARK_THREADS"]),
                max_inactive_connection_lifetime=0,
                server_settings={"role": "isthmus_app", "timezone": "UTC", "jit": "off"},
            )
        )
    async with (
        _pool[0].acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.fetch(ANNOUNCE, PARTY, datetime.now(UTC).isoformat())
        yield Rows(connection, make)


def time(value: datetime | None) -> str | None:
    """Return a time as the answer has it."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def description(code: str, place: Any) -> str:
    """Return a status in words."""
    words, preposition = SENTENCES.get(code, (code.title(), ""))
    return words if place is None or code not in SENTENCES else f"{words} {preposition} {place['name']}"


async def serve(scope: Any, receive: Any, send: Any, answer: Callable[..., Any]) -> None:
    """Speak bare ASGI: a request's JSON in, what ``answer`` makes of it out."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    said = await answer(json.loads(body)) if body else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})
