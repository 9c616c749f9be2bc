"""The life of covers, quotes, declarations and claims, as data: from where, by whom, where to, on what."""

from dataclasses import dataclass

from isthmus_platform.errors import Conflict, NotPermitted

INSURER, INSURED, CLOCK = "insurer", "insured", "clock"
"""Who may make a move: a party of the contract, or the platform by its clock and by signed reports."""


@dataclass(frozen=True)
class Move:
    """One transition: ``needs`` says in words what must hold beside state and party.

    ``of`` no state is how a thing begins; ``to`` no state leaves it where it is.
    """

    action: str
    who: frozenset[str]
    of: frozenset[str]
    to: str
    needs: str = ""


def _move(action: str, who: str, of: str, to: str, needs: str = "") -> Move:
    return Move(action, frozenset(who.split()), frozenset(of.split()), to, needs)


COVER = (
    _move("OFFER", INSURER, "", "OFFERED", "limits, clauses and validity, signed"),
    _move("ACCEPT", INSURED, "OFFERED", "ACTIVE", "the cover has not ended"),
    _move("DECLINE", INSURED, "OFFERED", "DECLINED"),
    _move("ADJUST", INSURER, "ACTIVE", "", "wider limits, a later end; nothing narrower"),
    _move("CANCEL", "insurer insured", "ACTIVE", "ENDING", "takes effect after the cover's notice"),
    _move("CANCEL", INSURER, "OFFERED", "DECLINED"),
)
QUOTE = (
    _move("REQUEST", INSURED, "", "QUOTED", "the insurer's table rates it"),
    _move("REQUEST", INSURED, "", "REQUESTED", "no table rates it"),
    _move("ANSWER", INSURER, "REQUESTED", "QUOTED", "a premium, and until when it holds"),
    _move("DECLINE", INSURER, "REQUESTED", "DECLINED"),
    _move("DECLARE", INSURED, "QUOTED", "USED", "the quote is valid; no limit of the cover is exceeded"),
)
DECLARATION = (
    _move("DECLARE", INSURED, "", "DECLARED", "a quote that holds; no limit of the cover is exceeded"),
    _move(
        "ADJUST",
        INSURED,
        "DECLARED",
        "DECLARED",
        "no claim, no delay decided, not delivered; no limit of the cover is exceeded",
    ),
    _move("CANCEL", INSURED, "DECLARED", "CANCELLED", "no claim, no delay decided, not under way"),
)
CLAIM = (
    _move("NOTIFY", INSURED, "", "NOTIFIED", "what occurred since the declaration"),
    _move("DECIDE", CLOCK, "", "SETTLED", "delay: two of three sources agree, or of three the middle"),
    _move("DOCUMENT", INSURED, "NOTIFIED DOCUMENTED", "DOCUMENTED", "documents of the shipment"),
    _move("ASSESS", INSURER, "DOCUMENTED ASSESSED", "ASSESSED", "no more than was claimed"),
    _move("ACCEPT", INSURER, "ASSESSED", "ACCEPTED", "what is paid in all is within the sum insured"),
    _move("DECLINE", INSURER, "NOTIFIED DOCUMENTED ASSESSED", "DECLINED", "a reason that holds"),
    _move("SETTLE", "insurer clock", "ACCEPTED", "SETTLED"),
    _move("WITHDRAW", INSURED, "NOTIFIED DOCUMENTED ASSESSED", "WITHDRAWN"),
    _move("LAPSE", CLOCK, "NOTIFIED", "LAPSED", "not documented in time"),
)


def moved(machine: tuple[Move, ...], state: str, action: str, who: str, field: str) -> str:
    """Return the state that ``action`` by ``who`` leads to (the same where a move does not change it).

    Raises :class:`NotPermitted` (``not_your_step``) and :class:`Conflict` (``not_in_this_state``).
    """
    own = [move for move in machine if move.action == action and who in move.who]
    if not own:
        raise NotPermitted(f"This is not for the {who} to do.", field=field, code="not_your_step")
    for move in own:
        if state in move.of:
            return move.to or state
    raise Conflict(f"It stands at {state}; this cannot be done then.", field=field, code="not_in_this_state")
