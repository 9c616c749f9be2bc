"""Every change is made by some test of its service, and each client of these tests sends what succeeds twice.

:meth:`graphql_client.Asker.done` is where the second, with the same key, must answer as the first and be no
other change; here it is seen that no change of the schema goes without.
"""

from pathlib import Path

import pytest

from graphql_client import Asker, register_cast, serve
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform

OF_ALL = ("test_every_pair.py", "test_reach.py", Path(__file__).name)
"""Tests that name every change, also those that are only refused there."""


def test_every_change_is_made_by_a_test_of_its_service() -> None:
    mutations = build().mutation_type
    assert mutations is not None
    here = (each for each in Path(__file__).parent.glob("test_*.py") if each.name not in OF_ALL)
    kit = Path(__file__).parents[1] / "kit"
    said = "".join(each.read_text() for each in (*here, *kit.glob("*.py")))
    assert [name for name in mutations.fields if f'"{name}"' not in said] == []


def test_a_change_that_were_made_again_would_be_seen(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = build()
    trader = serve(GraphQL(platform, schema, planner=Planner(platform, schema)), register_cast(platform))[
        "trader"
    ]
    sent = iter(range(10))
    change = Asker.change

    def forgetful(self: Asker, mutation: str, selection: str, **given: object) -> dict[str, object]:
        return change(self, mutation, selection, **{**given, "idempotencyKey": f"key-{next(sent)}"})

    monkeypatch.setattr(Asker, "change", forgetful)
    with pytest.raises(AssertionError, match="createShipment sent again"):
        ship(trader)
