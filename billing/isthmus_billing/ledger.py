"""The ledger: double entry, append-only.

A debit is positive, a credit negative, and the entries of a transaction sum to nothing: the posting function
builds them so and the database refuses a commit that breaks it. Every entry belongs to the party whose
account it is: the billed party's receivable, the operator's revenue and cash, the authority's concession fee.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_billing.rating import Share
from isthmus_platform.database import Base, Work, new_id


class Account(StrEnum):
    """The accounts; a receivable and cash grow by debit, revenue and the fee payable by credit."""

    RECEIVABLE = "RECEIVABLE"
    REVENUE = "REVENUE"
    CONCESSION_FEE_PAYABLE = "CONCESSION_FEE_PAYABLE"
    CASH = "CASH"


class Cause(StrEnum):
    """What a transaction records."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    PAYMENT = "PAYMENT"


class LedgerEntry(Base):
    """One side of a transaction: ``amount`` minor units on ``account`` of ``party_id``.

    ``transaction_id`` is the id of its cause (invoice, credit note, payment), so nothing is posted twice.
    ``base`` is, for a concession fee, the billed amount of which it is a share.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("transaction_id", "account", "party_id"),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_ledger_entry_party_id_period", "party_id", "period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID]
    cause: Mapped[str]
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"), index=True)
    number: Mapped[str]
    period: Mapped[str] = mapped_column(String(7))
    account: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    base: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Entry:
    """An entry before it is posted."""

    account: Account
    party_id: UUID
    amount: int
    base: int | None = None


@dataclass(frozen=True)
class Transaction:
    """What is posted together: its cause's id, the invoice concerned, number and month to find it by."""

    id: UUID
    cause: Cause
    invoice_id: UUID
    number: str
    period: str
    currency: str


def billed(payer: UUID, operator: UUID, total: int, shares: Sequence[Share]) -> list[Entry]:
    """Return the entries of an invoice: the payer owes ``total``, shared by authorities and operator. Pure.

    A credit note's are the same with negative ``total`` and fees. Entries of nothing are left out.
    """
    fees = sum(share.fee for share in shares)
    entries = [
        Entry(Account.RECEIVABLE, payer, total),
        Entry(Account.REVENUE, operator, fees - total),
        *(
            Entry(Account.CONCESSION_FEE_PAYABLE, share.authority_id, -share.fee, share.base)
            for share in shares
        ),
    ]
    return [entry for entry in entries if entry.amount != 0]


def paid(payer: UUID, operator: UUID, amount: int) -> list[Entry]:
    """Return the entries of a payment of ``amount``: cash at the operator, so much less receivable. Pure."""
    entries = [Entry(Account.CASH, operator, amount), Entry(Account.RECEIVABLE, payer, -amount)]
    return [entry for entry in entries if entry.amount != 0]


def post(work: Work, transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Append ``entries``; raise :class:`ValueError` when they do not balance (an error in the code)."""
    if sum(entry.amount for entry in entries) != 0:
        raise ValueError(f"transaction {transaction.id} does not balance")
    work.session.add_all(
        LedgerEntry(
            id=new_id(),
            transaction_id=transaction.id,
            cause=transaction.cause,
            invoice_id=transaction.invoice_id,
            number=transaction.number,
            period=transaction.period,
            account=entry.account,
            party_id=entry.party_id,
            amount=entry.amount,
            base=entry.base,
            currency=transaction.currency,
            at=work.now,
        )
        for entry in entries
    )
    work.session.flush()


def balances(work: Work) -> Mapping[tuple[Account, UUID], int]:
    """Return the balance of each account the actor may see, by (account, party), in minor units."""
    rows = work.session.execute(
        select(LedgerEntry.account, LedgerEntry.party_id, func.sum(LedgerEntry.amount)).group_by(
            LedgerEntry.account, LedgerEntry.party_id
        )
    )
    return {(Account(account), party_id): int(amount) for account, party_id, amount in rows}
