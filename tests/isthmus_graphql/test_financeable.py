"""Financeable truth through GraphQL: one query, for a bank with a grant; to all others as of nothing."""

import pytest

from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from pages import Page
from receivable_trade import ReceivableTrade, marks, open_receivable_trade
from title_trade import DESK, UCR, TitleTrade

PART = "known why source at proof { kind value sequence kid url }"
TRUTH = (
    "query ($ucr: String!, $marks: [String!]) { financeableTruth(ucr: $ucr, marks: $marks) { ucr at"
    f" declaration {{ {PART} exists released }} balance {{ {PART} left {{ amountMinor currency }} }}"
    f" duplicate {{ {PART} byAnother byYou }} title {{ {PART} title holder {{ name }} state free }}"
    f" insurance {{ {PART} insured number insurer amount currency clauses document }} }} }}"
)
LOG = "{ accessLog { edges { node { action outcome reader { name } } } } }"


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


@pytest.fixture
def askers(platform: Platform, trade: ReceivableTrade) -> dict[str, Asker]:
    schema = build()
    graphql = GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK)
    return serve(graphql, trade.papers.trade.actors)


def test_one_query_tells_every_part_or_why_it_is_not_known(
    trade: ReceivableTrade, askers: dict[str, Asker]
) -> None:
    bill = trade.papers.store(type_code="705").document_id
    trade.papers.grant(trade.document, bill)
    titles = TitleTrade(trade.papers, trade.as_owner("SELECT id FROM shipment")[0][0])
    titles.issue()
    told = askers["bank"].data(TRUTH, ucr=UCR, marks=marks())["financeableTruth"]
    assert [told[name]["known"] for name in ("declaration", "balance", "insurance")] == [False] * 3
    assert told["declaration"]["why"] == "You have not asked the window: askWindow does."
    assert (told["declaration"]["exists"], told["balance"]["left"]) == (None, [])
    assert (told["duplicate"]["byAnother"], told["duplicate"]["byYou"]) == (False, False)
    assert told["duplicate"]["proof"]["kind"] == "RECEIPT"
    assert told["title"]["holder"] == {"name": "trader"}
    assert (told["title"]["proof"]["kind"], told["title"]["proof"]["sequence"]) == ("CHAIN_HEAD", 1)
    log = nodes(askers["trader"].data(LOG)["accessLog"])
    assert {"action": "FINANCEABLE", "outcome": "ALLOWED", "reader": {"name": "bank"}} in log


def test_to_who_has_no_grant_a_consignment_is_as_one_that_is_not_there(
    trade: ReceivableTrade, askers: dict[str, Asker]
) -> None:
    trade.papers.grant(trade.document)
    nothing = {"data": {"financeableTruth": None}}
    for name, asker in askers.items():
        assert asker.ask(TRUTH, ucr="6TW24536806-NONE", marks=marks()) == nothing
        if name != "bank":
            assert asker.ask(TRUTH, ucr=UCR, marks=marks()) == nothing, name
    tried = [one for one in nodes(askers["trader"].data(LOG)["accessLog"]) if one["outcome"] == "REFUSED"]
    assert tried == [
        {"action": "FINANCEABLE", "outcome": "REFUSED", "reader": {"name": "other-bank"}},
    ]
    assert askers["bank"].codes(TRUTH, ucr=UCR, marks=["no mark"]) == ["marks"]


def test_the_query_of_the_page_is_answered(trade: ReceivableTrade, askers: dict[str, Asker]) -> None:
    trade.papers.grant(trade.document)
    query = Page("docs/financing.md").block("graphql")
    told = askers["bank"].data(query, ucr=UCR, marks=marks())["financeableTruth"]
    assert told.keys() == {"declaration", "balance", "duplicate", "title", "insurance"}
    assert told["duplicate"]["known"] is True
