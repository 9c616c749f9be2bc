"""Many shipments at once: a file is taken whole, and made into shipments by the worker, a chunk at a time.

Each row has its line in the report. Rows are done in their order, a chunk a transaction, so that a worker
that dies is followed by one that goes on where it stopped; the same file under the same upload id is the same
import.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ForeignKey, Index, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import outbox, parties, shipment_rows, shipments
from isthmus_platform.bulk import upsert
from isthmus_platform.database import Base, Duty, PartyRole, Platform, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, PlatformError
from isthmus_platform.outbox import Message
from isthmus_platform.shipment_rows import Row
from isthmus_platform.shipments import Shipment, ShipmentDraft

TOPIC = "shipment-import"
CHUNK = 200
LONGEST_ID = 100


class ShipmentImport(Base):
    """A file of shipments of the party ``party_id``, known by the party's own ``upload_id``."""

    __tablename__ = "shipment_import"
    __table_args__ = (Index("ix_shipment_import_party_id_upload_id", "party_id", "upload_id", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    upload_id: Mapped[str]
    digest: Mapped[str]
    subject: Mapped[str]
    rows: Mapped[int]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ShipmentImportRow(Base):
    """A row of a file and what became of it: ``WAITING``, ``MADE`` or ``REFUSED``."""

    __tablename__ = "shipment_import_row"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("shipment_import.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    outcome: Mapped[str]
    shipment_id: Mapped[UUID | None]
    code: Mapped[str | None]
    field: Mapped[str | None]
    message: Mapped[str | None]
    updated_at: Mapped[datetime]


def take(work: Work, upload_id: str, body: bytes, rows: Sequence[Row]) -> ShipmentImport:
    """Keep a file's rows for the worker; the same file under the same ``upload_id`` again changes nothing.

    Raises :class:`NotPermitted` (``role_required``), :class:`InvalidInput` (``length``) and
    :class:`Conflict` (``upload_id_reused``) for another file under a known id.
    """
    work.actor.require(PartyRole.TRADER, PartyRole.FORWARDER)
    if not 0 < len(upload_id) <= LONGEST_ID or not upload_id.isprintable():
        raise InvalidInput(f"An upload id has 1 to {LONGEST_ID} characters.", field="upload", code="length")
    digest = hashlib.sha256(body).hexdigest()
    import_id = work.session.scalar(
        insert(ShipmentImport)
        .values(
            id=new_id(),
            party_id=work.actor.party_id,
            upload_id=upload_id,
            digest=digest,
            subject=work.actor.subject,
            rows=len(rows),
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["party_id", "upload_id"])
        .returning(ShipmentImport.id)
    )
    found = by_upload(work, upload_id)
    if import_id is None:
        if found.digest != digest:
            raise Conflict("This upload id came with another file.", field="upload", code="upload_id_reused")
        return found
    for start in range(0, len(rows), 1000):
        work.session.execute(
            insert(ShipmentImportRow), [_waiting(work, found.id, row) for row in rows[start : start + 1000]]
        )
    outbox.emit(work, TOPIC, {"import": str(found.id)})
    return found


def by_upload(work: Work, upload_id: str) -> ShipmentImport:
    """Return the actor's import with this id, or raise :class:`NotFound`."""
    found = work.session.scalar(
        select(ShipmentImport).where(
            ShipmentImport.party_id == work.actor.party_id, ShipmentImport.upload_id == upload_id
        )
    )
    if found is None:
        raise NotFound("There is no such import of yours.", field="upload")
    return found


def counts(work: Work, import_id: UUID) -> dict[str, int]:
    """Return how many rows came to each outcome."""
    rows = work.session.execute(
        select(ShipmentImportRow.outcome, func.count())
        .where(ShipmentImportRow.import_id == import_id)
        .group_by(ShipmentImportRow.outcome)
    )
    return {outcome: number for outcome, number in rows}  # noqa: C416 (rows are not pairs to mypy)


def report(work: Work, import_id: UUID, after: int, first: int) -> Sequence[ShipmentImportRow]:
    """Return up to ``first`` rows past the number ``after``, in their order."""
    rows = select(ShipmentImportRow).where(
        ShipmentImportRow.import_id == import_id, ShipmentImportRow.number > after
    )
    return work.session.scalars(rows.order_by(ShipmentImportRow.number).limit(first)).all()


def handle(platform: Platform, message: Message) -> None:
    """Make the next chunk of an import into shipments, as the party that sent it; the rest follows."""
    import_id = UUID(message.payload["import"])
    with platform.begin(Duty("import")) as work:
        subject = work.session.scalars(
            select(ShipmentImport.subject).where(ShipmentImport.id == import_id)
        ).one()
        actor = parties.actor_of(parties.get(work, message.party_id), subject)
    with platform.begin(actor, request_id=message.request_id) as work:
        chunk(work, import_id)


def chunk(work: Work, import_id: UUID) -> bool:
    """Do the next rows that wait; return whether more do. Whoever works on the same import waits here."""
    work.session.execute(select(func.pg_advisory_xact_lock(import_id.int & (2**63 - 1))))
    waiting = ShipmentImportRow.import_id == import_id, ShipmentImportRow.outcome == "WAITING"
    rows = work.session.scalars(
        select(ShipmentImportRow).where(*waiting).order_by(ShipmentImportRow.number).limit(CHUNK)
    ).all()
    upsert(work.session, ShipmentImportRow, _done(work, rows))
    more = work.session.scalar(select(ShipmentImportRow.number).where(*waiting).limit(1)) is not None
    if more:
        outbox.emit(work, TOPIC, {"import": str(import_id)})
    else:
        work.session.execute(
            update(ShipmentImport)
            .where(ShipmentImport.id == import_id, ShipmentImport.finished_at.is_(None))
            .values(finished_at=work.now)
        )
    return more


def _done(work: Work, rows: Sequence[ShipmentImportRow]) -> list[dict[str, Any]]:
    """Make what the rows say, all at once; return each row with what became of it."""
    read = [_read(row) for row in rows]
    made = iter(shipments.create_many(work, [each for each in read if isinstance(each, ShipmentDraft)]))
    return [
        _outcome(work, row, next(made) if isinstance(each, ShipmentDraft) else each)
        for row, each in zip(rows, read, strict=True)
    ]


def _read(row: ShipmentImportRow) -> ShipmentDraft | PlatformError:
    try:
        return shipment_rows.draft(Row(row.number, row.content))
    except PlatformError as refusal:
        return refusal


def _outcome(work: Work, row: ShipmentImportRow, made: Shipment | PlatformError) -> dict[str, Any]:
    result: dict[str, Any] = {
        "import_id": row.import_id,
        "number": row.number,
        "party_id": row.party_id,
        "content": orjson.dumps(row.content).decode(),
        "outcome": "REFUSED",
        "shipment_id": None,
        "code": None,
        "field": None,
        "message": None,
        "updated_at": work.now,
    }
    if isinstance(made, PlatformError):
        return result | {"code": made.code, "field": made.field, "message": made.message}
    return result | {"outcome": "MADE", "shipment_id": made.id}


def _waiting(work: Work, import_id: UUID, row: Row) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "number": row.number,
        "party_id": work.actor.party_id,
        "content": row.values,
        "outcome": "WAITING",
        "updated_at": work.now,
    }
