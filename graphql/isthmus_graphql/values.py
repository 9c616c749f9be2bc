"""Values without an identity of their own: money, places, places of a page."""

import graphene

from isthmus_graphql.scalars import Long


class Money(graphene.ObjectType):
    """An amount in whole minor units of its currency."""

    amount_minor = Long(required=True, description="Minor units: cents of USD, whole JPY.")
    currency = graphene.String(required=True, description="ISO 4217 code.")


class MoneyInput(graphene.InputObjectType):
    """An amount in whole minor units of its currency."""

    amount_minor = Long(required=True, description="Minor units: cents of USD, whole JPY.")
    currency = graphene.String(required=True, description="ISO 4217 code.")


class Place(graphene.ObjectType):
    """A place of trade and transport (UN/LOCODE, UNECE Recommendation 16)."""

    code = graphene.String(required=True, description="UN/LOCODE: country and three characters, `TWKHH`.")
    name = graphene.String(required=True, description="Name without diacritics, as UN/LOCODE writes it.")
    country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    latitude = graphene.Float(description="Decimal degrees, north positive, where UN/LOCODE has it.")
    longitude = graphene.Float(description="Decimal degrees, east positive, where UN/LOCODE has it.")
