"""Documents coming in: a further version of one, or a new one of a shipment.

An upload has three steps, so that neither a whole body nor a transaction is held while a client sends:
:func:`begin_upload` (or :func:`begin_version`) asks whether it may be, :meth:`Upload.receive` encrypts the
stream chunk by chunk into a temporary file, and :func:`store` writes everything in one short transaction.
"""

import errno
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TypeAlias
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import document_types, documents, domain_events, idempotency, shipments
from isthmus_platform.contents import DocumentChunk, new_version_key
from isthmus_platform.database import Work, new_id
from isthmus_platform.documents import Document, DocumentVersion
from isthmus_platform.encryption import CHUNK, TAG, Vault, VersionKey
from isthmus_platform.errors import InvalidInput, NotPermitted, StorageFull, TooLarge

LONGEST_TITLE = 200
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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
        none, :class:`StorageFull` where the disk holds no more.
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

        with _room(), tempfile.TemporaryFile() as spool:
            for chunk in self.key.seal(counted()):
                spool.write(chunk)
                chunks += 1
            spool.flush()
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
    document = documents.get(work, document_id)
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


@contextmanager
def _room() -> Iterator[None]:
    """Raise :class:`StorageFull` for a disk, or a quota of it, that is used up."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise


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
