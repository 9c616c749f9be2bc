"""The question a bank may put to the single window: whether a declaration exists and is released.

Beside it, it may put questions of yes or no about leaves that it is never told.

The owner's consent is its grant to the bank. Without one the question still goes to the bridge, which
refuses and logs it; the answer is then the same whether or not there is such a consignment, and its owner
hears of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from isthmus_platform import access_log, crossings, domain_events, grants
from isthmus_platform.access_log import Access, Action
from isthmus_platform.crossings import Ask, BridgeClient, BridgeRefused, BridgeUnavailable, Crossing, Outgoing
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput

MESSAGE = "DECLARATION_QUERY"
ANSWER = "DECLARATION_ANSWER"
ABOUT = "EXPORT_DECLARATION"
LONGEST_UCR = 35
"""Characters of a UCR (WCO Data Model, element 016)."""


@dataclass(frozen=True)
class Asks:
    """Questions of yes or no, each ``{"field", "predicate", "parameter"}``.

    ``by`` holds the agreement on their answer where it is known already, see :func:`agreed`.
    """

    questions: Sequence[Mapping[str, Any]] = ()
    by: crossings.Agreement | None = None


def agreed(bridge: BridgeClient | None, purpose: str) -> crossings.Agreement | None:
    """Return the agreement under which the window answers, or None while it cannot be told.

    It asks the bridge, so call it before the transaction.
    """
    try:
        return None if bridge is None else bridge.active_agreement(ANSWER, "FROM_WINDOW", purpose)
    except (BridgeUnavailable, BridgeRefused):
        return None


def ask_window(work: Work, ucr: str, purpose: str, asks: Asks | None = None) -> Crossing:
    """Ask the window about the consignment ``ucr``; the crossing gets the ``answer`` when it comes.

    Raises :class:`InvalidInput` for a UCR, a purpose or a question that cannot be one, and
    :class:`NotPermitted` for questions that the bridge would not let be answered, as far as the agreement is
    known. Everything else is the bridge's to decide and shows in the crossing's state and reason.
    """
    if not 0 < len(ucr) <= LONGEST_UCR or not ucr.isascii() or not ucr.isprintable():
        raise InvalidInput(f"A UCR has 1 to {LONGEST_UCR} characters.", field="ucr", code="format")
    consents = grants.consents(work, ucr, grants.purpose(purpose).value)
    asked = crossings.read_questions(asks.questions) if asks is not None else []
    if asked and asks is not None and asks.by is not None:
        crossings.permit(work, ucr, asked, asks.by)
    return crossings.request(
        work,
        Ask(
            MESSAGE,
            purpose,
            work.actor.party_id,
            ucr,
            consents=consents,
            additional_fields=crossings.fields_of(asked),
            asks=asked,
        ),
    )


def _payload(work: Work, crossing: Crossing) -> dict[str, Any]:  # noqa: ARG001 (as every message's)
    return {"ucr": crossing.subject} | ({"asks": crossing.asked} if crossing.asked else {})


def _prepare(work: Work, crossing: Crossing) -> None:
    """Settle on one owner and keep its consents that hold now; without any the crossing stays the asker's.

    Anybody may write another's UCR on a shipment of its own, and grant that: whose declaration with it
    reached the window comes first, and the window answers about the owner's declaration alone.
    """
    held = [grant for grant in grants.by_ids(work, _grant_ids(crossing)) if grant.in_force(work.now)]
    declared = crossings.first_delivered(work, ABOUT, crossing.subject)
    owners = [grant.party_id for grant in held]
    if declared is not None and declared.party_id in owners:
        owners.insert(0, declared.party_id)
    kept = {str(grant.id) for grant in held if grant.party_id == owners[0]}
    crossing.consents = [consent for consent in crossing.consents if consent["grant"] in kept]
    crossing.party_id = owners[0] if owners else crossing.requester_id
    work.session.flush()


def _grant_ids(crossing: Crossing) -> list[UUID]:
    return [UUID(consent["grant"]) for consent in crossing.consents]


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
            grant_id=next(iter(_grant_ids(crossing)), None),
            crossing_id=crossing.id,
            ucr=crossing.subject,
        ),
    )


def _take_answer(work: Work, delivery: Crossing, asked: Crossing, body: Mapping[str, Any]) -> str | None:
    """Keep the answer for the asker, unless the owner has taken its consent back since; then refuse it."""
    if asked.message != MESSAGE:
        raise InvalidInput("The answer is to another question.", field="/inReplyTo", code="other_message")
    if not crossings.answered(body, asked.asked or (), ("exists", "released")):
        raise InvalidInput("An answer is yes or no, to what was asked.", field="/body", code="not_an_answer")
    given = grants.by_ids(work, _grant_ids(asked))
    reason = grants.why_not(given, work.now)
    if reason is not None:
        _record(work, asked, asked.party_id, reason)
        asked.reason = "CONSENT_EXPIRED" if reason == "expired" else "CONSENT_MISSING"
        asked.updated_at = work.now
        return asked.reason
    delivery.asked = asked.asked
    delivery.answer = asked.answer = dict(body)
    asked.updated_at = work.now
    return None


OUTGOING = MappingProxyType({MESSAGE: Outgoing(_payload, _settled, _prepare, answered_by=ANSWER)})
INCOMING = MappingProxyType({ANSWER: _take_answer})
