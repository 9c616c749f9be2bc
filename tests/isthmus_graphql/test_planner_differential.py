"""Whatever is asked, the planner and the ordinary executor give the same answer, data and errors.

``ISTHMUS_DIFFERENTIAL`` says how many documents are compared, 2,000 before a release: in shards, each with a
trade and a seed of its own (from the run's seed, which is in the head of the report), so that ``-n auto``
shares them out and one shard can be repeated alone::

    ISTHMUS_DIFFERENTIAL=2000 pytest -n auto tests/isthmus_graphql/test_planner_differential.py
"""

import os
from typing import Any

import pytest
from graphql import DocumentNode
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from hypothesis_graphql import nodes as ast
from hypothesis_graphql import queries

from both_ways import BothWays
from graphql_client import Asker
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from planned_trade import make_trade
from varied_documents import Known, varied

SCHEMA = build()
DOCUMENTS = int(os.environ.get("ISTHMUS_DIFFERENTIAL", "150"))
A_SHARD = 150
SHARDS = [min(A_SHARD, DOCUMENTS - begun) for begun in range(0, DOCUMENTS, A_SHARD)]
ROOTS = [name for name in SCHEMA.query_type.fields if name not in ("document", "usage", "invoices")]  # type: ignore[union-attr]
SCALARS = {"Decimal": st.decimals(0, 10**6, places=4).map(lambda rate: ast.String(format(rate, "f")))}
HOW: dict[str, Any] = {"print_ast": lambda document: document, "allow_x00": False, "custom_scalars": SCALARS}
ANY = queries(SCHEMA, **HOW)
PLANNED = queries(SCHEMA, fields=ROOTS, **HOW)
# A document is drawn anew each time: to mutate one that was drawn costs more than to draw, and finds no more.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.fixture
def known(platform: Platform, askers: dict[str, Asker]) -> Known:
    return make_trade(platform, askers)


@pytest.mark.parametrize(
    ("shard", "documents"), list(enumerate(SHARDS)), ids=[f"{n}-documents-{k}" for k, n in enumerate(SHARDS)]
)
def test_any_document_is_answered_the_same_both_ways(
    graphql: GraphQL,
    cast: dict[str, Actor],
    known: Known,
    shard: int,
    documents: int,
) -> None:
    both, compared = BothWays(graphql), 0

    @seed(f"{os.environ['ISTHMUS_TEST_SEED']} {shard}")
    @settings(max_examples=documents, phases=PHASES, suppress_health_check=CALM)
    @given(data=st.data())
    def compare(data: DataObject) -> None:
        nonlocal compared
        document = data.draw(data.draw(st.sampled_from([PLANNED, PLANNED, ANY])))
        assert isinstance(document, DocumentNode)
        random = data.draw(st.randoms(use_true_random=False))
        text = varied(SCHEMA, document, random, known)
        actor = cast[random.choice(["trader", "trader", "forwarder", "carrier", "bank", "rival", "operator"])]
        told = both.same(actor, text, **known.variables(random))
        assume(told.by != "nobody")  # refused alike by both, and no document to count
        compared += 1

    compare()
    assert compared >= documents
