"""Asking for freight quotes, quoting, and accepting exactly one."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.quotes import FreightChargeKind, FreightPaymentTerm, FreightQuote, FreightRequest
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import MoneyInput
from isthmus_platform.database import Work
from isthmus_platform.logistics import quotes
from isthmus_platform.logistics.quoting import Charge, ChargeKind, PaymentTerm


class RequestFreightQuotesInput(Change):
    """What freight is wanted, and who is asked."""

    origin = graphene.String(required=True, description="UN/LOCODE.")
    destination = graphene.String(required=True, description="UN/LOCODE.")
    goods = graphene.String(required=True, description="In words, 1 to 255 characters.")
    equipment_type = graphene.String(required=True, description="ISO 6346 type, such as `22G1`.")
    units = graphene.Int(required=True, description="The number of units, 1 to 10,000. The number.")
    closes_at = DateTime(required=True, description="Until when quotes are taken.")
    of = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Names of 1 to 20 carriers and forwarders; none learns of the others.",
    )
    charges = graphene.List(
        graphene.NonNull(graphene.String),
        default_value=[],
        description="Names of charges that a complete quote has beside the base rate.",
    )


class FreightChargeInput(graphene.InputObjectType):
    """A line of a quote, in DCSA's terms."""

    kind = FreightChargeKind(required=True, description="What it is for.")
    name = graphene.String(required=True, description="DCSA `chargeName`, 1 to 50 characters.")
    unit_price = graphene.Field(MoneyInput, required=True, description="DCSA `unitPrice`; not negative.")
    quantity = graphene.Int(required=True, description="How many units of the basis.")
    calculation_basis = graphene.String(required=True, description="Per what, 1 to 50 characters.")
    payment_term = FreightPaymentTerm(required=True, description="Where it is paid.")


class QuoteFreightInput(Change):
    """Your answer to a request."""

    request = graphene.ID(required=True, description="Global id of the request.")
    charges = graphene.List(
        graphene.NonNull(FreightChargeInput), required=True, description="1 to 50 charges."
    )
    valid_until = DateTime(required=True, description="Until when it can be accepted.")
    transit_days = graphene.Int(required=True, description="Days under way, 0 to 365, 24 hours each.")


class WithdrawFreightQuoteInput(Change):
    """A quote of yours."""

    quote = graphene.ID(required=True, description="Global id of the quote.")


class AcceptFreightQuoteInput(Change):
    """The quote to you that you accept."""

    quote = graphene.ID(required=True, description="Global id of the quote.")


class FreightRequestPayload(Changed):
    """The request, or why nothing was changed."""

    request = graphene.Field(FreightRequest, description="As it stands.")


class FreightQuotePayload(Changed):
    """The quote, or why nothing was changed."""

    quote = graphene.Field(FreightQuote, description="As it stands.")


def _quoted(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"quote": quotes.quote_of(work, UUID(ids["quote"]))}


def _asked(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"request": quotes.get(work, UUID(ids["request"]))}


def _charge(given: Any) -> Charge:
    return Charge(
        kind=ChargeKind(given.kind.value),
        name=given.name,
        unit_price_minor=given.unit_price.amount_minor,
        currency=given.unit_price.currency,
        quantity=given.quantity,
        calculation_basis=given.calculation_basis,
        payment_term=PaymentTerm(given.payment_term.value),
    )


def request_freight_quotes(_root: Any, info: Info, input: Any) -> FreightRequestPayload:  # noqa: A002
    """Ask for quotes."""

    def write(work: Work) -> dict[str, Any]:
        question = quotes.Question(
            origin=input.origin,
            destination=input.destination,
            goods=input.goods,
            equipment_type=input.equipment_type,
            units=input.units,
            closes_at=input.closes_at,
            of=input.of,
            charges=input.charges or (),
        )
        return {"request": str(quotes.ask(work, question).id)}

    return perform(FreightRequestPayload, info, input, Operation("requestFreightQuotes", write, _asked))


def quote_freight(_root: Any, info: Info, input: Any) -> FreightQuotePayload:  # noqa: A002
    """Quote."""

    def write(work: Work) -> dict[str, Any]:
        made = quotes.quote(
            work,
            identity.key_of("FreightRequest", input.request, "request"),
            [_charge(each) for each in input.charges],
            valid_until=input.valid_until,
            transit_days=input.transit_days,
        )
        return {"quote": str(made.id)}

    return perform(FreightQuotePayload, info, input, Operation("quoteFreight", write, _quoted))


def withdraw_freight_quote(_root: Any, info: Info, input: Any) -> FreightQuotePayload:  # noqa: A002
    """Withdraw a quote."""

    def write(work: Work) -> dict[str, Any]:
        return {"quote": str(quotes.withdraw(work, _key(input)).id)}

    return perform(FreightQuotePayload, info, input, Operation("withdrawFreightQuote", write, _quoted))


def accept_freight_quote(_root: Any, info: Info, input: Any) -> FreightQuotePayload:  # noqa: A002
    """Accept a quote."""

    def write(work: Work) -> dict[str, Any]:
        return {"quote": str(quotes.accept(work, _key(input)).id)}

    return perform(FreightQuotePayload, info, input, Operation("acceptFreightQuote", write, _quoted))


def _key(given: Any) -> UUID:
    return identity.key_of("FreightQuote", given.quote, "quote")


class QuoteMutation(graphene.ObjectType):
    """Asking for freight quotes, quoting, and accepting exactly one."""

    request_freight_quotes = change(
        FreightRequestPayload,
        RequestFreightQuotesInput,
        request_freight_quotes,
        "For traders and forwarders: ask carriers and forwarders for freight quotes.",
    )
    quote_freight = change(
        FreightQuotePayload, QuoteFreightInput, quote_freight, "For those who were asked: quote."
    )
    withdraw_freight_quote = change(
        FreightQuotePayload,
        WithdrawFreightQuoteInput,
        withdraw_freight_quote,
        "Withdraw your quote before it is accepted.",
    )
    accept_freight_quote = change(
        FreightQuotePayload,
        AcceptFreightQuoteInput,
        accept_freight_quote,
        "For whoever asked: accept one quote of a request, and no other.",
    )
