"""The records of webhooks: endpoints, what is delivered to them, and each attempt at it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class WebhookEndpoint(Base):
    """An address of a party's that is told of changes; ``event_types`` empty means all.

    The secret is derived (:mod:`isthmus_platform.webhook_signing`); the one before it signs beside it until
    ``old_secret_until``. After ``failures`` in a row nothing is sent before ``rests_until``.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        Index("ix_webhook_endpoint_party_id_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    url: Mapped[str]
    description: Mapped[str]
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String))
    secret_version: Mapped[int]
    old_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    failures: Mapped[int]
    rests_until: Mapped[datetime | None]


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"
    WITHHELD = "WITHHELD"
    CANCELLED = "CANCELLED"


class WebhookDelivery(Base):
    """One change told to one endpoint; its id is the ``webhook-id`` of every attempt.

    ``began_at`` is when the present round of attempts began: a replay begins another.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        UniqueConstraint("endpoint_id", "transaction", "sequence"),
        ForeignKeyConstraint(
            ["endpoint_id", "party_id"], ["webhook_endpoint.id", "webhook_endpoint.party_id"]
        ),
        Index("ix_webhook_delivery_endpoint_id_id", "endpoint_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    transaction: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    began_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    replays: Mapped[int]
    replay_reason: Mapped[str | None]


class WebhookAttempt(Base):
    """One attempt at a delivery: what was answered, or why nothing was."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        UniqueConstraint("delivery_id", "number"),
        ForeignKeyConstraint(
            ["delivery_id", "party_id"], ["webhook_delivery.id", "webhook_delivery.party_id"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    delivery_id: Mapped[UUID]
    number: Mapped[int]
    outcome: Mapped[str]
    status: Mapped[int | None]
    problem: Mapped[str | None]
    milliseconds: Mapped[int]
    at: Mapped[datetime]
