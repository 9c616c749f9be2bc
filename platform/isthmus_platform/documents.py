"""Documents: a shipment's papers, kept in immutable versions: what there is, for whoever may see it.

How versions come in is in :mod:`uploads`, how they are kept and read in :mod:`contents`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import document_types
from isthmus_platform.database import Base, Work
from isthmus_platform.errors import NotFound


class NoSuchDocument(NotFound):
    """The document does not exist, or not for this reader: one answer for both."""

    def __init__(self, document_id: UUID) -> None:
        super().__init__("There is no such document.", field="document")
        self.document_id = document_id


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
        Index("ix_document_version_party_id_sha256", "party_id", "sha256"),
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
