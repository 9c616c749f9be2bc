"""Financeable truth: in one query what a bank with a grant may know of a consignment, each part proven."""

from collections.abc import Sequence
from typing import Any

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.papers import desk_of
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime, Long
from isthmus_graphql.values import Money
from isthmus_platform import parties
from isthmus_platform.receivables import parts, truth

KINDS = {
    parts.ProofKind.LOG_ENTRY: "The log's signed promise; the evidence bundle has the inclusion proof.",
    parts.ProofKind.RECEIPT: "A JWS by the platform's key that says the same.",
    parts.ProofKind.CHAIN_HEAD: "The digest of the last step of a chain.",
    parts.ProofKind.SIGNED_DOCUMENT: "The digest of a signed file.",
}
ProofKind = graphene.Enum.from_enum(
    parts.ProofKind,
    name="ProofKind",
    description=lambda value: KINDS[value] if value else "What kind of proof is given.",
)


class TruthProof(graphene.ObjectType):
    """What you can check, or hold against who said it."""

    kind = graphene.Field(ProofKind, required=True, description="What it is.")
    value = graphene.String(required=True, description="The promise, receipt or digest.")
    sequence = Long(description="Its place in the bridge's log, from 0, or in the chain, from 1.")
    kid = graphene.String(description="Whose key: its id.")
    url = graphene.String(description="Where the whole is, relative to this server; bearer token.")


class TruthPart(graphene.Interface):
    """One part of what you may know, with its source, its time and its proof."""

    known = graphene.Boolean(required=True, description="False: UNKNOWN, and `why`; the rest is null then.")
    why = graphene.String(description="Why it is not known, and what you can do; null where it is.")
    source = graphene.String(required=True, description="Who says so.")
    at = DateTime(description="As of when, in UTC.")
    proof = graphene.Field(TruthProof, description="The proof of it.")


class DeclarationTruth(graphene.ObjectType):
    """Whether there is a declaration and it is released: an answer of the window, and no data."""

    class Meta:
        interfaces = (TruthPart,)
        possible_types = (parts.DeclarationPart,)

    exists = graphene.Boolean(description="Whether there is a declaration.")
    released = graphene.Boolean(description="Whether customs released the goods.")


class BalanceTruth(graphene.ObjectType):
    """What of the declared value no bank finances yet, nor is bound to pay under a credit."""

    class Meta:
        interfaces = (TruthPart,)
        possible_types = (parts.BalancePart,)

    left = graphene.List(
        graphene.NonNull(Money),
        required=True,
        description="By currency; below zero where invoices are for more than was declared.",
    )

    @staticmethod
    def resolve_left(part: parts.BalancePart, _info: Info) -> list[dict[str, Any]]:
        """Return the amounts."""
        return [{"amount_minor": minor, "currency": currency} for currency, minor in part.left.items()]


class DuplicateTruth(graphene.ObjectType):
    """Whether the invoice, or one nearly like it, is financed."""

    class Meta:
        interfaces = (TruthPart,)
        possible_types = (parts.DuplicatePart,)

    by_another = graphene.Boolean(description="Whether another bank finances it; which one is not told.")
    by_you = graphene.Boolean(description="Whether you do.")


class TitleTruth(graphene.ObjectType):
    """Who holds title to the goods."""

    class Meta:
        interfaces = (TruthPart,)
        possible_types = (parts.TitlePart,)

    title = graphene.ID(description="Global id of the title.")
    holder = graphene.Field(Party, description="Who has exclusive control of it.")
    state = graphene.String(description="Where it stands: `HELD`, `SURRENDERED` ...")
    free = graphene.Boolean(description="Whether neither lien nor hold stands on it.")

    @staticmethod
    def resolve_title(part: parts.TitlePart, _info: Info) -> str | None:
        """Return the title's id."""
        return None if part.title_id is None else identity.global_id("Title", part.title_id)

    @staticmethod
    def resolve_holder(part: parts.TitlePart, info: Info) -> parties.Party | None:
        """Return the holder."""
        return party_of(info.context, part.holder_id)


class InsuranceTruth(graphene.ObjectType):
    """Whether the cargo is insured, by the certificate that was opened to you."""

    class Meta:
        interfaces = (TruthPart,)
        possible_types = (parts.InsurancePart,)

    insured = graphene.Boolean(description="Whether a certificate stands; false where it was revoked.")
    number = graphene.String(description="Number of the certificate.")
    insurer = graphene.String(description="Who insures, as the certificate names it.")
    amount = graphene.String(description="Sum insured in units of `currency`, with its decimals.")
    currency = graphene.String(description="ISO 4217 code.")
    clauses = graphene.String(description="What is covered, in the certificate's words.")
    document = graphene.ID(description="Global id of the certificate's document.")

    @staticmethod
    def resolve_document(part: parts.InsurancePart, _info: Info) -> str | None:
        """Return the document's id."""
        return None if part.document_id is None else identity.global_id("Document", part.document_id)


class FinanceableTruth(graphene.ObjectType):
    """What you may know of a consignment before you finance it."""

    class Meta:
        possible_types = (parts.Truth,)

    ucr = graphene.String(required=True, description="The consignment's unique reference.")
    at = DateTime(required=True, description="When you asked, in UTC.")
    declaration = graphene.Field(DeclarationTruth, required=True, description="Declared and released?")
    balance = graphene.Field(BalanceTruth, required=True, description="What is not financed yet?")
    duplicate = graphene.Field(DuplicateTruth, required=True, description="Financed before?")
    title = graphene.Field(TitleTruth, required=True, description="Who holds title?")
    insurance = graphene.Field(InsuranceTruth, required=True, description="Insured?")


class FinanceableQuery(graphene.ObjectType):
    """Asking before financing."""

    financeable_truth = graphene.Field(
        FinanceableTruth,
        ucr=graphene.String(required=True, description="The consignment's unique reference."),
        marks=graphene.List(
            graphene.NonNull(graphene.String),
            description="The marks of the invoice that you think of financing, as `registerFinancing` takes"
            " them.",
        ),
        description="For a bank with the owner's grant for trade finance; null without one, as for what there"
        " is not. The owner sees in its access log that you asked.",
    )

    @staticmethod
    def resolve_financeable_truth(
        _root: Any, info: Info, ucr: str, marks: Sequence[str] | None = None
    ) -> parts.Truth | None:
        """Return what the bank may know."""
        return truth.truth(info.context.reading, desk_of(info.context), ucr, marks)
