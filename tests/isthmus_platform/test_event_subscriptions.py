"""A client of DCSA's event subscriptions is told as the published OpenAPI document says, and only its own."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import select
from werkzeug.test import TestResponse

from isthmus_platform import outbox, webhook_delivery, webhooks
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.event_subscriptions import EventSubscription
from isthmus_platform.http import event_subscriptions
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_delivery import CHANGE_TOPIC, Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from receiving import Received, Receiver, receiving
from standards import STANDARDS
from standing import StandingClock
from trade import CONTAINERS, Trade, open_trade
from voyage_events import handled, moved, send

SECRETS = SigningSecrets(b"m" * 32)
HERE = Outgoing(loopback=True)
SHARED = b"a secret that both sides hold, 32"
SECRET = base64.b64encode(SHARED).decode()
PUBLISHED = STANDARDS / "dcsa" / "tnt"
published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"the published DCSA documents are not in {STANDARDS}"
)
ALL = "/v2/event-subscriptions"


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


@pytest.fixture
def web(trade: Trade) -> FlaskClient:
    def authenticate(header: str) -> Actor:
        name = header.removeprefix("Bearer ")
        if name not in trade.actors:
            raise NotAuthenticated("Send a bearer token.", code="token_missing")
        return trade[name]

    app = Flask("test")
    app.register_blueprint(event_subscriptions.blueprint(trade.platform, authenticate, HERE, SECRETS))
    return app.test_client()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def ask(
    web: FlaskClient, method: str, path: str, body: Any = None, by: str = "trader", **query: Any
) -> TestResponse:
    headers = {"Authorization": f"Bearer {by}"}
    return web.open(path, method=method, headers=headers, json=body, query_string=query or None)


def subscribe(
    web: FlaskClient, receiver: Receiver, path: str = ALL, by: str = "trader", **wanted: Any
) -> str:
    body = {"callbackUrl": receiver.url, "secret": SECRET, **wanted}
    made = ask(web, "POST", path, body, by)
    assert made.status_code == 201, made.text
    return str(made.get_json()["subscriptionID"])


def deliver(trade: Trade) -> None:
    """Do what the worker does until nothing is due."""
    spread, deliverer = (
        partial(webhook_delivery.spread, trade.platform),
        Deliverer(trade.platform, SECRETS, Caller(HERE, patience=5)),
    )
    while outbox.drain(trade.platform, CHANGE_TOPIC, spread) + outbox.drain(
        trade.platform, webhooks.TOPIC, deliverer
    ):
        pass


def ids(received: Received) -> list[str]:
    told = orjson.loads(received.body)
    return [event["eventID"] for event in (told["events"] if isinstance(told, dict) else told)]


def schema(operation: dict[str, Any], status: int) -> dict[str, Any]:
    responses = operation["responses"]
    response = responses.get(str(status), responses["default"])
    found: dict[str, Any] = response["content"]["application/json"]["schema"]
    return found


def hold(found: dict[str, Any], value: object, document: dict[str, Any]) -> None:
    Draft202012Validator({**found, "components": document["components"]}).validate(value)


@published
def test_what_is_answered_and_what_is_told_is_as_published(
    trade: Trade, web: FlaskClient, receiver: Receiver
) -> None:
    document = yaml.safe_load((PUBLISHED / "TNT_v2.2.0-resolved.yaml").read_text())
    every, one = document["paths"][ALL], document["paths"][f"{ALL}/{{subscriptionID}}"]
    trade.ship()
    made = subscribe(web, receiver, eventType=["TRANSPORT", "EQUIPMENT"], UNLocationCode="TWKHH")
    told = {"callbackUrl": receiver.url, "eventType": ["TRANSPORT"]}
    for operation, answer in (
        (every["get"], ask(web, "GET", ALL)),
        (one["get"], ask(web, "GET", f"{ALL}/{made}")),
        (one["get"], ask(web, "GET", f"{ALL}/{uuid4()}")),
        (every["post"], ask(web, "POST", ALL, told)),
        (every["post"], ask(web, "POST", ALL, told | {"secret": SECRET})),
        (every["get"], ask(web, "GET", ALL, by="nobody")),
        (one["put"], ask(web, "PUT", f"{ALL}/{made}", told)),
    ):
        hold(schema(operation, answer.status_code), answer.get_json(), document)
        assert answer.headers["API-Version"] == "2.2.0"
    send(trade, moved(str(uuid4()), "DEPA", "TWKHH", 2))
    deliver(trade)
    callback = every["post"]["callbacks"]["event"]["{$request.body.callbackUrl}"]["post"]
    named = {each["name"] for each in callback["parameters"] if not each.get("deprecated")}
    assert len(receiver.received) == 2
    for received in receiver.received:
        hold(callback["requestBody"]["content"]["application/json"]["schema"], received.told, document)
        assert {name.lower() for name in named} <= received.headers.keys()


def test_what_is_told_is_signed_with_the_subscribers_own_secret(
    trade: Trade, web: FlaskClient, receiver: Receiver
) -> None:
    trade.ship()
    made = subscribe(web, receiver)
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    deliver(trade)
    other = b"another secret of the subscriber"
    renewed = {"secret": base64.b64encode(other).decode()}
    assert ask(web, "PUT", f"{ALL}/{made}/secret", renewed).status_code == 204
    send(trade, moved("2", "ARRI", "KRPUS", 5))
    deliver(trade)
    for received, secret in zip(receiver.received, (SHARED, other), strict=True):
        signed = hmac.new(secret, received.body, hashlib.sha256).hexdigest()
        assert received.headers["notification-signature"] == f"sha256={signed}"
        assert received.headers["subscription-id"] == made
    with trade.platform.begin(trade["trader"]) as work:
        kept = work.session.scalars(select(EventSubscription.sealed_secret)).one()
    assert other not in kept


def test_version_3_is_told_in_its_own_words(trade: Trade, web: FlaskClient, receiver: Receiver) -> None:
    trade.ship()
    made = subscribe(web, receiver, "/v3/event-subscriptions", eventTypes=["TRANSPORT"])
    send(trade, moved("1", "DEPA", "TWKHH", 2), handled("2", "LOAD", "TWKHH", 1, CONTAINERS[0]))
    deliver(trade)
    (received,) = receiver.received
    (event,) = received.told["events"]
    assert event["eventClassification"]["transportEventTypeCode"] == "DEPA"
    assert received.headers["api-version"] == "3.0.0"
    assert ask(web, "GET", f"{ALL}/{made}").status_code == 404, "it is no subscription of 2.2"


def test_only_those_who_see_the_shipment_are_told(trade: Trade, web: FlaskClient) -> None:
    with receiving() as owner, receiving() as other:
        subscribe(web, owner)
        for party in ("rival", "stranger", "operator"):
            subscribe(web, other, by=party)
        trade.ship()
        send(trade, moved("1", "DEPA", "TWKHH", 2))
        deliver(trade)
    assert [ids(each) for each in owner.received] == [["1"]]
    assert other.received == []


def test_a_shipment_brings_the_events_that_waited_for_it(
    trade: Trade, web: FlaskClient, receiver: Receiver, clock: StandingClock
) -> None:
    subscribe(web, receiver)
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    deliver(trade)
    assert receiver.received == []
    clock.advance(minutes=1)
    trade.ship()
    deliver(trade)
    assert [ids(each) for each in receiver.received] == [["1"]]


CALL = {
    "transportCallID": "C",
    "modeOfTransport": "VESSEL",
    "UNLocationCode": "TWKHH",
    "exportVoyageNumber": "041W",
    "carrierServiceCode": "FE1",
    "vessel": {"vesselIMONumber": "9321483"},
}


MATCHING: list[dict[str, Any]] = [
    {"eventType": ["TRANSPORT", "SHIPMENT"]},
    {"transportEventTypeCode": ["DEPA"]},
    {"carrierBookingReference": "BOOKING1"},
    {"transportDocumentReference": "BILL1"},
    {"UNLocationCode": "TWKHH"},
    {"transportCallID": "C"},
    {"vesselIMONumber": "9321483"},
    {"exportVoyageNumber": "041W"},
    {"carrierServiceCode": "FE1", "transportCallID": "C"},
]
OTHER: list[dict[str, Any]] = [
    {"eventType": ["EQUIPMENT"]},
    {"transportEventTypeCode": ["ARRI"]},
    {"carrierBookingReference": "BOOKING2"},
    {"transportDocumentReference": "BILL2"},
    {"UNLocationCode": "DEHAM"},
    {"transportCallID": "D"},
    {"vesselIMONumber": "9321495"},
    {"exportVoyageNumber": "042W"},
    {"carrierServiceCode": "FE1", "transportCallID": "D"},
]


def test_every_filter_lets_through_what_matches_and_nothing_else(
    trade: Trade, web: FlaskClient, receiver: Receiver
) -> None:
    trade.ship()
    told = {subscribe(web, receiver, **wanted) for wanted in MATCHING}
    for wanted in OTHER:
        subscribe(web, receiver, **wanted)
    send(trade, moved("1", "DEPA", "TWKHH", 2, transportCall=CALL))
    deliver(trade)
    assert {each.headers["subscription-id"] for each in receiver.received} == told


def test_what_is_wrong_is_refused_by_name_and_leaves_nothing(web: FlaskClient) -> None:
    for changes in (
        {"secret": "not base64!"},
        {"secret": base64.b64encode(b"short").decode()},
        {"callbackUrl": "http://100.64.0.1/hook"},
        {"callbackUrl": "https://3232235777/hook"},
        {"eventType": ["RUMOUR"]},
        {"scheduleID": str(uuid4())},
    ):
        refused = ask(web, "POST", ALL, {"callbackUrl": "https://example.com/", "secret": SECRET} | changes)
        assert refused.status_code == 400, changes
        reason = refused.get_json()["errors"][0]
        assert reason["reason"] == "address_refused" or next(iter(changes)) in reason["message"]
    assert ask(web, "GET", ALL).get_json() == []


def test_subscriptions_are_listed_page_by_page_altered_and_stopped_by_their_party_alone(
    trade: Trade, web: FlaskClient, receiver: Receiver
) -> None:
    made = [subscribe(web, receiver) for _ in range(3)]
    page = ask(web, "GET", ALL, limit=2)
    assert page.headers["Current-Page"] == f"{ALL}?limit=2"
    following = ask(web, "GET", page.headers["Next-Page"])
    assert "Next-Page" not in following.headers
    listed = [each["subscriptionID"] for each in (*page.get_json(), *following.get_json())]
    assert listed == made
    one = f"{ALL}/{made[0]}"
    altered = {"callbackUrl": receiver.url, "UNLocationCode": "DEHAM", "subscriptionID": made[0]}
    for method, body in (("GET", None), ("PUT", altered), ("DELETE", None)):
        assert ask(web, method, one, body, by="rival").status_code == 404
    assert ask(web, "PUT", one, altered).get_json() == altered
    assert ask(web, "GET", one).get_json() == altered
    assert ask(web, "DELETE", one).status_code == 204
    for method, body in (("GET", None), ("PUT", altered), ("DELETE", None)):
        assert ask(web, method, one, body).status_code == 404
    trade.ship()
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    deliver(trade)
    assert sorted(each.headers["subscription-id"] for each in receiver.received) == sorted(made[1:])
