"""What the verdict of a release depends on, gathered from the services that know; locked where it must hold.

The answer crosses to parties that do not see the declaration or the title: they learn whether and since when,
never the number, the channel, the duty, or who traded the title before.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import declarations, parties
from isthmus_platform.database import Work, on_duty
from isthmus_platform.logistics import financing
from isthmus_platform.logistics.records import RELEASE, CargoRelease, ReleaseHold
from isthmus_platform.logistics.verdict import CustomsFact, Facts, Obstacle, TitleFact, TransportDocument
from isthmus_platform.parties import Party
from isthmus_platform.title import Standing, locking, reading
from isthmus_platform.title.records import REGISTER


@dataclass(frozen=True)
class _Title:
    """How the newest title of a shipment stands, and who surrendered it."""

    standing: Standing
    surrendered_by: UUID | None


def gather(work: Work, releases: Collection[CargoRelease], *, lock: bool = False) -> dict[UUID, Facts]:
    """Return the facts of each release, by id: those of many are read in as many statements as those of one.

    With ``lock`` none that held is taken back until the transaction ends. The caller has the releases' own
    locks then, under which their holds and the word on freight are changed. What a bank lends meanwhile
    comes after, and is judged when the cargo is picked up.
    """
    shipment_ids = [release.shipment_id for release in releases]
    titles = _titles(work, shipment_ids, lock=lock)
    customs = _customs(work, shipment_ids, lock=lock)
    financed = financing.obstacles(work, releases, lock=lock)
    holds = _own_holds(work, [release.id for release in releases])
    names = parties.get_many(work, _named(releases, titles.values(), holds))
    return {
        release.id: Facts(
            document=TransportDocument(release.document),
            carrier=names[release.carrier_id].name,
            consignee=names[release.consignee_id].name,
            declarant=names[release.party_id].name,
            opened_at=release.opened_at,
            title=_title_fact(titles.get(release.shipment_id), names),
            customs=customs.get(release.shipment_id),
            freight_paid_at=release.freight_paid_at,
            freight_since=release.freight_stated_at,
            liens=_blocks("LIEN", "LIEN", titles.get(release.shipment_id)),
            financing=financed[release.id],
            holds=(
                *_blocks("HOLD", "CUSTOMS HOLD", titles.get(release.shipment_id)),
                *(_held(row, names) for row in holds if row.release_id == release.id),
            ),
        )
        for release in releases
    }


def _named(
    releases: Iterable[CargoRelease], titles: Iterable[_Title], holds: Iterable[ReleaseHold]
) -> set[UUID]:
    """Return the parties that the facts name."""
    of_releases = {one for row in releases for one in (row.carrier_id, row.consignee_id, row.party_id)}
    of_titles = {one for title in titles for one in (title.standing.holder, title.surrendered_by) if one}
    return of_releases | of_titles | {row.party_id for row in holds}


def _titles(work: Work, shipment_ids: Collection[UUID], *, lock: bool) -> dict[UUID, _Title]:
    with on_duty(work, REGISTER):
        records = reading.newest(work, shipment_ids)
        if lock:
            for title_id in sorted(record.id for record in records.values()):
                locking.row(work, title_id)  # the record is read anew
        standings = reading.standings(work, list(records.values()))
        return {
            shipment_id: _Title(standings[record.id], record.surrendered_by)
            for shipment_id, record in records.items()
        }


def _title_fact(title: _Title | None, names: Mapping[UUID, Party]) -> TitleFact | None:
    if title is None:
        return None
    standing, given_by = title.standing, title.surrendered_by
    return TitleFact(
        surrendered=standing.surrendered,
        state=standing.state.value,
        since=standing.since,
        holder=None if standing.holder is None else names[standing.holder].name,
        surrendered_by=None if given_by is None else names[given_by].name,
    )


def _blocks(kind: str, told_as: str, title: _Title | None) -> tuple[Obstacle, ...]:
    standing = () if title is None else title.standing.blocks
    return tuple(
        Obstacle(told_as, block.by, block.since, block.reason) for block in standing if block.kind == kind
    )


def _customs(work: Work, shipment_ids: Collection[UUID], *, lock: bool) -> dict[UUID, CustomsFact]:
    with on_duty(work, RELEASE):
        found = declarations.newest(work, shipment_ids, lock=lock)
    return {shipment_id: _customs_fact(declaration) for shipment_id, declaration in found.items()}


def _customs_fact(found: declarations.Declaration) -> CustomsFact:
    if found.status == "RELEASED" and found.released_at is not None:
        return CustomsFact(released=True, since=found.released_at, filed_at=found.created_at)
    return CustomsFact(released=False, since=found.created_at, filed_at=found.created_at)


def _own_holds(work: Work, release_ids: Collection[UUID]) -> list[ReleaseHold]:
    """Return what holds stand on the releases themselves, oldest first."""
    query = select(ReleaseHold).where(
        ReleaseHold.release_id.in_(release_ids), ReleaseHold.lifted_at.is_(None)
    )
    with on_duty(work, RELEASE):
        return list(work.session.scalars(query.order_by(ReleaseHold.id)))


def _held(row: ReleaseHold, names: Mapping[UUID, Party]) -> Obstacle:
    return Obstacle(f"{row.kind} HOLD", names[row.party_id].name, row.placed_at, row.reason)
