"""Insurance: open covers, rates, quotes, declarations and their certificates, claims, delay by quorum."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.papers import desk_of
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import JSON, DateTime, Long
from isthmus_graphql.values import Money
from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.insurance import covers, exporting, limits, quotes, records, steps
from isthmus_platform.insurance.records import InsuranceStep
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment

DAYS = "in days of 24 hours"
WritesOne = Callable[[Work, Desk, UUID], bytes]
WritesSeveral = Callable[[Work, Desk, Collection[UUID]], dict[UUID, bytes]]
FILES: Mapping[type, tuple[WritesOne, WritesSeveral]] = MappingProxyType(
    {
        records.OpenCover: (exporting.cover, exporting.of_covers),
        records.InsuranceClaim: (exporting.claim, exporting.of_claims),
    }
)
"""What writes the file of one row, and those of several that were read together."""


def money(row: Any, minor: int | None) -> Money | None:
    """Return an amount in the currency of ``row``."""
    return None if minor is None else Money(amount_minor=minor, currency=row.currency)


class Contracted(graphene.Interface):
    """Something between an insurer and an insured."""

    insurer = graphene.Field(Party, required=True, description="Who insures.")
    insured = graphene.Field(Party, required=True, description="Who is insured.")

    @staticmethod
    def resolve_insurer(row: Any, info: Info) -> parties.Party | None:
        """Return the insurer."""
        return party_of(info.context, row.insurer_id)

    @staticmethod
    def resolve_insured(row: Any, info: Info) -> parties.Party | None:
        """Return the insured."""
        return party_of(info.context, row.insured_id)


class InsuranceStepEntry(graphene.ObjectType):
    """A step of a cover or claim, or a piece of evidence, in a chain by digest."""

    sequence = graphene.Int(required=True, description="From 1.")
    code = graphene.String(
        required=True, description="What was done, or `EVENT`, `DOCUMENT`, `REPORT` for evidence."
    )
    actor = graphene.Field(Party, description="Who did and signed it; null where the platform did.")
    about = JSON(required=True, description="Ids, digests, codes and amounts.")
    at = DateTime(required=True, description="When, in UTC.")
    previous = graphene.String(description="Digest of the step before.")
    digest = graphene.String(required=True, description="By which the next step names it.")
    signature = graphene.String(description="The actor's signature (JWS); null where the platform did it.")

    @staticmethod
    def resolve_actor(step: InsuranceStep, info: Info) -> parties.Party | None:
        """Return who did it."""
        return party_of(info.context, step.actor_id)

    @staticmethod
    def resolve_signature(step: InsuranceStep, _info: Info) -> str | None:
        """Return the signature."""
        return step.token


class Chained:
    """What has a chain of steps."""

    steps = graphene.List(
        graphene.NonNull(InsuranceStepEntry), required=True, description="What was done, in order."
    )
    file = graphene.String(
        required=True,
        description="All of it, JSON text: `isthmus verify` checks it without this server.",
    )

    @staticmethod
    def resolve_file(row: Any, info: Info) -> str:
        """Write the file, with those of the whole page."""
        context, desk = info.context, desk_of(info.context)
        one, several = FILES[type(row)]

        def write(ids: Sequence[UUID]) -> dict[UUID, bytes]:
            return several(context.reading, desk, ids)

        written = context.loader.load("contract", row.id, "file", write)
        return (written or one(context.reading, desk, row.id)).decode()

    @staticmethod
    def resolve_steps(row: Any, info: Info) -> Sequence[InsuranceStep]:
        """Return the chain."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[InsuranceStep]]:
            found = steps.of(context.reading, ids)
            context.loader.together("party", [step.actor_id for each in found.values() for step in each])
            return found

        return context.loader.load("contract", row.id, "steps", read) or []


class CoverPeriod(graphene.ObjectType):
    """A policy period of a cover, with its running balance."""

    number = graphene.Int(required=True, description="From 1.")
    begins = DateTime(required=True, description="In UTC.")
    ends = DateTime(required=True, description="In UTC: from then on it is the next.")
    limit = graphene.Field(
        Money, description="The most that is declared within it; null where none is agreed."
    )
    declared = graphene.Field(Money, required=True, description="What was declared within it and stands.")
    balance = graphene.Field(Money, description="What may still be declared within it; null without a limit.")

    @staticmethod
    def resolve_limit(period: limits.Period, _info: Info) -> Money | None:
        """Return the limit."""
        return money(period, period.limit)

    @staticmethod
    def resolve_declared(period: limits.Period, _info: Info) -> Money | None:
        """Return what is declared."""
        return money(period, period.declared)

    @staticmethod
    def resolve_balance(period: limits.Period, _info: Info) -> Money | None:
        """Return what is left."""
        return money(period, period.balance)


class OpenCover(Chained, graphene.ObjectType):
    """An insurer's standing promise to insure what its holder declares, within limits."""

    class Meta:
        interfaces = (nodes.Node, Contracted)
        possible_types = (records.OpenCover,)

    number = graphene.String(required=True, description="The insurer's number.")
    state = graphene.String(required=True, description="`OFFERED`, `ACTIVE`, `ENDING` or `DECLINED`.")
    clauses = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="What it may be declared under: `ICC_A`, `ICC_B`, `ICC_C`, `WAR`, `STRIKES`.",
    )
    limit = graphene.Field(Money, required=True, description="The most that stands declared at any time.")
    per_conveyance = graphene.Field(Money, required=True, description="The most on one conveyance.")
    per_location = graphene.Field(
        Money, required=True, description="The most loaded or discharged in a place."
    )
    per_period = graphene.Field(
        Money, description="The most that is declared within a policy period; null where none is agreed."
    )
    period_months = graphene.Int(required=True, description="Calendar months of a policy period.")
    periods = graphene.List(
        graphene.NonNull(CoverPeriod),
        required=True,
        description="The policy periods, first to last, each with its running balance.",
    )
    declared = graphene.Field(Money, required=True, description="What stands declared.")
    balance = graphene.Field(Money, required=True, description="What may still be declared.")
    uplift_bp = graphene.Int(
        required=True,
        description="Basis points of the CIF value (minor units) that are insured: 11000 is 110 %.",
    )
    notice_days = graphene.Int(required=True, description=f"Notice of a claim, {DAYS}.")
    documents_days = graphene.Int(required=True, description=f"Until a claim is documented, {DAYS}.")
    cancellation_days = graphene.Int(required=True, description=f"Notice of cancellation, {DAYS}.")
    valid_from = DateTime(required=True, description="From when, in UTC.")
    valid_until = DateTime(required=True, description="Until when, in UTC.")

    @staticmethod
    def resolve_limit(row: records.OpenCover, _info: Info) -> Money | None:
        """Return the limit."""
        return money(row, row.limit_minor)

    @staticmethod
    def resolve_per_conveyance(row: records.OpenCover, _info: Info) -> Money | None:
        """Return the limit of a conveyance."""
        return money(row, row.per_conveyance_minor)

    @staticmethod
    def resolve_per_location(row: records.OpenCover, _info: Info) -> Money | None:
        """Return the limit of a place."""
        return money(row, row.per_location_minor)

    @staticmethod
    def resolve_per_period(row: records.OpenCover, _info: Info) -> Money | None:
        """Return the limit of a policy period."""
        return money(row, row.per_period_minor)

    @staticmethod
    def resolve_periods(row: records.OpenCover, info: Info) -> Sequence[limits.Period]:
        """Return the policy periods."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[limits.Period]]:
            return limits.periods(context.reading, context.loader.kept("contract", ids) or [row])

        return context.loader.load("contract", row.id, "periods", read) or []

    @staticmethod
    def resolve_declared(row: records.OpenCover, _info: Info) -> Money | None:
        """Return what is declared."""
        return money(row, row.declared_minor)

    @staticmethod
    def resolve_balance(row: records.OpenCover, _info: Info) -> Money | None:
        """Return what is left."""
        return money(row, row.balance_minor)


def cover_of(row: Any, info: Info) -> records.OpenCover | None:
    """Return the cover that ``row`` is under, read with those of the whole page."""

    def read(ids: Sequence[UUID]) -> dict[UUID, records.OpenCover]:
        found = covers.get_many(info.context.reading, records.OpenCover, ids)
        keep(info.context, list(found.values()))
        return found

    return info.context.loader.load("cover", row.cover_id, "cover", read)


class Covered:
    """What is asked or declared for a shipment under a cover."""

    cover = graphene.Field(OpenCover, required=True, description="The cover that it is under.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment, if you may see it."
    )

    @staticmethod
    def resolve_cover(row: Any, info: Info) -> records.OpenCover | None:
        """Return the cover."""
        return cover_of(row, info)

    @staticmethod
    def resolve_shipment(row: Any, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)


class PremiumLine(graphene.ObjectType):
    """One line of a premium."""

    clause = graphene.String(required=True, description="The clause it is for; `MINIMUM` fills up.")
    hs = graphene.String(required=True, description="HS code of the goods; empty where it is for all.")
    base = Long(required=True, description="Minor units that the rate is of.")
    rate_ppm = graphene.Int(
        name="ratePpm", description="Parts per million of the base; null for a sum in minor units."
    )
    amount = Long(required=True, description="Minor units, rounded half to even.")
    said = graphene.String(required=True, description="Which row of the table it is.")


class InsuranceQuote(Covered, graphene.ObjectType):
    """What insuring a shipment under a cover would cost, line by line."""

    class Meta:
        interfaces = (nodes.Node, Contracted)
        possible_types = (records.InsuranceQuote,)

    state = graphene.String(required=True, description="`REQUESTED`, `QUOTED`, `DECLINED` or `USED`.")
    terms = JSON(
        required=True, description="What was asked: clauses, mode, conveyance, places, goods, delay."
    )
    sum_insured = graphene.Field(Money, required=True, description="CIF value with the cover's uplift.")
    premium = graphene.Field(Money, description="The sum of the lines; null while it waits.")
    deductible = graphene.Field(Money, description="What the insured bears of each claim.")
    lines = graphene.List(graphene.NonNull(PremiumLine), description="How the premium comes about.")
    valid_until = DateTime(description="Until when it holds, in UTC.")
    requested_at = DateTime(required=True, description="When it was asked for, in UTC.")

    @staticmethod
    def resolve_sum_insured(row: records.InsuranceQuote, _info: Info) -> Money | None:
        """Return the sum insured."""
        return money(row, row.insured_minor)

    @staticmethod
    def resolve_premium(row: records.InsuranceQuote, _info: Info) -> Money | None:
        """Return the premium."""
        return money(row, row.premium_minor)

    @staticmethod
    def resolve_deductible(row: records.InsuranceQuote, _info: Info) -> Money | None:
        """Return the deductible."""
        return money(row, row.deductible_minor)


class InsuranceTariff(graphene.ObjectType):
    """Your table of rates, as it is kept."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (records.InsuranceTariff,)

    currency = graphene.String(required=True, description="ISO 4217 code of what it rates.")
    effective_from = DateTime(required=True, description="From when, in UTC, until the next one's.")
    effective_until = DateTime(description="Until when, in UTC: your next table's time, where there is one.")
    quotes_hold_days = graphene.Int(required=True, description=f"How long a quote by it holds, {DAYS}.")
    rates = JSON(required=True, description="Rows, regions and minimum premium.")

    @staticmethod
    def resolve_effective_until(row: records.InsuranceTariff, info: Info) -> Any:
        """Return when the next one takes its place, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, datetime]:
            return quotes.followed(context.reading, ids)

        return context.loader.load("tariff", row.id, "until", read)


def keep(context: Context, rows: Sequence[Any]) -> None:
    """Note that these were read together."""
    context.loader.keep("contract", rows)
    context.loader.together("party", [one for row in rows for one in (row.insurer_id, row.insured_id)])
    under = [row for row in rows if isinstance(row, records.InsuranceQuote | records.CoverDeclaration)]
    context.loader.together("cover", [row.cover_id for row in under])
    context.loader.together("shipment reference", [row.shipment_id for row in under])
    context.loader.together(
        "quote", [row.quote_id for row in under if isinstance(row, records.CoverDeclaration)]
    )
    context.loader.together(
        "declaration", [row.declaration_id for row in rows if isinstance(row, records.InsuranceClaim)]
    )
    certified = [row.document_id for row in rows if isinstance(row, records.CoverDeclaration)]
    context.loader.together("certificate", certified)
