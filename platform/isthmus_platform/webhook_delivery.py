"""Telling endpoints of changes, in the worker: who is told, when, how often, and when it is given up.

Two topics of the outbox. ``change`` names a transaction: for each party that may be concerned, its own view
says which changes are put down for its endpoints. ``webhook`` names one attempt: the change is read again as
that party, at that moment, and what it may not see any more is not sent. No transaction is open while the
endpoint is called.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import changes, documents, event_subscriptions, outbox, parties, shipments
from isthmus_platform.changes import Change, Position
from isthmus_platform.database import Actor, Duty, Platform, Work, new_id
from isthmus_platform.event_subscriptions import EventSubscription
from isthmus_platform.outbox import Message
from isthmus_platform.outgoing import Caller, NoAnswer
from isthmus_platform.outgoing_addresses import AddressRefused
from isthmus_platform.webhook_records import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from isthmus_platform.webhook_signing import SigningSecrets
from isthmus_platform.webhooks import TOPIC

log = structlog.get_logger(__name__)

CHANGE_TOPIC = "change"
WEBHOOKS = Duty("webhooks")

PATIENCE = timedelta(days=3)
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
)
"""Between attempts, each give or take a tenth; the last one repeats until :data:`PATIENCE` is over."""
LONGEST_REST = timedelta(minutes=5)
GONE = 410
USER_AGENT = "isthmus-webhooks/1"

CANDIDATES = text(
    "SELECT DISTINCT e.party_id FROM webhook_endpoint e JOIN change c ON e.party_id = c.party_id"
    " OR e.party_id = ANY (c.concerned)"
    " OR EXISTS (SELECT FROM delegation d WHERE d.agent_id = e.party_id AND d.party_id = c.party_id)"
    " OR EXISTS (SELECT FROM access_grant g WHERE g.reader_id = e.party_id AND g.party_id = c.party_id)"
    " WHERE c.transaction = :transaction AND e.ended_at IS NULL"
)
"""Who may be concerned, and perhaps a few more: what each sees is asked as that party."""


def spread(platform: Platform, message: Message) -> None:
    """Put down the deliveries of what one transaction changed; again, nothing is added."""
    transaction = int(message.payload["transaction"])
    with platform.begin(WEBHOOKS) as work:
        changes.forget(work)
        concerned = work.session.scalars(CANDIDATES, {"transaction": transaction}).all()
        actors = [_actor(work, party_id) for party_id in concerned]
    for actor in actors:
        with platform.begin(actor) as work:
            seen = changes.of_transaction(work, transaction)
        with platform.begin(WEBHOOKS) as work:
            _put_down(work, actor.party_id, seen)


def _put_down(work: Work, party_id: UUID, seen: Any) -> None:
    endpoints = work.session.scalars(
        select(WebhookEndpoint).where(
            WebhookEndpoint.party_id == party_id, WebhookEndpoint.ended_at.is_(None)
        )
    ).all()
    for endpoint in endpoints:
        for change in seen:
            # An endpoint is told of what comes after it was registered.
            if change.at < endpoint.created_at or not _wanted(endpoint, change):
                continue
            row = {
                "id": new_id(),
                "party_id": party_id,
                "endpoint_id": endpoint.id,
                "transaction": change.transaction,
                "sequence": change.sequence,
                "kind": change.kind,
                "state": DeliveryState.WAITING.value,
                "attempts": 0,
                "created_at": work.now,
                "began_at": work.now,
                "next_at": work.now,
                "replays": 0,
            }
            added = work.session.scalar(
                insert(WebhookDelivery).values(row).on_conflict_do_nothing().returning(WebhookDelivery.id)
            )
            if added is not None:
                _emit(work, added, party_id, 1, work.now)


def _wanted(endpoint: WebhookEndpoint, change: Change) -> bool:
    return not endpoint.event_types or change.kind in endpoint.event_types


def _emit(work: Work, delivery_id: UUID, party_id: UUID, attempt: int, due_at: datetime) -> None:
    payload = {"delivery": str(delivery_id), "attempt": attempt}
    outbox.emit(work, TOPIC, payload, party_id=party_id, due_at=due_at)


def _actor(work: Work, party_id: UUID) -> Actor:
    return parties.actor_of(parties.get(work, party_id), "webhook")


@dataclass(frozen=True)
class _Due:
    """One attempt to be made."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    subscription: EventSubscription | None
    actor: Actor
    number: int


@dataclass(frozen=True)
class _Result:
    outcome: str
    status: int | None
    problem: str | None
    milliseconds: int = 0

    @property
    def delivered(self) -> bool:
        return self.outcome == "delivered"


@dataclass(frozen=True)
class Deliverer:
    """Handles the topic :data:`~isthmus_platform.webhooks.TOPIC`."""

    platform: Platform
    secrets: SigningSecrets
    caller: Caller

    def __call__(self, message: Message) -> None:
        """Make one attempt, unless it was made or is not to be made any more."""
        due = self._due(UUID(message.payload["delivery"]), int(message.payload["attempt"]))
        if due is None:
            return
        body = self._body(due)
        if body is None:
            self._settle(due, DeliveryState.WITHHELD)
            return
        self._record(due, self._call(due, body))

    def _due(self, delivery_id: UUID, number: int) -> _Due | None:
        with self.platform.begin(WEBHOOKS) as work:
            delivery = work.session.get(WebhookDelivery, delivery_id, with_for_update=True)
            if delivery is None or delivery.state != DeliveryState.WAITING or delivery.attempts != number - 1:
                return None
            endpoint = work.session.get_one(WebhookEndpoint, delivery.endpoint_id)
            if endpoint.ended_at is not None:
                _end(work, delivery, DeliveryState.CANCELLED)
                return None
            if endpoint.rests_until is not None and endpoint.rests_until > work.now:
                delivery.next_at = endpoint.rests_until + timedelta(seconds=random.uniform(0, 5))  # noqa: S311
                _emit(work, delivery.id, delivery.party_id, number, delivery.next_at)
                return None
            subscription = work.session.get(EventSubscription, endpoint.id)
            return _Due(delivery, endpoint, subscription, _actor(work, delivery.party_id), number)

    def _body(self, due: _Due) -> bytes | None:
        """Return what is sent, read as the party now; None for what it does not see."""
        position = Position(due.delivery.transaction, due.delivery.sequence)
        with self.platform.begin(due.actor) as work:
            change = changes.at(work, position)
            if change is None:
                return None
            if due.subscription is not None:
                return event_subscriptions.body(work, due.subscription, change)
            return orjson.dumps(
                {"type": change.kind, "timestamp": _rfc3339(change.at), "data": told(work, change)}
            )

    def _call(self, due: _Due, body: bytes) -> _Result:
        now = self.platform.clock()
        endpoint = due.endpoint
        versions = [endpoint.secret_version]
        if endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
            versions.append(endpoint.secret_version - 1)
        headers = {
            **self.secrets.headers(endpoint.id, tuple(versions), str(due.delivery.id), body, now),
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        if due.subscription is not None:
            headers |= event_subscriptions.headers(self.secrets, due.subscription, body)
        try:
            reply = self.caller.post(endpoint.url, body, headers)
        except AddressRefused as refused:
            return _Result("address_refused", None, refused.message)
        except NoAnswer as silence:
            return _Result("no_answer", None, str(silence), round(self.caller.patience * 1000))
        outcome = "delivered" if 200 <= reply.status < 300 else "refused"
        return _Result(outcome, reply.status, None, reply.milliseconds)

    def _record(self, due: _Due, result: _Result) -> None:
        """Keep the attempt, and what follows from it."""
        with self.platform.begin(WEBHOOKS) as work:
            endpoint = work.session.get_one(WebhookEndpoint, due.endpoint.id, with_for_update=True)
            delivery = work.session.get_one(WebhookDelivery, due.delivery.id, with_for_update=True)
            if delivery.attempts != due.number - 1:
                return  # another worker made it after this one's lease had ended
            delivery.attempts = due.number
            work.session.add(_attempt(work, due, result))
            if result.delivered:
                endpoint.failures, endpoint.rests_until = 0, None
                _end(work, delivery, DeliveryState.DELIVERED)
                return
            endpoint.failures += 1
            endpoint.rests_until = work.now + min(
                LONGEST_REST, timedelta(seconds=2 ** min(endpoint.failures, 9))
            )
            if result.status == GONE:
                endpoint.ended_at, endpoint.end_reason = work.now, "gone"
            self._again(work, delivery, endpoint)

    def _again(self, work: Work, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
        wait = WAITS[min(delivery.attempts - 1, len(WAITS) - 1)] * random.uniform(0.9, 1.1)  # noqa: S311
        if endpoint.ended_at is not None or work.now + wait > delivery.began_at + PATIENCE:
            _end(work, delivery, DeliveryState.DEAD)
            log.warning("webhook.dead", delivery=str(delivery.id), attempts=delivery.attempts)
            return
        delivery.next_at = max(work.now + wait, endpoint.rests_until or work.now)
        _emit(work, delivery.id, delivery.party_id, delivery.attempts + 1, delivery.next_at)

    def _settle(self, due: _Due, state: DeliveryState) -> None:
        with self.platform.begin(WEBHOOKS) as work:
            _end(work, work.session.get_one(WebhookDelivery, due.delivery.id, with_for_update=True), state)


def _attempt(work: Work, due: _Due, result: _Result) -> WebhookAttempt:
    return WebhookAttempt(
        id=new_id(),
        party_id=due.delivery.party_id,
        delivery_id=due.delivery.id,
        number=due.number,
        outcome=result.outcome,
        status=result.status,
        problem=result.problem,
        milliseconds=result.milliseconds,
        at=work.now,
    )


def _end(work: Work, delivery: WebhookDelivery, state: DeliveryState) -> None:
    delivery.state, delivery.settled_at, delivery.next_at = state.value, work.now, None


SAID_WHOLE = (
    *("insurance_id", "receivable_offer_id", "credit_id", "title_id", "financing_id"),
    "logistics_id",
)
"""Things of which a change says by itself all that is told."""


def told(work: Work, change: Change) -> dict[str, Any]:
    """Return what a change says to the acting party, who sees the thing: names and codes, no contents."""
    if change.shipment_id is not None:
        shipment = shipments.get(work, change.shipment_id)
        named = {"id": str(shipment.id), "reference": shipment.reference, "ucr": shipment.ucr}
        return {"shipment": named, **change.about}
    if change.document_id is not None:
        document = documents.get(work, change.document_id)
        return {
            "document": {"id": str(document.id), "type": document.type, "title": document.title},
            "shipment": {"reference": document.shipment_reference, "ucr": document.ucr},
            **change.about,
        }
    if any(getattr(change, each) is not None for each in SAID_WHOLE):
        return change.about
    if change.grant_id is not None:
        return {"grant": {"id": str(change.grant_id)}, **change.about}
    return {"crossing": {"id": str(change.crossing_id)}, **change.about}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
