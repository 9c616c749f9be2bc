"""The machines of risk: of a rule's version, of a finding, of an appeal. Pure.

A step that is not in a table does not exist. Who may make it, and what it needs, is beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from isthmus_platform.errors import Conflict

State = TypeVar("State", bound=StrEnum)


class RuleState(StrEnum):
    """Where a version of a rule stands."""

    DRAFT = "DRAFT"
    SIMULATED = "SIMULATED"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class FindingState(StrEnum):
    """Where a finding stands."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


class AppealState(StrEnum):
    """Where the appeal of a party against a finding about it stands."""

    LODGED = "LODGED"
    UPHELD = "UPHELD"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Step(Generic[State]):
    """A step: by whom, from which states to which, and what it needs."""

    name: str
    who: str
    before: frozenset[State]
    after: State
    needs: str = ""


R, F, A = RuleState, FindingState, AppealState
RULE_STEPS: Mapping[str, Step[RuleState]] = {
    one.name: one
    for one in (
        Step("write", "the member", frozenset[RuleState](), R.DRAFT, "a condition over known facts"),
        Step("simulate", "the platform, when a run is done", frozenset({R.DRAFT, R.SIMULATED}), R.SIMULATED),
        Step(
            "activate",
            "the member",
            frozenset({R.SIMULATED}),
            R.ACTIVE,
            "a finished simulation of this version; the version that was active retires",
        ),
        Step("retire", "the member", frozenset({R.DRAFT, R.SIMULATED, R.ACTIVE}), R.RETIRED),
    )
}
FINDING_STEPS: Mapping[str, Step[FindingState]] = {
    one.name: one
    for one in (
        Step(
            "open",
            "an active rule",
            frozenset[FindingState](),
            F.OPEN,
            "its condition holds, or has no answer",
        ),
        Step("confirm", "the member", frozenset({F.OPEN}), F.CONFIRMED, "a reason"),
        Step("dismiss", "the member", frozenset({F.OPEN}), F.DISMISSED, "a reason"),
        Step(
            "withdraw",
            "the member, on appeal",
            frozenset({F.CONFIRMED}),
            F.WITHDRAWN,
            "somebody else decides",
        ),
    )
}
APPEAL_STEPS: Mapping[str, Step[AppealState]] = {
    one.name: one
    for one in (
        Step("lodge", "the party", frozenset[AppealState](), A.LODGED, "a confirmed finding about it; once"),
        Step(
            "uphold",
            "a person of the member",
            frozenset({A.LODGED}),
            A.UPHELD,
            "not who confirmed it; a reason",
        ),
        Step(
            "withdraw",
            "a person of the member",
            frozenset({A.LODGED}),
            A.WITHDRAWN,
            "not who confirmed it; a reason",
        ),
    )
}


class WrongState(Conflict):
    """The step does not follow from where the thing stands."""

    code = "wrong_state"


def stepped(steps: Mapping[str, Step[State]], name: str, now: str, field: str) -> State:
    """Return the state after the step ``name`` from ``now``; raises :class:`WrongState`."""
    step = steps[name]
    if now not in step.before:
        raise WrongState(f"It is {now.lower()}: there is no way to {name} it.", field=field)
    return step.after
