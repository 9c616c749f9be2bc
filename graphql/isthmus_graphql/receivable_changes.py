"""Changes of receivables, each by the party whose part it is."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.receivables import Receivable, ReceivableOffer, one_offer, one_receivable
from isthmus_graphql.scalars import DateTime, Long
from isthmus_graphql.values import MoneyInput
from isthmus_platform import receivables
from isthmus_platform.database import Work
from isthmus_platform.errors import PlatformError
from isthmus_platform.papers import plain
from isthmus_platform.receivables import Action, Draft, Invoice, Quote
from isthmus_platform.receivables.marking import marks_of
from isthmus_platform.receivables.terms import RATINGS


class ReceivableStep(StrEnum):
    """A step of an offer that needs nothing beside its name."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    WITHDRAW = "WITHDRAW"
    CONFIRM = "CONFIRM"
    DISBURSE = "DISBURSE"


STEPS = {
    ReceivableStep.ACCEPT: "The bank accepts at its quote: the invoice is registered as financed, and shown.",
    ReceivableStep.DECLINE: "The bank declines.",
    ReceivableStep.WITHDRAW: "The seller takes the offer back, before it is paid out.",
    ReceivableStep.CONFIRM: "The seller takes the quote of the bank that accepted.",
    ReceivableStep.DISBURSE: "The bank has it paid out, once.",
}
ReceivableStepEnum = graphene.Enum.from_enum(
    ReceivableStep,
    name="ReceivableStep",
    description=lambda value: STEPS[value] if value else "A step of an offer.",
)
DAY = "ISO 8601, such as 2028-02-29."
OFFER = "Global id of the offer."


class OfferReceivableInput(Change):
    """The invoice that you offer, and to which banks."""

    document = graphene.ID(required=True, description="Global id of the invoice's document, yours.")
    banks = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Their names, 1 to 20."
    )
    number = graphene.String(required=True, description="The invoice's number.")
    issued_on = graphene.String(required=True, description=DAY)
    due_on = graphene.String(required=True, description=DAY)
    amount = MoneyInput(required=True, description="What the invoice is for.")
    seller_identifier = graphene.String(required=True, description="Your LEI or tax number.")
    debtor = graphene.String(required=True, description="Name of who has to pay.")
    debtor_identifier = graphene.String(required=True, description="LEI or tax number of who has to pay.")
    debtor_country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    debtor_rating = graphene.String(
        default_value="UNRATED", description=f"As you see it: {', '.join(f'`{one}`' for one in RATINGS)}."
    )


class QuoteReceivableInput(Change):
    """What you ask for financing an invoice that you were offered."""

    offer = graphene.ID(required=True, description=OFFER)
    advance_bp = graphene.Int(required=True, description="What you advance, in basis points of the amount.")
    discount_bp = graphene.Int(
        required=True, description="Discount a year on the advance, in basis points (actual/360)."
    )
    fee_minor = Long(default_value=0, description="What you keep once, in the invoice's minor units.")
    grace_days = graphene.Int(
        default_value=30,
        description="Until it is a default after the due date, in days of 24 hours (UTC), 0 to 90.",
    )
    valid_until = DateTime(required=True, description="Until when you may accept and the seller confirm.")


class TakeReceivableStepInput(Change):
    """A step of an offer."""

    offer = graphene.ID(required=True, description=OFFER)
    step = ReceivableStepEnum(required=True, description="What is done.")


class RepayReceivableInput(Change):
    """What came back to you."""

    offer = graphene.ID(required=True, description=OFFER)
    amount = MoneyInput(required=True, description="At most what is outstanding, in the invoice's currency.")


class OfferReceivablePayload(Changed):
    """The receivable with its offers, or why there is none."""

    receivable = graphene.Field(Receivable, description="As it stands.")


class ReceivableOfferPayload(Changed):
    """The offer, or why nothing was changed."""

    offer = graphene.Field(ReceivableOffer, description="As it stands.")


def offer_receivable(_root: Any, info: Info, input: Any) -> OfferReceivablePayload:  # noqa: A002
    """Offer an invoice."""

    def write(work: Work) -> dict[str, Any]:
        draft = Draft(
            identity.key_of("Document", input.document, "document"), tuple(input.banks), _invoice(input)
        )
        return {"receivable": str(receivables.offer(work, desk_of(info.context).vault, draft).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"receivable": one_receivable(info.context, work, UUID(ids["receivable"]))}

    return perform(OfferReceivablePayload, info, input, Operation("offerReceivable", write, answer))


def _invoice(given: Any) -> Invoice:
    return Invoice(
        number=given.number,
        issued_on=plain.day(given.issued_on, "issuedOn"),
        due_on=plain.day(given.due_on, "dueOn"),
        amount_minor=given.amount.amount_minor,
        currency=given.amount.currency,
        seller=given.seller_identifier,
        buyer=given.debtor_identifier,
        debtor=given.debtor,
        country=given.debtor_country,
        rating=given.debtor_rating,
    )


def _offer(info: Info, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"offer": one_offer(info.context, work, UUID(ids["offer"]))}


def quote_receivable(_root: Any, info: Info, input: Any) -> ReceivableOfferPayload:  # noqa: A002
    """Quote."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("ReceivableOffer", input.offer, "offer")
        given = Quote(
            advance_bp=input.advance_bp,
            discount_bp=input.discount_bp,
            fee_minor=input.fee_minor,
            grace_days=input.grace_days,
            valid_until=input.valid_until,
        )
        return {"offer": str(receivables.quote(work, key, given).id)}

    operation = Operation("quoteReceivable", write, lambda work, ids: _offer(info, work, ids))
    return perform(ReceivableOfferPayload, info, input, operation)


def take_receivable_step(_root: Any, info: Info, input: Any) -> ReceivableOfferPayload:  # noqa: A002
    """Accept, decline, withdraw, confirm or disburse."""
    action = Action(input.step.value)
    marks, unmarked = _marks(info, input.offer) if action is Action.ACCEPT else ((), None)

    def write(work: Work) -> dict[str, Any]:
        if unmarked is not None:
            raise unmarked
        key = identity.key_of("ReceivableOffer", input.offer, "offer")
        return {"offer": str(receivables.step(work, key, action, marks).id)}

    operation = Operation("takeReceivableStep", write, lambda work, ids: _offer(info, work, ids))
    return perform(ReceivableOfferPayload, info, input, operation)


def _marks(info: Info, offer: str) -> tuple[tuple[str, ...], PlatformError | None]:
    """Make the marks before the transaction, which must not wait for the bridge; or say why there are none.

    A refusal is kept for the transaction: a key that was used before gets its first answer.
    """
    context = info.context
    context.close()
    try:
        key = identity.key_of("ReceivableOffer", offer, "offer")
        vault = desk_of(context).vault
        return tuple(marks_of(context.platform, vault, context.bridge, context.actor, key)), None
    except PlatformError as refusal:
        return (), refusal


def repay_receivable(_root: Any, info: Info, input: Any) -> ReceivableOfferPayload:  # noqa: A002
    """Note what came back."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("ReceivableOffer", input.offer, "offer")
        amount, currency = input.amount.amount_minor, input.amount.currency
        return {"offer": str(receivables.repay(work, key, amount, currency).id)}

    operation = Operation("repayReceivable", write, lambda work, ids: _offer(info, work, ids))
    return perform(ReceivableOfferPayload, info, input, operation)


class ReceivableMutation(graphene.ObjectType):
    """The life of receivables."""

    offer_receivable = change(
        OfferReceivablePayload,
        OfferReceivableInput,
        offer_receivable,
        "Offer an invoice to banks; until it accepts, one sees amount, due date, country and rating alone.",
    )
    quote_receivable = change(
        ReceivableOfferPayload,
        QuoteReceivableInput,
        quote_receivable,
        "For a bank: quote for an invoice that it was offered; a later quote takes the place of it.",
    )
    take_receivable_step = change(
        ReceivableOfferPayload,
        TakeReceivableStepInput,
        take_receivable_step,
        "Accept, decline, withdraw, confirm or disburse, each by the party whose part it is.",
    )
    repay_receivable = change(
        ReceivableOfferPayload,
        RepayReceivableInput,
        repay_receivable,
        "For the bank: note what was repaid, in part or all; more than is outstanding is refused.",
    )
