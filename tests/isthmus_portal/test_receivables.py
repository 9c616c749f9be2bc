"""The pages of receivables on the real schema: offered to banks, quoted blind, accepted, paid out, repaid."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Platform
from isthmus_portal import Files
from marking_bridge import marking_bridge
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from receivable_trade import INVOICE, SECRETS, ReceivableTrade, open_receivable_trade
from standing import StandingClock
from title_trade import DESK

Entered = dict[str, str | list[str]]
OFFER: Entered = {
    "banks": "bank, other-bank",
    "number": INVOICE.number,
    "issuedOn": "2026-05-03",
    "dueOn": "2026-08-30",
    "amount": "283,700.00 USD",
    "sellerIdentifier": INVOICE.seller,
    "debtor": INVOICE.debtor,
    "debtorIdentifier": INVOICE.buyer,
    "debtorCountry": "DE",
    "debtorRating": "INVESTMENT_GRADE",
}
QUOTE: Entered = {"advanceBp": "80", "discountBp": "6", "feeMinor": "250.00"}
ACCEPT = "Accept at your quote"


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


@pytest.fixture
def bridge(bridge_url: str, clock: StandingClock) -> Iterator[BridgeClient]:
    with marking_bridge(bridge_url, clock) as client:
        yield client


def at_the_portal(trade: ReceivableTrade, bridge: BridgeClient | None = None) -> AsParty:
    return acquainted(trade.platform, DESK, trade.papers.trade.actors, Files(), bridge)


def offer(as_party: AsParty) -> str:
    """Return the address of the offer to the bank, made by the seller at the portal."""
    trader = as_party("trader")
    done(trader, is_sound(trader.get("/receivables")), "Offer an invoice", **OFFER)
    return as_party("bank").get("/receivables").one("tbody").one("a").attributes["href"]


def faults(shown: Element) -> dict[str, str]:
    """Return what is said beside each field that was not taken."""
    return {
        field.attributes["name"]: shown.one(id=field.attributes["aria-describedby"]).text
        for field in shown.all("input")
        if field.attributes.get("aria-invalid") == "true"
    }


def amounts(shown: Element) -> dict[str, str]:
    told = shown.section("Amounts").one("dl").all("div")
    return {each.one("dt").text: each.one("dd").text for each in told}


def test_an_invoice_is_financed_blind_until_the_bank_accepts_and_repaid(
    trade: ReceivableTrade, bridge: BridgeClient
) -> None:
    as_party = at_the_portal(trade, bridge)
    address, trader, bank = offer(as_party), as_party("trader"), as_party("bank")
    blind = is_sound(bank.get("/receivables"))
    assert "A seller in TW" in blind.one("tbody").text
    assert "Quote" in blind.one("tbody").text
    blind = bank.get(address)
    assert offered(blind) == ["Quote", "Decline the offer"]
    quoted = done(bank, blind, "Quote", **QUOTE)
    for shown in (blind, quoted, bank.get("/receivables"), bank.get("/receivables?show=invoices")):
        assert not any(secret in shown.text for secret in (*SECRETS, "Trader Ltd", "Other-bank"))
    assert quoted.one("h1").text == "Invoice of US$283,700.00"
    assert "7 d left" in quoted.one(css="head-status").text
    assert amounts(quoted) == {
        "Invoice": "US$283,700.00",
        "Advance": "US$226,960.00",
        "Discount, if paid out today": "US$3,404.40",
        "Fee": "US$250.00",
        "Paid out, if today": "US$223,305.60",
    }
    accepted = done(bank, quoted, ACCEPT)
    assert accepted.one("h1").text == f"Invoice {INVOICE.number}"
    for secret in (*SECRETS, "Trader Ltd"):
        assert secret in accepted.text
    assert "Other-bank" not in accepted.text
    assert offered(accepted) == []
    seen = is_sound(trader.get("/receivables"))
    states = [(row.one("a").text, row.one("span", css="chip").text) for row in seen.one("tbody").all("tr")]
    assert states == [
        (f"Bank Ltd for {INVOICE.number}", "Accepted"),
        (f"Other-bank Ltd for {INVOICE.number}", "Offered"),
    ]
    taken = done(trader, trader.get(address), "Take the quote")
    assert "Withdrawn" in taken.section("Offered also to").text
    ordered = done(bank, bank.get(address), "Have it paid out")
    assert amounts(ordered)["To be paid out"] == "US$223,305.60"
    trade.pay_out()
    paid = is_sound(bank.get(address))
    assert amounts(paid)["Paid out"] == "US$223,305.60"
    over = refused(bank, paid, "Note what came back", amount="226,960.01")
    assert "outstanding" in faults(over)["amount"]
    part = done(bank, over, "Note what came back", amount="200,000")
    assert amounts(part)["Outstanding"] == "US$26,960.00"
    done(bank, part, "Note what came back")
    whole = is_sound(trader.get(address))
    assert [row.all("td")[2].text for row in whole.section("What happened").one("tbody").all("tr")] == [
        *("Offered", "Quoted", "Accepted, and registered as financed", "Quote taken"),
        *("Payment ordered", "Paid out", "Repaid", "Repaid"),
    ]
    notices = is_sound(trader.get("/receivables?show=notices")).one("tbody").all("tr")
    assert notices[0].all("td")[1].text == "Repaid"


def test_what_cannot_be_taken_is_said_beside_its_field_and_nothing_is_changed(trade: ReceivableTrade) -> None:
    as_party = at_the_portal(trade)
    trader, before = as_party("trader"), trade.everything()
    wrong: Entered = {**OFFER, "dueOn": "soon", "amount": "283,700", "number": ""}
    told = refused(trader, trader.get("/receivables"), "Offer an invoice", **wrong)
    assert faults(told) == {
        "number": "This is needed.",
        "dueOn": "A day, such as 2028-02-29.",
        "amount": "An amount and its currency, such as 1,250.50 USD.",
    }
    assert told.one("input", name_="debtor").attributes["value"] == INVOICE.debtor
    for changes, name in (
        ({"banks": "bank, carrier"}, "banks"),
        ({"dueOn": "2026-05-31"}, "dueOn"),
        ({"debtorIdentifier": INVOICE.seller}, "debtorIdentifier"),
    ):
        told = refused(trader, told, "Offer an invoice", **{**OFFER, **changes})
        assert list(faults(told)) == [name]
    assert trade.everything() == before
    address, bank = offer(as_party), as_party("bank")
    before, form = trade.everything(), bank.get(address)
    told = refused(
        bank, form, "Quote", **{**QUOTE, "advanceBp": "100.01", "feeMinor": "-1", "graceDays": "x"}
    )
    assert set(faults(told)) == {"advanceBp", "feeMinor", "graceDays"}
    late = (trade.platform.clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    told = refused(bank, form, "Quote", **{**QUOTE, "validUntil": late})
    assert list(faults(told)) == ["validUntil"]
    assert trade.everything() == before


def test_a_form_that_is_sent_twice_has_one_effect(trade: ReceivableTrade) -> None:
    as_party = at_the_portal(trade)
    trader, bank = as_party("trader"), as_party("bank")
    for visitor, address, button, entered in (
        (trader, "/receivables", "Offer an invoice", OFFER),
        (bank, "", "Quote", QUOTE),
    ):
        shown = visitor.get(address or bank.get("/receivables").one("tbody").one("a").attributes["href"])
        to, values = shown.form(button)
        sent = [visitor.client.post(to, data={**values, **entered}) for _ in range(2)]
        assert {answer.status_code for answer in sent} == {303}
        assert visitor.client.post(to, data={**values, "csrf_token": ""}).status_code == 400
    (mine,) = trade.offers("bank")
    assert (mine.state, mine.sequence) == ("QUOTED", 2)


def test_without_the_bridge_nothing_is_accepted_and_the_page_says_so(trade: ReceivableTrade) -> None:
    as_party = at_the_portal(trade)
    bank, address = as_party("bank"), offer(as_party)
    quoted, before = done(bank, bank.get(address), "Quote", **QUOTE), trade.everything()
    assert refused(bank, quoted, ACCEPT).one(role="alert").text
    assert trade.everything() == before
    declined = done(bank, bank.get(address), "Decline the offer")
    assert offered(declined) == []
    trader = as_party("trader")
    assert offered(trader.get(address)) == []
    assert "Declined" in trader.get("/receivables").one("tbody").text


def test_to_others_there_is_no_such_offer_and_who_sells_nothing_offers_nothing(
    trade: ReceivableTrade,
) -> None:
    as_party = at_the_portal(trade)
    address, trader = offer(as_party), as_party("trader")
    _, values = trader.get("/receivables").form("Offer an invoice")
    for stranger in ("other-bank", "stranger"):
        visitor = as_party(stranger)
        visitor.get(address, status=404)
    other = as_party("other-bank")
    assert other.get("/receivables").one("tbody").one("a").attributes["href"] != address
    assert "None yet" in as_party("stranger").get("/receivables").text
    form = other.get(other.get("/receivables").one("tbody").one("a").attributes["href"]).form("Quote")[1]
    sent = {**values, **OFFER, "csrf_token": form["csrf_token"]}
    assert other.client.post("/receivables", data=sent).status_code == 400
