"""Who books enters the ordinary terms beside the quote; a fault stands beside its field."""

import pytest
from graphql_relay import to_global_id

from booking_trade import BookingTrade, open_booking_trade
from isthmus_platform.database import Platform
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, refused
from portal_visitor import AsParty
from title_trade import DESK

BOOK = "Book on it"
GOODS = "terms.equipment.0.commodities.0.commodityType"
WEIGHT = "terms.equipment.0.commodities.0.grossWeight"
PAYMENT = "terms.freightPaymentTerm"
UNITS = "terms.equipment.0.units"
ENTERED: dict[str, str | list[str]] = {
    "terms.receiptType": "SD",
    "terms.deliveryType": "CFS",
    PAYMENT: "COL",
    GOODS: "Machine tools",
    WEIGHT: "18450.5",
    UNITS: "2",
}


@pytest.fixture
def trade(platform: Platform) -> BookingTrade:
    return open_booking_trade(platform)


@pytest.fixture
def as_party(trade: BookingTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def accepted(trade: BookingTrade, equipment: str = "22G1") -> tuple[str, str]:
    """Return the address of the trader's request, and the name of the act that books on its quote."""
    request = trade.ask(equipment_type=equipment)
    quote = trade.quote(request).id
    trade.accept(quote)
    act = f"book-{to_global_id('FreightQuote', str(quote))}"
    return f"/freight/requests/{to_global_id('FreightRequest', str(request))}", act


def facts(shown: Element) -> dict[str, str]:
    section = shown.section("What is asked for")
    return {each.one("dt").text: each.one("dd").text for each in section.all("div") if each.all("dt")}


def test_the_ordinary_terms_are_entered_with_the_booking_and_shown_on_its_page(
    trade: BookingTrade, as_party: AsParty
) -> None:
    trader = as_party("trader")
    address, _ = accepted(trade)
    shown = done(trader, is_sound(trader.get(address)), BOOK, **ENTERED)
    assert {name: facts(shown)[name] for name in ("Taken over", "Handed over", "Freight")} == {
        "Taken over": "Door, full containers",
        "Handed over": "Container freight station, less than a container",
        "Freight": "Collect",
    }
    asked = shown.section("What is asked for")
    assert asked.one("h3").text == "2 \N{MULTIPLICATION SIGN} 22G1"
    assert [each.text for each in asked.one("tbody").all("td")][::2] == ["Machine tools", "18,450.5 kg", "—"]


FAULTS: tuple[tuple[dict[str, str], str, str], ...] = (
    ({UNITS: "3"}, UNITS, "The quote is for 2."),
    ({WEIGHT: "heavy"}, WEIGHT, "A number, with a point before decimals."),
    ({WEIGHT: "0"}, WEIGHT, "This has to be more than 0 and at most 10,000,000."),
    ({WEIGHT: "1.2345"}, WEIGHT, "At most three decimals."),
    ({GOODS: ""}, GOODS, "This is needed with the others."),
    ({"terms.receiptType": ""}, "terms.receiptType", "This is needed with the others."),
    ({"terms.deliveryType": "SHED"}, "terms.deliveryType", "Choose one of these."),
    (dict.fromkeys(ENTERED.keys() - {PAYMENT}, ""), PAYMENT, "This is told with the others."),
)


def test_a_fault_stands_beside_its_field_and_nothing_is_booked(
    trade: BookingTrade, as_party: AsParty
) -> None:
    trader = as_party("trader")
    address, act = accepted(trade)
    before = trade.rows()
    for changes, field, said in FAULTS:
        told = refused(trader, trader.get(address), BOOK, **ENTERED | changes)
        assert told.one("p", id=f"{act}-{field}-said").text == said
        assert told.form(BOOK)[1][PAYMENT] == "COL", "what was entered is kept"
    assert trade.rows() == before


def test_nothing_entered_books_what_was_quoted_and_a_reefers_terms_are_not_asked_here(
    trade: BookingTrade, as_party: AsParty
) -> None:
    trader = as_party("trader")
    address, _ = accepted(trade)
    shown = done(trader, trader.get(address), BOOK)
    assert "Nothing beside what was quoted for." in shown.section("What is asked for").text
    frozen, act = accepted(trade, "22R1")
    assert trader.get(frozen).form(BOOK)[1].keys() == {"csrf_token", "once", "act"}
    carrier = as_party("carrier").get(frozen)
    assert act not in {each.value for each in carrier.all("input", name_="act")}
