"""A booking's page tells both sides what is asked for: service, payment, equipment, cargo, dangers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from graphql_relay import to_global_id

from booking_trade import BookingTrade, open_booking_trade
from booking_wishes import wished
from isthmus_platform.database import Platform
from isthmus_platform.logistics import bookings
from isthmus_platform.logistics.booking_terms import (
    BookingTerms,
    CargoMovement,
    Commodity,
    DangerousGoods,
    ReeferSettings,
    RequestedEquipment,
    ServiceType,
    TemperatureUnit,
    WeightUnit,
)
from isthmus_platform.logistics.quoting import PaymentTerm
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted
from portal_visitor import AsParty
from title_trade import DESK

ACID = DangerousGoods("1830", "Sulphuric acid <98 %>", "8", "6.1", 2, marine_pollutant=True)
CARGO = Commodity("Machine tools", Decimal("18450.5"), WeightUnit.KGM, ("845710", "8458119090"))
OWNED = RequestedEquipment(
    "22G1",
    2,
    (CARGO, replace(CARGO, commodity_type="Chemicals", hs_codes=(), packages=1_800, dangerous_goods=(ACID,))),
    shipper_owned=True,
    tare_weight=Decimal(2200),
    tare_unit=WeightUnit.LBR,
)
TERMS = BookingTerms(
    receipt_type=ServiceType.SD,
    delivery_type=ServiceType.CY,
    movement_at_origin=CargoMovement.LCL,
    movement_at_destination=CargoMovement.FCL,
    equipment=(OWNED,),
    freight_payment_term=PaymentTerm.COL,
    incoterm="FCA",
    service_contract="HHL51800000",
    export_declaration_required=True,
)
COLD = ReeferSettings(
    Decimal("-18.5"), TemperatureUnit.CEL, humidity=Decimal(0), ventilation_open=False, pre_cooling=True
)
FROZEN = replace(TERMS, equipment=(RequestedEquipment("22R1", 2, (CARGO,), reefer=COLD),))


@pytest.fixture
def trade(platform: Platform) -> BookingTrade:
    return open_booking_trade(platform)


@pytest.fixture
def as_party(trade: BookingTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def booked(trade: BookingTrade, terms: BookingTerms | None, equipment: str = "22G1") -> str:
    """Return the address of the trader's booking with the carrier."""
    quote = trade.accepted(equipment_type=equipment)
    with trade.platform.begin(trade["trader"]) as work:
        made = bookings.book(work, quote, terms).id
    return f"/freight/bookings/{to_global_id('Booking', str(made))}"


def facts(section: Element) -> dict[str, str]:
    return {each.one("dt").text: each.one("dd").text for each in section.all("div") if each.all("dt")}


def test_both_sides_read_what_is_asked_for_on_the_bookings_page(
    trade: BookingTrade, as_party: AsParty
) -> None:
    address = booked(trade, TERMS)
    for party in ("trader", "carrier"):
        section = is_sound(as_party(party).get(address)).section("What is asked for")
        assert facts(section) == {
            "Taken over": "Door, less than a container",
            "Handed over": "Container yard, full containers",
            "Freight": "Collect",
            "Incoterms 2020": "FCA",
            "Service contract": "HHL51800000",
            "Part of the load": "may not go alone",
            "Other equipment": "may not be provided",
            "Export": "a declaration is required",
        }
        assert section.one("h3").text == "2 \N{MULTIPLICATION SIGN} 22G1"
        assert "The shipper's own, tare 2,200 lb each." in section.text
        tools, chemicals = (row.all("td") for row in section.one("tbody").all("tr"))
        assert [each.text for each in tools] == [
            "Machine tools",
            "845710 8458119090",
            "18,450.5 kg",
            "—",
            "—",
        ]
        assert [each.text for each in chemicals[1:]] == ["—", "18,450.5 kg", "—", "1,800"]
        assert chemicals[0].one("li").text == (
            "UN 1830 Sulphuric acid <98 %>, class 8 (6.1), packing group 2, marine pollutant"
        )


def test_a_reefer_is_told_with_its_settings_and_a_share_of_nothing_is_told_too(
    trade: BookingTrade, as_party: AsParty
) -> None:
    section = is_sound(as_party("carrier").get(booked(trade, FROZEN, "22R1"))).section("What is asked for")
    settings = {"Temperature", "Humidity", "Ventilation", "Before it is filled", "Oxygen", "Cold treatment"}
    assert {name: said for name, said in facts(section).items() if name in settings} == {
        "Temperature": "-18.5 °C",
        "Humidity": "0 %",
        "Ventilation": "shut",
        "Before it is filled": "cooled",
    }


def test_parties_voyage_volume_and_licences_are_told_too(trade: BookingTrade, as_party: AsParty) -> None:
    section = is_sound(as_party("carrier").get(booked(trade, wished(trade.now.date())))).section(
        "What is asked for"
    )
    said = facts(section)
    assert said["Export"] == "a declaration is required: EMC007123"
    assert said["Import"] == "a licence is required: LIC-1"
    assert said["Ship"] == "King of the Seas (IMO 9321483)"
    assert said["Voyage"] == "2103S, 2103N"
    assert said["Service"] == "Great Lion Service, FE1, SR12345A"
    assert said["Expected to arrive"] == "1 Jun 2026 to 3 Jun 2026"
    assert said["Whom to ask"] == "Henrik, +45 51801234, henrik@example.com"
    assert said["Consignee"] == (
        "Import & Co, Ruijggoordweg 100, 1047 HM, Amsterdam, NL, reference R-1, order PO-1,"
        " LEI 529900T8BM49AURSDO55, PAN (IN) AAAAA0000A; Desk, desk@example.com"
    )
    assert said["Carrier's office"] == "Line, Hamburg, DEHAM"
    assert said["To be notified first"] == "Agents Ltd"
    (goods,) = section.one("tbody").all("tr")
    assert "Export licence of 1 Jun 2026 until 2 Jun 2026" in goods.text
    assert goods.all("td")[3].text == "36.5 m\N{SUPERSCRIPT THREE}"


def test_a_booking_without_terms_asks_for_what_was_quoted(trade: BookingTrade, as_party: AsParty) -> None:
    section = is_sound(as_party("trader").get(booked(trade, None))).section("What is asked for")
    assert "Nothing beside what was quoted for." in section.text
