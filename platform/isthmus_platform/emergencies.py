"""Breaking the glass: an authority reads a consignment's documents without a grant, on a legal basis.

It says why and by which law, it gets a day, and the owner sees it at once: as an entry in its access log, and
as the domain event ``documents.opened_by_authority``. Each read after it is in the log too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import access_log, domain_events
from isthmus_platform.access_log import Access, Action
from isthmus_platform.database import Base, PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import InvalidInput, NotFound

LASTS = timedelta(hours=24)
SHORTEST, LONGEST = 10, 500


class EmergencyAccess(Base):
    """That ``reader_id`` may read a shipment's documents until a time, and by which law."""

    __tablename__ = "emergency_access"
    __table_args__ = (
        Index("ix_emergency_access_reader_id_shipment_id", "reader_id", "shipment_id"),
        Index("ix_emergency_access_party_id_id", "party_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    legal_basis: Mapped[str]
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    valid_until: Mapped[datetime]


def break_glass(work: Work, ucr: str, *, legal_basis: str, reason: str) -> Sequence[EmergencyAccess]:
    """Open the documents of every shipment with this UCR to the acting authority, and tell their owners.

    Raises :class:`NotPermitted` for anybody but an authority, :class:`InvalidInput` without a legal basis
    (citation) and a reason, :class:`NotFound` for a UCR that nobody has.
    """
    work.actor.require(PartyRole.AUTHORITY)
    basis, why = _said(legal_basis, "legalBasis"), _said(reason, "reason")
    with on_duty(work, "refusal"):
        custodians = access_log.custodians_of_ucr(work, ucr)
    if not custodians:
        raise NotFound("There is no such consignment.", field="ucr")
    opened = [
        {
            "id": new_id(),
            "party_id": each.party_id,
            "reader_id": work.actor.party_id,
            "shipment_id": each.shipment_id,
            "legal_basis": basis,
            "reason": why,
            "opened_at": work.now,
            "valid_until": work.now + LASTS,
        }
        for each in custodians
    ]
    work.session.execute(insert(EmergencyAccess).values(opened))
    for each in custodians:
        access_log.record(
            work,
            Access(
                each.party_id,
                work.actor.party_id,
                Action.BREAK_GLASS,
                purpose=basis,
                shipment_id=each.shipment_id,
                ucr=ucr,
            ),
        )
        domain_events.announce(
            work,
            "documents.opened_by_authority",
            about={"shipment": str(each.shipment_id), "owner": str(each.party_id), "legalBasis": basis},
        )
    ids = [row["id"] for row in opened]
    query = select(EmergencyAccess).where(EmergencyAccess.id.in_(ids)).order_by(EmergencyAccess.id)
    return work.session.scalars(query).all()


def basis_for(work: Work, shipment_id: UUID) -> str | None:
    """Return the legal basis by which the actor reads the shipment's documents, if it broke the glass."""
    return work.session.scalar(
        select(EmergencyAccess.legal_basis)
        .where(
            EmergencyAccess.reader_id == work.actor.party_id,
            EmergencyAccess.shipment_id == shipment_id,
            EmergencyAccess.valid_until > work.now,
        )
        .order_by(EmergencyAccess.id.desc())
        .limit(1)
    )


def _said(value: str, field: str) -> str:
    text = value.strip()
    if not SHORTEST <= len(text) <= LONGEST or not text.isprintable():
        raise InvalidInput(
            f"Say it in {SHORTEST} to {LONGEST} characters on one line.", field=field, code="length"
        )
    return text
