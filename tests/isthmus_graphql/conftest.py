"""A served schema on a fresh database, and a client for each party."""

import pytest

from graphql_client import Asker, register_cast, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform


@pytest.fixture
def cast(platform: Platform) -> dict[str, Actor]:
    return register_cast(platform)


@pytest.fixture
def graphql(platform: Platform) -> GraphQL:
    return GraphQL(platform, build())


@pytest.fixture
def askers(graphql: GraphQL, cast: dict[str, Actor]) -> dict[str, Asker]:
    return serve(graphql, cast)


@pytest.fixture
def trader(askers: dict[str, Asker]) -> Asker:
    return askers["trader"]


@pytest.fixture
def rival(askers: dict[str, Asker]) -> Asker:
    return askers["rival"]


@pytest.fixture
def forwarder(askers: dict[str, Asker]) -> Asker:
    return askers["forwarder"]


@pytest.fixture
def carrier(askers: dict[str, Asker]) -> Asker:
    return askers["carrier"]


@pytest.fixture
def bank(askers: dict[str, Asker]) -> Asker:
    return askers["bank"]


@pytest.fixture
def operator(askers: dict[str, Asker]) -> Asker:
    return askers["operator"]
