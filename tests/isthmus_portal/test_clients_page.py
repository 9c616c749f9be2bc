"""The page on which a party runs its machines."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credit_trade import CreditTrade, open_credit_trade
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import tokens
from isthmus_platform.access import ApiClient
from isthmus_platform.database import Duty, Platform
from page import page
from portal_frame import is_sound
from portal_visitor import AsParty, newcomers

OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def jwks(key: Ed25519PrivateKey) -> str:
    return json.dumps({"keys": [tokens.public_jwk(key)]})


def kid(key: Ed25519PrivateKey) -> str:
    return tokens.thumbprint(tokens.public_jwk(key))


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return newcomers(trade.platform, GraphQL(trade.platform, build()))


def _clients(trade: CreditTrade) -> list[ApiClient]:
    with trade.platform.begin(Duty("onboarding")) as work:
        return list(work.session.query(ApiClient))


def test_a_machine_is_registered_given_new_keys_suspended_and_resumed(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank = as_party("bank")
    shown = is_sound(bank.get("/clients"))
    assert "No machine yet" in shown.text
    given: dict[str, Any] = {"name": "desk", "jwks": jwks(OLD), "reach": "some"}
    scopes = ["read:shipments", "read:finance"]
    assert bank.send(shown, "Register it", **given, scopes=scopes, demandsProof="yes").status_code == 303
    shown = is_sound(bank.get("/clients"))
    told = shown.section("bank.desk").text
    assert "May come in" in told
    assert kid(OLD) in told
    (made,) = _clients(trade)
    assert (made.scopes, made.demands_proof) == (scopes, True)

    assert bank.send(shown, "Exchange the keys of bank.desk", jwks=jwks(NEW)).status_code == 303
    shown = bank.get("/clients")
    told = shown.section("bank.desk").text
    assert kid(NEW) in told
    assert "until" in told, "the old keys end"

    assert bank.send(shown, "Suspend bank.desk").status_code == 303
    shown = bank.get("/clients")
    assert "Suspended" in shown.section("bank.desk").text
    assert bank.send(shown, "Resume bank.desk").status_code == 303
    assert "May come in" in bank.get("/clients").section("bank.desk").text
    assert "bank.desk" not in as_party("other-bank").get("/clients").text


def test_what_a_registration_lacks_is_said_beside_its_field_and_no_machine_comes_of_it(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank = as_party("bank")
    form = bank.get("/clients")
    for field, given in (
        ("name", {"name": "no spaces", "jwks": jwks(OLD)}),
        ("jwks", {"name": "a", "jwks": "x"}),
    ):
        answer = bank.send(form, "Register it", reach="all", **given)
        assert answer.status_code == 422
        shown = is_sound(page(answer.text))
        assert shown.one("p", id=f"{field}-said").text
        assert shown.one("input", name_="name").value == given["name"]
    wrong = bank.send(form, "Register it", reach="some", name="a", jwks=jwks(OLD), scopes=["read:all"])
    assert wrong.status_code == 422
    assert _clients(trade) == []
    assert bank.send(form, "Register it", name="a", jwks=jwks(OLD), reach="all").status_code == 303
    wrong = bank.send(bank.get("/clients"), "Exchange the keys of bank.a", jwks="{}")
    assert wrong.status_code == 422
    assert page(wrong.text).section("bank.a").one(role="alert").text
    assert [key["kid"] for (made,) in [_clients(trade)] for key in made.public_keys] == [kid(OLD)]
