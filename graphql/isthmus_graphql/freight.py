"""Freight information for authorities (eFTI): publishing it, and what authorities wrote of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Context, Info
from isthmus_graphql.crossings import Crossing, one
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.scalars import DateTime
from isthmus_platform import freight
from isthmus_platform.database import Work
from isthmus_platform.freight import FreightMessage as MessageRow
from isthmus_platform.freight_dataset import MODES, MainCarriage

TransportMode = graphene.Enum(
    "TransportMode",
    [(name, name) for name in MODES],
    description=lambda mode: f"Code {MODES[mode.name]}." if mode else "Mode of transport (UNECE Rec. 19).",
)


class FreightMessage(graphene.ObjectType):
    """What an authority wrote, through its eFTI gate, about a shipment's freight data."""

    text = graphene.String(required=True, description="The message, as it was written.")
    exchange = graphene.String(required=True, description="The bridge's id of the crossing that brought it.")
    received_at = DateTime(required=True, description="When the platform got it, in UTC.")


def messages_of_shipment(context: Context, shipment_id: UUID) -> Sequence[MessageRow]:
    """Return the messages about a shipment, read with those of the whole page."""

    def read(ids: Sequence[UUID]) -> dict[UUID, list[MessageRow]]:
        return freight.messages(context.reading, ids)

    return context.loader.load("shipment", shipment_id, "freight messages", read) or ()


class MainCarriageInput(graphene.InputObjectType):
    """The movement that authorities ask for, which the shipment itself does not say."""

    mode = TransportMode(required=True, description="How the goods move.")
    dangerous_goods = graphene.Boolean(required=True, description="Whether any of the goods are dangerous.")
    means_of_transport = graphene.String(
        required=True, description="Plate, wagon or IMO number, 1 to 17 characters."
    )
    registration_country = graphene.String(
        required=True, description="Where that is registered, ISO 3166-1 alpha-2."
    )


class PublishFreightDataInput(Change):
    """Which shipment's freight data is published, and for which movement."""

    shipment = graphene.String(required=True, description="Your reference of the shipment.")
    main_carriage = MainCarriageInput(required=True, description="The movement.")
    equipment_country = graphene.String(
        description="Where the containers are registered, ISO 3166-1 alpha-2; required if there are any."
    )


class PublishFreightDataPayload(Changed):
    """The crossing that announces the identifiers, or why there is none."""

    crossing = graphene.Field(Crossing, description="Decided soon: ask for it again.")


def publish_freight_data(_root: Any, info: Info, input: Any) -> PublishFreightDataPayload:  # noqa: A002
    """Publish a shipment's freight data."""

    def write(work: Work) -> dict[str, Any]:
        movement = input.main_carriage
        carriage = MainCarriage(
            mode=getattr(movement.mode, "value", movement.mode),
            dangerous_goods=movement.dangerous_goods,
            means=movement.means_of_transport,
            country=movement.registration_country,
            equipment_country=input.equipment_country,
        )
        return {"crossing": str(freight.publish(work, input.shipment, carriage).crossing.id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"crossing": one(info.context, work, UUID(ids["crossing"]))}

    return perform(PublishFreightDataPayload, info, input, Operation("publishFreightData", write, answer))


class FreightMutation(graphene.ObjectType):
    """Publishing freight data."""

    publish_freight_data = change(
        PublishFreightDataPayload,
        PublishFreightDataInput,
        publish_freight_data,
        "Leave a shipment's freight data (eFTI) with the bridge and announce its identifiers to the gate;"
        " authorities see of it what the agreement permits.",
    )
