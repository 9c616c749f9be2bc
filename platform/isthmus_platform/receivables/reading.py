"""Reading receivables: the seller its own, a bank what it was offered and what it accepted."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.database import Work
from isthmus_platform.receivables.errors import NoSuchOffer
from isthmus_platform.receivables.machine import TAKEN, Action, Part, State, steps_of
from isthmus_platform.receivables.records import (
    Receivable,
    ReceivableEntry,
    ReceivableNotice,
    ReceivableOffer,
)
from isthmus_platform.receivables.register import STEPS
from isthmus_platform.receivables.stepping import part_of

MADE_OTHERWISE = frozenset({Action.QUOTE, Action.REPAY})
"""Steps of a party that have a change of their own."""


def get(work: Work, receivable_id: UUID) -> Receivable:
    """Return a receivable of the seller's, or one that the acting bank accepted; else :class:`NotFound`."""
    found = work.session.scalar(select(Receivable).where(Receivable.id == receivable_id))
    if found is None:
        raise NoSuchOffer("There is no such receivable.", field="receivable")
    return found


def offer_of(work: Work, offer_id: UUID) -> ReceivableOffer:
    """Return an offer that the actor made or was made; else :class:`NotFound`."""
    found = work.session.scalar(select(ReceivableOffer).where(ReceivableOffer.id == offer_id))
    if found is None:
        raise NoSuchOffer("There is no such offer.", field="offer")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[Receivable]:
    """Return receivables that the actor sees, newest first, those before ``after``."""
    query = select(Receivable).order_by(Receivable.id.desc()).limit(first)
    return work.session.scalars(query if after is None else query.where(Receivable.id < after)).all()


def offers(
    work: Work, *, states: Collection[State] = (), after: UUID | None = None, first: int = 50
) -> Sequence[ReceivableOffer]:
    """Return offers that the actor made or was made, newest first, those before ``after``."""
    query = select(ReceivableOffer).order_by(ReceivableOffer.id.desc()).limit(first)
    if states:
        query = query.where(ReceivableOffer.state.in_([state.value for state in states]))
    return work.session.scalars(query if after is None else query.where(ReceivableOffer.id < after)).all()


def notices(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[ReceivableNotice]:
    """Return what the actor was told, newest first, before ``after``."""
    query = (
        select(ReceivableNotice)
        .where(ReceivableNotice.party_id == work.actor.party_id)
        .order_by(ReceivableNotice.id.desc())
        .limit(first)
    )
    return work.session.scalars(query if after is None else query.where(ReceivableNotice.id < after)).all()


def offers_of(work: Work, receivable_ids: Collection[UUID]) -> dict[UUID, list[ReceivableOffer]]:
    """Return the offers of each receivable that the actor sees: a bank sees its own alone."""
    found: dict[UUID, list[ReceivableOffer]] = {}
    query = select(ReceivableOffer).where(ReceivableOffer.receivable_id.in_(receivable_ids))
    for row in work.session.scalars(query.order_by(ReceivableOffer.id)):
        found.setdefault(row.receivable_id, []).append(row)
    return found


def offers_of_shipments(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, list[ReceivableOffer]]:
    """Return the offers of each shipment's invoices, of those whose invoice the actor may know too."""
    found: dict[UUID, list[ReceivableOffer]] = {}
    rows = work.session.execute(
        select(Receivable.shipment_id, ReceivableOffer)
        .join(ReceivableOffer, ReceivableOffer.receivable_id == Receivable.id)
        .where(Receivable.shipment_id.in_(shipment_ids))
        .order_by(ReceivableOffer.id)
    )
    for shipment_id, row in rows:
        found.setdefault(shipment_id, []).append(row)
    return found


def offers_with(work: Work, party_id: UUID) -> list[ReceivableOffer]:
    """Return the offers between the actor and a party, of those whose invoice the actor may know."""
    near = (ReceivableOffer.party_id == party_id) | (ReceivableOffer.bank_id == party_id)
    query = select(ReceivableOffer).join(Receivable, Receivable.id == ReceivableOffer.receivable_id)
    return list(work.session.scalars(query.where(near).order_by(ReceivableOffer.id)))


def receivables_of(work: Work, offer_ids: Collection[UUID]) -> dict[UUID, Receivable]:
    """Return the invoice of each offer, of those that the actor may know."""
    rows = work.session.execute(
        select(ReceivableOffer.id, Receivable)
        .join(Receivable, Receivable.id == ReceivableOffer.receivable_id)
        .where(ReceivableOffer.id.in_(offer_ids))
    )
    return {row[0]: row[1] for row in rows}


def many(work: Work, receivable_ids: Collection[UUID]) -> dict[UUID, Receivable]:
    """Return those of the receivables that the actor sees."""
    rows = work.session.scalars(select(Receivable).where(Receivable.id.in_(receivable_ids)))
    return {row.id: row for row in rows}


def many_offers(work: Work, offer_ids: Collection[UUID]) -> dict[UUID, ReceivableOffer]:
    """Return those of the offers that the actor sees."""
    rows = work.session.scalars(select(ReceivableOffer).where(ReceivableOffer.id.in_(offer_ids)))
    return {row.id: row for row in rows}


def entries(work: Work, offer_ids: Collection[UUID]) -> dict[UUID, list[ReceivableEntry]]:
    """Return the history of each offer, in its order."""
    found: dict[UUID, list[ReceivableEntry]] = {}
    query = select(ReceivableEntry).where(ReceivableEntry.offer_id.in_(offer_ids))
    for row in work.session.scalars(query.order_by(ReceivableEntry.sequence)):
        found.setdefault(row.offer_id, []).append(row)
    return found


def revealed(work: Work, offer: ReceivableOffer) -> bool:
    """Say whether the actor may know whose invoice it is: the seller always, the bank once it accepted."""
    return part_of(work, offer) is Part.SELLER or State(offer.state) in TAKEN


def steps(work: Work, offer: ReceivableOffer) -> list[Action]:
    """Return what the actor may do of an offer as it stands; what a step needs beside is not looked at."""
    return [
        action
        for action in steps_of(part_of(work, offer), State(offer.state))
        if action in STEPS | MADE_OTHERWISE
    ]
