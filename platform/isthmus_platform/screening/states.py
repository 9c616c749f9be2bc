"""The life of a hit as data: from where, by whom, where to, and what it needs."""

from dataclasses import dataclass
from enum import StrEnum

from isthmus_platform.errors import Conflict


class State(StrEnum):
    """Where a hit stands."""

    OPEN = "OPEN"
    PROPOSED = "PROPOSED"
    RELEASED = "RELEASED"
    CONFIRMED = "CONFIRMED"
    LAPSED = "LAPSED"


class Decision(StrEnum):
    """What two people decide of a hit."""

    RELEASE = "RELEASE"
    CONFIRM = "CONFIRM"

    @property
    def state(self) -> State:
        """Where it leads."""
        return State.RELEASED if self is Decision.RELEASE else State.CONFIRMED


class Action(StrEnum):
    """A step of a hit's history."""

    OPENED = "OPENED"
    PROPOSED = "PROPOSED"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    REOPENED = "REOPENED"
    LAPSED = "LAPSED"


@dataclass(frozen=True)
class Move:
    """One transition; ``to`` is empty where the decision proposed says where to."""

    action: Action
    who: str
    of: frozenset[State]
    to: State | None
    needs: str


def _move(action: Action, who: str, of: set[State], to: State | None, needs: str) -> Move:
    return Move(action, who, frozenset(of), to, needs)


STANDING = {State.OPEN, State.PROPOSED, State.RELEASED, State.CONFIRMED}
MOVES = {
    move.action: move
    for move in (
        _move(Action.OPENED, "platform", set(), State.OPEN, "a value comes close enough to an entry"),
        _move(Action.PROPOSED, "person", {State.OPEN}, State.PROPOSED, "a decision and its reason"),
        _move(Action.RETURNED, "person", {State.PROPOSED}, State.OPEN, "a reason"),
        _move(Action.APPROVED, "another person", {State.PROPOSED}, None, "the decision that was proposed"),
        _move(
            Action.REOPENED,
            "platform",
            {State.PROPOSED, State.RELEASED, State.CONFIRMED, State.LAPSED},
            State.OPEN,
            "the entry has changed, or matches again",
        ),
        _move(Action.LAPSED, "platform", STANDING, State.LAPSED, "nothing matches any more"),
    )
}


def check(action: Action, state: str) -> None:
    """Raise :class:`Conflict` (``not_in_this_state``) unless a hit at ``state`` may take ``action``."""
    if State(state) not in MOVES[action].of:
        raise Conflict(
            f"The hit stands at {state}; this cannot be done then.", field="hit", code="not_in_this_state"
        )
