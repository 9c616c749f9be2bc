"""A client does what its scopes name, and keeps working while its keys are exchanged."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import request
from werkzeug.test import TestResponse

from isthmus_platform import access, tokens
from isthmus_platform.database import Duty, Platform
from isthmus_platform.errors import InvalidInput
from isthmus_platform.http import event_feed, events, imports, problems
from isthmus_platform.scopes import SCOPES
from machine import Machine, door
from standing import StandingClock
from trade import Trade, open_trade

OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
FEED = "/v3/events"


@pytest.fixture
def trade(platform: Platform) -> Trade:
    trade = open_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        held = ["write:events", "read:shipments"]
        access.add_client(work, "carrier", "carrier-1", [tokens.public_jwk(OLD)], scopes=held)
    return trade


@pytest.fixture
def machine(trade: Trade, clock: StandingClock) -> Machine:
    web, authenticate = door(trade.platform, clock)
    problems.install(web)
    for entry in (event_feed, events, imports):
        web.register_blueprint(entry.blueprint(trade.platform, authenticate))

    @web.get("/elsewhere")
    def elsewhere() -> str:
        return authenticate(request.headers["Authorization"]).subject

    return Machine(web.test_client(), clock, "carrier-1", OLD)


def refused(answer: TestResponse) -> tuple[int, str]:
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    return answer.status_code, answer.get_json()["code"]


def test_a_client_reaches_what_its_scopes_name_and_nothing_else(machine: Machine) -> None:
    token = machine.token()
    assert machine.send("GET", FEED, token).status_code == 200
    assert machine.send("POST", FEED, token, json={"events": []}).status_code != 403
    answer = machine.send("POST", "/shipments/import", token, data="", content_type="text/csv")
    assert refused(answer) == (403, "insufficient_scope")
    shut = machine.send("GET", "/elsewhere", token)
    assert refused(shut) == (403, "insufficient_scope"), "what no scope names is shut"


def test_a_token_may_be_narrower_than_its_client_and_never_wider(machine: Machine) -> None:
    answer = machine.request_token(scope="read:shipments").get_json()
    assert answer["scope"] == "read:shipments"
    header = {"Authorization": f"Bearer {answer['access_token']}"}
    assert machine.http.get(FEED, headers=header).status_code == 200
    assert refused(machine.http.post(FEED, headers=header, json={"events": []}))[0] == 403
    assert machine.request_token().get_json()["scope"] == "read:shipments write:events"
    for wider in ("read:documents", "read:shipments read:documents", "everything", ""):
        wanted = machine.request_token(scope=wider)
        assert (wanted.status_code, wanted.get_json()["error"]) == (400, "invalid_scope")


def test_what_a_client_loses_its_tokens_lose_at_once(machine: Machine, trade: Trade) -> None:
    token = machine.token()
    with trade.platform.begin(Duty("onboarding")) as work:
        access.set_client_rules(work, "carrier-1", scopes=["write:events"], demands_proof=False)
    assert machine.send("GET", FEED, token).status_code == 403


def test_a_scope_that_there_is_not_is_not_given(trade: Trade) -> None:
    with trade.platform.begin(Duty("onboarding")) as work, pytest.raises(InvalidInput) as error:
        access.set_client_rules(work, "carrier-1", scopes=["read:everything"], demands_proof=False)
    assert error.value.code == "unknown_scope"
    assert all(scope.startswith(("read:", "write:")) for scope in SCOPES)


def test_keys_are_exchanged_on_their_day_without_a_moment_without_one(
    machine: Machine, trade: Trade, clock: StandingClock
) -> None:
    day = int(clock().timestamp()) + 3600
    old = tokens.public_jwk(OLD) | {"kid": "old", "exp": day + 600}
    new = tokens.public_jwk(NEW) | {"kid": "new", "nbf": day}
    with trade.platform.begin(Duty("onboarding")) as work:
        access.set_client_keys(work, "carrier-1", [old, new])

    def comes_in(key: Ed25519PrivateKey, kid: str) -> bool:
        signer = Machine(machine.http, clock, "carrier-1", key)
        return machine.request_token(client_assertion=signer.assertion(kid=kid)).status_code == 200

    assert (comes_in(OLD, "old"), comes_in(NEW, "new")) == (True, False)
    clock.advance(seconds=3600)
    assert (comes_in(OLD, "old"), comes_in(NEW, "new")) == (True, True)
    clock.advance(seconds=600)
    assert (comes_in(OLD, "old"), comes_in(NEW, "new")) == (False, True)
    assert comes_in(OLD, "new") is False


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nbf": "2026-01-01"}, "format"),
        ({"exp": True}, "format"),
        ({"exp": -1}, "format"),
        ({"exp": 1 << 50}, "format"),
        ({"nbf": 20, "exp": 20}, "range"),
    ],
    ids=["text", "a truth", "before 1970", "beyond reach", "ends as it begins"],
)
def test_a_key_without_a_proper_time_is_not_taken(trade: Trade, changes: dict[str, Any], code: str) -> None:
    with trade.platform.begin(Duty("onboarding")) as work, pytest.raises(InvalidInput) as error:
        access.set_client_keys(work, "carrier-1", [tokens.public_jwk(NEW) | changes])
    assert (error.value.code, error.value.field) == (code, "keys[0]")
