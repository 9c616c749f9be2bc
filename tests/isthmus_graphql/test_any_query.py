"""Whatever valid query a party thinks of, it is answered or refused with a code, and never fails."""

from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from graphql_client import Asker
from graphql_trade import departure, ship, upload
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform

SCHEMA = build()
ODD = ["", "KHH-HAM-1", "2026-06", "'; DROP TABLE shipment", "\U0001f6a2", "x" * 300, "%", "ZGVsZWdhdGlvbiAx"]


def selection(data: DataObject, kind: Any, depth: int, ids: list[str]) -> str:
    """Draw a selection of fields of ``kind``."""
    if isinstance(kind, GraphQLUnionType):
        return f"{one_of(data, kind, depth, ids)} __typename"
    fields: dict[str, GraphQLField] = kind.fields
    names = data.draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=4, unique=True))
    chosen = [drawn for name in names if (drawn := field(data, name, fields[name], depth, ids))]
    if isinstance(kind, GraphQLInterfaceType):
        chosen.append(one_of(data, kind, depth, ids))
    return " ".join([*chosen, "__typename"])


def one_of(data: DataObject, kind: Any, depth: int, ids: list[str]) -> str:
    """Draw a selection of fields of one of the types that ``kind`` may be."""
    one = data.draw(st.sampled_from(sorted(SCHEMA.get_possible_types(kind), key=lambda each: each.name)))
    return f"... on {one.name} {{ {selection(data, one, depth, ids)} }}"


def field(data: DataObject, name: str, definition: GraphQLField, depth: int, ids: list[str]) -> str:
    """Draw a field with its arguments; nothing where it would go too deep."""
    kind = get_named_type(definition.type)
    leaf = is_leaf_type(kind)
    if not leaf and depth == 0:
        return ""
    given = [f"{each}: {argument(data, each, ids)}" for each in definition.args if each != "filter"]
    inside = "" if leaf else f" {{ {selection(data, kind, depth - 1, ids)} }}"
    arguments = f"({', '.join(given)})" if given else ""
    return name + arguments + inside


def argument(data: DataObject, name: str, ids: list[str]) -> str:
    if name == "first":
        return str(data.draw(st.integers(1, 3)))
    if name == "after":
        return "null"
    odd = data.draw(st.sampled_from(ODD + ids))
    return '"' + odd.replace('"', "") + '"'


@pytest.fixture
def ids(platform: Platform, trader: Asker, carrier: Asker) -> list[str]:
    """Fill the platform with one of each, and return global ids."""
    made = ship(trader)["id"]
    upload(platform, trader)
    carrier.done(
        "recordEvents",
        "outcomes { outcome }",
        standard="DCSA_2_2",
        events=[departure(1, "2026-05-20T06:00:00Z")],
    )
    crossing = trader.done("submitDeclaration", "crossing { id }", shipment="KHH-HAM-1")["crossing"]["id"]
    document = trader.data("{ shipments { edges { node { documents { edges { node { id } } } } } } }")
    paper = document["shipments"]["edges"][0]["node"]["documents"]["edges"][0]["node"]["id"]
    grant = trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        documents=[paper],
        purpose="TRADE_FINANCE",
        validUntil="2026-12-01T00:00:00Z",
    )["grant"]["id"]
    return [made, crossing, paper, grant]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_valid_query_is_answered_or_refused_with_a_code(
    askers: dict[str, Asker], ids: list[str], data: DataObject
) -> None:
    asker = askers[data.draw(st.sampled_from(["trader", "bank", "carrier", "operator", "authority"]))]
    root = SCHEMA.query_type
    assert isinstance(root, GraphQLObjectType)
    body = asker.ask(f"{{ {selection(data, root, 5, ids)} }}")
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    assert not codes & {"INTERNAL", "DEADLINE", "PARSE_FAILED", "INPUT"}, body
