"""A financing bank's consent to the release of a consignment, and its withdrawal before the delivery order.

A consent is locked while an order is judged by it: it is withdrawn before, and the order is refused, or the
order comes first, and the consent stands.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import access_log, domain_events
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import NotFound
from isthmus_platform.logistics import financing, telling
from isthmus_platform.logistics.errors import WrongState
from isthmus_platform.logistics.machine import OrderState, State
from isthmus_platform.logistics.records import RELEASE, CargoRelease, DeliveryOrder, ReleaseConsent

NOBODYS = UUID(int=0)
"""The id of no shipment."""


def consent(work: Work, ucr: str) -> list[ReleaseConsent]:
    """Consent, as a bank that finances it, to the release of the consignment ``ucr``; again changes nothing.

    The consent covers what the bank has lent by now. Raises :class:`NotPermitted`, and :class:`NotFound` for
    a consignment that it does not finance, as for one that there is not.
    """
    work.actor.require(PartyRole.BANK)
    with on_duty(work, "refusal"):
        found = [each.shipment_id for each in access_log.custodians_of_ucr(work, ucr)]
    consignments = found or [
        NOBODYS
    ]  # asked alike, so that the time it takes tells no bank that there is one
    mine = [one for one in financing.lenders(work, consignments) if one.bank_id == work.actor.party_id]
    if not mine:
        raise NotFound("There is no such consignment that you finance.", field="ucr")
    lent: dict[UUID, set[UUID]] = {}
    for one in mine:
        lent.setdefault(one.shipment_id, set()).add(one.lent_id)
    return [_given(work, ucr, shipment_id, lent[shipment_id]) for shipment_id in sorted(lent)]


def _given(work: Work, ucr: str, shipment_id: UUID, covers: set[UUID]) -> ReleaseConsent:
    """Return the bank's standing consent if it covers all that it lent, else one in its place."""
    standing = work.session.scalar(
        select(ReleaseConsent)
        .where(
            ReleaseConsent.shipment_id == shipment_id,
            ReleaseConsent.party_id == work.actor.party_id,
            ReleaseConsent.withdrawn_at.is_(None),
        )
        .with_for_update()
    )
    if standing is not None:
        if covers <= set(standing.covers):
            return standing
        standing.withdrawn_at = work.now
        work.session.flush()
    added = work.session.scalar(
        insert(ReleaseConsent)
        .values(
            id=new_id(),
            shipment_id=shipment_id,
            party_id=work.actor.party_id,
            ucr=ucr,
            covers=sorted(covers),
            given_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(ReleaseConsent.id)
    )
    if added is None:  # the bank's other system was first
        return _given(work, ucr, shipment_id, covers)
    domain_events.announce(work, "release.consented", about={"consent": str(added)})
    _tell(work, shipment_id, Kind.RELEASE_CONSENTED)
    return get(work, added)


def _tell(work: Work, shipment_id: UUID, kind: Kind) -> None:
    """Tell the parties of the release, where one is open, that a bank changed its word; not which bank."""
    with on_duty(work, RELEASE):
        found = work.session.scalar(
            select(CargoRelease)
            .where(CargoRelease.shipment_id == shipment_id)
            .execution_options(populate_existing=True)
        )
    if found is not None:
        telling.of_release(work, kind, found)


def get(work: Work, consent_id: UUID) -> ReleaseConsent:
    """Return a consent of the acting bank; raise :class:`NotFound`."""
    found = work.session.scalar(
        select(ReleaseConsent).where(
            ReleaseConsent.id == consent_id, ReleaseConsent.party_id == work.actor.party_id
        )
    )
    if found is None:
        raise NotFound("There is no such consent of yours.", field="consent")
    return found


def withdraw(work: Work, consent_id: UUID) -> ReleaseConsent:
    """Withdraw the acting bank's consent; again changes nothing.

    Raises :class:`NotFound`, and :class:`WrongState` while a delivery order is live, and after pick-up.
    """
    consented = get(work, consent_id)
    work.session.refresh(consented, with_for_update=True)
    if consented.withdrawn_at is not None:
        return consented
    if _ordered(work, consented.shipment_id):
        raise WrongState("The delivery order is issued; a consent is withdrawn before.", field="consent")
    consented.withdrawn_at = work.now
    work.session.flush()
    domain_events.announce(work, "release.consent_withdrawn", about={"consent": str(consented.id)})
    _tell(work, consented.shipment_id, Kind.RELEASE_CONSENT_WITHDRAWN)
    return consented


def _ordered(work: Work, shipment_id: UUID) -> bool:
    live = exists().where(
        DeliveryOrder.release_id == CargoRelease.id,
        DeliveryOrder.state == OrderState.ISSUED.value,
        DeliveryOrder.expires_at > work.now,
    )
    with on_duty(work, RELEASE):
        found = work.session.scalar(
            select(CargoRelease.id).where(
                CargoRelease.shipment_id == shipment_id,
                or_(CargoRelease.state == State.PICKED_UP.value, live),
            )
        )
    return found is not None


def given(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[ReleaseConsent]:
    """Return the acting bank's consents, newest first, withdrawn ones too, those before ``after``."""
    query = select(ReleaseConsent).where(ReleaseConsent.party_id == work.actor.party_id)
    if after is not None:
        query = query.where(ReleaseConsent.id < after)
    return work.session.scalars(query.order_by(ReleaseConsent.id.desc()).limit(first)).all()
