"""A served schema on a fresh database, and a client for each party."""

from collections.abc import Iterator

import pytest

from every_service import EveryService, every_service
from graphql_client import Asker, register_cast, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, PartyRole, Platform, create_platform_engine, new_id
from standing import StandingClock
from whole_web import disposed, fresh_database


@pytest.fixture
def cast(platform: Platform) -> dict[str, Actor]:
    return register_cast(platform)


@pytest.fixture
def graphql(platform: Platform) -> GraphQL:
    """Return the schema as it is served: with the planner before the ordinary executor."""
    schema = build()
    return GraphQL(platform, schema, planner=Planner(platform, schema))


@pytest.fixture
def askers(graphql: GraphQL, cast: dict[str, Actor]) -> dict[str, Asker]:
    return serve(graphql, cast)


@pytest.fixture
def unreached() -> Iterator[Asker]:
    """Yield a trader's client to a schema without a database: whatever it answers, nothing was read."""
    engine = create_platform_engine("postgresql://nobody@127.0.0.1:9/none")
    actor = Actor(new_id(), frozenset({PartyRole.TRADER}), "client:trader")
    yield serve(GraphQL(Platform(engine), build()), {"trader": actor})["trader"]
    engine.dispose()


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


@pytest.fixture(scope="session")
def world(postgres: str, platform_template: str) -> Iterator[EveryService]:
    """Yield something of every kind, made once for the tests of the xdist group ``every-service``.

    None of them changes anything of it.
    """
    with fresh_database(postgres, platform_template) as url:
        engine = create_platform_engine(url, pool_size=4)
        with disposed(engine):
            yield every_service(Platform(engine, StandingClock()), url)
