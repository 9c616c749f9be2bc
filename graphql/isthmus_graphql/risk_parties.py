"""The profile of a party that the member trades with: from its own history, and told to nobody else."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.parties import Party
from isthmus_graphql.risk_screen import RiskReading
from isthmus_graphql.scalars import DateTime
from isthmus_platform.errors import NotFound
from isthmus_platform.risk import counterparts
from isthmus_platform.risk.counterparts import PartyProfile, PricePaid
from isthmus_platform.risk.indicators import Reading


class PartyPrice(graphene.ObjectType):
    """What a kilogram net of one heading cost in one currency, over the shipments with a party."""

    class Meta:
        possible_types = (PricePaid,)

    heading = graphene.String(required=True, description="First four digits of the HS code.")
    currency = graphene.String(required=True, description="ISO 4217 code.")
    lines = graphene.Int(required=True, description="Lines of goods that say so. The number.")
    median = graphene.Float(required=True, description="Minor units a kilogram: the middle.")
    lowest = graphene.Float(required=True, description="Minor units a kilogram: the least.")
    highest = graphene.Float(required=True, description="Minor units a kilogram: the most.")
    widest = graphene.Float(
        required=True, description="The largest modified z-score among them; 3.5 is far. The number."
    )

    @staticmethod
    def resolve_lines(row: PricePaid, _info: Info) -> int:
        """Return how many."""
        return row.spread.size

    @staticmethod
    def resolve_median(row: PricePaid, _info: Info) -> float:
        """Return the middle."""
        return row.spread.median


class StateCount(graphene.ObjectType):
    """How many stand so."""

    state = graphene.String(required=True, description="The state.")
    number = graphene.Int(required=True, description="How many.")


def _counts(description: str) -> Any:
    return graphene.List(graphene.NonNull(StateCount), required=True, description=description)


def _counted(states: Counter[str]) -> list[dict[str, Any]]:
    return [{"state": state, "number": number} for state, number in sorted(states.items())]


class PartyRisk(graphene.ObjectType):
    """What you know of a party that you trade with, from your newest 1,000 shipments with it."""

    class Meta:
        possible_types = (PartyProfile,)

    party = graphene.Field(Party, required=True, description="The party.")
    first_at = DateTime(description="Your first shipment with it, in UTC.")
    last_at = DateTime(description="Your last shipment with it, in UTC.")
    age_days = graphene.Int(required=True, description="On the platform, in days of 24 hours.")
    shipments = graphene.Int(required=True, description="With it as owner, carrier or forwarder. The number.")
    recent = graphene.Int(required=True, description="Of these, in the last 30 days. The number.")
    rush = graphene.Field(RiskReading, description="Whether it is new and sends many; null of no owner.")
    invoices = graphene.Int(required=True, description="Invoices of its that you may know. The number.")
    alike = graphene.Int(
        required=True, description="Shipments of its with an invoice like an earlier one. The number."
    )
    prices = graphene.List(
        graphene.NonNull(PartyPrice), required=True, description="What a kilogram cost, by heading."
    )
    presented = graphene.Int(
        required=True, description="Presentations under credits that you are both parties to. The number."
    )
    refused = graphene.Int(required=True, description="Of these, found discrepant. The number.")
    offers = _counts("Offers of invoices between you, by state; a bank sees those that it accepted.")
    findings = _counts("Your findings about it, by state.")
    appeals = _counts("Its appeals against them, by state.")

    @staticmethod
    def resolve_rush(row: PartyProfile, _info: Info) -> Reading | None:
        """Return what is said of a rush."""
        return row.rush

    @staticmethod
    def resolve_prices(row: PartyProfile, _info: Info) -> Sequence[PricePaid]:
        """Return the prices."""
        return row.prices

    @staticmethod
    def resolve_offers(row: PartyProfile, _info: Info) -> list[dict[str, Any]]:
        """Return the offers."""
        return _counted(row.offers)

    @staticmethod
    def resolve_findings(row: PartyProfile, _info: Info) -> list[dict[str, Any]]:
        """Return the findings."""
        return _counted(row.findings)

    @staticmethod
    def resolve_appeals(row: PartyProfile, _info: Info) -> list[dict[str, Any]]:
        """Return the appeals."""
        return _counted(row.appeals)


class PartyRiskQuery(graphene.ObjectType):
    """Reading the profile of a party."""

    party_risk = graphene.Field(
        PartyRisk,
        party=graphene.String(required=True, description="Name of the party."),
        description="What you know of a party; null of one that you never traded with, or that is none.",
    )

    @staticmethod
    def resolve_party_risk(_root: Any, info: Info, party: str) -> PartyProfile | None:
        """Return the profile."""
        context = info.context
        vault = None if context.desk is None else context.desk.vault
        try:
            return counterparts.by_name(context.reading, vault, party)
        except NotFound:
            return None
