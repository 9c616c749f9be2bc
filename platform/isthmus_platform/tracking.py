"""Tracking: carriers' events, kept in every version, matched to shipments; status derived from them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class RecordedEvent(Base):
    """One version of an event as the carrier ``party_id`` sent it.

    ``superseded_at`` is set once a newer version is known. Unmatched (``shipment_id`` null) it is visible to
    the carrier alone.
    """

    __tablename__ = "tracking_event"
    __table_args__ = (
        UniqueConstraint("party_id", "source_event_id", "version_at"),
        Index("ix_tracking_event_shipment_id_at_id", "shipment_id", text("at DESC"), text("id DESC")),
        *(
            Index(
                f"ix_tracking_event_unmatched_{column}",
                "party_id",
                column,
                postgresql_where="shipment_id IS NULL",
            )
            for column in ("booking_reference", "transport_document", "equipment_reference")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"))
    source_event_id: Mapped[str]
    version_at: Mapped[datetime]
    digest: Mapped[str]
    standard: Mapped[str]
    at: Mapped[datetime]
    kind: Mapped[str]
    code: Mapped[str]
    classifier: Mapped[str]
    place: Mapped[str | None]
    location: Mapped[str | None]
    equipment_reference: Mapped[str | None]
    booking_reference: Mapped[str | None]
    transport_document: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    correction: Mapped[bool]
    received_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
