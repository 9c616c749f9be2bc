"""What the verdict of a release depends on, gathered from the services that know; locked where it must hold.

The answer crosses to parties that do not see the declaration or the title: they learn whether and since when,
never the number, the channel, the duty, or who traded the title before.
"""

from uuid import UUID

from sqlalchemy import select

from isthmus_platform import declarations, parties, title
from isthmus_platform.database import Work, on_duty
from isthmus_platform.logistics import financing
from isthmus_platform.logistics.records import RELEASE, CargoRelease, ReleaseHold
from isthmus_platform.logistics.verdict import CustomsFact, Facts, Obstacle, TitleFact, TransportDocument
from isthmus_platform.title import locking, reading
from isthmus_platform.title.records import REGISTER


def gather(work: Work, release: CargoRelease, *, lock: bool = False) -> Facts:
    """Return the facts of ``release``; with ``lock`` none that held is taken back until the transaction ends.

    The caller has the release's own lock then, under which its holds and the word on freight are changed.
    What a bank lends meanwhile comes after, and is judged when the cargo is picked up.
    """
    found, standing = _title(work, release.shipment_id, lock=lock)
    blocks = standing.blocks if standing is not None else ()
    holds = [
        Obstacle("CUSTOMS HOLD", block.by, block.since, block.reason)
        for block in blocks
        if block.kind == "HOLD"
    ]
    names = _names(work, release)
    return Facts(
        document=TransportDocument(release.document),
        carrier=names[release.carrier_id],
        consignee=names[release.consignee_id],
        declarant=names[release.party_id],
        opened_at=release.opened_at,
        title=found,
        customs=_customs(work, release.shipment_id, lock=lock),
        freight_paid_at=release.freight_paid_at,
        freight_since=release.freight_stated_at,
        liens=tuple(
            Obstacle("LIEN", block.by, block.since, block.reason) for block in blocks if block.kind == "LIEN"
        ),
        financing=financing.obstacles(work, release, lock=lock),
        holds=(*holds, *_own_holds(work, release.id)),
    )


def _names(work: Work, release: CargoRelease) -> dict[UUID, str]:
    ids = (release.carrier_id, release.consignee_id, release.party_id)
    return {party.id: party.name for party in parties.get_many(work, ids).values()}


def _title(work: Work, shipment_id: UUID, *, lock: bool) -> tuple[TitleFact | None, title.Standing | None]:
    with on_duty(work, REGISTER):
        standing = title.holder_of(work, shipment_id)
        if standing is None:
            return None, None
        if lock:
            locking.row(work, standing.title_id)
            standing = title.standing(work, standing.title_id)
        surrendered_by = reading.get(work, standing.title_id).surrendered_by
    named = parties.get_many(work, filter(None, (standing.holder, surrendered_by)))
    fact = TitleFact(
        surrendered=standing.surrendered,
        state=standing.state.value,
        since=standing.since,
        holder=None if standing.holder is None else named[standing.holder].name,
        surrendered_by=None if surrendered_by is None else named[surrendered_by].name,
    )
    return fact, standing


def _customs(work: Work, shipment_id: UUID, *, lock: bool) -> CustomsFact | None:
    with on_duty(work, RELEASE):
        found = declarations.newest(work, shipment_id, lock=lock)
    if found is None:
        return None
    if found.status == "RELEASED" and found.released_at is not None:
        return CustomsFact(released=True, since=found.released_at, filed_at=found.created_at)
    return CustomsFact(released=False, since=found.created_at, filed_at=found.created_at)


def _own_holds(work: Work, release_id: UUID) -> list[Obstacle]:
    with on_duty(work, RELEASE):
        rows = work.session.scalars(
            select(ReleaseHold)
            .where(ReleaseHold.release_id == release_id, ReleaseHold.lifted_at.is_(None))
            .order_by(ReleaseHold.id)
        ).all()
    names = parties.get_many(work, {row.party_id for row in rows})
    return [Obstacle(f"{row.kind} HOLD", names[row.party_id].name, row.placed_at, row.reason) for row in rows]
