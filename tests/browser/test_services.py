"""Insurance, releases and freight as a browser shows them: contrast, width, keyboard, complaints."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle

import pytest
from flask import Flask
from graphql_relay import to_global_id
from playwright.sync_api import Browser

from browsing import Scheme, looked_at, window
from counterparts import serving
from insurance_trade import InsuredTrade
from isthmus_platform.database import Platform
from isthmus_platform.logistics import bookings, quotes
from isthmus_platform.logistics.booking_machine import BookingAction
from isthmus_platform.logistics.quoting import Charge, ChargeKind, PaymentTerm
from isthmus_portal import Files
from portal_example import PASSWORD
from portal_services import portal_of
from release_trade import ReleaseTrade, open_release_trade
from title_trade import DESK

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def insured(trade: InsuredTrade) -> list[tuple[str, str]]:
    """Insure cargo, with a claim and two of three words on its delay; return what is to be looked at."""
    trade.publish()
    cover = trade.cover()
    declaration = trade.declared(cover, delay=trade.delay())
    claim = trade.notify(declaration.id)
    trade.arrived("carrier", trade.now)
    return [
        ("insurer", "/insurance"),
        ("insurer", "/insurance/tariffs"),
        ("trader", f"/insurance/covers/{to_global_id('OpenCover', str(cover))}"),
        ("trader", f"/insurance/declarations/{to_global_id('CoverDeclaration', str(declaration.id))}"),
        ("trader", f"/insurance/claims/{to_global_id('InsuranceClaim', str(claim.id))}"),
    ]


def released(trade: ReleaseTrade) -> list[tuple[str, str]]:
    """Bring a release to a delivery order and a hold."""
    key = trade.ready()
    trade.order(key)
    trade.customs_hold()
    address = f"/releases/{to_global_id('CargoRelease', str(key))}"
    return [("carrier", address)]


def booked(trade: InsuredTrade) -> list[tuple[str, str]]:
    """Ask for freight, accept a quote in two currencies and confirm the booking."""
    until = trade.now + timedelta(days=7)
    question = quotes.Question("TWKHH", "DEHAM", "Machine tools", "22G1", 2, until, ["carrier"], ["Bunker"])
    with trade.platform.begin(trade["trader"]) as work:
        request = quotes.ask(work, question).id
    charges = [
        Charge(ChargeKind.BASE, "Ocean freight", 150_000, "USD", 2, "Per container", PaymentTerm.PRE),
        Charge(ChargeKind.SURCHARGE, "Bunker", 2_000, "EUR", 2, "Per container", PaymentTerm.COL),
    ]
    with trade.platform.begin(trade["carrier"]) as work:
        quote = quotes.quote(work, request, charges, valid_until=until, transit_days=34).id
    with trade.platform.begin(trade["trader"]) as work:
        quotes.accept(work, quote)
        booking = bookings.book(work, quote).id
    confirmation = bookings.Confirmation("BK-1", until, trade.now + timedelta(hours=20), until)
    with trade.platform.begin(trade["carrier"]) as work:
        bookings.act(work, booking, BookingAction.CONFIRM, confirmation=confirmation)
    return [
        ("trader", f"/freight/requests/{to_global_id('FreightRequest', str(request))}"),
        ("trader", f"/freight/bookings/{to_global_id('Booking', str(booking))}"),
    ]


@dataclass(frozen=True)
class Services:
    """A portal with something of every service, and who is to look at what."""

    app: Flask
    pages: dict[str, list[str]]


@pytest.fixture
def services(platform: Platform) -> Services:
    releasing = open_release_trade(platform)
    trade = InsuredTrade(releasing.titles.papers, releasing.titles.shipment)
    pages: dict[str, list[str]] = defaultdict(list)
    for party, address in [*insured(trade), *released(releasing), *booked(trade)]:
        pages[party].append(address)
    return Services(portal_of(platform, DESK, trade.papers.trade.actors, Files()), pages)


def test_no_page_of_a_service_has_a_serious_fault_for_anyone_or_scrolls_sideways(
    chromium: Browser, services: Services
) -> None:
    """Each page is looked at in one of the two schemes, by turns."""
    faults: dict[str, list[str]] = {}
    schemes: Iterator[Scheme] = cycle(("light", "dark"))
    with serving(services.app) as site:
        for party, addresses in services.pages.items():
            with window(chromium, site) as opened:
                opened.sign_in(f"{party}@demo.example", PASSWORD)
                opened.complaints.clear()  # of where this party begins
                for address in addresses:
                    faults[address] = looked_at(opened, address, next(schemes))
    assert {address: found for address, found in faults.items() if found} == {}
