"""A stream of a machine whose token is bound to its key: proven once, looked at again until it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from graphql_client import Asker
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.http import blueprint
from isthmus_graphql.streaming import StreamLimits
from isthmus_platform import access, tokens
from isthmus_platform.database import Actor, Duty, Platform, Work
from isthmus_platform.http.bearer import still
from machine import Machine, door, token_issuer
from standing import StandingClock

SIGNING = Ed25519PrivateKey.generate()
ALL = "subscription { shipmentsChanged { kind shipment { reference } } }"
HELD = ["read:shipments", "read:documents"]


@pytest.fixture
def machine(graphql: GraphQL, cast: dict[str, Actor], clock: StandingClock) -> Machine:
    platform = graphql.platform
    with platform.begin(Duty("onboarding")) as work:
        keys = [tokens.public_jwk(SIGNING)]
        access.add_client(work, "trader", "trader-1", keys, scopes=HELD, demands_proof=True)
    web, authenticate = door(platform, clock)
    limits = StreamLimits(look=0.02, heartbeat=0.1, life=60)
    again = still(platform, token_issuer(clock))
    web.register_blueprint(blueprint(graphql, authenticate, stream_limits=limits, still=again))
    return Machine(web.test_client(), clock, "trader-1", SIGNING)


@contextmanager
def listening(machine: Machine) -> Iterator[Iterator[bytes]]:
    """Yield the parts of a stream that has begun."""
    answer = machine.send(
        "POST", "/graphql", machine.token(), json={"query": ALL}, headers={"Accept": "text/event-stream"}
    )
    assert answer.status_code == 200, answer.text
    parts: Iterator[Any] = iter(answer.response)
    assert next(parts).startswith(b"retry:")
    try:
        yield parts
    finally:
        answer.close()


def told(parts: Iterator[bytes]) -> dict[str, Any]:
    """Return what the next event tells, heartbeats passed over."""
    part = next(each for each in parts if each.startswith(b"event: next"))
    found: dict[str, Any] = orjson.loads(part.partition(b"data: ")[2])
    return found


def test_one_proof_opens_a_stream_that_is_looked_at_again_and_again(machine: Machine, trader: Asker) -> None:
    with listening(machine) as parts:
        for number in (1, 2):
            reference = f"KHH-HAM-{number}"
            ship(trader, reference=reference, ucr=f"6TW2-{number}", bookingReference=None, billOfLading=None)
            assert told(parts)["data"]["shipmentsChanged"]["shipment"] == {"reference": reference}


def revoke(work: Work) -> None:
    access.revoke_client(work, "trader-1")


def narrow(work: Work) -> None:
    access.set_client_rules(work, "trader-1", scopes=["read:documents"], demands_proof=True)


ENDS: dict[str, tuple[Callable[[Work], None], dict[str, int], str]] = {
    "its client is revoked": (revoke, {}, "unknown_subject"),
    "its client loses the scope": (narrow, {}, "insufficient_scope"),
    "its token has run out": (lambda _: None, {"minutes": 15}, "token_expired"),
}


@pytest.mark.parametrize(("end", "later", "code"), ENDS.values(), ids=ENDS.keys())
def test_a_bound_stream_ends_before_it_tells_more_when(
    end: Callable[[Work], None],
    later: dict[str, int],
    code: str,
    machine: Machine,
    trader: Asker,
    platform: Platform,
    clock: StandingClock,
) -> None:
    with listening(machine) as parts:
        with platform.begin(Duty("onboarding")) as work:
            end(work)
        clock.advance(**later)
        ship(trader)
        body = told(parts)
        assert [error["extensions"]["code"] for error in body["errors"]] == [code]
        assert "KHH-HAM-1" not in str(body)
        assert next(parts).startswith(b"event: complete")
        assert list(parts) == []


def test_a_stolen_token_opens_no_stream(machine: Machine) -> None:
    token = machine.token()
    thief = Machine(machine.http, machine.clock, "trader-1", Ed25519PrivateKey.generate())
    asked: dict[str, Any] = {"json": {"query": ALL}, "headers": {"Accept": "text/event-stream"}}
    assert thief.send("POST", "/graphql", token, **asked).status_code == 401
    bearer = {**asked["headers"], "Authorization": f"Bearer {token}"}
    refused = machine.http.post("/graphql", json=asked["json"], headers=bearer)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "proof_required")
