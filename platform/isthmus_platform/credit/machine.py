"""The life of a credit, an amendment, a presentation and its debt, as data: who may do what, from where.

Nothing here knows a database. What a transition needs beside its state is said in ``needs`` and held by
:mod:`.register` and :mod:`.presenting`; docs/credit.md shows these tables.
"""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a party is to a credit; one bank may be both banks. The clock is no party."""

    APPLICANT = "APPLICANT"
    ISSUING = "ISSUING"
    ADVISING = "ADVISING"
    NOMINATED = "NOMINATED"
    BENEFICIARY = "BENEFICIARY"
    CLOCK = "CLOCK"


class CreditState(StrEnum):
    """Where a credit stands."""

    APPLIED = "APPLIED"
    DECLINED = "DECLINED"
    ISSUED = "ISSUED"
    ADVISED = "ADVISED"
    CLOSED = "CLOSED"


class AmendmentState(StrEnum):
    """Where an amendment stands (UCP 600 article 10)."""

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


class PresentationState(StrEnum):
    """Where a presentation stands."""

    PRESENTED = "PRESENTED"
    COMPLYING = "COMPLYING"
    DISCREPANT = "DISCREPANT"
    WAIVED = "WAIVED"
    RETURNED = "RETURNED"
    ACCEPTED = "ACCEPTED"
    PAID = "PAID"
    REIMBURSED = "REIMBURSED"


class DebtState(StrEnum):
    """Where what the applicant owes its bank for a presentation stands; no third party is told."""

    OWED = "OWED"
    REPAID = "REPAID"


class Action(StrEnum):
    """What a step does."""

    APPLY = "APPLY"
    ISSUE = "ISSUE"
    DECLINE = "DECLINE"
    ADVISE = "ADVISE"
    CLOSE = "CLOSE"
    AMEND = "AMEND"
    ACCEPT_AMENDMENT = "ACCEPT_AMENDMENT"
    REFUSE_AMENDMENT = "REFUSE_AMENDMENT"
    PRESENT = "PRESENT"
    EXAMINE = "EXAMINE"
    PRECLUDE = "PRECLUDE"
    WAIVE = "WAIVE"
    RETURN = "RETURN"
    ACCEPT = "ACCEPT"
    PAY = "PAY"
    REIMBURSE = "REIMBURSE"
    REPAY = "REPAY"


State = CreditState | AmendmentState | PresentationState | DebtState


@dataclass(frozen=True)
class Transition:
    """``who`` may take ``action`` in the state ``before`` (None: nothing stands yet), leading to ``after``.

    ``after`` has more than one state only where the examination, or what is left of the credit, decides.
    """

    action: Action
    who: frozenset[Part]
    before: State | None
    after: tuple[State, ...]
    needs: str
    article: str


def _row(
    action: Action, who: str, before: State | None, after: State | tuple[State, ...], needs: str, article: str
) -> Transition:
    parts = frozenset(Part(name) for name in who.split())
    return Transition(action, parts, before, after if isinstance(after, tuple) else (after,), needs, article)


_C, _A, _P, _D = CreditState, AmendmentState, PresentationState, DebtState
TRANSITIONS: tuple[Transition, ...] = (
    _row(Action.APPLY, "APPLICANT", None, _C.APPLIED, "terms that hold together", "2"),
    _row(Action.ISSUE, "ISSUING", _C.APPLIED, _C.ISSUED, "an expiry that has not passed", "7 b"),
    _row(Action.DECLINE, "ISSUING", _C.APPLIED, _C.DECLINED, "nothing", "2"),
    _row(Action.ADVISE, "ADVISING", _C.ISSUED, _C.ADVISED, "nothing", "9 b"),
    _row(Action.CLOSE, "ISSUING", _C.ISSUED, _C.CLOSED, "expiry passed", "6 d"),
    _row(
        Action.CLOSE,
        "ISSUING",
        _C.ADVISED,
        _C.CLOSED,
        "nothing left to draw or expiry passed, and no presentation or amendment open",
        "6 d",
    ),
    _row(
        Action.AMEND,
        "ISSUING",
        None,
        _A.PROPOSED,
        "an advised credit, no other amendment that is open",
        "10 a",
    ),
    _row(
        Action.ACCEPT_AMENDMENT,
        "BENEFICIARY",
        _A.PROPOSED,
        _A.ACCEPTED,
        "the whole of it, and an amount not below what is drawn",
        "10 c, 10 e",
    ),
    _row(Action.REFUSE_AMENDMENT, "BENEFICIARY", _A.PROPOSED, _A.REFUSED, "nothing", "10 c"),
    _row(Action.PRESENT, "BENEFICIARY", None, _P.PRESENTED, "an advised credit, a new reference", "6 e"),
    _row(
        Action.EXAMINE,
        "ISSUING NOMINATED",
        _P.PRESENTED,
        (_P.COMPLYING, _P.DISCREPANT),
        "one examination; findings after the fifth banking day bind nobody",
        "14 b, 16 c, 16 f",
    ),
    _row(
        Action.PRECLUDE,
        "CLOCK",
        _P.PRESENTED,
        (_P.COMPLYING, _P.DISCREPANT),
        "the fifth banking day over without an examination; discrepant only if nothing is left of the credit",
        "14 b, 16 f",
    ),
    _row(Action.WAIVE, "APPLICANT", _P.DISCREPANT, _P.WAIVED, "all discrepancies at once", "16 b"),
    _row(Action.RETURN, "ISSUING NOMINATED", _P.DISCREPANT, _P.RETURNED, "nothing", "16 e"),
    _row(Action.RETURN, "ISSUING", _P.WAIVED, _P.RETURNED, "the bank's own judgement", "16 b, 16 e"),
    _row(
        Action.ACCEPT,
        "ISSUING NOMINATED",
        _P.COMPLYING,
        _P.ACCEPTED,
        "a credit by acceptance or deferred payment",
        "7 a, 12 b",
    ),
    _row(
        Action.ACCEPT,
        "ISSUING",
        _P.WAIVED,
        _P.ACCEPTED,
        "a credit by acceptance or deferred payment, a balance to draw on",
        "16 b",
    ),
    _row(
        Action.PAY, "ISSUING NOMINATED", _P.COMPLYING, _P.PAID, "a credit at sight or by negotiation", "7, 15"
    ),
    _row(
        Action.PAY,
        "ISSUING",
        _P.WAIVED,
        _P.PAID,
        "a credit at sight or by negotiation, a balance to draw on",
        "16 b",
    ),
    _row(Action.PAY, "ISSUING NOMINATED", _P.ACCEPTED, _P.PAID, "maturity reached", "7 a, 8 a"),
    _row(Action.REIMBURSE, "ISSUING", _P.PAID, _P.REIMBURSED, "payment by the nominated bank", "7 c, 13 b"),
    _row(Action.PAY, "ISSUING", None, _D.OWED, "that the issuing bank itself pays", "4 a"),
    _row(Action.REIMBURSE, "ISSUING", None, _D.OWED, "that it reimburses", "4 a"),
    _row(Action.REPAY, "ISSUING", _D.OWED, _D.REPAID, "the bank's word that it has all of it back", "4 a"),
)
OPEN = frozenset({_P.PRESENTED, _P.COMPLYING, _P.DISCREPANT, _P.WAIVED, _P.ACCEPTED})
"""Presentations that something must still become of."""
BOUND = frozenset({_P.COMPLYING, _P.ACCEPTED, _P.PAID, _P.REIMBURSED})
"""Presentations for which the bank is bound, or was: they draw on the credit."""


def find(action: Action, before: State | None) -> Transition | None:
    """Return the transition that ``action`` makes from ``before``; None where it makes none."""
    return next((one for one in TRANSITIONS if one.action is action and one.before is before), None)
