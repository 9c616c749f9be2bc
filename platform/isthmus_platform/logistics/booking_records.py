"""What logistics keeps of bookings: the booking, its verified gross masses, what the clock is to look at."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from isthmus_platform.database import Base

CLOCK = "cut-offs"
"""The duty by which the clock looks at cut-offs; it locks bookings and changes none."""


class Booking(Base):
    """A booking of ``party_id`` with ``carrier_id`` on an accepted quote.

    ``shipment_id`` is what it carries, once that is told; ``instructed_by`` is the document with the shipping
    instruction; the cut-offs are the carrier's. ``terms`` are what it asks for, under DCSA's names.
    """

    __tablename__ = "booking"
    __table_args__ = (
        UniqueConstraint("quote_id"),
        UniqueConstraint("carrier_id", "reference"),
        Index(None, "party_id", "id"),
        Index(None, "carrier_id", "id"),
        Index(None, "shipment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    carrier_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    quote_id: Mapped[UUID] = mapped_column(ForeignKey("freight_quote.id"))
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"))
    units: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str | None]
    reference: Mapped[str | None] = mapped_column(String(35))
    documentation_cut_off: Mapped[datetime | None]
    vgm_cut_off: Mapped[datetime | None]
    cargo_cut_off: Mapped[datetime | None]
    instructed_by: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    instructed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    booked_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class VerifiedGrossMass(Base):
    """The verified gross mass of a packed container (SOLAS VI/2): by whom, how, and who answers for it."""

    __tablename__ = "verified_gross_mass"
    __table_args__ = (
        Index(None, "booking_id", "id"),
        CheckConstraint("method IN ('SM1', 'SM2')", name="method"),
        CheckConstraint("mass_kg > 0", name="mass"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    equipment: Mapped[str] = mapped_column(String(11))
    mass_kg: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    method: Mapped[str]
    responsible: Mapped[str]
    weighed_at: Mapped[datetime]
    submitted_at: Mapped[datetime]


class InstructionGrant(Base):
    """A grant by which a shipping instruction for a booking is open to the carrier.

    ``ended_at`` is when the booking was given up; the grant ends with the last booking that it serves.
    """

    __tablename__ = "instruction_grant"
    __table_args__ = (Index(None, "grant_id"),)

    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("access_grant.id"), primary_key=True)
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CutOffNotice(Base):
    """When the clock looks at a cut-off, and when it told both sides that it stands so.

    One row a cut-off and ``status`` (``AT_RISK``, ``MISSED``): what is looked at is not looked at again.
    """

    __tablename__ = "cut_off_notice"
    __table_args__ = (
        Index(None, "due_at", postgresql_where=text("looked_at IS NULL")),
        CheckConstraint("code IN ('DCO', 'VCO', 'FCO')", name="code"),
        CheckConstraint("status IN ('AT_RISK', 'MISSED')", name="status"),
        CheckConstraint("told_at IS NULL OR told_at = looked_at", name="told"),
    )

    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    cut_off: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    looked_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
