"""The profile of a party: what a member's own history says of it, and nothing of who never traded with it."""

from datetime import timedelta
from typing import Any

import pytest

from credit_case import DOCUMENTS
from credit_trade import VAULT, open_credit_trade
from isthmus_platform import risk
from isthmus_platform.database import Platform
from isthmus_platform.errors import NotFound, NotPermitted
from isthmus_platform.risk import About, Category, counterparts
from isthmus_platform.risk.counterparts import PartyProfile
from isthmus_platform.risk.rules import RuleDraft
from isthmus_platform.shipments import InvoiceDraft
from receivable_trade import open_receivable_trade
from risk_trade import RiskTrade, open_risk_trade
from standing import StandingClock

EACH = RuleDraft("EACH", About.OWNER, Category.OTHER, "Each is looked at", "true")


@pytest.fixture
def trade(platform: Platform) -> RiskTrade:
    return open_risk_trade(platform)


def known(trade: Any, by: str, of: str) -> PartyProfile | None:
    with trade.platform.begin(trade[by]) as work:
        try:
            return counterparts.by_name(work, VAULT, of)
        except NotFound:
            return None


def test_a_profile_says_rush_prices_and_findings_of_who_is_traded_with(
    trade: RiskTrade, clock: StandingClock
) -> None:
    trade.turn_on(EACH, "carrier")
    for number, price in enumerate((10, 10, 11, 11, 10, 90, 10, 10, 11, 10)):
        clock.advance(hours=1)
        trade.ship(number, price)
    trade.drain()
    first, *_ = trade.findings("carrier")
    with trade.platform.begin(trade["carrier"]) as work:
        risk.decide(work, first.id, confirm=True, reason="odd")
    with trade.platform.begin(trade["trader"]) as work:
        risk.lodge(work, first.id, "It is not")
    told = known(trade, "carrier", "trader")
    assert told is not None
    assert (told.shipments, told.recent, told.age_days) == (10, 10, 0)
    assert told.last_at == trade.platform.clock()
    assert told.first_at == told.last_at - timedelta(hours=9)
    assert told.rush is not None
    assert told.rush.stands_out, told.rush.says
    (paid,) = told.prices
    assert (paid.heading, paid.currency, paid.spread.size) == ("8458", "USD", 10)
    assert (paid.lowest, paid.highest) == (10.0, 90.0)
    assert paid.widest > 3.5
    assert told.findings == {"OPEN": 9, "CONFIRMED": 1}
    assert told.appeals == {"LODGED": 1}
    assert (told.invoices, told.alike) == (0, 0), "invoice numbers are the owner's"
    back = known(trade, "trader", "carrier")
    assert back is not None
    assert (back.shipments, back.rush, back.findings) == (10, None, {}), "the carrier's findings are its own"


def test_an_agent_sees_invoices_that_repeat(trade: RiskTrade) -> None:
    trade.trade.delegate()
    for number, invoice in enumerate(("INV-1001", "INV-2002", "inv 1001")):
        declared = InvoiceDraft(invoice, None, None, None)
        trade.ship(number, by="forwarder", on_behalf_of="trader", invoice=declared)
    told = known(trade, "forwarder", "trader")
    assert told is not None
    assert (told.invoices, told.alike) == (3, 1)


def test_of_who_was_never_traded_with_nothing_is_told(trade: RiskTrade) -> None:
    trade.ship(1)
    assert known(trade, "stranger", "trader") is None
    assert known(trade, "trader", "stranger") is None
    assert known(trade, "trader", "nobody") is None
    assert known(trade, "trader", "trader") is None
    for blind in ("operator", "authority"):
        with trade.platform.begin(trade[blind]) as work, pytest.raises(NotPermitted):
            counterparts.by_name(work, VAULT, "trader")


def test_a_bank_knows_the_seller_once_it_accepted(platform: Platform) -> None:
    money = open_receivable_trade(platform)
    offer = money.offer("bank")["bank"]
    assert known(money, "bank", "trader") is None, "it was offered blind"
    money.quote("bank", offer)
    money.step("bank", offer, "ACCEPT")
    told = known(money, "bank", "trader")
    assert told is not None
    assert told.offers == {"ACCEPTED": 1}
    back = known(money, "trader", "bank")
    assert back is not None
    assert back.offers == {"ACCEPTED": 1}
    assert known(money, "other-bank", "trader") is None


def test_refusals_count_for_the_parties_to_the_credit(platform: Platform) -> None:
    credits_ = open_credit_trade(platform)
    credits_.examine(credits_.present(credits_.advised(), documents=DOCUMENTS[:1]))
    for by, of in (("bank", "seller"), ("seller", "buyer"), ("buyer", "bank")):
        told = known(credits_, by, of)
        assert told is not None, (by, of)
        assert (told.presented, told.refused) == (1, 1)
    assert known(credits_, "stranger", "seller") is None
