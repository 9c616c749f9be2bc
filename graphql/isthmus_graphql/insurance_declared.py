"""What is declared under covers, claims under it, delay by quorum; reading all of insurance."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Info
from isthmus_graphql.insurance import (
    DAYS,
    Chained,
    Contracted,
    Covered,
    InsuranceQuote,
    InsuranceTariff,
    OpenCover,
    keep,
    money,
)
from isthmus_graphql.insurance_adjusted import Adjusted, certificate_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime, Long
from isthmus_graphql.values import Money
from isthmus_platform import documents, parties
from isthmus_platform.database import Work
from isthmus_platform.insurance import claims, covers, declaring, delays, quotes, records


class ArrivalWord(graphene.ObjectType):
    """What one source told of an arrival."""

    role = graphene.String(required=True, description="`CARRIER`, `TERMINAL` or `CUSTOMS`.")
    source = graphene.Field(Party, required=True, description="Who told and signed it.")
    arrived_at = DateTime(required=True, description="The arrival by its word, in UTC.")
    told_at = DateTime(required=True, description="When it was told, in UTC.")
    days = graphene.Int(required=True, description=f"Late by its word, {DAYS}.")
    apart = graphene.Int(description=f"Later than what was measured, {DAYS}; null until it is decided.")
    digest = graphene.String(required=True, description="Of what was signed.")
    signature = graphene.String(required=True, description="The source's signature (JWS).")

    @staticmethod
    def resolve_source(told: delays.Told, info: Info) -> parties.Party | None:
        """Return the source."""
        return party_of(info.context, told.report.source_id)

    @staticmethod
    def resolve_role(told: delays.Told, _info: Info) -> str:
        """Return the role."""
        return told.report.role

    @staticmethod
    def resolve_arrived_at(told: delays.Told, _info: Info) -> Any:
        """Return the arrival."""
        return told.report.arrived_at

    @staticmethod
    def resolve_told_at(told: delays.Told, _info: Info) -> Any:
        """Return when it was told."""
        return told.report.told_at

    @staticmethod
    def resolve_digest(told: delays.Told, _info: Info) -> str:
        """Return the digest."""
        return told.report.digest

    @staticmethod
    def resolve_signature(told: delays.Told, _info: Info) -> str:
        """Return the signature."""
        return told.report.token


class ArrivalSource(graphene.ObjectType):
    """A party whose word on an arrival counts."""

    role = graphene.String(required=True, description="`CARRIER`, `TERMINAL` or `CUSTOMS`.")
    party = graphene.Field(Party, required=True, description="Who tells in that role.")

    @staticmethod
    def resolve_role(source: tuple[str, UUID], _info: Info) -> str:
        """Return the role."""
        return source[0]

    @staticmethod
    def resolve_party(source: tuple[str, UUID], info: Info) -> parties.Party | None:
        """Return the party."""
        return party_of(info.context, source[1])


class DelaySettlement(graphene.ObjectType):
    """How a delay cover stands: measured and paid delay, each source's own, and how far they are apart."""

    agreed_arrival = DateTime(required=True, description="In UTC.")
    after_days = graphene.Int(required=True, description=f"Not paid, {DAYS}.")
    per_day_minor = Long(
        required=True, description="Minor units of the cover's currency for each further day."
    )
    most_days = graphene.Int(required=True, description=f"Paid at most, {DAYS}.")
    decides_by = DateTime(
        required=True, description="When what at least two confirm is settled, words differing, in UTC."
    )
    sources = graphene.List(
        graphene.NonNull(ArrivalSource), required=True, description="Whose three words are waited for."
    )
    decided_at = DateTime(description="When two of three words settled it, in UTC.")
    measured_days = graphene.Int(description=f"The delay that was settled, {DAYS}.")
    paid_days = graphene.Int(description=f"What of it is paid, {DAYS}.")
    paid_minor = Long(description="Minor units of the cover's currency.")
    basis_risk_days = graphene.Int(description=f"The most a source's word is off what was measured, {DAYS}.")
    told = graphene.List(graphene.NonNull(ArrivalWord), required=True, description="The standing words.")

    @staticmethod
    def resolve_agreed_arrival(basis: delays.Basis, _info: Info) -> Any:
        """Return the agreed arrival."""
        return basis.terms.agreed

    @staticmethod
    def resolve_after_days(basis: delays.Basis, _info: Info) -> int:
        """Return the days that are not paid."""
        return basis.terms.after_days

    @staticmethod
    def resolve_per_day_minor(basis: delays.Basis, _info: Info) -> int:
        """Return what a day pays."""
        return basis.terms.per_day

    @staticmethod
    def resolve_most_days(basis: delays.Basis, _info: Info) -> int:
        """Return the most days that are paid."""
        return basis.terms.most_days

    @staticmethod
    def resolve_paid_minor(basis: delays.Basis, _info: Info) -> int | None:
        """Return what is paid."""
        return basis.paid

    @staticmethod
    def resolve_basis_risk_days(basis: delays.Basis, _info: Info) -> int | None:
        """Return the basis risk."""
        return basis.widest


class InsuranceClaim(Chained, graphene.ObjectType):
    """A claim, with its evidence as a chain of ids and digests."""

    class Meta:
        interfaces = (nodes.Node, Contracted)
        possible_types = (records.InsuranceClaim,)

    declaration = graphene.Field(
        lambda: CoverDeclaration, required=True, description="The declaration that it is under."
    )
    kind = graphene.String(
        required=True,
        description="`LOSS`, `DAMAGE`, `SHORTAGE`, `GENERAL_AVERAGE`, or `DELAY` by the quorum.",
    )
    state = graphene.String(
        required=True,
        description="`NOTIFIED`, `DOCUMENTED`, `ASSESSED`, `ACCEPTED`, `DECLINED`, `SETTLED`, `WITHDRAWN` or"
        " `LAPSED`.",
    )
    description = graphene.String(required=True, description="The insured's words.")
    occurred_at = DateTime(required=True, description="When it occurred, in UTC.")
    notified_at = DateTime(required=True, description="When it was notified, in UTC.")
    late = graphene.Boolean(required=True, description="Whether that was after the cover's period of notice.")
    documents_due = DateTime(required=True, description="Until when it must be documented, in UTC.")
    claimed = graphene.Field(Money, required=True, description="What is claimed.")
    assessed = graphene.Field(Money, description="What the loss amounts to, by the insurer.")
    payable = graphene.Field(Money, description="That without the deductible.")
    paid = graphene.Field(Money, description="What was paid, once.")
    reason = graphene.String(description="Why it was declined.")
    settled_at = DateTime(description="When it was paid, in UTC.")

    @staticmethod
    def resolve_declaration(row: records.InsuranceClaim, info: Info) -> records.CoverDeclaration | None:
        """Return the declaration."""
        found: records.CoverDeclaration | None = _loaded(
            info, "declaration", row.declaration_id, records.CoverDeclaration
        )
        return found

    @staticmethod
    def resolve_claimed(row: records.InsuranceClaim, _info: Info) -> Money | None:
        """Return what is claimed."""
        return money(row, row.claimed_minor)

    @staticmethod
    def resolve_assessed(row: records.InsuranceClaim, _info: Info) -> Money | None:
        """Return what it was assessed at."""
        return money(row, row.assessed_minor)

    @staticmethod
    def resolve_payable(row: records.InsuranceClaim, _info: Info) -> Money | None:
        """Return what is payable."""
        return money(row, row.payable_minor)

    @staticmethod
    def resolve_paid(row: records.InsuranceClaim, _info: Info) -> Money | None:
        """Return what was paid."""
        return money(row, row.paid_minor)


class CoverDeclaration(Covered, Adjusted, graphene.ObjectType):
    """A shipment declared under an open cover."""

    class Meta:
        interfaces = (nodes.Node, Contracted)
        possible_types = (records.CoverDeclaration,)

    quote = graphene.Field(
        InsuranceQuote, required=True, description="The quote that was taken, with its premium's lines."
    )
    number = graphene.Int(required=True, description="Counted under its cover.")
    ucr = graphene.String(required=True, description="Unique consignment reference.")
    conveyance = graphene.String(required=True, description="Vessel or vehicle.")
    state = graphene.String(required=True, description="`DECLARED` or `CANCELLED`.")
    sum_insured = graphene.Field(Money, required=True, description="What is insured.")
    premium = graphene.Field(Money, required=True, description="What it costs.")
    deductible = graphene.Field(Money, required=True, description="What the insured bears of each claim.")
    certificate = graphene.Field(
        "isthmus_graphql.documents.Document", description="The certificate, if you may see it."
    )
    declared_at = DateTime(required=True, description="When, in UTC.")
    cancelled_at = DateTime(description="When it was taken back, in UTC.")
    claims = graphene.List(
        graphene.NonNull(InsuranceClaim), required=True, description="Claims under it, oldest first."
    )
    delay = graphene.Field(DelaySettlement, description="Its delay cover; null without one.")

    @staticmethod
    def resolve_quote(row: records.CoverDeclaration, info: Info) -> records.InsuranceQuote | None:
        """Return the quote."""
        found: records.InsuranceQuote | None = _loaded(info, "quote", row.quote_id, records.InsuranceQuote)
        return found

    @staticmethod
    def resolve_sum_insured(row: records.CoverDeclaration, _info: Info) -> Money | None:
        """Return the sum insured."""
        return money(row, row.insured_minor)

    @staticmethod
    def resolve_premium(row: records.CoverDeclaration, _info: Info) -> Money | None:
        """Return the premium."""
        return money(row, row.premium_minor)

    @staticmethod
    def resolve_deductible(row: records.CoverDeclaration, _info: Info) -> Money | None:
        """Return the deductible."""
        return money(row, row.deductible_minor)

    @staticmethod
    def resolve_certificate(row: records.CoverDeclaration, info: Info) -> documents.Document | None:
        """Return the certificate."""
        return certificate_of(info, row.document_id)

    @staticmethod
    def resolve_claims(row: records.CoverDeclaration, info: Info) -> Sequence[records.InsuranceClaim]:
        """Return the claims."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[records.InsuranceClaim]]:
            found = claims.of_declarations(context.reading, ids)
            keep(context, [each for rows in found.values() for each in rows])
            return found

        return context.loader.load("contract", row.id, "claims", read) or []

    @staticmethod
    def resolve_delay(row: records.CoverDeclaration, info: Info) -> delays.Basis | None:
        """Return the delay cover."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, delays.Basis]:
            return delays.basis(context.reading, context.loader.kept("contract", ids) or [row])

        return context.loader.load("contract", row.id, "delay", read)


def _loaded(info: Info, kind: str, key: UUID, table: Any) -> Any:
    """Return the row of ``table``, read with those of the whole page."""

    def read(ids: Sequence[UUID]) -> dict[UUID, Any]:
        found = covers.get_many(info.context.reading, table, ids)
        keep(info.context, list(found.values()))
        return found

    return info.context.loader.load(kind, key, table.__tablename__, read)


def _page(
    info: Info, kind: str, table: Any, first: int | None, after: str | None, cover: str | None = None
) -> Page[Any]:
    asked = paging(info, kind, first, after)
    under = None if cover is None else identity.key_of("OpenCover", cover, "cover")
    rows = covers.page(info.context.reading, table, cover=under, after=asked.behind, first=asked.count + 1)
    keep(info.context, rows[: asked.count])
    return asked.page(rows)


def _under() -> graphene.ID:
    return graphene.ID(description="Global id of a cover: what is under it alone.")


class InsuranceQuery(graphene.ObjectType):
    """Reading what you insure, and what of yours is insured."""

    open_covers = listed(connection(OpenCover), "Covers that you gave or hold, newest first.")
    insurance_quotes = listed(
        connection(InsuranceQuote), "Quotes that you asked for or were asked for.", cover=_under()
    )
    cover_declarations = listed(
        connection(CoverDeclaration), "What is declared, newest first.", cover=_under()
    )
    insurance_claims = listed(connection(InsuranceClaim), "Claims by you or to you, newest first.")
    insurance_tariffs = listed(connection(InsuranceTariff), "Your tables of rates, newest first.")

    @staticmethod
    def resolve_open_covers(_root: Any, info: Info, first: int | None, after: str | None = None) -> Page[Any]:
        """Return a page of covers."""
        return _page(info, "cover", records.OpenCover, first, after)

    @staticmethod
    def resolve_insurance_quotes(
        _root: Any, info: Info, first: int | None, after: str | None = None, cover: str | None = None
    ) -> Page[Any]:
        """Return a page of quotes."""
        return _page(info, "quote", records.InsuranceQuote, first, after, cover)

    @staticmethod
    def resolve_cover_declarations(
        _root: Any, info: Info, first: int | None, after: str | None = None, cover: str | None = None
    ) -> Page[Any]:
        """Return a page of declarations."""
        return _page(info, "declaration", records.CoverDeclaration, first, after, cover)

    @staticmethod
    def resolve_insurance_claims(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[Any]:
        """Return a page of claims."""
        return _page(info, "claim", records.InsuranceClaim, first, after)

    @staticmethod
    def resolve_insurance_tariffs(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[Any]:
        """Return a page of the insurer's own tables."""
        asked = paging(info, "tariff", first, after)
        rows = quotes.tariffs(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.keep("tariff", rows)
        return asked.page(rows)


READERS: dict[str, Callable[[Work, UUID], Any]] = {
    "OpenCover": covers.get,
    "InsuranceQuote": quotes.get,
    "CoverDeclaration": declaring.get,
    "InsuranceClaim": claims.get,
    "InsuranceTariff": quotes.tariff_of,
}


def _readable(kind: str, read: Callable[[Work, UUID], Any]) -> None:
    nodes.readable(kind, lambda context, key: read(context.reading, key))


for _kind, _read in READERS.items():
    _readable(_kind, _read)
