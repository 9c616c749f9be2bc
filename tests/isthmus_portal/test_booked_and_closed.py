"""On the pages of logistics: a booking is tied to its shipment, a gate's slot is closed to more lorries."""

from typing import Any

import pytest
from graphql_relay import to_global_id

from gate_trade import GateTrade, open_gate_trade
from isthmus_platform.database import Platform
from isthmus_portal import Files
from isthmus_portal.pages.freight_acts import choices
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from title_trade import DESK


@pytest.fixture
def trade(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


@pytest.fixture
def as_party(trade: GateTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.releases.titles.papers.trade.actors, Files())


def _address(trade: GateTrade, origin: str = "DEHAM") -> str:
    return f"/freight/bookings/{to_global_id('Booking', str(trade.booking(origin=origin)))}"


def test_who_booked_says_once_which_shipment_the_booking_carries(trade: GateTrade, as_party: AsParty) -> None:
    address, tie = _address(trade), "Say which shipment it carries"
    trader, carrier = as_party("trader"), as_party("carrier")
    assert tie not in offered(is_sound(carrier.get(address)))
    form = is_sound(trader.get(address))
    assert form.one("select", name_="shipment").text == "KHH-HAM-1 (TWKHH to DEHAM)"
    told = refused(trader, form, tie, shipment="another")
    assert told.one("p", id="tie-shipment-said").text == "Choose one of these."
    tied = done(trader, form, tie)
    assert trader.get(tied.link("KHH-HAM-1")).one("h1").text == "KHH-HAM-1"
    assert tie not in offered(tied)


def test_a_booking_by_another_way_is_not_tied_and_the_page_says_which_way_it_is(
    trade: GateTrade, as_party: AsParty
) -> None:
    trader = as_party("trader")
    form = trader.get(_address(trade, origin="USOAK"))
    told = refused(trader, form, "Say which shipment it carries")
    assert told.one("p", id="tie-shipment-said").text == "The booking is from USOAK to TWKHH."


def test_a_shipping_instruction_that_is_given_is_among_the_papers_that_the_carrier_sees(
    trade: GateTrade, as_party: AsParty
) -> None:
    address, give = _address(trade), "Give the shipping instruction"
    trade.releases.titles.papers.store(type_code="340", title="Instruction to the line")
    trader, carrier = as_party("trader"), as_party("carrier")
    form = is_sound(trader.get(address))
    assert "is opened to the carrier" in form.text
    assert "Instruction to the line" not in carrier.get("/shipments/KHH-HAM-1").text
    done(trader, form, give)
    assert "Instruction to the line" in is_sound(carrier.get("/shipments/KHH-HAM-1")).text


def shipment(number: int, owner: str, forwarder: str | None = None) -> dict[str, Any]:
    paper = {"id": f"document:{number}", "type": "340", "title": "Instruction"}
    return {
        "id": f"shipment:{number}",
        "reference": f"S-{number}",
        "owner": {"name": owner},
        "forwarder": forwarder and {"name": forwarder},
        "origin": {"code": "TWKHH"},
        "destination": {"code": "DEHAM"},
        "documents": {"edges": [{"node": paper}, {"node": {**paper, "type": "380"}}]},
    }


@pytest.mark.parametrize(
    ("carried", "papers"),
    [
        (None, ["document:1", "document:2", "document:3"]),
        ({"id": "shipment:2", "reference": "S-2"}, ["document:2"]),
    ],
    ids=["untied", "tied"],
)
def test_once_it_is_tied_only_instructions_of_its_shipment_are_offered_and_shipments_are_ones_own(
    carried: dict[str, str] | None, papers: list[str]
) -> None:
    seen = [shipment(1, "trader"), shipment(2, "another", "trader"), shipment(3, "another")]
    offer = choices({"shipment": carried}, seen, "trader")
    assert [key for key, _ in offer.papers] == papers
    assert [key for key, _ in offer.shipments] == ["shipment:1", "shipment:2"]


def test_a_terminal_closes_a_slot_of_its_own_and_nobody_books_in_it_any_more(
    trade: GateTrade, as_party: AsParty
) -> None:
    first, second = trade.offer()[:2]
    terminal, forwarder = as_party("terminal"), as_party("forwarder")
    form = is_sound(terminal.get("/appointments"))
    assert form.section("Your slots").text.count("Open") == 4
    here = to_global_id("GateSlot", str(first.id))
    closed = done(terminal, form, "Close a slot", slot=here)
    assert "Closed" in closed.section("Your slots").one("tbody").all("tr")[0].text
    assert here not in {it.attributes["value"] for it in closed.all("option")}
    free = forwarder.get("/appointments?terminal=terminal").one("select", name_="slot")
    first_free = free.all("option")[0].attributes["value"]
    assert first_free == to_global_id("GateSlot", str(second.id))
    again = refused(terminal, form, "Close a slot", slot=here, once="another-key")
    assert again.one("p", id="close-slot-said").text == "Choose one of these."


def test_only_a_terminal_is_shown_slots_to_close_and_only_its_own(
    trade: GateTrade, as_party: AsParty
) -> None:
    trade.offer()
    forwarder = as_party("forwarder")
    shown = is_sound(forwarder.get("/appointments?terminal=terminal"))
    assert offered(shown) == ["Book a lorry"]
    assert "Your slots" not in shown.text
    asked = {"csrf_token": shown.all("input", name_="csrf_token")[0].value, "act": "close"}
    assert forwarder.client.post("/appointments", data=asked).status_code == 400
