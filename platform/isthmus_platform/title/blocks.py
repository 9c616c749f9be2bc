"""What keeps a title where it is: the lien of a financing bank, the hold of customs.

Both are placed under the lock of the title that a step takes too, so that a step sees all that stands, and
nothing slips in behind its back.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import access_log, parties
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.parties import Party
from isthmus_platform.title import locking, telling
from isthmus_platform.title.chain import Phase
from isthmus_platform.title.errors import (
    AlreadyBlocked,
    Block,
    NoSuchTitle,
    NotHolder,
    SurrenderPending,
    TitleBlocked,
    TitleEnded,
)
from isthmus_platform.title.membership import check_members, checked_text
from isthmus_platform.title.records import REGISTER, TitleBlock, TitleRecord

LIEN, HOLD = "LIEN", "HOLD"


def place_lien(work: Work, title_id: UUID, in_favour_of: str, *, reference: str) -> TitleBlock:
    """Pledge the title to a bank: placed by its holder, cleared by the bank alone.

    ``reference`` is the financing's. Raises :class:`NoSuchTitle`, :class:`NotHolder`, :class:`TitleEnded`,
    :class:`SurrenderPending`, :class:`PartySuspended`, :class:`AlreadyBlocked` and :class:`InvalidInput`.
    """
    title = locking.locked(work, title_id)
    _check_pledgeable(title, work.actor.party_id)
    bank = parties.by_name(work, in_favour_of, field="inFavourOf")
    if not bank.has(PartyRole.BANK) or bank.id == work.actor.party_id:
        raise InvalidInput(
            "A lien is in favour of another party, a bank.", field="inFavourOf", code="not_a_bank"
        )
    check_members(work, {work.actor.party_id, bank.id})
    return _placed(work, title, LIEN, bank.id, checked_text(reference, "reference"))


def _check_pledgeable(title: TitleRecord, actor_id: UUID) -> None:
    phase = Phase(title.phase)
    if phase.ended:
        raise TitleEnded("The title has ended; nothing follows.", field="title")
    if title.possessor_id != actor_id:
        raise NotHolder("Only the holder of the title may pledge it.", field="title")
    if phase is not Phase.HELD:
        raise SurrenderPending("The title is surrendered; its issuer answers that first.", field="title")


def place_hold(work: Work, ucr: str, *, legal_basis: str, reason: str) -> list[TitleBlock]:
    """Hold every live title of the consignment ``ucr``; only an authority may, on a legal basis.

    Raises :class:`NotFound` for a consignment without a live title.
    """
    work.actor.require(PartyRole.AUTHORITY)
    basis, why = checked_text(legal_basis, "legalBasis", 500), checked_text(reason, "reason")
    with on_duty(work, "refusal"):
        consignments = {each.shipment_id for each in access_log.custodians_of_ucr(work, ucr)}
    with on_duty(work, REGISTER):
        found = work.session.scalars(
            select(TitleRecord.id).where(TitleRecord.shipment_id.in_(consignments)).order_by(TitleRecord.id)
        ).all()
    titles = [title for title in (locking.row(work, one) for one in found) if not Phase(title.phase).ended]
    if not titles:
        raise NotFound("There is no such consignment with a title.", field="ucr")
    return [_placed(work, title, HOLD, work.actor.party_id, why, basis) for title in titles]


def _placed(
    work: Work, title: TitleRecord, kind: str, party_id: UUID, reason: str, basis: str | None = None
) -> TitleBlock:
    block_id = new_id()
    with on_duty(work, REGISTER):
        added = work.session.scalar(
            insert(TitleBlock)
            .values(
                id=block_id,
                title_id=title.id,
                kind=kind,
                party_id=party_id,
                placed_by=work.actor.party_id,
                reason=reason,
                legal_basis=basis,
                placed_at=work.now,
            )
            .on_conflict_do_nothing()
            .returning(TitleBlock.id)
        )
    if added is None:
        raise AlreadyBlocked("This party's lien or hold stands on the title already.", field="title")
    locking.let_see(work, title.id, [party_id])
    placed = work.session.get_one(TitleBlock, block_id)
    telling.tell_of_block(work, title, placed)
    return placed


def release(work: Work, block_id: UUID) -> TitleBlock:
    """Clear a lien or hold; only the bank, or the authority, whose it is may. Again is no change."""
    block = work.session.scalar(
        select(TitleBlock).where(TitleBlock.id == block_id, TitleBlock.party_id == work.actor.party_id)
    )
    if block is None:
        raise NotFound("There is no such lien or hold of yours.", field="block")
    if block.released_at is None:
        title = locking.row(work, block.title_id)
        work.session.execute(
            update(TitleBlock)
            .where(TitleBlock.id == block_id, TitleBlock.released_at.is_(None))
            .values(released_at=work.now)
        )
        work.session.refresh(block)
        telling.tell_of_block(work, title, block)
    return block


def release_lien(work: Work, title_id: UUID) -> TitleBlock:
    """Clear the acting bank's lien on a title; raise :class:`NotFound` where none stands."""
    return _release_own(work, title_id, LIEN)


def release_hold(work: Work, title_id: UUID) -> TitleBlock:
    """Clear the acting authority's hold on a title; raise :class:`NotFound` where none stands."""
    return _release_own(work, title_id, HOLD)


def release_own(work: Work, title_id: UUID) -> TitleBlock:
    """Clear what the acting party has standing on a title; raise :class:`NotFound` where nothing stands."""
    return _release_own(work, title_id, LIEN, HOLD)


def _release_own(work: Work, title_id: UUID, *kinds: str) -> TitleBlock:
    block_id = work.session.scalar(
        select(TitleBlock.id).where(
            TitleBlock.title_id == title_id,
            TitleBlock.kind.in_(kinds),
            TitleBlock.party_id == work.actor.party_id,
            TitleBlock.released_at.is_(None),
        )
    )
    if block_id is None:
        raise NoSuchTitle("There is no such lien or hold of yours.", field="title")
    return release(work, block_id)


def standing_on(work: Work, title_ids: Sequence[UUID]) -> list[TitleBlock]:
    """Return what stands on the titles, oldest first, whoever sees them."""
    with on_duty(work, REGISTER):
        query = select(TitleBlock).where(TitleBlock.title_id.in_(title_ids), TitleBlock.released_at.is_(None))
        return list(work.session.scalars(query.order_by(TitleBlock.id)))


def check_free(work: Work, title: TitleRecord) -> None:
    """Raise :class:`TitleBlocked`, naming all that stands on ``title``, whose lock the caller has."""
    found = standing_on(work, [title.id])
    if found:
        raise TitleBlocked(told(work, found, whose(work, found)))


def whose(work: Work, found: Iterable[TitleBlock]) -> dict[UUID, Party]:
    """Return the parties whose liens and holds these are, by id."""
    return parties.get_many(work, {block.party_id for block in found})


def told(
    work: Work, found: Sequence[TitleBlock], names: Mapping[UUID, Party], *, whole: bool = True
) -> list[Block]:
    """Return ``found`` in words; not ``whole`` leaves out whose they are and why, but for one's own."""
    own = work.actor.party_id
    return [
        Block(block.kind, names[block.party_id].name, block.placed_at, block.reason)
        if whole or block.party_id == own
        else Block(block.kind, None, block.placed_at, None)
        for block in found
    ]
