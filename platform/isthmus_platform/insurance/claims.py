"""Claims: notified, documented, assessed, accepted or declined with a reason, settled once; with evidence.

A claim's chain holds each step and each piece of evidence by id and digest: tracking events as their sources
told them, documents by the SHA-256 of their version.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform import changes, documents, domain_events
from isthmus_platform.changes import Kind
from isthmus_platform.consignments import RecordedEvent
from isthmus_platform.database import Duty, Platform, Work, new_id
from isthmus_platform.documents import Document
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.insurance import adjusting, covers, declaring, steps
from isthmus_platform.insurance.records import DUTY, CoverDeclaration, InsuranceClaim, OpenCover
from isthmus_platform.insurance.states import CLAIM, moved
from isthmus_platform.papers.parts import check_text
from isthmus_platform.papers.signing import Desk

MOST_EVENTS = 200
MOST_DOCUMENTS = 50
AT_ONCE = 100
REMINDED_BEFORE = timedelta(days=3)
"""Before a claim lapses: over a weekend there is still a working day to gather the documents."""


class ClaimKind(StrEnum):
    """What a claim is for."""

    LOSS = "LOSS"
    DAMAGE = "DAMAGE"
    SHORTAGE = "SHORTAGE"
    GENERAL_AVERAGE = "GENERAL_AVERAGE"
    DELAY = "DELAY"


class Refused(StrEnum):
    """Why an insurer declines a claim."""

    LATE_NOTICE = "LATE_NOTICE"
    NOT_COVERED = "NOT_COVERED"
    EXCLUDED = "EXCLUDED"
    NOT_PROVEN = "NOT_PROVEN"
    BELOW_DEDUCTIBLE = "BELOW_DEDUCTIBLE"


@dataclass(frozen=True)
class ClaimDraft:
    """What an insured notifies; ``claimed`` in minor units of the declaration's currency."""

    declaration: UUID
    kind: str
    occurred_at: datetime
    claimed: int
    description: str


def notify(work: Work, desk: Desk, draft: ClaimDraft) -> InsuranceClaim:
    """Notify a claim as the insured; the shipment's events become its first evidence.

    A notice after the cover's period is taken, and marked late: the insurer may decline it for that. Raises
    :class:`NotFound`, :class:`InvalidInput` naming the field, :class:`Conflict` (``not_insured``).
    """
    known = declaring.get(work, draft.declaration)
    declaration = steps.lock(work, CoverDeclaration, known.id, "declaration")
    if work.actor.party_id != declaration.insured_id:
        raise NotFound("There is no such thing of yours.", field="declaration")
    if declaration.state != "DECLARED":
        raise Conflict("The declaration was cancelled.", field="declaration", code="not_insured")
    if draft.kind not in set(ClaimKind) - {ClaimKind.DELAY}:
        raise InvalidInput("Delay is claimed by the quorum alone.", field="kind", code="kind")
    check_text(draft.description, "description", 2000)
    if not declaration.declared_at <= draft.occurred_at <= work.now:
        raise InvalidInput(
            "It occurred since the declaration, and has occurred.", field="occurredAt", code="occurred_at"
        )
    insured = adjusting.insured_when(work, declaration, draft.occurred_at)
    steps.check_amount(draft.claimed, "claimedMinor", most=insured)
    cover = covers.get(work, declaration.cover_id)
    claim = _opened(work, cover, declaration, draft)
    steps.add(work, desk, claim, "NOTIFY", {"late": claim.late, "claimed": claim.claimed_minor})
    for about in _events(work, declaration.shipment_id):
        steps.add(work, None, claim, "EVENT", about)
    return _told(work, claim, Kind.CLAIM_NOTIFIED)


def _opened(work: Work, cover: OpenCover, declaration: CoverDeclaration, draft: ClaimDraft) -> InsuranceClaim:
    claim = InsuranceClaim(
        id=new_id(),
        declaration_id=declaration.id,
        insurer_id=declaration.insurer_id,
        insured_id=declaration.insured_id,
        kind=draft.kind,
        state="NOTIFIED",
        description=draft.description,
        occurred_at=draft.occurred_at,
        currency=declaration.currency,
        claimed_minor=draft.claimed,
        assessed_minor=None,
        payable_minor=None,
        paid_minor=None,
        reason=None,
        late=work.now > draft.occurred_at + timedelta(days=cover.notice_days),
        notified_at=work.now,
        documents_due=work.now + timedelta(days=cover.documents_days),
        settled_at=None,
    )
    work.session.add(claim)
    work.session.flush()
    return claim


def _events(work: Work, shipment_id: UUID) -> list[dict[str, Any]]:
    """Return the shipment's standing events as evidence: id, source, digest, what and when."""
    rows = work.session.scalars(
        select(RecordedEvent)
        .where(RecordedEvent.shipment_id == shipment_id, RecordedEvent.superseded_at.is_(None))
        .order_by(RecordedEvent.at, RecordedEvent.id)
        .limit(MOST_EVENTS)
    )
    return [
        {
            "event": str(row.id),
            "source": str(row.party_id),
            "digest": row.digest,
            "code": row.code,
            "classifier": row.classifier,
            "at": row.at.isoformat(),
        }
        for row in rows
    ]


def document(work: Work, desk: Desk, claim_id: UUID, document_ids: Sequence[UUID]) -> InsuranceClaim:
    """Add documents of the shipment to a claim, each by the digest of its newest version.

    The insurer reads them by grant. Raises :class:`NotFound`, :class:`InvalidInput` (``documents``).
    """
    claim = _locked(work, claim_id, "DOCUMENT")
    if not 0 < len(set(document_ids)) <= MOST_DOCUMENTS:
        raise InvalidInput(f"Name 1 to {MOST_DOCUMENTS} documents.", field="documents", code="documents")
    shipment_id = declaring.get(work, claim.declaration_id).shipment_id
    for found in _of_shipment(work, shipment_id, document_ids):
        version = documents.version(work, found.id)
        about = {
            "document": str(found.id),
            "type": found.type,
            "version": version.number,
            "sha256": version.sha256,
        }
        steps.add(work, desk, claim, "DOCUMENT", about)
    return _told(work, claim, Kind.CLAIM_CHANGED)


def _of_shipment(work: Work, shipment_id: UUID, document_ids: Iterable[UUID]) -> list[Document]:
    wanted = sorted(set(document_ids))
    found = documents.get_many(work, wanted)
    if any(each not in found or found[each].shipment_id != shipment_id for each in wanted):
        raise NotFound("There is no such document of the shipment.", field="documents")
    return [found[each] for each in wanted]


def assess(work: Work, desk: Desk, claim_id: UUID, assessed: int, remark: str) -> InsuranceClaim:
    """Say as the insurer what the loss amounts to; payable is that without the deductible."""
    claim = _locked(work, claim_id, "ASSESS")
    steps.check_amount(assessed, "assessedMinor", least=0, most=claim.claimed_minor)
    check_text(remark, "remark", 2000)
    deductible = declaring.get(work, claim.declaration_id).deductible_minor
    claim.assessed_minor, claim.payable_minor = assessed, max(0, assessed - deductible)
    steps.add(work, desk, claim, "ASSESS", {"assessed": assessed, "payable": claim.payable_minor})
    return _told(work, claim, Kind.CLAIM_CHANGED)


def accept(work: Work, desk: Desk, claim_id: UUID) -> InsuranceClaim:
    """Accept a claim as assessed; all that a declaration pays stays within its sum insured."""
    known = get(work, claim_id)
    declaration = steps.lock(work, CoverDeclaration, known.declaration_id, "claim")
    claim = _locked(work, claim_id, "ACCEPT")
    promised = work.session.scalar(
        select(func.coalesce(func.sum(InsuranceClaim.payable_minor), 0)).where(
            InsuranceClaim.declaration_id == declaration.id,
            InsuranceClaim.kind != ClaimKind.DELAY.value,
            InsuranceClaim.state.in_(("ACCEPTED", "SETTLED")),
            InsuranceClaim.id != claim.id,
        )
    )
    payable = claim.payable_minor or 0
    if payable == 0:
        raise Conflict("Nothing is payable; decline it.", field="claim", code="nothing_payable")
    if int(promised or 0) + payable > declaration.insured_minor:
        raise Conflict("This would exceed the sum insured.", field="claim", code="sum_insured")
    steps.add(work, desk, claim, "ACCEPT", {"payable": payable})
    return _told(work, claim, Kind.CLAIM_CHANGED)


def decline(work: Work, desk: Desk, claim_id: UUID, reason: str, remark: str) -> InsuranceClaim:
    """Decline a claim for a reason that holds; ``LATE_NOTICE`` only where the notice was late."""
    claim = _locked(work, claim_id, "DECLINE")
    check_text(remark, "remark", 2000)
    if reason not in set(Refused):
        raise InvalidInput("Say why.", field="reason", code="reason")
    if reason == Refused.LATE_NOTICE and not claim.late:
        raise Conflict("The notice was in time.", field="reason", code="notice_in_time")
    if reason == Refused.BELOW_DEDUCTIBLE and claim.payable_minor != 0:
        raise Conflict("It is not below the deductible.", field="reason", code="above_deductible")
    claim.reason = reason
    steps.add(work, desk, claim, "DECLINE", {"reason": reason, "remark": remark})
    return _told(work, claim, Kind.CLAIM_CHANGED)


def settle(work: Work, desk: Desk, claim_id: UUID, reference: str) -> InsuranceClaim:
    """Record as the insurer that an accepted claim was paid, once; ``reference`` is the payment's."""
    claim = _locked(work, claim_id, "SETTLE")
    check_text(reference, "reference", 140)
    claim.paid_minor, claim.settled_at = claim.payable_minor, work.now
    steps.add(work, desk, claim, "SETTLE", {"paid": claim.paid_minor, "reference": reference})
    return settled(work, claim)


def settled(work: Work, claim: InsuranceClaim) -> InsuranceClaim:
    """Meter and tell that a claim was settled; the insurer used the service."""
    domain_events.announce(work, "claim.settled", party_id=claim.insurer_id, about={"claim": str(claim.id)})
    return _told(work, claim, Kind.CLAIM_SETTLED)


def withdraw(work: Work, desk: Desk, claim_id: UUID) -> InsuranceClaim:
    """Take a claim back as the insured, before it is accepted."""
    claim = _locked(work, claim_id, "WITHDRAW")
    steps.add(work, desk, claim, "WITHDRAW", {})
    return _told(work, claim, Kind.CLAIM_CHANGED)


def _locked(work: Work, claim_id: UUID, action: str) -> InsuranceClaim:
    """Return a claim locked and already in the state that ``action`` leads to."""
    claim: InsuranceClaim = steps.lock(work, InsuranceClaim, claim_id, "claim")
    claim.state = moved(CLAIM, claim.state, action, steps.who(work, claim), "claim")
    return claim


def _told(work: Work, claim: InsuranceClaim, kind: Kind) -> InsuranceClaim:
    work.session.flush()
    steps.tell(work, claim, kind, {"claim": str(claim.id), "state": claim.state})
    return claim


def get(work: Work, claim_id: UUID) -> InsuranceClaim:
    """Return a claim that the actor made or was made to, or raise :class:`NotFound`."""
    found: InsuranceClaim = covers.own(work, InsuranceClaim, claim_id, "claim")
    return found


def of_declarations(work: Work, declaration_ids: Sequence[UUID]) -> dict[UUID, list[InsuranceClaim]]:
    """Return the claims under each declaration, oldest first."""
    found: dict[UUID, list[InsuranceClaim]] = {each: [] for each in declaration_ids}
    rows = select(InsuranceClaim).where(InsuranceClaim.declaration_id.in_(found)).order_by(InsuranceClaim.id)
    for row in work.session.scalars(rows):
        found[row.declaration_id].append(row)
    return found


def remind(platform: Platform) -> int:
    """Tell the insured once of each claim that will lapse soon; return how many. Done by the clock."""
    with platform.begin(Duty(DUTY)) as work:
        near = work.session.scalars(
            select(InsuranceClaim)
            .where(
                InsuranceClaim.state == "NOTIFIED",
                InsuranceClaim.documents_due <= work.now + REMINDED_BEFORE,
                InsuranceClaim.documents_due > work.now,
                InsuranceClaim.reminded_at.is_(None),
            )
            .order_by(InsuranceClaim.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for claim in near:
            claim.reminded_at = work.now
            work.session.flush()
            about = {"claim": str(claim.id), "state": claim.state, "due": claim.documents_due.isoformat()}
            changes.note(work, Kind.CLAIM_LAPSES_SOON, claim.insured_id, about, insurance_id=claim.id)
        return len(near)


def lapse(platform: Platform) -> int:
    """Let claims lapse that were not documented in time; return how many. Done by the clock."""
    with platform.begin(Duty(DUTY)) as work:
        due = work.session.scalars(
            select(InsuranceClaim)
            .where(InsuranceClaim.state == "NOTIFIED", InsuranceClaim.documents_due <= work.now)
            .order_by(InsuranceClaim.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for claim in due:
            claim.state = moved(CLAIM, claim.state, "LAPSE", "clock", "claim")
            steps.add(work, None, claim, "LAPSE", {"due": claim.documents_due.isoformat()})
            _told(work, claim, Kind.CLAIM_CHANGED)
        return len(due)
