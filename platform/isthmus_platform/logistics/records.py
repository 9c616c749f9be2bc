"""What logistics keeps of releases: the release, what holds it, banks' consents, its delivery orders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base

RELEASE = "cargo-release"
"""The duty by which a release is locked, judged and moved, whoever makes the step."""


class CargoRelease(Base):
    """The release of a shipment's cargo by its carrier, to ``consignee_id``, where named at a terminal.

    ``party_id`` owns the shipment. ``freight_paid_at`` is None while the carrier does not say that it is.
    """

    __tablename__ = "cargo_release"
    __table_args__ = (
        UniqueConstraint("shipment_id"),
        Index(None, "party_id", "id"),
        Index(None, "carrier_id", "id"),
        CheckConstraint("document IN ('BILL_OF_LADING', 'SEA_WAYBILL')", name="document"),
        CheckConstraint("state IN ('OPEN', 'ORDERED', 'PICKED_UP')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    carrier_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    consignee_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    terminal_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    document: Mapped[str]
    state: Mapped[str]
    freight_paid_at: Mapped[datetime | None]
    freight_reference: Mapped[str | None]
    freight_stated_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ReleaseHold(Base):
    """A hold of customs (``CUSTOMS``, on a legal basis), of the carrier or of the terminal."""

    __tablename__ = "release_hold"
    __table_args__ = (
        Index(
            "uq_release_hold_standing",
            "release_id",
            "party_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        CheckConstraint("kind IN ('CUSTOMS', 'CARRIER', 'TERMINAL')", name="kind"),
        CheckConstraint("kind <> 'CUSTOMS' OR legal_basis IS NOT NULL", name="basis"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    release_id: Mapped[UUID] = mapped_column(ForeignKey("cargo_release.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    legal_basis: Mapped[str | None]
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class ReleaseConsent(Base):
    """A bank's word that a consignment may be let go though it is owed for it.

    ``covers`` are the offers and presentations by which it financed the consignment then: what it lends later
    needs its word anew.
    """

    __tablename__ = "release_consent"
    __table_args__ = (
        Index(
            "uq_release_consent_standing",
            "shipment_id",
            "party_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index(None, "party_id", "id"),
        CheckConstraint("cardinality(covers) > 0", name="covers"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    ucr: Mapped[str]
    covers: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class DeliveryOrder(Base):
    """The carrier's order to let the cargo go to whoever has the token of ``release_to``.

    Of the token only its digest is kept. ``ended_at`` and ``end_reason`` say when and why it was revoked or
    used; one whose time is over is expired, whether its row says so yet or not.
    """

    __tablename__ = "delivery_order"
    __table_args__ = (
        UniqueConstraint("number"),
        Index(
            "uq_delivery_order_live",
            "release_id",
            unique=True,
            postgresql_where=text("state = 'ISSUED'"),
        ),
        Index(None, "release_id", "id"),
        CheckConstraint("state IN ('ISSUED', 'REVOKED', 'EXPIRED', 'USED')", name="state"),
        CheckConstraint("expires_at > issued_at", name="expiry"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    release_id: Mapped[UUID] = mapped_column(ForeignKey("cargo_release.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    release_to: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    number: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
