"""Declarations: filed from the shipment's own data over the bridge, and what customs said of them since."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class Declaration(Base):
    """An export declaration of a shipment; its state is derived from what customs said.

    ``status`` is ``SUBMITTED``, then as customs says (``ACCEPTED`` ... ``RELEASED``, ``REJECTED``), or
    ``REFUSED`` (by the bridge) or ``FAILED`` (not delivered). A shipment has at most one that is alive.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        Index(
            "ix_declaration_live",
            "shipment_id",
            unique=True,
            postgresql_where="status NOT IN ('REJECTED', 'REFUSED', 'FAILED')",
        ),
        Index("ix_declaration_shipment_id_id", "shipment_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    crossing_id: Mapped[UUID] = mapped_column(ForeignKey("crossing.id"), unique=True)
    requester_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    status: Mapped[str]
    mrn: Mapped[str | None]
    channel: Mapped[str | None]
    duty_minor: Mapped[int | None] = mapped_column(BigInteger)
    duty_currency: Mapped[str | None] = mapped_column(String(3))
    released_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CustomsEvent(Base):
    """One thing customs said of a declaration; ``body`` is what the gate let in."""

    __tablename__ = "customs_event"
    __table_args__ = (Index("ix_customs_event_shipment_id_at_id", "shipment_id", "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    declaration_id: Mapped[UUID] = mapped_column(ForeignKey("declaration.id"), index=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    exchange: Mapped[UUID] = mapped_column(unique=True)
    status: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
