"""Messages are read whole and right, or refused by the member at fault."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agreed import KEYRING, KEYS, NOW, agreement, receipt, record, refusal
from isthmus_protocol import statements
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.keys import Holder, SignatureError
from isthmus_protocol.messages import (
    AgreementName,
    AgreementReference,
    Consent,
    ExchangeAnswer,
    ExchangeRequest,
    ExchangeState,
    Reason,
    payload_digest,
)
from isthmus_protocol.receipts import RECEIPT_TYP, Receipt, Receiver, open_receipt, sign_receipt
from isthmus_protocol.records import Decision, LogRecord, subject_hash
from isthmus_protocol.shapes import MalformedMessage, format_time

SALT = "ab" * 32
BODY: JsonObject = {"ucr": "x"}
TO_WINDOW: JsonObject = {
    "idempotencyKey": "key-1",
    "message": "EXPORT_DECLARATION",
    "direction": "TO_WINDOW",
    "purpose": "CUSTOMS_EXPORT_CLEARANCE",
    "party": "forwarder",
    "role": "FORWARDER",
    "owner": "trader",
    "subject": "6TW24536806-0417",
    "inReplyTo": None,
    "consents": [Consent("trader", "bank", "TRADE_FINANCE", NOW, "grant-1").to_json()],
    "fields": ["/ucr", "/goods/hsCode"],
    "payload": {"ucr": "x"},
}
FROM_WINDOW: JsonObject = TO_WINDOW | {
    "direction": "FROM_WINDOW",
    "party": None,
    "role": None,
    "owner": None,
    "subject": None,
    "inReplyTo": "exchange-1",
    "consents": [],
}
ENVELOPE = Envelope(
    exchange="exchange-1",
    message="EXPORT_DECLARATION",
    direction=Direction.TO_WINDOW,
    purpose="CUSTOMS_EXPORT_CLEARANCE",
    agreement=AgreementReference("export-declaration", 1, "sha-256:" + "0" * 64),
    party="forwarder",
    role=Role.FORWARDER,
    owner="trader",
    in_reply_to=None,
    sent_at=NOW + timedelta(microseconds=5),
    salt=SALT,
    payload_digest=payload_digest(SALT, BODY),
    log_index=0,
    promise="a.b.c",
    body=BODY,
)
ANSWER = ExchangeAnswer(
    "exchange-1",
    ExchangeState.REFUSED,
    Reason.FIELD_NOT_PERMITTED,
    "/invoice/bankAccount",
    AgreementName("export-declaration", 1),
    3,
    "a.b.c",
)
NOTICE = DeliveryNotice("exchange-1", ExchangeState.DELIVERED, None, "a.b.c", "d.e.f")
RECEIPT = Receipt("exchange-1", payload_digest(SALT, BODY), Receiver.WINDOW, NOW)
FORMS: list[tuple[Callable[[Any], Any], JsonObject]] = [
    (ExchangeRequest.from_json, TO_WINDOW),
    (ExchangeRequest.from_json, FROM_WINDOW),
    (Envelope.from_json, ENVELOPE.to_json()),
    (ExchangeAnswer.from_json, ANSWER.to_json()),
    (DeliveryNotice.from_json, NOTICE.to_json()),
    (Receipt.from_json, RECEIPT.to_json()),
    (LogRecord.from_json, record(agreement("/ucr"), chain=None).to_json()),
    (LogRecord.from_json, refusal(None, Reason.NO_AGREEMENT, chain=None).to_json()),
]


@pytest.mark.parametrize(("read", "form"), FORMS)
def test_a_message_is_read_back_as_it_was_written(read: Callable[[Any], Any], form: JsonObject) -> None:
    assert read(form).to_json() == form


@pytest.mark.parametrize(("read", "form"), FORMS)
def test_a_member_that_is_missing_or_unknown_is_named(read: Callable[[Any], Any], form: JsonObject) -> None:
    for member in form:
        with pytest.raises(MalformedMessage) as refused:
            read({name: value for name, value in form.items() if name != member})
        assert (refused.value.field, refused.value.rule) == (f"/{member}", "missing")
    with pytest.raises(MalformedMessage) as refused:
        read(form | {"surprise": 1})
    assert (refused.value.field, refused.value.rule) == ("/surprise", "unknown_member")


@pytest.mark.parametrize(("read", "form"), FORMS)
def test_a_member_of_another_type_is_named(read: Callable[[Any], Any], form: JsonObject) -> None:
    for member, value in form.items():
        wrong: Any = {"an": "object"} if not isinstance(value, dict) else ["an array"]
        with pytest.raises(MalformedMessage) as refused:
            read(form | {member: wrong})
        assert refused.value.field.startswith(f"/{member}")
    wholes: tuple[Any, ...] = (None, [], "text", 1)
    for whole in wholes:
        with pytest.raises(MalformedMessage):
            read(whole)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party": None}, "/party"),
        ({"role": None}, "/role"),
        ({"owner": None}, "/owner"),
        ({"subject": None}, "/subject"),
        ({"role": "SPY"}, "/role"),
        ({"fields": ["/ucr", "/*"]}, "/fields/1"),
        ({"fields": ["/ucr", "/ucr"]}, "/fields"),
        ({"fields": ["/goods", "/goods/hsCode"]}, "/fields"),
        ({"fields": [1]}, "/fields/0"),
        ({"idempotencyKey": ""}, "/idempotencyKey"),
        ({"idempotencyKey": "k" * 201}, "/idempotencyKey"),
        ({"idempotencyKey": "a\x00b"}, "/idempotencyKey"),
        ({"consents": [{}]}, "/consents/0/owner"),
        ({"payload": []}, "/payload"),
        ({"direction": "to_window"}, "/direction"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_by_its_place(changes: JsonObject, field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        ExchangeRequest.from_json(TO_WINDOW | changes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"inReplyTo": None}, "/inReplyTo"),
        ({"party": "bank"}, "/party"),
        ({"role": "BANK"}, "/role"),
        ({"owner": "trader"}, "/owner"),
        ({"subject": "6TW24536806-0417"}, "/subject"),
        ({"consents": TO_WINDOW["consents"]}, "/consents"),
    ],
)
def test_the_window_names_no_party_and_only_answers(changes: JsonObject, field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        ExchangeRequest.from_json(FROM_WINDOW | changes)
    assert refused.value.field == field


def test_a_payload_digest_is_salted_and_the_same_however_the_body_is_spelt() -> None:
    assert payload_digest(SALT, {"a": 1, "b": 2}) == payload_digest(SALT, {"b": 2, "a": 1})
    assert payload_digest(SALT, BODY) != payload_digest("cd" * 32, BODY)
    for salt in ("", "ab" * 31, "ab" * 33):
        with pytest.raises(ValueError, match="32 bytes"):
            payload_digest(salt, BODY)


def test_an_envelope_with_another_body_or_salt_is_refused() -> None:
    ENVELOPE.check_digest()
    others: tuple[JsonObject, ...] = ({"body": {"ucr": "y"}}, {"salt": "cd" * 32})
    for changes in others:
        with pytest.raises(MalformedMessage, match="digest_mismatch"):
            Envelope.from_json(ENVELOPE.to_json() | changes).check_digest()


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (ExchangeState.DELIVERED, None),
        (ExchangeState.FAILED, "a.b.c"),
        (ExchangeState.AGREED, None),
        (ExchangeState.REFUSED, None),
    ],
)
def test_only_what_arrived_shows_a_receipt_and_only_an_end_is_noticed(
    state: ExchangeState, shown: str | None
) -> None:
    with pytest.raises(MalformedMessage):
        DeliveryNotice("exchange-1", state, None, shown, "d.e.f")


def test_a_receipt_is_its_receivers_alone() -> None:
    about = record(agreement("/ucr"))
    assert open_receipt(receipt(about), KEYRING, Receiver.WINDOW).exchange == about.exchange
    with pytest.raises(SignatureError, match="may not sign"):
        open_receipt(receipt(about), KEYRING, Receiver.PLATFORM)
    with pytest.raises(SignatureError, match="another receiver"):
        open_receipt(receipt(about, receiver=Receiver.PLATFORM), KEYRING, Receiver.WINDOW)
    with pytest.raises(SignatureError, match="may not sign"):
        open_receipt(sign_receipt(KEYS[Holder.BRIDGE], RECEIPT), KEYRING, Receiver.WINDOW)
    empty = statements.sign(KEYS[Holder.WINDOW], {}, RECEIPT_TYP)
    with pytest.raises(SignatureError, match="no receipt"):
        open_receipt(empty, KEYRING, Receiver.WINDOW)


def test_each_direction_has_its_receiver() -> None:
    assert Receiver.of(Direction.TO_WINDOW) is Receiver.WINDOW
    assert Receiver.of(Direction.FROM_WINDOW) is Receiver.PLATFORM


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fields": ("/ucr",), "decision": Decision.REFUSED, "reason": Reason.EXPIRED}, "/fields"),
        ({"fields": (), "decision": Decision.REFUSED}, "/reason"),
        ({"reason": Reason.EXPIRED}, "/reason"),
        ({"agreement": None}, "/agreement"),
        ({"payload_digest": None}, "/payloadDigest"),
    ],
)
def test_a_record_does_not_contradict_itself(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        record(None, **changes)
    assert refused.value.field == field


def test_the_log_holds_no_ucr_and_no_payload() -> None:
    leaf = record(agreement("/ucr")).leaf
    assert b"6TW24536806" not in leaf
    assert leaf == canonical(record(agreement("/ucr")).to_json())
    assert subject_hash(b"k" * 32, "a") != subject_hash(b"l" * 32, "a")


def test_a_time_without_a_zone_is_not_written() -> None:
    assert format_time(NOW) == "2026-06-01T09:00:00Z"
    with pytest.raises(ValueError, match="without a zone"):
        format_time(NOW.replace(tzinfo=None))


def test_digits_of_other_scripts_are_no_time() -> None:
    with pytest.raises(MalformedMessage, match="time"):
        Receipt.from_json(RECEIPT.to_json() | {"receivedAt": "202\u0666-06-01T09:00:00Z"})
