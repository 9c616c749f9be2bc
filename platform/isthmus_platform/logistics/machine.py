"""The life of a release as data: each step, from which state it is made, by whom, and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a release stands."""

    OPEN = "OPEN"
    ORDERED = "ORDERED"
    PICKED_UP = "PICKED_UP"


class OrderState(StrEnum):
    """Where a delivery order stands; one that is not ``ISSUED`` opens no gate."""

    ISSUED = "ISSUED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    USED = "USED"


class Step(StrEnum):
    """What may be done to a release."""

    ADDRESS = "ADDRESS"
    STATE_FREIGHT = "STATE_FREIGHT"
    HOLD = "HOLD"
    CUSTOMS_HOLD = "CUSTOMS_HOLD"
    LIFT = "LIFT"
    ORDER = "ORDER"
    REVOKE = "REVOKE"
    EXPIRE = "EXPIRE"
    PICK_UP = "PICK_UP"


class Who(StrEnum):
    """Who makes a step: a party by its part in the release, the one that placed a hold, or the clock."""

    CARRIER = "carrier"
    CARRIER_OR_TERMINAL = "carrier or terminal"
    KEEPER = "terminal, or carrier where none is named"
    AUTHORITY = "authority"
    PLACER = "whoever placed it"
    CLOCK = "the clock"


@dataclass(frozen=True)
class Transition:
    """A step from the states ``before`` to ``after`` (None: it stays), what it needs, and what it ends."""

    before: frozenset[State]
    after: State | None
    who: Who
    needs: str


_BEFORE_PICK_UP = frozenset({State.OPEN, State.ORDERED})
_OPEN, _ORDERED = frozenset({State.OPEN}), frozenset({State.ORDERED})

TRANSITIONS: Mapping[Step, Transition] = MappingProxyType(
    {
        Step.ADDRESS: Transition(_OPEN, None, Who.CARRIER, "the shipment's carrier"),
        Step.STATE_FREIGHT: Transition(
            _BEFORE_PICK_UP, State.OPEN, Who.CARRIER, "unpaid revokes a live order, paid changes no order"
        ),
        Step.HOLD: Transition(_BEFORE_PICK_UP, State.OPEN, Who.CARRIER_OR_TERMINAL, "a reason"),
        Step.CUSTOMS_HOLD: Transition(
            _BEFORE_PICK_UP, State.OPEN, Who.AUTHORITY, "a legal basis and a reason"
        ),
        Step.LIFT: Transition(frozenset(State), None, Who.PLACER, "its own hold"),
        Step.ORDER: Transition(_OPEN, State.ORDERED, Who.CARRIER, "every condition"),
        Step.REVOKE: Transition(_ORDERED, State.OPEN, Who.CARRIER, "a reason"),
        Step.EXPIRE: Transition(_ORDERED, State.OPEN, Who.CLOCK, "the order's time is over"),
        Step.PICK_UP: Transition(
            _ORDERED, State.PICKED_UP, Who.KEEPER, "the order's token, in time, and every condition again"
        ),
    }
)
"""What takes a condition away leads back to ``OPEN``: the live order is revoked in the same transaction."""
