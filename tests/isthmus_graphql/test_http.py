"""GraphQL over HTTP: what is no proper request never reaches the schema."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from graphql_client import Asker, serve
from isthmus_graphql.execution import GraphQL
from isthmus_platform import parties
from isthmus_platform.database import Actor

STRICT = "application/graphql-response+json"
VIEWER = "{ viewer { subject } }"


def problem(answer: TestResponse) -> tuple[int, str]:
    """Return status and code of a problem document."""
    assert answer.content_type == "application/problem+json", answer.text
    body: dict[str, Any] = answer.get_json(force=True)
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


def test_a_query_is_answered_in_the_form_that_is_asked_for(unreached: Asker) -> None:
    for accept, media_type in (
        (STRICT, STRICT),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ):
        answer = unreached.post({"query": VIEWER}, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.content_type == media_type
        assert answer.json == {"data": {"viewer": {"subject": "client:trader"}}}
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_query_by_get_is_answered_in_development_only(
    trader: Asker, development: Callable[[str], FlaskClient]
) -> None:
    given: dict[str, Any] = {
        "query_string": {
            "query": "query Q($id: ID!) { node(id: $id) { id } }",
            "variables": '{"id": "x"}',
            "operationName": "Q",
        },
        "headers": {"Authorization": "Bearer trader"},
    }
    answer = development("trader").get("/graphql", **given)
    assert (answer.status_code, answer.json) == (200, {"data": {"node": None}})
    assert problem(trader.http.get("/graphql", **given)) == (405, "method_not_allowed"), "see test_persisted"


def test_a_mutation_by_get_changes_nothing(trader: Asker) -> None:
    mutation = (
        'mutation { recordDelegation(input: {idempotencyKey: "k", agent: "forwarder",'
        ' validUntil: "2027-01-01T00:00:00Z"}) { delegation { id } } }'
    )
    answer = trader.http.get(
        "/graphql", query_string={"query": mutation}, headers={"Authorization": "Bearer trader"}
    )
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"
    assert trader.data("{ delegations { edges { cursor } } }")["delegations"]["edges"] == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nobody", "Basic dHJhZGVyOg==", "trader"])
def test_without_a_valid_token_nothing_is_looked_at(unreached: Asker, header: str) -> None:
    answer = unreached.http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": header})
    assert problem(answer) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert problem(unreached.http.post("/graphql", data=b"x" * 10, content_type="text/plain")) == (
        401,
        "not_authenticated",
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
    ],
)
def test_a_body_that_a_form_could_send_is_refused(unreached: Asker, content_type: str) -> None:
    answer = unreached.post(data=b'{"query": "{ viewer { subject } }"}', content_type=content_type)
    assert problem(answer) == (415, "unsupported_media_type")


MALFORMED = {
    "half": b'{"query": ',
    "not UTF-8": b'{"query": "\xff"}',
    "NaN": b'{"query": "{ viewer { subject } }", "variables": {"a": NaN}}',
    "nested without end": b'{"query": "{ viewer { subject } }", "variables": {"a": ' + b"[" * 100_000,
    "a member twice": b'{"query": "{ viewer { subject } }", "query": "{ nothing }"}',
    "a batch": b'[{"query": "{ viewer { subject } }"}]',
    "a number": b"7",
    "empty": b"",
    "no query": b"{}",
    "a query that is no text": b'{"query": 7}',
    "variables that are no object": b'{"query": "{ viewer { subject } }", "variables": [1]}',
    "an operation that is no text": b'{"query": "{ viewer { subject } }", "operationName": 1}',
    "extensions that are no object": b'{"query": "{ viewer { subject } }", "extensions": "a"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_no_request_is_refused(unreached: Asker, body: bytes) -> None:
    status, code = problem(unreached.post(data=body, content_type="application/json"))
    assert (status, code.removesuffix("_json")) == (400, "malformed")


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(unreached: Asker) -> None:
    padded = b'{"query": "{ viewer { subject } }' + b" " * 262_144 + b'"}'
    assert problem(unreached.post(data=padded, content_type="application/json")) == (413, "too_large")
    environ: dict[Any, Any] = EnvironBuilder(
        path="/graphql",
        method="POST",
        content_type="application/json",
        headers=[("Authorization", "Bearer trader")],
    ).get_environ()
    environ |= {"wsgi.input": _Endless(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    _, status, _ = run_wsgi_app(unreached.http.application, environ)
    assert status.startswith("413")


class _Endless:
    """A body without end and without a declared length."""

    def read(self, size: int = -1) -> bytes:
        return b" " * (65_536 if size < 0 else size)

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def test_the_status_tells_a_refused_document_from_a_refused_field(trader: Asker) -> None:
    def status(query: str, accept: str) -> int:
        return trader.post({"query": query}, headers={"Accept": accept}).status_code

    for refused in (
        "{ viewer {",
        "{ nothing }",
        "query A { viewer { subject } } query B { viewer { subject } }",
    ):
        assert status(refused, STRICT) == 400
        assert status(refused, "application/json") == 200
    late = '{ delegations(after: "forged") { edges { cursor } } }'
    assert status(late, STRICT) == 200
    assert trader.ask(late)["data"] == {"delegations": None}


def test_other_methods_are_refused(unreached: Asker) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert unreached.http.open("/graphql", method=method).status_code == 405


def test_an_unforeseen_failure_is_logged_with_the_request_id_and_told_to_nobody(
    graphql: GraphQL, cast: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = serve(replace(graphql, planner=None), cast)["trader"]

    def fail(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(parties, "get_many", fail)
    with capture_logs() as logs:
        answer = trader.post({"query": "{ viewer { party { name } } }"}, headers={"X-Request-Id": "r-77"})
    assert answer.json == {
        "data": None,
        "errors": [
            {
                "message": "Something went wrong on our side.",
                "locations": [{"line": 1, "column": 12}],
                "path": ["viewer", "party"],
                "extensions": {"code": "INTERNAL", "requestId": "r-77"},
            }
        ],
    }
    assert [(entry["event"], entry["request_id"]) for entry in logs] == [("graphql.failed", "r-77")]
    assert "secret" not in answer.text


@pytest.mark.parametrize("given", ["", "a" * 101, "tab\there"])
def test_a_request_id_that_is_none_is_replaced(
    graphql: GraphQL, cast: dict[str, Actor], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    trader = serve(replace(graphql, planner=None), cast)["trader"]
    monkeypatch.setattr(parties, "get_many", lambda *_: 1 / 0)
    with capture_logs():
        answer = trader.post({"query": "{ viewer { party { name } } }"}, headers={"X-Request-Id": given})
    assert answer.json is not None
    assert len(answer.json["errors"][0]["extensions"]["requestId"]) == 36


@pytest.fixture
def development(graphql: GraphQL, cast: dict[str, Actor]) -> Callable[[str], FlaskClient]:
    served = serve(replace(graphql, development=True), cast)
    return lambda name: served[name].http


def test_graphiql_and_introspection_are_there_in_development_only(
    development: Callable[[str], FlaskClient], trader: Asker
) -> None:
    browser = {"Accept": "text/html"}
    page = development("trader").get("/graphql", headers=browser)
    assert (page.status_code, "graphiql" in page.text.lower()) == (200, True)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    assert [address for address in loaded if not address.startswith("/graphql/ide/")] == [], (
        "it works offline"
    )
    for address in loaded:
        with development("trader").get(address) as file:
            assert file.status_code == 200
    assert trader.http.get(loaded[0]).status_code == 404
    assert trader.http.get("/graphql", headers=browser).status_code == 401
    signed = {**browser, "Authorization": "Bearer trader"}
    assert problem(trader.http.get("/graphql", headers=signed)) == (400, "malformed")
    query = {"query": "{ __schema { queryType { name } } }"}
    seen = development("trader").post("/graphql", json=query, headers={"Authorization": "Bearer trader"})
    assert seen.json == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    assert development("trader").post("/graphql", json=query).status_code == 401
