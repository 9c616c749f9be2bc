"""What the planner remembers is bounded, by count and by length, whatever is asked of it."""

from itertools import count

import pytest

from graphql_client import Asker, serve
from isthmus_graphql import planner
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import LONGEST_REMEMBERED, Planner
from isthmus_graphql.planner.cache import Remembered
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform


def test_what_was_least_lately_used_is_forgotten_first() -> None:
    made = count()
    held: Remembered[int] = Remembered(2)
    assert [held.get(key, lambda: next(made)) for key in "abac"] == [0, 1, 0, 2]
    assert ("a" in held, "b" in held, "c" in held, len(held)) == (True, False, True, 2)
    assert held.get("b", lambda: next(made)) == 3


@pytest.fixture
def asked(
    platform: Platform, cast: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> tuple[Planner, Asker]:
    """Return a planner that remembers three plans, and a client that it answers."""
    monkeypatch.setattr(planner, "MOST_PLANS", 3)
    schema = build()
    made = Planner(platform, schema)
    return made, serve(GraphQL(platform, schema, planner=made), cast)["trader"]


def test_no_more_plans_are_remembered_than_may_be(asked: tuple[Planner, Asker]) -> None:
    planner, trader = asked
    texts = [f"{{ s{n}: shipments {{ edges {{ node {{ reference }} }} }} }}" for n in range(5)]
    for n, text in enumerate(texts):
        assert trader.data(text) == {f"s{n}": {"edges": []}}
    assert [planner.has_answered(text, None) for text in texts] == [False, False, True, True, True]
    assert (len(planner._plans), len(planner._answered)) == (3, 3)


def test_a_long_document_is_answered_and_not_remembered(asked: tuple[Planner, Asker]) -> None:
    planner, trader = asked
    text = "{ shipments { edges { node { reference } } } }" + " " * LONGEST_REMEMBERED
    assert trader.data(text) == {"shipments": {"edges": []}}
    assert (len(planner._plans), planner.has_answered(text, None)) == (0, False)
