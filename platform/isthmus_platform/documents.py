"""Documents: a shipment's papers, kept in immutable versions, encrypted under their owner's key.

An upload has three steps, so that neither a whole body nor a transaction is held while a client sends:
:func:`begin_upload` (or :func:`begin_version`) asks whether it may be, :meth:`Upload.receive` encrypts the
stream chunk by chunk into a temporary file, and :func:`store` writes everything in one short transaction.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import document_types, domain_events, idempotency, shipments
from isthmus_platform.database import Actor, Base, Platform, Work, new_id
from isthmus_platform.encryption import CHUNK, TAG, Corrupt, Vault, VersionKey
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted, TooLarge

LONGEST_TITLE = 200
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
BATCH = 4
"""Chunks read from the database at a time while a download streams (1 MiB)."""


class NoSuchDocument(NotFound):
    """The document does not exist, or not for this reader: one answer for both."""

    def __init__(self, document_id: UUID) -> None:
        super().__init__("There is no such document.", field="document")
        self.document_id = document_id


class OwnerKey(Base):
    """An owner's key, wrapped by the master key: of no use to whoever has only the database."""

    __tablename__ = "owner_key"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]


class Document(Base):
    """A document of a shipment; what it is does not change, its contents come in versions.

    Reference and UCR of the shipment are copied, since who reads a document by a grant does not see the
    shipment. ``type`` is a UNTDID 1001 code.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        Index("ix_document_shipment_id_id", "shipment_id", "id"),
        Index("ix_document_party_id_id", "party_id", "id"),
        Index("ix_document_ucr", "ucr"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    shipment_reference: Mapped[str]
    ucr: Mapped[str]
    type: Mapped[str] = mapped_column(String(3))
    title: Mapped[str]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[datetime]

    @property
    def type_name(self) -> str:
        """The English name of its type."""
        return document_types.name_of(self.type)


class DocumentVersion(Base):
    """One version of a document's contents; ``sha256`` (hex) and ``size`` (bytes) are of the plaintext."""

    __tablename__ = "document_version"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        UniqueConstraint("id", "party_id"),
        ForeignKeyConstraint(["document_id", "party_id"], ["document.id", "document.party_id"]),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    document_id: Mapped[UUID]
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str]
    chunks: Mapped[int]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[datetime]


class DocumentChunk(Base):
    """A chunk of a version's ciphertext, by number from 0."""

    __tablename__ = "document_chunk"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "party_id"], ["document_version.id", "document_version.party_id"]
        ),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Upload:
    """A version about to be received; its key is its own, so an upload that fails leaves nothing usable."""

    key: VersionKey
    owner_id: UUID
    shipment_id: UUID
    type: str
    title: str
    media_type: str
    document_id: UUID | None = None
    """The document that gets a new version; None for a new document."""

    @contextmanager
    def receive(self, read: Callable[[int], bytes], limit: int) -> Iterator["Received"]:
        """Encrypt what ``read`` gives into a temporary file that is gone when the context ends.

        ``read`` is asked for some bytes and answers at most so many, none at the end. Raises
        :class:`TooLarge` as soon as more than ``limit`` bytes came, :class:`InvalidInput` (``empty``) for
        none.
        """
        digest = hashlib.sha256()
        size = chunks = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in _pieces(read):
                size += len(piece)
                if size > limit:
                    raise too_large(limit)
                digest.update(piece)
                yield piece

        with tempfile.TemporaryFile() as spool:
            for chunk in self.key.seal(counted()):
                spool.write(chunk)
                chunks += 1
            if chunks == 0:
                raise InvalidInput("A document is not empty.", field="body", code="empty")
            yield Received(spool, digest.hexdigest(), size, chunks)


Begin: TypeAlias = Callable[[Work], Upload]
"""What asks, in a transaction of its own, whether an upload may be."""


@dataclass(frozen=True)
class Received:
    """An encrypted body in a temporary file, with the digest (hex) and size of its plaintext."""

    spool: IO[bytes]
    sha256: str
    size: int
    chunks: int

    def sealed_chunks(self) -> Iterator[bytes]:
        """Yield the ciphertext chunk by chunk."""
        self.spool.seek(0)
        while chunk := self.spool.read(CHUNK + TAG):
            yield chunk


@dataclass(frozen=True)
class Stored:
    """What an upload became; ``repeated`` when it had been stored before under the same key."""

    document_id: UUID
    version: DocumentVersion
    repeated: bool


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a body of more than ``limit`` bytes."""
    return TooLarge(f"A document has at most {limit:,} bytes.", field="body")


def begin_upload(
    work: Work, vault: Vault, reference: str, *, type_code: str, title: str | None, media_type: str
) -> Upload:
    """Prepare a new document of the shipment ``reference``, by its owner or an agent under a delegation.

    The title is the type's name unless given. Raises :class:`NotFound` for a shipment that is not visible,
    :class:`NotPermitted` for one that is but belongs to another, :class:`InvalidInput` naming the field.
    """
    shipment = shipments.by_reference(work, reference)
    _require_acting_for(work, shipment.party_id)
    name = document_types.name_of(type_code)
    return Upload(
        new_version_key(work, vault, shipment.party_id),
        shipment.party_id,
        shipment.id,
        type_code,
        _title(name if title is None else title),
        _media_type(media_type),
    )


def begin_version(work: Work, vault: Vault, document_id: UUID, *, media_type: str) -> Upload:
    """Prepare a further version of a document, by its owner or an agent under a delegation."""
    document = get(work, document_id)
    _require_acting_for(work, document.party_id)
    return Upload(
        new_version_key(work, vault, document.party_id),
        document.party_id,
        document.shipment_id,
        document.type,
        document.title,
        _media_type(media_type),
        document.id,
    )


def store(work: Work, upload: Upload, received: Received, *, idempotency_key: str) -> Stored:
    """Write a received upload: document (when new), version and chunks, or nothing at all.

    The same key with the same body answers with what it stored; with another body or description it raises
    :class:`Conflict`. The delegation is asked for again: it may have ended while the body came in.
    """
    _require_acting_for(work, upload.owner_id)
    written = False

    def written_once() -> dict[str, str]:
        nonlocal written
        written = True
        return {"version": str(write(work, upload, received).id)}

    given = {
        "shipment": str(upload.shipment_id),
        "document": str(upload.document_id),
        "type": upload.type,
        "title": upload.title,
        "mediaType": upload.media_type,
        "sha256": received.sha256,
    }
    answer = idempotency.once(work, idempotency_key, "storeDocument", given, written_once)
    version = work.session.get_one(DocumentVersion, UUID(answer["version"]))
    return Stored(version.document_id, version, repeated=not written)


def write(work: Work, upload: Upload, received: Received) -> DocumentVersion:
    """Write a received upload within a change that is made once by itself; see :func:`store`."""
    document_id = upload.document_id or _new_document(work, upload).id
    # Two new versions of one document wait for each other, so that numbers have no gap and no double.
    work.session.execute(select(func.pg_advisory_xact_lock(document_id.int & (2**63 - 1))))
    last = work.session.scalar(
        select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == document_id)
    )
    version = DocumentVersion(
        id=upload.key.version_id,
        party_id=upload.owner_id,
        document_id=document_id,
        number=(last or 0) + 1,
        sha256=received.sha256,
        size=received.size,
        media_type=upload.media_type,
        chunks=received.chunks,
        created_by=work.actor.party_id,
        created_at=work.now,
    )
    work.session.add(version)
    work.session.flush()
    for number, ciphertext in enumerate(received.sealed_chunks()):
        work.session.execute(
            insert(DocumentChunk).values(
                version_id=version.id, number=number, party_id=version.party_id, ciphertext=ciphertext
            )
        )
    domain_events.announce(
        work,
        "document.stored",
        about={"document": str(document_id), "version": version.number, "shipment": str(upload.shipment_id)},
    )
    return version


def _new_document(work: Work, upload: Upload) -> Document:
    shipment = shipments.get(work, upload.shipment_id)
    document = Document(
        id=new_id(),
        party_id=upload.owner_id,
        shipment_id=shipment.id,
        shipment_reference=shipment.reference,
        ucr=shipment.ucr,
        type=upload.type,
        title=upload.title,
        created_by=work.actor.party_id,
        created_at=work.now,
    )
    work.session.add(document)
    work.session.flush()
    return document


def get(work: Work, document_id: UUID) -> Document:
    """Return a document the actor sees, or raise :class:`NoSuchDocument`; ``reading`` records it too."""
    document = work.session.scalar(select(Document).where(Document.id == document_id))
    if document is None:
        raise NoSuchDocument(document_id)
    return document


def own(work: Work, document_ids: Iterable[UUID]) -> Sequence[Document]:
    """Return those of ``document_ids`` that the actor owns or answers for under a delegation."""
    query = select(Document).where(Document.id.in_(set(document_ids)), func.acts_for(Document.party_id))
    return work.session.scalars(query.order_by(Document.id)).all()


def get_many(work: Work, document_ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Return those of ``document_ids`` that the actor sees, by id, in one statement."""
    rows = work.session.scalars(select(Document).where(Document.id.in_(set(document_ids))))
    return {document.id: document for document in rows}


def of_shipments(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[Document]]:
    """Return the documents of each shipment that the actor sees, oldest first."""
    found: dict[UUID, list[Document]] = {shipment_id: [] for shipment_id in shipment_ids}
    query = select(Document).where(Document.shipment_id.in_(found)).order_by(Document.id)
    for document in work.session.scalars(query):
        found[document.shipment_id].append(document)
    return found


def by_ucr(work: Work, ucr: str) -> Sequence[Document]:
    """Return the documents the actor sees of shipments with this UCR, whoever owns them."""
    return work.session.scalars(select(Document).where(Document.ucr == ucr).order_by(Document.id)).all()


def versions(work: Work, document_ids: Iterable[UUID]) -> dict[UUID, list[DocumentVersion]]:
    """Return the versions of each document that the actor sees, newest first."""
    found: dict[UUID, list[DocumentVersion]] = {document_id: [] for document_id in document_ids}
    query = (
        select(DocumentVersion)
        .where(DocumentVersion.document_id.in_(found))
        .order_by(DocumentVersion.number.desc())
    )
    for version in work.session.scalars(query):
        found[version.document_id].append(version)
    return found


def version(work: Work, document_id: UUID, number: int | None = None) -> DocumentVersion:
    """Return version ``number`` of a document, the newest when None; raises :class:`NotFound`."""
    query = select(DocumentVersion).where(DocumentVersion.document_id == document_id)
    if number is not None:
        query = query.where(DocumentVersion.number == number)
    found = work.session.scalar(query.order_by(DocumentVersion.number.desc()).limit(1))
    if found is None:
        raise NotFound("The document has no such version.", field="version", code="unknown_version")
    return found


def version_key(work: Work, vault: Vault, version: DocumentVersion) -> VersionKey:
    """Return the key of a version; raises :class:`Corrupt` when the owner's key does not open."""
    wrapped = work.session.scalar(select(OwnerKey.wrapped).where(OwnerKey.party_id == version.party_id))
    if wrapped is None:
        raise Corrupt("The owner's key is missing.")
    return vault.version_key(version.party_id, wrapped, version.id)


def contents(platform: Platform, actor: Actor, version: DocumentVersion, key: VersionKey) -> Iterator[bytes]:
    """Yield the plaintext of ``version`` in pieces, each verified before it is given out.

    Raises :class:`Corrupt` at the first piece that is not what was stored, and before the last one when the
    whole is not: who has received everything has received what was stored. No transaction stays open while a
    slow client reads; a grant that ends meanwhile ends the stream.
    """
    digest = hashlib.sha256()
    size = 0
    for piece in key.open(_chunks(platform, actor, version)):
        digest.update(piece)
        size += len(piece)
        if size >= version.size and (size, digest.hexdigest()) != (version.size, version.sha256):
            raise Corrupt("The stored document is not the one that was received.")
        yield piece


def _chunks(platform: Platform, actor: Actor, version: DocumentVersion) -> Iterator[bytes]:
    for first in range(0, version.chunks, BATCH):
        wanted = range(first, min(first + BATCH, version.chunks))
        with platform.begin(actor) as work:
            query = select(DocumentChunk.ciphertext).where(
                DocumentChunk.version_id == version.id, DocumentChunk.number.in_(wanted)
            )
            rows = work.session.scalars(query.order_by(DocumentChunk.number)).all()
        if len(rows) != len(wanted):
            raise Corrupt("A part of the document is missing, or is no longer open to this reader.")
        yield from rows


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield what ``read`` gives in pieces of :data:`CHUNK` bytes, the last one shorter."""
    held = bytearray()
    while got := read(CHUNK - len(held)):
        held += got
        if len(held) == CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def new_version_key(work: Work, vault: Vault, owner_id: UUID) -> VersionKey:
    """Return a key for a new version of ``owner_id``, whose own key is made on first use."""
    query = select(OwnerKey.wrapped).where(OwnerKey.party_id == owner_id)
    wrapped = work.session.scalar(query)
    if wrapped is None:
        work.session.execute(
            insert(OwnerKey)
            .values(party_id=owner_id, wrapped=vault.new_owner_key(owner_id), created_at=work.now)
            .on_conflict_do_nothing()
        )
        wrapped = work.session.scalars(query).one()
    return vault.version_key(owner_id, wrapped, new_id())


def _require_acting_for(work: Work, owner_id: UUID) -> None:
    if not work.session.scalar(select(func.acts_for(owner_id))):
        raise NotPermitted("Only the owner, or an agent under its delegation, may do this.", code="not_owner")


def _title(title: str) -> str:
    title = title.strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        raise InvalidInput(f"A title has 1 to {LONGEST_TITLE} characters.", field="title", code="length")
    if not title.isprintable():
        raise InvalidInput("A title is one line of printable characters.", field="title", code="format")
    return title


def _media_type(value: str) -> str:
    """Return ``type/subtype`` (RFC 6838) of a Content-Type, without parameters."""
    bare = value.partition(";")[0].strip().lower()
    if not MEDIA_TYPE.fullmatch(bare):
        raise InvalidInput("Content-Type names a media type.", field="Content-Type", code="media_type")
    return bare
