"""Transactions, deadlines and failures: what is answered was done, and what failed left nothing."""

from typing import Any

import psycopg
import pytest
from graphql import get_introspection_query
from sqlalchemy import event, text
from structlog.testing import capture_logs

from graphql_client import Asker, nodes
from graphql_trade import SHIPMENT, ship
from isthmus_graphql import context
from isthmus_graphql.execution import GraphQL, OnlyQueries
from isthmus_graphql.schema import build
from isthmus_platform import domain_events, parties
from isthmus_platform.database import Actor, Platform, Work

REFERENCES = "{ shipments { edges { node { reference } } } }"


@pytest.fixture
def graphql(platform: Platform) -> GraphQL:
    """Return the schema as the ordinary executor serves it, which tells every error."""
    return GraphQL(platform, build())


def test_a_mutation_that_fails_midway_leaves_nothing_and_may_be_sent_again(
    trader: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    mutation = (
        "mutation ($input: CreateShipmentInput!) { createShipment(input: $input)"
        " { shipment { reference } userErrors { code } } }"
    )
    given = {"idempotencyKey": "k", **SHIPMENT}
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(domain_events, "announce", fail)
        body = trader.ask(mutation, input=given)
    assert body["data"] == {"createShipment": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INTERNAL"]
    assert "secret" not in str(body)
    assert [entry["event"] for entry in logs] == ["graphql.failed"]
    assert nodes(trader.data(REFERENCES)["shipments"]) == []
    made = trader.data(mutation, input=given)["createShipment"]
    assert made == {"shipment": {"reference": "KHH-HAM-1"}, "userErrors": []}


def test_a_database_that_breaks_off_is_told_apart_from_a_failure_of_ours(
    platform: Platform, trader: Asker, postgres: str
) -> None:
    """A client may repeat what was asked, mutations included, for their keys make them happen once."""

    def break_off(connection: Any, *_: object) -> None:
        own = connection.connection.dbapi_connection.info.backend_pid
        with psycopg.connect(postgres, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (own,))

    event.listen(platform.engine, "before_cursor_execute", break_off, once=True)
    with capture_logs() as logs:
        body = trader.ask("{ viewer { party { name } } shipments { edges { node { reference } } } }")
    assert {entry["event"] for entry in logs} == {"graphql.unavailable"}, logs
    assert {error["extensions"]["code"] for error in body["errors"]} == {"UNAVAILABLE"}
    assert trader.data("{ viewer { party { name } } }") == {"viewer": {"party": {"name": "trader"}}}


def test_one_mutation_refused_takes_nothing_from_another_in_the_same_request(trader: Asker) -> None:
    mutation = (
        "mutation ($a: CreateShipmentInput!, $b: CreateShipmentInput!) {"
        " a: createShipment(input: $a) { shipment { reference status { code } } userErrors { code } }"
        " b: createShipment(input: $b) { shipment { reference } userErrors { code field } } }"
    )
    both = {
        "a": {"idempotencyKey": "a", **SHIPMENT},
        "b": {"idempotencyKey": "b", **SHIPMENT, "ucr": "U2"},
    }
    assert trader.data(mutation, **both) == {
        "a": {"shipment": {"reference": "KHH-HAM-1", "status": {"code": "BOOKED"}}, "userErrors": []},
        "b": {"shipment": None, "userErrors": [{"code": "reference_taken", "field": "reference"}]},
    }


def test_a_request_never_holds_two_connections(platform: Platform, trader: Asker) -> None:
    """One connection is enough for reading, changing and recording a refusal in one request."""
    held: list[Any] = []
    for _ in range(7):  # the pool has four, and as many in reserve
        held.append(platform.engine.connect())
    try:
        ship(trader, "reference status { code } documents { edges { node { title } } }")
        look = (
            "query ($id: ID!) { viewer { party { name } } document(id: $id) { id } then: viewer { subject } }"
        )
        told = trader.data(look, id="RG9jdW1lbnQ6MDFhMjA1ODYtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw")
        assert told["document"] is None
    finally:
        for connection in held:
            connection.close()


def test_a_statement_that_takes_too_long_is_ended(trader: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(work: Work, _ids: object) -> dict[object, object]:
        work.session.execute(text("SELECT pg_sleep(5)"))
        return {}

    monkeypatch.setattr(context, "LONGEST", 0.05)
    monkeypatch.setattr(parties, "get_many", slow)
    with capture_logs() as logs:
        assert trader.codes("{ viewer { party { name } } }") == ["DEADLINE"]
    assert [entry["event"] for entry in logs] == ["graphql.deadline"]


def test_a_read_that_cannot_be_committed_is_not_answered(
    trader: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfit(work: Work, _ids: object) -> dict[object, object]:
        work.session.add(parties.Party(id=None))
        return {}

    monkeypatch.setattr(parties, "get_many", unfit)
    with capture_logs():
        body = trader.ask("{ delegations { edges { node { agent { name } } } } viewer { party { name } } }")
    assert body["data"] is None
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INTERNAL"}


def test_a_message_that_repeats_what_it_complains_of_is_cut_short(trader: Asker) -> None:
    mutation = "mutation ($input: CreateShipmentInput!) { createShipment(input: $input) { shipment { id } } }"
    body = trader.ask(mutation, input={"idempotencyKey": "k", "nothing": "x" * 100_000})
    assert all(len(error["message"]) <= 501 for error in body["errors"])


def test_the_portal_executes_in_process_as_http_does(
    graphql: GraphQL, cast: dict[str, Actor], trader: Asker
) -> None:
    ship(trader)
    query = "query ($n: Int) { shipments(first: $n) { edges { node { reference } } } }"
    answer = graphql.execute(cast["trader"], query, {"n": 5}, request_id="r")
    assert (answer.data, answer.errors) == (trader.data(query, n=5), None)
    refused = graphql.execute(cast["trader"], query, {"n": 0})
    assert refused.data is None
    assert [error.extensions for error in refused.errors or ()] == [{"code": "PAGE_SIZE", "limit": 100}]
    with pytest.raises(OnlyQueries):
        graphql.execute(cast["trader"], "mutation { __typename }", only_queries=True)


def test_a_tool_may_read_the_whole_schema_in_development(
    platform: Platform, graphql: GraphQL, cast: dict[str, Actor]
) -> None:
    development = GraphQL(platform, graphql.schema, development=True)
    read = development.execute(cast["trader"], get_introspection_query())
    assert read.errors is None
    refused = graphql.execute(cast["trader"], get_introspection_query())
    assert [error.extensions for error in refused.errors or ()] == [{"code": "INTROSPECTION"}]
    hints = development.execute(cast["trader"], "{ shipmnts { edges { cursor } } }").errors
    assert "Did you mean" in str(hints)
