"""The banks that finance a consignment and did not consent to its release.

Who has no part in a financing learns that a bank finances, and since when the first of them does: neither
which, nor how many, nor by what; a client without ``read:finance`` is told as little of its own party's.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import parties
from isthmus_platform.credit import lending as credit_lending
from isthmus_platform.database import Work, on_duty
from isthmus_platform.lenders import Lender
from isthmus_platform.logistics.machine import State
from isthmus_platform.logistics.records import RELEASE, CargoRelease, ReleaseConsent
from isthmus_platform.logistics.verdict import Obstacle
from isthmus_platform.parties import Party
from isthmus_platform.receivables import lending as receivable_lending


def lenders(work: Work, shipment_ids: Collection[UUID]) -> list[Lender]:
    """Return the banks whose money is in these consignments, whether they consented or not."""
    return [*receivable_lending.lenders(work, shipment_ids), *credit_lending.lenders(work, shipment_ids)]


def obstacles(
    work: Work, releases: Collection[CargoRelease], *, lock: bool
) -> dict[UUID, tuple[Obstacle, ...]]:
    """Return what of it stands against each release, by id; with ``lock`` no consent is withdrawn meanwhile.

    What was lent once the cargo was handed out was not lent on it. A bank that lent on several consignments
    at once consents to each.
    """
    shipment_ids = [release.shipment_id for release in releases]
    query = (
        select(ReleaseConsent)
        .where(ReleaseConsent.shipment_id.in_(shipment_ids), ReleaseConsent.withdrawn_at.is_(None))
        .order_by(ReleaseConsent.id)
    )
    if lock:
        query = query.with_for_update(read=True).execution_options(populate_existing=True)
    with on_duty(work, RELEASE):
        consents = work.session.scalars(query).all()
    covered = {(one.shipment_id, one.party_id, lent_id) for one in consents for lent_id in one.covers}
    open_ = [
        one
        for one in lenders(work, shipment_ids)
        if (one.shipment_id, one.bank_id, one.lent_id) not in covered
    ]
    names = parties.get_many(work, {one.bank_id for one in open_ if _may_know(work, one)})
    return {release.id: _against(work, release, open_, names) for release in releases}


def _may_know(work: Work, lender: Lender) -> bool:
    return lender.told and work.actor.has("read:finance")


def _against(
    work: Work, release: CargoRelease, open_: Collection[Lender], names: Mapping[UUID, Party]
) -> tuple[Obstacle, ...]:
    gone_at = release.changed_at if release.state == State.PICKED_UP else None
    lent = [
        one
        for one in open_
        if one.shipment_id == release.shipment_id and (gone_at is None or one.since <= gone_at)
    ]
    own = [one for one in lent if _may_know(work, one)]
    told = [Obstacle(one.lending.value, names[one.bank_id].name, one.since, None) for one in own]
    untold = [one.since for one in lent if not _may_know(work, one)]
    return (*told, *([Obstacle("FINANCING", None, min(untold), None)] if untold else []))
