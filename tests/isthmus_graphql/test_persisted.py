"""Operations known by their hash: by GET, without their text, or as the only ones that run."""

import json
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.test import TestResponse

from graphql_client import Asker, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.persisted import KEPT, Operations, digest_of, manifest
from isthmus_platform.database import Actor

VIEWER = "{ viewer { party { name } } }"
OTHER = "{ viewer { subject } }"
MUTATION = (
    'mutation { recordDelegation(input: {idempotencyKey: "k", agent: "forwarder",'
    ' validUntil: "2027-01-01T00:00:00Z"}) { delegation { id } } }'
)
ANSWER = {"data": {"viewer": {"party": {"name": "trader"}}}}


def apollo(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest_of(query)}}


def document_id(query: str) -> str:
    return f"sha256:{digest_of(query)}"


def codes(answer: TestResponse) -> list[str]:
    body = answer.get_json()
    assert "data" not in body
    return [error["extensions"]["code"] for error in body["errors"]]


def get(asker: Asker, **parameters: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {asker.name}"}
    return asker.http.get("/graphql", query_string=parameters, headers=headers)


@pytest.fixture
def store(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


@pytest.fixture
def askers(graphql: GraphQL, cast: dict[str, Actor], store: redis.Redis) -> dict[str, Asker]:
    return serve(graphql, cast, operations=Operations(store=store))


@pytest.fixture
def listing(graphql: GraphQL, cast: dict[str, Actor]) -> Asker:
    listed = {digest_of(each): each for each in (VIEWER, MUTATION)}
    return serve(graphql, cast, operations=Operations(listed, only_listed=True))["trader"]


def test_a_text_sent_once_with_its_hash_is_known_by_it_to_its_party_alone(
    trader: Asker, rival: Asker, store: redis.Redis, graphql: GraphQL, cast: dict[str, Actor]
) -> None:
    assert codes(trader.post({"extensions": apollo(VIEWER)})) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert trader.post({"query": VIEWER, "extensions": apollo(VIEWER)}).json == ANSWER
    assert trader.post({"extensions": apollo(VIEWER)}).json == ANSWER
    assert trader.post({"documentId": document_id(VIEWER)}).json == ANSWER
    assert codes(rival.post({"extensions": apollo(VIEWER)})) == ["PERSISTED_QUERY_NOT_FOUND"]
    other_process = serve(graphql, cast, operations=Operations(store=store))["trader"]
    assert other_process.post({"documentId": document_id(VIEWER)}).json == ANSWER
    for key in store.scan_iter(f"*{trader.actor.party_id}*"):
        assert 0 < store.ttl(key) <= KEPT


def test_a_persisted_query_goes_by_get_and_no_mutation_does(trader: Asker, listing: Asker) -> None:
    trader.post({"query": VIEWER, "extensions": apollo(VIEWER)})
    assert get(trader, extensions=json.dumps(apollo(VIEWER))).json == ANSWER
    assert get(trader, documentId=document_id(VIEWER)).json == ANSWER
    assert get(trader, query=OTHER).status_code == 405
    assert get(trader, query=OTHER, extensions=json.dumps(apollo(OTHER))).status_code == 405
    assert get(listing, query=VIEWER).json == ANSWER, "a listed text is a persisted one"
    refused = get(listing, documentId=document_id(MUTATION))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert listing.data(VIEWER)
    assert trader.data("{ delegations { edges { cursor } } }")["delegations"]["edges"] == []


def test_where_only_listed_operations_run_no_other_does(listing: Asker) -> None:
    assert listing.post({"query": VIEWER}).json == ANSWER
    assert listing.post({"documentId": document_id(VIEWER)}).json == ANSWER
    for body in (
        {"query": OTHER},
        {"query": VIEWER + " "},
        {"query": OTHER, "extensions": apollo(OTHER)},
        {"extensions": apollo(OTHER)},
    ):
        assert codes(listing.post(body)) == ["OPERATION_NOT_LISTED"]
    strict = listing.post({"query": OTHER}, headers={"Accept": "application/graphql-response+json"})
    assert strict.status_code == 400


def test_a_hash_of_another_text_is_refused_and_nothing_kept(trader: Asker, store: redis.Redis) -> None:
    assert codes(trader.post({"query": OTHER, "extensions": apollo(VIEWER)})) == ["PERSISTED_QUERY_MISMATCH"]
    assert list(store.scan_iter(f"*{trader.actor.party_id}*")) == []


def test_what_the_store_was_made_to_hold_is_not_believed(trader: Asker, store: redis.Redis) -> None:
    trader.post({"query": VIEWER, "extensions": apollo(VIEWER)})
    (key,) = store.scan_iter(f"*{trader.actor.party_id}*")
    store.set(key, MUTATION)
    assert codes(trader.post({"extensions": apollo(VIEWER)})) == ["PERSISTED_QUERY_NOT_FOUND"]


def test_without_the_store_the_text_is_sent_each_time(graphql: GraphQL, cast: dict[str, Actor]) -> None:
    nowhere = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    asker = serve(graphql, cast, operations=Operations(store=nowhere))["trader"]
    assert asker.post({"query": VIEWER, "extensions": apollo(VIEWER)}).json == ANSWER
    assert codes(asker.post({"extensions": apollo(VIEWER)})) == ["PERSISTED_QUERY_NOT_FOUND"]


UNNAMED: dict[str, dict[str, Any]] = {
    "another scheme": {"documentId": "md5:" + "a" * 64},
    "capitals": {"documentId": "sha256:" + "A" * 64},
    "too short": {"documentId": "sha256:abc"},
    "a number": {"documentId": 7},
    "no version": {"extensions": {"persistedQuery": {"sha256Hash": "a" * 64}}},
    "no hash": {"extensions": {"persistedQuery": {"version": 1}}},
    "no object": {"extensions": {"persistedQuery": "a" * 64}},
    "two names": {"documentId": "sha256:" + "a" * 64, "extensions": {"persistedQuery": {"version": 1}}},
}


@pytest.mark.parametrize("body", UNNAMED.values(), ids=UNNAMED.keys())
def test_a_name_that_is_none_is_refused(unreached: Asker, body: dict[str, Any]) -> None:
    assert unreached.post(body).status_code == 400
    assert unreached.post({"query": VIEWER} | body).status_code == 400


def test_a_list_of_operations_is_read_as_apollo_writes_it_and_must_be_true() -> None:
    operation = {"id": digest_of(VIEWER), "name": "V", "type": "query", "body": VIEWER}
    written = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}
    assert manifest(json.dumps(written).encode()) == {digest_of(VIEWER): VIEWER}
    for broken in (
        b"{",
        b"[]",
        b"{}",
        json.dumps(written | {"operations": [operation | {"body": OTHER}]}).encode(),
        json.dumps(written | {"operations": [operation | {"body": None}]}).encode(),
        json.dumps(written | {"operations": [{"body": VIEWER}]}).encode(),
    ):
        with pytest.raises(ValueError, match=r"operation|JSON|unexpected|object|key"):
            manifest(broken)
