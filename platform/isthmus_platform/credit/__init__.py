"""Documentary credit (UCP 600): its life, the examination of documents under it, and its messages.

Acting: :func:`apply`, :func:`step`, :func:`amend`, :func:`answer` on credits, :func:`present`,
:func:`examine`, :func:`settle` on presentations, and :func:`watch` by the clock. The pure parts are
:mod:`.machine`, :mod:`.terms`, :mod:`.examining` with the rules, :mod:`.messages`; a bank's own rules are in
:mod:`.own_rules`.
"""

from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.calendars import add_holidays, holidays, rest_days, set_rest_days
from isthmus_platform.credit.machine import (
    Action,
    AmendmentState,
    CreditState,
    DebtState,
    PresentationState,
)
from isthmus_platform.credit.overdue import watch
from isthmus_platform.credit.presenting import examine, present, settle
from isthmus_platform.credit.register import Application, amend, answer, apply, step
from isthmus_platform.credit.terms import RequiredDocument, Terms
from isthmus_platform.credit.trying import try_rule

__all__ = [
    "Action",
    "AmendmentState",
    "Application",
    "Changes",
    "CreditState",
    "DebtState",
    "PresentationState",
    "RequiredDocument",
    "Terms",
    "add_holidays",
    "amend",
    "answer",
    "apply",
    "examine",
    "holidays",
    "present",
    "rest_days",
    "set_rest_days",
    "settle",
    "step",
    "try_rule",
    "watch",
]
