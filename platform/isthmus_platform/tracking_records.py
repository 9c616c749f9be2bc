"""The records of a shipment's way: its legs, who reports of it, where it stands, and its exceptions.

Standing and exceptions are derived from events and written in the transaction that changes these, so that
lists are filtered by index. Their policies compare columns of their own (``party_id``, ``carrier_id``):
under row-level security PostgreSQL uses an index only for comparisons that cannot leak, and none through a
join.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class ShipmentLeg(Base):
    """One means of transport of a shipment, in order: between which places, who carries, by what papers."""

    __tablename__ = "shipment_leg"
    __table_args__ = (
        UniqueConstraint("shipment_id", "sequence"),
        Index("ix_shipment_leg_booking_reference", "booking_reference"),
        Index("ix_shipment_leg_transport_document", "transport_document"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    sequence: Mapped[int]
    mode: Mapped[str]
    origin: Mapped[str] = mapped_column(String(5))
    destination: Mapped[str] = mapped_column(String(5))
    carrier_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    booking_reference: Mapped[str | None]
    transport_document: Mapped[str | None]
    conveyance: Mapped[str | None]
    planned_departure: Mapped[datetime | None]
    planned_arrival: Mapped[datetime | None]


class ShipmentSource(Base):
    """A party beside the shipment's carrier whose events count for it: a leg's carrier or a terminal."""

    __tablename__ = "shipment_source"
    __table_args__ = (Index("ix_shipment_source_source_id_shipment_id", "source_id", "shipment_id"),)

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    party_id: Mapped[UUID]
    kind: Mapped[str]


class ShipmentCall(Base):
    """A place on a shipment's route, noted by the database when the shipment is made."""

    __tablename__ = "shipment_call"
    __table_args__ = tuple(
        Index(f"ix_shipment_call_{reader}_place_shipment_id", reader, "place", "shipment_id")
        for reader in ("party_id", "carrier_id")
    )

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    place: Mapped[str] = mapped_column(String(5), primary_key=True)
    party_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]


class ShipmentTracking(Base):
    """Where a shipment stands by all its events; ``eta`` with the party that said so and when it did."""

    __tablename__ = "shipment_tracking"
    __table_args__ = (
        Index("ix_shipment_tracking_party_id_status_shipment_id", "party_id", "status", "shipment_id"),
        Index("ix_shipment_tracking_carrier_id_status_shipment_id", "carrier_id", "status", "shipment_id"),
        Index("ix_shipment_tracking_party_id_eta", "party_id", "eta"),
        Index("ix_shipment_tracking_carrier_id_eta", "carrier_id", "eta"),
        *(
            Index(
                f"ix_shipment_tracking_{reader}_status_place_shipment_id",
                reader,
                "status_place",
                "shipment_id",
            )
            for reader in ("party_id", "carrier_id")
        ),
    )

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    party_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]
    status: Mapped[str]
    status_at: Mapped[datetime | None]
    status_place: Mapped[str | None]
    eta: Mapped[datetime | None]
    eta_source: Mapped[str | None]
    eta_source_kind: Mapped[str | None]
    eta_told_at: Mapped[datetime | None]
    delay_hours: Mapped[int | None]
    updated_at: Mapped[datetime]


class ShipmentException(Base):
    """An exception; it stands while ``until`` is null. What is ``private`` only the owner's side sees."""

    __tablename__ = "shipment_exception"
    __table_args__ = tuple(
        Index(
            f"ix_shipment_exception_{reader}_code_shipment_id",
            reader,
            "code",
            "shipment_id",
            postgresql_where="until IS NULL",
        )
        for reader in ("party_id", "carrier_id")
    )

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    private: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]
    code: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    hours: Mapped[int | None]
    place: Mapped[str | None]
    equipment_reference: Mapped[str | None]
    description: Mapped[str]
    updated_at: Mapped[datetime]
