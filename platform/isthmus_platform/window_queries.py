"""The question a bank may put to the single window: whether a declaration exists and is released.

The owner's consent is its grant to the bank. Without one the question still goes to the bridge, which
refuses and logs it; the answer is then the same whether or not there is such a consignment, and its owner
hears of it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from isthmus_platform import access_log, crossings, domain_events, grants
from isthmus_platform.access_log import Access, Action
from isthmus_platform.crossings import Ask, Crossing, Outgoing
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput

MESSAGE = "DECLARATION_QUERY"
ANSWER = "DECLARATION_ANSWER"
LONGEST_UCR = 35
"""Characters of a UCR (WCO Data Model, element 016)."""


def ask_window(work: Work, ucr: str, purpose: str) -> Crossing:
    """Ask the window about the consignment ``ucr``; the crossing gets the ``answer`` when it comes.

    Raises :class:`InvalidInput` for a UCR or purpose that cannot be one. Everything else is the bridge's to
    decide and shows in the crossing's state and reason.
    """
    if not 0 < len(ucr) <= LONGEST_UCR or not ucr.isascii() or not ucr.isprintable():
        raise InvalidInput(f"A UCR has 1 to {LONGEST_UCR} characters.", field="ucr", code="format")
    consents = grants.consents(work, ucr, grants.purpose(purpose).value)
    if not consents:
        return crossings.request(work, Ask(MESSAGE, purpose, work.actor.party_id, ucr))
    owner_id = consents[0].party_id
    theirs = [consent for consent in consents if consent.party_id == owner_id]
    return crossings.request(work, Ask(MESSAGE, purpose, owner_id, ucr, consents=theirs))


def _payload(work: Work, crossing: Crossing) -> dict[str, Any]:  # noqa: ARG001 (as every message's)
    return {"ucr": crossing.subject}


def _settled(work: Work, crossing: Crossing) -> None:
    """Tell the owner what was asked of its consignment, or in vain; what was let through is metered."""
    if crossing.state == "AGREED":
        _record(work, crossing, crossing.party_id, None)
        domain_events.announce(
            work, "window.asked", party_id=crossing.requester_id, about={"crossing": str(crossing.id)}
        )
    elif crossing.state == "REFUSED":
        for custodian in access_log.custodians_of_ucr(work, crossing.subject):
            _record(work, crossing, custodian.party_id, crossing.reason, custodian.object_id)


def _record(
    work: Work, crossing: Crossing, owner_id: UUID, reason: str | None, shipment_id: UUID | None = None
) -> None:
    if owner_id == crossing.requester_id:
        return
    access_log.record(
        work,
        Access(
            owner_id,
            crossing.requester_id,
            Action.WINDOW_QUERY,
            reason=reason,
            purpose=crossing.purpose,
            shipment_id=shipment_id,
            grant_id=next((UUID(each["grant"]) for each in crossing.consents), None),
            crossing_id=crossing.id,
            ucr=crossing.subject,
        ),
    )


def _take_answer(work: Work, delivery: Crossing, asked: Crossing, body: Mapping[str, Any]) -> str | None:
    """Keep the answer for the asker, unless the owner has taken its consent back since; then refuse it."""
    if asked.message != MESSAGE:
        raise InvalidInput("The answer is to another question.", field="/inReplyTo", code="other_message")
    answer = {name: body.get(name) for name in ("exists", "released")}
    if body.keys() != answer.keys() or not all(isinstance(value, bool) for value in answer.values()):
        raise InvalidInput("An answer is yes or no, twice.", field="/body", code="not_an_answer")
    given = grants.by_ids(work, [UUID(consent["grant"]) for consent in asked.consents])
    reason = grants.why_not(given, work.now)
    if reason is not None:
        _record(work, asked, asked.party_id, reason)
        asked.reason = "CONSENT_EXPIRED" if reason == "expired" else "CONSENT_MISSING"
        asked.updated_at = work.now
        return asked.reason
    delivery.answer = asked.answer = answer
    asked.updated_at = work.now
    return None


OUTGOING = MappingProxyType({MESSAGE: Outgoing(_payload, _settled)})
INCOMING = MappingProxyType({ANSWER: _take_answer})
