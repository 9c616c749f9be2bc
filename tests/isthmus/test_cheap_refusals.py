"""What is refused costs the whole web next to nothing: its limits, tokens, front and Flask.

CPU is measured, not time, and a request counts as cheap as soon as one of a few goes at it was.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLObjectType
from graphql_relay import to_global_id
from werkzeug.test import TestResponse

from graphql_trade import SHIPMENT
from isthmus_graphql.schema import build
from whole_web import WholeWeb, fresh_database, whole_web

pytestmark = pytest.mark.xdist_group("cheap-refusals")

ALLOWED = 0.05  # seconds of CPU
GOES = 8
PAGE = "query ($n: Int) { shipments(first: $n) { edges { cursor } } }"
BEHIND = "query ($c: String) { shipments(after: $c) { edges { cursor } } }"
FILTERED = "query ($f: ShipmentFilter) { shipments(filter: $f) { edges { cursor } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
VIEWER = "{ viewer { subject } }"
CREATE = (
    "mutation ($input: CreateShipmentInput!)"
    " { createShipment(input: $input) { shipment { id } userErrors { code } } }"
)
GRANT = (
    "mutation ($input: GrantAccessInput!)"
    " { grantAccess(input: $input) { grant { id } userErrors { code field message } } }"
)


@pytest.fixture(scope="module")
def web(
    postgres: str, platform_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeWeb]:
    with (
        fresh_database(postgres, platform_template) as url,
        whole_web(url, tmp_path_factory.mktemp("web"), redis_url) as web,
    ):
        post(web, {"query": VIEWER})  # what is made once, on the first request, is no refusal's cost
        yield web


def post(web: WholeWeb, body: Any, party: str = "rival") -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = web.bearer(party)
    return web.app.test_client().post("/graphql", data=data, content_type="application/json", headers=given)


def cheaply(web: WholeWeb, bodies: Iterator[Any]) -> TestResponse:
    """Return the answer to the first of a few like ``bodies`` that took less CPU than is allowed."""
    spent = []
    for body in bodies:
        began = time.process_time()
        answer = post(web, body)
        spent.append(time.process_time() - began)
        if spent[-1] < ALLOWED:
            return answer
    raise AssertionError(f"each took more: {spent}")


def alike(query: str, variables: Any = None) -> Iterator[Any]:
    """Yield the same request in other words each time, so that nothing is remembered."""
    for number in range(GOES):
        yield {"query": f"{query} # {number}", "variables": variables}


def codes(answer: TestResponse) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get_json()["errors"]}


STRINGS = '{ node(id: "'
VARIED: dict[str, tuple[str, Any, str]] = {
    "a page of 100,000": (PAGE, {"n": 100_000}, "PAGE_SIZE"),
    "a page of null": (PAGE, {"n": None}, "PAGE_SIZE"),
    "a page of a number without end": (PAGE, {"n": 10**4000}, "PAGE_SIZE"),
    "a cursor of 200,000 letters": (BEHIND, {"c": "QUFB" * 50_000}, "cursor"),
    "4,000 members that there are not": (FILTERED, {"f": {f"a{n}": 1 for n in range(4_000)}}, "INPUT"),
    "20,000 of what is one": (FILTERED, {"f": {"reference": ["x"] * 20_000}}, "INPUT"),
    "an id of 20,000 parts": (NODE, {"id": [1] * 20_000}, "INPUT"),
    "a string of quotes without end": (STRINGS + '\\"' * 60_000, None, "PARSE_FAILED"),
    "a string of backslashes without end": (STRINGS + "\\" * 60_000, None, "PARSE_FAILED"),
    "a block without end": ('{ node(id: """' + '\\""" ' * 25_000, None, "PARSE_FAILED"),
    "halves of blocks": ('{ node(id: """' + '""a' * 40_000, None, "PARSE_FAILED"),
    "8 operations of which none is named": (
        " ".join(f"query Q{n} {{ {'viewer { subject } ' * 19} }}" for n in range(8)),
        None,
        "OPERATION",
    ),
    "190 repeated composites": (
        "{ viewer { " + "party { name country } " * 190 + "} }",
        None,
        "VALIDATION_FAILED",
    ),
    "repeated composites of many fields": (
        "{ viewer { " + f"party {{ {' '.join(f'a{n}' for n in range(30))} }} " * 45 + "} }",
        None,
        "VALIDATION_FAILED",
    ),
    "1,200 variables": (
        f"query ({' '.join(f'$a{n}: Int' for n in range(1_200))}) {{ viewer {{ subject }} }}",
        None,
        "TOKENS",
    ),
    "500 fragments that nothing uses": (
        VIEWER + " ".join(f"fragment F{n} on Viewer {{ subject }}" for n in range(500)),
        None,
        "TOKENS",
    ),
    "1,600 arguments of one name": (f"{{ node({'id: 1 ' * 1_600}) {{ id }} }}", None, "TOKENS"),
}


@pytest.mark.parametrize(("query", "variables", "code"), VARIED.values(), ids=VARIED.keys())
def test_what_is_without_measure_is_refused_with_its_code_in_50_ms_of_cpu(
    query: str, variables: Any, code: str, web: WholeWeb
) -> None:
    assert codes(cheaply(web, alike(query, variables))) == {code}


def test_a_document_is_not_compared_with_itself_without_end(web: WholeWeb) -> None:
    repeated = "{ viewer { " + "party { name country } " * 190 + "} }"
    assert codes(post(web, {"query": repeated})) == {"VALIDATION_FAILED"}


def test_a_batch_is_refused_in_50_ms_of_cpu(web: WholeWeb) -> None:
    for count in (1, 2, 1_000):
        batches = (json.dumps([{"query": f"{VIEWER} # {go}"}] * count).encode() for go in range(GOES))
        answer = cheaply(web, batches)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")


@pytest.fixture(scope="module")
def theirs(web: WholeWeb) -> tuple[str, str]:
    """Return the id of a shipment of the trader's, and its cursor in the trader's list."""
    made = {"query": CREATE, "variables": {"input": {"idempotencyKey": "k", **SHIPMENT}}}
    assert post(web, made, "trader").get_json()["data"]["createShipment"]["shipment"]
    found = post(web, {"query": "{ shipments { edges { cursor node { id } } } }"}, "trader").get_json()
    (edge,) = found["data"]["shipments"]["edges"]
    return edge["node"]["id"], edge["cursor"]


QUERY: GraphQLObjectType = build().type_map["Query"]  # type: ignore[assignment]
BY_ID = sorted(name for name, field in QUERY.fields.items() if "id" in field.args)


@pytest.mark.parametrize("field", BY_ID)
def test_an_id_of_another_party_is_answered_as_one_of_nothing_in_50_ms_of_cpu(
    field: str, web: WholeWeb, theirs: tuple[str, str]
) -> None:
    query = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
    given = (theirs[0], to_global_id("Shipment", str(uuid4())))
    told = [cheaply(web, alike(query, {"id": each})).get_json() for each in given]
    assert told[0] == told[1] == {"data": {field: None}}


def test_a_cursor_that_is_forged_or_of_another_party_is_refused_in_50_ms_of_cpu(
    web: WholeWeb, theirs: tuple[str, str]
) -> None:
    for forged in ("", "forged", theirs[1], theirs[1][:-1], theirs[1] + "A", theirs[0]):
        assert codes(cheaply(web, alike(BEHIND, {"c": forged}))) == {"cursor"}


def test_a_change_of_another_partys_thing_is_refused_in_50_ms_of_cpu(
    web: WholeWeb, theirs: tuple[str, str]
) -> None:
    told = []
    for shipment in (theirs[0], to_global_id("Shipment", str(uuid4()))):
        given = {"shipment": shipment, "reader": "bank", "purpose": "TRADE_FINANCE"}
        given["validUntil"] = (datetime.now(UTC) + timedelta(days=9)).isoformat()
        bodies = (
            {"query": GRANT, "variables": {"input": given | {"idempotencyKey": str(uuid4())}}}
            for _ in range(GOES)
        )
        told.append(cheaply(web, bodies).get_json())
    assert told[0] == told[1]
    assert [each["code"] for each in told[0]["data"]["grantAccess"]["userErrors"]] == ["not_found"]
