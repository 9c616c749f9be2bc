"""A machine client's document is judged by what it reaches for, before anything is read."""

from dataclasses import replace
from typing import Any

import limits
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, parse

from graphql_client import Asker, serve
from isthmus_graphql import reach
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.quotas import Quotas
from isthmus_platform.scopes import SCOPES
from standing import StandingClock

SCHEMA = build()


def test_every_type_and_every_mutation_is_opened_by_a_scope_that_exists() -> None:
    shut = [
        name
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and reach.scope_of(name) == reach.SHUT
    ]
    assert shut == [], "name the scope that opens it in isthmus_graphql.reach"
    assert SCHEMA.mutation_type is not None
    assert reach.CHANGES.keys() == SCHEMA.mutation_type.fields.keys()
    assert {*reach.TYPES, *reach.CHANGES.values()} <= SCOPES.keys()


REACHED = {
    "nothing of anybody's": ("{ viewer { subject party { name } } }", set()),
    "a page without its nodes": ("{ shipments { pageInfo { hasNextPage } } }", {"read:shipments"}),
    "through an edge": (
        "{ shipments { edges { node { documents { edges { node { title } } } } } } }",
        {"read:shipments", "read:documents"},
    ),
    "through a fragment": (
        "query { ...F } fragment F on Query { node(id: 1) { ... on Document { grants { id } } } }",
        {"read:documents", "read:grants"},
    ),
    "a change and what it answers": (
        "mutation ($i: CreateShipmentInput!) { createShipment(input: $i) { shipment { reference } } }",
        {"write:shipments", "read:shipments"},
    ),
    "a change alone": (
        "mutation ($i: CreateShipmentInput!) { createShipment(input: $i) { userErrors { code } } }",
        {"write:shipments"},
    ),
    "a field that there is not": ("{ nothing { of } }", set()),
}


@pytest.mark.parametrize(("document", "needed"), REACHED.values(), ids=REACHED.keys())
def test_a_document_needs_the_scopes_of_what_it_reaches(document: str, needed: set[str]) -> None:
    assert reach.scopes(SCHEMA, parse(document)) == needed


def test_a_client_without_the_scope_is_told_which_and_nothing_else(
    graphql: GraphQL, cast: dict[str, Actor]
) -> None:
    narrow = replace(cast["trader"], scopes=frozenset({"read:shipments"}))
    asker = serve(graphql, cast | {"trader": narrow})["trader"]
    assert asker.data("{ shipments { edges { cursor } } }") == {"shipments": {"edges": []}}
    for document in (
        '{ document(id: "x") { title } }',
        "{ shipments { edges { node { documents { edges { cursor } } } } } }",
    ):
        refused = asker.post({"query": document})
        body: dict[str, Any] = refused.get_json()
        assert (refused.status_code, body["code"]) == (403, "insufficient_scope")
        assert "read:documents" in body["detail"]
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


@pytest.fixture
def metered(graphql: GraphQL, cast: dict[str, Actor], clock: StandingClock) -> dict[str, Asker]:
    quotas = Quotas({"cost": limits.parse("600/minute")}, None, clock)
    return serve(graphql, cast, turnstile=Turnstile(quotas))


def test_a_document_takes_its_cost_from_the_quota_of_its_client(
    metered: dict[str, Asker], clock: StandingClock
) -> None:
    page = "query ($n: Int) { delegations(first: $n) { edges { cursor } } }"
    answer = metered["trader"].post({"query": page, "variables": {"n": 100}})
    assert answer.headers["RateLimit-Policy"] == '"cost";q=600;w=60;qu="fields"'
    left = 600 - (1 + 100 * 2)
    resets = 60 - int(clock().timestamp()) % 60
    assert answer.headers["RateLimit"] == f'"cost";r={left};t={resets}'
    small = metered["trader"].post({"query": page, "variables": {"n": 1}})
    assert small.headers["RateLimit"] == f'"cost";r={left - 3};t={resets}'
    metered["trader"].post({"query": page, "variables": {"n": 100}})
    refused = metered["trader"].post({"query": page, "variables": {"n": 100}})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert refused.content_type == "application/problem+json"
    assert refused.headers["Retry-After"] == str(resets)
    assert metered["trader"].post({"query": page, "variables": {"n": 1}}).status_code == 200, (
        "what fits goes in"
    )
    assert metered["rival"].post({"query": page, "variables": {"n": 100}}).status_code == 200
    clock.advance(seconds=60)
    assert metered["trader"].post({"query": page, "variables": {"n": 100}}).status_code == 200


def test_what_is_refused_for_what_it_says_is_not_free(metered: dict[str, Asker]) -> None:
    for _ in range(6):
        assert metered["trader"].codes("{ viewer {") == ["PARSE_FAILED"]
    assert metered["trader"].post({"query": "{ viewer {"}).status_code == 429
