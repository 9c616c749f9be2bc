"""What a party is told of findings about it, and its appeal: somebody else than who confirmed looks again.

The party learns that a finding exists, its category and how it stands; not whose it is, nor by which
evidence: that is the member's, and may be of others' trade. Its statement goes to the member.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from isthmus_platform.database import Work
from isthmus_platform.errors import NotPermitted
from isthmus_platform.papers.parts import check_text
from isthmus_platform.risk import findings
from isthmus_platform.risk.errors import AppealedAlready, NoSuchRisk, OwnDecision
from isthmus_platform.risk.records import RiskAppeal, RiskNotice
from isthmus_platform.risk.states import (
    APPEAL_STEPS,
    FINDING_STEPS,
    AppealState,
    FindingState,
    WrongState,
    stepped,
)

LONGEST_STATEMENT = 2_000


def lodge(work: Work, finding_id: UUID, statement: str) -> RiskNotice:
    """Appeal, as the party that a confirmed finding is about; return the notice of it.

    Raises :class:`NoSuchRisk`, :class:`WrongState` before it is confirmed, :class:`AppealedAlready`,
    :class:`InvalidInput` (``statement``).
    """
    check_text(statement, "statement", LONGEST_STATEMENT)
    notice = notice_of(work, finding_id)
    appeal = work.session.get(RiskAppeal, finding_id)
    if appeal is not None:
        raise AppealedAlready("The finding was appealed; it is appealed once.", field="finding")
    if notice.state != FindingState.CONFIRMED:
        raise WrongState("A finding is appealed once it is confirmed.", field="finding")
    try:
        with work.session.begin_nested():
            work.session.add(
                RiskAppeal(
                    finding_id=finding_id,
                    party_id=work.actor.party_id,
                    member_id=notice.party_id,
                    statement=statement.strip(),
                    state=APPEAL_STEPS["lodge"].after.value,
                    lodged_at=work.now,
                )
            )
    except IntegrityError:
        raise AppealedAlready("The finding was appealed; it is appealed once.", field="finding") from None
    return notice


def review(work: Work, finding_id: UUID, *, uphold: bool, reason: str) -> RiskAppeal:
    """Uphold the finding against an appeal, or withdraw it: a person of the member's who did not confirm it.

    Raises :class:`NoSuchRisk`, :class:`OwnDecision`, :class:`NotPermitted` (``person_required``),
    :class:`WrongState`, :class:`InvalidInput` (``reason``).
    """
    findings.checked_reason(reason)
    found = findings.get(work, finding_id, lock=True)
    appeal = work.session.scalar(
        select(RiskAppeal)
        .where(RiskAppeal.finding_id == finding_id, RiskAppeal.member_id == work.actor.party_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if appeal is None:
        raise NoSuchRisk("There is no appeal against this finding.", field="finding")
    after = stepped(APPEAL_STEPS, "uphold" if uphold else "withdraw", appeal.state, "finding")
    if found.decided_by == work.actor.subject:
        raise OwnDecision("Who confirmed the finding does not review its appeal.", field="finding")
    if not work.actor.subject.startswith("user:"):
        raise NotPermitted(
            "A person decides this, signed in as themselves; a machine client does not.",
            field="finding",
            code="person_required",
        )
    appeal.state, appeal.reason = after.value, reason.strip()
    appeal.reviewed_at, appeal.reviewed_by = work.now, work.actor.subject
    if after is AppealState.WITHDRAWN:
        found.state = stepped(FINDING_STEPS, "withdraw", found.state, "finding").value
        findings.tell(work, found)
    work.session.flush()
    return appeal


def notice_of(work: Work, finding_id: UUID) -> RiskNotice:
    """Return what the acting party is told of a finding about it; raise :class:`NoSuchRisk`."""
    found = work.session.scalar(
        select(RiskNotice).where(
            RiskNotice.finding_id == finding_id, RiskNotice.subject_id == work.actor.party_id
        )
    )
    if found is None:
        raise NoSuchRisk("There is no such finding about you.", field="finding")
    return found


def notices(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[RiskNotice]:
    """Return what the acting party is told of findings about it, newest first."""
    query = select(RiskNotice).where(RiskNotice.subject_id == work.actor.party_id)
    if after is not None:
        query = query.where(RiskNotice.finding_id < after)
    return work.session.scalars(query.order_by(RiskNotice.finding_id.desc()).limit(first)).all()


def of_findings(work: Work, finding_ids: Collection[UUID]) -> dict[UUID, RiskAppeal]:
    """Return the appeals against findings, of those that the acting party made or is to review."""
    query = select(RiskAppeal).where(RiskAppeal.finding_id.in_(finding_ids))
    return {appeal.finding_id: appeal for appeal in work.session.scalars(query)}
