"""Graphene with aiodataloader, on asyncpg."""

from typing import Any

import graphene
import orjson
from aiodataloader import DataLoader
from rows_peer import CLASSIFIERS, PAGE, SINGLE, description, reading, serve, time


def _text(column: str) -> Any:
    return graphene.String(resolver=lambda row, _info: row[column])


class Party(graphene.ObjectType):
    name = _text("name")


class Place(graphene.ObjectType):
    code = _text("code")
    name = _text("name")
    country = _text("country")


def _party(column: str) -> Any:
    async def resolve(row: Any, info: Any) -> Any:
        return None if row[column] is None else await info.context.parties.load(row[column])

    return graphene.Field(Party, resolver=resolve)


def _place(column: str) -> Any:
    async def resolve(row: Any, info: Any) -> Any:
        return None if row[column] is None else await info.context.places.load(row[column])

    return graphene.Field(Place, resolver=resolve)


def _time(column: str) -> Any:
    return graphene.String(resolver=lambda row, _info: time(row[column]))


class Status(graphene.ObjectType):
    code = _text("status")
    at = _time("status_at")
    place = _place("status_place")
    description = graphene.String()

    @staticmethod
    async def resolve_description(row: Any, info: Any) -> str:
        spot = row["status_place"]
        return description(row["status"], None if spot is None else await info.context.places.load(spot))


class Equipment(graphene.ObjectType):
    reference = _text("reference")
    iso_code = _text("iso_code")


class TimelineEntry(graphene.ObjectType):
    at = _time("at")
    kind = _text("kind")
    code = _text("code")
    classifier = graphene.String(resolver=lambda row, _info: CLASSIFIERS[row["classifier"]])
    place = _place("place")
    equipment_reference = _text("equipment_reference")


class TimelineEdge(graphene.ObjectType):
    node = graphene.Field(TimelineEntry, resolver=lambda row, _info: row)


class Timeline(graphene.ObjectType):
    edges = graphene.List(TimelineEdge, resolver=lambda rows, _info: rows)


class Shipment(graphene.ObjectType):
    reference = _text("reference")
    ucr = _text("ucr")
    booking_reference = _text("booking_reference")
    bill_of_lading = _text("bill_of_lading")
    booked_at = _time("booked_at")
    owner = _party("party_id")
    forwarder = _party("forwarder_id")
    carrier = _party("carrier_id")
    origin = _place("origin")
    destination = _place("destination")
    transhipments = graphene.List(Place)
    status = graphene.Field(Status)
    eta = graphene.String()
    equipment = graphene.List(Equipment)
    timeline = graphene.Field(Timeline, first=graphene.Int(required=True))

    @staticmethod
    async def resolve_transhipments(row: Any, info: Any) -> Any:
        return await info.context.places.load_many(row["transhipments"])

    @staticmethod
    async def resolve_status(row: Any, info: Any) -> Any:
        return await info.context.standings.load(row["id"])

    @staticmethod
    async def resolve_eta(row: Any, info: Any) -> str | None:
        return time((await info.context.standings.load(row["id"]))["eta"])

    @staticmethod
    async def resolve_equipment(row: Any, info: Any) -> Any:
        return await info.context.equipment.load(row["id"])

    @staticmethod
    async def resolve_timeline(row: Any, info: Any, first: int) -> Any:  # noqa: ARG004 (the batch has ten)
        return await info.context.events.load(row["id"])


class ShipmentEdge(graphene.ObjectType):
    node = graphene.Field(Shipment, resolver=lambda row, _info: row)


class Shipments(graphene.ObjectType):
    edges = graphene.List(ShipmentEdge, resolver=lambda rows, _info: rows)


class Query(graphene.ObjectType):
    shipments = graphene.Field(Shipments, first=graphene.Int(required=True))
    shipment = graphene.Field(Shipment, reference=graphene.String(required=True))

    @staticmethod
    async def resolve_shipments(_root: Any, info: Any, first: int) -> Any:
        return await info.context.fetch(PAGE, first)

    @staticmethod
    async def resolve_shipment(_root: Any, info: Any, reference: str) -> Any:
        rows = await info.context.fetch(SINGLE, reference)
        return rows[0] if rows else None


schema = graphene.Schema(Query)


async def _answer(asked: dict[str, Any]) -> bytes:
    async with reading(DataLoader) as rows:
        told = await schema.execute_async(asked["query"], variables=asked["variables"], context=rows)
    return orjson.dumps({"data": told.data} | ({"errors": str(told.errors)} if told.errors else {}))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer as an ASGI application."""
    await serve(scope, receive, send, _answer)
