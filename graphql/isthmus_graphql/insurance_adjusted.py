"""What was adjusted of a declaration under a cover, with what it costs more or less, line by line."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.insurance import PremiumLine, money
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_graphql.values import Money
from isthmus_platform import documents
from isthmus_platform.insurance import adjusting
from isthmus_platform.insurance.records import CoverAdjustment as Row
from isthmus_platform.insurance.records import CoverDeclaration


class CoverAdjustment(graphene.ObjectType):
    """An adjustment of a declaration: what it was and what it is, and the premium for the difference."""

    number = graphene.Int(required=True, description="Counted under its declaration, from 1.")
    reason = graphene.String(required=True, description="The insured's words.")
    made_at = DateTime(required=True, description="When, in UTC.")
    terms_before = JSON(
        required=True, description="Clauses, mode, conveyance, day of sailing, CIF value and delay before."
    )
    terms = JSON(required=True, description="The same after it.")
    sum_insured_before = graphene.Field(Money, required=True, description="What was insured.")
    sum_insured = graphene.Field(Money, required=True, description="What is insured since.")
    premium_before = graphene.Field(Money, required=True, description="What it cost.")
    premium = graphene.Field(Money, required=True, description="What it costs: the sum of the lines.")
    difference = graphene.Field(
        Money, required=True, description="Additional premium; below zero, premium that is returned."
    )
    deductible = graphene.Field(Money, required=True, description="What the insured bears of each claim.")
    lines = graphene.List(
        graphene.NonNull(PremiumLine),
        required=True,
        description="How the premium comes about, by the table that rated the declaration.",
    )
    certificate = graphene.Field(
        "isthmus_graphql.documents.Document", description="The certificate issued, if you may see it."
    )
    revoked_certificate = graphene.Field(
        "isthmus_graphql.documents.Document", description="The one it took the place of, if you may see it."
    )

    @staticmethod
    def resolve_sum_insured_before(row: Row, _info: Info) -> Money | None:
        """Return what was insured."""
        return money(row, row.insured_before_minor)

    @staticmethod
    def resolve_sum_insured(row: Row, _info: Info) -> Money | None:
        """Return what is insured."""
        return money(row, row.insured_minor)

    @staticmethod
    def resolve_premium_before(row: Row, _info: Info) -> Money | None:
        """Return what it cost."""
        return money(row, row.premium_before_minor)

    @staticmethod
    def resolve_premium(row: Row, _info: Info) -> Money | None:
        """Return what it costs."""
        return money(row, row.premium_minor)

    @staticmethod
    def resolve_difference(row: Row, _info: Info) -> Money | None:
        """Return the additional premium, or that which is returned."""
        return money(row, row.difference_minor)

    @staticmethod
    def resolve_deductible(row: Row, _info: Info) -> Money | None:
        """Return the deductible."""
        return money(row, row.deductible_minor)

    @staticmethod
    def resolve_certificate(row: Row, info: Info) -> documents.Document | None:
        """Return the certificate issued."""
        return certificate_of(info, row.document_id)

    @staticmethod
    def resolve_revoked_certificate(row: Row, info: Info) -> documents.Document | None:
        """Return the certificate revoked."""
        return certificate_of(info, row.revoked_id)


def certificate_of(info: Info, document_id: UUID) -> documents.Document | None:
    """Return a certificate, read with those of the whole page; None where the reader may not see it."""
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, documents.Document]:
        found = documents.get_many(context.reading, ids)
        context.loader.keep("document", found.values())
        return found

    return context.loader.load("certificate", document_id, "document", read)


class Adjusted:
    """What may have been adjusted."""

    adjustments = graphene.List(
        graphene.NonNull(CoverAdjustment), required=True, description="What was adjusted, oldest first."
    )

    @staticmethod
    def resolve_adjustments(row: CoverDeclaration, info: Info) -> Sequence[Row]:
        """Return the adjustments."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
            found = adjusting.of_declarations(context.reading, ids)
            rows: list[Any] = [row for each in found.values() for row in each]
            context.loader.together(
                "certificate", [one for row in rows for one in (row.document_id, row.revoked_id)]
            )
            return found

        return context.loader.load("contract", row.id, "adjustments", read) or []
