"""A bank puts questions of yes or no through the schema, over the real bridge, to the real window."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql_relay import to_global_id

from border import Border, open_border
from counterparts import KEYRING, KEYS, serving
from graphql_client import Asker, nodes, serve
from isthmus_bridge.delivery import deliver_due
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform import declarations
from isthmus_platform.database import Platform
from isthmus_protocol.keys import Holder
from isthmus_window import work
from isthmus_window.http import create_app as create_window
from isthmus_window.service import Window
from pages import Page
from paperwork import open_paperwork
from standing import StandingClock
from trade import DRAFT

BUDGET = 8
VALUE, CURRENCY = "/declaredValueMinor", "/declaredCurrency"
ONE = """query ($id: ID!) { crossing(id: $id) {
  state fields answer { exists released } asked { field predicate parameter holds } } }"""
MY_END = "query ($id: ID!) { crossing(id: $id) { state reason asked { holds } } }"
TRIED = "{ accessLog(first: 50) { edges { node { outcome reason } } } }"
MINE = "{ crossings(first: 50) { edges { node { id message asked { field holds } } } } }"


def question(predicate: str, parameter: Any, field: str = VALUE) -> dict[str, Any]:
    return {"field": field, "predicate": predicate, "parameter": parameter}


@dataclass(frozen=True)
class Asking:
    """The bank at the schema, and what lies between it and the window."""

    border: Border
    window: Window
    window_url: str
    bank: Asker
    trader: Asker
    clock: StandingClock

    def put(self, *asks: dict[str, Any], **given: Any) -> str:
        """Put questions and return the crossing's global id."""
        wanted = {"ucr": DRAFT.ucr, "purpose": "TRADE_FINANCE", "asks": list(asks)} | given
        return str(self.bank.done("askWindow", "crossing { id }", **wanted)["crossing"]["id"])

    def refused(self, *asks: Any, **given: Any) -> list[tuple[str, str | None]]:
        """Put questions that are refused at once, and return the codes and fields."""
        before = len(nodes(self.bank.data(MINE)["crossings"]))
        wanted = {"ucr": DRAFT.ucr, "purpose": "TRADE_FINANCE", "asks": list(asks)} | given
        codes = self.bank.refused("askWindow", "crossing { id }", **wanted)
        assert len(nodes(self.bank.data(MINE)["crossings"])) == before, "nothing was recorded"
        return codes

    def go_on(self) -> None:
        """Let everybody do what waits: platform, bridge and window."""
        bridge = replace(self.border.bridge, window_url=self.window_url)
        self.border.drain()
        deliver_due(bridge)
        for _ in range(6):
            self.clock.advance(seconds=2)
            work.run_due(self.window)
            deliver_due(bridge)

    def told(self, *asks: dict[str, Any]) -> dict[str, Any]:
        """Put questions, let them be answered, and return the crossing."""
        put = self.put(*asks)
        self.go_on()
        crossing: dict[str, Any] = self.bank.data(ONE, id=put)["crossing"]
        return crossing


@pytest.fixture
def asking(platform: Platform, bridge_url: str, clock: StandingClock, tmp_path: Path) -> Iterator[Asking]:
    """Yield the border after a trader's declaration has crossed and the goods are released."""
    papers = open_paperwork(platform)
    papers.trade.ship()
    with open_border(papers, bridge_url, clock) as border:
        border.agree()
        window = Window(
            tmp_path / "window.sqlite",
            KEYS[Holder.WINDOW],
            KEYRING,
            border.bridge_url,
            clock,
            timedelta(seconds=1),
        )
        schema = build()
        graphql = GraphQL(platform, schema, planner=Planner(platform, schema), bridge=border.client)
        askers = serve(graphql, {name: papers[name] for name in ("bank", "trader")})
        with serving(create_window(window)) as window_url:
            opened = Asking(border, window, window_url, askers["bank"], askers["trader"], clock)
            border.declare()
            opened.go_on()
            papers.grant(papers.store(b"invoice").document_id)
            yield opened
        window.close()


def test_a_bank_asks_whether_a_value_that_it_is_never_told_is_at_least_what_it_lends_on(
    asking: Asking,
) -> None:
    asked = asking.told(question("atLeast", 1), question("is", "XXX", CURRENCY))
    assert asked["state"] == "DELIVERED"
    assert asked["answer"] == {"exists": True, "released": True}
    assert asked["asked"] == [
        {"field": CURRENCY, "predicate": "is", "parameter": "XXX", "holds": False},
        {"field": VALUE, "predicate": "atLeast", "parameter": 1, "holds": True},
    ]
    assert asked["fields"] == ["/asks/field", "/asks/parameter", "/asks/predicate", "/ucr"]
    theirs = nodes(asking.trader.data(MINE)["crossings"])
    assert {each["message"] for each in theirs if each["asked"]} == {
        "DECLARATION_QUERY",
        "DECLARATION_ANSWER",
    }, "the owner sees what was asked of its declaration"
    sent = next(body for body in reversed(asking.border.sent) if b"atLeast" in body)
    assert b'"asks":[{"field":"/declaredCurrency"' in sent


def test_beyond_the_leakage_budget_the_asker_is_told_so_and_nothing_is_asked(asking: Asking) -> None:
    for _ in range(BUDGET - 1):
        assert asking.told(question("is", "XXX", CURRENCY))["asked"][0]["holds"] is False
    both = (question("atLeast", 1), question("is", "EUR", CURRENCY))
    assert asking.refused(*both) == [("leakage_budget", "asks")]
    given = {"idempotencyKey": "the-last"}
    last = asking.put(question("atLeast", 1), **given)
    assert asking.refused(question("atLeast", 2)) == [("leakage_budget", "asks")], "it waits for its answer"
    asking.go_on()
    assert asking.put(question("atLeast", 1), **given) == last, "asked again, the first answer is given"
    assert asking.refused(question("atLeast", 2)) == [("leakage_budget", "asks")]
    assert asking.told()["answer"] == {"exists": True, "released": True}, "what needs no answer crosses"
    asking.clock.advance(hours=720)
    papers = asking.border.papers
    papers.grant(papers.store(b"invoice").document_id)
    assert asking.told(question("atLeast", 1))["asked"][0]["holds"] is True


def test_what_no_agreement_permits_or_is_no_question_is_refused_at_once(asking: Asking) -> None:
    for unlisted in (question("exactly", 1), question("atLeast", 1, "/mrn"), question("is", 1)):
        assert asking.refused(unlisted) == [("question_not_permitted", "asks")]
    for malformed, refusal in (
        ([question("atLeast", 1.5)], ("not_a_scalar", "asks[0].parameter")),
        ([question("atLeast", {"a": 1})], ("not_a_scalar", "asks[0].parameter")),
        ([question("atLeast", 1), question("atMost", 1)], ("duplicate", "asks")),
    ):
        assert asking.refused(*malformed) == [refusal]


def unjudged(asking: Asking, *asks: dict[str, Any]) -> UUID:
    """Put questions while the bridge cannot say what it would let be answered; return the crossing."""
    papers = asking.border.papers
    with papers.platform.begin(papers["bank"]) as begun:
        put = declarations.Asks(asks, declarations.agreed(None, "TRADE_FINANCE"))
        return declarations.ask_window(begun, DRAFT.ucr, "TRADE_FINANCE", put).id


def test_questions_put_while_the_bridge_is_away_wait_and_their_refusal_is_told_when_it_is_back(
    asking: Asking,
) -> None:
    for _ in range(BUDGET - 1):
        asking.told(question("is", "XXX", CURRENCY))
    unlisted = unjudged(asking, question("exactly", 1))
    last, beyond = (unjudged(asking, question("atLeast", n)) for n in (1, 2))
    sent = len(asking.border.sent)
    asking.go_on()
    ends = {put: asking.border.crossing(put, "bank") for put in (unlisted, last, beyond)}
    assert [(each.state, each.reason, each.field) for each in ends.values()] == [
        ("REFUSED", "QUESTION_NOT_PERMITTED", "asks"),
        ("DELIVERED", None, None),
        ("REFUSED", "LEAKAGE_BUDGET", "asks"),
    ]
    assert ends[last].answer is not None, "the last bit is the first's that was put"
    put = [body for body in asking.border.sent[sent:] if b'"asks"' in body]
    assert len(put) == 1, "what would not be answered does not cross"
    body = asking.bank.data(MY_END, id=to_global_id("Crossing", str(beyond)))["crossing"]
    assert body == {"state": "REFUSED", "reason": "LEAKAGE_BUDGET", "asked": [{"holds": None}]}
    told = nodes(asking.trader.data(TRIED)["accessLog"])
    reasons = [each["reason"] for each in told if each["outcome"] == "REFUSED"]
    assert sorted(reasons) == ["LEAKAGE_BUDGET", "QUESTION_NOT_PERMITTED"], "the owner sees who tried"


def test_a_bank_asks_as_the_page_shows(asking: Asking) -> None:
    page = Page("docs/reference/agreements.md")
    (shown,) = re.findall(r"with the input `(.*?)`", page.text, re.DOTALL)
    given = json.loads(shown) | {"idempotencyKey": "the page", "ucr": DRAFT.ucr}
    told = asking.bank.data(page.block("graphql"), input=given)["askWindow"]
    assert told["userErrors"] == []
    assert told["crossing"]["asked"] == [{**given["asks"][0], "holds": None}]
    asking.go_on()
    answered = asking.bank.data(ONE, id=told["crossing"]["id"])["crossing"]
    assert answered["asked"] == [{**given["asks"][0], "holds": True}]
