"""Strawberry with its data loaders, on asyncpg."""

from typing import Any

import orjson
import strawberry
from rows_peer import CLASSIFIERS, PAGE, SINGLE, Rows, description, reading, serve, time
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig

Info = strawberry.Info[Rows, None]


@strawberry.type
class Party:
    name: str


@strawberry.type
class Place:
    code: str
    name: str
    country: str


async def _party(info: Info, key: Any) -> Party | None:
    row = None if key is None else await info.context.parties.load(key)
    return None if row is None else Party(name=row["name"])


async def _place(info: Info, code: str | None) -> Place | None:
    row = None if code is None else await info.context.places.load(code)
    return None if row is None else Place(code=row["code"], name=row["name"], country=row["country"])


@strawberry.type
class Status:
    row: strawberry.Private[Any]
    code: str
    at: str | None

    @strawberry.field
    async def description(self, info: Info) -> str:
        spot = self.row["status_place"]
        return description(self.code, None if spot is None else await info.context.places.load(spot))

    @strawberry.field
    async def place(self, info: Info) -> Place | None:
        return await _place(info, self.row["status_place"])


@strawberry.type
class Equipment:
    reference: str
    iso_code: str | None


@strawberry.type
class TimelineEntry:
    spot: strawberry.Private[str | None]
    at: str | None
    kind: str
    code: str
    classifier: str
    equipment_reference: str | None

    @strawberry.field
    async def place(self, info: Info) -> Place | None:
        return await _place(info, self.spot)


@strawberry.type
class TimelineEdge:
    node: TimelineEntry


@strawberry.type
class Timeline:
    edges: list[TimelineEdge]


@strawberry.type
class Shipment:
    row: strawberry.Private[Any]
    reference: str
    ucr: str
    booking_reference: str | None
    bill_of_lading: str | None
    booked_at: str | None

    @strawberry.field
    async def owner(self, info: Info) -> Party | None:
        return await _party(info, self.row["party_id"])

    @strawberry.field
    async def forwarder(self, info: Info) -> Party | None:
        return await _party(info, self.row["forwarder_id"])

    @strawberry.field
    async def carrier(self, info: Info) -> Party | None:
        return await _party(info, self.row["carrier_id"])

    @strawberry.field
    async def origin(self, info: Info) -> Place | None:
        return await _place(info, self.row["origin"])

    @strawberry.field
    async def destination(self, info: Info) -> Place | None:
        return await _place(info, self.row["destination"])

    @strawberry.field
    async def transhipments(self, info: Info) -> list[Place]:
        rows = await info.context.places.load_many(self.row["transhipments"])
        return [Place(code=row["code"], name=row["name"], country=row["country"]) for row in rows]

    @strawberry.field
    async def status(self, info: Info) -> Status:
        row = await info.context.standings.load(self.row["id"])
        return Status(row=row, code=row["status"], at=time(row["status_at"]))

    @strawberry.field
    async def eta(self, info: Info) -> str | None:
        return time((await info.context.standings.load(self.row["id"]))["eta"])

    @strawberry.field
    async def equipment(self, info: Info) -> list[Equipment]:
        rows = await info.context.equipment.load(self.row["id"])
        return [Equipment(reference=row["reference"], iso_code=row["iso_code"]) for row in rows]

    @strawberry.field
    async def timeline(self, info: Info, first: int) -> Timeline:  # noqa: ARG002 (the batch has ten)
        rows = await info.context.events.load(self.row["id"])
        return Timeline(edges=[TimelineEdge(node=_entry(row)) for row in rows])


def _entry(row: Any) -> TimelineEntry:
    return TimelineEntry(
        spot=row["place"],
        at=time(row["at"]),
        kind=row["kind"],
        code=row["code"],
        classifier=CLASSIFIERS[row["classifier"]],
        equipment_reference=row["equipment_reference"],
    )


def _shipment(row: Any) -> Shipment:
    return Shipment(
        row=row,
        reference=row["reference"],
        ucr=row["ucr"],
        booking_reference=row["booking_reference"],
        bill_of_lading=row["bill_of_lading"],
        booked_at=time(row["booked_at"]),
    )


@strawberry.type
class ShipmentEdge:
    node: Shipment


@strawberry.type
class Shipments:
    edges: list[ShipmentEdge]


@strawberry.type
class Query:
    @strawberry.field
    async def shipments(self, info: Info, first: int) -> Shipments:
        rows = await info.context.fetch(PAGE, first)
        return Shipments(edges=[ShipmentEdge(node=_shipment(row)) for row in rows])

    @strawberry.field
    async def shipment(self, info: Info, reference: str) -> Shipment | None:
        rows = await info.context.fetch(SINGLE, reference)
        return _shipment(rows[0]) if rows else None


schema = strawberry.Schema(Query, config=StrawberryConfig(auto_camel_case=True))


async def _answer(asked: dict[str, Any]) -> bytes:
    async with reading(DataLoader) as rows:
        told = await schema.execute(asked["query"], variable_values=asked["variables"], context_value=rows)
    return orjson.dumps({"data": told.data} | ({"errors": str(told.errors)} if told.errors else {}))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer as an ASGI application."""
    await serve(scope, receive, send, _answer)
