"""The front answers what Flask would, and leaves to it whatever it would refuse."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import limits
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from sqlalchemy import update
from werkzeug.test import Client, TestResponse

from graphql_client import Asker
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.front import Front
from isthmus_graphql.http import blueprint
from isthmus_graphql.persisted import Operations, digest_of
from isthmus_platform import access, pipeline, tokens
from isthmus_platform.access import ApiClient
from isthmus_platform.database import Actor, Duty, Platform
from isthmus_platform.http import patience
from isthmus_platform.http.bearer import authenticator
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.quotas import Quotas
from isthmus_platform.tokens import TokenIssuer

ADDRESS = "https://platform.example"
PAGE = "query ($first: Int) { shipments(first: $first) { edges { node { reference eta } } } }"
CROSSINGS = "{ crossings { edges { cursor } } }"
VIEWER = "{ viewer { party { name } subject } }"
UNPLANNED = "{ documents { edges { node { title } } } }"
CREATE = (
    "mutation ($input: CreateShipmentInput!) { createShipment(input: $input) { shipment { reference } } }"
)
QUOTA = 10_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CLEAR = {"suspended_at": None, "suspended_by_operator": None}


@dataclass
class Web:
    """One application, and how often Flask was asked."""

    app: Flask
    client: Client
    by_flask: list[str] = field(default_factory=list)


@dataclass
class Both:
    """The same web with the front before it and without."""

    platform: Platform
    issuer: TokenIssuer
    client: UUID
    trader: Actor
    fronted: Web
    plain: Web

    def token(self, **changes: Any) -> str:
        return self.issuer.issue(self.trader.party_id, f"client:{self.client}", **changes)

    def asked(self, body: Any, **changes: Any) -> TestResponse:
        """Return the front's answer, once it is the same as Flask's."""
        fronted, plain = (_sent(web, body, self.token(), **changes) for web in (self.fronted, self.plain))
        assert (fronted.status_code, fronted.text) == (plain.status_code, plain.text)
        assert _headers(fronted) == _headers(plain)
        return fronted

    def known(self, *texts: str) -> None:
        """Let the planner answer ``texts`` once."""
        for text in texts:
            assert "errors" not in self.asked({"query": text}).get_json()
        self.fronted.by_flask.clear()

    def change(self, **values: Any) -> None:
        """Change the client."""
        with self.platform.begin(Duty("onboarding")) as work:
            work.session.execute(update(ApiClient).where(ApiClient.id == self.client).values(**values))


def _headers(answer: TestResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _sent(web: Web, body: Any, token: str, **changes: Any) -> TestResponse:
    given = {
        "data": body if isinstance(body, bytes) else json.dumps(body),
        "content_type": "application/json",
    }
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "r", **changes.pop("headers", {})}
    return web.client.open("/graphql", method="POST", headers=headers, **given | changes)


@pytest.fixture
def both(platform: Platform, graphql: GraphQL, askers: dict[str, Asker]) -> Iterator[Both]:
    ship(askers["trader"], reference="S1")
    trader = askers["trader"].actor
    key = Ed25519PrivateKey.generate()
    with platform.begin(Duty("onboarding")) as work:
        client = access.add_client(work, "trader", "machine", [tokens.public_jwk(key)])
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    issuer = TokenIssuer(ADDRESS, ADDRESS, [pem], platform.clock)
    fronted, plain = (_web(platform, graphql, issuer, before=before) for before in (True, False))
    yield Both(platform, issuer, client, trader, fronted, plain)
    platform.pipeline.close()


def _web(
    platform: Platform,
    graphql: GraphQL,
    issuer: TokenIssuer,
    *,
    before: bool,
    operations: Operations | None = None,
) -> Web:
    quota = limits.parse(f"{QUOTA}/minute")
    turnstile = Turnstile(Quotas({"requests": quota, "cost": quota}, clock=platform.clock))
    operations = operations or Operations()
    app = Flask(__name__)
    authenticate = authenticator(platform, issuer, turnstile=turnstile)
    app.register_blueprint(blueprint(graphql, authenticate, operations, turnstile))
    patience.install(app, 10.0)
    web = Web(app, Client(app))

    @app.before_request
    def note() -> None:
        web.by_flask.append("asked")

    if before:
        web.client = Client(Front(app, graphql, issuer, operations, turnstile, 10.0))
    return web


def test_what_was_planned_before_is_answered_without_flask(both: Both) -> None:
    both.known(PAGE, VIEWER)
    assert both.asked({"query": PAGE, "variables": {"first": 1}}).get_json() == {
        "data": {"shipments": {"edges": [{"node": {"reference": "S1", "eta": None}}]}}
    }
    both.asked({"query": PAGE, "variables": None, "operationName": None})
    both.asked({"query": VIEWER}, headers={"Accept": "application/graphql-response+json"})
    both.asked({"query": VIEWER}, content_type="application/json; charset=utf-8")
    assert both.fronted.by_flask == []


def test_what_is_asked_for_the_first_time_is_asked_of_flask(both: Both) -> None:
    both.asked({"query": PAGE})
    assert len(both.fronted.by_flask) == 1


UNUSUAL: dict[str, tuple[Any, dict[str, Any]]] = {
    "what is not planned": ({"query": UNPLANNED}, {}),
    "a mutation": ({"query": CREATE, "variables": {"input": {}}}, {}),
    "no JSON": (b"{", {}),
    "a member given twice": (b'{"query": "{ viewer { subject } }", "query": "%s"}' % VIEWER.encode(), {}),
    "a list": ([{"query": PAGE}], {}),
    "no text": ({"query": ["x"]}, {}),
    "a number as name": ({"query": PAGE, "operationName": 0}, {}),
    "a list of variables": ({"query": PAGE, "variables": []}, {}),
    "no such operation": ({"query": PAGE, "operationName": "other"}, {}),
    "a variable of the wrong type": ({"query": PAGE, "variables": {"first": "x"}}, {}),
    "a page too long": ({"query": PAGE, "variables": {"first": 1000}}, {}),
    "half a surrogate pair": (b'{"query": "%s", "variables": {"x": "\\ud800"}}' % PAGE.encode(), {}),
    "an extension": ({"query": PAGE, "extensions": {"persistedQuery": {}}}, {}),
    "a hash": ({"documentId": f"sha256:{digest_of(PAGE)}"}, {}),
    "a form": (b"query=x", {"content_type": "application/x-www-form-urlencoded"}),
    "another scheme": ({"query": PAGE}, {"headers": {"Authorization": "DPoP x"}}),
    "no token": ({"query": PAGE}, {"headers": {"Authorization": "Bearer "}}),
    "no token of ours": ({"query": PAGE}, {"headers": {"Authorization": "Bearer x.y.z"}}),
    "events": ({"query": PAGE}, {"headers": {"Accept": "text/event-stream"}}),
    "a parameter": ({"query": PAGE}, {"query_string": "query=x"}),
    "a client that waits": ({"query": PAGE}, {"headers": {"Prefer": "wait=5"}}),
}


def test_whatever_is_unusual_is_flasks(both: Both) -> None:
    both.known(PAGE, VIEWER)
    for number, (name, (body, changes)) in enumerate(UNUSUAL.items(), start=1):
        both.asked(body, **changes)
        assert len(both.fronted.by_flask) == number, name


BOUND: dict[str, Callable[[Both], str]] = {
    "to a key": lambda both: both.token(thumbprint="x"),
    "to a certificate": lambda both: both.token(certificate="x"),
    "to a scope that reaches no shipments": lambda both: both.token(scope="read:documents"),
    "to another party": lambda both: both.issuer.issue(UUID(int=1), f"client:{both.client}"),
    "to nobody": lambda both: both.issuer.issue(both.trader.party_id, f"client:{UUID(int=1)}"),
    "to no subject": lambda both: both.issuer.issue(both.trader.party_id, "someone"),
}


def test_a_token_that_is_good_for_less_is_refused_by_flask(both: Both) -> None:
    both.known(PAGE)
    for number, (name, token) in enumerate(BOUND.items(), start=1):
        answer = both.asked({"query": PAGE}, headers={"Authorization": f"Bearer {token(both)}"})
        assert answer.status_code in (401, 403), name
        assert len(both.fronted.by_flask) == number, name


CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "revoked": ({"revoked_at": NOW}, {"revoked_at": None}),
    "suspended": ({"suspended_at": NOW, "suspended_by_operator": False}, CLEAR),
    "narrowed": ({"scopes": ["read:documents"]}, {"scopes": None}),
    "bound": ({"demands_proof": True}, {"demands_proof": False}),
}


def test_what_is_taken_from_a_client_is_taken_from_its_next_request(both: Both) -> None:
    both.known(PAGE)
    for name, (taken, given) in CHANGED.items():
        both.change(**taken)
        answer = both.asked({"query": PAGE})
        assert answer.status_code in (401, 403), name
        assert "S1" not in answer.text, name
        both.change(**given)
        assert "S1" in both.asked({"query": PAGE}).text, name


def test_a_quota_is_taken_from_once_and_refused_by_flask(both: Both) -> None:
    both.known(PAGE)
    told = [both.asked({"query": PAGE, "variables": {"first": 100}}) for _ in range(2)]
    left = [int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in told]
    assert left[0] - left[1] == 1, "as both webs agree"
    for _ in range(QUOTA):
        answer = both.asked({"query": PAGE, "variables": {"first": 100}})
        if answer.status_code != 200:
            break
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_an_answer_that_only_the_executor_gives_is_given_all_the_same(both: Both) -> None:
    text = "query ($owner: String!) { shipments(filter: {owner: $owner}) { edges { cursor } } }"
    for owner in ("trader", "nobody"):  # a name that there is not is an error, and the executor tells errors
        answer = both.asked({"query": text, "variables": {"owner": owner}})
    assert answer.get_json()["errors"][0]["extensions"]["code"] == "unknown_party"
    assert len(both.fronted.by_flask) == 1, "for the first"


def test_an_authority_is_answered_otherwise(both: Both, askers: dict[str, Asker]) -> None:
    both.known(CROSSINGS)
    authority = askers["authority"].actor
    with both.platform.begin(Duty("onboarding")) as work:
        jwk = tokens.public_jwk(Ed25519PrivateKey.generate())
        client = access.add_client(work, "authority", "other-machine", [jwk])
    token = both.issuer.issue(authority.party_id, f"client:{client}")
    answer = both.asked({"query": CROSSINGS}, headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json()["data"] == {"crossings": None}, (
        "there is no bridge here, whose log it would read"
    )
    assert both.fronted.by_flask == []


def test_what_takes_too_long_is_not_tried_again(
    both: Both, platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.known(PAGE)
    monkeypatch.setattr(pipeline, "LONGEST", 0.05)
    with psycopg.connect(platform_url) as other:
        other.execute("LOCK TABLE shipment IN ACCESS EXCLUSIVE MODE")
        answer = _sent(both.fronted, {"query": PAGE}, both.token())
    assert answer.get_json()["errors"][0]["extensions"]["code"] == "DEADLINE"
    assert both.fronted.by_flask == []


def test_only_listed_operations_run_where_no_others_may(both: Both, graphql: GraphQL) -> None:
    both.known(PAGE, VIEWER)
    operations = Operations({digest_of(PAGE): PAGE}, only_listed=True)
    both.fronted, both.plain = (
        _web(both.platform, graphql, both.issuer, before=before, operations=operations)
        for before in (True, False)
    )
    assert "data" in both.asked({"query": PAGE}).get_json()
    assert both.fronted.by_flask == []
    refused = both.asked({"query": VIEWER}).get_json()
    assert refused["errors"][0]["extensions"]["code"] == "OPERATION_NOT_LISTED"
