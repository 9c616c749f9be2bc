"""Passing a grant on: a reader opens to another what was opened to it, or less, for as long or shorter.

It is the owner's grant still: the owner sees it among its own and can end it, and it ends with the one it was
passed on from.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import grants
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.grants import PASSING, AccessGrant, GrantedDocument


@dataclass(frozen=True)
class Passing:
    """What a reader passes on of a grant it holds: documents (all for None) and fields (all for None)."""

    grant: UUID
    reader: str
    valid_until: datetime
    documents: tuple[UUID, ...] | None = None
    fields: tuple[str, ...] | None = None


def pass_on(work: Work, draft: Passing) -> AccessGrant:
    """Pass a grant of documents on, for the same purpose.

    Raises :class:`NotFound` for a grant that the actor does not hold, or no more, and :class:`InvalidInput`
    (``wider``, ``too_long``) for what is not within it.
    """
    held = work.session.scalar(
        select(AccessGrant).where(AccessGrant.id == draft.grant, AccessGrant.reader_id == work.actor.party_id)
    )
    if held is None or not held.in_force(work.now):
        raise NotFound("You hold no such grant.", field="grant")
    if held.shipment_id is not None:
        raise InvalidInput("A grant of a shipment is not passed on.", field="grant", code="whole_shipment")
    fields = grants.checked_fields(draft.fields)
    _check_fields(held, fields)
    if grants.checked_end(work, draft.valid_until) > held.valid_until:
        raise InvalidInput("It lasts no longer than the grant you hold.", field="validUntil", code="too_long")
    reader = grants.checked_reader(work, draft.reader, held.party_id)
    if reader.id == work.actor.party_id:
        raise InvalidInput("You hold it already.", field="reader", code="own_party")
    passed = AccessGrant(
        id=new_id(),
        party_id=held.party_id,
        reader_id=reader.id,
        shipment_id=None,
        fields=fields,
        parent_id=held.id,
        purpose=held.purpose,
        valid_until=draft.valid_until,
        created_by=work.actor.party_id,
        created_at=work.now,
        revoked_at=None,
    )
    named = _documents(work, held, draft.documents)
    with on_duty(work, PASSING):
        work.session.add(passed)
        work.session.flush()
        work.session.add_all(
            GrantedDocument(grant_id=passed.id, document_id=each, party_id=held.party_id) for each in named
        )
        work.session.flush()
    return passed


def take_back(work: Work, grant_id: UUID) -> AccessGrant:
    """End a grant that the actor passed on, and what was passed on from it; again changes nothing."""
    passed = work.session.scalar(
        select(AccessGrant).where(
            AccessGrant.id == grant_id,
            AccessGrant.created_by == work.actor.party_id,
            AccessGrant.parent_id.is_not(None),
        )
    )
    if passed is None:
        raise NotFound("You passed no such grant on.", field="grant")
    if passed.revoked_at is None:
        with on_duty(work, PASSING):
            passed.revoked_at = work.now
            work.session.flush()
        grants.end_passed_on(work, [passed.id])
    return passed


def _check_fields(held: AccessGrant, fields: list[str] | None) -> None:
    """Refuse fields that ``held`` does not open: ``total`` opens ``total.value``, and not the reverse."""
    if held.fields is None:
        return
    for each in fields or [""]:
        if not any(each == open_field or each.startswith(f"{open_field}.") for open_field in held.fields):
            raise InvalidInput(
                "Only fields that were opened to you can be passed on.", field="fields", code="wider"
            )


def _documents(work: Work, held: AccessGrant, wanted: tuple[UUID, ...] | None) -> list[UUID]:
    query = select(GrantedDocument.document_id).where(GrantedDocument.grant_id == held.id)
    opened = set(work.session.scalars(query))
    chosen = opened if wanted is None else set(wanted)
    if not chosen or not chosen <= opened:
        raise InvalidInput(
            "Only documents that were opened to you can be passed on.", field="documents", code="wider"
        )
    return sorted(chosen)
