"""The pages of a bank's own examination rules on the real schema: written, tried, on and off."""

from datetime import date

import pytest
from graphql_relay import to_global_id

from credit_trade import OPEN_TERMS, VAULT, CreditTrade, open_credit_trade
from isthmus_platform.credit.examining import RULES
from isthmus_platform.database import Platform
from isthmus_platform.papers.signing import Desk
from isthmus_portal import Files
from isthmus_protocol.keys import Holder, SigningKey
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty

DESK = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")
RULE = {
    "code": "SMALL_DRAWING",
    "article": "Bank policy 7",
    "says": "No drawing below 15 USD",
    "condition": "presentation.amountMinor < 1500\r\n  && presentation.drawings >= 0",
}


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    opened = open_credit_trade(platform)
    opened.on(date(2026, 6, 1))
    return opened


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def test_a_rule_is_written_tried_on_what_was_examined_turned_on_off_and_written_anew(
    trade: CreditTrade, as_party: AsParty
) -> None:
    credit = trade.advised(OPEN_TERMS)
    for reference, amount in (("P-1", 1_000), ("P-2", 2_000)):
        trade.examine(trade.present(credit, reference, amount))
    trade.present(credit, "P-3", 1_000)
    bank = as_party("bank")
    written = done(bank, is_sound(bank.get("/examination-rules")), "Write a rule", **RULE)
    assert offered(written) == ["Try it on past presentations", "Write it anew"], "not on before it is tried"
    tried = done(bank, written, "Try it on past presentations")
    told = tried.section("On past presentations")
    assert "a discrepancy in 1 of 2 presentations that were examined. 1 that nobody examined is" in told.text
    assert [[cell.text for cell in row.all("td")][1:] for row in told.one("tbody").all("tr")] == [
        ["P-2", "None", "Nothing"],
        ["P-1", "Found", "The condition holds"],
    ]
    assert offered(tried) == ["Try it on past presentations", "Turn it on", "Write it anew"]
    on = done(bank, tried, "Turn it on")
    assert on.one(css="head-status").text == "On"
    assert trade.examine(trade.present(credit, "P-4", 1_000)) == "DISCREPANT"
    assert "SMALL_DRAWING" in bank.get("/examination-rules").section("Your own").text
    assert done(bank, on, "Turn it off").one(css="head-status").text == "Off"
    anew = done(bank, on, "Write it anew", condition="presentation.amountMinor < 1")
    assert anew.one(css="head-status").text == "Draft"
    assert anew.section("When there is a discrepancy").one("code").text == "presentation.amountMinor < 1"
    assert offered(anew) == ["Try it on past presentations", "Write it anew"], "what was tried is not this"
    assert "As it was written then, it would have found" in anew.section("On past presentations").text
    [kept] = [[cell.text for cell in row.all("td")] for row in anew.section("Trials").one("tbody").all("tr")]
    assert kept[1:] == [
        trade["bank"].subject,
        "1 Jun 2026, 09:00 UTC to 1 Jun 2026, 09:00 UTC",
        "1 of 2",
        " ".join(RULE["condition"].split()),
    ]


def test_why_a_rule_cannot_be_written_is_said_beside_the_field_with_what_was_entered(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank = as_party("bank")
    shown = is_sound(bank.get("/examination-rules"))
    assert f"All {len(RULES)} rules" in shown.section("Held in every examination").text
    for field, entered, said in (
        ("condition", "documnets.size() > 1", "undeclared reference to 'documnets'"),
        ("code", RULES[0].code, "This is a rule of UCP 600 or ISBP 821."),
        ("article", "", "This is needed."),
    ):
        wrong = refused(bank, shown, "Write a rule", **(RULE | {field: entered}))
        assert said in wrong.one("p", id=f"write-{field}-said").text
        assert wrong.one("textarea", name_="condition").value.strip() in (RULE["condition"], entered)
    assert trade.as_owner("SELECT 1 FROM examination_rule") == []


def test_a_rule_that_was_not_tried_stays_off_though_somebody_sends_the_form(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank = as_party("bank")
    written = done(bank, bank.get("/examination-rules"), "Write a rule", **RULE)
    wrong = refused(bank, written, "Try it on past presentations", act="on")
    assert wrong.one(role="alert").text == "Try the rule on past presentations first."
    assert trade.as_owner("SELECT state FROM examination_rule") == [("DRAFT",)]


def test_a_banks_rules_are_for_that_bank_alone(trade: CreditTrade, as_party: AsParty) -> None:
    bank = as_party("bank")
    done(bank, bank.get("/examination-rules"), "Write a rule", **RULE)
    ((key,),) = trade.as_owner("SELECT id FROM examination_rule")
    other = as_party("other-bank")
    assert "SMALL_DRAWING" not in other.get("/examination-rules").text
    other.get(f"/examination-rules/{to_global_id('ExaminationRule', str(key))}", status=404)
    as_party("buyer").get("/examination-rules", status=403)
    other.get(f"/examination-rules/{to_global_id('Party', str(trade['bank'].party_id))}", status=404)
