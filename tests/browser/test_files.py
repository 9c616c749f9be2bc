"""Lines of a field that a browser fills in from files of the person's, which are not sent."""

from hashlib import sha256

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from browsing import window
from counterparts import serving
from insurance_trade import DESK, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_portal import Files
from portal_example import PASSWORD
from portal_services import portal_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

GIVEN = ",,,,ICC_A,0.1250"
RATES = ",,,,WAR,0.0275\n"


def chosen(name: str) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": RATES.encode()}


def test_lines_are_taken_from_files_by_their_text_or_by_name_and_digest(
    chromium: Browser, platform: Platform
) -> None:
    trade = open_insured_trade(platform)
    app = portal_of(platform, DESK, trade.papers.trade.actors, Files())
    with serving(app) as site, window(chromium, site) as opened:
        opened.sign_in("insurer@demo.example", PASSWORD)
        page = opened.go("/insurance/tariffs")
        lines = page.get_by_label("Rates", exact=True)
        lines.fill(f"{GIVEN}\n")
        page.get_by_label("Or from files").set_input_files([chosen("rates.csv")])
        expect(lines).to_have_value(f"{GIVEN}\n,,,,WAR,0.0275")
        page.evaluate("document.querySelector('[data-into]').dataset.as = 'digests'")
        page.get_by_label("Or from files").set_input_files([chosen("a, b.csv")])
        expect(lines).to_have_value(f"{GIVEN}\n,,,,WAR,0.0275\na b.csv, {sha256(RATES.encode()).hexdigest()}")
        lines.fill(f"{GIVEN}\n{RATES}")
        page.get_by_label("Least premium").fill("50 USD")
        page.get_by_role("button", name="Publish the table").click()
        expect(page.get_by_role("heading", name="Rates in USD")).to_be_visible()
        assert opened.complaints == []
