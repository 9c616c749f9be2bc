"""What a shipment's transport emits, leg by leg, with the source of each number."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.scalars import Decimal, Long
from isthmus_graphql.values import Place
from isthmus_platform import emissions, places, shipments
from isthmus_platform.emissions import Factor, Footprint, Lack, LegEmission, Refusal

LACKS = {
    Lack.MASS_UNKNOWN: "The gross mass of the goods.",
    Lack.PLACE_UNKNOWN: "Where a place is.",
    Lack.NO_SEA_ROUTE: "A way by sea between two places.",
}

EmissionLack = graphene.Enum.from_enum(
    Lack,
    name="EmissionLack",
    description=lambda value: LACKS[value] if value else "What is not known, so that emissions are not.",
)


class EmissionFactor(graphene.ObjectType):
    """How much CO2e a tonne of goods makes a kilometre, and who says so."""

    class Meta:
        possible_types = (Factor,)

    id = graphene.String(required=True, description="By which it is named.")
    vehicle = graphene.String(required=True, description="What carries.")
    milligrams_per_tonne_km = graphene.Int(
        required=True, description="Milligrams of CO2e a tonne-kilometre, well to wheel."
    )
    distance_adjustment_per_mille = graphene.Int(
        required=True,
        description="What the distance counts in thousandths; 1000 where the value counts real ways itself.",
    )
    provenance = graphene.String(required=True, description="Where the value comes from.")
    confirmed = graphene.Boolean(
        required=True,
        description="Whether two independent quotations of its table agree on the value.",
    )


class EmissionRefusal(graphene.ObjectType):
    """Why emissions are not known."""

    class Meta:
        possible_types = (Refusal,)

    code = graphene.Field(EmissionLack, required=True, description="What is not known.")
    subject = graphene.String(required=True, description="Of what: `goods`, or which leg.")
    message = graphene.String(required=True, description="The same in a sentence.")


class LegEmissions(graphene.ObjectType):
    """What one leg emits."""

    class Meta:
        possible_types = (LegEmission,)

    sequence = graphene.Int(required=True, description="Place in the list, from 1.")
    mode = graphene.String(required=True, description="VESSEL, BARGE, RAIL, TRUCK or AIR.")
    origin = graphene.Field(Place, description="Where it begins.")
    destination = graphene.Field(Place, description="Where it ends.")
    assumed = graphene.Boolean(
        required=True, description="True where no legs were told, and the goods are taken to go by sea."
    )
    distance_km = graphene.Int(description="Planned distance in kilometres; null where it is not known.")
    distance_source = graphene.String(description="By which rule it was found.")
    factor = graphene.Field(EmissionFactor, description="By which factor.")
    tonne_km = Decimal(description="Transport activity in tonne-kilometres: gross mass times distance.")
    co2e_grams = Long(description="Grams of CO2e, well to wheel; null where it is not known.")
    refusal = graphene.Field(EmissionRefusal, description="Why not.")

    @staticmethod
    def resolve_mode(leg: LegEmission, _info: Info) -> str:
        """Return the mode."""
        return leg.way.mode

    @staticmethod
    def resolve_origin(leg: LegEmission, _info: Info) -> places.Place | None:
        """Look the place up."""
        return places.known(leg.way.origin)

    @staticmethod
    def resolve_destination(leg: LegEmission, _info: Info) -> places.Place | None:
        """Look the place up."""
        return places.known(leg.way.destination)

    @staticmethod
    def resolve_distance_km(leg: LegEmission, _info: Info) -> int | None:
        """Return the distance."""
        return None if leg.distance is None else leg.distance.km

    @staticmethod
    def resolve_distance_source(leg: LegEmission, _info: Info) -> str | None:
        """Return its rule."""
        return None if leg.distance is None else leg.distance.source

    @staticmethod
    def resolve_co2e_grams(leg: LegEmission, _info: Info) -> int | None:
        """Return the grams."""
        return leg.grams


class ShipmentEmissions(graphene.ObjectType):
    """What the transport of a shipment emits, by defaults: an estimate, not a measurement."""

    class Meta:
        possible_types = (Footprint,)

    method = graphene.String(required=True, description="By which standard.")
    mass_kg = Decimal(description="Gross mass of all goods in kilograms; null where there are none.")
    legs = graphene.List(graphene.NonNull(LegEmissions), required=True, description="In their order.")
    total_co2e_grams = Long(description="Grams of CO2e of all legs; null where one is not known.")
    refusals = graphene.List(
        graphene.NonNull(EmissionRefusal), required=True, description="What is not known, each once."
    )

    @staticmethod
    def resolve_total_co2e_grams(row: Footprint, _info: Info) -> int | None:
        """Add up."""
        return row.total_grams


class Emitting(graphene.ObjectType):
    """What emissions add to a shipment."""

    emissions = graphene.Field(
        ShipmentEmissions, required=True, description="What its transport emits, by the GLEC defaults."
    )

    @staticmethod
    def resolve_emissions(row: shipments.Shipment, info: Info) -> Any:
        """Return the emissions, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, Footprint]:
            rows = shipments.get_many(context.reading, ids)
            return emissions.of_shipments(context.reading, rows.values())

        return context.loader.load("shipment", row.id, "emissions", read)
