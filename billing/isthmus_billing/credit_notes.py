"""Credit notes: how a finalised invoice is corrected, in part or whole, since it can never be changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_billing import ledger, numbering
from isthmus_billing.invoices import PAYMENT_TOPIC, Invoice, one_at_a_time
from isthmus_billing.rating import Share, given_back
from isthmus_platform import outbox
from isthmus_platform.database import Base, PartyRole, Work, new_id
from isthmus_platform.errors import InvalidInput, NotFound

LONGEST_REASON = 500


class CreditNote(Base):
    """``amount`` minor units of an invoice given back, ``concession_fee`` of them by the authority."""

    __tablename__ = "credit_note"
    __table_args__ = (UniqueConstraint("number"), CheckConstraint("amount > 0", name="amount"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    concession_fee: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    issued_at: Mapped[datetime]


def credit(work: Work, invoice_id: UUID, reason: str, amount: int | None = None) -> CreditNote:
    """Give back ``amount`` minor units of an invoice, by default all that is left (operator only).

    The authority gives back its share of it. Usage stays with the invoice's lines: it is never billed again.
    Raises :class:`NotFound` and :class:`InvalidInput` (``exceeds_invoice`` and others, naming the field).
    """
    work.actor.require(PartyRole.OPERATOR)
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise InvalidInput(f"A reason has 1 to {LONGEST_REASON} characters.", field="reason", code="length")
    one_at_a_time(work)
    invoice = work.session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound("There is no such invoice.")
    before = int(
        work.session.scalar(select(func.sum(CreditNote.amount)).where(CreditNote.invoice_id == invoice_id))
        or 0
    )
    amount = invoice.total - before if amount is None else amount
    if not 0 < amount <= invoice.total - before:
        raise InvalidInput(
            f"Of invoice {invoice.number}, {invoice.total - before} minor units are left to credit.",
            field="amount",
            code="exceeds_invoice",
        )
    return _issue(work, invoice, before, amount, reason.strip())


def _issue(work: Work, invoice: Invoice, before: int, amount: int, reason: str) -> CreditNote:
    def back(part: int) -> int:
        return -given_back(part, invoice.total, before, before + amount)

    shares = [
        Share(share.authority_id, back(share.base), back(share.fee)) for share in _shares(work, invoice.id)
    ]
    note = CreditNote(
        id=new_id(),
        number=numbering.take(work, numbering.Series.CREDIT_NOTE, 1)[0],
        invoice_id=invoice.id,
        party_id=invoice.party_id,
        amount=amount,
        concession_fee=-sum(share.fee for share in shares),
        reason=reason,
        issued_at=work.now,
    )
    work.session.add(note)
    work.session.flush()
    ledger.post(
        work,
        ledger.Transaction(
            note.id, ledger.Cause.CREDIT_NOTE, invoice.id, note.number, invoice.period, invoice.currency
        ),
        ledger.billed(invoice.party_id, invoice.operator_id, -amount, shares),
    )
    outbox.emit(work, PAYMENT_TOPIC, {"kind": "credit-note", "id": str(note.id)}, party_id=invoice.party_id)
    return note


def _shares(work: Work, invoice_id: UUID) -> list[Share]:
    """Return how the invoice was shared, as its ledger entries say."""
    entries = work.session.scalars(
        select(ledger.LedgerEntry)
        .where(
            ledger.LedgerEntry.transaction_id == invoice_id,
            ledger.LedgerEntry.account == ledger.Account.CONCESSION_FEE_PAYABLE,
        )
        .order_by(ledger.LedgerEntry.party_id)
    )
    return [Share(entry.party_id, entry.base or 0, -entry.amount) for entry in entries]
