"""A bank hands in its own SWIFT texts on a credit's page: what does not agree stays there to be mended."""

from datetime import date

import pytest
from graphql_relay import to_global_id

from credit_case import TERMS, spoiled
from credit_trade import CreditTrade, open_credit_trade
from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.messages import Issue, write_700
from isthmus_platform.credit.notices import Amendment, Refusal, write_707, write_734
from isthmus_platform.database import Platform
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, refused
from portal_visitor import AsParty
from title_trade import DESK

TODAY = date(2026, 6, 1)


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    opened = open_credit_trade(platform)
    opened.on(TODAY)
    return opened


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def handed_back(shown: Element, tag: str, text: str, said: str) -> None:
    """Hold that a message was refused for what it says, and is still there to be mended."""
    assert said in shown.one(role="alert").text
    assert shown.one("textarea", name_=tag).value.split() == text.split()


def test_a_bank_issues_amends_and_refuses_by_messages_of_its_own(
    trade: CreditTrade, as_party: AsParty
) -> None:
    it = trade.apply()
    where = f"/credits/{to_global_id('Credit', str(it))}"
    bank, by_message = as_party("bank"), "Issue by this message"
    text = write_700(Issue(TERMS, TODAY))
    wrong = text.replace("USD186500,00", "USD186500,01")
    handed_back(refused(bank, bank.get(where), by_message, mt700=wrong), "mt700", wrong, ":32B:")
    shown = done(bank, is_sound(bank.get(where)), by_message, mt700=text)
    assert "Issued" in shown.section("Its life").text
    trade.step("adviser", it, "ADVISE")

    said = Amendment(TERMS.reference, TODAY, 1, TODAY, "USD", Changes(increase_minor=500))
    text, by_message = write_707(said), "Propose by this message"
    wrong = text.replace(":26E:1", ":26E:2")
    handed_back(refused(bank, bank.get(where), by_message, mt707=wrong), "mt707", wrong, ":26E:")
    shown = done(bank, bank.get(where), by_message, mt707=text)
    assert "Increase US$5.00" in shown.section("Amendment 1").text

    presentation = trade.present(it, documents=spoiled("705", {"freight": "COLLECT"}))
    notice = Refusal(
        TERMS.reference, "P-1", TODAY, TERMS.amount_minor, "USD", ("signed by nobody",), "RETURN"
    )
    text, by_message = write_734(notice), "Refuse by this message"
    wrong = text.replace(":21:P-1", ":21:P-2")
    handed_back(refused(bank, bank.get(where), by_message, mt734=wrong), "mt734", wrong, ":21:")
    shown = done(bank, bank.get(where), by_message, mt734=text)
    assert "signed by nobody" in shown.one("table", css="findings").text
    assert [one.rule for one in trade.findings(presentation)] == ["STATED"]
