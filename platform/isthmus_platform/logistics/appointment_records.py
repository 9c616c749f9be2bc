"""What logistics keeps of gates: the slots that terminals offer, and the appointments of lorries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from isthmus_platform.database import Base

GATE = "gate"
"""The duty by which slots are taken and freed, and what an appointment stands on is looked at and locked."""
STANDING = "state IN ('BOOKED', 'ARRIVED', 'COMPLETED')"


class GateSlot(Base):
    """A time at a gate of a terminal, in UTC; ``zone`` (IANA) is the terminal's, for showing it.

    ``taken`` never exceeds ``capacity``: the database holds it, whoever writes.
    """

    __tablename__ = "gate_slot"
    __table_args__ = (
        UniqueConstraint("terminal_id", "gate", "direction", "starts_at"),
        Index(None, "starts_at", "id"),
        CheckConstraint("direction IN ('PICK_UP', 'DROP_OFF')", name="direction"),
        CheckConstraint("state IN ('OPEN', 'CLOSED')", name="state"),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="taken"),
        CheckConstraint("ends_at > starts_at", name="times"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    terminal_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    place: Mapped[str] = mapped_column(String(5))
    zone: Mapped[str]
    gate: Mapped[str]
    direction: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int]
    taken: Mapped[int]
    state: Mapped[str]
    offered_at: Mapped[datetime]


class TruckAppointment(Base):
    """A lorry's appointment for a container: to pick it up under a release, or drop it off under a booking.

    ``party_id`` made it; ``haulier_id`` drives where that is another.
    """

    __tablename__ = "truck_appointment"
    __table_args__ = (
        *(
            Index(
                f"uq_truck_appointment_{column}_equipment",
                column,
                "equipment",
                unique=True,
                postgresql_where=text(f"{column} IS NOT NULL AND {STANDING}"),
            )
            for column in ("release_id", "booking_id")
        ),
        Index(None, "slot_id"),
        Index(None, "party_id", "id"),
        Index(None, "haulier_id", "id"),
        Index(None, "terminal_id", "id"),
        CheckConstraint("(release_id IS NULL) <> (booking_id IS NULL)", name="about"),
        CheckConstraint(
            "state IN ('BOOKED', 'ARRIVED', 'COMPLETED', 'CANCELLED', 'NO_SHOW', 'TURNED_AWAY')", name="state"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("gate_slot.id"))
    terminal_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    haulier_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    release_id: Mapped[UUID | None] = mapped_column(ForeignKey("cargo_release.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("booking.id"))
    equipment: Mapped[str] = mapped_column(String(11))
    vehicle: Mapped[str | None] = mapped_column(String(15))
    state: Mapped[str]
    reason: Mapped[str | None]
    booked_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
