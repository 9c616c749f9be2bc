"""The pages of freight on the real schema: quotes compared in one currency, bookings, cut-offs watched."""

from datetime import timedelta

import pytest

from isthmus_platform.database import Platform
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from standing import StandingClock
from title_trade import DESK
from trade import Trade, open_trade

ASKED: dict[str, str | list[str]] = {
    "origin": "TWKHH",
    "destination": "DEHAM",
    "goods": "Machine tools",
    "units": "2",
    "of": "carrier, forwarder",
    "charges": "Bunker",
}


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


@pytest.fixture
def as_party(trade: Trade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def asked(as_party: AsParty) -> str:
    """Return the address of a request for quotes by the trader."""
    trader = as_party("trader")
    shown = done(trader, is_sound(trader.get("/freight")), "Ask for freight quotes", **ASKED)
    assert "Nobody has quoted yet" in shown.text
    return trader.get("/freight").one("tbody").one("a").attributes["href"]


def quote(as_party: AsParty, party: str, address: str, base: str, bunker: str) -> Element:
    visitor = as_party(party)
    prices: dict[str, str | list[str]] = {"charges.0.unitPrice": base, "charges.1.unitPrice": bunker}
    return done(visitor, is_sound(visitor.get(address)), "Quote", transitDays="34", **prices)


def totals(shown: Element) -> list[tuple[str, str]]:
    return [
        (each.one("span", css="chip").text, each.one("b", css="number").text)
        for each in shown.one("ol", css="quotes").all("li")
    ]


def test_quotes_are_compared_in_one_currency_at_the_rates_that_the_asker_gives(as_party: AsParty) -> None:
    address = asked(as_party)
    own = quote(as_party, "carrier", address, "1,500.00 USD", "20.00 USD")
    assert totals(own) == [("Comparable", "US$3,040.00")]
    quote(as_party, "forwarder", address, "1,300.00 EUR", "10.00 USD")
    trader = as_party("trader")
    shown = is_sound(trader.get(address))
    assert totals(shown) == [("Comparable", "US$3,040.00"), ("No exchange rate", "—")]
    assert "USD for 1 EUR" in shown.section("Compared in USD").text
    shown = is_sound(trader.get(f"{address}?currency=USD&rate-EUR=1.1"))
    assert totals(shown) == [("Comparable", "US$2,880.00"), ("Comparable", "US$3,040.00")]
    assert "7 d left" in shown.one(css="head-status").text
    assert "14 d left" in shown.section("Compared in USD").text
    assert "Bunker Surcharge" in shown.section("Compared in USD").text
    nonsense = trader.get(f"{address}?currency=dollars&rate-EUR=-1")
    assert totals(nonsense)[1] == ("No exchange rate", "—")
    other = as_party("carrier").get(address)
    assert "1,300.00" not in other.text
    as_party("stranger").get(address, status=404)


def test_a_line_of_a_quote_has_a_name_and_a_price_with_its_currency(as_party: AsParty) -> None:
    carrier, address = as_party("carrier"), asked(as_party)
    form = carrier.get(address)
    entered: dict[str, str | list[str]] = {"transitDays": "34", "charges.0.unitPrice": "1500"}
    told = refused(carrier, form, "Quote", **entered)
    assert "its currency" in told.one("p", id="quote-charges.0.unitPrice-said").text
    entered |= {"charges.0.unitPrice": "1500 USD", "charges.3.unitPrice": "5 USD"}
    told = refused(carrier, form, "Quote", **entered)
    assert told.one("p", id="quote-charges.3.name-said").text == "Name the charge."


def test_one_quote_is_accepted_booked_once_and_its_cut_offs_are_watched(
    as_party: AsParty, trade: Trade, clock: StandingClock
) -> None:
    address = asked(as_party)
    quote(as_party, "carrier", address, "1500 USD", "20 USD")
    trader, carrier = as_party("trader"), as_party("carrier")
    accepted = done(trader, trader.get(address), "Accept this quote")
    form, values = accepted.form("Book on it")
    sent = [trader.client.post(form, data=values) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    (booking,) = {answer.headers["Location"] for answer in sent}
    assert "They come with the carrier's confirmation" in is_sound(trader.get(booking)).text
    page = is_sound(carrier.get(booking))
    assert offered(page) == ["Confirm the booking", "Ask for a change", "Reject the booking"]
    vgm = (trade.platform.clock() + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    confirmed = done(
        carrier,
        page,
        "Confirm the booking",
        **{"confirmation.reference": "BK-1", "confirmation.vgmCutOff": vgm},
    )
    assert confirmed.one("h1").text == "BK-1"
    clock.advance(hours=7)
    shown = is_sound(trader.get(booking))
    cut_offs = [each.text for each in shown.section("Cut-offs").all("li")]
    assert "Shipping instruction Open" in cut_offs[0]
    assert "Verified gross mass At risk" in cut_offs[1]
    assert "23 h left" in cut_offs[1]
    assert "0 of 2 containers weighed" in cut_offs[1]
    for container in ("MCLU4200170", "MCLU4200185"):
        shown = done(
            trader,
            trader.get(booking),
            "Submit a verified gross mass",
            equipment=container,
            massKg="21500.5",
            method="SM1",
            responsible="F. Chen",
        )
    assert "Verified gross mass Met" in shown.section("Cut-offs").all("li")[1].text
    assert "21,500.5" in shown.section("Verified gross mass").one("tbody").text
    done(carrier, carrier.get(booking), "The cargo is all here")
    listed = trader.get("/freight?show=bookings").one("tbody").text
    assert "BK-1" in listed
    assert "Shipping instruction Open" in listed
