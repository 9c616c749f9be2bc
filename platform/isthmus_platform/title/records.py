"""What the register keeps: titles, their steps, who may see them, what blocks them, who is suspended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base

REGISTER = "title-register"
"""The duty by which the register itself looks: at the row it locks, and at what blocks it."""
LIVE = "phase IN ('HELD', 'DELIVERY_REQUESTED', 'AMENDMENT_REQUESTED')"


class TitleRecord(Base):
    """A transferable record: *the* one of its kind and shipment while it lives (MLETR Art. 10(1)(b)(i)).

    ``party_id`` owns the shipment; ``possessor_id`` has exclusive control (Art. 11); ``named_id`` is who it
    is made out to, None in blank. ``head`` is the digest of its last step, whose number is ``sequence``.
    """

    __tablename__ = "title"
    __table_args__ = (
        UniqueConstraint("issuer_id", "number", "version"),
        UniqueConstraint("replaces_id"),
        Index("uq_title_live", "shipment_id", "kind", unique=True, postgresql_where=text(LIVE)),
        Index("ix_title_shipment_id_id", "shipment_id", "id"),
        CheckConstraint("version > 0 AND sequence > 0", name="counted"),
        CheckConstraint("form = 'NEGOTIABLE' OR named_id IS NOT NULL", name="consignee"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    number: Mapped[str] = mapped_column(String(35))
    version: Mapped[int]
    document_digest: Mapped[str]
    form: Mapped[str]
    kind: Mapped[str] = mapped_column(default="BILL_OF_LADING", server_default="BILL_OF_LADING")
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("title.id"))
    shipper_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    possessor_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    named_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    to_order: Mapped[bool]
    phase: Mapped[str]
    surrendered_by: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    reason: Mapped[str | None]
    sequence: Mapped[int]
    head: Mapped[str]
    issued_at: Mapped[datetime]
    stepped_at: Mapped[datetime]


class TitleStep(Base):
    """A step as its actor signed it: ``token`` the JWS, its ``digest``, ``kid`` and ``x`` the public key."""

    __tablename__ = "title_step"
    __table_args__ = (UniqueConstraint("digest"),)

    title_id: Mapped[UUID] = mapped_column(ForeignKey("title.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    action: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
    token: Mapped[str]
    digest: Mapped[str]
    kid: Mapped[str]
    x: Mapped[str]


class TitleParty(Base):
    """A party that may see a title, since it issued, held, financed or stopped it."""

    __tablename__ = "title_party"
    __table_args__ = (Index("ix_title_party_party_id_title_id", "party_id", "title_id"),)

    title_id: Mapped[UUID] = mapped_column(ForeignKey("title.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    since: Mapped[datetime]


class TitleBlock(Base):
    """A ``LIEN`` in favour of the bank ``party_id``, or a ``HOLD`` of the authority ``party_id``."""

    __tablename__ = "title_block"
    __table_args__ = (
        Index(
            "uq_title_block_standing",
            "title_id",
            "party_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        CheckConstraint("kind IN ('LIEN', 'HOLD')", name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(ForeignKey("title.id"))
    kind: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    reason: Mapped[str]
    legal_basis: Mapped[str | None]
    placed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class TitleSuspension(Base):
    """A party that may take no part in steps, until whoever suspended it lifts that."""

    __tablename__ = "title_suspension"
    __table_args__ = (
        Index(
            "uq_title_suspension_standing",
            "party_id",
            "placed_by",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    reason: Mapped[str]
    suspended_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
