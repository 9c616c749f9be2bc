"""What webhooks are told of a credit: each step, to every party that sees the credit by then."""

from types import MappingProxyType
from uuid import UUID

from isthmus_platform import changes
from isthmus_platform.changes import Kind
from isthmus_platform.credit.machine import Action, AmendmentState, DebtState, PresentationState
from isthmus_platform.credit.records import Credit, CreditPresentation
from isthmus_platform.database import Work

KINDS = MappingProxyType(
    {
        Action.APPLY: Kind.CREDIT_APPLIED,
        Action.ISSUE: Kind.CREDIT_ISSUED,
        Action.DECLINE: Kind.CREDIT_DECLINED,
        Action.ADVISE: Kind.CREDIT_ADVISED,
        Action.CLOSE: Kind.CREDIT_CLOSED,
        Action.AMEND: Kind.CREDIT_AMENDED,
        Action.ACCEPT_AMENDMENT: Kind.CREDIT_AMENDMENT_ACCEPTED,
        Action.REFUSE_AMENDMENT: Kind.CREDIT_AMENDMENT_REFUSED,
        Action.PRESENT: Kind.PRESENTATION_MADE,
        Action.EXAMINE: Kind.PRESENTATION_EXAMINED,
        Action.PRECLUDE: Kind.PRESENTATION_PRECLUDED,
        Action.WAIVE: Kind.PRESENTATION_WAIVED,
        Action.RETURN: Kind.PRESENTATION_RETURNED,
        Action.ACCEPT: Kind.PRESENTATION_ACCEPTED,
        Action.PAY: Kind.PRESENTATION_PAID,
        Action.REIMBURSE: Kind.PRESENTATION_REIMBURSED,
        Action.REPAY: Kind.PRESENTATION_REPAID,
    }
)
AMENDED = MappingProxyType(
    {
        Action.AMEND: AmendmentState.PROPOSED,
        Action.ACCEPT_AMENDMENT: AmendmentState.ACCEPTED,
        Action.REFUSE_AMENDMENT: AmendmentState.REFUSED,
    }
)
"""Where a step on an amendment leads."""


def kind_of(action: Action, presentation: CreditPresentation | None) -> Kind:
    """Return what webhooks are told: the step, and of an examination that ends in a notice, the refusal."""
    discrepant = presentation is not None and presentation.state == PresentationState.DISCREPANT.value
    return Kind.PRESENTATION_REFUSED if action is Action.EXAMINE and discrepant else KINDS[action]


def told(credit: Credit) -> set[UUID]:
    """Return the parties that see the credit: one that is two of them is told once."""
    found = {credit.party_id, credit.issuing_id}
    if credit.issued_at is not None:
        found.add(credit.advising_id)
    if credit.advised_at is not None:
        found.add(credit.beneficiary_id)
    return found


def tell(work: Work, credit: Credit, action: Action, presentation: CreditPresentation | None) -> None:
    """Tell of a step that was made, each party by a row of its own that names no other."""
    about = {"credit": str(credit.id), "action": action.value, "state": credit.state}
    if presentation is not None:
        about |= {"presentation": str(presentation.id), "state": presentation.state}
    elif action in AMENDED:
        about["state"] = AMENDED[action].value
    for party_id in sorted(told(credit)):
        changes.note(work, kind_of(action, presentation), party_id, about, credit_id=credit.id)


def tell_repaid(work: Work, credit: Credit, presentation: CreditPresentation) -> None:
    """Tell the applicant and its bank, and nobody else, that the bank has its money back."""
    state = DebtState.REPAID.value
    about = {"credit": str(credit.id), "action": Action.REPAY.value, "state": state}
    about["presentation"] = str(presentation.id)
    changes.note_each(
        work, KINDS[Action.REPAY], sorted({credit.party_id, credit.issuing_id}), about, credit_id=credit.id
    )
