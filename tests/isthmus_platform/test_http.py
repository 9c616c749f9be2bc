"""What the HTTP entries take and refuse: with a typed problem, and nothing changed."""

import json
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from isthmus_platform import access, outbox, tokens
from isthmus_platform.database import Duty, Platform
from isthmus_platform.http import events, oauth, problems
from isthmus_platform.http.bearer import authenticator
from isthmus_platform.idempotency import IdempotencyRecord
from isthmus_platform.tokens import TokenIssuer
from isthmus_platform.tracking import RecordedEvent
from standing import StandingClock
from trade import DRAFT, Trade, open_trade

ISSUER = "https://isthmus.example"
KEY, CLIENT = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
FORM = "application/x-www-form-urlencoded"

EVENT = {
    "eventID": "1",
    "eventCreatedDateTime": "2026-05-10T00:00:00Z",
    "eventType": "TRANSPORT",
    "eventClassifierCode": "ACT",
    "eventDateTime": "2026-05-09T00:00:00Z",
    "transportEventTypeCode": "DEPA",
    "transportCall": {"transportCallID": "C", "modeOfTransport": "VESSEL", "UNLocationCode": "TWKHH"},
    "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": "BOOKING1"}],
}


@pytest.fixture
def trade(platform: Platform) -> Trade:
    trade = open_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        for party in ("carrier", "trader"):
            access.add_client(work, party, party, [tokens.public_jwk(CLIENT)])
    return trade


@pytest.fixture
def issuer(clock: StandingClock) -> TokenIssuer:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TokenIssuer(ISSUER, ISSUER, [pem], clock)


@pytest.fixture
def web(trade: Trade, issuer: TokenIssuer) -> FlaskClient:
    app = Flask("test")
    problems.install(app)
    app.register_blueprint(oauth.blueprint(trade.platform, issuer, [f"{ISSUER}/oauth/token", ISSUER]))
    app.register_blueprint(events.blueprint(trade.platform, authenticator(trade.platform, issuer)))
    return app.test_client()


def assertion(clock: StandingClock, client: str = "carrier", **changes: Any) -> str:
    claims = {
        "iss": client,
        "sub": client,
        "aud": f"{ISSUER}/oauth/token",
        "jti": str(uuid4()),
        "exp": int(clock().timestamp()) + 60,
    }
    return jwt.encode(claims | changes, CLIENT, "EdDSA")


def form(clock: StandingClock, client: str = "carrier", **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": oauth.ASSERTION_TYPE,
        "client_assertion": assertion(clock, client),
    } | changes


def bearer(web: FlaskClient, clock: StandingClock, client: str = "carrier") -> dict[str, str]:
    answer = web.post("/oauth/token", data=form(clock, client))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def recorded(trade: Trade) -> int:
    with trade.platform.begin(trade["carrier"]) as work:
        return work.session.scalar(select(func.count()).select_from(RecordedEvent)) or 0


def said(answer: TestResponse) -> tuple[int, str, str | None]:
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"], body.get("field")


def test_a_client_obtains_a_token_that_nobody_may_keep(
    web: FlaskClient, issuer: TokenIssuer, clock: StandingClock, trade: Trade
) -> None:
    answer = web.post("/oauth/token", data=form(clock))
    body = answer.get_json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert answer.headers["Cache-Control"] == "no-store"
    assert issuer.verify(body["access_token"]).party_id == trade["carrier"].party_id
    keys = web.get("/.well-known/jwks.json").get_json()
    found = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(body["access_token"])["kid"]]
    jwt.decode(
        body["access_token"],
        found,
        ["EdDSA"],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )


def test_the_token_endpoint_refuses_in_the_words_of_its_standard(
    web: FlaskClient, clock: StandingClock
) -> None:
    used = form(clock)
    assert web.post("/oauth/token", data=used).status_code == 200
    for given, status, error in (
        (used, 401, "invalid_client"),
        (form(clock, "nobody"), 401, "invalid_client"),
        (
            form(clock, client_assertion=assertion(clock, aud="https://elsewhere.example")),
            401,
            "invalid_client",
        ),
        (form(clock, grant_type="password"), 400, "unsupported_grant_type"),
        (form(clock, grant_type=""), 400, "unsupported_grant_type"),
        (form(clock, scope="all"), 400, "invalid_scope"),
        (form(clock, client_assertion_type="other"), 400, "invalid_request"),
        (form(clock, client_assertion=""), 400, "invalid_request"),
        ({}, 400, "invalid_request"),
    ):
        answer = web.post("/oauth/token", data=given, content_type=FORM)
        assert (answer.status_code, answer.get_json()["error"]) == (status, error)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "access_token" not in answer.text
    twice = "grant_type=client_credentials&grant_type=client_credentials"
    for body, kind, status in (
        (twice, FORM, 400),
        ("grant_type", FORM, 400),
        ("{}", "application/json", 415),
        ("a=" + "x" * 20_000, FORM, 413),
    ):
        answer = web.post("/oauth/token", data=body, content_type=kind)
        assert (answer.status_code, answer.get_json()["error"]) == (status, "invalid_request")
    basic = web.post("/oauth/token", data=form(clock), headers={"Authorization": "Basic YTpi"})
    assert basic.get_json()["error"] == "invalid_request"


def test_events_are_taken_and_answered_one_by_one(
    web: FlaskClient, clock: StandingClock, trade: Trade
) -> None:
    trade.ship()
    later = {
        "eventID": "evt-2",
        "eventDateTime": "2026-05-12T00:00:00Z",
        "eventUpdatedDateTime": "2026-05-12T00:00:00Z",
        "eventClassification": {
            "eventTypeCode": "TRANSPORT",
            "eventClassifierCode": "ACT",
            "transportEventTypeCode": "ARRI",
        },
        "shipmentDetails": {"documentReference": {"typeCode": "BKG", "reference": "UNKNOWN"}},
    }
    me = bearer(web, clock)
    first = web.post("/v2/events", json=[EVENT, EVENT], headers=me)
    assert first.headers["API-Version"] == "2.2.0"
    assert [(o["outcome"], o["shipment"], o["code"]) for o in first.get_json()["outcomes"]] == [
        ("RECORDED", DRAFT.reference, None),
        ("DUPLICATE", DRAFT.reference, "known_event"),
    ]
    second = web.post("/v3/events", json={"events": [later]}, headers=me)
    assert [o["outcome"] for o in second.get_json()["outcomes"]] == ["UNMATCHED"]
    assert recorded(trade) == 2


def test_an_idempotency_key_gives_the_first_answer_again_and_refuses_another_body(
    web: FlaskClient, clock: StandingClock, trade: Trade
) -> None:
    me = bearer(web, clock) | {"Idempotency-Key": "k"}
    first = web.post("/v2/events", json=[EVENT], headers=me)
    assert web.post("/v2/events", json=[EVENT], headers=me).get_json() == first.get_json()
    other = web.post("/v2/events", json=[EVENT | {"eventID": "2"}], headers=me)
    assert said(other) == (409, "idempotency_key_reused", "idempotencyKey")
    assert recorded(trade) == 1


BAD_BODIES: dict[str, tuple[bytes, str, int, str, str | None]] = {
    "not JSON": (b"[", "application/json", 400, "malformed_json", None),
    "no body": (b"", "application/json", 400, "malformed_json", None),
    "not UTF-8": (b'["\xff"]', "application/json", 400, "malformed_json", None),
    "NaN": (b"[NaN]", "application/json", 400, "malformed_json", None),
    "a member twice": (b'[{"a":1,"a":2}]', "application/json", 400, "malformed_json", None),
    "too deep": (b"[" * 100_000, "application/json", 400, "malformed_json", None),
    "a number without end": (b"[" + b"9" * 10_000 + b"]", "application/json", 400, "malformed_json", None),
    "another type": (b"[]", "text/plain", 415, "unsupported_media_type", None),
    "no type": (b"[]", "", 415, "unsupported_media_type", None),
    "too large": (b" " * (1 << 20) + b"[]", "application/json", 413, "too_large", None),
    "not a list": (b"{}", "application/json", 422, "type", "events"),
    "a number": (b"[1e999]", "application/json", 422, "type", "events[0]"),
    "an unknown field": (
        json.dumps([EVENT, EVENT | {"eventID": "2", "colour": "red"}]).encode(),
        "application/json",
        422,
        "unknown_field",
        "events[1].colour",
    ),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_and_nothing_changed(
    name: str, web: FlaskClient, clock: StandingClock, trade: Trade
) -> None:
    body, kind, status, code, field = BAD_BODIES[name]
    answer = web.post("/v2/events", data=body, content_type=kind, headers=bearer(web, clock))
    assert said(answer) == (status, code, field)
    assert recorded(trade) == 0


def test_who_is_not_a_carrier_or_does_not_prove_it_sends_nothing(
    web: FlaskClient, clock: StandingClock, trade: Trade, issuer: TokenIssuer
) -> None:
    good = bearer(web, clock)["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)

    def signed(**changes: Any) -> str:
        held = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(held, KEY, "EdDSA", headers=header)

    unsigned = jwt.encode(claims, "", "none", headers=header | {"alg": "none"})
    for authorization, code in (
        (None, "token_missing"),
        ("", "token_missing"),
        ("Basic YTpi", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer x", "token_invalid"),
        (f"Bearer {unsigned}", "token_unsigned"),
        (f"Bearer {good.rpartition('.')[0]}.", "token_invalid"),
        (f"Bearer {signed(exp=int(clock().timestamp()) - 1)}", "token_expired"),
        (f"Bearer {signed(exp=None)}", "token_claim_missing"),
        (f"Bearer {signed(aud='https://elsewhere.example')}", "token_audience"),
        (f"Bearer {signed(token_use='refresh')}", "token_use"),
        (f"Bearer {signed(party=str(trade['rival'].party_id))}", "unknown_subject"),
    ):
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = web.post("/v2/events", json=[EVENT], headers=headers)
        assert said(answer) == (401, code, None)
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer")
        assert ("invalid_token" in challenge) == (code != "token_missing")
    assert said(web.post("/v2/events", json=[EVENT], headers=bearer(web, clock, "trader"))) == (
        403,
        "role_required",
        None,
    )
    assert web.post(f"/v2/events?access_token={good}", json=[EVENT]).status_code == 401
    assert recorded(trade) == 0
    clock.advance(minutes=15)
    late = web.post("/v2/events", json=[EVENT], headers={"Authorization": f"Bearer {good}"})
    assert said(late) == (401, "token_expired", None)


def test_a_refused_request_leaves_neither_key_nor_usage(
    web: FlaskClient, clock: StandingClock, trade: Trade
) -> None:
    me = bearer(web, clock) | {"Idempotency-Key": "k"}
    trade.ship()
    outbox.drain(trade.platform, "domain-event", lambda message: None)
    early = EVENT | {"eventDateTime": "2020-01-01T00:00:00Z"}
    assert said(web.post("/v2/events", json=[early], headers=me)) == (
        422,
        "event_before_shipment",
        "events[0].eventDateTime",
    )
    with trade.platform.begin(trade["carrier"]) as work:
        assert work.session.scalars(select(IdempotencyRecord)).all() == []
    assert outbox.drain(trade.platform, "domain-event", lambda message: None) == 0
    assert web.post("/v2/events", json=[EVENT], headers=me).status_code == 200


def test_other_errors_are_problems_too(web: FlaskClient) -> None:
    assert said(web.get("/nowhere"))[:2] == (404, "not_found")
    wrong = web.get("/v2/events")
    assert said(wrong)[:2] == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]
