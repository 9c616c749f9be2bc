"""Rules on money: what was financed, defaulted, presented or refused is caught, by the parties to it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from credit_case import DOCUMENTS
from credit_trade import VAULT, open_credit_trade
from isthmus_platform.database import Platform
from isthmus_platform.risk import About, Category, simulating, vocabulary
from isthmus_platform.risk.history import History
from isthmus_platform.risk.records import RiskCatch
from isthmus_platform.risk.rules import RuleDraft
from isthmus_platform.risk.seen import Financing, Presented
from receivable_trade import INVOICE, ReceivableTrade, open_receivable_trade
from risk_trade import RiskTrade, seen
from trade import Trade

DEFAULTED = RuleDraft(
    "DEFAULTED", About.SHIPMENT, Category.MONEY, "An invoice in default", "money.defaulted > 0"
)
REFUSED = RuleDraft(
    "REFUSED",
    About.SHIPMENT,
    Category.MONEY,
    "Documents refused",
    "credit.refused > 0 && credit.presented > 0",
)


@pytest.fixture
def money(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


def risks(money: ReceivableTrade) -> RiskTrade:
    return RiskTrade(money.papers.trade, VAULT)


def default(money: ReceivableTrade, offer: UUID) -> None:
    money.on(INVOICE.due_on + timedelta(days=31))
    money.watch()
    assert money.seen(offer).state == "DEFAULTED"


def caught(trade: RiskTrade, run: UUID, by: str = "trader") -> list[RiskCatch]:
    with trade.platform.begin(trade[by]) as work:
        return simulating.catches(work, run, first=10)


def test_an_active_rule_is_held_against_an_offer_and_against_what_is_paid_out(money: ReceivableTrade) -> None:
    trade = risks(money)
    trade.turn_on(replace(DEFAULTED, code="OFFERED", condition="money.offered > 0"))
    trade.turn_on(replace(DEFAULTED, code="PAID_OUT", condition="money.disbursed > 0", says="Paid out"))
    assert trade.findings() == []
    offer = money.accepted("bank")
    trade.drain()
    assert [found.says for found in trade.findings()] == [DEFAULTED.says]
    money.step("trader", offer, "CONFIRM")
    money.step("bank", offer, "DISBURSE")
    money.pay_out()
    trade.drain()
    assert [found.says for found in trade.findings()] == ["Paid out", DEFAULTED.says]


def test_a_default_is_caught_by_the_seller_and_nobody_else_hears_of_it(money: ReceivableTrade) -> None:
    trade = risks(money)
    for party in ("trader", "stranger", "other-bank"):
        trade.turn_on(DEFAULTED, party)
    offer = money.disbursed("bank")
    trade.drain()
    assert trade.findings() == [], "it is paid out, and not late"
    default(money, offer)
    trade.drain()
    (found,) = trade.findings()
    (evidence,) = found.evidence
    assert evidence["place"] == "receivable.state"
    assert evidence["value"] == "DEFAULTED, 28,370,000 minor units of USD"
    assert trade.findings("stranger") == trade.findings("other-bank") == []
    trade.drain()
    assert len(trade.findings()) == 1, "told again, it is caught once"


def test_a_rule_on_money_shows_on_history_first_what_it_would_have_caught(money: ReceivableTrade) -> None:
    trade = risks(money)
    default(money, money.disbursed("bank"))
    run = trade.simulate(trade.write(DEFAULTED))
    (one,) = caught(trade, run)
    assert (one.says, one.evidence[0]["place"]) == (DEFAULTED.says, "receivable.state")
    none = trade.simulate(trade.write(DEFAULTED, "stranger"), "stranger")
    assert caught(trade, none, "stranger") == []
    assert trade.findings() == []


def test_documents_refused_under_a_credit_are_caught_by_the_parties_to_it(platform: Platform) -> None:
    credits_ = open_credit_trade(platform)
    trade = RiskTrade(Trade(platform, credits_.actors), VAULT)
    for party in ("seller", "stranger"):
        trade.trade.ship(party, carrier=None)  # the stranger's has the same UCR
        trade.turn_on(REFUSED, party)
    presented = credits_.present(credits_.advised(), documents=DOCUMENTS[:1])
    trade.drain()
    assert trade.findings("seller") == [], "it is presented, and not examined"
    assert credits_.examine(presented) == "DISCREPANT"
    trade.drain()
    (found,) = trade.findings("seller")
    (evidence,) = found.evidence
    assert evidence["place"] == "presentation.P-1"
    assert evidence["value"].startswith("DISCREPANT, ")
    assert trade.findings("stranger") == []


def test_what_was_not_looked_into_has_no_answer() -> None:
    told = vocabulary.profile(seen(1, presentations=None), History())
    assert "credit.presented" not in told.facts
    assert told.facts["money.offered"] == 0


@pytest.mark.parametrize(
    ("states", "facts"),
    [
        ((), {"offered": 0, "disbursed": 0, "overdue": 0, "defaulted": 0, "standsOut": False}),
        (("OFFERED", "DECLINED"), {"offered": 2, "declined": 1, "standsOut": False}),
        (("REPAID",), {"disbursed": 1, "overdue": 0, "standsOut": False}),
        (("OVERDUE",), {"disbursed": 1, "overdue": 1, "defaulted": 0, "standsOut": True}),
        (("DEFAULTED",), {"disbursed": 1, "overdue": 1, "defaulted": 1, "standsOut": True}),
    ],
    ids=["none", "offered", "repaid", "overdue", "defaulted"],
)
def test_money_says_how_the_financing_stands(states: tuple[str, ...], facts: dict[str, object]) -> None:
    value = seen(1).value
    assert value is not None
    made = tuple(Financing(state, value[0], value[1], INVOICE.due_on) for state in states)
    told = vocabulary.profile(seen(1, financings=made), History()).facts
    assert {name: told[f"money.{name}"] for name in facts} == facts
    assert told.get("money.timesValue") == (1.0 if states else None)


def test_what_is_asked_beyond_the_goods_value_stands_out() -> None:
    value = seen(1).value
    assert value is not None
    amount = value[0] * 2
    over = seen(
        1,
        financings=(Financing("OFFERED", amount, value[1], INVOICE.due_on),),
        presentations=(Presented("P-1", "COMPLYING", amount, value[1], 0),),
    )
    told = vocabulary.profile(over, History())
    for name in ("money", "credit"):
        assert (told.facts[f"{name}.standsOut"], told.facts[f"{name}.timesValue"]) == (True, 2.0)
    elsewhere = seen(1, financings=(Financing("OFFERED", amount, "JPY", INVOICE.due_on),))
    assert "money.timesValue" not in vocabulary.profile(elsewhere, History()).facts
