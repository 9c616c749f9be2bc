"""Endpoints are told of what their party may see, signed, again until they take it or three days are over."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from isthmus_platform import grants, outbox, webhook_delivery, webhooks
from isthmus_platform.changes import Kind
from isthmus_platform.database import Actor, Duty, Platform
from isthmus_platform.errors import Conflict, NotFound, NotPermitted
from isthmus_platform.grants import GrantDraft
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import AddressRefused, Outgoing
from isthmus_platform.scopes import SCOPES
from isthmus_platform.webhook_delivery import CHANGE_TOPIC, PATIENCE, Deliverer
from isthmus_platform.webhook_records import WebhookAttempt, WebhookDelivery
from isthmus_platform.webhook_signing import SigningSecrets
from paperwork import Paperwork, open_paperwork
from receiving import Receiver, receiving
from standing import StandingClock

SECRETS = SigningSecrets(b"m" * 32)
HERE = Outgoing(loopback=True)


@dataclass
class Post:
    """A trade whose worker tells endpoints of changes when asked to :meth:`work`."""

    papers: Paperwork
    clock: StandingClock
    caller: Caller

    @property
    def platform(self) -> Platform:
        return self.papers.platform

    def register(self, party: str, receiver: Receiver, *event_types: str) -> UUID:
        with self.platform.begin(self.papers[party]) as work:
            return webhooks.register(work, HERE, receiver.url, event_types).id

    def work(self) -> None:
        """Do what the worker does until nothing is due."""
        deliver = Deliverer(self.platform, SECRETS, self.caller)
        while outbox.drain(
            self.platform, CHANGE_TOPIC, partial(webhook_delivery.spread, self.platform)
        ) + outbox.drain(self.platform, webhooks.TOPIC, deliver):
            pass

    def log(self, party: str) -> list[WebhookDelivery]:
        with self.platform.begin(self.papers[party]) as work:
            return list(webhooks.deliveries(work))

    def attempts(self, party: str) -> list[WebhookAttempt]:
        with self.platform.begin(self.papers[party]) as work:
            (delivery,) = webhooks.deliveries(work)
            return webhooks.attempts(work, [delivery.id])[delivery.id]

    def grant_shipment(self, shipment_id: UUID, reader: str = "bank") -> UUID:
        draft = GrantDraft(reader, "TRADE_FINANCE", self.clock() + timedelta(days=30), shipment=shipment_id)
        with self.platform.begin(self.papers["trader"]) as work:
            return grants.grant(work, draft).id

    def revoke(self, grant_id: UUID) -> None:
        with self.platform.begin(self.papers["trader"]) as work:
            grants.revoke(work, grant_id)


@pytest.fixture
def post(platform: Platform, clock: StandingClock) -> Post:
    return Post(open_paperwork(platform), clock, Caller(HERE, patience=5))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_party_is_told_of_its_shipment_signed_by_the_standard(post: Post, receiver: Receiver) -> None:
    post.clock.now = datetime.now(UTC)
    endpoint = post.register("trader", receiver)
    shipment_id = post.papers.trade.ship()
    post.work()
    (received,) = receiver.received
    assert received.path == "/hook"
    assert received.told == {
        "type": "shipment.created",
        "timestamp": post.clock().isoformat().replace("+00:00", "Z"),
        "data": {
            "shipment": {"id": str(shipment_id), "reference": "KHH-HAM-1", "ucr": "6TW24536806-1"},
        },
    }
    verifier = Webhook(SECRETS.secret(endpoint, 1))
    assert verifier.verify(received.body, received.headers) == received.told
    with pytest.raises(WebhookVerificationError):
        verifier.verify(received.body + b" ", received.headers)
    (delivery,) = post.log("trader")
    assert (delivery.state, delivery.attempts) == ("DELIVERED", 1)
    assert received.headers["webhook-id"] == str(delivery.id)
    (attempt,) = post.attempts("trader")
    assert (attempt.number, attempt.outcome, attempt.status) == (1, "delivered", 204)


def test_everybody_who_sees_the_shipment_is_told_and_nobody_else(post: Post) -> None:
    parties = ("trader", "forwarder", "carrier", "stranger", "rival", "operator", "bank", "authority")
    with receiving() as receiver:
        for party in parties:
            post.register(party, receiver, "shipment.created")
        post.papers.trade.delegate()
        post.papers.trade.ship()
        post.work()
    told = [party for party in parties if [each.state for each in post.log(party)] == ["DELIVERED"]]
    assert told == ["trader", "forwarder", "carrier"]
    assert len(receiver.received) == 3


def test_an_endpoint_is_told_only_of_the_types_it_wants(post: Post, receiver: Receiver) -> None:
    post.register("trader", receiver, "document.stored")
    post.papers.trade.ship()
    stored = post.papers.store(b"invoice")
    post.work()
    assert receiver.kinds == ["document.stored"]
    data = receiver.received[0].told["data"]
    assert data["document"]["id"] == str(stored.document_id)
    assert (data["version"], data["shipment"]["reference"]) == (1, "KHH-HAM-1")


def test_what_a_reader_may_not_see_any_more_is_not_sent(post: Post, receiver: Receiver) -> None:
    shipment_id = post.papers.trade.ship()
    grant_id = post.grant_shipment(shipment_id)
    post.register("bank", receiver, "document.stored")
    receiver.status = 503
    post.papers.store(b"invoice")
    post.work()
    assert receiver.kinds == ["document.stored"]
    receiver.status = 204
    post.revoke(grant_id)
    post.clock.advance(minutes=1)
    post.work()
    assert len(receiver.received) == 1
    (delivery,) = post.log("bank")
    assert delivery.state == "WITHHELD"


def test_a_grant_is_told_to_its_reader_unless_it_ended_before(post: Post, receiver: Receiver) -> None:
    post.register("bank", receiver, "grant.given", "grant.revoked")
    shipment_id = post.papers.trade.ship()
    post.grant_shipment(shipment_id)
    post.work()
    assert receiver.kinds == ["grant.given"]
    post.revoke(post.grant_shipment(shipment_id))
    post.work()
    assert receiver.kinds == ["grant.given", "grant.revoked"]


def test_a_failing_endpoint_is_tried_for_three_days_and_then_no_more(post: Post, receiver: Receiver) -> None:
    post.register("trader", receiver, "shipment.created")
    receiver.status = 500
    began = post.clock()
    post.papers.trade.ship()
    post.work()
    waits = []
    while (delivery := post.log("trader")[0]).state == "WAITING":
        assert delivery.next_at is not None
        waits.append(delivery.next_at - post.clock())
        post.clock.now = delivery.next_at
        post.work()
    assert delivery.state == "DEAD"
    assert post.clock() - began <= PATIENCE < post.clock() - began + timedelta(hours=14)
    assert waits[0] < timedelta(seconds=6)
    assert waits[:8] == sorted(waits[:8])
    assert [each.number for each in post.attempts("trader")] == list(range(1, len(waits) + 2))
    assert {each.status for each in post.attempts("trader")} == {500}
    post.clock.advance(days=2)
    post.work()
    assert len(receiver.received) == len(waits) + 1
    assert {each.headers["webhook-id"] for each in receiver.received} == {str(delivery.id)}


def test_a_dead_delivery_is_replayed_with_a_reason(post: Post, receiver: Receiver) -> None:
    post.register("trader", receiver, "shipment.created")
    receiver.status = 410
    post.papers.trade.ship()
    post.work()
    (delivery,) = post.log("trader")
    assert delivery.state == "DEAD"
    with post.platform.begin(post.papers["trader"]) as work, pytest.raises(Conflict) as refusal:
        webhooks.replay(work, delivery.id, "the receiver is back")
    assert refusal.value.code == "webhook_ended"


def kill(post: Post, receiver: Receiver) -> WebhookDelivery:
    """Return a delivery that was given up."""
    receiver.status = 500
    post.papers.trade.ship()
    post.work()
    while (delivery := post.log("trader")[0]).next_at is not None:
        post.clock.now = delivery.next_at
        post.work()
    receiver.received.clear()
    return delivery


def test_replaying_delivers_under_the_same_id_and_keeps_why(post: Post, receiver: Receiver) -> None:
    post.register("trader", receiver, "shipment.created")
    dead = kill(post, receiver)
    receiver.status = 200
    with post.platform.begin(post.papers["stranger"]) as work, pytest.raises(NotFound):
        webhooks.replay(work, dead.id, "not mine")
    with post.platform.begin(post.papers["trader"]) as work:
        webhooks.replay(work, dead.id, "the receiver is back")
    post.clock.advance(minutes=6)
    post.work()
    (replayed,) = post.log("trader")
    assert (replayed.state, replayed.replays) == ("DELIVERED", 1)
    assert replayed.replay_reason == "the receiver is back"
    assert [each.headers["webhook-id"] for each in receiver.received] == [str(dead.id)]
    with post.platform.begin(post.papers["trader"]) as work, pytest.raises(Conflict):
        webhooks.replay(work, dead.id, "again")


def test_redirects_are_not_followed(post: Post, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        post.register("trader", receiver, "shipment.created")
        post.papers.trade.ship()
        post.work()
        assert elsewhere.received == []
    (attempt,) = post.attempts("trader")
    assert (attempt.outcome, attempt.status) == ("refused", 307)


def test_after_rotation_both_secrets_verify_for_a_day(post: Post, receiver: Receiver) -> None:
    post.clock.now = datetime.now(UTC)
    endpoint = post.register("trader", receiver, "shipment.created")
    with post.platform.begin(post.papers["trader"]) as work:
        webhooks.rotate(work, endpoint)
    post.papers.trade.ship()
    post.work()
    received = receiver.received[0]
    for version in (1, 2):
        Webhook(SECRETS.secret(endpoint, version)).verify(received.body, received.headers)
    post.clock.advance(hours=25)
    post.papers.trade.ship(reference="KHH-HAM-2", ucr="6TW24536806-2")
    post.work()
    assert receiver.received[1].headers["webhook-signature"].count("v1,") == 1


def test_a_removed_endpoint_gets_nothing_that_still_waits(post: Post, receiver: Receiver) -> None:
    endpoint = post.register("trader", receiver)
    post.papers.trade.ship()
    with post.platform.begin(post.papers["stranger"]) as work, pytest.raises(NotFound):
        webhooks.remove(work, endpoint)
    outbox.drain(post.platform, CHANGE_TOPIC, partial(webhook_delivery.spread, post.platform))
    with post.platform.begin(post.papers["trader"]) as work:
        webhooks.remove(work, endpoint)
    post.work()
    assert receiver.received == []
    assert [each.state for each in post.log("trader")] == ["CANCELLED"]


def test_a_worker_that_dies_between_putting_down_and_sending_tells_nothing_twice(
    post: Post, receiver: Receiver
) -> None:
    post.register("trader", receiver)
    post.papers.trade.ship()
    seen: list[Any] = []
    outbox.drain(post.platform, CHANGE_TOPIC, seen.append)
    for _ in range(2):
        webhook_delivery.spread(post.platform, seen[0])
    messages: list[Any] = []
    outbox.drain(post.platform, webhooks.TOPIC, messages.append)
    deliver = Deliverer(post.platform, SECRETS, post.caller)
    for _ in range(2):
        deliver(messages[0])
    assert len(messages) == len(receiver.received) == 1


def test_an_endpoint_that_fails_rests_while_others_are_told(post: Post, receiver: Receiver) -> None:
    with receiving() as well:
        post.register("trader", receiver, "shipment.created")
        post.register("trader", well, "shipment.created")
        receiver.status = 500
        for number in range(3):
            post.papers.trade.ship(reference=f"KHH-HAM-{number}", ucr=f"6TW24536806-{number}")
        post.work()
        assert len(receiver.received) == 1
        assert len(well.received) == 3


def test_nothing_is_put_in_the_outbox_where_nobody_waits(post: Post) -> None:
    post.papers.trade.ship()
    with post.platform.begin(Duty("outbox")) as work:
        assert CHANGE_TOPIC not in outbox.waiting(work)


def test_an_address_that_leads_inside_is_refused(post: Post) -> None:
    with post.platform.begin(post.papers["trader"]) as work, pytest.raises(AddressRefused):
        webhooks.register(work, Outgoing(), "https://127.1/hook")


@pytest.mark.parametrize(
    ("event_types", "lacking"),
    [
        (("shipment.created", "receivable.defaulted"), "read:finance"),
        (("delivery_order.issued",), "read:logistics"),
        ((), "read:crossings"),
    ],
    ids=["two kinds", "one kind", "all kinds"],
)
def test_a_client_is_told_by_webhook_only_of_what_it_may_read(
    post: Post, receiver: Receiver, event_types: tuple[str, ...], lacking: str
) -> None:
    narrow = replace(post.papers["trader"], scopes=frozenset({"write:webhooks", "read:shipments"}))
    with post.platform.begin(narrow) as work:
        webhooks.register(work, HERE, receiver.url, ["shipment.created"])
    with (
        pytest.raises(NotPermitted, match=lacking) as refused,
        post.platform.begin(narrow) as work,
    ):
        webhooks.register(work, HERE, receiver.url, event_types)
    assert refused.value.code == "insufficient_scope"
    with post.platform.begin(narrow) as work:
        assert len(webhooks.page(work)) == 1


def test_every_kind_is_opened_by_a_scope_that_exists() -> None:
    assert {kind.partition(".")[0] for kind in Kind} == webhooks.OPENED_BY.keys()
    assert set(webhooks.OPENED_BY.values()) <= SCOPES.keys()


def test_a_name_that_has_come_to_lead_inside_is_not_called(post: Post, receiver: Receiver) -> None:
    with post.platform.begin(post.papers["trader"]) as work:
        webhooks.register(work, Outgoing(), f"https://hooks.example.com:{receiver.port}/")
    post.caller = Caller(Outgoing(), look_up=lambda _host, _port: ["127.0.0.1"])
    post.papers.trade.ship()
    post.work()
    (attempt,) = post.attempts("trader")
    assert (attempt.outcome, attempt.status) == ("address_refused", None)
    assert receiver.received == []


def test_no_party_reaches_anothers_webhooks_past_the_service(post: Post, receiver: Receiver) -> None:
    post.register("trader", receiver)
    post.papers.trade.ship()
    post.work()

    def rows(actor: Actor, table: str) -> int:
        with post.platform.begin(actor) as work:
            return int(work.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    for table in ("webhook_endpoint", "webhook_delivery", "webhook_attempt", "change"):
        assert rows(post.papers["trader"], table) > 0
        assert rows(post.papers["stranger"], table) == 0
