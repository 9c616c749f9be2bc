"""What logistics keeps of deliveries: the signed proof, and what the recipient answers to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from isthmus_platform.database import Base


class DeliveryProof(Base):
    """A proof of delivery of ``equipment`` under a release: the recorder's statement, the recipient's answer.

    ``party_id`` owns the shipment. ``said`` is what ``token`` signs, in the protocol's form.
    """

    __tablename__ = "delivery_proof"
    __table_args__ = (
        Index(None, "release_id", "id"),
        Index(None, "recorder_id", "id"),
        Index(None, "recipient_id", "id"),
        CheckConstraint("state IN ('RECORDED', 'CONFIRMED', 'DISPUTED', 'WITHDRAWN')", name="state"),
        CheckConstraint("(answer_token IS NULL) = (state IN ('RECORDED', 'WITHDRAWN'))", name="answered"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    release_id: Mapped[UUID] = mapped_column(ForeignKey("cargo_release.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("truck_appointment.id"))
    recorder_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    equipment: Mapped[list[str]] = mapped_column(ARRAY(String(11)))
    delivered_at: Mapped[datetime]
    said: Mapped[dict[str, Any]] = mapped_column(JSONB)
    token: Mapped[str]
    key: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    answer_token: Mapped[str | None]
    answer_key: Mapped[str | None]
    recorded_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
