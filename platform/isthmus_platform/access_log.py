"""The owner's access log: who read what of it, by which grant, for what; and who tried in vain.

Entries are only ever added. A reader who is refused learns nothing, so the owner is found by the duty
``refusal`` alone, through :class:`Custodian`, which a trigger fills for each shipment and document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base, Work, new_id

NOTHING = text("SELECT pg_logical_emit_message(true, 'isthmus', repeat('-', 300))")


class Action(StrEnum):
    """What was done, or tried."""

    METADATA = "METADATA"
    CONTENT = "CONTENT"
    WINDOW_QUERY = "WINDOW_QUERY"
    BREAK_GLASS = "BREAK_GLASS"
    FINANCEABLE = "FINANCEABLE"


class Outcome(StrEnum):
    """Whether it was let through."""

    ALLOWED = "ALLOWED"
    REFUSED = "REFUSED"


class Custodian(Base):
    """Whose a shipment or document is (``kind``), for those who must tell its owner of a refusal."""

    __tablename__ = "custodian"
    __table_args__ = (Index("ix_custodian_ucr_kind", "ucr", "kind"),)

    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID]
    ucr: Mapped[str]


class AccessLogEntry(Base):
    """One read by another party than the owner ``party_id``, or an attempt at one.

    ``reason`` says why it was refused (``no_grant``, ``expired``, ``revoked``, or the bridge's reason code).
    """

    __tablename__ = "access_log_entry"
    __table_args__ = (Index("ix_access_log_entry_party_id_id", "party_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    at: Mapped[datetime]
    action: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    purpose: Mapped[str | None]
    document_id: Mapped[UUID | None]
    document_version: Mapped[int | None]
    shipment_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    crossing_id: Mapped[UUID | None]
    ucr: Mapped[str | None]
    request_id: Mapped[str]


@dataclass(frozen=True)
class Access:
    """A read by ``reader_id`` of something of ``owner_id``; ``reason`` is given where it was refused."""

    owner_id: UUID
    reader_id: UUID
    action: Action
    reason: str | None = None
    purpose: str | None = None
    document_id: UUID | None = None
    document_version: int | None = None
    shipment_id: UUID | None = None
    grant_id: UUID | None = None
    crossing_id: UUID | None = None
    ucr: str | None = None


def record(work: Work, access: Access) -> None:
    """Add an entry to the owner's log, by the reader itself or by a duty that records for it."""
    # A plain insert: the reader may add to the owner's log, and may not read it back.
    work.session.execute(
        insert(AccessLogEntry).values(
            id=new_id(),
            party_id=access.owner_id,
            reader_id=access.reader_id,
            at=work.now,
            action=access.action.value,
            outcome=(Outcome.ALLOWED if access.reason is None else Outcome.REFUSED).value,
            reason=access.reason,
            purpose=access.purpose,
            document_id=access.document_id,
            document_version=access.document_version,
            shipment_id=access.shipment_id,
            grant_id=access.grant_id,
            crossing_id=access.crossing_id,
            ucr=access.ucr,
            request_id=work.request_id,
        )
    )


def record_nothing(work: Work) -> None:
    """Have the transaction written as one with an entry is, where there is no owner to tell.

    What is written is as long as an entry; it goes to the write-ahead log alone, and nobody reads it.
    """
    work.session.execute(NOTHING)


@dataclass(frozen=True)
class AccessFilter:
    """Which entries are meant: all that fit every member that is given."""

    reader: UUID | None = None
    document: UUID | None = None
    shipment: UUID | None = None
    grant: UUID | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    """From then on."""
    until: datetime | None = None
    """Before then."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions of a query."""
        entry = AccessLogEntry
        exactly = (
            (entry.reader_id, self.reader),
            (entry.document_id, self.document),
            (entry.shipment_id, self.shipment),
            (entry.grant_id, self.grant),
            (entry.action, self.action and self.action.value),
            (entry.outcome, self.outcome and self.outcome.value),
        )
        found = [column == value for column, value in exactly if value is not None]
        if self.since is not None:
            found.append(entry.at >= self.since)
        if self.until is not None:
            found.append(entry.at < self.until)
        return found


EVERYTHING = AccessFilter()


def page(
    work: Work, *, after: UUID | None = None, first: int = 50, wanted: AccessFilter = EVERYTHING
) -> Sequence[AccessLogEntry]:
    """Return entries of the acting party's own log, newest first, those before the entry ``after``."""
    query = select(AccessLogEntry).where(AccessLogEntry.party_id == work.actor.party_id, *wanted.conditions())
    if after is not None:
        query = query.where(AccessLogEntry.id < after)
    return work.session.scalars(query.order_by(AccessLogEntry.id.desc()).limit(first)).all()


def custodian_of(work: Work, document_id: UUID) -> Custodian | None:
    """Return whose the document is (needs the duty ``refusal``), or None when there is no such document."""
    query = select(Custodian).where(Custodian.object_id == document_id, Custodian.kind == "DOCUMENT")
    return work.session.scalar(query)


def custodians_of_ucr(work: Work, ucr: str) -> Sequence[Custodian]:
    """Return whose shipments carry this UCR (needs the duty ``refusal`` or ``bridge-inbox``)."""
    query = select(Custodian).where(Custodian.ucr == ucr, Custodian.kind == "SHIPMENT")
    return work.session.scalars(query.order_by(Custodian.object_id)).all()
