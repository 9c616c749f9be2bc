"""Grants by which a submitted shipping instruction is open to the carrier: they end with its booking."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import grants, parties
from isthmus_platform.database import Work, on_duty
from isthmus_platform.documents import Document
from isthmus_platform.grants import GrantDraft, Purpose
from isthmus_platform.logistics.booking_records import Booking, InstructionGrant

ENDS = "instruction-ends"
"""The duty by which either side of a booking sees and ends the grants that its instructions made."""


def open_to_carrier(work: Work, booking: Booking, document: Document) -> None:
    """Open the document to the carrier for a year, or until the booking is given up.

    What its owner opened to the carrier itself is left as it is. What an instruction of another booking
    opened serves this one too, and ends with the last of them.
    """
    held = [
        each
        for each in grants.held_for(
            work, booking.carrier_id, document_id=document.id, shipment_id=document.shipment_id
        )
        if each.in_force(work.now) and each.fields is None
    ]
    with on_duty(work, ENDS):
        made = _made(work, [each.id for each in held])
        lasting = [each for each in grants.by_ids(work, made, lock=True) if each.in_force(work.now)]
    if len(made) < len(held):
        return
    if lasting:
        granted = lasting[0].id
    else:
        carrier = parties.get(work, booking.carrier_id).name
        until = work.now + grants.LONGEST_GRANT
        draft = GrantDraft(carrier, Purpose.LOGISTICS.value, until, documents=(document.id,))
        granted = grants.grant(work, draft).id
    if work.session.get(InstructionGrant, (booking.id, granted)) is None:
        work.session.add(InstructionGrant(booking_id=booking.id, grant_id=granted, opened_at=work.now))
        work.session.flush()


def _made(work: Work, grant_ids: Iterable[UUID], *, standing: bool = False) -> set[UUID]:
    """Return those of the grants that instructions made; ``standing``: for a booking that is not given up."""
    query = select(InstructionGrant.grant_id).where(InstructionGrant.grant_id.in_(set(grant_ids)))
    return set(work.session.scalars(query.where(InstructionGrant.ended_at.is_(None)) if standing else query))


def end(work: Work, booking: Booking) -> None:
    """End what the instructions of a booking opened, and what was passed on from it.

    A grant that serves another booking, which is not given up, stays.
    """
    mine = select(InstructionGrant).where(
        InstructionGrant.booking_id == booking.id, InstructionGrant.ended_at.is_(None)
    )
    with on_duty(work, ENDS):
        ended = {each.grant_id: each for each in work.session.scalars(mine)}
        held = grants.by_ids(work, ended, lock=True)
        for each in ended.values():
            each.ended_at = work.now
        work.session.flush()
        over = {each.id for each in held} - _made(work, ended, standing=True)
        grants.end(work, [each for each in held if each.id in over])
