"""Where credits, amendments and presentations stand, in words, and what an applicant owes for one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Money
from isthmus_platform import credit
from isthmus_platform.credit import repaying
from isthmus_platform.credit.records import CreditDebt, CreditPresentation

STATES = {
    credit.CreditState.APPLIED: "The applicant asked the bank for it.",
    credit.CreditState.DECLINED: "The bank declined.",
    credit.CreditState.ISSUED: "The issuing bank is bound.",
    credit.CreditState.ADVISED: "The beneficiary knows of it.",
    credit.CreditState.CLOSED: "Drawn, or expired.",
}
ANSWERS = {
    credit.AmendmentState.PROPOSED: "The beneficiary has not answered.",
    credit.AmendmentState.ACCEPTED: "The terms are amended.",
    credit.AmendmentState.REFUSED: "The terms stay.",
}
PRESENTED = {
    credit.PresentationState.PRESENTED: "The bank has five banking days.",
    credit.PresentationState.COMPLYING: "The bank must honour it.",
    credit.PresentationState.DISCREPANT: "The bank gave notice of refusal, or nothing is left to draw.",
    credit.PresentationState.WAIVED: "The applicant waives the discrepancies; the bank decides.",
    credit.PresentationState.RETURNED: "The documents went back.",
    credit.PresentationState.ACCEPTED: "It is paid at maturity.",
    credit.PresentationState.PAID: "It is paid.",
    credit.PresentationState.REIMBURSED: "The bank that paid has its money back.",
}
CreditState = graphene.Enum.from_enum(
    credit.CreditState, description=lambda value: STATES[value] if value else "Where a credit stands."
)
CreditAmendmentState = graphene.Enum.from_enum(
    credit.AmendmentState,
    name="CreditAmendmentState",
    description=lambda value: ANSWERS[value] if value else "Where an amendment stands.",
)
PresentationState = graphene.Enum.from_enum(
    credit.PresentationState,
    description=lambda value: PRESENTED[value] if value else "Where a presentation stands.",
)

DEBTS = {
    credit.DebtState.OWED: "The issuing bank paid or reimbursed, and has not said that it has it back.",
    credit.DebtState.REPAID: "The issuing bank has it back.",
}
CreditDebtState = graphene.Enum.from_enum(
    credit.DebtState,
    name="CreditDebtState",
    description=lambda value: DEBTS[value] if value else "Where an applicant's debt stands.",
)


def money(minor: int, currency: str) -> dict[str, Any]:
    """Return an amount as the type Money reads it."""
    return {"amount_minor": minor, "currency": currency}


class CreditDebtType(graphene.ObjectType):
    """What the applicant owes the issuing bank for a presentation; told to these two alone."""

    class Meta:
        name = "CreditDebt"

    amount = graphene.Field(Money, required=True, description="What the issuing bank paid or reimbursed.")
    state = graphene.Field(CreditDebtState, required=True, description="Where it stands.")
    owed_at = DateTime(required=True, description="Since when, in UTC.")
    repaid_at = DateTime(description="When the bank said that it has it back, in UTC.")

    @staticmethod
    def resolve_amount(row: CreditDebt, _info: Info) -> dict[str, Any]:
        """Return what is owed, or was."""
        return money(row.amount_minor, row.currency)


def debt_of(row: CreditPresentation, info: Info) -> CreditDebt | None:
    """Return what is owed for a presentation, read with that of the others under its credit."""
    context = info.context
    read: Callable[[Sequence[UUID]], dict[UUID, CreditDebt]] = partial(repaying.debts, context.reading)
    return context.loader.load("presentation", row.id, "debt", read)
