"""Reading another's document: let through and recorded, or refused and recorded, as if it were absent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from isthmus_platform import access_log, contents, documents, domain_events, emergencies, grants
from isthmus_platform.access_log import Access, Action
from isthmus_platform.database import Actor, Duty, Platform, Work
from isthmus_platform.documents import Document, DocumentVersion, NoSuchDocument
from isthmus_platform.encryption import Vault, VersionKey
from isthmus_platform.errors import NotPermitted

REFUSAL = Duty("refusal")


class FieldsOnly(NotPermitted):
    """The reader was granted some fields of the document, and asked for all of it."""

    code = "fields_only"

    def __init__(self, document_id: UUID) -> None:
        super().__init__("You were granted some of its fields: ask for its data.", field="document")
        self.document_id = document_id


@dataclass(frozen=True)
class Opened:
    """A version the actor may read, and the key to its contents (see :func:`contents.contents`)."""

    document: Document
    version: DocumentVersion
    key: VersionKey


def look(work: Work, document_id: UUID) -> Document:
    """Return a document's metadata, recorded for its owner; raises :class:`NoSuchDocument`."""
    document = documents.get(work, document_id)
    record(work, document, Action.METADATA, None)
    return document


def open_contents(work: Work, vault: Vault, document_id: UUID, number: int | None = None) -> Opened:
    """Return what it takes to read a version's contents, recorded for its owner (None: the newest).

    Raises :class:`NoSuchDocument`, :class:`FieldsOnly`, :class:`NotFound` for the version, :class:`Corrupt`
    for its key.
    """
    document = documents.get(work, document_id)
    if grants.open_fields(work, [document])[document_id] is not None:
        raise FieldsOnly(document_id)
    version = documents.version(work, document_id, number)
    record(work, document, Action.CONTENT, version.number)
    return Opened(document, version, contents.version_key(work, vault, version))


def record(work: Work, document: Document, action: Action, number: int | None) -> None:
    """Note the actor's read in the owner's access log, with grant or legal basis; nothing for the owner."""
    reader = work.actor
    if reader.party_id == document.party_id:
        return
    grant = grants.opening(work, document)
    access_log.record(
        work,
        Access(
            document.party_id,
            reader.party_id,
            action,
            purpose=grant.purpose if grant else emergencies.basis_for(work, document.shipment_id),
            document_id=document.id,
            document_version=number,
            shipment_id=document.shipment_id,
            grant_id=grant.id if grant else None,
            ucr=document.ucr,
        ),
    )
    if action is Action.CONTENT:
        domain_events.announce(
            work,
            "document.read",
            about={
                "document": str(document.id),
                "version": number,
                "grant": str(grant.id) if grant else None,
            },
        )


@contextmanager
def attempt(platform: Platform, actor: Actor, action: Action, *, request_id: str = "-") -> Iterator[None]:
    """Let :class:`NoSuchDocument` pass, after the owner of the document, if there is one, was told of it.

    The reader's own transaction must be closed inside (it is rolled back); the refusal gets one of its own.
    """
    try:
        yield
    except NoSuchDocument as refusal:
        record_refusal(platform, actor, refusal.document_id, action, request_id=request_id)
        raise
    except FieldsOnly as refusal:
        record_refusal(
            platform, actor, refusal.document_id, action, request_id=request_id, reason=refusal.code
        )
        raise


def record_refusal(
    platform: Platform,
    actor: Actor,
    document_id: UUID,
    action: Action,
    *,
    request_id: str = "-",
    reason: str | None = None,
) -> None:
    """Tell the owner of the document that ``actor`` was refused it, and why.

    Where there is no such document the same work is done, so that time does not tell one from the other.
    """
    with platform.begin(REFUSAL, request_id=request_id) as work:
        custodian = access_log.custodian_of(work, document_id)
        if custodian is not None and custodian.party_id == actor.party_id:
            return
        shipment_id = document_id if custodian is None else custodian.shipment_id
        held = grants.held_for(work, actor.party_id, document_id=document_id, shipment_id=shipment_id)
        reason = reason or grants.why_not(held, work.now)
        if custodian is None:
            access_log.record_nothing(work)
            return
        if reason is None:
            return
        access_log.record(
            work,
            Access(
                custodian.party_id,
                actor.party_id,
                action,
                reason=reason,
                purpose=held[0].purpose if held else None,
                document_id=document_id,
                shipment_id=custodian.shipment_id,
                grant_id=held[0].id if held else None,
                ucr=custodian.ucr,
            ),
        )
