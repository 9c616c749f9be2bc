"""Changes of documentary credits, each by the party whose part it is."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.credit import (
    Credit,
    CreditAmendmentType,
    PresentationType,
    keep,
)
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import JSON
from isthmus_graphql.values import MoneyInput
from isthmus_platform import credit
from isthmus_platform.credit import messages, notices, presenting, register
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain

MEMBERS = "Its members are in docs/credit.md."


class CreditStep(StrEnum):
    """A step of a credit."""

    ISSUE = "ISSUE"
    DECLINE = "DECLINE"
    ADVISE = "ADVISE"
    CLOSE = "CLOSE"


class PresentationStep(StrEnum):
    """A step after the examination."""

    WAIVE = "WAIVE"
    RETURN = "RETURN"
    ACCEPT = "ACCEPT"
    PAY = "PAY"
    REIMBURSE = "REIMBURSE"
    REPAY = "REPAY"


STEPS = {
    CreditStep.ISSUE: "The issuing bank undertakes to pay.",
    CreditStep.DECLINE: "The bank declines the application.",
    CreditStep.ADVISE: "The advising bank tells the beneficiary.",
    CreditStep.CLOSE: "The issuing bank closes what is drawn or expired.",
}
SETTLING = {
    PresentationStep.WAIVE: "The applicant waives the discrepancies.",
    PresentationStep.RETURN: "The bank returns the documents.",
    PresentationStep.ACCEPT: "The bank accepts to pay at maturity.",
    PresentationStep.PAY: "The bank pays.",
    PresentationStep.REIMBURSE: "The issuing bank reimburses the bank that paid.",
    PresentationStep.REPAY: "The issuing bank has from the applicant what it paid or reimbursed, all of it.",
}
CreditStepEnum = graphene.Enum.from_enum(
    CreditStep, name="CreditStep", description=lambda value: STEPS[value] if value else "A step of a credit."
)
PresentationStepEnum = graphene.Enum.from_enum(
    PresentationStep,
    name="PresentationStep",
    description=lambda value: SETTLING[value] if value else "A step after the examination.",
)


class ApplyForCreditInput(Change):
    """The credit you ask a bank for."""

    issuing_bank = graphene.String(required=True, description="Name of the bank that is asked.")
    advising_bank = graphene.String(required=True, description="Name of the bank that shall advise it.")
    beneficiary = graphene.String(required=True, description="Name of the party in whose favour it is.")
    terms = JSON(description=f"The terms; or `mt700`. {MEMBERS}")
    mt700 = graphene.String(description="The terms as the text of SWIFT MT 700.")


class TakeCreditStepInput(Change):
    """A step of a credit."""

    credit = graphene.ID(required=True, description="Global id of the credit.")
    step = CreditStepEnum(required=True, description="What is done.")
    mt700 = graphene.String(
        description="Of an issue: your MT 700, which must agree with what was applied for, of today."
    )


class ProposeCreditAmendmentInput(Change):
    """What you propose to change of a credit that you issued."""

    credit = graphene.ID(required=True, description="Global id of the credit.")
    changes = JSON(description=f"What changes; or `mt707`. {MEMBERS}")
    mt707 = graphene.String(description="What changes as the text of SWIFT MT 707.")


class AnswerCreditAmendmentInput(Change):
    """Your answer to an amendment, to the whole of it."""

    amendment = graphene.ID(required=True, description="Global id of the amendment.")
    accept = graphene.Boolean(required=True, description="Whether you accept it.")


class PresentDocumentsInput(Change):
    """The documents that you present, and what you claim."""

    credit = graphene.ID(required=True, description="Global id of the credit.")
    reference = graphene.String(required=True, description="Yours: 1 to 16 capitals, digits and hyphens.")
    amount = MoneyInput(required=True, description="What you claim, in the credit's currency.")
    ucr = graphene.String(
        description="The consignment's UCR; needed where the documents have none and no transport document"
        " is among them."
    )
    documents = JSON(required=True, description="A list of `type`, `data` (as of documents) and `face`.")


class ExaminePresentationInput(Change):
    """The presentation that you examine."""

    presentation = graphene.ID(required=True, description="Global id of the presentation.")
    disposal = graphene.String(
        default_value="HOLD", description="What a notice says of the documents: `HOLD`, `RETURN`, `NOTIFY`."
    )
    mt734 = graphene.String(
        description="Your own notice of refusal, as SWIFT MT 734 of this presentation: what it states is"
        " found, in place of what the rules find, and it says what becomes of the documents."
    )


class SettlePresentationInput(Change):
    """A step after the examination."""

    presentation = graphene.ID(required=True, description="Global id of the presentation.")
    step = PresentationStepEnum(required=True, description="What is done.")


class CreditPayload(Changed):
    """The credit, or why nothing was changed."""

    credit = graphene.Field(Credit, description="As it stands.")


class CreditAmendmentPayload(Changed):
    """The amendment, or why nothing was changed."""

    amendment = graphene.Field(CreditAmendmentType, description="As it stands.")


class PresentationPayload(Changed):
    """The presentation, or why nothing was changed."""

    presentation = graphene.Field(PresentationType, description="As it stands.")


def _credit(info: Info, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    found = register.get(work, UUID(ids["credit"]))
    keep(info.context, [found])
    return {"credit": found}


def _amendment(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"amendment": register.amendment_of(work, UUID(ids["amendment"]))}


def _presentation(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"presentation": presenting.presentation_of(work, UUID(ids["presentation"]))}


def _one_of(data: Any, message: Any, field: str) -> None:
    if [data, message].count(None) != 1:
        raise InvalidInput("Send it as data or as a message, one of them.", field=field, code="one_of")


def apply_for_credit(_root: Any, info: Info, input: Any) -> CreditPayload:  # noqa: A002
    """Apply for a credit."""

    def write(work: Work) -> dict[str, Any]:
        _one_of(input.terms, input.mt700, "terms")
        if input.mt700 is None:
            terms = plain.from_json(credit.Terms, input.terms)
        else:
            terms = messages.read_700(input.mt700).terms
        application = credit.Application(input.issuing_bank, input.advising_bank, input.beneficiary, terms)
        return {"credit": str(credit.apply(work, application).id)}

    operation = Operation("applyForCredit", write, lambda work, ids: _credit(info, work, ids))
    return perform(CreditPayload, info, input, operation)


def take_credit_step(_root: Any, info: Info, input: Any) -> CreditPayload:  # noqa: A002
    """Issue, decline, advise or close."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Credit", input.credit, "credit")
        action = credit.Action(input.step.value)
        if input.mt700 is not None and action is not credit.Action.ISSUE:
            raise InvalidInput("MT 700 is of an issue.", field="mt700", code="not_an_issue")
        said = None if input.mt700 is None else messages.read_700(input.mt700)
        return {"credit": str(credit.step(work, key, action, said).id)}

    operation = Operation("takeCreditStep", write, lambda work, ids: _credit(info, work, ids))
    return perform(CreditPayload, info, input, operation)


def propose_credit_amendment(_root: Any, info: Info, input: Any) -> CreditAmendmentPayload:  # noqa: A002
    """Propose an amendment."""

    def write(work: Work) -> dict[str, Any]:
        _one_of(input.changes, input.mt707, "changes")
        key = identity.key_of("Credit", input.credit, "credit")
        said = None if input.mt707 is None else notices.read_707(input.mt707)
        changes = plain.from_json(credit.Changes, input.changes) if said is None else said.changes
        return {"amendment": str(credit.amend(work, key, changes, said).id)}

    operation = Operation("proposeCreditAmendment", write, _amendment)
    return perform(CreditAmendmentPayload, info, input, operation)


def answer_credit_amendment(_root: Any, info: Info, input: Any) -> CreditAmendmentPayload:  # noqa: A002
    """Answer an amendment."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("CreditAmendment", input.amendment, "amendment")
        return {"amendment": str(credit.answer(work, key, accept=input.accept).id)}

    return perform(CreditAmendmentPayload, info, input, Operation("answerCreditAmendment", write, _amendment))


def present_documents(_root: Any, info: Info, input: Any) -> PresentationPayload:  # noqa: A002
    """Present documents."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Credit", input.credit, "credit")
        if input.amount.currency != register.get(work, key).currency:
            raise InvalidInput("The credit is in another currency.", field="amount", code="other_currency")
        vault, claimed = desk_of(info.context).vault, input.amount.amount_minor
        made = credit.present(work, vault, key, input.reference, claimed, input.documents, ucr=input.ucr)
        return {"presentation": str(made.id)}

    return perform(PresentationPayload, info, input, Operation("presentDocuments", write, _presentation))


def examine_presentation(_root: Any, info: Info, input: Any) -> PresentationPayload:  # noqa: A002
    """Examine a presentation."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Presentation", input.presentation, "presentation")
        notice = None if input.mt734 is None else notices.read_734(input.mt734)
        vault = desk_of(info.context).vault
        found = credit.examine(work, vault, key, disposal=input.disposal, notice=notice)
        return {"presentation": str(found.id)}

    return perform(PresentationPayload, info, input, Operation("examinePresentation", write, _presentation))


def settle_presentation(_root: Any, info: Info, input: Any) -> PresentationPayload:  # noqa: A002
    """Waive, return, accept, pay, reimburse, or note a repayment."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Presentation", input.presentation, "presentation")
        return {"presentation": str(credit.settle(work, key, credit.Action(input.step.value)).id)}

    return perform(PresentationPayload, info, input, Operation("settlePresentation", write, _presentation))


class CreditMutation(graphene.ObjectType):
    """The life of credits and presentations."""

    apply_for_credit = change(
        CreditPayload, ApplyForCreditInput, apply_for_credit, "Ask a bank for a credit."
    )
    take_credit_step = change(
        CreditPayload, TakeCreditStepInput, take_credit_step, "Issue, decline, advise or close a credit."
    )
    propose_credit_amendment = change(
        CreditAmendmentPayload,
        ProposeCreditAmendmentInput,
        propose_credit_amendment,
        "For the issuing bank: propose an amendment; it holds once the beneficiary accepts.",
    )
    answer_credit_amendment = change(
        CreditAmendmentPayload,
        AnswerCreditAmendmentInput,
        answer_credit_amendment,
        "For the beneficiary: accept or refuse an amendment.",
    )
    present_documents = change(
        PresentationPayload,
        PresentDocumentsInput,
        present_documents,
        "For the beneficiary: present documents.",
    )
    examine_presentation = change(
        PresentationPayload,
        ExaminePresentationInput,
        examine_presentation,
        "For the issuing or nominated bank: examine a presentation, once, by every rule.",
    )
    settle_presentation = change(
        PresentationPayload,
        SettlePresentationInput,
        settle_presentation,
        "Waive, return, accept, pay, reimburse or note what the applicant repaid, each by whose part it is.",
    )
