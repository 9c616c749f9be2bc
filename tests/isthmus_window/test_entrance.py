"""Only the bridge gets in, once a request, with what was agreed; whatever else comes changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from isthmus_protocol.acknowledgements import open_acknowledgement
from isthmus_protocol.canonical import canonical, digest
from isthmus_protocol.chains import Place
from isthmus_protocol.envelopes import DeliveryNotice
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_window import work
from isthmus_window.http import LARGEST_BODY
from isthmus_window.service import Window
from standing import StandingClock
from window_counterpart import Counterpart, declaration

URL = "http://localhost/v1/exchanges"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
PLACE = Place(8, 1, 3)


def post(http: FlaskClient, data: bytes, headers: dict[str, str], path: str = "/v1/exchanges") -> Any:
    return http.post(path, data=data, headers=headers)


def held(http: FlaskClient) -> int:
    return len(http.get("/declarations.json").json["declarations"])  # type: ignore[index]


def refused(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    assert response.json["code"] == code


def test_the_same_exchange_again_gets_the_same_receipt_and_is_taken_once(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    envelope = counterpart.envelope(declaration())
    receipts = set()
    for _ in range(3):
        response = post(http, *counterpart.signed("POST", URL, envelope.to_json()))
        receipts.add(response.json["receipt"])
        clock.advance(seconds=30)
    assert len(receipts) == 1
    assert held(http) == 1


def test_a_request_that_is_replayed_is_refused(http: FlaskClient, counterpart: Counterpart) -> None:
    sent = counterpart.signed("POST", URL, counterpart.envelope(declaration()).to_json())
    assert post(http, *sent).status_code == 200
    refused(post(http, *sent), 401, "replayed")


def test_a_replay_after_the_nonce_was_forgotten_has_expired(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    sent = counterpart.signed("POST", URL, counterpart.envelope(declaration()).to_json())
    assert post(http, *sent).status_code == 200
    clock.advance(seconds=60)
    refused(post(http, *sent), 401, "signature_refused")


def test_another_payload_under_a_known_exchange_is_refused(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    first = counterpart.envelope(declaration())
    assert post(http, *counterpart.signed("POST", URL, first.to_json())).status_code == 200
    other = counterpart.envelope(declaration(), exchange=first.exchange)
    refused(post(http, *counterpart.signed("POST", URL, other.to_json())), 409, "exchange_reused")
    assert held(http) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"body": {"ucr": "another"}}, 422, "digest_mismatch"),
        ({"salt": "cd" * 32}, 422, "digest_mismatch"),
        ({"message": "SOMETHING_ELSE"}, 422, "unknown_message"),
        ({"direction": "FROM_WINDOW"}, 422, "unknown_message"),
        ({"surprise": 1}, 422, "unknown_member"),
        ({"logIndex": -1}, 422, "range"),
        ({"exchange": "with space"}, 422, "pattern"),
        ({"exchange": "another"}, 422, "promise_refused"),
        ({"logIndex": 8}, 422, "promise_refused"),
        ({"promise": "a.b.c"}, 422, "promise_refused"),
        ({"promise": Counterpart(lambda: NOW).promise("e-1", 7), "exchange": "e-1"}, 401, "promise_refused"),
    ],
)
def test_an_envelope_that_is_not_in_order_is_refused(
    changes: dict[str, Any], status: int, code: str, http: FlaskClient, counterpart: Counterpart
) -> None:
    value = counterpart.envelope(declaration()).to_json() | changes
    refused(post(http, *counterpart.signed("POST", URL, value)), status, code)
    assert held(http) == 0


def test_others_than_the_bridge_are_refused(http: FlaskClient, counterpart: Counterpart) -> None:
    value = counterpart.envelope(declaration()).to_json()
    for key, status, code in (
        (counterpart.platform_key, 403, "caller_not_permitted"),
        (counterpart.window_key, 403, "caller_not_permitted"),
        (SigningKey.generate(Holder.BRIDGE), 401, "signature_refused"),
    ):
        refused(post(http, *counterpart.signed("POST", URL, value, key=key)), status, code)
    assert held(http) == 0


def test_an_unsigned_stale_changed_or_misdirected_request_is_refused(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    value = counterpart.envelope(declaration()).to_json()
    data, headers = counterpart.signed("POST", URL, value)
    for wrong_data, wrong_headers in (
        (data, {"Content-Type": "application/json"}),
        (data + b" ", headers),
        counterpart.signed("POST", URL, value, now=clock() - timedelta(minutes=2)),
        counterpart.signed("POST", URL, value, now=clock() + timedelta(minutes=2)),
        counterpart.signed("PUT", URL, value),
        counterpart.signed("POST", "http://localhost/v1/receipts", value),
        counterpart.signed("POST", "http://elsewhere/v1/exchanges", value),
    ):
        refused(post(http, wrong_data, wrong_headers), 401, "signature_refused")
    assert held(http) == 0


def test_another_content_type_and_an_oversized_body_are_refused(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    data, headers = counterpart.signed("POST", URL, counterpart.envelope(declaration()).to_json())
    refused(post(http, data, headers | {"Content-Type": "text/plain"}), 415, "wrong_content_type")
    refused(post(http, b" " * (LARGEST_BODY + 1), headers), 413, "request_entity_too_large")
    assert held(http) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "json_syntax"), (b'{"a":1,"a":2}', "json_duplicate_member"), (b"[1.5]", "json_float")],
)
def test_malformed_json_is_refused_even_when_it_is_signed(
    body: bytes, code: str, http: FlaskClient, counterpart: Counterpart
) -> None:
    from isthmus_protocol.http_signatures import sign_request

    headers = sign_request(counterpart.bridge_key, "POST", URL, body, now=counterpart.clock())
    refused(post(http, body, headers | {"Content-Type": "application/json"}), 400, code)


def test_a_question_without_a_ucr_is_refused(http: FlaskClient, counterpart: Counterpart) -> None:
    for body in ({}, {"ucr": ["a"]}, {"ucr": 7}):
        envelope = counterpart.envelope(body, message="DECLARATION_QUERY", purpose="TRADE_FINANCE")
        refused(post(http, *counterpart.signed("POST", URL, envelope.to_json())), 422, "ucr_missing")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/exchanges"), ("POST", "/"), ("GET", "/nowhere")])
def test_what_is_not_there_is_a_problem_too(method: str, path: str, http: FlaskClient) -> None:
    response = http.open(path, method=method)
    assert response.status_code in (404, 405)
    assert response.mimetype == "application/problem+json"


def test_a_notice_of_delivery_is_kept_with_the_platforms_receipt(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    envelope = counterpart.envelope(declaration())
    post(http, *counterpart.signed("POST", URL, envelope.to_json()))
    clock.advance(seconds=1)
    work.run_due(window)
    shown = http.get("/declarations.json").json["declarations"][0]["notifications"][0]  # type: ignore[index]
    assert shown["state"] == "SENT"
    receipt = sign_receipt(
        counterpart.platform_key,
        Receipt(shown["exchange"], "sha-256:" + "0" * 64, Receiver.PLATFORM, clock(), PLACE),
    )
    promise = counterpart.promise(shown["exchange"], 8)
    notice = DeliveryNotice(shown["exchange"], ExchangeState.DELIVERED, None, receipt, promise)
    answers = []
    for _ in range(2):
        sent = counterpart.signed("POST", "http://localhost/v1/receipts", notice.to_json())
        answers.append(post(http, *sent, path="/v1/receipts"))
        clock.advance(seconds=1)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    said = open_acknowledgement(answers[0].json["acknowledgement"], counterpart.keyring, Receiver.WINDOW)
    assert (said.exchange, said.state, said.place) == (shown["exchange"], "DELIVERED", PLACE)
    assert said.receipt_digest == digest(receipt.encode())
    shown = http.get("/declarations.json").json["declarations"][0]["notifications"][0]  # type: ignore[index]
    assert shown["state"] == "DELIVERED"


def test_a_notice_with_somebody_elses_receipt_is_refused(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    held = "sha-256:" + "0" * 64
    elsewhere = Place(9, 1, 3)
    for token in (
        sign_receipt(counterpart.window_key, Receipt("e-1", held, Receiver.WINDOW, clock(), PLACE)),
        sign_receipt(counterpart.platform_key, Receipt("e-2", held, Receiver.PLATFORM, clock(), PLACE)),
        sign_receipt(counterpart.platform_key, Receipt("e-1", held, Receiver.PLATFORM, clock())),
        sign_receipt(counterpart.platform_key, Receipt("e-1", held, Receiver.PLATFORM, clock(), elsewhere)),
    ):
        promise = counterpart.promise("e-1", 8)
        notice = DeliveryNotice("e-1", ExchangeState.DELIVERED, None, token, promise)
        sent = counterpart.signed("POST", "http://localhost/v1/receipts", notice.to_json())
        refused(post(http, *sent, path="/v1/receipts"), 422, "receipt_refused")


def test_the_log_cannot_promise_the_window_one_thing_and_then_another(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    def told(promise: str, state: ExchangeState = ExchangeState.FAILED) -> Any:
        notice = DeliveryNotice("e-1", state, "HTTP 422", None, promise)
        sent = counterpart.signed("POST", "http://localhost/v1/receipts", notice.to_json())
        return post(http, *sent, path="/v1/receipts")

    assert told(counterpart.promise("e-1", 8)).status_code == 200
    refused(told(counterpart.promise("e-1", 9)), 422, "promise_refused")
    refused(told(counterpart.promise("e-2", 8)), 422, "promise_refused")
    refused(told(counterpart.promise("e-1", 8), ExchangeState.TERMINATED), 409, "other_end")


def test_the_same_promise_by_the_key_that_follows_is_no_other(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    def told(promise: str) -> Any:
        notice = DeliveryNotice("e-1", ExchangeState.FAILED, "HTTP 422", None, promise)
        sent = counterpart.signed("POST", "http://localhost/v1/receipts", notice.to_json())
        return post(http, *sent, path="/v1/receipts")

    first = counterpart.promise("e-1", 8)
    assert told(first).status_code == 200
    old, counterpart.log_key = counterpart.log_key, SigningKey.generate(Holder.LOG)
    again = counterpart.promise("e-1", 8)
    refused(told(again), 401, "promise_refused")
    revoked = replace(old.public, revoked_at=clock())
    object.__setattr__(window, "keyring", Keyring([*counterpart.keyring, revoked]))
    refused(told(first), 401, "promise_refused")
    for _ in range(2):
        assert told(again).status_code == 200
    refused(told(counterpart.promise("e-1", 9)), 422, "promise_refused")


def test_health_and_readiness(http: FlaskClient) -> None:
    assert http.get("/healthz").json == {"status": "ok"}
    assert http.get("/readyz").json == {"status": "ready"}


def test_a_window_whose_database_is_gone_is_not_ready(http: FlaskClient, window: Window) -> None:
    window.close()
    object.__setattr__(window, "database_path", window.database_path.parent / "gone" / "window.sqlite")
    refused(http.get("/readyz"), 503, "database_unavailable")


def test_a_body_reaches_the_window_as_canonical_as_it_left(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    body = declaration(exporter={"name": "福爾摩沙精密機械 \u2028 \U0001f6a2", "country": "TW"})
    post(http, *counterpart.signed("POST", URL, counterpart.envelope(body).to_json()))
    shown = http.get("/declarations.json").json["declarations"][0]["body"]  # type: ignore[index]
    assert canonical(shown) == canonical(body)
