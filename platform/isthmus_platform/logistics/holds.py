"""What holds cargo: customs on a legal basis, the carrier or the terminal for a reason of its own.

A hold revokes a live delivery order in the same transaction, under the release's lock.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import access_log
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, NotFound
from isthmus_platform.logistics import release as releases
from isthmus_platform.logistics import telling
from isthmus_platform.logistics.machine import State, Step
from isthmus_platform.logistics.records import RELEASE, CargoRelease, ReleaseHold
from isthmus_platform.logistics.wording import one_line


def place(work: Work, release_id: UUID, reason: str) -> ReleaseHold:
    """Hold the cargo of a release as its carrier or its terminal.

    Raises :class:`NoSuchRelease`, :class:`WrongParty`, :class:`WrongState` after pick-up, and
    :class:`Conflict` (``held_before``).
    """
    said = one_line(reason, "reason")
    release = releases.locked(work, release_id)
    kind = "CARRIER" if work.actor.party_id == release.carrier_id else "TERMINAL"
    return _placed(work, release, Step.HOLD, kind, said)


def place_customs(work: Work, ucr: str, *, legal_basis: str, reason: str) -> list[ReleaseHold]:
    """Hold the cargo of the consignment ``ucr`` that is not picked up yet; only an authority may.

    Raises :class:`NotFound` where there is none, and as :func:`place`.
    """
    work.actor.require(PartyRole.AUTHORITY)
    basis, why = one_line(legal_basis, "legalBasis", 500), one_line(reason, "reason")
    with on_duty(work, "refusal"):
        consignments = {each.shipment_id for each in access_log.custodians_of_ucr(work, ucr)}
    with on_duty(work, RELEASE):
        found = work.session.scalars(
            select(CargoRelease.id)
            .where(CargoRelease.shipment_id.in_(consignments), CargoRelease.state != State.PICKED_UP.value)
            .order_by(CargoRelease.id)
        ).all()
    if not found:
        raise NotFound("There is no such consignment whose cargo can be held.", field="ucr")
    return [_placed(work, releases.row(work, one), Step.CUSTOMS_HOLD, "CUSTOMS", why, basis) for one in found]


def _placed(
    work: Work, release: CargoRelease, step: Step, kind: str, reason: str, basis: str | None = None
) -> ReleaseHold:
    releases.take_back(work, release, step, f"{kind.capitalize()} holds the cargo.")
    hold_id = new_id()
    with on_duty(work, RELEASE):
        added = work.session.scalar(
            insert(ReleaseHold)
            .values(
                id=hold_id,
                release_id=release.id,
                party_id=work.actor.party_id,
                kind=kind,
                reason=reason,
                legal_basis=basis,
                placed_at=work.now,
            )
            .on_conflict_do_nothing()
            .returning(ReleaseHold.id)
        )
    if added is None:
        raise Conflict("This party's hold stands already.", field="release", code="held_before")
    telling.of_release(work, Kind.RELEASE_HELD, release, hold=hold_id)
    return work.session.get_one(ReleaseHold, hold_id)


def get(work: Work, hold_id: UUID) -> ReleaseHold:
    """Return a hold that the actor sees; raise :class:`NotFound`."""
    found = work.session.scalar(select(ReleaseHold).where(ReleaseHold.id == hold_id))
    if found is None:
        raise NotFound("There is no such hold.", field="hold")
    return found


def lift(work: Work, hold_id: UUID) -> ReleaseHold:
    """Lift the acting party's own hold; again changes nothing. Raises :class:`NotFound`."""
    hold = get(work, hold_id)
    if hold.party_id != work.actor.party_id:
        raise NotFound("There is no such hold of yours.", field="hold")
    if hold.lifted_at is None:
        release = releases.row(work, hold.release_id)
        releases.take(work, release, Step.LIFT)
        hold.lifted_at = work.now
        work.session.flush()
        telling.of_release(work, Kind.RELEASE_HOLD_LIFTED, release, hold=hold.id)
    return hold


def placed(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[ReleaseHold]:
    """Return the holds that the acting party placed, newest first, lifted ones too."""
    query = select(ReleaseHold).where(ReleaseHold.party_id == work.actor.party_id)
    if after is not None:
        query = query.where(ReleaseHold.id < after)
    return work.session.scalars(query.order_by(ReleaseHold.id.desc()).limit(first)).all()


def of_releases(work: Work, release_ids: Sequence[UUID]) -> dict[UUID, list[ReleaseHold]]:
    """Return the holds that the actor sees on these releases, oldest first, lifted ones too."""
    found: dict[UUID, list[ReleaseHold]] = {one: [] for one in release_ids}
    query = select(ReleaseHold).where(ReleaseHold.release_id.in_(release_ids))
    for hold in work.session.scalars(query.order_by(ReleaseHold.id)):
        found[hold.release_id].append(hold)
    return found
