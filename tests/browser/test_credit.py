"""The page of a documentary credit in a browser, on the real schema: small and large, dark and light."""

from datetime import date

import pytest
from graphql_relay import to_global_id
from playwright.sync_api import Browser, expect

from browsing import Scheme, window
from counterparts import serving
from credit_case import TERMS, spoiled
from credit_trade import OPEN_TERMS, VAULT, open_credit_trade
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, SigningKey
from portal_example import PASSWORD
from portal_visitor import add_users, portal_on

OPEN_ALL = "document.querySelectorAll('main details').forEach((it) => { it.open = true; })"
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_bank_examines_a_presentation_and_pays_on_pages_without_fault(
    chromium: Browser, platform: Platform
) -> None:
    trade = open_credit_trade(platform)
    add_users(platform, "adviser")
    trade.on(date(2026, 6, 1))
    credit = trade.advised(OPEN_TERMS)
    refused = trade.present(credit, "P-1", documents=spoiled("705", {"freight": "COLLECT"}))
    trade.examine(refused, "adviser")
    trade.present(credit, "P-2", TERMS.amount_minor)
    desk = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")
    app = portal_on(platform, GraphQL(platform, build(), desk=desk))
    address = f"/credits/{to_global_id('Credit', str(credit))}"
    looks: tuple[tuple[str, Scheme], ...] = (("phone", "dark"), ("desk", "light"))
    with serving(app) as site:
        for size, scheme in looks:
            with window(chromium, site, size, scheme) as opened:
                opened.sign_in("adviser@demo.example", PASSWORD)
                page = opened.go("/credits")
                faults = opened.violations()
                page.get_by_role("link", name=TERMS.reference).click()
                expect(page.get_by_text("5 banking days left")).to_be_visible()
                page.evaluate(
                    "document.querySelectorAll('main details').forEach((it) => { it.open = true; })"
                )
                assert faults + opened.violations() == []
                assert not opened.is_wider_than_the_screen()
                assert opened.complaints == []
                if size == "desk":
                    page.get_by_role("button", name="Examine presentation 2").click()
                    page.get_by_role("button", name="Pay US$186,500.00 for presentation 2").click()
                    expect(page.locator("#balance + .big")).to_have_text("US$0.00")
                    chart = page.get_by_role("img", name="in 1 drawing")
                    assert chart.locator(".b-line").evaluate("(line) => line.getBBox().height") > 100
                    with page.expect_download() as download:
                        page.get_by_role("link", name="SWIFT MT 734 of presentation 1").click()
                    assert download.value.suggested_filename == "mt734-P-1.txt"
                    assert address in page.url
