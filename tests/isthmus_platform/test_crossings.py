"""What was committed to cross is sent once in effect; what the bridge brings is taken once."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from border import Border
from counterparts import KEYRING, KEYS
from isthmus_bridge.models import Exchange
from isthmus_platform import crossings, declarations, outbox
from isthmus_platform.crossings import BridgeClient, BridgeUnavailable, Sender
from isthmus_platform.database import Duty
from isthmus_platform.errors import NotFound
from isthmus_platform.outbox import Message, OutboxMessage
from isthmus_protocol.acknowledgements import open_acknowledgement
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.chains import Chain, Link
from isthmus_protocol.keys import Holder, SigningKey
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.parcels import Kind, Result, pack, read_answer
from isthmus_protocol.promises import Promise, open_promise, sign_promise
from isthmus_protocol.receipts import Receiver, open_receipt
from standing import StandingClock
from trade import DRAFT


@pytest.fixture
def declared(border: Border) -> UUID:
    """Return the exchange of a declaration that reached the window."""
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id).exchange
    assert exchange is not None
    return exchange


def messages(border: Border) -> list[Message]:
    """Return the messages of the outbox that carry crossings, as a worker would see them."""
    with border.papers.platform.begin(Duty("outbox")) as work:
        rows = work.session.query(OutboxMessage).filter(OutboxMessage.topic == crossings.TOPIC)
        return [
            Message(row.id, row.topic, row.party_id, row.payload, row.request_id, row.created_at, 1)
            for row in rows
        ]


def promised(exchange: str, log_index: int, key: SigningKey = KEYS[Holder.LOG]) -> str:
    """Return the promise of a leaf that is the first of its party and the second of its subject."""
    chain = Chain(Link(1, None), Link(2, 3))
    return sign_promise(key, Promise("bridge.test/log", exchange, log_index, b"h" * 32, chain))


def ended(border: Border, exchange: UUID | None, state: str, reason: str | None, **more: Any) -> JsonObject:
    """Return what the bridge would tell of an exchange, with the promise that it gave where it gave one."""
    kept = [crossing.promise for crossing in border.crossings() if crossing.exchange == exchange]
    promise = kept[0] if kept else promised(str(exchange), 3)
    told: JsonObject = {
        "exchange": str(exchange),
        "state": state,
        "reason": reason,
        "receipt": None,
        "promise": promise,
    }
    return told | more


def envelope(border: Border, to: UUID, **changes: Any) -> JsonObject:
    """Return what the bridge would deliver: a status, in reply to the exchange ``to``."""
    body = {"status": "ACCEPTED", "mrn": "26TW1", "at": "2026-06-01T09:00:00Z", "ucr": DRAFT.ucr}
    exchange = str(uuid4())
    told: JsonObject = {
        "exchange": exchange,
        "message": "DECLARATION_STATUS",
        "direction": "FROM_WINDOW",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "agreement": {"id": "declaration-status", "version": 1, "digest": "sha-256:" + "0" * 64},
        "party": "trader",
        "role": "TRADER",
        "owner": "trader",
        "inReplyTo": str(to),
        "sentAt": "2026-06-01T09:00:00Z",
        "salt": "00" * 32,
        "payloadDigest": payload_digest("00" * 32, {**body}),
        "logIndex": 9,
        "promise": promised(exchange, 9),
        "body": {**body},
    }
    return told | changes


# Sending.


def test_a_crossing_waits_while_the_bridge_cannot_be_reached(border: Border, clock: StandingClock) -> None:
    away = Sender(
        border.papers.platform,
        BridgeClient("http://127.0.0.1:9", KEYS[Holder.PLATFORM], KEYRING, clock),
        border.sender.outgoing,
    )
    crossing_id = border.declare()
    assert outbox.drain(border.papers.platform, crossings.TOPIC, away) == 0
    assert border.crossing(crossing_id).state == "REQUESTED"
    clock.advance(seconds=10)
    assert border.drain() == 1
    assert border.crossing(crossing_id).state == "AGREED"


def crossings_in_the_log(border: Border) -> list[crossings.LogEntry]:
    """Return the bridge's entries about crossings; others are about agreements."""
    return [entry for entry in border.client.entries().entries if entry.record["kind"] != "AGREEMENT"]


def test_handling_a_message_again_changes_nothing(border: Border) -> None:
    border.declare()
    (message,) = messages(border)
    border.sender(message)
    (first,) = border.crossings()
    border.sender(message)
    (again,) = border.crossings()
    assert (again.exchange, again.log_index, again.state) == (first.exchange, first.log_index, first.state)
    assert len(crossings_in_the_log(border)) == 1


def test_a_worker_that_died_after_sending_sends_the_very_same_again(border: Border) -> None:
    crossing_id = border.declare()
    (message,) = messages(border)
    (crossing,) = border.crossings()
    sent = border.sender._fix(crossing, border.papers["trader"])
    decided = border.client.submit(sent)  # ... and here the worker dies
    assert border.crossing(crossing_id).exchange is None
    border.sender(message)
    assert border.crossing(crossing_id).exchange == UUID(decided.exchange)
    assert len(crossings_in_the_log(border)) == 1


def test_what_the_bridge_takes_for_wrong_fails_with_its_reason(border: Border) -> None:
    crossing_id = border.declare()
    (crossing,) = border.crossings()
    sent = border.sender._fix(crossing, border.papers["trader"])
    border.client.submit(sent | {"subject": "6TW24536806-OTHER"})
    border.drain()
    failed = border.crossing(crossing_id)
    assert (failed.state, failed.exchange) == ("FAILED", None)
    assert failed.reason
    assert outbox.drain(border.papers.platform, crossings.TOPIC, border.sender) == 0, "it is not tried again"


def test_a_request_carries_the_id_of_the_request_that_caused_it(border: Border) -> None:
    seen: list[str] = []
    border.client.http.event_hooks["request"].append(lambda sent: seen.append(sent.headers["X-Request-Id"]))
    with border.papers.platform.begin(border.papers["trader"], request_id="req-7") as work:
        declarations.submit(work, DRAFT.reference)
    border.drain()
    assert "req-7" in seen


def test_an_agreement_that_is_not_signed_by_both_is_not_believed(border: Border) -> None:
    stranger = replace(border.client, keyring=type(KEYRING)([KEYS[Holder.OPERATOR].public]), _agreements={})
    assert stranger.active_agreement("EXPORT_DECLARATION", "TO_WINDOW", "CUSTOMS_EXPORT_CLEARANCE") is None


def test_the_log_is_read_newest_first_in_pages(border: Border) -> None:
    first = border.client.entries().size
    assert crossings_in_the_log(border) == [], "the agreements' own entries alone"
    for _ in range(3):
        border.declare("trader", "/invoice/bankAccount")
        border.drain()
    newest = border.client.entries(limit=2)
    assert (newest.size, [entry.index for entry in newest.entries]) == (first + 3, [first + 2, first + 1])
    rest = border.client.entries(before=first + 1, limit=1)
    assert [entry.index for entry in rest.entries] == [first]
    assert rest.entries[0].record["reason"] == "FIELD_NOT_PERMITTED"
    assert border.client.entries(before=0).entries == ()


def test_a_key_the_bridge_does_not_trust_gets_nothing(border: Border) -> None:
    stranger = replace(border.client, signing_key=type(KEYS[Holder.PLATFORM]).generate(Holder.PLATFORM))
    with pytest.raises(BridgeUnavailable, match="401"):  # and is to come again: the key may be new
        stranger.entries()


def test_a_bridge_that_talks_nonsense_counts_as_away(border: Border) -> None:
    nonsense = replace(border.client, base_url=border.platform_url)
    with pytest.raises((BridgeUnavailable, NotFound)):
        nonsense.entries()


# Receiving.


def test_the_same_delivery_again_gets_the_same_receipt(border: Border, declared: UUID) -> None:
    told = canonical(envelope(border, declared))
    first, again = (border.post("/bridge/exchanges", told) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    receipt = open_receipt(first.json()["receipt"], KEYRING, Receiver.PLATFORM)
    assert receipt.exchange == parse_object(told)["exchange"]
    assert [each.direction for each in border.crossings()] == ["TO_WINDOW", "FROM_WINDOW"]


def test_a_request_is_taken_once(border: Border, declared: UUID) -> None:
    told = canonical(envelope(border, declared))
    assert border.post("/bridge/exchanges", told, nonce="nonce-nonce").status_code == 200
    again = border.post("/bridge/exchanges", told, nonce="nonce-nonce")
    assert (again.status_code, again.json()["code"]) == (401, "replayed")


def test_an_old_nonce_is_forgotten_with_its_signature(
    border: Border, declared: UUID, clock: StandingClock
) -> None:
    told = canonical(envelope(border, declared))
    border.post("/bridge/exchanges", told, nonce="nonce-nonce")
    clock.advance(minutes=10)
    assert border.post("/bridge/exchanges", told, nonce="nonce-nonce").status_code == 200


@pytest.mark.parametrize("holder", [each for each in Holder if each not in (Holder.BRIDGE, Holder.WITNESS)])
def test_only_the_bridge_delivers(border: Border, declared: UUID, holder: Holder) -> None:
    answer = border.post("/bridge/exchanges", canonical(envelope(border, declared)), holder)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_bridge")
    assert len(border.crossings()) == 1


@pytest.mark.parametrize("path", ["/bridge/exchanges", "/bridge/receipts", "/bridge/parcels"])
def test_an_unsigned_or_altered_request_is_refused(border: Border, declared: UUID, path: str) -> None:
    told = canonical(envelope(border, declared))
    plain = httpx.post(
        f"{border.platform_url}{path}", content=told, headers={"Content-Type": "application/json"}
    )
    assert (plain.status_code, plain.json()["code"]) == (401, "signature")
    signed = border.post(path, told).request
    altered = httpx.post(signed.url, content=told.replace(b"ACCEPTED", b"RELEASED"), headers=signed.headers)
    assert altered.status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"body": {"status": "RELEASED", "at": "2026-06-01T09:00:00Z"}}, 422, "digest_mismatch"),
        ({"direction": "TO_WINDOW"}, 422, "direction"),
        ({"message": "DECLARATION_SECRET"}, 422, "unknown_message"),
        ({"message": "DECLARATION_ANSWER"}, 422, "other_message"),
        ({"inReplyTo": None}, 422, "missing"),
        ({"inReplyTo": "not-a-uuid"}, 422, "uuid"),
        ({"party": "bank"}, 403, "not_permitted"),
        ({"inReplyTo": "018f0000-0000-7000-8000-000000000000"}, 404, "unknown_exchange"),
        ({"extra": 1}, 422, "unknown_member"),
    ],
)
def test_a_delivery_that_breaks_a_rule_is_refused_for_good_and_changes_nothing(
    border: Border, declared: UUID, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = border.post("/bridge/exchanges", canonical(envelope(border, declared, **changes)))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(border.crossings()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,"a":2}', b'{"a":1.5}', b"[]", b"\xff"])
def test_what_is_not_strict_json_is_refused(border: Border, body: bytes) -> None:
    for path in ("/bridge/exchanges", "/bridge/receipts"):
        assert border.post(path, body).status_code == 422


def test_word_of_an_exchange_we_have_not_written_down_yet_is_asked_for_again(border: Border) -> None:
    border.declare()
    (crossing,) = border.crossings()
    decided = border.client.submit(border.sender._fix(crossing, border.papers["trader"]))
    border.deliver()
    assert len(border.window.received) == 1
    assert border.crossings()[0].state == "REQUESTED", "the bridge was quicker than we"
    told = canonical(envelope(border, UUID(decided.exchange)))
    assert border.post("/bridge/exchanges", told).status_code == 503
    border.papers.platform.clock.advance(seconds=30)  # type: ignore[attr-defined]
    border.drain()
    border.deliver()
    assert border.crossings()[0].state == "DELIVERED"
    assert border.post("/bridge/exchanges", told).status_code == 200


def test_a_receipt_that_the_window_did_not_sign_is_refused(border: Border) -> None:
    crossing_id = border.declare()
    border.drain()
    exchange = border.crossing(crossing_id).exchange
    notice = ended(border, exchange, "DELIVERED", None, receipt="a.b.c")
    answer = border.post("/bridge/receipts", canonical(notice))
    assert (answer.status_code, answer.json()["field"]) == (422, "/receipt")
    assert border.crossing(crossing_id).state == "AGREED"


def test_a_failed_delivery_ends_the_declaration_and_frees_the_shipment(border: Border) -> None:
    crossing_id = border.declare()
    border.drain()
    exchange = border.crossing(crossing_id).exchange
    notice = ended(border, exchange, "FAILED", "HTTP 422")
    first = border.post("/bridge/receipts", canonical(notice))
    border.papers.platform.clock.advance(seconds=5)  # type: ignore[attr-defined]
    again = border.post("/bridge/receipts", canonical(notice))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json(), "again changes nothing"
    said = open_acknowledgement(first.json()["acknowledgement"], KEYRING, Receiver.PLATFORM)
    assert (said.exchange, said.state, said.receipt_digest) == (str(exchange), "FAILED", None)
    assert said.place == open_promise(border.crossing(crossing_id).promise or "", KEYRING).place
    failed = border.crossing(crossing_id)
    assert (failed.state, failed.reason) == ("FAILED", "HTTP 422")
    border.declare()


def test_an_end_is_not_undone(border: Border, declared: UUID) -> None:
    answer = border.post("/bridge/receipts", canonical(ended(border, declared, "FAILED", "HTTP 500")))
    assert (answer.status_code, answer.json()["code"]) == (409, "other_end")
    assert border.crossings()[0].state == "DELIVERED"


def test_word_of_an_unknown_exchange_is_refused(border: Border, declared: UUID) -> None:
    notice = ended(border, uuid4(), "TERMINATED", "SUSPENDED")
    assert border.post("/bridge/receipts", canonical(notice)).status_code == 404


@pytest.mark.parametrize("wrong", ["exchange", "place", "key", "none"])
def test_what_the_log_has_not_promised_to_keep_is_not_taken(
    border: Border, declared: UUID, wrong: str
) -> None:
    told = envelope(border, declared)
    exchange = str(told["exchange"])
    promises = {
        "exchange": promised(str(uuid4()), 9),
        "place": promised(exchange, 8),
        "key": promised(exchange, 9, SigningKey.generate(Holder.LOG)),
        "none": "a.b.c",
    }
    answer = border.post("/bridge/exchanges", canonical(told | {"promise": promises[wrong]}))
    # By a key that is not known, yet or any more, it may be given anew: nothing is refused for good.
    assert (answer.status_code, answer.json()["code"]) == (401 if wrong == "key" else 422, "promise")
    assert len(border.crossings()) == 1


def test_the_log_cannot_promise_one_thing_when_it_decides_and_another_at_the_end(border: Border) -> None:
    crossing_id = border.declare()
    border.drain()
    exchange = border.crossing(crossing_id).exchange
    notice = ended(border, exchange, "FAILED", "HTTP 422", promise=promised(str(exchange), 3))
    answer = border.post("/bridge/receipts", canonical(notice))
    assert (answer.status_code, answer.json()["field"]) == (422, "/promise")
    assert border.crossing(crossing_id).state == "AGREED"


def test_both_sides_commit_to_where_the_log_keeps_a_crossing(border: Border, declared: UUID) -> None:
    (crossing,) = border.crossings()
    place = open_promise(crossing.promise or "", KEYRING).place
    assert (place.log_index, place.party_count, place.subject_count) == (crossing.log_index, 1, 1)
    assert open_receipt(crossing.receipt or "", KEYRING, Receiver.WINDOW).place == place
    with border.bridge.begin() as session:
        exchange = session.get_one(Exchange, declared)
    said = open_acknowledgement(exchange.acknowledgement or "", KEYRING, Receiver.PLATFORM)
    assert (said.place, exchange.promise) == (place, crossing.promise)


# Parcels.


def packed(border: Border, *messages: tuple[Kind, JsonObject]) -> list[Result]:
    parcel = pack((kind, f"request-{kind}", canonical(content)) for kind, content in messages)
    answer = border.post("/bridge/parcels", parcel)
    assert answer.status_code == 200, answer.text
    return read_answer(answer.content, len(messages))


def test_each_item_of_a_parcel_is_taken_or_refused_as_it_would_be_alone(
    border: Border, declared: UUID
) -> None:
    mixed: list[tuple[Kind, JsonObject]] = [
        (Kind.ENVELOPE, envelope(border, declared)),
        (Kind.ENVELOPE, envelope(border, declared, party="bank")),
        (Kind.ENVELOPE, envelope(border, declared, extra=1)),
        (Kind.NOTICE, ended(border, declared, "FAILED", "HTTP 500")),
        (Kind.ENVELOPE, envelope(border, uuid4())),
        (Kind.NOTICE, ended(border, uuid4(), "TERMINATED", "SUSPENDED")),
        (Kind.NOTICE, {"exchange": "e-1"}),
        (Kind.ENVELOPE, envelope(border, declared)),
    ]
    together = packed(border, *mixed)
    assert [each.status for each in together] == [200, 403, 422, 409, 404, 404, 422, 200]
    assert len(border.crossings()) == 3
    paths = {Kind.ENVELOPE: "/bridge/exchanges", Kind.NOTICE: "/bridge/receipts"}
    alone = [border.post(paths[kind], canonical(content)) for kind, content in mixed]
    assert [answer.status_code for answer in alone] == [each.status for each in together]
    for result, answer in zip(together, alone, strict=True):
        said = answer.json()
        assert {name: said[name] for name in result.body} == result.body, "receipts are the very same"


def test_an_end_that_a_parcel_tells_is_heard_once_and_acknowledged(border: Border) -> None:
    crossing_id = border.declare()
    border.drain()
    exchange = border.crossing(crossing_id).exchange
    told = (Kind.NOTICE, ended(border, exchange, "FAILED", "HTTP 422"))
    first, again = packed(border, told, told)
    assert (first.status, first) == (200, again)
    said = open_acknowledgement(str(first.body["acknowledgement"]), KEYRING, Receiver.PLATFORM)
    assert (said.exchange, said.state) == (str(exchange), "FAILED")
    assert border.crossing(crossing_id).state == "FAILED"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items":[{}]}', b'{"items":[],"more":1}'])
def test_what_is_no_parcel_is_refused(border: Border, body: bytes) -> None:
    assert border.post("/bridge/parcels", body).status_code == 422
