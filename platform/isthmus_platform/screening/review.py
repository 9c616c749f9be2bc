"""The review of hits by four eyes: one person proposes a decision with its reason, another one approves it.

Only people decide. A machine client of the party may read the queue, but a person could register a second one
and approve with it what the first has proposed.
"""

from uuid import UUID

from sqlalchemy import select

from isthmus_platform.database import Work
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.papers.parts import check_text
from isthmus_platform.screening import hits
from isthmus_platform.screening.records import ScreeningHit
from isthmus_platform.screening.states import Action, Decision, State, check

LONGEST_REASON = 2_000


def propose(work: Work, hit_id: UUID, decision: str, reason: str) -> ScreeningHit:
    """Propose what becomes of an open hit of the acting party, as a person.

    Raises :class:`NotFound`, :class:`NotPermitted` (``person_required``), :class:`InvalidInput` naming the
    field, and :class:`Conflict` (``not_in_this_state``).
    """
    hit = _locked(work, hit_id)
    by = _person(work)
    if decision not in set(Decision):
        raise InvalidInput("A decision is RELEASE or CONFIRM.", field="decision", code="decision")
    check_text(reason, "reason", LONGEST_REASON)
    check(Action.PROPOSED, hit.state)
    hit.state, hit.decision, hit.reason = State.PROPOSED.value, decision, reason
    hit.proposed_by, hit.proposed_at = by, work.now
    hits.step(work, hit, Action.PROPOSED, by, reason, decision)
    return _kept(work, hit)


def approve(work: Work, hit_id: UUID, decision: str) -> ScreeningHit:
    """Approve, as another person than the one who proposed it, that a hit is released or confirmed.

    ``decision`` is what the person read. Raises :class:`Conflict` (``other_proposal``) where something else
    is proposed by now, :class:`NotPermitted` (``person_required``, ``same_person``), and as :func:`propose`.
    """
    hit = _locked(work, hit_id)
    by = _person(work)
    check(Action.APPROVED, hit.state)
    if by == hit.proposed_by:
        raise NotPermitted("Who proposed it cannot approve it.", field="hit", code="same_person")
    if decision != hit.decision:
        raise Conflict(f"{hit.decision} is proposed.", field="decision", code="other_proposal")
    hit.state = Decision(decision).state.value
    hit.decided_by, hit.decided_at = by, work.now
    hits.step(work, hit, Action.APPROVED, by, None, decision)
    return _kept(work, hit)


def send_back(work: Work, hit_id: UUID, reason: str) -> ScreeningHit:
    """Take a proposal off, one's own or another's: the hit is open again. Raises as :func:`propose`."""
    hit = _locked(work, hit_id)
    by = _person(work)
    check_text(reason, "reason", LONGEST_REASON)
    check(Action.RETURNED, hit.state)
    decision = hit.decision
    hit.state = State.OPEN.value
    hit.decision = hit.reason = hit.proposed_by = hit.proposed_at = None
    hits.step(work, hit, Action.RETURNED, by, reason, decision)
    return _kept(work, hit)


def _locked(work: Work, hit_id: UUID) -> ScreeningHit:
    hit = work.session.scalar(
        select(ScreeningHit)
        .where(ScreeningHit.id == hit_id, ScreeningHit.party_id == work.actor.party_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if hit is None:
        raise NotFound("There is no such hit for you to review.", field="hit")
    return hit


def _person(work: Work) -> str:
    if not work.actor.subject.startswith("user:"):
        raise NotPermitted(
            "A person decides this, signed in as themselves; a machine client does not.",
            field="hit",
            code="person_required",
        )
    return work.actor.subject


def _kept(work: Work, hit: ScreeningHit) -> ScreeningHit:
    work.session.flush()
    return hit
