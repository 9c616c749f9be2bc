"""Issuing papers: a document whose contents are its data, signed by who issues it, encrypted like any other.

A reader's grant may open some fields alone: then it gets the data, and the signed file, of these fields. The
owner's access log has each read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import contents, documents, domain_events, grants, parties, reading, uploads
from isthmus_platform.access_log import Action
from isthmus_platform.contents import DocumentChunk, OwnerKey
from isthmus_platform.database import Base, Duty, Platform, Work, on_duty
from isthmus_platform.documents import Document, DocumentVersion
from isthmus_platform.encryption import Corrupt, Vault
from isthmus_platform.errors import Conflict, NotFound
from isthmus_platform.papers import dcsa_ebl, plain, signing, ubl
from isthmus_platform.papers.kinds import Paper, code_of
from isthmus_platform.papers.signing import MEDIA_TYPE, Desk, Issue
from isthmus_platform.screening import asked

LARGEST = 4 * 1024 * 1024
"""Bytes of a signed file."""
STATUS = "document-status"
AT_ONCE = 1024
"""The status list grows by so many documents, so that its size does not count them."""


class PartyKey(Base):
    """A party's key for its documents (Ed25519), sealed under the party's own key; the newest one signs."""

    __tablename__ = "party_key"
    __table_args__ = (UniqueConstraint("party_id", "kid"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kid: Mapped[str]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]


class IssuedPaper(Base):
    """A version whose contents are a signed paper; ``status_index`` is its place in the status list."""

    __tablename__ = "issued_paper"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "party_id"], ["document_version.id", "document_version.party_id"]
        ),
        UniqueConstraint("status_index"),
        Index("ix_issued_paper_document_id_number", "document_id", "number"),
        Index("ix_issued_paper_revoked", "status_index", postgresql_where="revoked_at IS NOT NULL"),
    )

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    document_id: Mapped[UUID]
    number: Mapped[int]
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    kid: Mapped[str]
    status_index: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Said:
    """What a reader gets of a paper: the fields that are open to it, as JSON, and how it stands."""

    issued: IssuedPaper
    type: str
    data: dict[str, Any]
    whole: bool
    """Whether all of it is open to the reader."""


def issue(
    work: Work, desk: Desk, reference: str, paper: Paper, *, title: str | None = None
) -> DocumentVersion:
    """Sign ``paper`` as the acting party and store it as a new document of the shipment ``reference``.

    Only the shipment's owner, or an agent under its delegation, may; the agent signs in its own name.
    """
    upload = uploads.begin_upload(
        work, desk.vault, reference, type_code=code_of(paper), title=title, media_type=MEDIA_TYPE
    )
    return _store(work, desk, upload, paper, 1)


def issue_again(work: Work, desk: Desk, document_id: UUID, paper: Paper) -> DocumentVersion:
    """Sign ``paper`` as a further version of a document of the same type; earlier ones are revoked."""
    document = documents.get(work, document_id)
    if document.type != code_of(paper):
        raise Conflict("The document is of another type.", field="type", code="other_type")
    upload = uploads.begin_version(work, desk.vault, document_id, media_type=MEDIA_TYPE)
    number = documents.version(work, document_id).number + 1
    revoke(work, document_id)
    return _store(work, desk, upload, paper, number)


def _store(work: Work, desk: Desk, upload: uploads.Upload, paper: Paper, number: int) -> DocumentVersion:
    if paper.beyond is not None:
        # Refuses a paper that says otherwise than the document it came from.
        (dcsa_ebl if dcsa_ebl.is_kept(paper) else ubl).write(paper)
    seed, kid = signing_seed(work, desk.vault)
    status = work.session.scalars(select(func.nextval("document_status"))).one()
    issuer = parties.get(work, work.actor.party_id).name
    given = Issue(issuer, str(upload.key.version_id), number, upload.type, work.now, status)
    file = signing.sign(desk, seed, given, plain.to_json(paper))
    with upload.receive(BytesIO(file).read, LARGEST) as received:
        version = uploads.write(work, upload, received)
    if version.number != number:
        raise Conflict("Another version came in between; try again.", code="version_taken")
    work.session.add(
        IssuedPaper(
            version_id=version.id,
            party_id=version.party_id,
            document_id=version.document_id,
            number=number,
            issuer_id=work.actor.party_id,
            kid=kid,
            status_index=status,
            issued_at=work.now,
        )
    )
    work.session.flush()
    domain_events.announce(
        work, "document.issued", about={"document": str(version.document_id), "version": number}
    )
    asked.ask(work, asked.Thing.DOCUMENT, version.document_id, version.party_id)
    return version


def signing_seed(work: Work, vault: Vault) -> tuple[bytes, str]:
    """Return the acting party's newest key and its ``kid``; one is made on first use."""
    party_id = work.actor.party_id
    newest = select(PartyKey).where(PartyKey.party_id == party_id).order_by(PartyKey.id.desc()).limit(1)
    known = work.session.scalar(newest)
    if known is not None:
        return _unsealed(work, vault, known), known.kid
    seed, kid = signing.new_seed()
    under = contents.new_version_key(work, vault, party_id)
    sealed = b"".join(under.seal([seed]))
    work.session.add(
        PartyKey(id=under.version_id, party_id=party_id, kid=kid, sealed=sealed, created_at=work.now)
    )
    work.session.flush()
    return seed, kid


def _unsealed(work: Work, vault: Vault, key: PartyKey) -> bytes:
    wrapped = work.session.scalar(select(OwnerKey.wrapped).where(OwnerKey.party_id == key.party_id))
    if wrapped is None:
        raise Corrupt("The party's key is missing.")
    return b"".join(vault.version_key(key.party_id, wrapped, key.id).open([key.sealed]))


def revoke(work: Work, document_id: UUID) -> Document:
    """Revoke every issued version of a document; only its owner or an agent of it may. Again is no change."""
    document = documents.get(work, document_id)
    if not work.session.scalar(select(func.acts_for(document.party_id))):
        raise NotFound("There is no such document of yours.", field="document")
    work.session.execute(
        update(IssuedPaper)
        .where(IssuedPaper.document_id == document_id, IssuedPaper.revoked_at.is_(None))
        .values(revoked_at=work.now)
    )
    return document


def said(work: Work, vault: Vault, rows: Sequence[Document]) -> dict[UUID, Said]:
    """Return what each document says, of the fields open to the actor; a reader's read is recorded.

    Documents that were only ever stored as files have no data and are left out.
    """
    files = _files(work, vault, rows)
    opened = grants.open_fields(work, rows)
    found: dict[UUID, Said] = {}
    for row in rows:
        if row.id in files:
            issued, file = files[row.id]
            found[row.id] = Said(issued, row.type, signing.said(file, opened[row.id]), opened[row.id] is None)
            reading.record(work, row, Action.CONTENT, issued.number)
    return found


def newest(work: Work, document_ids: Collection[UUID]) -> dict[UUID, IssuedPaper]:
    """Return the newest issued version of each document that has one."""
    by_number = (
        select(IssuedPaper).where(IssuedPaper.document_id.in_(document_ids)).order_by(IssuedPaper.number)
    )
    return {each.document_id: each for each in work.session.scalars(by_number)}


def signed_file(work: Work, desk: Desk, document_id: UUID, fields: Collection[str] | None = None) -> bytes:
    """Return the newest signed file of a document, with today's status list, showing ``fields`` alone.

    None shows all that is open to the actor. Raises :class:`NotFound` where there is nothing signed.
    """
    document = documents.get(work, document_id)
    files = _files(work, desk.vault, [document])
    if document_id not in files:
        raise NotFound("The document was stored as a file; it has no data.", field="document", code="no_data")
    issued, file = files[document_id]
    opened = grants.open_fields(work, [document])[document_id]
    reading.record(work, document, Action.CONTENT, issued.number)
    narrow = file if opened is None else signing.narrowed(file, opened)
    with on_duty(work, STATUS):
        status = _status(work, desk)
    return signing.narrowed(narrow, fields, status)


def status_list(platform: Platform, desk: Desk) -> str:
    """Return the signed list of what was revoked, for anybody."""
    with platform.begin(Duty(STATUS)) as work:
        return _status(work, desk)


def _status(work: Work, desk: Desk) -> str:
    last = work.session.scalar(select(func.max(IssuedPaper.status_index)))
    revoked = work.session.scalars(
        select(IssuedPaper.status_index).where(IssuedPaper.revoked_at.is_not(None))
    ).all()
    size = ((-1 if last is None else last) // AT_ONCE + 1) * AT_ONCE
    return signing.status_of(desk, work.now, revoked, size)


def _files(work: Work, vault: Vault, rows: Sequence[Document]) -> dict[UUID, tuple[IssuedPaper, bytes]]:
    """Return the newest signed file of each document, in three statements."""
    issued = newest(work, {row.id for row in rows}).values()
    chunks: dict[UUID, list[bytes]] = {each.version_id: [] for each in issued}
    query = select(DocumentChunk.version_id, DocumentChunk.ciphertext).where(
        DocumentChunk.version_id.in_(chunks)
    )
    for version_id, ciphertext in work.session.execute(query.order_by(DocumentChunk.number)):
        chunks[version_id].append(ciphertext)
    owners = select(OwnerKey).where(OwnerKey.party_id.in_({each.party_id for each in issued}))
    wrapped = {key.party_id: key.wrapped for key in work.session.scalars(owners)}
    found: dict[UUID, tuple[IssuedPaper, bytes]] = {}
    for each in issued:
        if each.party_id not in wrapped:
            raise Corrupt("The owner's key is missing.")
        key = vault.version_key(each.party_id, wrapped[each.party_id], each.version_id)
        found[each.document_id] = each, b"".join(key.open(chunks[each.version_id]))
    return found
