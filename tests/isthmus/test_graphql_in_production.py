"""What a general security audit of GraphQL tries, against the whole web as it is in production.

Each attack is sent over HTTP with a valid token, through the web's real limits.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from isthmus_graphql.limits import Limits
from isthmus_platform.http import reach
from whole_web import WholeWeb, fresh_database, whole_web

pytestmark = pytest.mark.xdist_group("graphql-in-production")

VIEWER = "{ viewer { subject } }"
BUDGET = 0.05  # seconds of CPU
GENEROUS = 6  # times that, for a loaded machine


@pytest.fixture(scope="module")
def web(
    postgres: str, platform_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeWeb]:
    with (
        fresh_database(postgres, platform_template) as url,
        whole_web(url, tmp_path_factory.mktemp("web"), redis_url) as web,
    ):
        yield web


@pytest.fixture
def http(web: WholeWeb) -> FlaskClient:
    return web.app.test_client()


def post(http: FlaskClient, web: WholeWeb, body: Any = None, **given: Any) -> TestResponse:
    headers = web.bearer("trader") | given.pop("headers", {})
    if body is not None:
        given["json"] = body
    return http.post("/graphql", headers=headers, **given)


def codes(answer: TestResponse) -> list[str]:
    """Return the codes of what was refused before anything ran."""
    body = answer.get_json(force=True)
    assert "data" not in body, body
    return [error["extensions"]["code"] for error in body["errors"]]


def doubling(count: int) -> str:
    """Return fragments each of which spreads the next one twice."""
    parts = " ".join(f"fragment F{i} on Party {{ name ...F{i + 1} ...F{i + 1} }}" for i in range(count))
    return f"{{ viewer {{ party {{ ...F0 }} }} }} {parts} fragment F{count} on Party {{ name }}"


def circle(length: int) -> str:
    """Return fragments that lead back to the first."""
    parts = " ".join(f"fragment F{i} on Party {{ name ...F{(i + 1) % length} }}" for i in range(length))
    return f"{{ viewer {{ party {{ ...F0 }} }} }} {parts}"


ALIASED = " ".join(f"a{i}: subject" for i in range(100))
HIDDEN = "{ ...F } fragment F on Query { __schema { queryType { name } } }"
NEVER = "{ __schema @skip(if: true) { queryType { name } } }"
DEAD = "{ webhookDeliveries(state: DEADD) { edges { cursor } } }"
INTROSPECTION = "{ __schema { types { name fields { name args { name } } } } }"
REFUSED = {
    "10,000 aliases of a field": ("{" + " ".join(f"a{i}: __typename" for i in range(10_000)) + "}", "TOKENS"),
    "100 aliases of a field": (f"{{ viewer {{ {ALIASED} }} }}", "ALIASES"),
    "a query batched by aliases": (
        "{" + " ".join(f"a{i}: viewer {{ subject }}" for i in range(60)) + "}",
        "ALIASES",
    ),
    "500 repetitions of a field": ("{ viewer {" + " subject" * 500 + " } }", "WIDTH"),
    "1,000 repeated composite fields": ("{ viewer {" + " party { name }" * 1_000 + " } }", "WIDTH"),
    "500 directives": ("{ viewer " + "@include(if: true) " * 500 + "{ subject } }", "DIRECTIVES"),
    "500 directives that there are not": ("{ viewer " + "@a" * 500 + " { subject } }", "DIRECTIVES"),
    "depth 300": ("{ viewer " * 300 + "}" * 300, "DEPTH"),
    "40 doubling fragments": (doubling(40), "WIDTH"),
    "a fragment that spreads itself": (circle(1), "FRAGMENT_CYCLE"),
    "20 fragments in a circle": (circle(20), "FRAGMENT_CYCLE"),
    "introspection": (INTROSPECTION, "INTROSPECTION"),
    "introspection of one type": ('{ __type(name: "Shipment") { name } }', "INTROSPECTION"),
    "introspection by an alias": ("{ a: __schema { queryType { name } } }", "INTROSPECTION"),
    "introspection in a fragment": (HIDDEN, "INTROSPECTION"),
    "introspection that is never included": (NEVER, "INTROSPECTION"),
    "a page of 100,000": ("{ shipments(first: 100000) { edges { cursor } } }", "PAGE_SIZE"),
    "a page of null": ("{ shipments(first: null) { edges { cursor } } }", "PAGE_SIZE"),
    "a name nearly right": ("{ viewr { subject } }", "VALIDATION_FAILED"),
    "an argument nearly right": ('{ shipment(referenc: "R") { id } }', "VALIDATION_FAILED"),
    "a type nearly right": ("{ ... on Qurey { viewer { subject } } }", "VALIDATION_FAILED"),
    "an enum's value nearly right": (DEAD, "VALIDATION_FAILED"),
    "an input field nearly right": (
        '{ shipments(filter: {referenc: "R"}) { edges { cursor } } }',
        "VALIDATION_FAILED",
    ),
    "no GraphQL": ("{ viewer {", "PARSE_FAILED"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_document_that_means_harm_is_refused_with_its_code_and_tells_nothing_of_the_schema(
    document: str, code: str, web: WholeWeb, http: FlaskClient
) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        answer = post(http, web, {"query": document}, headers={"Accept": accept})
        assert set(codes(answer)) == {code}
        assert answer.status_code == (200 if accept == "application/json" else 400)
        assert "Did you mean" not in answer.text


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_stream_of_it_is_refused_alike(document: str, code: str, web: WholeWeb, http: FlaskClient) -> None:
    answer = post(http, web, {"query": document}, headers={"Accept": "text/event-stream"})
    assert answer.status_code == 400
    assert set(codes(answer)) == {code}


def test_each_refusal_is_cheap(web: WholeWeb, http: FlaskClient) -> None:
    post(http, web, {"query": VIEWER})
    spent = {}
    for name, (document, _) in REFUSED.items():
        fresh = f"# {name}\n{document}"  # what a cache remembers of it would not count
        took = []
        for number in range(3):
            began = time.process_time()
            post(http, web, {"query": f"{fresh} # {number}"})
            took.append(time.process_time() - began)
        spent[name] = min(took)
    assert {name: took for name, took in spent.items() if took > BUDGET * GENEROUS} == {}


BATCHES = {
    "of two": [{"query": VIEWER}] * 2,
    "of one": [{"query": VIEWER}],
    "of none": [],
    "of 1,000": [{"query": VIEWER}] * 1_000,
}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES.keys())
def test_a_batch_is_refused(batch: list[Any], web: WholeWeb, http: FlaskClient) -> None:
    answer = post(http, web, data=json.dumps(batch), content_type="application/json")
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (400, "malformed")


FORMS = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "",
)


@pytest.mark.parametrize("content_type", FORMS)
def test_what_another_sites_form_can_send_is_refused(
    content_type: str, web: WholeWeb, http: FlaskClient
) -> None:
    answer = post(http, web, data=json.dumps({"query": VIEWER}), content_type=content_type)
    assert answer.status_code == 415


def test_a_browsers_session_opens_nothing_and_no_other_site_is_let_in(
    web: WholeWeb, http: FlaskClient
) -> None:
    http.set_cookie("__Host-isthmus", "anything", secure=True)
    asked = {"json": {"query": VIEWER}, "headers": {"Origin": "https://elsewhere.example"}}
    assert http.post("/graphql", **asked).status_code == 401
    preflight = http.options(
        "/graphql",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
    )
    allowed = [name for name, _ in preflight.headers if name.lower().startswith("access-control-")]
    assert allowed == []


@pytest.mark.parametrize(
    "query", [VIEWER, "mutation { closeBillingPeriod { userErrors { code } } }", INTROSPECTION]
)
def test_nothing_new_is_run_by_get(query: str, web: WholeWeb, http: FlaskClient) -> None:
    answer = http.get("/graphql", query_string={"query": query}, headers=web.bearer("trader"))
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")


PLACES = ("/graphql", "/graphiql", "/graphql/graphiql", "/playground", "/altair", "/voyager", "/console")


@pytest.mark.parametrize("path", PLACES)
def test_there_is_no_ide(path: str, web: WholeWeb, http: FlaskClient) -> None:
    answer = http.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (401, 404)
    assert "graphiql" not in answer.text.lower()


def test_a_failure_tells_neither_trace_nor_statement_and_explain_shows_nothing(
    web: WholeWeb, http: FlaskClient
) -> None:
    answer = post(http, web, {"query": VIEWER, "extensions": {"explain": True}})
    assert answer.get_json()["data"]["viewer"]
    assert "extensions" not in answer.get_json()
    late = post(http, web, {"query": '{ delegations(after: "forged") { edges { cursor } } }'})
    (error,) = late.get_json()["errors"]
    assert error["extensions"].keys() <= {"code", "field", "requestId"}


def test_headers_keep_answers_from_being_kept_framed_or_sniffed(web: WholeWeb, http: FlaskClient) -> None:
    headers = post(http, web, {"query": VIEWER}).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "max-age" in headers["Strict-Transport-Security"]


def test_the_limits_are_the_documented_ones() -> None:
    assert Limits().aliases <= 50
    assert {"graphql.graphql"} == reach.BY_CONTENT
