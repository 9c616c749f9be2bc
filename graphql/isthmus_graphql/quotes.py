"""Freight quotes: asking several for freight, what each quotes, and how they compare in one currency."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime, Decimal
from isthmus_graphql.values import Money
from isthmus_platform import parties
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics import quotes
from isthmus_platform.logistics.quote_records import FreightQuote as QuoteRow
from isthmus_platform.logistics.quote_records import FreightRequest as RequestRow
from isthmus_platform.logistics.quoting import Charge, ChargeKind, Comparison, PaymentTerm

KINDS = {ChargeKind.BASE: "The freight itself.", ChargeKind.SURCHARGE: "On top of it."}
TERMS = {PaymentTerm.PRE: "Prepaid.", PaymentTerm.COL: "Collect: paid at destination."}
COMPARISONS = {
    Comparison.COMPARABLE: "It can be compared and accepted.",
    Comparison.EXPIRED: "Its validity is over.",
    Comparison.INCOMPLETE: "The base rate, or a charge that was asked for, is not in it.",
    Comparison.NO_RATE: "An exchange rate that it needs was not given.",
    Comparison.WITHDRAWN: "Whoever quoted it withdrew it.",
}

FreightChargeKind = graphene.Enum.from_enum(
    ChargeKind,
    name="FreightChargeKind",
    description=lambda value: KINDS[value] if value else "What a charge is for.",
)
FreightPaymentTerm = graphene.Enum.from_enum(
    PaymentTerm,
    name="FreightPaymentTerm",
    description=lambda value: TERMS[value] if value else "Where a charge is paid (DCSA `paymentTermCode`).",
)
QuoteComparisonStatus = graphene.Enum.from_enum(
    Comparison,
    name="QuoteComparisonStatus",
    description=lambda value: COMPARISONS[value] if value else "Whether a quote compares.",
)


class ExchangeRateInput(graphene.InputObjectType):
    """What one unit of a currency buys of the one that is compared in, as you say."""

    currency = graphene.String(required=True, description="ISO 4217 code.")
    rate = Decimal(
        required=True,
        description="Units of the compared currency for one of this, not minor units; more than 0.",
    )


class FreightCharge(graphene.ObjectType):
    """A line of a quote, in DCSA's terms."""

    class Meta:
        possible_types = (Charge,)

    kind = graphene.Field(FreightChargeKind, required=True, description="What it is for.")
    name = graphene.String(required=True, description="DCSA `chargeName`.")
    unit_price = graphene.Field(Money, required=True, description="DCSA `unitPrice`.")
    quantity = graphene.Int(required=True, description="How many units of the basis.")
    calculation_basis = graphene.String(required=True, description="Per what, DCSA `calculationBasis`.")
    payment_term = graphene.Field(FreightPaymentTerm, required=True, description="Where it is paid.")
    amount = graphene.Field(Money, required=True, description="Unit price times quantity.")

    @staticmethod
    def resolve_unit_price(charge: Charge, _info: Info) -> dict[str, Any]:
        """Return the price."""
        return {"amount_minor": charge.unit_price_minor, "currency": charge.currency}

    @staticmethod
    def resolve_amount(charge: Charge, _info: Info) -> dict[str, Any]:
        """Return what it comes to."""
        return {"amount_minor": charge.amount_minor, "currency": charge.currency}


class FreightQuote(graphene.ObjectType):
    """What one party quotes."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (QuoteRow,)

    request = graphene.Field(lambda: FreightRequest, required=True, description="What it answers.")
    by = graphene.Field(Party, required=True, description="Who quotes.")
    state = graphene.String(required=True, description="`OFFERED`, `WITHDRAWN` or `ACCEPTED`.")
    charges = graphene.List(
        graphene.NonNull(FreightCharge), required=True, description="Base rate and surcharges."
    )
    transit_days = graphene.Int(required=True, description="Days under way: 24 hours each.")
    valid_until = DateTime(required=True, description="Until when it can be accepted, in UTC.")
    quoted_at = DateTime(required=True, description="When it was quoted, in UTC.")

    @staticmethod
    def resolve_request(row: QuoteRow, info: Info) -> RequestRow | None:
        """Return the request, read with those of the whole page."""

        def read(ids: Sequence[UUID]) -> dict[UUID, RequestRow]:
            found = quotes.requests(info.context.reading, ids)
            info.context.loader.keep("freight request", found.values())
            info.context.loader.together("party", [one.party_id for one in found.values()])
            return found

        return info.context.loader.load("freight question", row.request_id, "request", read)

    @staticmethod
    def resolve_by(row: QuoteRow, info: Info) -> parties.Party | None:
        """Return who quotes."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_charges(row: QuoteRow, _info: Info) -> list[Charge]:
        """Return the charges."""
        return quotes.charges_of(row)


class QuoteComparison(graphene.ObjectType):
    """How a quote compares in the wanted currency."""

    quote = graphene.Field(FreightQuote, required=True, description="The quote.")
    status = graphene.Field(QuoteComparisonStatus, required=True, description="Whether it compares.")
    total = graphene.Field(Money, description="The sum of its charges, each rounded half to even by itself.")
    why = graphene.String(description="Why it does not compare.")


class FreightRequest(graphene.ObjectType):
    """A request for freight quotes."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (RequestRow,)

    asker = graphene.Field(Party, required=True, description="Who asks.")
    origin = graphene.String(required=True, description="UN/LOCODE.")
    destination = graphene.String(required=True, description="UN/LOCODE.")
    goods = graphene.String(required=True, description="In words.")
    equipment_type = graphene.String(required=True, description="ISO 6346 type.")
    units = graphene.Int(required=True, description="The number of units of that type. The number.")
    charges = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Names of charges that a complete quote has beside the base rate.",
    )
    state = graphene.String(required=True, description="`OPEN`, or `AWARDED` once a quote is accepted.")
    closes_at = DateTime(required=True, description="Until when quotes are taken, in UTC.")
    asked_at = DateTime(required=True, description="When it was asked, in UTC.")
    quotes = graphene.List(
        graphene.NonNull(FreightQuote), required=True, description="Those made to you, or your own."
    )
    comparison = graphene.List(
        graphene.NonNull(QuoteComparison),
        required=True,
        description="The quotes that you see, those that compare first, the cheapest first.",
        currency=graphene.String(required=True, description="ISO 4217 code of the currency to compare in."),
        rates=graphene.List(
            graphene.NonNull(ExchangeRateInput), default_value=[], description="For every other currency."
        ),
    )

    @staticmethod
    def resolve_asker(row: RequestRow, info: Info) -> parties.Party | None:
        """Return who asks."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_charges(row: RequestRow, _info: Info) -> list[str]:
        """Return what a complete quote has."""
        return row.wanted_charges

    @staticmethod
    def resolve_quotes(row: RequestRow, info: Info) -> list[QuoteRow]:
        """Return the quotes, read with those of the whole page."""
        return _quotes(row, info.context)

    @staticmethod
    def resolve_comparison(
        row: RequestRow, info: Info, currency: str, rates: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Compare them."""
        rows = _quotes(row, info.context)
        given = {each["currency"]: each["rate"] for each in rates}
        if len(given) < len(rates):
            raise InvalidInput("Give one rate a currency.", field="rates", code="rate_twice")
        found = quotes.compare(info.context.reading, rows, row, currency, given)
        told = [(each, found[each.id]) for each in rows]
        told.sort(key=lambda pair: (pair[1].status is not Comparison.COMPARABLE, pair[1].total_minor or 0))
        return [
            {
                "quote": each,
                "status": one.status,
                "why": one.why,
                "total": None
                if one.total_minor is None
                else {"amount_minor": one.total_minor, "currency": currency},
            }
            for each, one in told
        ]


def _quotes(row: RequestRow, context: Context) -> list[QuoteRow]:
    def read(ids: Sequence[UUID]) -> dict[UUID, list[QuoteRow]]:
        found = quotes.of_requests(context.reading, ids)
        context.loader.together("party", [one.party_id for rows in found.values() for one in rows])
        context.loader.together("freight question", ids)
        return found

    return context.loader.load("freight request", row.id, "quotes", read) or []


FreightRequestConnection = connection(FreightRequest)


class QuoteQuery(graphene.ObjectType):
    """Reading requests for freight quotes."""

    freight_request = nodes.one_by_id(
        FreightRequest, "The request with this id; null where there is none of yours or to you."
    )
    freight_requests = listed(
        FreightRequestConnection, "Requests for quotes of yours and to you, newest first."
    )

    @staticmethod
    def resolve_freight_requests(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[RequestRow]:
        """Return a page of requests."""
        asked = paging(info, "freight request", first, after)
        rows = quotes.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.keep("freight request", rows)
        info.context.loader.together("party", [row.party_id for row in rows])
        return asked.page(rows)


nodes.readable("FreightRequest", lambda context, key: quotes.get(context.reading, key))
nodes.readable("FreightQuote", lambda context, key: quotes.quote_of(context.reading, key))
