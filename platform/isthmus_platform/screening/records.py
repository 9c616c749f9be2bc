"""What screening keeps: lists and their entries, what is screened, runs over it, hits and their history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base

DUTY = "screening"
"""The duty under which the worker screens: it sees lists, subjects, runs and hits, and no member's data."""


class ScreeningList(Base):
    """A version of a list of the operator ``party_id``; screened against since ``began_at``.

    ``loaded_by`` is the person who loaded it, and ``signature`` (JWS) what the operator's key signed of it.
    """

    __tablename__ = "screening_list"
    __table_args__ = (UniqueConstraint("party_id", "code", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    sha256: Mapped[str]
    thresholds: Mapped[dict[str, int]] = mapped_column(JSONB)
    effective_from: Mapped[datetime]
    entries: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    loaded_by: Mapped[str]
    loaded_at: Mapped[datetime]
    signature: Mapped[str]
    began_at: Mapped[datetime | None]


class ScreeningEntry(Base):
    """An entry of a list as it is said from the version ``added_in`` until before ``ended_in``."""

    __tablename__ = "screening_entry"
    __table_args__ = (
        UniqueConstraint("party_id", "code", "reference", "added_in"),
        Index(None, "party_id", "code", "added_in"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str]
    reference: Mapped[str]
    digest: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    added_in: Mapped[int]
    ended_in: Mapped[int | None]


class ScreeningSubject(Base):
    """A thing that is screened, by its kind and id alone: what it says stays where it is kept.

    ``digest`` is of the values that were compared, ``against`` the version of each list.
    """

    __tablename__ = "screening_subject"
    __table_args__ = (UniqueConstraint("kind", "thing_id"), Index(None, "shipment_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[str]
    thing_id: Mapped[UUID]
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"))
    digest: Mapped[str]
    against: Mapped[dict[str, int]] = mapped_column(JSONB)
    screened_at: Mapped[datetime]


class ScreeningRun(Base):
    """The screening of every subject against one version of a list; ``cursor`` is the last subject done."""

    __tablename__ = "screening_run"

    list_id: Mapped[UUID] = mapped_column(ForeignKey("screening_list.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    cursor: Mapped[UUID | None]
    done: Mapped[int]
    opened: Mapped[int]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ScreeningHit(Base):
    """A value that comes close to an entry, for people of ``party_id`` to review.

    ``about_id`` is the member that it is about, where it is about one. ``proposed_by`` and ``decided_by`` are
    subjects (``user:<id>``), never the same.
    """

    __tablename__ = "screening_hit"
    __table_args__ = (
        UniqueConstraint(
            *("kind", "thing_id", "place", "value_digest", "list_party_id", "list_code", "reference"),
            name="uq_screening_hit_match",
        ),
        Index(None, "party_id", "id"),
        Index(None, "shipment_id"),
        Index(
            "ix_screening_hit_waiting",
            "party_id",
            "id",
            postgresql_where=text("state IN ('OPEN', 'PROPOSED')"),
        ),
        CheckConstraint("state IN ('OPEN', 'PROPOSED', 'RELEASED', 'CONFIRMED', 'LAPSED')", name="state"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="four_eyes"),
        CheckConstraint(
            "(state IN ('RELEASED', 'CONFIRMED')) = (decided_by IS NOT NULL AND proposed_by IS NOT NULL)",
            name="decided",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[str]
    thing_id: Mapped[UUID]
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"))
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    place: Mapped[str]
    value_digest: Mapped[str]
    list_party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    list_code: Mapped[str]
    list_version: Mapped[int]
    reference: Mapped[str]
    entry_digest: Mapped[str]
    score: Mapped[int]
    threshold: Mapped[int]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str]
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    proposed_by: Mapped[str | None]
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    steps: Mapped[int]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ScreeningStep(Base):
    """One step of a hit's history: who did what and why, at which version of the list. Only ever added to."""

    __tablename__ = "screening_step"
    __table_args__ = (UniqueConstraint("hit_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hit_id: Mapped[UUID] = mapped_column(ForeignKey("screening_hit.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    sequence: Mapped[int]
    action: Mapped[str]
    by: Mapped[str]
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    list_version: Mapped[int]
    entry_digest: Mapped[str]
    score: Mapped[int]
    at: Mapped[datetime]
