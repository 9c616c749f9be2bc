"""A party runs its own machines: it registers them, exchanges their keys, suspends and resumes them."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from graphql_relay import from_global_id, to_global_id

from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_platform import access, clients, tokens
from isthmus_platform.database import Actor, Duty, Platform
from machine import Machine, door
from standing import StandingClock

OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CLIENT = "client { id clientId scopes demandsProof keys { kid algorithm notBefore notAfter } suspendedAt }"
NOBODYS = to_global_id("ApiClient", "01a205ac-0fd0-70c4-b698-45e83c182b33")


def kid(key: Ed25519PrivateKey) -> str:
    return tokens.thumbprint(tokens.public_jwk(key))


def jwks(*keys: Ed25519PrivateKey) -> str:
    return json.dumps({"keys": [tokens.public_jwk(key) for key in keys]})


def register(asker: Asker, **given: Any) -> dict[str, Any]:
    given = {"name": "desk", "jwks": jwks(OLD), "scopes": ["read:shipments"], **given}
    found: dict[str, Any] = asker.done("registerClient", CLIENT, **given)["client"]
    return found


@pytest.fixture
def machine(platform: Platform, clock: StandingClock) -> Machine:
    """Return the trader's machine, which may not be registered yet."""
    web, _ = door(platform, clock)
    return Machine(web.test_client(), clock, "trader.desk", OLD)


def admitted(machine: Machine, key: Ed25519PrivateKey) -> bool:
    """Return whether the machine obtains a token by signing with ``key``."""
    signing = replace(machine, signing=key)
    proof = signing.proof("POST", "/oauth/token")
    answer = signing.request_token(proof, client_assertion=signing.assertion(kid=kid(key)))
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def test_a_machine_registered_by_its_party_comes_in_and_no_other_party_sees_it(
    trader: Asker, rival: Asker, operator: Asker, machine: Machine
) -> None:
    made = register(trader)
    told = (made["clientId"], made["scopes"], made["demandsProof"])
    assert told == ("trader.desk", ["read:shipments"], True)
    assert made["keys"] == [{"kid": kid(OLD), "algorithm": "EdDSA", "notBefore": None, "notAfter": None}]
    assert admitted(machine, OLD)
    assert not admitted(machine, NEW)
    listing = "{ clients { edges { node { clientId } } } }"
    assert nodes(trader.data(listing)["clients"]) == [{"clientId": "trader.desk"}]
    for stranger in (rival, operator):
        assert nodes(stranger.data(listing)["clients"]) == []
        assert stranger.data("query ($id: ID!) { node(id: $id) { id } }", id=made["id"]) == {"node": None}


def test_keys_are_exchanged_without_a_moment_without_one(
    trader: Asker, machine: Machine, clock: StandingClock
) -> None:
    client = register(trader)["id"]
    kids = [each["kid"] for each in _rotated(trader, client)["keys"]]
    assert kids == [kid(NEW), kid(OLD)]
    assert admitted(machine, OLD)
    assert admitted(machine, NEW)
    clock.advance(hours=23, minutes=59)
    assert admitted(machine, OLD)
    clock.advance(minutes=1)
    assert not admitted(machine, OLD)
    assert admitted(machine, NEW)


def test_a_stolen_key_ends_at_once(trader: Asker, machine: Machine, clock: StandingClock) -> None:
    client = register(trader)["id"]
    rotated = _rotated(trader, client, oldKeysUntil=clock().isoformat())
    assert [each["kid"] for each in rotated["keys"]] == [kid(NEW)]
    assert not admitted(machine, OLD)
    assert admitted(machine, NEW)


def _rotated(asker: Asker, client: str, **given: Any) -> dict[str, Any]:
    given = {"client": client, "jwks": jwks(NEW), **given}
    found: dict[str, Any] = asker.done("rotateClientKeys", CLIENT, **given)["client"]
    return found


def test_a_suspended_machine_is_let_in_no_more_until_it_is_resumed(
    trader: Asker, machine: Machine, clock: StandingClock
) -> None:
    client = register(trader)["id"]
    suspended = trader.done("suspendClient", CLIENT, client=client)["client"]["suspendedAt"]
    assert suspended is not None
    assert not admitted(machine, OLD)
    clock.advance(hours=1)
    again = trader.done("suspendClient", CLIENT, client=client)["client"]["suspendedAt"]
    assert again == suspended, "suspending it again changes nothing"
    assert trader.done("resumeClient", CLIENT, client=client)["client"]["suspendedAt"] is None
    assert admitted(machine, OLD)


def test_what_the_operator_suspended_its_party_does_not_resume(
    trader: Asker, machine: Machine, platform: Platform
) -> None:
    client = register(trader)["id"]
    with platform.begin(Duty("onboarding")) as work:
        clients.suspend(work, access.client_named(work, "trader.desk"))
    trader.done("suspendClient", CLIENT, client=client)
    assert trader.refused("resumeClient", CLIENT, client=client) == [("suspended_by_operator", "client")]
    assert not admitted(machine, OLD)


CHANGES: dict[str, dict[str, Any]] = {
    "rotateClientKeys": {"jwks": jwks(NEW)},
    "suspendClient": {},
    "resumeClient": {},
}


def test_another_partys_machine_is_changed_by_nobody_else_and_answers_as_none(
    trader: Asker, rival: Asker, operator: Asker
) -> None:
    client = register(trader)["id"]
    for stranger, (mutation, given) in product((rival, operator), CHANGES.items()):
        refused = stranger.change(mutation, CLIENT, client=client, **given)
        assert refused == stranger.change(mutation, CLIENT, client=NOBODYS, **given)
        assert refused["userErrors"][0]["code"] == "not_found"
    query = "{ clients { edges { node { keys { kid } suspendedAt } } } }"
    (standing,) = nodes(trader.data(query)["clients"])
    assert [each["kid"] for each in standing["keys"]] == [kid(OLD)]
    assert standing["suspendedAt"] is None


@pytest.mark.parametrize("mutation", ["registerClient", *CHANGES])
def test_a_change_sent_again_is_made_once(mutation: str, trader: Asker) -> None:
    if mutation == "registerClient":
        given: dict[str, Any] = {"name": "desk", "jwks": jwks(OLD)}
    else:
        given = {"client": register(trader)["id"], **CHANGES[mutation]}
    first = trader.done(mutation, CLIENT, idempotencyKey="k", **given)
    assert trader.done(mutation, CLIENT, idempotencyKey="k", **given) == first
    other = given | ({"name": "other"} if mutation == "registerClient" else {"client": NOBODYS})
    assert trader.refused(mutation, CLIENT, idempotencyKey="k", **other) == [
        ("idempotency_key_reused", "idempotencyKey")
    ]
    assert len(nodes(trader.data("{ clients { edges { node { id } } } }")["clients"])) == 1


def test_two_parties_name_their_machines_alike(trader: Asker, rival: Asker) -> None:
    assert register(trader)["clientId"] == "trader.desk"
    assert register(rival)["clientId"] == "rival.desk"
    assert trader.refused("registerClient", CLIENT, name="desk", jwks=jwks(OLD)) == [
        ("client_id_taken", "clientId")
    ]


PRIVATE = json.dumps({"keys": [{**tokens.public_jwk(OLD), "d": "AA"}]})
REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "a name with a space": ({"name": "a desk"}, ("format", "clientId")),
    "an endless name": ({"name": "d" * 60}, ("format", "clientId")),
    "an unknown scope": ({"scopes": ["read:minds"]}, ("unknown_scope", "scopes")),
    "no JSON": ({"jwks": "{"}, ("format", "jwks")),
    "no set": ({"jwks": "[]"}, ("format", "jwks")),
    "a set of nothing": ({"jwks": '{"keys": [1]}'}, ("format", "jwks")),
    "an endless set": ({"jwks": jwks(OLD) + " " * 20_000}, ("format", "jwks")),
    "an empty set": ({"jwks": '{"keys": []}'}, ("length", "keys")),
    "a private key": ({"jwks": PRIVATE}, ("private_key", "keys[0]")),
    "one key twice": ({"jwks": jwks(OLD, OLD)}, ("repeated", "keys")),
}


def test_what_is_no_machine_is_not_registered(trader: Asker) -> None:
    for given, why in REFUSED.values():
        asked = {"name": "desk", "jwks": jwks(OLD), **given}
        assert trader.refused("registerClient", CLIENT, **asked) == [why], given
    assert nodes(trader.data("{ clients { edges { node { id } } } }")["clients"]) == []


def test_old_keys_end_within_30_days(trader: Asker) -> None:
    client = register(trader)["id"]
    for until in ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"):
        given = {"client": client, "jwks": jwks(NEW), "oldKeysUntil": until}
        assert trader.refused("rotateClientKeys", CLIENT, **given) == [("range", "oldKeysUntil")]


def test_a_machine_makes_and_reaches_none_that_may_do_more_than_itself(
    graphql: GraphQL, cast: dict[str, Actor], trader: Asker
) -> None:
    held = frozenset({"read:clients", "write:clients", "read:shipments"})
    machine = serve(graphql, cast | {"trader": replace(cast["trader"], scopes=held)})["trader"]
    for scopes in (None, ["read:documents"], ["read:shipments", "write:shipments"]):
        given = {"name": "more", "jwks": jwks(OLD), "scopes": scopes}
        assert machine.refused("registerClient", CLIENT, **given) == [("wider_scopes", "scopes")]
    assert register(machine, name="less")["scopes"] == ["read:shipments"]
    wider = register(trader, scopes=["read:documents"])["id"]
    for mutation, given in CHANGES.items():
        assert machine.refused(mutation, CLIENT, client=wider, **given) == [("wider_scopes", "scopes")]


def test_a_page_goes_on_behind_its_cursor(trader: Asker) -> None:
    for number in range(3):
        register(trader, name=f"desk-{number}")
    query = "query ($c: String) { clients(first: 2, after: $c) { edges { cursor node { clientId } } } }"
    first = trader.data(query)["clients"]["edges"]
    rest = trader.data(query, c=first[-1]["cursor"])["clients"]["edges"]
    names = [edge["node"]["clientId"] for edge in [*first, *rest]]
    assert names == ["trader.desk-2", "trader.desk-1", "trader.desk-0"]
    assert from_global_id(NOBODYS).type == "ApiClient"
