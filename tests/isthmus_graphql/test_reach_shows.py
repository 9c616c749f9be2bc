"""What a type shows of another service needs that service's scope, whatever opens the type itself."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLObjectType, parse

from graphql_client import Asker, serve
from isthmus_graphql import reach
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor
from isthmus_platform.scopes import SCOPES

SCHEMA = build()
JUDGED = {"read:risk", "read:shipments", "read:documents", "read:finance"}


def test_every_type_and_field_that_shows_more_is_in_the_schema() -> None:
    for shown, needed in reach.SHOWS.items():
        name, _, field = shown.partition(".")
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType), shown
        assert not field or field in kind.fields, shown
        assert set(needed.split()) <= SCOPES.keys(), shown


REACHED: dict[str, tuple[str, set[str]]] = {
    "what is told of others' findings": (
        "{ riskNotices { edges { node { category state } } } }",
        {"read:risk"},
    ),
    "rules as they are written": ("{ riskRules { edges { node { code condition } } } }", {"read:risk"}),
    "how many a rule caught": ('{ riskSimulation(id: "x") { caught } }', JUDGED),
    "that a rule caught": ("{ riskFindings { edges { node { state } } } }", JUDGED),
    "a page of what a rule caught": ("{ riskFindings { pageInfo { hasNextPage } } }", JUDGED),
    "what the indicators say": (
        '{ shipmentRisk(shipment: "x") { readings { name facts } } }',
        JUDGED,
    ),
    "how offers to banks stand": (
        '{ partyRisk(party: "x") { offers { state } } }',
        {"read:risk", "read:finance"},
    ),
    "what was refused under credits": (
        '{ partyRisk(party: "x") { refused } }',
        {"read:risk", "read:finance"},
    ),
    "how many shipments": ('{ partyRisk(party: "x") { shipments } }', {"read:risk", "read:shipments"}),
    "one's own findings by state": ('{ partyRisk(party: "x") { findings { number } } }', {"read:risk"}),
    "when a shipment was screened": (
        '{ shipmentRisk(shipment: "x") { screenedAt } }',
        {"read:risk", "read:screening"},
    ),
    "what a change caught": (
        "mutation ($i: AssessShipmentInput!) { assessShipment(input: $i) { opened { id } } }",
        JUDGED | {"write:risk"},
    ),
    "through a fragment": (
        "query { node(id: 1) { ...F } } fragment F on RiskFinding { evidence { value } }",
        JUDGED,
    ),
}


@pytest.mark.parametrize(("document", "needed"), REACHED.values(), ids=REACHED.keys())
def test_a_document_needs_the_scopes_of_all_that_it_is_shown(document: str, needed: set[str]) -> None:
    assert reach.scopes(SCHEMA, parse(document)) == needed


def test_a_client_for_risk_alone_learns_nothing_of_its_partys_money(
    graphql: GraphQL, cast: dict[str, Actor]
) -> None:
    narrow = replace(cast["trader"], scopes=frozenset({"read:risk", "write:risk"}))
    asker: Asker = serve(graphql, cast | {"trader": narrow})["trader"]
    for document in (
        '{ partyRisk(party: "bank") { offers { state } } }',
        "{ riskFindings { edges { cursor } } }",
    ):
        refused = asker.post({"query": document})
        body: dict[str, Any] = refused.get_json()
        assert (refused.status_code, body["code"]) == (403, "insufficient_scope")
        assert "read:finance" in body["detail"]
    assert asker.data("{ riskNotices { edges { cursor } } }") == {"riskNotices": {"edges": []}}
