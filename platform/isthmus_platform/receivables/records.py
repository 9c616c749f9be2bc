"""What is kept of receivables: the invoice, what each bank was offered, the history, the notices."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base

DUTY = "receivables"
"""The duty by which offers of one invoice are compared, what the clock asks is done, and is paid out."""
TAKEN = "state IN ('ACCEPTED', 'CONFIRMED', 'DISBURSING', 'DISBURSED', 'OVERDUE', 'DEFAULTED', 'REPAID')"


class Receivable(Base):
    """An invoice that ``party_id``, its seller, offers; ``sealed`` holds what a bank is not told at first.

    It is encrypted under a key of this receivable alone, and never changes.
    """

    __tablename__ = "receivable"
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        Index("ix_receivable_shipment_id", "shipment_id"),
        Index("ix_receivable_document_id", "document_id"),
        Index("ix_receivable_party_id_id", "party_id", "id"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    sealed: Mapped[bytes]
    offered_at: Mapped[datetime]


class ReceivableOffer(Base):
    """A receivable as one bank is offered it: the blind facts, the bank's quote, how the financing stands.

    Amounts are minor units of ``currency``. ``advance_minor`` is what is owed to the bank once paid out,
    ``repaid_minor`` what came back; ``sequence`` is the number of the last entry.
    """

    __tablename__ = "receivable_offer"
    __table_args__ = (
        UniqueConstraint("receivable_id", "bank_id"),
        ForeignKeyConstraint(["receivable_id", "party_id"], ["receivable.id", "receivable.party_id"]),
        Index("uq_receivable_offer_taken", "receivable_id", unique=True, postgresql_where=text(TAKEN)),
        Index("ix_receivable_offer_bank_id_id", "bank_id", "id"),
        Index("ix_receivable_offer_party_id_id", "party_id", "id"),
        Index("ix_receivable_offer_state_due_on", "state", "due_on"),
        CheckConstraint("party_id <> bank_id", name="two_parties"),
        CheckConstraint("repaid_minor >= 0 AND repaid_minor <= coalesce(advance_minor, 0)", name="repaid"),
        CheckConstraint("paid_out_minor > 0 AND paid_out_minor <= advance_minor", name="paid_out"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    receivable_id: Mapped[UUID]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    seller_country: Mapped[str] = mapped_column(String(2))
    debtor_country: Mapped[str] = mapped_column(String(2))
    debtor_rating: Mapped[str]
    advance_bp: Mapped[int | None]
    discount_bp: Mapped[int | None]
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    grace_days: Mapped[int | None]
    valid_until: Mapped[datetime | None]
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_grant.id"))
    financing_id: Mapped[UUID | None] = mapped_column(ForeignKey("financing.id"))
    advance_minor: Mapped[int | None] = mapped_column(BigInteger)
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    paid_out_minor: Mapped[int | None] = mapped_column(BigInteger)
    repaid_minor: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    offered_at: Mapped[datetime]
    disbursed_at: Mapped[datetime | None]

    @property
    def outstanding_minor(self) -> int:
        """What is owed to the bank now: nothing before it is paid out."""
        return 0 if self.disbursed_at is None else (self.advance_minor or 0) - self.repaid_minor


class ReceivableEntry(Base):
    """One step in the history of an offer; ``actor_id`` is None for the clock and the worker.

    ``amount_minor`` is what moved: what was paid out, or repaid. There is one ``PAY_OUT`` of an offer.
    """

    __tablename__ = "receivable_entry"
    __table_args__ = (
        Index(
            "uq_receivable_entry_paid_out",
            "offer_id",
            unique=True,
            postgresql_where=text("action = 'PAY_OUT'"),
        ),
    )

    offer_id: Mapped[UUID] = mapped_column(ForeignKey("receivable_offer.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    at: Mapped[datetime]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    outstanding_minor: Mapped[int] = mapped_column(BigInteger)


class ReceivableNotice(Base):
    """What ``party_id`` is told of a step that another made: the clock's go to both sides."""

    __tablename__ = "receivable_notice"
    __table_args__ = (
        UniqueConstraint("offer_id", "sequence", "party_id"),
        ForeignKeyConstraint(
            ["offer_id", "sequence"], ["receivable_entry.offer_id", "receivable_entry.sequence"]
        ),
        Index("ix_receivable_notice_party_id_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID]
    sequence: Mapped[int]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    action: Mapped[str]
    at: Mapped[datetime]
