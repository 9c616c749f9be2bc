"""The life of a freight quote as data: each step, where it begins, by whom, what it needs, what it awards."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from isthmus_platform.errors import Conflict, NotFound


class RequestState(StrEnum):
    """Where a request for quotes stands."""

    OPEN = "OPEN"
    AWARDED = "AWARDED"


class QuoteState(StrEnum):
    """Where a quote stands; one whose validity is over stands as it did and cannot be accepted."""

    OFFERED = "OFFERED"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"


class QuoteAction(StrEnum):
    """What is done to a quote."""

    QUOTE = "QUOTE"
    WITHDRAW = "WITHDRAW"
    ACCEPT = "ACCEPT"


class Who(StrEnum):
    """What a party is to a request for quotes; of others it is not known that there is one."""

    ASKER = "who asked"
    ASKED = "who was asked"


@dataclass(frozen=True)
class Transition:
    """An action from ``before`` (None: there is no quote yet) to ``after``.

    It is made while the request is in one of ``requests``, and leads that to ``awards`` (None: it stays).
    """

    before: QuoteState | None
    after: QuoteState
    who: Who
    requests: frozenset[RequestState]
    needs: str
    awards: RequestState | None = None


_OPEN = frozenset({RequestState.OPEN})

TRANSITIONS: Mapping[QuoteAction, Transition] = MappingProxyType(
    {
        QuoteAction.QUOTE: Transition(
            None,
            QuoteState.OFFERED,
            Who.ASKED,
            _OPEN,
            "the request's time is not over; no quote of its own stands; a validity in the future",
        ),
        QuoteAction.WITHDRAW: Transition(
            QuoteState.OFFERED, QuoteState.WITHDRAWN, Who.ASKED, frozenset(RequestState), "its own quote"
        ),
        QuoteAction.ACCEPT: Transition(
            QuoteState.OFFERED,
            QuoteState.ACCEPTED,
            Who.ASKER,
            _OPEN,
            "its validity is not over; a base rate and every charge that was asked for",
            awards=RequestState.AWARDED,
        ),
    }
)


def permit(action: QuoteAction, part: Who) -> Transition:
    """Return the transition of ``action`` if it is for ``part`` to make; raise :class:`NotFound`."""
    step = TRANSITIONS[action]
    if step.who is part:
        return step
    if action is QuoteAction.QUOTE:
        raise NotFound("You were not asked this.", field="request")
    whose = "of yours" if step.who is Who.ASKED else "to you"
    raise NotFound(f"There is no such quote {whose}.", field="quote")


def check_request(action: QuoteAction, state: str) -> None:
    """Raise :class:`Conflict` (``request_closed``, ``request_awarded``) where ``action`` comes too late."""
    if RequestState(state) in TRANSITIONS[action].requests:
        return
    if action is QuoteAction.QUOTE:
        raise Conflict("The request is closed.", field="request", code="request_closed")
    raise Conflict("A quote was accepted already.", field="quote", code="request_awarded")


def check_quote(action: QuoteAction, state: str) -> None:
    """Raise :class:`Conflict` (``quote_accepted``, ``quote_withdrawn``) where no ``action`` follows."""
    if QuoteState(state) is TRANSITIONS[action].before:
        return
    if QuoteState(state) is QuoteState.ACCEPTED:
        raise Conflict("The quote is accepted.", field="quote", code="quote_accepted")
    raise Conflict("The quote was withdrawn.", field="quote", code="quote_withdrawn")
