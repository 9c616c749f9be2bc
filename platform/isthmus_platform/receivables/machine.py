"""The life of an invoice offered to a bank, as data: who may do what, from where to where.

Nothing here knows a database. What a transition needs beside its state is said in ``needs`` and held by
:mod:`.register`, :mod:`.paying` and :mod:`.watching`; docs/receivables.md shows this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Who makes a step: a party of the offer, the clock, or the worker that pays out."""

    SELLER = "SELLER"
    BANK = "BANK"
    CLOCK = "CLOCK"
    WORKER = "WORKER"


class State(StrEnum):
    """Where an offer to one bank stands."""

    OFFERED = "OFFERED"
    QUOTED = "QUOTED"
    ACCEPTED = "ACCEPTED"
    CONFIRMED = "CONFIRMED"
    DISBURSING = "DISBURSING"
    DISBURSED = "DISBURSED"
    OVERDUE = "OVERDUE"
    DEFAULTED = "DEFAULTED"
    REPAID = "REPAID"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class Action(StrEnum):
    """What a step does."""

    OFFER = "OFFER"
    QUOTE = "QUOTE"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    WITHDRAW = "WITHDRAW"
    CONFIRM = "CONFIRM"
    DISBURSE = "DISBURSE"
    PAY_OUT = "PAY_OUT"
    REPAY = "REPAY"
    FALL_DUE = "FALL_DUE"
    DEFAULT = "DEFAULT"
    LAPSE = "LAPSE"


@dataclass(frozen=True)
class Transition:
    """``who`` may take ``action`` in one of the states ``before`` (none: nothing stands yet).

    ``after`` is None where the state stays; ``ends`` is where a repayment leads that leaves nothing.
    """

    action: Action
    who: Part
    before: frozenset[State]
    after: State | None
    needs: str
    ends: State | None = None


def _row(
    action: Action, who: Part, before: str, after: State | None, needs: str, ends: State | None = None
) -> Transition:
    return Transition(action, who, frozenset(State(name) for name in before.split()), after, needs, ends)


_SELLER, _BANK, _CLOCK = Part.SELLER, Part.BANK, Part.CLOCK
TRANSITIONS: tuple[Transition, ...] = (
    _row(
        Action.OFFER,
        _SELLER,
        "",
        State.OFFERED,
        "an invoice of one's own on the platform that says the same, due within 366 days, "
        "neither on offer nor ever paid out on; banks",
    ),
    _row(
        Action.QUOTE,
        _BANK,
        "OFFERED QUOTED",
        State.QUOTED,
        "rates that leave something to pay out, valid until a time to come that is not after the due date",
    ),
    _row(Action.DECLINE, _BANK, "OFFERED QUOTED", State.DECLINED, "nothing"),
    _row(
        Action.ACCEPT,
        _BANK,
        "QUOTED",
        State.ACCEPTED,
        "a quote that holds; no bank finances this invoice, or one nearly like it: it is registered",
    ),
    _row(
        Action.WITHDRAW,
        _SELLER,
        "OFFERED QUOTED ACCEPTED CONFIRMED",
        State.WITHDRAWN,
        "nothing is paid out; the registration and the bank's grant end",
    ),
    _row(
        Action.CONFIRM,
        _SELLER,
        "ACCEPTED",
        State.CONFIRMED,
        "a quote that holds; what other banks were offered is withdrawn",
    ),
    _row(
        Action.LAPSE,
        _CLOCK,
        "OFFERED QUOTED ACCEPTED CONFIRMED",
        State.LAPSED,
        "the quote, or before one and after confirmation the due date, has passed",
    ),
    _row(
        Action.DISBURSE,
        _BANK,
        "CONFIRMED",
        State.DISBURSING,
        "a due date that has not passed, the registration standing and undisputed",
    ),
    _row(Action.PAY_OUT, Part.WORKER, "DISBURSING", State.DISBURSED, "once, whatever becomes of the worker"),
    _row(
        Action.REPAY,
        _BANK,
        "DISBURSED OVERDUE DEFAULTED",
        None,
        "no more than is outstanding; with the last of it the registration ends",
        State.REPAID,
    ),
    _row(Action.FALL_DUE, _CLOCK, "DISBURSED", State.OVERDUE, "the due date has passed"),
    _row(Action.DEFAULT, _CLOCK, "OVERDUE", State.DEFAULTED, "the days of grace after it have passed too"),
)
TAKEN = frozenset(
    State(name)
    for name in ("ACCEPTED", "CONFIRMED", "DISBURSING", "DISBURSED", "OVERDUE", "DEFAULTED", "REPAID")
)
"""The bank sees whose invoice it is, and no other may have it."""
ENDED_UNPAID = frozenset({State.DECLINED, State.WITHDRAWN, State.LAPSED})
"""Nothing came of the offer: the invoice may be offered again."""
PAID_OUT = frozenset({State.DISBURSING, State.DISBURSED, State.OVERDUE, State.DEFAULTED, State.REPAID})
"""A bank paid for the invoice, or is about to: it is not offered again, whatever became of it."""
FINANCED = TAKEN - {State.REPAID}
"""The invoice is financed, or about to be: it is registered."""


def find(action: Action, before: State | None) -> Transition | None:
    """Return the transition that ``action`` makes from ``before``; None where it makes none."""
    return next(
        (
            one
            for one in TRANSITIONS
            if one.action is action and (before in one.before if before is not None else not one.before)
        ),
        None,
    )


def steps_of(part: Part, state: State) -> list[Action]:
    """Return what ``part`` may do of an offer that stands at ``state``."""
    return [one.action for one in TRANSITIONS if one.who is part and state in one.before]
