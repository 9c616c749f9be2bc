"""Reading what screening found, as the party whose people review it; nobody else sees that there is any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.database import Work
from isthmus_platform.errors import NotFound
from isthmus_platform.screening.records import ScreeningHit, ScreeningStep, ScreeningSubject
from isthmus_platform.screening.states import State


@dataclass(frozen=True)
class ShipmentScreening:
    """What screening knows of a shipment and its documents, for the shipment's owner.

    ``screened_at`` is None while it was not screened, ``against`` the version of each list (by its operator's
    id and its name) that all of it was compared with.
    """

    screened_at: datetime | None
    against: dict[str, int]
    hits: Sequence[ScreeningHit]

    @property
    def waiting(self) -> int:
        """How many hits wait for people."""
        return sum(hit.state in (State.OPEN, State.PROPOSED) for hit in self.hits)


def about_shipment(work: Work, shipment_id: UUID) -> ShipmentScreening:
    """Return what screening knows of a shipment of the acting party; to others it is as if unscreened."""
    subjects = work.session.scalars(
        select(ScreeningSubject).where(ScreeningSubject.shipment_id == shipment_id)
    ).all()
    found = work.session.scalars(
        select(ScreeningHit).where(ScreeningHit.shipment_id == shipment_id).order_by(ScreeningHit.id)
    ).all()
    codes = {code for subject in subjects for code in subject.against}
    against = {code: min(subject.against.get(code, 0) for subject in subjects) for code in sorted(codes)}
    return ShipmentScreening(
        min((subject.screened_at for subject in subjects), default=None),
        {code: version for code, version in against.items() if version},
        found,
    )


def get(work: Work, hit_id: UUID) -> ScreeningHit:
    """Return a hit that the acting party reviews; raises :class:`NotFound`."""
    found = work.session.scalar(select(ScreeningHit).where(ScreeningHit.id == hit_id))
    if found is None:
        raise NotFound("There is no such hit.", field="hit")
    return found


def page(
    work: Work,
    *,
    states: Sequence[State] | None = None,
    shipment_id: UUID | None = None,
    after: UUID | None = None,
    first: int = 50,
) -> Sequence[ScreeningHit]:
    """Return hits for the acting party to review, newest first, those before ``after``."""
    query = select(ScreeningHit).order_by(ScreeningHit.id.desc()).limit(first)
    if states is not None:
        query = query.where(ScreeningHit.state.in_([state.value for state in states]))
    if shipment_id is not None:
        query = query.where(ScreeningHit.shipment_id == shipment_id)
    if after is not None:
        query = query.where(ScreeningHit.id < after)
    return work.session.scalars(query).all()


def steps(work: Work, hit_ids: Sequence[UUID]) -> dict[UUID, list[ScreeningStep]]:
    """Return the history of each hit, oldest first."""
    found: dict[UUID, list[ScreeningStep]] = {hit_id: [] for hit_id in hit_ids}
    rows = select(ScreeningStep).where(ScreeningStep.hit_id.in_(hit_ids))
    for row in work.session.scalars(rows.order_by(ScreeningStep.hit_id, ScreeningStep.sequence)):
        found[row.hit_id].append(row)
    return found
