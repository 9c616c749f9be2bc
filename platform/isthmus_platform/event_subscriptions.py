"""Subscriptions to events as DCSA Track & Trace 2.2.0 publishes them, and in the manner of 3.0.0.

A subscription is an endpoint of webhooks that is told the events themselves: addresses are checked, attempts
repeated and logged as for any other (:mod:`isthmus_platform.webhook_delivery`). What is told carries
``Subscription-ID`` and ``Notification-Signature``, by a secret that the subscriber chose. Version 3.0.0
leaves subscribing out and says only how a consumer is told (``POST /events``); it is offered alike.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ForeignKeyConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import dcsa_told, event_feed, shapes, webhooks
from isthmus_platform.changes import Change, Kind
from isthmus_platform.consignments import RecordedEvent
from isthmus_platform.database import Base, Work
from isthmus_platform.dcsa import Standard
from isthmus_platform.dcsa_shapes import EVENTS_2, TYPE_CODES_3
from isthmus_platform.errors import NotFound
from isthmus_platform.event_feed import FeedFilter
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.shapes import wrong
from isthmus_platform.tracking import event_of
from isthmus_platform.webhook_records import WebhookEndpoint
from isthmus_platform.webhook_signing import SigningSecrets

TOLD_OF = (Kind.SHIPMENT_CREATED, Kind.SHIPMENT_EVENTS_RECORDED)
SECRET_SIZES = range(16, 513)
VERSIONS = {Standard.DCSA_2_2: "2.2.0", Standard.DCSA_3_0: "3.0.0"}
CODES_2 = {f"{kind.lower()}EventTypeCode": kind for kind in EVENTS_2}


class EventSubscription(Base):
    """What a subscriber asked for: the version of the standard, and its filters as it wrote them."""

    __tablename__ = "event_subscription"
    __table_args__ = (
        ForeignKeyConstraint(
            ["endpoint_id", "party_id"], ["webhook_endpoint.id", "webhook_endpoint.party_id"]
        ),
    )

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    standard: Mapped[str]
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_secret: Mapped[bytes]


@dataclass(frozen=True)
class Asked:
    """A subscription as its subscriber writes and reads it."""

    id: UUID
    callback_url: str
    wanted: dict[str, Any]


FILTERS = {
    Standard.DCSA_2_2: {
        "eventType": shapes.several(shapes.code(EVENTS_2)),
        **{name: shapes.several(shapes.code(dcsa_told.KINDS_2[kind])) for name, kind in CODES_2.items()},
        "documentTypeCode": shapes.several(shapes.code(dcsa_told.DOCUMENTS_2)),
        "carrierBookingReference": shapes.text(35),
        "bookingReference": shapes.text(35),
        "transportDocumentReference": shapes.text(20),
        "transportCallID": shapes.text(100),
        "vesselIMONumber": shapes.text(7, r"\d{7}", "an IMO number"),
        "carrierVoyageNumber": shapes.text(50),
        "exportVoyageNumber": shapes.text(50),
        "carrierServiceCode": shapes.text(5),
        "UNLocationCode": shapes.place,
        "equipmentReference": shapes.text(15),
    },
    Standard.DCSA_3_0: {
        "eventTypes": shapes.several(shapes.code(TYPE_CODES_3)),
        "carrierBookingReference": shapes.text(35),
        "transportDocumentReference": shapes.text(20),
        "equipmentReference": shapes.text(15),
    },
}
BASE: dict[str, shapes.Check] = {"callbackUrl": shapes.text(2000)}
WITH_SECRET = {
    standard: shapes.members("callbackUrl secret", **BASE, **filters, secret=shapes.text(1000))
    for standard, filters in FILTERS.items()
}
WITHOUT_SECRET = {
    standard: shapes.members("callbackUrl", **BASE, **filters, subscriptionID=shapes.text(36))
    for standard, filters in FILTERS.items()
}
SECRET = shapes.members("secret", secret=shapes.text(1000))


def subscribe(
    work: Work, outgoing: Outgoing, secrets: SigningSecrets, standard: Standard, body: object
) -> Asked:
    """Tell ``callbackUrl`` of the events that the acting party may see from now on, as ``body`` filters them.

    Raises :class:`InvalidInput` naming the member, and :class:`Conflict` (``too_many_webhooks``).
    """
    WITH_SECRET[standard](body, "")
    given = shapes.as_object(body, "")
    shared, wanted = _secret(given), _wanted(given)
    outgoing.check(given["callbackUrl"], field="callbackUrl")
    told = f"DCSA Track & Trace {VERSIONS[standard]} events"
    endpoint = webhooks.register(work, outgoing, given["callbackUrl"], TOLD_OF, told)
    work.session.add(
        EventSubscription(
            endpoint_id=endpoint.id,
            party_id=endpoint.party_id,
            standard=standard.value,
            wanted=wanted,
            sealed_secret=secrets.sealed(endpoint.id, shared),
        )
    )
    work.session.flush()
    return Asked(endpoint.id, endpoint.url, wanted)


def alter(work: Work, outgoing: Outgoing, standard: Standard, subscription_id: UUID, body: object) -> Asked:
    """Put the address and filters of ``body`` in place of those of a subscription; its secret stays."""
    WITHOUT_SECRET[standard](body, "")
    given = shapes.as_object(body, "")
    if given.get("subscriptionID", str(subscription_id)) != str(subscription_id):
        raise wrong("subscriptionID", "contradiction", "the id of the subscription that is altered")
    subscription, endpoint = _found(work, standard, subscription_id)
    outgoing.check(given["callbackUrl"], field="callbackUrl")
    endpoint.url, subscription.wanted = given["callbackUrl"], _wanted(given)
    work.session.flush()
    return Asked(endpoint.id, endpoint.url, subscription.wanted)


def alter_secret(
    work: Work, secrets: SigningSecrets, standard: Standard, subscription_id: UUID, body: object
) -> None:
    """Sign what a subscription is told by another secret from now on."""
    SECRET(body, "")
    shared = _secret(shapes.as_object(body, ""))
    subscription, _ = _found(work, standard, subscription_id)
    subscription.sealed_secret = secrets.sealed(subscription_id, shared)
    work.session.flush()


def stop(work: Work, standard: Standard, subscription_id: UUID) -> None:
    """Tell a subscription nothing more; raise :class:`NotFound` where there is none."""
    _found(work, standard, subscription_id)
    webhooks.remove(work, subscription_id)


def get(work: Work, standard: Standard, subscription_id: UUID) -> Asked:
    """Return a subscription of the acting party's that has not ended, or raise :class:`NotFound`."""
    subscription, endpoint = _found(work, standard, subscription_id)
    return Asked(endpoint.id, endpoint.url, subscription.wanted)


def page(work: Work, standard: Standard, after: UUID | None, first: int) -> list[Asked]:
    """Return up to ``first`` subscriptions of the acting party's past ``after``, oldest first."""
    query = _active(standard).order_by(EventSubscription.endpoint_id).limit(first)
    if after is not None:
        query = query.where(EventSubscription.endpoint_id > after)
    rows = work.session.execute(query)
    return [Asked(endpoint.id, endpoint.url, subscription.wanted) for subscription, endpoint in rows]


def body(work: Work, subscription: EventSubscription, change: Change) -> bytes | None:
    """Return the events that ``change`` tells a subscriber, who acts; None where none is left by its filters.

    A shipment that is made brings what had waited for it.
    """
    standard, recorded = Standard(subscription.standard), change.kind == Kind.SHIPMENT_EVENTS_RECORDED
    received = RecordedEvent.received_at == change.at if recorded else RecordedEvent.received_at < change.at
    if change.shipment_id is None:
        return None
    rows = event_feed.of_shipment(work, _filter(subscription), change.shipment_id, received)
    messages = [message for row in rows if (message := _told(standard, row)) is not None]
    if not messages:
        return None
    return orjson.dumps(messages if standard is Standard.DCSA_2_2 else {"events": messages})


def headers(secrets: SigningSecrets, subscription: EventSubscription, content: bytes) -> dict[str, str]:
    """Return what the standard wants beside ``content``: whose it is, its version, HMAC-SHA256 over it."""
    shared = secrets.opened(subscription.endpoint_id, subscription.sealed_secret)
    return {
        "Subscription-ID": str(subscription.endpoint_id),
        "API-Version": VERSIONS[Standard(subscription.standard)],
        "Notification-Signature": f"sha256={hmac.new(shared, content, hashlib.sha256).hexdigest()}",
    }


def _told(standard: Standard, row: RecordedEvent) -> Any:
    return dcsa_told.told(standard, Standard(row.standard), event_of(row), row.content)


def _active(standard: Standard) -> Any:
    return (
        select(EventSubscription, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == EventSubscription.endpoint_id)
        .where(WebhookEndpoint.ended_at.is_(None), EventSubscription.standard == standard.value)
    )


def _found(
    work: Work, standard: Standard, subscription_id: UUID
) -> tuple[EventSubscription, WebhookEndpoint]:
    query = _active(standard).where(EventSubscription.endpoint_id == subscription_id)
    found = work.session.execute(query.with_for_update(of=WebhookEndpoint)).one_or_none()
    if found is None:
        raise NotFound("There is no such subscription.", field="subscriptionID")
    subscription, endpoint = found
    return subscription, endpoint


def _wanted(given: dict[str, Any]) -> dict[str, Any]:
    apart = ("callbackUrl", "secret", "subscriptionID")
    return {name: value for name, value in given.items() if name not in apart}


def _secret(given: dict[str, Any]) -> bytes:
    try:
        shared = base64.b64decode(given["secret"], validate=True)
    except (ValueError, binascii.Error):
        raise wrong("secret", "format", "Base64") from None
    if len(shared) not in SECRET_SIZES:
        raise wrong("secret", "length", f"{SECRET_SIZES[0]} to {SECRET_SIZES[-1]} bytes in Base64")
    return shared


def _filter(subscription: EventSubscription) -> FeedFilter:
    """Return the filters, between which the standard has a logical AND, and an OR between a list's values."""
    wanted = subscription.wanted
    of_2 = subscription.standard == Standard.DCSA_2_2
    codes = [(kind, tuple(wanted[name])) for name, kind in CODES_2.items() if wanted.get(name)]
    kinds: Sequence[str] = wanted.get("eventType" if of_2 else "eventTypes", ())
    return FeedFilter(
        booking_reference=wanted.get("carrierBookingReference") or wanted.get("bookingReference"),
        transport_document=wanted.get("transportDocumentReference"),
        equipment_reference=wanted.get("equipmentReference"),
        place=wanted.get("UNLocationCode"),
        kinds=tuple(kinds or (EVENTS_2 if of_2 else ())),
        codes=tuple(codes),
        document_types=tuple(wanted.get("documentTypeCode", ())),
        calls=tuple((name, wanted[name]) for name in event_feed.CALL if name in wanted),
        retracted=not of_2,
    )
