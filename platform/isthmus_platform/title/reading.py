"""What is told of titles, and to whom; and the file that verifies itself.

A title is seen by its issuer, by those who hold or held it, by a party whose lien or hold was on it, by the
shipment's owner and its agents, and by whoever has the owner's grant of the shipment or its bill of lading.
Names go no further than they must: of the steps each sees its own, and only the issuer and the present holder
see all; who holds the title now is not told to those who are done with it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select

from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.documents import Document
from isthmus_platform.errors import NotPermitted
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment
from isthmus_platform.title import blocks, chain
from isthmus_platform.title.chain import Kind, Phase, SignedStep
from isthmus_platform.title.errors import Block, NoSuchTitle
from isthmus_platform.title.records import TitleBlock, TitleRecord, TitleStep

BILL_OF_LADING = "705"


@dataclass(frozen=True)
class Standing:
    """How a title stands: ``state``, who ``holder`` is (a party's id), and what ``blocks`` it.

    ``holder`` has exclusive control; ``named`` is the party it is made out to, None in blank. Both are None
    where the reader is not ``told``. ``since`` is the time of the last step.
    """

    title_id: UUID
    shipment_id: UUID
    number: str
    version: int
    state: Phase
    issuer: UUID
    holder: UUID | None
    named: UUID | None
    told: bool
    since: datetime
    blocks: tuple[Block, ...]

    @property
    def free(self) -> bool:
        """Whether neither a lien nor a hold stands on it."""
        return not self.blocks

    @property
    def surrendered(self) -> bool:
        """Whether its issuer has it back for delivery of the goods."""
        return self.state is Phase.SURRENDERED


def get(work: Work, title_id: UUID) -> TitleRecord:
    """Return a title that the actor sees; raise :class:`NoSuchTitle`."""
    found = work.session.scalar(select(TitleRecord).where(TitleRecord.id == title_id))
    if found is None:
        raise NoSuchTitle("There is no such title.", field="title")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[TitleRecord]:
    """Return titles that the actor sees, newest first, those before ``after``."""
    query = select(TitleRecord).order_by(TitleRecord.id.desc()).limit(first)
    if after is not None:
        query = query.where(TitleRecord.id < after)
    return work.session.scalars(query).all()


def standing(work: Work, title_id: UUID) -> Standing:
    """Return how a title stands, as far as the actor is told; raise :class:`NoSuchTitle`."""
    record = get(work, title_id)
    return standings(work, [record])[record.id]


def holder_of(work: Work, shipment_id: UUID) -> Standing | None:
    """Return how the newest bill of lading of a shipment stands; None where there is none that one sees."""
    found = newest(work, [shipment_id]).get(shipment_id)
    return None if found is None else standings(work, [found])[found.id]


def newest(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, TitleRecord]:
    """Return the newest bill of lading of each shipment, of those that the actor sees, by shipment."""
    query = select(TitleRecord).where(
        TitleRecord.shipment_id.in_(shipment_ids), TitleRecord.kind == Kind.BILL_OF_LADING.value
    )
    return {record.shipment_id: record for record in work.session.scalars(query.order_by(TitleRecord.id))}


def standings(work: Work, records: Sequence[TitleRecord]) -> dict[UUID, Standing]:
    """Return how these titles stand, by id."""
    ids = [record.id for record in records]
    told = _told(work, records)
    standing_on: dict[UUID, list[TitleBlock]] = {one: [] for one in ids}
    found = blocks.standing_on(work, ids)
    for block in found:
        standing_on[block.title_id].append(block)
    names = blocks.whose(work, found)
    return {
        record.id: Standing(
            title_id=record.id,
            shipment_id=record.shipment_id,
            number=record.number,
            version=record.version,
            state=Phase(record.phase),
            issuer=record.issuer_id,
            holder=record.possessor_id if record.id in told else None,
            named=record.named_id if record.id in told else None,
            told=record.id in told,
            since=record.stepped_at,
            blocks=tuple(blocks.told(work, standing_on[record.id], names, whole=_sees_all(work, record))),
        )
        for record in records
    }


def _sees_all(work: Work, record: TitleRecord) -> bool:
    return work.actor.party_id in (record.issuer_id, record.possessor_id)


def _told(work: Work, records: Sequence[TitleRecord]) -> Collection[UUID]:
    """Return the titles whose holder the actor is told.

    These are its own, those it has a lien on, and those of shipments that are its own or were granted to it.
    """
    actor = work.actor.party_id
    told = {
        record.id for record in records if actor in (record.issuer_id, record.possessor_id, record.named_id)
    }
    shipment = exists().where(Shipment.id == TitleRecord.shipment_id)
    bill = exists().where(
        Document.shipment_id == TitleRecord.shipment_id,
        Document.type == BILL_OF_LADING,
        TitleRecord.kind == Kind.BILL_OF_LADING.value,
    )
    lien = exists().where(
        TitleBlock.title_id == TitleRecord.id,
        TitleBlock.party_id == actor,
        TitleBlock.kind == blocks.LIEN,
        TitleBlock.released_at.is_(None),
    )
    wanted = [record.id for record in records if record.id not in told]
    if wanted:
        query = select(TitleRecord.id).where(TitleRecord.id.in_(wanted), or_(shipment, bill, lien))
        told.update(work.session.scalars(query))
    return told


def steps(work: Work, title_ids: Collection[UUID]) -> dict[UUID, list[TitleStep]]:
    """Return the steps of the titles that the actor sees, in their order, by title."""
    query = select(TitleStep).where(TitleStep.title_id.in_(title_ids))
    found: dict[UUID, list[TitleStep]] = {}
    for step in work.session.scalars(query.order_by(TitleStep.title_id, TitleStep.sequence)):
        found.setdefault(step.title_id, []).append(step)
    return found


def export(work: Work, desk: Desk, title_id: UUID) -> bytes:
    """Return the title with all its steps as one file, for its present holder and its issuer alone."""
    record = get(work, title_id)
    if not _sees_all(work, record):
        raise NotPermitted(
            "The title's file is its holder's and its issuer's.", field="title", code="not_holder"
        )
    found = steps(work, [title_id])[title_id]
    names = parties.get_many(work, {step.actor_id for step in found})
    owners = {(step.x, names[step.actor_id].name) for step in found}
    signed = [SignedStep(step.token, step.digest, step.kid, step.x) for step in found]
    return chain.export(desk, str(title_id), signed, owners, max(work.now, record.stepped_at))
