"""What logistics keeps of freight quotes: who asked whom for what, and what each quoted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from isthmus_platform.database import Base


class FreightRequest(Base):
    """A question for freight of ``party_id``, to the parties that it asked; one quote of it is accepted."""

    __tablename__ = "freight_request"
    __table_args__ = (
        Index(None, "party_id", "id"),
        CheckConstraint("state IN ('OPEN', 'AWARDED')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    origin: Mapped[str] = mapped_column(String(5))
    destination: Mapped[str] = mapped_column(String(5))
    goods: Mapped[str]
    equipment_type: Mapped[str] = mapped_column(String(4))
    units: Mapped[int]
    wanted_charges: Mapped[list[str]] = mapped_column(ARRAY(String))
    state: Mapped[str]
    closes_at: Mapped[datetime]
    asked_at: Mapped[datetime]


class FreightInvitation(Base):
    """That ``party_id`` was asked by ``asker_id`` to quote."""

    __tablename__ = "freight_invitation"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("freight_request.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True, index=True)
    asker_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))


class FreightQuote(Base):
    """What ``party_id`` quotes ``asker_id``: charges in DCSA's terms, until ``valid_until``."""

    __tablename__ = "freight_quote"
    __table_args__ = (
        Index(
            "uq_freight_quote_offered",
            "request_id",
            "party_id",
            unique=True,
            postgresql_where=text("state = 'OFFERED'"),
        ),
        Index(
            "uq_freight_quote_accepted",
            "request_id",
            unique=True,
            postgresql_where=text("state = 'ACCEPTED'"),
        ),
        Index(None, "party_id", "id"),
        CheckConstraint("state IN ('OFFERED', 'WITHDRAWN', 'ACCEPTED')", name="state"),
        CheckConstraint("valid_until > quoted_at", name="validity"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("freight_request.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    asker_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    charges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    transit_days: Mapped[int]
    state: Mapped[str]
    valid_until: Mapped[datetime]
    quoted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
