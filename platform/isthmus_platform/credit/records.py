"""What is kept of credits: terms, amendments, presentations, history; banks' own rules and days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.credit.machine import DebtState
from isthmus_platform.database import Base

DUTY = "credit"
"""The duty by which the clock ends the time of banks that do not examine."""


class Credit(Base):
    """A documentary credit. ``party_id`` is the applicant; amounts are minor units of ``currency``.

    ``limit_minor`` is what can be drawn in all, with tolerance, and ``drawn_minor`` what was; ``sequence``
    is the number of its last entry.
    """

    __tablename__ = "credit"
    __table_args__ = (
        UniqueConstraint("party_id", "reference"),
        Index(
            "uq_credit_issued",
            "issuing_id",
            "reference",
            unique=True,
            postgresql_where=text("issued_at IS NOT NULL"),
        ),
        CheckConstraint("drawn_minor >= 0 AND drawn_minor <= limit_minor", name="balance"),
        CheckConstraint("party_id <> beneficiary_id", name="two_traders"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    issuing_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    advising_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    beneficiary_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    reference: Mapped[str]
    state: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    currency: Mapped[str]
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    drawn_minor: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    applied_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    advised_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class CreditAmendment(Base):
    """A change of terms that the issuing bank proposed, and its answer; one is open at a time."""

    __tablename__ = "credit_amendment"
    __table_args__ = (
        UniqueConstraint("credit_id", "number"),
        Index(
            "uq_credit_amendment_open", "credit_id", unique=True, postgresql_where=text("state = 'PROPOSED'")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    credit_id: Mapped[UUID] = mapped_column(ForeignKey("credit.id"))
    number: Mapped[int]
    state: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    proposed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class CreditPresentation(Base):
    """Documents presented for ``claimed_minor``, sealed; ``drawn_minor`` is what they drew on the credit.

    ``terms`` are those of the credit as they stood then; ``ucr`` is the consignment that the beneficiary
    named beside the documents.

    ``sealed`` holds the documents and ``findings`` what the examination found, each encrypted under a key of
    this presentation alone. ``precluded``: it was examined too late to be refused, or not in time at all
    (UCP 600 article 16 f).
    """

    __tablename__ = "credit_presentation"
    __table_args__ = (
        UniqueConstraint("credit_id", "number"),
        UniqueConstraint("credit_id", "reference"),
        CheckConstraint(
            "claimed_minor > 0 AND drawn_minor >= 0 AND drawn_minor <= claimed_minor", name="drawn"
        ),
        Index(
            "ix_credit_presentation_unexamined",
            "examine_by",
            "id",
            postgresql_where=text("state = 'PRESENTED'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    credit_id: Mapped[UUID] = mapped_column(ForeignKey("credit.id"))
    number: Mapped[int]
    reference: Mapped[str]
    state: Mapped[str]
    ucr: Mapped[str | None]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    claimed_minor: Mapped[int] = mapped_column(BigInteger)
    drawn_minor: Mapped[int] = mapped_column(BigInteger)
    presented_at: Mapped[datetime]
    presented_on: Mapped[date]
    examine_by: Mapped[date]
    sealed: Mapped[bytes]
    findings: Mapped[bytes | None]
    examined_by: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    examined_at: Mapped[datetime | None]
    precluded: Mapped[bool]
    disposal: Mapped[str | None]
    shipped_on: Mapped[date | None]
    matures_on: Mapped[date | None]
    paid_by: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))


class CreditDebt(Base):
    """What the applicant ``party_id`` owes the issuing bank that honoured or reimbursed a presentation.

    Minor units of the credit's currency. Only these two see it.
    """

    __tablename__ = "credit_debt"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_credit_debt_party_id", "party_id"),
        Index("ix_credit_debt_bank_id", "bank_id"),
    )

    presentation_id: Mapped[UUID] = mapped_column(ForeignKey("credit_presentation.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    owed_at: Mapped[datetime]
    repaid_at: Mapped[datetime | None]

    @property
    def state(self) -> DebtState:
        """Where it stands."""
        return DebtState.OWED if self.repaid_at is None else DebtState.REPAID


class PresentedShipment(Base):
    """That the documents of a presentation are of a consignment, found by what they say of it."""

    __tablename__ = "presented_shipment"
    __table_args__ = (Index("ix_presented_shipment_shipment_id", "shipment_id"),)

    presentation_id: Mapped[UUID] = mapped_column(ForeignKey("credit_presentation.id"), primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)


class CreditEntry(Base):
    """One step in the history of a credit: who did what, what it drew, and the balance after it.

    ``actor_id`` is None where the clock did it.
    """

    __tablename__ = "credit_entry"

    credit_id: Mapped[UUID] = mapped_column(ForeignKey("credit.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    at: Mapped[datetime]
    presentation_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_presentation.id"))
    drawn_minor: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger)


class ExaminationRule(Base):
    """A rule of a bank's own in CEL; where the condition is true of a presentation, it is discrepant."""

    __tablename__ = "examination_rule"
    __table_args__ = (UniqueConstraint("party_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str]
    article: Mapped[str]
    says: Mapped[str]
    condition: Mapped[str]
    state: Mapped[str]
    written_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]


class ExaminationTrial(Base):
    """What came of trying a rule on past presentations, the rule's words as they were then; never changed.

    ``results`` says of each presentation, the newest first, its credit and reference, whether the rule finds
    something, and what it says. ``since`` and ``until`` are when the oldest and the newest was presented.
    """

    __tablename__ = "examination_trial"
    __table_args__ = (
        Index(None, "rule_id", "id"),
        CheckConstraint("found >= 0 AND found <= tried AND unexamined >= 0", name="counts"),
        CheckConstraint("(tried = 0) = (since IS NULL) AND (tried = 0) = (until IS NULL)", name="history"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("examination_rule.id"))
    condition: Mapped[str]
    tried_by: Mapped[str]
    tried_at: Mapped[datetime]
    tried: Mapped[int]
    found: Mapped[int]
    unexamined: Mapped[int]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class BankHoliday(Base):
    """A day on which a bank is closed, beside its days of rest of each week.

    ``added_at`` is None of what was given before that was kept.
    """

    __tablename__ = "bank_holiday"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    added_at: Mapped[datetime | None]


class BankWeek(Base):
    """The days of the week on which a bank rests from ``said_at`` on, as :class:`.days.Weekday`."""

    __tablename__ = "bank_week"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    rest: Mapped[list[str]] = mapped_column(ARRAY(String()))
    said_at: Mapped[datetime]
