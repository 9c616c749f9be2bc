"""A bank's consent through GraphQL: each change once for its key, and nothing of it to anybody else."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from financed_trade import FinancedTrade, open_financed_trade
from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from title_trade import DESK, UCR

GIVEN, ENDED = "consents { id ucr givenAt withdrawnAt }", "consent { id withdrawnAt }"
LISTED = "{ releaseConsents { edges { node { id withdrawnAt } } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
STRANGERS = ("other-bank", "trader", "carrier", "insurer", "operator")


@dataclass(frozen=True)
class Banks:
    """The parties' clients, and the trade that stands behind them."""

    trade: FinancedTrade
    askers: dict[str, Asker]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def rows(self) -> list[Any]:
        return self.trade.release.titles.as_owner(
            "SELECT id, withdrawn_at FROM release_consent UNION ALL SELECT id, NULL FROM outbox ORDER BY 1"
        )


@pytest.fixture
def banks(platform: Platform) -> Banks:
    trade = open_financed_trade(platform)
    trade.receivables.disbursed()
    schema = build()
    graphql = GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK)
    return Banks(trade, serve(graphql, trade.release.titles.papers.trade.actors))


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(banks: Banks) -> None:
    before = banks.rows()
    for stranger in STRANGERS:
        known = banks[stranger].change("consentToRelease", GIVEN, ucr=UCR)
        assert known == banks[stranger].change("consentToRelease", GIVEN, ucr="6TW00000000-0")
        assert known["userErrors"][0]["code"] in ("not_found", "role_required")
    assert banks.rows() == before
    (given,) = _once(banks, "consentToRelease", GIVEN, {"ucr": UCR})["consents"]
    assert (given["ucr"], given["withdrawnAt"]) == (UCR, None)
    before = banks.rows()
    for stranger in STRANGERS:
        known = banks[stranger].change("withdrawReleaseConsent", ENDED, consent=given["id"])
        absent = to_global_id("ReleaseConsent", str(uuid4()))
        assert known == banks[stranger].change("withdrawReleaseConsent", ENDED, consent=absent)
        assert known["userErrors"][0]["code"] == "not_found"
        assert banks[stranger].ask(NODE, id=given["id"]) == banks[stranger].ask(NODE, id=absent)
        assert nodes(banks[stranger].data(LISTED)["releaseConsents"]) == []
    assert banks.rows() == before
    ended = _once(banks, "withdrawReleaseConsent", ENDED, {"consent": given["id"]})["consent"]
    assert ended["withdrawnAt"] is not None
    assert nodes(banks["bank"].data(LISTED)["releaseConsents"]) == [ended]


def _once(banks: Banks, mutation: str, selection: str, given: dict[str, Any]) -> dict[str, Any]:
    """Make a change as the bank, and again: the answer is the same and nothing is added."""
    first: dict[str, Any] = banks["bank"].done(mutation, selection, **given, idempotencyKey=mutation)
    after = banks.rows()
    assert banks["bank"].done(mutation, selection, **given, idempotencyKey=mutation) == first
    changed = dict.fromkeys(given, "another")
    assert banks["bank"].refused(mutation, selection, **changed, idempotencyKey=mutation) == [
        ("idempotency_key_reused", "idempotencyKey")
    ]
    assert banks.rows() == after
    return first
