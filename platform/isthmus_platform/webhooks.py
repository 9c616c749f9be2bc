"""Webhooks: a party's endpoints, and the log of what was delivered to them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform import outbox
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_records import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint

TOPIC = "webhook"
MOST_ENDPOINTS = 20
LONGEST_TEXT = 500
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest still signs."""
OPENED_BY = {
    "shipment": "read:shipments",
    "document": "read:documents",
    "grant": "read:grants",
    "crossing": "read:crossings",
    "title": "read:titles",
    **dict.fromkeys(("credit", "presentation", "receivable", "financing"), "read:finance"),
    **dict.fromkeys(("cover", "quote", "claim", "delay"), "read:insurance"),
    **dict.fromkeys(
        ("freight", "booking", "release", "delivery_order", "appointment", "delivery"), "read:logistics"
    ),
}
"""The scope that opens what each kind tells of, by the kind's first word."""


def register(
    work: Work, outgoing: Outgoing, url: str, event_types: Sequence[str] = (), description: str = ""
) -> WebhookEndpoint:
    """Let ``url`` be told of the acting party's changes of ``event_types`` (none given: all).

    Whoever lets itself be told needs the scopes of what it is told. Raises :class:`InvalidInput` naming
    ``url`` (``address_refused``), ``eventTypes`` or ``description``, :class:`NotPermitted`
    (``insufficient_scope``) and :class:`Conflict` (``too_many_webhooks``).
    """
    outgoing.check(url)
    unknown = [each for each in event_types if each not in set(Kind)]
    if unknown:
        raise InvalidInput(
            f"An event type is one of {', '.join(Kind)}.", field="eventTypes", code="unknown_event_type"
        )
    for scope in sorted({OPENED_BY[kind.partition(".")[0]] for kind in event_types or Kind}):
        work.actor.need(scope)
    if len(description) > LONGEST_TEXT:
        raise InvalidInput("A description is short.", field="description", code="too_long")
    own = work.session.scalar(
        select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.ended_at.is_(None))
    )
    if (own or 0) >= MOST_ENDPOINTS:
        raise Conflict(f"A party has {MOST_ENDPOINTS} webhooks at most.", code="too_many_webhooks")
    endpoint = WebhookEndpoint(
        id=new_id(),
        party_id=work.actor.party_id,
        url=url,
        description=description,
        event_types=sorted(set(event_types)),
        secret_version=1,
        created_at=work.now,
        failures=0,
    )
    work.session.add(endpoint)
    work.session.flush()
    return endpoint


def rotate(work: Work, endpoint_id: UUID) -> WebhookEndpoint:
    """Give an endpoint a new secret; the one before signs beside it for a day."""
    endpoint = _active(work, endpoint_id)
    endpoint.secret_version += 1
    endpoint.old_secret_until = work.now + OVERLAP
    work.session.flush()
    return endpoint


def remove(work: Work, endpoint_id: UUID) -> WebhookEndpoint:
    """Tell an endpoint nothing more; removing it again changes nothing. Its log stays."""
    endpoint = get(work, endpoint_id, lock=True)
    if endpoint.ended_at is None:
        endpoint.ended_at, endpoint.end_reason = work.now, "removed"
        work.session.flush()
    return endpoint


def replay(work: Work, delivery_id: UUID, reason: str) -> WebhookDelivery:
    """Begin another round of attempts at a dead delivery, and keep why.

    Raises :class:`NotFound`, :class:`Conflict` (``not_dead``, ``webhook_ended``) and :class:`InvalidInput`.
    """
    if not 0 < len(reason.strip()) <= LONGEST_TEXT:
        raise InvalidInput("Say why, in 1 to 500 characters.", field="reason", code="reason")
    delivery = work.session.scalar(
        select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    )
    if delivery is None:
        raise NotFound("There is no such delivery.", field="delivery")
    if delivery.state != DeliveryState.DEAD:
        raise Conflict("Only a dead delivery is replayed.", field="delivery", code="not_dead")
    _active(work, delivery.endpoint_id)
    delivery.state = DeliveryState.WAITING.value
    delivery.began_at = delivery.next_at = work.now
    delivery.settled_at = None
    delivery.replays += 1
    delivery.replay_reason = reason.strip()
    work.session.flush()
    outbox.emit(work, TOPIC, {"delivery": str(delivery.id), "attempt": delivery.attempts + 1})
    return delivery


def get(work: Work, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """Return an endpoint of the acting party's, ended ones too, or raise :class:`NotFound`."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    endpoint = work.session.scalar(query.with_for_update() if lock else query)
    if endpoint is None:
        raise NotFound("There is no such webhook.", field="webhook")
    return endpoint


def get_many(work: Work, endpoint_ids: Iterable[UUID]) -> dict[UUID, WebhookEndpoint]:
    """Return those of the endpoints that are the acting party's, by id."""
    rows = work.session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id.in_(set(endpoint_ids))))
    return {row.id: row for row in rows}


def delivery(work: Work, delivery_id: UUID) -> WebhookDelivery:
    """Return a delivery to an endpoint of the acting party's, or raise :class:`NotFound`."""
    found = work.session.get(WebhookDelivery, delivery_id)
    if found is None:
        raise NotFound("There is no such delivery.", field="delivery")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[WebhookEndpoint]:
    """Return the acting party's endpoints, newest first, those before ``after``."""
    query = select(WebhookEndpoint).order_by(WebhookEndpoint.id.desc()).limit(first)
    if after is not None:
        query = query.where(WebhookEndpoint.id < after)
    return work.session.scalars(query).all()


def deliveries(
    work: Work, *, state: str | None = None, after: UUID | None = None, first: int = 50
) -> Sequence[WebhookDelivery]:
    """Return what was or will be delivered to the acting party, newest first, those before ``after``."""
    query = select(WebhookDelivery).order_by(WebhookDelivery.id.desc()).limit(first)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if after is not None:
        query = query.where(WebhookDelivery.id < after)
    return work.session.scalars(query).all()


def attempts(work: Work, delivery_ids: Iterable[UUID]) -> dict[UUID, list[WebhookAttempt]]:
    """Return the attempts at each delivery, in their order."""
    found: dict[UUID, list[WebhookAttempt]] = {each: [] for each in delivery_ids}
    rows = work.session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id.in_(found))
        .order_by(WebhookAttempt.delivery_id, WebhookAttempt.number)
    )
    for row in rows:
        found[row.delivery_id].append(row)
    return found


def _active(work: Work, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = get(work, endpoint_id, lock=True)
    if endpoint.ended_at is not None:
        raise Conflict("This webhook has ended; register another.", field="webhook", code="webhook_ended")
    return endpoint
