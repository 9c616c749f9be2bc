"""Webhooks through GraphQL: registering, secrets, the log, and nothing of another party's."""

from functools import partial
from typing import Any

import pytest
from graphql_relay import to_global_id

from graphql_client import Asker, nodes, register_cast, serve
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import outbox, webhook_delivery, webhooks
from isthmus_platform.database import Platform, new_id
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_delivery import Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from receiving import receiving

HERE = Outgoing(loopback=True)
SECRETS = SigningSecrets(b"m" * 32)
LOG = """{ webhookDeliveries { edges { node {
    id messageId eventType state replays replayReason
    webhook { url } attempts { number outcome status } } } } }"""


@pytest.fixture
def askers(platform: Platform) -> dict[str, Asker]:
    return serve(GraphQL(platform, build(), push=(HERE, SECRETS)), register_cast(platform))


def work(platform: Platform) -> None:
    """Do what the worker does, once."""
    outbox.drain(platform, webhook_delivery.CHANGE_TOPIC, partial(webhook_delivery.spread, platform))
    outbox.drain(platform, webhooks.TOPIC, Deliverer(platform, SECRETS, Caller(HERE)))


def register(asker: Asker, url: str, **given: Any) -> dict[str, Any]:
    return asker.done("registerWebhook", "webhook { id url eventTypes } secret", url=url, **given)


def test_a_webhook_from_registration_to_the_log(platform: Platform, trader: Asker) -> None:
    with receiving() as receiver:
        made = register(trader, receiver.url, eventTypes=["shipment.created"])
        assert made["webhook"]["eventTypes"] == ["shipment.created"]
        assert made["secret"].startswith("whsec_")
        ship(trader)
        work(platform)
    (delivery,) = nodes(trader.data(LOG)["webhookDeliveries"])
    assert delivery["messageId"] == receiver.received[0].headers["webhook-id"]
    assert (delivery["eventType"], delivery["state"]) == ("shipment.created", "DELIVERED")
    assert delivery["attempts"] == [{"number": 1, "outcome": "delivered", "status": 204}]
    assert delivery["webhook"] == {"url": receiver.url}


def test_the_same_registration_again_is_the_same_webhook_with_its_secret(trader: Asker) -> None:
    first = register(trader, "https://hooks.example.com/", idempotencyKey="one")
    assert register(trader, "https://hooks.example.com/", idempotencyKey="one") == first
    assert len(nodes(trader.data("{ webhooks { edges { node { id } } } }")["webhooks"])) == 1


def test_rotating_gives_another_secret(trader: Asker) -> None:
    made = register(trader, "https://hooks.example.com/")
    rotated = trader.done("rotateWebhookSecret", "secret", webhook=made["webhook"]["id"])
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"url": "https://2852039166/"}, ("address_refused", "url")),
        ({"url": "https://[::ffff:a9fe:a9fe]/"}, ("address_refused", "url")),
        ({"url": "ftp://hooks.example.com/"}, ("address_refused", "url")),
        (
            {"url": "https://hooks.example.com/", "eventTypes": ["everything"]},
            ("unknown_event_type", "eventTypes"),
        ),
        ({"url": "https://hooks.example.com/", "description": "x" * 501}, ("too_long", "description")),
    ],
    ids=["number", "mapped", "scheme", "type", "description"],
)
def test_what_is_not_registered(trader: Asker, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    assert trader.refused("registerWebhook", "webhook { id } secret", **given) == [refusal]


def test_a_party_has_a_bounded_number_of_webhooks(trader: Asker) -> None:
    for number in range(webhooks.MOST_ENDPOINTS):
        register(trader, f"https://hooks.example.com/{number}")
    refused = trader.refused("registerWebhook", "secret", url="https://hooks.example.com/more")
    assert refused == [("too_many_webhooks", None)]


def test_anothers_webhooks_are_as_if_there_were_none(platform: Platform, trader: Asker, rival: Asker) -> None:
    with receiving() as receiver:
        webhook = register(trader, receiver.url)["webhook"]["id"]
        ship(trader)
        work(platform)
    (delivery,) = nodes(trader.data(LOG)["webhookDeliveries"])
    node = "query ($id: ID!) { node(id: $id) { id } }"
    absent = to_global_id("Webhook", str(new_id())), to_global_id("WebhookDelivery", str(new_id()))
    for theirs, none in zip((webhook, delivery["id"]), absent, strict=True):
        assert trader.data(node, id=theirs) == {"node": {"id": theirs}}
        assert rival.ask(node, id=theirs) == rival.ask(node, id=none)
    for mutation, selection in (("rotateWebhookSecret", "secret"), ("removeWebhook", "webhook { id }")):
        refusals = [rival.refused(mutation, selection, webhook=each) for each in (webhook, absent[0])]
        assert refusals[0] == refusals[1] == [("not_found", "webhook")]
    for each in (delivery["id"], absent[1]):
        refused = rival.refused("replayWebhookDelivery", "delivery { id }", delivery=each, reason="mine now")
        assert refused == [("not_found", "delivery")]
    assert nodes(rival.data(LOG)["webhookDeliveries"]) == []


def test_a_removed_webhook_stays_in_the_list_as_ended(trader: Asker) -> None:
    webhook = register(trader, "https://hooks.example.com/")["webhook"]["id"]
    removed = trader.done("removeWebhook", "webhook { endReason }", webhook=webhook)
    assert removed["webhook"] == {"endReason": "removed"}
    refused = trader.refused("rotateWebhookSecret", "secret", webhook=webhook)
    assert refused == [("webhook_ended", "webhook")]
