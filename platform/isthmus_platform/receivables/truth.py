"""Financeable truth: what a bank with the owner's grant may know of a consignment before it finances.

The declaration is the window's yes or no, which came through the bridge; title and certificate are told as
far as the grant opens them. A bank without a grant for trade finance gets the answer that it gets for what
there is not, and the owner hears of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import access_log, crossings, documents, domain_events, financed, grants, title
from isthmus_platform.access_log import Access, Action
from isthmus_platform.crossings import answers
from isthmus_platform.database import PartyRole, Work, on_duty
from isthmus_platform.documents import Document
from isthmus_platform.grants import AccessGrant, Purpose
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.receivables import balance, receipts
from isthmus_platform.receivables.machine import FINANCED
from isthmus_platform.receivables.parts import (
    BalancePart,
    DeclarationPart,
    DuplicatePart,
    InsurancePart,
    Proof,
    ProofKind,
    TitlePart,
    Truth,
)
from isthmus_platform.receivables.records import Receivable, ReceivableOffer
from isthmus_platform.title import reading as titles
from isthmus_platform.window_queries import ABOUT, ANSWER, LONGEST_UCR, MESSAGE

WINDOW, PLATFORM, REGISTER, TITLES, CERTIFICATE = (
    "single window, through the bridge",
    "platform: declared values less what banks finance here, or paid for under a credit",
    "register of financed invoices",
    "title register",
    "insurance certificate",
)
CERTIFICATE_TYPE = "520"
WAITING = ("REQUESTED", "AGREED", "SENT", "DELIVERED", "ACKNOWLEDGED")


@dataclass(frozen=True)
class Consignment:
    """Of whose consignment a bank asks: the owner whose grant it holds, the shipment, the grant."""

    ucr: str
    owner_id: UUID
    shipment_id: UUID
    grant: AccessGrant


def truth(work: Work, desk: Desk, ucr: str, marks: Sequence[str] | None = None) -> Truth | None:
    """Return what the acting bank may know of the consignment ``ucr``; None without a grant, and for nothing.

    ``marks`` are of the invoice it thinks of financing. Raises :class:`InvalidInput` (``marks``).
    """
    if not work.actor.roles & {PartyRole.BANK}:
        return None
    if not 0 < len(ucr) <= LONGEST_UCR or not ucr.isascii() or not ucr.isprintable():
        return None
    found = _consignment(work, ucr)
    if found is None:
        _tell_refused(work, ucr)
        return None
    _record(work, found)
    declaration = _declaration(work, found)
    told = Truth(
        ucr,
        work.now,
        declaration,
        _balance(work, desk, found, declaration),
        _duplicate(work, desk, found, marks),
        _title(work, found),
        _insurance(work, desk, found),
    )
    domain_events.announce(work, "financeable.read", about={"grant": str(found.grant.id)})
    return told


def _consignment(work: Work, ucr: str) -> Consignment | None:
    """Return the consignment as the grant opens it; of several owners of a UCR who declared it comes first.

    So does a question to the window (:mod:`isthmus_platform.window_queries`), and for the same reason.
    """
    held = grants.consents(work, ucr, Purpose.TRADE_FINANCE.value)
    if not held:
        return None
    with on_duty(work, crossings.BRIDGE.name):
        declared = crossings.first_delivered(work, ABOUT, ucr)
    first = next((each for each in held if declared and each.party_id == declared.party_id), held[0])
    if first.shipment_id is not None:
        return Consignment(ucr, first.party_id, first.shipment_id, first)
    opened = [each for each in documents.by_ucr(work, ucr) if each.party_id == first.party_id]
    return Consignment(ucr, first.party_id, opened[0].shipment_id, first) if opened else None


def _tell_refused(work: Work, ucr: str) -> None:
    with on_duty(work, "refusal"):
        for each in access_log.custodians_of_ucr(work, ucr):
            held = grants.held_for(work, work.actor.party_id, document_id=None, shipment_id=each.shipment_id)
            reason = grants.why_not(held, work.now) or "no_grant"
            _log(work, each.party_id, each.shipment_id, ucr, None, reason)


def _record(work: Work, found: Consignment) -> None:
    _log(work, found.owner_id, found.shipment_id, found.ucr, found.grant.id, None)


def _log(
    work: Work, owner_id: UUID, shipment_id: UUID, ucr: str, grant_id: UUID | None, reason: str | None
) -> None:
    access_log.record(
        work,
        Access(
            owner_id,
            work.actor.party_id,
            Action.FINANCEABLE,
            reason=reason,
            purpose=Purpose.TRADE_FINANCE.value,
            shipment_id=shipment_id,
            grant_id=grant_id,
            ucr=ucr,
        ),
    )


def _declaration(work: Work, found: Consignment) -> DeclarationPart:
    purpose = Purpose.TRADE_FINANCE.value
    row = answers.latest(work, found.ucr, ANSWER, purpose)
    if row is None or row.answer is None or row.party_id != found.owner_id:
        return DeclarationPart(source=WINDOW, known=False, why=_unanswered(work, found.ucr, purpose))
    proof = Proof(
        ProofKind.LOG_ENTRY,
        row.promise or "",
        sequence=row.log_index,
        url=f"/crossings/{row.exchange}/evidence",
    )
    said = row.answer
    return DeclarationPart(
        source=WINDOW, at=row.created_at, proof=proof, exists=said["exists"], released=said["released"]
    )


def _unanswered(work: Work, ucr: str, purpose: str) -> str:
    asked = answers.latest(work, ucr, MESSAGE, purpose)
    if asked is None:
        return "You have not asked the window: askWindow does."
    if asked.state in WAITING and asked.reason is None:
        return "You asked the window; it has not answered yet."
    return f"Your last question to the window ended {asked.state} ({asked.reason or 'no reason given'})."


def _balance(work: Work, desk: Desk, found: Consignment, declaration: DeclarationPart) -> BalancePart:
    if declaration.exists is None:
        why = "Whether there is a declaration is not known."
        return BalancePart(source=PLATFORM, known=False, why=why)
    if not declaration.exists:
        return BalancePart(source=PLATFORM, known=False, why="There is no declaration.")
    left = balance.left(work, desk.vault, found.shipment_id)
    if not left:
        return BalancePart(source=PLATFORM, known=False, why="The declaration says no values.")
    said = {"ucr": found.ucr, "bank": str(work.actor.party_id), "left": left}
    proof = receipts.proof(desk, said, work.now, receipts.BALANCE_TYPE)
    return BalancePart(source=PLATFORM, at=work.now, proof=proof, left=left)


def _duplicate(work: Work, desk: Desk, found: Consignment, marks: Sequence[str] | None) -> DuplicatePart:
    if marks is None:
        return _own_registration(work, desk, found)
    by_you, by_another = financed.whose(work, marks)
    said = {
        "bank": str(work.actor.party_id),
        "marks": receipts.marks_digest(marks),
        "byAnother": by_another,
        "byYou": by_you,
    }
    proof = receipts.proof(desk, said, work.now, receipts.REGISTER_TYPE)
    return DuplicatePart(source=REGISTER, at=work.now, proof=proof, by_another=by_another, by_you=by_you)


def _own_registration(work: Work, desk: Desk, found: Consignment) -> DuplicatePart:
    """Tell by the bank's own registration, beside which there can be no other of the invoice."""
    financing_id = work.session.scalar(
        select(ReceivableOffer.financing_id)
        .join(Receivable, Receivable.id == ReceivableOffer.receivable_id)
        .where(
            Receivable.shipment_id == found.shipment_id,
            ReceivableOffer.bank_id == work.actor.party_id,
            ReceivableOffer.state.in_([state.value for state in FINANCED]),
        )
        .order_by(ReceivableOffer.id.desc())
        .limit(1)
    )
    registered = None if financing_id is None else financed.get(work, financing_id)
    if registered is None or registered.released_at is not None:
        why = "Which invoice you mean is not known: give its marks."
        return DuplicatePart(source=REGISTER, known=False, why=why)
    said = {
        "bank": str(work.actor.party_id),
        "financing": str(registered.id),
        "byAnother": False,
        "byYou": True,
    }
    proof = receipts.proof(desk, said, work.now, receipts.REGISTER_TYPE)
    return DuplicatePart(
        source=REGISTER, at=registered.registered_at, proof=proof, by_another=False, by_you=True
    )


def _title(work: Work, found: Consignment) -> TitlePart:
    standing = title.holder_of(work, found.shipment_id)
    if standing is None or not standing.told:
        why = "No title is open to you: the owner's grant must open the bill of lading."
        return TitlePart(source=TITLES, known=False, why=why)
    record = titles.get(work, standing.title_id)
    return TitlePart(
        source=TITLES,
        at=standing.since,
        proof=Proof(ProofKind.CHAIN_HEAD, record.head, sequence=record.sequence),
        title_id=record.id,
        holder_id=standing.holder,
        state=standing.state.value,
        free=standing.free,
    )


def _insurance(work: Work, desk: Desk, found: Consignment) -> InsurancePart:
    opened = [
        each
        for each in documents.by_ucr(work, found.ucr)
        if each.type == CERTIFICATE_TYPE and each.party_id == found.owner_id
    ]
    issued = issuing.newest(work, [each.id for each in opened])
    certificates = [each for each in opened if each.id in issued]
    if not certificates:
        why = (
            "The certificate is a file without data: look at it yourself."
            if opened
            else "No insurance certificate is open to you."
        )
        return InsurancePart(source=CERTIFICATE, known=False, why=why)
    standing = [each for each in certificates if issued[each.id].revoked_at is None]
    return _certified(work, desk, (standing or certificates)[-1])


def _certified(work: Work, desk: Desk, document: Document) -> InsurancePart:
    said = issuing.said(work, desk.vault, [document])[document.id]
    version = documents.version(work, document.id, said.issued.number)
    amount = said.data.get("insuredAmount") or {}
    proof = Proof(
        ProofKind.SIGNED_DOCUMENT,
        f"sha-256:{version.sha256}",
        kid=said.issued.kid,
        url=f"/documents/{document.id}/content",
    )
    return InsurancePart(
        source=CERTIFICATE,
        at=said.issued.revoked_at or said.issued.issued_at,
        proof=proof,
        insured=said.issued.revoked_at is None,
        number=said.data.get("number"),
        insurer=(said.data.get("insurer") or {}).get("name"),
        amount=amount.get("value"),
        currency=amount.get("currency"),
        clauses=said.data.get("clauses"),
        document_id=document.id,
    )
