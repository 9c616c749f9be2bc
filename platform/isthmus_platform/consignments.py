"""The records of a shipment: the consignment, its containers, goods, commercial terms and events.

Services are in :mod:`isthmus_platform.shipments` and :mod:`isthmus_platform.tracking`; who may see a row is
in the migration that makes its table.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from isthmus_platform.database import Base


class Equipment(Base):
    """A container of a shipment (ISO 6346), with its ISO size and type code."""

    __tablename__ = "equipment"
    __table_args__ = (
        UniqueConstraint("shipment_id", "reference"),
        Index("ix_equipment_reference", "reference"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    sequence: Mapped[int]
    reference: Mapped[str]
    iso_code: Mapped[str | None]


class GoodsItem(Base):
    """Goods of one kind in a shipment; mass in kilograms, value in minor units of ``currency``."""

    __tablename__ = "goods_item"
    __table_args__ = (UniqueConstraint("shipment_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    sequence: Mapped[int]
    description: Mapped[str]
    hs_code: Mapped[str]
    gross_mass_kg: Mapped[Decimal] = mapped_column(Numeric)
    net_mass_kg: Mapped[Decimal] = mapped_column(Numeric)
    packages: Mapped[int]
    package_type: Mapped[str]
    origin_country: Mapped[str] = mapped_column(String(2))
    value_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class CommercialTerms(Base):
    """What seller and buyer agreed about paying; for the owner and its agents, never for the carrier."""

    __tablename__ = "commercial_terms"

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    party_id: Mapped[UUID]
    invoice_number: Mapped[str | None]
    payment_terms: Mapped[str | None]
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    bank_account: Mapped[str | None]


class Shipment(Base):
    """A consignment; places are UN/LOCODE, ``transhipments`` in order of call."""

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("party_id", "reference"),
        UniqueConstraint("party_id", "ucr"),
        Index("ix_shipment_party_id_id", "party_id", "id"),
        Index("ix_shipment_carrier_id_id", "carrier_id", "id"),
        Index("ix_shipment_carrier_id_booking_reference", "carrier_id", "booking_reference"),
        Index("ix_shipment_carrier_id_bill_of_lading", "carrier_id", "bill_of_lading"),
        Index("ix_shipment_reference", "reference"),
        Index("ix_shipment_ucr", "ucr"),
        Index("ix_shipment_booking_reference", "booking_reference"),
        Index("ix_shipment_bill_of_lading", "bill_of_lading"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    forwarder_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    carrier_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    reference: Mapped[str]
    ucr: Mapped[str]
    origin: Mapped[str] = mapped_column(String(5))
    destination: Mapped[str] = mapped_column(String(5))
    transhipments: Mapped[list[str]] = mapped_column(ARRAY(String(5)))
    booking_reference: Mapped[str | None]
    bill_of_lading: Mapped[str | None]
    booked_at: Mapped[datetime]
    incoterm: Mapped[str | None]
    vessel: Mapped[str | None]
    consignee_name: Mapped[str | None]
    consignee_country: Mapped[str | None] = mapped_column(String(2))
    created_at: Mapped[datetime]

    equipment: Mapped[list[Equipment]] = relationship(lazy="selectin", order_by=Equipment.sequence)
    goods: Mapped[list[GoodsItem]] = relationship(lazy="selectin", order_by=GoodsItem.sequence)


class RecordedEvent(Base):
    """One version of an event as its source ``party_id`` sent it, once for each shipment it names.

    The rows of one version are numbered by ``part``. ``superseded_at`` is set once a newer version is known.
    Unmatched (``shipment_id`` null) it is visible to the source alone. ``conveyance`` is vessel and voyage.
    ``owner_id`` is whose shipment it is about, noted by the database for its policy.
    """

    __tablename__ = "tracking_event"
    __table_args__ = (
        UniqueConstraint("party_id", "source_event_id", "version_at", "part"),
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
    part: Mapped[int] = mapped_column(server_default="0")
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
    transport_mode: Mapped[str | None]
    empty: Mapped[bool | None]
    document_type: Mapped[str | None]
    conveyance: Mapped[str | None]
    retracted: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    correction: Mapped[bool]
    received_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None]
