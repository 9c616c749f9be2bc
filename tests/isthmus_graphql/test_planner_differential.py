"""Whatever is asked, the planner and the ordinary executor give the same answer, data and errors.

``ISTHMUS_DIFFERENTIAL`` says how many documents are drawn, 2,000 before a release; the run's seed is in the
head of the report.
"""

import os
from typing import Any

import pytest
from graphql import DocumentNode
from hypothesis import HealthCheck, event, given, settings
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
EXAMPLES = int(os.environ.get("ISTHMUS_DIFFERENTIAL", "150"))
ROOTS = [name for name in SCHEMA.query_type.fields if name not in ("document", "usage", "invoices")]  # type: ignore[union-attr]
SCALARS = {"Decimal": st.decimals(0, 10**6, places=4).map(lambda rate: ast.String(format(rate, "f")))}
HOW: dict[str, Any] = {"print_ast": lambda document: document, "allow_x00": False, "custom_scalars": SCALARS}
DOCUMENTS = queries(SCHEMA, **HOW)
PLANNED = queries(SCHEMA, fields=ROOTS, **HOW)


@pytest.fixture
def known(platform: Platform, askers: dict[str, Asker]) -> Known:
    return make_trade(platform, askers)


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
@given(data=st.data())
def test_any_document_is_answered_the_same_both_ways(
    graphql: GraphQL, cast: dict[str, Actor], known: Known, data: DataObject
) -> None:
    document = data.draw(data.draw(st.sampled_from([PLANNED, PLANNED, DOCUMENTS])))
    assert isinstance(document, DocumentNode)
    random = data.draw(st.randoms(use_true_random=False))
    text = varied(SCHEMA, document, random, known)
    actor = cast[random.choice(["trader", "trader", "forwarder", "carrier", "bank", "rival", "operator"])]
    told = BothWays(graphql).same(actor, text, **known.variables(random))
    event(f"by {told.by}: {told.why if isinstance(told.why, str) else 'planned'}"[:90])
