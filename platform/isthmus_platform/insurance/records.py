"""What insurance keeps: covers, rates, quotes, declarations, claims, signed steps, arrivals told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base

DUTY = "insurance"
"""The duty by which an insurer's table rates, sources' words settle, and the clock is watched."""


class OpenCover(Base):
    """An insurer's open cover for ``insured_id``; limits and ``declared_minor`` in minor units.

    ``limit_minor`` holds for the whole validity; ``declared_minor`` is what stands declared against it.
    ``per_period_minor`` holds for what is declared within each policy period of ``period_months`` calendar
    months; None where no such limit is agreed.
    """

    __tablename__ = "open_cover"
    __table_args__ = (
        UniqueConstraint("insurer_id", "number"),
        Index("ix_open_cover_insured_id_id", "insured_id", "id"),
        CheckConstraint("declared_minor >= 0 AND declared_minor <= limit_minor", name="balance"),
        CheckConstraint("insurer_id <> insured_id", name="two_parties"),
        CheckConstraint("period_months > 0 AND per_period_minor > 0", name="period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    number: Mapped[str] = mapped_column(String(35))
    currency: Mapped[str] = mapped_column(String(3))
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    per_conveyance_minor: Mapped[int] = mapped_column(BigInteger)
    per_location_minor: Mapped[int] = mapped_column(BigInteger)
    per_period_minor: Mapped[int | None] = mapped_column(BigInteger)
    period_months: Mapped[int]
    clauses: Mapped[list[str]] = mapped_column(ARRAY(String()))
    uplift_bp: Mapped[int]
    notice_days: Mapped[int]
    documents_days: Mapped[int]
    cancellation_days: Mapped[int]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    state: Mapped[str]
    declared_minor: Mapped[int] = mapped_column(BigInteger)
    declarations: Mapped[int]
    offered_at: Mapped[datetime]

    @property
    def balance_minor(self) -> int:
        """Return what may still be declared."""
        return self.limit_minor - self.declared_minor


class InsuranceTariff(Base):
    """An insurer's table of rates in one currency, from ``effective_from`` until the next one's."""

    __tablename__ = "insurance_tariff"
    __table_args__ = (UniqueConstraint("insurer_id", "currency", "effective_from"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    currency: Mapped[str] = mapped_column(String(3))
    effective_from: Mapped[datetime]
    quotes_hold_days: Mapped[int]
    rates: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime]


class InsuranceQuote(Base):
    """What a shipment's insurance would cost; ``terms`` is what was asked, ``lines`` explain the premium."""

    __tablename__ = "insurance_quote"
    __table_args__ = (
        Index("ix_insurance_quote_insurer_id_id", "insurer_id", "id"),
        Index("ix_insurance_quote_insured_id_id", "insured_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    cover_id: Mapped[UUID] = mapped_column(ForeignKey("open_cover.id"))
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    tariff_id: Mapped[UUID | None] = mapped_column(ForeignKey("insurance_tariff.id"))
    state: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    insured_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    premium_minor: Mapped[int | None] = mapped_column(BigInteger)
    deductible_minor: Mapped[int | None] = mapped_column(BigInteger)
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    valid_until: Mapped[datetime | None]
    requested_at: Mapped[datetime]


class CoverDeclaration(Base):
    """A shipment declared under a cover: on risk, against its limits, with its certificate.

    ``period`` is the policy period, from 1, in which it was declared and against whose limit it counts.
    With delay cover, ``carrier_id``, ``terminal_id`` and ``customs_id`` are the three whose word settles it.
    """

    __tablename__ = "cover_declaration"
    __table_args__ = (
        UniqueConstraint("quote_id"),
        UniqueConstraint("cover_id", "number"),
        Index(
            "uq_cover_declaration_live",
            "cover_id",
            "shipment_id",
            unique=True,
            postgresql_where=text("state = 'DECLARED'"),
        ),
        Index("ix_cover_declaration_cover_id_conveyance", "cover_id", "conveyance"),
        Index("ix_cover_declaration_insurer_id_id", "insurer_id", "id"),
        Index("ix_cover_declaration_insured_id_id", "insured_id", "id"),
        Index("ix_cover_declaration_ucr", "ucr", postgresql_where=text("agreed_arrival IS NOT NULL")),
        CheckConstraint("insured_minor > 0 AND premium_minor >= 0", name="amounts"),
        CheckConstraint(
            "agreed_arrival IS NULL OR carrier_id <> terminal_id AND terminal_id <> customs_id"
            " AND carrier_id <> customs_id",
            name="independent",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    cover_id: Mapped[UUID] = mapped_column(ForeignKey("open_cover.id"))
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    quote_id: Mapped[UUID] = mapped_column(ForeignKey("insurance_quote.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int]
    period: Mapped[int]
    ucr: Mapped[str]
    conveyance: Mapped[str]
    loading: Mapped[str] = mapped_column(String(5))
    discharge: Mapped[str] = mapped_column(String(5))
    currency: Mapped[str] = mapped_column(String(3))
    insured_minor: Mapped[int] = mapped_column(BigInteger)
    premium_minor: Mapped[int] = mapped_column(BigInteger)
    deductible_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    declared_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    carrier_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    terminal_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    customs_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    agreed_arrival: Mapped[datetime | None]
    after_days: Mapped[int | None]
    per_day_minor: Mapped[int | None] = mapped_column(BigInteger)
    most_days: Mapped[int | None]
    decides_by: Mapped[datetime | None]
    delay_days: Mapped[int | None]
    delay_decided_at: Mapped[datetime | None]


class CoverAdjustment(Base):
    """A declaration adjusted: its terms, sum insured and premium before and after; amounts in minor units.

    ``lines`` explain the premium after; ``revoked_id`` is the certificate before, ``document_id`` that after.
    """

    __tablename__ = "cover_adjustment"
    __table_args__ = (
        UniqueConstraint("declaration_id", "number"),
        CheckConstraint("insured_minor > 0 AND premium_minor >= 0", name="amounts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    declaration_id: Mapped[UUID] = mapped_column(ForeignKey("cover_declaration.id"))
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    number: Mapped[int]
    reason: Mapped[str]
    made_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    terms_before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    insured_before_minor: Mapped[int] = mapped_column(BigInteger)
    insured_minor: Mapped[int] = mapped_column(BigInteger)
    premium_before_minor: Mapped[int] = mapped_column(BigInteger)
    premium_minor: Mapped[int] = mapped_column(BigInteger)
    deductible_minor: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    revoked_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))

    @property
    def difference_minor(self) -> int:
        """Return the additional premium; below zero the premium that is returned."""
        return self.premium_minor - self.premium_before_minor


class InsuranceClaim(Base):
    """A claim under a declaration; ``DELAY`` is made by the quorum, once a declaration."""

    __tablename__ = "insurance_claim"
    __table_args__ = (
        Index(
            "uq_insurance_claim_delay",
            "declaration_id",
            unique=True,
            postgresql_where=text("kind = 'DELAY'"),
        ),
        Index("ix_insurance_claim_declaration_id", "declaration_id"),
        Index("ix_insurance_claim_insurer_id_id", "insurer_id", "id"),
        Index("ix_insurance_claim_insured_id_id", "insured_id", "id"),
        Index("ix_insurance_claim_due", "documents_due", postgresql_where=text("state = 'NOTIFIED'")),
        CheckConstraint("(paid_minor IS NULL) = (settled_at IS NULL)", name="paid_once"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    declaration_id: Mapped[UUID] = mapped_column(ForeignKey("cover_declaration.id"))
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[str]
    state: Mapped[str]
    description: Mapped[str]
    occurred_at: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    claimed_minor: Mapped[int] = mapped_column(BigInteger)
    assessed_minor: Mapped[int | None] = mapped_column(BigInteger)
    payable_minor: Mapped[int | None] = mapped_column(BigInteger)
    paid_minor: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None]
    late: Mapped[bool]
    notified_at: Mapped[datetime]
    documents_due: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]


class InsuranceStep(Base):
    """What was done to a cover or claim, and each piece of a claim's evidence: a chain by digest.

    ``about`` is what the digest is of, beside what the other columns say; ``token`` is its actor's signature,
    null where the platform itself acted.
    """

    __tablename__ = "insurance_step"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    insurer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    insured_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime]
    previous: Mapped[str | None]
    digest: Mapped[str]
    token: Mapped[str | None]
    kid: Mapped[str | None]
    x: Mapped[str | None]


class ArrivalReport(Base):
    """A source's signed word of when a consignment arrived; its newest counts until the delay is decided."""

    __tablename__ = "arrival_report"
    __table_args__ = (Index("ix_arrival_report_declaration_id_id", "declaration_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    declaration_id: Mapped[UUID] = mapped_column(ForeignKey("cover_declaration.id"))
    source_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    role: Mapped[str]
    arrived_at: Mapped[datetime]
    told_at: Mapped[datetime]
    digest: Mapped[str]
    token: Mapped[str]
    kid: Mapped[str]
    x: Mapped[str]
