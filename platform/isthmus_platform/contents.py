"""Contents of documents: chunks encrypted under their owner's key, given out in pieces, whole or in part."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, LargeBinary, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Actor, Base, Platform, Work, new_id
from isthmus_platform.documents import DocumentVersion
from isthmus_platform.encryption import CHUNK, Corrupt, Vault, VersionKey

BATCH = 4
"""Chunks read from the database at a time while a download streams (1 MiB)."""


@dataclass(frozen=True)
class Part:
    """A part of a version's contents: bytes from ``first`` to ``last``, both in it, counted from 0."""

    first: int
    last: int


class OwnerKey(Base):
    """An owner's key, wrapped by the master key: of no use to whoever has only the database."""

    __tablename__ = "owner_key"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    wrapped: Mapped[bytes]
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


def version_key(work: Work, vault: Vault, version: DocumentVersion) -> VersionKey:
    """Return the key of a version; raises :class:`Corrupt` when the owner's key does not open."""
    wrapped = work.session.scalar(select(OwnerKey.wrapped).where(OwnerKey.party_id == version.party_id))
    if wrapped is None:
        raise Corrupt("The owner's key is missing.")
    return vault.version_key(version.party_id, wrapped, version.id)


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


def part(
    platform: Platform, actor: Actor, version: DocumentVersion, key: VersionKey, wanted: Part
) -> Iterator[bytes]:
    """Yield a part of the plaintext of ``version``, as :func:`contents` does.

    Only the chunks it touches are read. Each is verified as it was sealed, by place and version; the digest
    of the whole is not, which takes the whole.
    """
    begin, end = wanted.first // CHUNK, wanted.last // CHUNK + 1
    chunks = _chunks(platform, actor, version, begin, end)
    for number, chunk in enumerate(chunks, begin):
        piece = key.open_one(number, chunk, last=number == version.chunks - 1)
        offset = number * CHUNK
        yield piece[max(wanted.first - offset, 0) : wanted.last + 1 - offset]


def _chunks(
    platform: Platform, actor: Actor, version: DocumentVersion, begin: int = 0, end: int | None = None
) -> Iterator[bytes]:
    end = version.chunks if end is None else end
    for first in range(begin, end, BATCH):
        wanted = range(first, min(first + BATCH, end))
        with platform.begin(actor) as work:
            query = select(DocumentChunk.ciphertext).where(
                DocumentChunk.version_id == version.id, DocumentChunk.number.in_(wanted)
            )
            rows = work.session.scalars(query.order_by(DocumentChunk.number)).all()
        if len(rows) != len(wanted):
            raise Corrupt("A part of the document is missing, or is no longer open to this reader.")
        yield from rows
