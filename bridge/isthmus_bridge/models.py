"""Every table of the bridge's database.

Agreements, suspensions and the log are only ever added to: the bridge's role has no right to change them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger


class Base(DeclarativeBase):
    """The models of the bridge's database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 (read by SQLAlchemy)


class AgreementVersion(Base):
    """One version of an agreement as its canonical document; it permits nothing until both have signed."""

    __tablename__ = "agreement"
    __table_args__ = (Index(None, "message", "direction", "purpose"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    document: Mapped[str]
    message: Mapped[str]
    direction: Mapped[str]
    purpose: Mapped[str]
    received_at: Mapped[datetime]


class AgreementSignature(Base):
    """The operator's or the authority's signature under an agreement version."""

    __tablename__ = "agreement_signature"
    __table_args__ = (
        ForeignKeyConstraint(["agreement_id", "version"], ["agreement.id", "agreement.version"]),
        CheckConstraint("holder IN ('OPERATOR', 'AUTHORITY')", name="holder"),
    )

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]
    received_at: Mapped[datetime]


class SuspensionStatement(Base):
    """A signed suspension of one version, or of all versions that are or will be (``version`` null)."""

    __tablename__ = "suspension"

    digest: Mapped[str] = mapped_column(primary_key=True)
    agreement_id: Mapped[str] = mapped_column(index=True)
    version: Mapped[int | None]
    holder: Mapped[str]
    reason: Mapped[str]
    stated_at: Mapped[datetime]
    token: Mapped[str]
    received_at: Mapped[datetime]


class Exchange(Base):
    """One exchange over the bridge. ``body`` is what the gate released, kept only until it is delivered.

    ``attempts``, ``faults``, ``last_error``, ``due_at`` and ``set_aside_at`` are of what is sent next: the
    envelope, and once it has ended the word to its originator. ``detail`` tells more of the ``reason``; what
    is ``SENT`` and has one is in doubt (:mod:`isthmus_bridge.in_doubt`), and ``non_receipt`` the receiver's
    word that it never takes it. When it was purged, ``asked`` is what evidence needs of the questions that it
    answered.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        UniqueConstraint("caller", "idempotency_key"),
        CheckConstraint(
            "state IN ('REQUESTED', 'AGREED', 'SENT', 'DELIVERED', 'ACKNOWLEDGED', 'REFUSED', 'FAILED',"
            " 'TERMINATED')",
            name="state",
        ),
        CheckConstraint("body IS NULL OR state IN ('AGREED', 'SENT')", name="body_kept_no_longer"),
        Index(
            "ix_exchange_to_deliver",
            "direction",
            "due_at",
            postgresql_where="state IN ('AGREED', 'SENT')",
        ),
        Index(
            "ix_exchange_in_order",
            "subject",
            "direction",
            "decision_index",
            postgresql_where="state IN ('AGREED', 'SENT')",
        ),
        Index(
            "ix_exchange_to_tell",
            "direction",
            "due_at",
            postgresql_where="told_at IS NULL AND state IN ('DELIVERED', 'FAILED', 'TERMINATED')",
        ),
        Index("ix_exchange_set_aside", "decision_index", postgresql_where="set_aside_at IS NOT NULL"),
        Index(
            "ix_exchange_to_purge",
            "agreement_id",
            "agreement_version",
            "created_at",
            postgresql_where="purged_at IS NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    caller: Mapped[str]
    idempotency_key: Mapped[str]
    body_digest: Mapped[str]
    request_id: Mapped[str]
    created_at: Mapped[datetime]

    message: Mapped[str]
    direction: Mapped[str]
    purpose: Mapped[str]
    party: Mapped[str | None]
    role: Mapped[str | None]
    owner: Mapped[str | None]
    subject: Mapped[str | None]
    in_reply_to: Mapped[UUID | None]
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    agreement_id: Mapped[str | None]
    agreement_version: Mapped[int | None]
    agreement_digest: Mapped[str | None]
    terms: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    salt: Mapped[bytes | None]
    payload_digest: Mapped[str | None]
    body: Mapped[str | None]

    state: Mapped[str]
    reason: Mapped[str | None]
    field: Mapped[str | None]
    decision_index: Mapped[int | None] = mapped_column(BigInteger)
    promise: Mapped[str | None]
    receipt: Mapped[str | None]
    acknowledgement: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    detail: Mapped[str | None]
    faults: Mapped[int] = mapped_column(default=0)
    set_aside_at: Mapped[datetime | None]
    asked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    purged_at: Mapped[datetime | None]
    non_receipt: Mapped[str | None]


class AgreedCount(Base):
    """How many exchanges had been agreed under an agreement in all, ``at`` that time."""

    __tablename__ = "agreed_count"

    agreement_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)


class QuestionAsked(Base):
    """The questions that an agreed exchange put, kept for the exchange that answers them."""

    __tablename__ = "question_asked"

    exchange_id: Mapped[UUID] = mapped_column(ForeignKey("exchange.id"), primary_key=True)
    asks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Answered(Base):
    """How many bits an exchange tells ``asker`` about ``subject``: reserved when that is agreed, for good."""

    __tablename__ = "answered"
    __table_args__ = (CheckConstraint("bits > 0", name="bits"), Index(None, "asker", "subject", "at"))

    exchange_id: Mapped[UUID] = mapped_column(ForeignKey("exchange.id"), primary_key=True)
    asker: Mapped[str]
    subject: Mapped[str]
    bits: Mapped[int]
    at: Mapped[datetime]


class SeenNonce(Base):
    """A nonce of a signed request, kept until the signature has expired everywhere."""

    __tablename__ = "seen_nonce"

    kid: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LogEntry(Base):
    """A leaf of the log: the canonical JSON of one record."""

    __tablename__ = "log_entry"

    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record: Mapped[str]


class LogNode(Base):
    """The hash of a complete subtree of ``2 ** level`` leaves, the ``index``-th of its level."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes]


class LogHead(Base):
    """The one row whose lock puts appends in order: how many leaves there are, and their root."""

    __tablename__ = "log_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]


class CosignedHead(Base):
    """The one row with the newest checkpoint that the witness cosigned, and how asking for the next goes."""

    __tablename__ = "cosigned_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class LogChain(Base):
    """How far the chain of one party, or of one subject, has come: its last leaf, and how many it has."""

    __tablename__ = "log_chain"
    __table_args__ = (CheckConstraint("kind IN ('PARTY', 'SUBJECT')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_index: Mapped[int] = mapped_column(BigInteger)


class FreightDataset(Base):
    """A consignment that the platform deposited for the gates of eFTI, and whose it is."""

    __tablename__ = "freight_dataset"
    __table_args__ = (Index(None, "deposited_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str]
    role: Mapped[str]
    owner: Mapped[str]
    document: Mapped[str]
    deposited_at: Mapped[datetime]


class EvaluationMade(Base):
    """How many blinded elements were evaluated for ``party`` at once; what they were, nobody here knows."""

    __tablename__ = "evaluation_made"
    __table_args__ = (
        CheckConstraint("elements > 0", name="elements"),
        Index(None, "party", "at"),
        Index(None, "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party: Mapped[str]
    elements: Mapped[int]
    at: Mapped[datetime]
