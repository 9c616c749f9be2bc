"""Whatever is sent to the whole web, it fails at nothing and answers as its documents say (schemathesis).

``ISTHMUS_EXAMPLES`` says how many requests each operation gets, of those that fit its document and of those
that do not; without it the same few are sent each time.
"""

import io
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from graphql.language import IntValueNode, StringValueNode, ValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from graphql_trade import SHIPMENT
from isthmus_graphql.schema import sdl
from isthmus_platform.http import openapi
from whole_web import WholeWeb, fresh_database, whole_web

pytestmark = pytest.mark.xdist_group("any-request")

EXAMPLES = int(os.environ.get("ISTHMUS_EXAMPLES", "5"))
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


def _operations() -> list[tuple[str, str, GenerationMode]]:
    """Return each operation twice: for what fits it, and for what does not where it takes anything."""
    paths = openapi.document()["paths"]
    declared = [(method, path, each) for path, found in paths.items() for method, each in found.items()]
    taking = [each for each in declared if "requestBody" in each[2] or "parameters" in each[2]]
    unfit = [(method.upper(), path, NEGATIVE) for method, path, each in taking if not _only_path(each)]
    return [(method.upper(), path, POSITIVE) for method, path, _ in declared] + unfit


def _only_path(operation: dict[str, Any]) -> bool:
    places = {each["in"] for each in operation.get("parameters", [])}
    return "requestBody" not in operation and places <= {"path"}


OPERATIONS = _operations()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize="ISTHMUS_EXAMPLES" not in os.environ,  # a longer run draws new ones
    )


@pytest.fixture(scope="module")
def web(
    postgres: str, platform_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeWeb]:
    """Yield a web for all requests of this file, on a database of its own."""
    with (
        fresh_database(postgres, platform_template) as url,
        whole_web(url, tmp_path_factory.mktemp("web"), redis_url) as web,
    ):
        yield web


@pytest.fixture(scope="module")
def things(web: WholeWeb) -> dict[str, str]:
    """Return path parameters that lead to something of the trader's."""
    made = "mutation ($i: CreateShipmentInput!) { createShipment(input: $i) { userErrors { code field } } }"
    with web.client("trader") as client:
        given = {"idempotencyKey": "ship", **SHIPMENT}
        answer = client.post("/graphql", json={"query": made, "variables": {"i": given}}).json()
        assert answer["data"]["createShipment"]["userErrors"] == []
        stored = client.post(
            f"/shipments/{SHIPMENT['reference']}/documents?type=380",
            content=b"the invoice",
            headers={"Idempotency-Key": "k", "Content-Type": "text/plain"},
        )
        assert stored.status_code == 201, stored.text
    return {"reference": SHIPMENT["reference"], "document_id": stored.json()["id"]}


def attempt(case: Case[Any], web: WholeWeb, checks: list[Any]) -> None:
    response = case.call(headers=web.bearer("trader"))
    case.validate_response(response, checks=checks)


@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS, ids=lambda word: str(word))
def test_no_request_makes_an_entry_fail(
    method: str, path: str, mode: GenerationMode, web: WholeWeb, things: dict[str, str], declared: Any
) -> None:
    known = {name: value for name, value in things.items() if f"{{{name}}}" in path}
    # What was stored is given out as it came: its type need not be true of it.
    checks = CHECKS[:-1] if path.endswith("/content") else CHECKS

    @bounded(EXAMPLES)
    @given(case=declared[path][method].as_strategy(mode, path_parameters=known or None))
    def send(case: Case[Any]) -> None:
        attempt(case, web, checks)

    send()


def test_what_the_database_cannot_hold_is_refused_in_any_place(web: WholeWeb, things: dict[str, str]) -> None:
    http, headers = web.app.test_client(), web.bearer("trader")
    for path, found in openapi.document()["paths"].items():
        place = re.sub(r"\{(\w+)\}", lambda found: things.get(found[1], things["document_id"]), path)
        for method, operation in found.items():
            for each in operation.get("parameters", []):
                if each["in"] == "query" and operation["security"] and path != "/graphql":
                    answer = http.open(f"{place}?{each['name']}=%00", method=method.upper(), headers=headers)
                    assert (answer.status_code, answer.get_json()["code"]) == (400, "character"), place
    nul = [{"reference": "\0", "\0": "\0"}]
    carrier = web.bearer("carrier")
    for path, sent, sender in (
        ("/shipments/import?upload=nul", nul, headers),
        ("/v2/events", [{"eventID": "\0", "note": "\0"}], carrier),
        ("/v3/events", {"events": [{"eventID": "\ud800"}]}, carrier),
    ):
        refused = http.post(path, data=json.dumps(sent), content_type="application/json", headers=sender)
        assert 400 <= refused.status_code < 500, (path, refused.text)


@pytest.fixture(scope="module")
def declared(web: WholeWeb) -> Any:
    """Return the document that the web serves."""
    return schemathesis.openapi.from_wsgi("/openapi.json", web.app)


def never_fails(context: Any, response: Any, case: Case[Any]) -> None:
    """Refuse what is not an answer or a refusal with a code of its own."""
    assert response.status_code < 500, response.text
    body = json.loads(response.content)
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    assert not codes & {"INTERNAL", "UNAVAILABLE", "DEADLINE"}, body


def words(*examples: str) -> st.SearchStrategy[ValueNode]:
    """Return literals of a scalar of ours, and texts that are none."""
    return st.one_of(st.sampled_from(examples), st.text(max_size=20)).map(
        lambda text: StringValueNode(value=text)
    )


SCALARS = {
    "DateTime": words("2026-06-01T09:00:00Z", "2026-06-01T09:00:00", "9999-12-31T23:59:59-23:59"),
    "Decimal": words("18500.5", "-1", "1e9", "9" * 19),
    "BigInt": st.integers(-(2**70), 2**70).map(lambda number: IntValueNode(value=str(number))),
    "JSON": words("null", "{}"),
}


def test_no_document_makes_graphql_fail(web: WholeWeb, things: dict[str, str]) -> None:
    for name, strategy in SCALARS.items():
        schemathesis.graphql.scalar(name, strategy)
    schema = schemathesis.graphql.from_file(io.StringIO(sdl()))
    schema.app, schema.location = web.app, "/graphql"
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    asked = [each for each in found if not each.label.startswith("Subscription")]
    assert {each.label.partition(".")[0] for each in asked} == {"Query", "Mutation"}
    for operation in asked:

        @bounded(max(EXAMPLES // 4, 1))
        @given(case=operation.as_strategy())
        def send(case: Case[Any]) -> None:
            attempt(case, web, [never_fails])

        send()
