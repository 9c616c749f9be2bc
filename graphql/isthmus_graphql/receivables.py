"""Receivables: what a seller offers, what a bank may see of it, how each financing stands, notices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.documents import keep_documents
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.papers import desk_of, shown_by
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.receivable_states import ReceivableAction, ReceivableState
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Money
from isthmus_platform import documents, parties, receivables
from isthmus_platform.database import Work
from isthmus_platform.receivables import reading
from isthmus_platform.receivables.offering import invoice_of
from isthmus_platform.receivables.records import Receivable as ReceivableRow
from isthmus_platform.receivables.records import ReceivableEntry as EntryRow
from isthmus_platform.receivables.records import ReceivableNotice as NoticeRow
from isthmus_platform.receivables.records import ReceivableOffer as OfferRow
from isthmus_platform.receivables.terms import Invoice


def _money(minor: int | None, currency: str) -> dict[str, Any] | None:
    return None if minor is None else {"amount_minor": minor, "currency": currency}


class Debtor(graphene.ObjectType):
    """Who has to pay an invoice."""

    name = graphene.String(required=True, description="The name.")
    identifier = graphene.String(required=True, description="LEI or tax number.")
    country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    rating = graphene.String(required=True, description="As the seller says.")


class ReceivableHistoryEntry(graphene.ObjectType):
    """A step in the history of an offer."""

    sequence = graphene.Int(required=True, description="From 1, the offer.")
    action = graphene.Field(ReceivableAction, required=True, description="What was done.")
    actor = graphene.Field(
        Party, description="Who did it; null for the clock, and for who you may not know yet."
    )
    at = DateTime(required=True, description="When, in UTC.")
    amount = graphene.Field(Money, required=True, description="What was paid out, or came back.")
    outstanding = graphene.Field(Money, required=True, description="What was owed after it.")

    @staticmethod
    def resolve_actor(row: EntryRow, info: Info) -> parties.Party | None:
        """Return who did it."""
        offer = _offer(info.context, row.offer_id)
        if offer is None or (
            row.actor_id == offer.party_id and not reading.revealed(info.context.reading, offer)
        ):
            return None
        return party_of(info.context, row.actor_id)

    @staticmethod
    def resolve_amount(row: EntryRow, info: Info) -> dict[str, Any] | None:
        """Return what moved."""
        offer = _offer(info.context, row.offer_id)
        return None if offer is None else _money(row.amount_minor, offer.currency)

    @staticmethod
    def resolve_outstanding(row: EntryRow, info: Info) -> dict[str, Any] | None:
        """Return what was owed."""
        offer = _offer(info.context, row.offer_id)
        return None if offer is None else _money(row.outstanding_minor, offer.currency)


class ReceivableOffer(graphene.ObjectType):
    """An invoice as one bank is offered it, and how its financing stands."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (OfferRow,)

    state = graphene.Field(ReceivableState, required=True, description="Where it stands.")
    steps = graphene.List(
        graphene.NonNull(ReceivableAction),
        required=True,
        description="What you may do of it as it stands, whatever a step needs beside.",
    )
    amount = graphene.Field(Money, required=True, description="What the invoice is for.")
    due_on = graphene.String(required=True, description="When the debtor has to pay, ISO 8601.")
    seller_country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    debtor_country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    debtor_rating = graphene.String(required=True, description="As the seller says.")
    bank = graphene.Field(Party, required=True, description="To whom it is offered.")
    seller = graphene.Field(Party, description="Whose invoice it is; null to a bank until it accepts.")
    receivable = graphene.Field(
        lambda: Receivable, description="The invoice; null to a bank until it accepts."
    )
    advance_bp = graphene.Int(description="Quoted: what is advanced, in basis points of the amount.")
    discount_bp = graphene.Int(description="Quoted: a year's discount on the advance, in basis points.")
    fee = graphene.Field(Money, description="Quoted: what is kept once.")
    grace_days = graphene.Int(
        description="Quoted: until it is a default after the due date, in days of 24 hours (UTC)."
    )
    valid_until = DateTime(description="Until when the quote holds, in UTC.")
    advance = graphene.Field(Money, description="What is owed to the bank; null before disbursement.")
    discount = graphene.Field(Money, description="What it keeps as discount.")
    paid_out = graphene.Field(Money, description="What the seller gets: advance less discount and fee.")
    repaid = graphene.Field(Money, required=True, description="What came back.")
    outstanding = graphene.Field(Money, required=True, description="What is owed now.")
    offered_at = DateTime(required=True, description="When it was offered, in UTC.")
    disbursed_at = DateTime(description="When it was paid out, in UTC.")
    history = graphene.List(
        graphene.NonNull(ReceivableHistoryEntry), required=True, description="Every step, in order."
    )

    @staticmethod
    def resolve_steps(row: OfferRow, info: Info) -> list[receivables.Action]:
        """Return what the actor may do."""
        return reading.steps(info.context.reading, row)

    @staticmethod
    def resolve_amount(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return the invoice's amount."""
        return _money(row.amount_minor, row.currency)

    @staticmethod
    def resolve_due_on(row: OfferRow, _info: Info) -> str:
        """Return the due date."""
        return row.due_on.isoformat()

    @staticmethod
    def resolve_bank(row: OfferRow, info: Info) -> parties.Party | None:
        """Return the bank."""
        return party_of(info.context, row.bank_id)

    @staticmethod
    def resolve_seller(row: OfferRow, info: Info) -> parties.Party | None:
        """Return the seller, to whom may know."""
        return party_of(info.context, row.party_id) if reading.revealed(info.context.reading, row) else None

    @staticmethod
    def resolve_receivable(row: OfferRow, info: Info) -> ReceivableRow | None:
        """Return the invoice, to whom may see it."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, ReceivableRow]:
            found = reading.many(context.reading, ids)
            keep_receivables(context, list(found.values()))
            return found

        return context.loader.load("receivable", row.receivable_id, "row", read)

    @staticmethod
    def resolve_fee(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return the fee."""
        return _money(row.fee_minor, row.currency)

    @staticmethod
    def resolve_advance(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return the advance."""
        return _money(row.advance_minor, row.currency)

    @staticmethod
    def resolve_discount(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return the discount."""
        return _money(row.discount_minor, row.currency)

    @staticmethod
    def resolve_paid_out(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return what was paid out."""
        return _money(row.paid_out_minor, row.currency)

    @staticmethod
    def resolve_repaid(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return what came back."""
        return _money(row.repaid_minor, row.currency)

    @staticmethod
    def resolve_outstanding(row: OfferRow, _info: Info) -> dict[str, Any] | None:
        """Return what is owed."""
        return _money(row.outstanding_minor, row.currency)

    @staticmethod
    def resolve_history(row: OfferRow, info: Info) -> Sequence[EntryRow]:
        """Return the history."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[EntryRow]]:
            return reading.entries(context.reading, ids)

        return context.loader.load("receivable offer", row.id, "history", read) or []


class Receivable(graphene.ObjectType):
    """An invoice that is offered: to its seller, and to the bank that accepted it."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (ReceivableRow,)

    number = graphene.String(required=True, description="The invoice's number.")
    issued_on = graphene.String(required=True, description="ISO 8601.")
    due_on = graphene.String(required=True, description="ISO 8601.")
    amount = graphene.Field(Money, required=True, description="What it is for.")
    seller_identifier = graphene.String(required=True, description="LEI or tax number of the seller.")
    debtor = graphene.Field(Debtor, required=True, description="Who has to pay it.")
    document = graphene.Field(
        "isthmus_graphql.documents.Document", description="The invoice's document, where you may read it."
    )
    offered_at = DateTime(required=True, description="When it was offered, in UTC.")
    offers = graphene.List(
        graphene.NonNull(ReceivableOffer), required=True, description="To its seller all, to a bank its own."
    )

    @staticmethod
    def resolve_number(row: ReceivableRow, info: Info) -> str:
        """Return the number."""
        return _invoice(info, row).number

    @staticmethod
    def resolve_issued_on(row: ReceivableRow, info: Info) -> str:
        """Return when it was issued."""
        return _invoice(info, row).issued_on.isoformat()

    @staticmethod
    def resolve_due_on(row: ReceivableRow, _info: Info) -> str:
        """Return when it is due."""
        return row.due_on.isoformat()

    @staticmethod
    def resolve_amount(row: ReceivableRow, _info: Info) -> dict[str, Any] | None:
        """Return its amount."""
        return _money(row.amount_minor, row.currency)

    @staticmethod
    def resolve_seller_identifier(row: ReceivableRow, info: Info) -> str:
        """Return the seller's identifier."""
        return _invoice(info, row).seller

    @staticmethod
    def resolve_debtor(row: ReceivableRow, info: Info) -> dict[str, str]:
        """Return who has to pay."""
        said = _invoice(info, row)
        return {"name": said.debtor, "identifier": said.buyer, "country": said.country, "rating": said.rating}

    @staticmethod
    def resolve_document(row: ReceivableRow, info: Info) -> documents.Document | None:
        """Return the document."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, documents.Document]:
            found = documents.get_many(context.reading, ids)
            keep_documents(context, list(found.values()))
            context.loader.together(shown_by(info.path.as_list()), found)
            return found

        return context.loader.load("document", row.document_id, "document", read)

    @staticmethod
    def resolve_offers(row: ReceivableRow, info: Info) -> Sequence[OfferRow]:
        """Return the offers."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[OfferRow]]:
            found = reading.offers_of(context.reading, ids)
            keep_offers(context, [each for rows in found.values() for each in rows])
            return found

        return context.loader.load("receivable", row.id, "offers", read) or []


class ReceivableNotice(graphene.ObjectType):
    """What you were told of an offer that another moved, or the clock."""

    class Meta:
        possible_types = (NoticeRow,)

    action = graphene.Field(ReceivableAction, required=True, description="What was done.")
    at = DateTime(required=True, description="When, in UTC.")
    offer = graphene.Field(ReceivableOffer, required=True, description="Of which offer.")

    @staticmethod
    def resolve_offer(row: NoticeRow, info: Info) -> OfferRow | None:
        """Return the offer."""
        return _offer(info.context, row.offer_id)


ReceivableConnection = connection(Receivable)
ReceivableOfferConnection = connection(ReceivableOffer)
ReceivableNoticeConnection = connection(ReceivableNotice)


def _invoice(info: Info, row: ReceivableRow) -> Invoice:
    return invoice_of(desk_of(info.context).vault, row)


def _offer(context: Context, offer_id: UUID) -> OfferRow | None:
    def read(ids: Sequence[UUID]) -> dict[UUID, OfferRow]:
        found = reading.many_offers(context.reading, ids)
        keep_offers(context, list(found.values()))
        return found

    return context.loader.load("receivable offer", offer_id, "row", read)


def keep_offers(context: Context, rows: Sequence[OfferRow]) -> None:
    """Let what hangs on these offers be read together."""
    context.loader.keep("receivable offer", rows)
    context.loader.together("receivable", [row.receivable_id for row in rows])
    context.loader.together("party", [id_ for row in rows for id_ in (row.bank_id, row.party_id)])


def keep_receivables(context: Context, rows: Sequence[ReceivableRow]) -> None:
    """Let what hangs on these receivables be read together."""
    context.loader.keep("receivable", rows)
    context.loader.together("document", [row.document_id for row in rows])


def one_offer(context: Context, work: Work, offer_id: UUID) -> OfferRow:
    """Return an offer that the actor sees; raise NotFound."""
    found = reading.offer_of(work, offer_id)
    keep_offers(context, [found])
    return found


def one_receivable(context: Context, work: Work, receivable_id: UUID) -> ReceivableRow:
    """Return a receivable that the actor sees; raise NotFound."""
    found = reading.get(work, receivable_id)
    keep_receivables(context, [found])
    return found


class ReceivableQuery(graphene.ObjectType):
    """Reading receivables, offers and notices."""

    receivable = nodes.one_by_id(
        Receivable, "The receivable with this id; null where there is none that you may see."
    )
    receivable_offer = nodes.one_by_id(
        ReceivableOffer, "The offer with this id; null where there is none that you may see."
    )
    receivables = listed(
        ReceivableConnection, "The invoices that you offered, or as a bank accepted, newest first."
    )
    receivable_offers = listed(
        ReceivableOfferConnection,
        "What you offered to banks, or as a bank were offered, newest first.",
        states=graphene.List(
            graphene.NonNull(ReceivableState), description="Where they stand; anywhere by default."
        ),
    )
    receivable_notices = listed(
        ReceivableNoticeConnection, "What you were told of offers and financings, newest first."
    )

    @staticmethod
    def resolve_receivables(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[ReceivableRow]:
        """Return a page of receivables."""
        asked = paging(info, "receivable", first, after)
        rows = reading.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        keep_receivables(info.context, rows[: asked.count])
        return asked.page(rows)

    @staticmethod
    def resolve_receivable_offers(
        _root: Any,
        info: Info,
        first: int | None,
        after: str | None = None,
        states: Sequence[Any] | None = None,
    ) -> Page[OfferRow]:
        """Return a page of offers."""
        asked = paging(info, "receivable-offer", first, after)
        wanted = [receivables.State(each.value) for each in states or ()]
        place = asked.behind
        rows = reading.offers(info.context.reading, states=wanted, after=place, first=asked.count + 1)
        keep_offers(info.context, rows[: asked.count])
        return asked.page(rows)

    @staticmethod
    def resolve_receivable_notices(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[NoticeRow]:
        """Return a page of notices."""
        asked = paging(info, "receivable-notice", first, after)
        place = asked.behind
        rows = reading.notices(info.context.reading, after=place, first=asked.count + 1)
        info.context.loader.together("receivable offer", [row.offer_id for row in rows[: asked.count]])
        return asked.page(rows)


nodes.readable("Receivable", lambda context, key: one_receivable(context, context.reading, key))
nodes.readable("ReceivableOffer", lambda context, key: one_offer(context, context.reading, key))
