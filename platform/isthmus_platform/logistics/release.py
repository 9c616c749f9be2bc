"""The release of cargo: opened by its carrier, judged in one verdict, ordered when every condition holds.

Whoever is to change a release takes its row's lock first. An order is judged under that lock and under those
of the title and of the declaration, and written in the same transaction. What takes a condition away revokes
the live order in the same transaction, so that a hold and an order never both stand.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import domain_events, parties, shipments
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import InvalidInput, NotPermitted
from isthmus_platform.logistics import facts, telling, tokens
from isthmus_platform.logistics.errors import (
    NoSuchRelease,
    NotReleasable,
    OrderExpired,
    WrongParty,
    WrongState,
    WrongToken,
)
from isthmus_platform.logistics.machine import TRANSITIONS, OrderState, State, Step, Who
from isthmus_platform.logistics.records import RELEASE, CargoRelease, DeliveryOrder
from isthmus_platform.logistics.verdict import TransportDocument, Verdict, judge
from isthmus_platform.logistics.wording import one_line
from isthmus_platform.parties import Party


def open_release(
    work: Work,
    shipment_id: UUID,
    consignee: str,
    *,
    document: TransportDocument = TransportDocument.BILL_OF_LADING,
    terminal: str | None = None,
) -> CargoRelease:
    """Open the release of a shipment's cargo as its carrier, or address one that is open to others.

    Raises :class:`NotFound`, :class:`NotPermitted`, :class:`InvalidInput` (``not_a_terminal``) and
    :class:`WrongState` once a delivery order stands.
    """
    work.actor.require(PartyRole.CARRIER)
    shipment = shipments.get(work, shipment_id)
    if shipment.carrier_id != work.actor.party_id:
        raise NotPermitted("Only the shipment's carrier releases its cargo.", field="shipment")
    to = parties.by_name(work, consignee, field="consignee")
    at = None if terminal is None else _terminal(work, terminal)
    addressed = {
        "consignee_id": to.id,
        "terminal_id": None if at is None else at.id,
        "document": document.value,
    }
    added = work.session.scalar(
        insert(CargoRelease)
        .values(
            id=new_id(),
            party_id=shipment.party_id,
            shipment_id=shipment.id,
            carrier_id=work.actor.party_id,
            state=State.OPEN.value,
            freight_stated_at=work.now,
            opened_at=work.now,
            changed_at=work.now,
            **addressed,
        )
        .on_conflict_do_nothing(index_elements=[CargoRelease.shipment_id])
        .returning(CargoRelease.id)
    )
    if added is not None:
        opened = get(work, added)
        telling.of_release(work, Kind.RELEASE_OPENED, opened)
        return opened
    found = work.session.scalars(select(CargoRelease.id).where(CargoRelease.shipment_id == shipment.id)).one()
    release = locked(work, found)
    take(work, release, Step.ADDRESS)
    _change(work, release, **addressed)
    telling.of_release(work, Kind.RELEASE_OPENED, release)
    return release


def _terminal(work: Work, name: str) -> Party:
    terminal = parties.by_name(work, name, field="terminal")
    if not terminal.has(PartyRole.TERMINAL):
        raise InvalidInput(f"{terminal.name} is not a terminal.", field="terminal", code="not_a_terminal")
    return terminal


def get(work: Work, release_id: UUID) -> CargoRelease:
    """Return a release that the actor is a party to; raise :class:`NoSuchRelease`."""
    found = work.session.scalar(select(CargoRelease).where(CargoRelease.id == release_id))
    if found is None:
        raise NoSuchRelease("There is no such release.", field="release")
    return found


def of_ids(work: Work, release_ids: Sequence[UUID]) -> dict[UUID, CargoRelease]:
    """Return those of these releases that the actor is a party to, by id."""
    query = select(CargoRelease).where(CargoRelease.id.in_(release_ids))
    return {row.id: row for row in work.session.scalars(query)}


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[CargoRelease]:
    """Return releases that the actor is a party to, newest first, those before ``after``."""
    query = select(CargoRelease).order_by(CargoRelease.id.desc()).limit(first)
    if after is not None:
        query = query.where(CargoRelease.id < after)
    return work.session.scalars(query).all()


def orders(work: Work, release_ids: Sequence[UUID]) -> dict[UUID, list[DeliveryOrder]]:
    """Return the delivery orders of these releases, newest first, by release."""
    found: dict[UUID, list[DeliveryOrder]] = {one: [] for one in release_ids}
    query = select(DeliveryOrder).where(DeliveryOrder.release_id.in_(release_ids))
    for each in work.session.scalars(query.order_by(DeliveryOrder.id.desc())):
        found[each.release_id].append(each)
    return found


def order_of(work: Work, order_id: UUID) -> DeliveryOrder:
    """Return a delivery order that the actor sees; raise :class:`NoSuchRelease`."""
    found = work.session.scalar(select(DeliveryOrder).where(DeliveryOrder.id == order_id))
    if found is None:
        raise NoSuchRelease("There is no such delivery order.", field="order")
    return found


def standing(order: DeliveryOrder, now: datetime) -> OrderState:
    """Return where an order stands at ``now``: the clock ends it though no row says so yet."""
    if order.state == OrderState.ISSUED and order.expires_at <= now:
        return OrderState.EXPIRED
    return OrderState(order.state)


def verdict(work: Work, release_id: UUID) -> Verdict:
    """Return the verdict on a release that the actor is a party to, as it stands now."""
    return verdicts(work, [get(work, release_id).id])[release_id]


def verdicts(work: Work, release_ids: Sequence[UUID]) -> dict[UUID, Verdict]:
    """Return the verdict on each of these releases that the actor is a party to, by id, as they stand now."""
    gathered = facts.gather(work, of_ids(work, release_ids).values())
    return {release_id: judge(found) for release_id, found in gathered.items()}


def locked(work: Work, release_id: UUID) -> CargoRelease:
    """Return a release that the actor is a party to, locked and as it stands."""
    get(work, release_id)
    return row(work, release_id)


def row(work: Work, release_id: UUID) -> CargoRelease:
    """Return the release locked, whether the actor sees it or not."""
    with on_duty(work, RELEASE):
        return work.session.scalars(
            select(CargoRelease)
            .where(CargoRelease.id == release_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()


def take(work: Work, release: CargoRelease, step: Step) -> None:
    """Make ``step`` on a locked release: check who and from where, and move it to where the step leads.

    A live order whose time is over ends first. Raises :class:`WrongParty` and :class:`WrongState`.
    """
    rule = TRANSITIONS[step]
    if not _may(work, release, rule.who):
        raise WrongParty(f"Only the {rule.who} of this release may do this.", field="release")
    if step is not Step.PICK_UP:
        _expire(work, release)
    if State(release.state) not in rule.before:
        raise WrongState(f"The release is {release.state}; this is not done then.", field="release")
    if rule.after is not None and rule.after != release.state:
        _change(work, release, state=rule.after.value)


def _may(work: Work, release: CargoRelease, who: Who) -> bool:
    acting = work.actor.party_id
    allowed = {
        Who.CARRIER: (release.carrier_id,),
        Who.CARRIER_OR_TERMINAL: (release.carrier_id, release.terminal_id),
        Who.KEEPER: (release.terminal_id or release.carrier_id,),
    }
    return who not in allowed or acting in allowed[who]


def _change(work: Work, release: CargoRelease, **values: object) -> None:
    with on_duty(work, RELEASE):
        for name, value in values.items():
            setattr(release, name, value)
        release.changed_at = work.now
        work.session.flush()


def _live(work: Work, release: CargoRelease) -> DeliveryOrder | None:
    with on_duty(work, RELEASE):
        return work.session.scalar(
            select(DeliveryOrder)
            .where(DeliveryOrder.release_id == release.id, DeliveryOrder.state == OrderState.ISSUED.value)
            .execution_options(populate_existing=True)
        )


def _end(
    work: Work, release: CargoRelease, order: DeliveryOrder, state: OrderState, reason: str | None
) -> None:
    with on_duty(work, RELEASE):
        order.state, order.ended_at, order.end_reason = state.value, work.now, reason
        work.session.flush()
    telling.of_release(work, Kind(f"delivery_order.{state.lower()}"), release, order=order.id)


def _expire(work: Work, release: CargoRelease) -> None:
    live = _live(work, release)
    if live is not None and standing(live, work.now) is OrderState.EXPIRED:
        _change(work, release, state=State.OPEN.value)
        _end(work, release, live, OrderState.EXPIRED, None)


def take_back(work: Work, release: CargoRelease, step: Step, reason: str) -> None:
    """Make a step that takes a condition away: the live order is revoked with it."""
    take(work, release, step)
    live = _live(work, release)
    if live is not None:
        _end(work, release, live, OrderState.REVOKED, reason)


def state_freight(work: Work, release_id: UUID, *, paid: bool, reference: str | None = None) -> CargoRelease:
    """Say as the carrier whether freight is paid; unpaid revokes a live order. Again changes nothing."""
    release = locked(work, release_id)
    said = None if reference is None else one_line(reference, "reference")
    if (release.freight_paid_at is not None) is paid and release.freight_reference == said:
        _check_may(work, release, Step.STATE_FREIGHT)
        return release
    if paid and release.state == State.ORDERED:
        raise WrongState("Freight is stated as paid already.", field="release")
    take_back(work, release, Step.STATE_FREIGHT, "Freight is not paid.")
    paid_at = (release.freight_paid_at or work.now) if paid else None
    _change(work, release, freight_paid_at=paid_at, freight_reference=said, freight_stated_at=work.now)
    telling.of_release(work, Kind.RELEASE_FREIGHT_STATED, release)
    return release


def _check_may(work: Work, release: CargoRelease, step: Step) -> None:
    if not _may(work, release, TRANSITIONS[step].who):
        raise WrongParty(f"Only the {TRANSITIONS[step].who} may do this.", field="release")


def order(work: Work, vault: Vault, release_id: UUID, expires_at: datetime) -> DeliveryOrder:
    """Issue the delivery order as the carrier, until ``expires_at`` (aware), if every condition holds.

    Raises :class:`NotReleasable`, which names each condition that does not, :class:`WrongParty`,
    :class:`WrongState` while another order is live, and :class:`InvalidInput` (``not_in_future``).
    """
    if expires_at <= work.now:
        raise InvalidInput("A delivery order ends in the future.", field="expiresAt", code="not_in_future")
    release = locked(work, release_id)
    _check_may(work, release, Step.ORDER)
    _judge(work, release)
    take(work, release, Step.ORDER)
    order_id = new_id()
    made = DeliveryOrder(
        id=order_id,
        release_id=release.id,
        issuer_id=work.actor.party_id,
        release_to=release.consignee_id,
        number=tokens.number(order_id),
        token_digest=sha256(tokens.token(vault, order_id).encode()).digest(),
        state=OrderState.ISSUED.value,
        issued_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(made)
    work.session.flush()
    domain_events.announce(
        work, "delivery_order.issued", about={"order": str(made.id), "release": str(release.id)}
    )
    telling.of_release(work, Kind.DELIVERY_ORDER_ISSUED, release, order=made.id)
    return made


def _judge(work: Work, release: CargoRelease) -> None:
    found = judge(facts.gather(work, [release], lock=True)[release.id])
    if not found.releasable:
        raise NotReleasable(found.missing)


def revoke(work: Work, order_id: UUID, reason: str) -> DeliveryOrder:
    """Revoke a delivery order before pick-up, as its carrier. Again changes nothing."""
    said = one_line(reason, "reason")
    found = order_of(work, order_id)
    release = locked(work, found.release_id)
    _check_may(work, release, Step.REVOKE)
    work.session.refresh(found)
    if found.state == OrderState.REVOKED:
        return found
    if standing(found, work.now) is not OrderState.ISSUED:
        raise WrongState(f"The order is {standing(found, work.now)}.", field="order")
    take_back(work, release, Step.REVOKE, said)
    return found


def pick_up(work: Work, order_id: UUID, token: str) -> DeliveryOrder:
    """Let the cargo go to who brings the order's token, as the terminal, or the carrier where none is named.

    Every condition is judged again: what came up after the order stops the pick-up. Raises
    :class:`WrongToken`, :class:`OrderExpired`, :class:`NotReleasable`, :class:`WrongParty` and
    :class:`WrongState`.
    """
    found = order_of(work, order_id)
    release = locked(work, found.release_id)
    _check_may(work, release, Step.PICK_UP)
    with on_duty(work, RELEASE):
        work.session.refresh(found)
    if not hmac.compare_digest(sha256(tokens.plain(token).encode()).digest(), found.token_digest):
        raise WrongToken("The token is not this delivery order's.", field="token")
    state = standing(found, work.now)
    if state is OrderState.EXPIRED:
        raise OrderExpired("The delivery order's time is over.", field="order")
    if state is not OrderState.ISSUED:
        raise WrongState(f"The order is {state}.", field="order")
    _judge(work, release)
    take(work, release, Step.PICK_UP)
    _end(work, release, found, OrderState.USED, None)
    return found
