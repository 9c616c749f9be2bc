"""The page on which a bank asks whether an invoice was financed before."""

import hashlib
import json

import pytest
from graphql_relay import to_global_id

from credit_trade import CreditTrade, open_credit_trade
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import financed
from isthmus_platform.database import Platform
from page import page
from portal_frame import is_sound
from portal_visitor import AsParty, newcomers
from standing import StandingClock

MARKS = [hashlib.sha512(name.encode()).hexdigest() for name in ("417", "0147", "part")]


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return newcomers(trade.platform, GraphQL(trade.platform, build()))


def test_a_bank_asks_registers_and_another_is_told_yes_and_no_more(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank, other = as_party("bank"), as_party("other-bank")
    written = "\r\n".join(MARKS)
    asked = bank.send(is_sound(bank.get("/financed")), "Ask", marks=written, act="ask")
    assert is_sound(page(asked.text)).one(role="status").one("h2").text == "No"
    form = bank.get("/financed").form("Ask")[1] | {"marks": written, "act": "register"}
    assert [bank.client.post("/financed", data=form).status_code for _ in range(2)] == [303, 303]
    assert "Financed" in is_sound(bank.get("/financed")).section("What you registered").one("tbody").text
    asked = other.send(other.get("/financed"), "Ask", marks=json.dumps(MARKS[1:]), act="ask")
    told = page(asked.text)
    assert told.one(role="status").one("h2").text == "Yes"
    assert "Bank Ltd" not in told.one("main").text
    assert "You have registered nothing yet." in told.text
    late = other.send(other.get("/financed"), "Ask", marks=written, act="register")
    assert (late.status_code, page(late.text).one(role="alert").text) == (
        422,
        "This invoice, or one nearly like it, is financed already.",
    )


def test_a_dispute_is_seen_by_the_bank_that_registered_and_ends_with_its_withdrawal_or_the_release(
    trade: CreditTrade, as_party: AsParty
) -> None:
    with trade.platform.begin(trade["bank"]) as work:
        financed.register(work, MARKS)
    bank, other = as_party("bank"), as_party("other-bank")
    given = {"marks": MARKS[0], "reason": "We hold the original."}
    assert other.send(other.get("/financed"), "Dispute it", **given).status_code == 303
    disputed = is_sound(other.get("/financed"))
    assert "We hold the original." in disputed.section("What you disputed").one("tbody").text
    shown = bank.get("/financed")
    assert "Disputed" in shown.one("tbody").text
    assert "We hold the original." not in shown.text, "what another bank said is not told"
    (button,) = [it.text for it in disputed.section("What you disputed").all("button")]
    address, values = disputed.form(button)
    stolen = shown.form("Ask")[1] | {"dispute": values["dispute"]}
    assert bank.client.post(address, data=stolen).status_code == 422
    assert other.send(disputed, button).status_code == 303
    ended = other.get("/financed").section("What you disputed")
    assert ("Withdrawn" in ended.one("tbody").text, ended.all("button")) == (True, [])
    shown = bank.get("/financed")
    assert "Disputed" not in shown.one("tbody").text
    (button,) = [it.text for it in shown.one("tbody").all("button")]
    assert bank.send(shown, button).status_code == 303
    assert "Released" in bank.get("/financed").one("tbody").text
    asked = other.send(other.get("/financed"), "Ask", marks=MARKS[0], act="ask")
    assert page(asked.text).one(role="status").one("h2").text == "No"


def test_both_banks_see_until_when_a_dispute_stands_and_when_it_is_over(
    trade: CreditTrade, as_party: AsParty, clock: StandingClock
) -> None:
    with trade.platform.begin(trade["bank"]) as work:
        financed.register(work, MARKS)
    with trade.platform.begin(trade["other-bank"]) as work:
        financed.dispute(work, MARKS, "We hold the original.")
    assert "until 1 Jul" in as_party("bank").get("/financed").section("What you registered").text
    assert "until 1 Jul" in as_party("other-bank").get("/financed").section("What you disputed").text
    clock.advance(days=30)
    assert "Disputed" not in as_party("bank").get("/financed").one("tbody").text
    over = is_sound(as_party("other-bank").get("/financed")).section("What you disputed")
    assert ("Over" in over.one("tbody").text, over.all("button")) == (True, [])


def test_each_of_the_two_lists_goes_on_by_itself(trade: CreditTrade, as_party: AsParty) -> None:
    with trade.platform.begin(trade["bank"]) as work:
        for number in range(26):
            mark = [hashlib.sha512(bytes([number])).hexdigest()]
            financed.register(work, mark)
            financed.dispute(work, mark, f"Reason {number:02}.")
    bank = as_party("bank")
    onward = bank.get("/financed").one("nav", **{"aria-label": "Pages of what you disputed"}).one("a")
    shown = is_sound(bank.get(onward.attributes["href"]))
    assert [row.all("td")[2].text for row in shown.section("What you disputed").all("tr")[1:]] == [
        "Reason 00."
    ]
    assert len(shown.section("What you registered").all("tr")) == 26
    back = shown.one("nav", **{"aria-label": "Pages of what you disputed"}).one("a")
    assert (back.text, back.attributes["href"]) == ("First page", "/financed")


def test_what_is_no_mark_and_who_is_no_bank_are_refused_and_nothing_is_told(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank, trader = as_party("bank"), as_party("buyer")
    answer = bank.send(bank.get("/financed"), "Ask", marks="FPM-2026-0417", act="ask")
    assert (answer.status_code, page(answer.text).all(role="status")) == (422, [])
    assert bank.send(bank.get("/financed"), "Ask", marks=MARKS[0], act="guess").status_code == 400
    form = trader.get("/financed")
    assert trader.send(form, "Ask", marks=MARKS[0], act="ask").status_code in (403, 422)
    values = form.form("Ask")[1] | {"financing": to_global_id("Financing", "0" * 32)}
    assert trader.client.post("/financed/release", data=values).status_code in (403, 422)
