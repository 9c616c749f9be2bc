"""Grants: an owner's consent that a named party reads its documents, for a purpose, until a time.

A grant is judged by PostgreSQL at each read (see the policies of migration 0003), so its end and its
revocation hold from the next one. Operator and authority can be granted nothing: contents are not theirs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import documents, parties, shipments
from isthmus_platform.database import Base, PartyRole, Work, new_id, on_duty
from isthmus_platform.documents import Document
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.shipments import ShipmentFilter

LONGEST_GRANT = timedelta(days=366)
MOST_DOCUMENTS = 100
MOST_FIELDS = 100
FIELD = re.compile(r"[a-z][A-Za-z]{0,40}(\.[a-z][A-Za-z]{0,40})?")
PASSING = "grant-passing"
"""The duty by which a reader passes its grant on."""
WITHOUT_PATH = frozenset({PartyRole.OPERATOR, PartyRole.AUTHORITY})


class Purpose(StrEnum):
    """What a reader may use the documents for."""

    TRADE_FINANCE = "TRADE_FINANCE"
    INSURANCE = "INSURANCE"
    LOGISTICS = "LOGISTICS"
    CUSTOMS = "CUSTOMS"


class AccessGrant(Base):
    """Lets ``reader_id`` read some documents of ``party_id``, or a whole shipment with all its documents."""

    __tablename__ = "access_grant"
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        ForeignKeyConstraint(["parent_id", "party_id"], ["access_grant.id", "access_grant.party_id"]),
        Index("ix_access_grant_reader_id_party_id", "reader_id", "party_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"), index=True)
    fields: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """The fields of typed data it opens (``total``, ``lines.amount``), and nothing else; all for None."""
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    """The grant it was passed on from, by that grant's reader."""
    purpose: Mapped[str]
    valid_until: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    def in_force(self, now: datetime) -> bool:
        """Return whether the grant opens anything at ``now``."""
        return self.revoked_at is None and self.valid_until > now


class GrantedDocument(Base):
    """A document a grant opens; the database holds it to documents of the grant's own owner."""

    __tablename__ = "granted_document"
    __table_args__ = (
        ForeignKeyConstraint(["grant_id", "party_id"], ["access_grant.id", "access_grant.party_id"]),
        ForeignKeyConstraint(["document_id", "party_id"], ["document.id", "document.party_id"]),
    )

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    party_id: Mapped[UUID]


@dataclass(frozen=True)
class GrantDraft:
    """What an owner, or its agent, asks to be granted: documents, or one shipment by its id."""

    reader: str
    purpose: str
    valid_until: datetime
    documents: tuple[UUID, ...] = ()
    shipment: UUID | None = None
    fields: tuple[str, ...] | None = None


def grant(work: Work, draft: GrantDraft) -> AccessGrant:
    """Record a grant by the owner of what is granted, or by an agent under its delegation.

    Raises :class:`InvalidInput` naming the field (``reader``, ``documents``, ``purpose``, ``validUntil``) and
    :class:`NotFound` for a document or shipment that is not the actor's to grant, whether it sees it or not.
    """
    wanted = purpose(draft.purpose)
    valid_until = checked_end(work, draft.valid_until)
    owner_id = _owner(work, draft)
    if draft.fields is not None and draft.shipment is not None:
        raise InvalidInput("Fields are of documents: name them.", field="fields", code="fields_of_documents")
    granted = AccessGrant(
        id=new_id(),
        party_id=owner_id,
        reader_id=checked_reader(work, draft.reader, owner_id).id,
        shipment_id=draft.shipment,
        fields=checked_fields(draft.fields),
        purpose=wanted.value,
        valid_until=valid_until,
        created_by=work.actor.party_id,
        created_at=work.now,
    )
    work.session.add(granted)
    work.session.flush()
    work.session.add_all(
        GrantedDocument(grant_id=granted.id, document_id=document_id, party_id=owner_id)
        for document_id in sorted(set(draft.documents))
    )
    work.session.flush()
    return granted


def revoke(work: Work, grant_id: UUID) -> AccessGrant:
    """End a grant now; ending it again changes nothing. Only its owner or an agent of it may."""
    granted = work.session.scalar(
        select(AccessGrant).where(AccessGrant.id == grant_id, func.acts_for(AccessGrant.party_id))
    )
    if granted is None:
        raise NotFound("There is no such grant of yours.", field="grant")
    end(work, [granted])
    return granted


def end(work: Work, given: Sequence[AccessGrant]) -> None:
    """End grants now, as whoever may, with what was passed on from them; what has ended stays as it is."""
    ending = [each for each in given if each.revoked_at is None]
    for each in ending:
        each.revoked_at = work.now
    work.session.flush()
    end_passed_on(work, [each.id for each in ending])


def end_passed_on(work: Work, grant_ids: Sequence[UUID]) -> None:
    """End what was passed on from these grants, and from those, and so on."""
    while grant_ids:
        with on_duty(work, PASSING):
            grant_ids = work.session.scalars(
                update(AccessGrant)
                .where(AccessGrant.parent_id.in_(grant_ids), AccessGrant.revoked_at.is_(None))
                .values(revoked_at=work.now)
                .returning(AccessGrant.id)
            ).all()


def get(work: Work, grant_id: UUID) -> AccessGrant:
    """Return a grant the actor gave or holds, or raise :class:`NotFound`."""
    granted = work.session.scalar(select(AccessGrant).where(AccessGrant.id == grant_id))
    if granted is None:
        raise NotFound("There is no such grant.", field="grant")
    return granted


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[AccessGrant]:
    """Return grants the actor gave (also as an agent) or holds, newest first, those before ``after``."""
    query = select(AccessGrant).order_by(AccessGrant.id.desc()).limit(first)
    if after is not None:
        query = query.where(AccessGrant.id < after)
    return work.session.scalars(query).all()


def of_documents(work: Work, given: Sequence[Document]) -> dict[UUID, list[AccessGrant]]:
    """Return, by document, the grants that name it or its shipment, newest first, for whoever answers for it.

    A document the actor reads by a grant gets an empty list: who else reads it is its owner's business.
    """
    by_document = {document.id: document for document in given}
    named: dict[UUID, set[UUID]] = {}
    rows = work.session.execute(
        select(GrantedDocument.document_id, GrantedDocument.grant_id).where(
            GrantedDocument.document_id.in_(by_document)
        )
    )
    for document_id, grant_id in rows:
        named.setdefault(grant_id, set()).add(document_id)
    grants = work.session.scalars(
        select(AccessGrant)
        .where(
            or_(
                AccessGrant.id.in_(named),
                AccessGrant.shipment_id.in_({document.shipment_id for document in given}),
            ),
            func.acts_for(AccessGrant.party_id),
        )
        .order_by(AccessGrant.id.desc())
    ).all()
    return {
        document.id: [
            each
            for each in grants
            if document.id in named.get(each.id, ()) or each.shipment_id == document.shipment_id
        ]
        for document in given
    }


def documents_of(work: Work, grant_ids: Iterable[UUID]) -> dict[UUID, list[Document]]:
    """Return the documents each grant names (none for a grant of a shipment), as far as visible."""
    pairs = work.session.execute(
        select(GrantedDocument.grant_id, GrantedDocument.document_id)
        .where(GrantedDocument.grant_id.in_(set(grant_ids)))
        .order_by(GrantedDocument.document_id)
    ).all()
    seen = documents.get_many(work, {document_id for _, document_id in pairs})
    found: dict[UUID, list[Document]] = {grant_id: [] for grant_id in grant_ids}
    for grant_id, document_id in pairs:
        if document_id in seen:
            found[grant_id].append(seen[document_id])
    return found


def held_for(
    work: Work, reader_id: UUID, *, document_id: UUID | None, shipment_id: UUID
) -> Sequence[AccessGrant]:
    """Return all grants ever given to ``reader_id`` that open the document or its shipment, newest first."""
    query = select(AccessGrant).where(AccessGrant.reader_id == reader_id)
    query = query.where(or_(AccessGrant.shipment_id == shipment_id, _names(document_id)))
    return work.session.scalars(query.order_by(AccessGrant.id.desc())).all()


def opening(work: Work, document: Document) -> AccessGrant | None:
    """Return the newest grant in force by which the actor reads ``document``, or None for its own people."""
    held = held_for(work, work.actor.party_id, document_id=document.id, shipment_id=document.shipment_id)
    return next((each for each in held if each.in_force(work.now)), None)


def open_fields(work: Work, given: Sequence[Document]) -> dict[UUID, frozenset[str] | None]:
    """Return, by document, the fields open to the actor by its grants in force; None where all are."""
    found: dict[UUID, frozenset[str] | None] = {document.id: None for document in given}
    held = work.session.scalars(
        select(AccessGrant).where(
            AccessGrant.reader_id == work.actor.party_id,
            AccessGrant.party_id.in_({document.party_id for document in given}),
            AccessGrant.revoked_at.is_(None),
            AccessGrant.valid_until > work.now,
        )
    ).all()
    rows = work.session.execute(
        select(GrantedDocument.grant_id, GrantedDocument.document_id).where(
            GrantedDocument.grant_id.in_({each.id for each in held})
        )
    )
    named = {(grant_id, document_id) for grant_id, document_id in rows}
    for document in given:
        opening = [
            each
            for each in held
            if each.shipment_id == document.shipment_id or (each.id, document.id) in named
        ]
        if opening and all(each.fields is not None for each in opening):
            found[document.id] = frozenset(field for each in opening for field in each.fields or ())
    return found


def consents(work: Work, ucr: str, wanted: str) -> Sequence[AccessGrant]:
    """Return the grants in force to the actor, for ``wanted``, of anything of the consignment ``ucr``."""
    opened = [document.id for document in documents.by_ucr(work, ucr)]
    opened_whole = [shipment.id for shipment in shipments.page(work, ShipmentFilter(ucr=ucr))]
    query = select(AccessGrant).where(
        AccessGrant.reader_id == work.actor.party_id,
        AccessGrant.purpose == wanted,
        AccessGrant.fields.is_(None),  # who opened some fields did not consent to any question
        AccessGrant.parent_id.is_(None),
        AccessGrant.revoked_at.is_(None),
        AccessGrant.valid_until > work.now,
        or_(
            AccessGrant.shipment_id.in_(opened_whole),
            exists().where(
                GrantedDocument.grant_id == AccessGrant.id,
                GrantedDocument.document_id.in_(opened),
            ),
        ),
    )
    return work.session.scalars(query.order_by(AccessGrant.id.desc())).all()


def by_ids(work: Work, grant_ids: Iterable[UUID], *, lock: bool = False) -> Sequence[AccessGrant]:
    """Return those of the grants that are visible, newest first; ``lock``: those that the actor may end."""
    query = select(AccessGrant).where(AccessGrant.id.in_(set(grant_ids))).order_by(AccessGrant.id.desc())
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return work.session.scalars(query).all()


def purpose(value: str) -> Purpose:
    """Return the purpose named ``value``, or raise :class:`InvalidInput` (``unknown_purpose``)."""
    try:
        return Purpose(value)
    except ValueError:
        raise InvalidInput(
            f"A purpose is one of {', '.join(Purpose)}.", field="purpose", code="unknown_purpose"
        ) from None


def why_not(held: Sequence[AccessGrant], now: datetime) -> str | None:
    """Return why ``held`` (newest first) opens nothing at ``now``: ``no_grant``, ``revoked``, ``expired``.

    None when one of them is in force.
    """
    if any(each.in_force(now) for each in held):
        return None
    if not held:
        return "no_grant"
    return "expired" if held[0].revoked_at is None else "revoked"


def _names(document_id: UUID | None) -> ColumnElement[bool]:
    return exists().where(
        GrantedDocument.grant_id == AccessGrant.id, GrantedDocument.document_id == document_id
    )


def checked_fields(fields: Sequence[str] | None) -> list[str] | None:
    """Return the fields in order, each once; raises :class:`InvalidInput` for what names none."""
    if fields is None:
        return None
    if not 0 < len(fields) <= MOST_FIELDS:
        raise InvalidInput(f"A grant names 1 to {MOST_FIELDS} fields.", field="fields", code="too_many")
    for each in fields:
        if not FIELD.fullmatch(each):
            raise InvalidInput(
                f"{each[:40]!r} is no field: write total, or lines.amount.", field="fields", code="format"
            )
    return sorted(set(fields))


def _owner(work: Work, draft: GrantDraft) -> UUID:
    """Return the one owner of everything in ``draft``, for whom the actor acts."""
    if bool(draft.documents) == (draft.shipment is not None):
        raise InvalidInput(
            "A grant opens documents or a shipment, one of both.", field="documents", code="one_of"
        )
    if draft.shipment is not None:
        shipment = shipments.get(work, draft.shipment)
        if not work.session.scalar(select(func.acts_for(shipment.party_id))):
            raise NotFound("There is no such shipment of yours.", field="shipment")
        return shipment.party_id
    wanted = set(draft.documents)
    if len(wanted) > MOST_DOCUMENTS:
        raise InvalidInput(
            f"A grant names at most {MOST_DOCUMENTS} documents.", field="documents", code="too_many"
        )
    found = documents.own(work, wanted)
    if len(found) != len(wanted):
        raise NotFound("There is no such document of yours.", field="documents")
    owners = {document.party_id for document in found}
    if len(owners) > 1:
        raise InvalidInput("A grant opens documents of one owner.", field="documents", code="several_owners")
    return owners.pop()


def checked_reader(work: Work, name: str, owner_id: UUID) -> parties.Party:
    """Return who is to read; raises :class:`InvalidInput` for who may not be."""
    reader = parties.by_name(work, name, field="reader")
    if reader.id == owner_id:
        raise InvalidInput("The owner needs no grant.", field="reader", code="own_party")
    if not WITHOUT_PATH.isdisjoint(reader.roles):
        raise InvalidInput(
            "Operator and authority read no documents here.", field="reader", code="role_not_permitted"
        )
    return reader


def checked_end(work: Work, valid_until: datetime) -> datetime:
    """Return when a grant is to end; raises :class:`InvalidInput` unless in the future, in a year at most."""
    if valid_until.tzinfo is None:
        raise InvalidInput("A time has an offset.", field="validUntil", code="no_offset")
    if valid_until <= work.now:
        raise InvalidInput("A grant ends in the future.", field="validUntil", code="not_in_future")
    if valid_until > work.now + LONGEST_GRANT:
        raise InvalidInput("A grant lasts a year at most.", field="validUntil", code="too_long")
    return valid_until
