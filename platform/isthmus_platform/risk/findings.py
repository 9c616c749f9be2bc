"""Findings: what an active rule caught, by which evidence, and what the member decided about it."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.database import Work, new_id
from isthmus_platform.papers.parts import check_text
from isthmus_platform.risk import rules
from isthmus_platform.risk.errors import NoSuchRisk
from isthmus_platform.risk.indicators import Evidence, Source
from isthmus_platform.risk.records import RiskFinding, RiskNotice, RiskRule
from isthmus_platform.risk.rules import About
from isthmus_platform.risk.seen import Seen
from isthmus_platform.risk.simulating import as_json
from isthmus_platform.risk.states import FINDING_STEPS, FindingState, stepped
from isthmus_platform.risk.vocabulary import Profile, evidence_for

LONGEST_REASON = 500


def judge(work: Work, profile: Profile, active: Sequence[RiskRule]) -> list[UUID]:
    """Open a finding for what each rule catches; return the new ones. Caught again, nothing is opened."""
    opened = []
    for rule in active:
        caught = rules.judged(rule, profile)
        if caught is not None:
            evidence = evidence_for(rule.condition, profile.readings)
            opened += [
                found
                for thing in _things(work, rule, profile.seen, evidence)
                if (found := _open(work, rule, profile.seen, thing, caught[0], evidence)) is not None
            ]
    return opened


_Thing = tuple[UUID, UUID | None, UUID | None]
"""What a finding is about: its id, and the document's or party's where it is one."""


def _things(work: Work, rule: RiskRule, seen: Seen, evidence: Sequence[Evidence]) -> Iterator[_Thing]:
    """Yield what a catch of ``rule`` is about: a party only where there is one, and not the member itself."""
    about = About(rule.about)
    if about is About.DOCUMENT:
        named = sorted({one.id for one in evidence if one.source is Source.DOCUMENT and one.id is not None})
        for each in named:
            yield UUID(each), UUID(each), None
        if named:
            return
    if about in (About.SHIPMENT, About.DOCUMENT):
        yield seen.id, None, None
        return
    party = {
        About.OWNER: seen.owner_id,
        About.CARRIER: seen.carrier_id,
        About.FORWARDER: seen.forwarder_id,
    }[about]
    if party is not None and party != work.actor.party_id:
        yield party, None, party


def _open(
    work: Work, rule: RiskRule, seen: Seen, thing: _Thing, says: str, evidence: Sequence[Evidence]
) -> UUID | None:
    thing_id, document_id, subject_id = thing
    found = work.session.scalar(
        insert(RiskFinding)
        .values(
            id=new_id(),
            party_id=work.actor.party_id,
            rule_id=rule.id,
            shipment_id=seen.id,
            thing_id=thing_id,
            document_id=document_id,
            subject_id=subject_id,
            state=FINDING_STEPS["open"].after.value,
            says=says,
            evidence=as_json(evidence),
            opened_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["party_id", "rule_id", "shipment_id", "thing_id"])
        .returning(RiskFinding.id)
    )
    if found is not None and subject_id is not None:
        work.session.add(
            RiskNotice(
                finding_id=found,
                party_id=work.actor.party_id,
                subject_id=subject_id,
                category=rule.category,
                state=FindingState.OPEN.value,
                opened_at=work.now,
                changed_at=work.now,
            )
        )
        work.session.flush()
    return found


def decide(work: Work, finding_id: UUID, *, confirm: bool, reason: str) -> RiskFinding:
    """Confirm or dismiss an open finding, for a reason that stays with it.

    Raises :class:`NoSuchRisk`, :class:`WrongState` and :class:`InvalidInput` (``reason``).
    """
    checked_reason(reason)
    found = get(work, finding_id, lock=True)
    found.state = stepped(FINDING_STEPS, "confirm" if confirm else "dismiss", found.state, "finding").value
    found.decided_at, found.decided_by, found.reason = work.now, work.actor.subject, reason.strip()
    tell(work, found)
    return found


def tell(work: Work, found: RiskFinding) -> None:
    """Let the party that a finding is about see how it stands."""
    work.session.flush()
    notice = work.session.get(RiskNotice, found.id)
    if notice is not None:
        notice.state, notice.changed_at = found.state, work.now
        work.session.flush()


def checked_reason(reason: str, field: str = "reason") -> None:
    """Refuse an empty or long reason, and what cannot be kept."""
    check_text(reason, field, LONGEST_REASON)


def get(work: Work, finding_id: UUID, *, lock: bool = False) -> RiskFinding:
    """Return a finding of the acting member's; raise :class:`NoSuchRisk`."""
    query = select(RiskFinding).where(
        RiskFinding.id == finding_id, RiskFinding.party_id == work.actor.party_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query)
    if found is None:
        raise NoSuchRisk("There is no such finding of yours.", field="finding")
    return found


def page(
    work: Work, *, state: FindingState | None = None, after: UUID | None = None, first: int = 50
) -> Sequence[RiskFinding]:
    """Return the acting member's findings, newest first, those in ``state`` if given."""
    query = select(RiskFinding).where(RiskFinding.party_id == work.actor.party_id)
    if state is not None:
        query = query.where(RiskFinding.state == state.value)
    if after is not None:
        query = query.where(RiskFinding.id < after)
    return work.session.scalars(query.order_by(RiskFinding.id.desc()).limit(first)).all()


def of_shipments(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[RiskFinding]]:
    """Return the acting member's findings about each shipment, its documents and parties, newest first."""
    found: dict[UUID, list[RiskFinding]] = {shipment_id: [] for shipment_id in shipment_ids}
    query = select(RiskFinding).where(
        RiskFinding.party_id == work.actor.party_id, RiskFinding.shipment_id.in_(shipment_ids)
    )
    for one in work.session.scalars(query.order_by(RiskFinding.id.desc())):
        found[one.shipment_id].append(one)
    return found
