"""The story as each party sees it in a browser, on a whole running Isthmus; nothing of it is changed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import Window, window
from installation import Installation
from isthmus.demo.cast import sign_ins
from isthmus.home import home_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("isthmus")]

REFERENCE = "KHH-HAM-0417"

Enter = Callable[[str], Window]


@pytest.fixture
def enter(chromium: Browser, isthmus: Installation) -> Iterator[Enter]:
    """Yield a function that signs a party in; nothing its pages complained of is let pass."""
    people = sign_ins(home_of(isthmus.home))
    with window(chromium, isthmus.url) as opened:

        def sign_in(party: str) -> Window:
            opened.sign_in(people[party].email, people[party].password)
            return opened

        yield sign_in
        assert opened.complaints == []


def test_the_forwarder_sees_the_voyage_customs_and_what_crossed(enter: Enter) -> None:
    page = enter("forwarder").page
    page.get_by_role("link", name=REFERENCE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(REFERENCE)
    expect(page.get_by_role("img", name="Kaohsiung, then Busan, then Hamburg")).to_be_visible()
    expect(page.locator(".event.customs").first).to_contain_text("Released")
    expect(page.locator(".event").filter(has_text="Corrected")).to_have_count(1)
    expect(page.locator(".release")).to_contain_text("Released")
    refused = page.locator(".crossing.refused")
    expect(refused).to_contain_text("/invoice/bankAccount")
    expect(refused).to_contain_text("The agreement does not list this field")
    for held in ("Irrevocable credit", "0110-4577-8190-3"):
        expect(page.locator("body")).not_to_contain_text(held)


def test_the_bank_downloads_what_it_was_granted_and_customs_confirmed_it(
    enter: Enter, tmp_path: Path
) -> None:
    page = enter("bank").page
    granted = page.locator(".files.desk li")
    expect(granted).to_have_count(3)  # two for one shipment, and the invoice that it financed
    with page.expect_download() as download:
        granted.first.get_by_role("link", name="Download").click()
    file = tmp_path / "document"
    download.value.save_as(file)
    digest = granted.first.locator(".digest").get_attribute("title")
    assert digest == f"SHA-256 {sha256(file.read_bytes()).hexdigest()}"
    expect(page.locator("#answers li").first.locator("dd")).to_have_text(["Yes", "Yes"])
    expect(page.locator("body")).not_to_contain_text("Packing list")


def test_the_trader_sees_every_read_and_each_refusal(enter: Enter) -> None:
    page = enter("trader").go("/access")
    expect(page.locator("tr.refused").filter(has_text="Packing list").first).to_be_visible()
    expect(page.locator("tr:not(.refused)", has_text="Commercial invoice").first).to_contain_text("Allowed")


def test_the_authority_takes_evidence_away_and_checks_it_offline(enter: Enter, tmp_path: Path) -> None:
    page = enter("authority").page
    page.get_by_role("link", name="Refused").click()
    expect(page.locator("tbody tr").filter(has_text="/invoice/bankAccount")).to_have_count(1)
    page.get_by_role("link", name="All").click()
    page.get_by_role("link", name="Export declaration").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bundle").click()
    bundle = tmp_path / download.value.suggested_filename
    download.value.save_as(bundle)
    command = page.locator(".command code").inner_text()
    assert command == f"isthmus verify {bundle.name}"
    verify = [sys.executable, "-m", "isthmus_protocol.verify", str(bundle)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0


def test_the_operator_sees_invoices_whose_lines_lead_back_and_no_document(enter: Enter) -> None:
    opened = enter("operator")
    page = opened.go("/invoices")
    page.locator("tbody a").first.click()
    expect(page.get_by_text("Concession fee, to the authority")).to_be_visible()
    page.locator("details.line summary").first.click()
    expect(page.locator("details.line[open] tbody tr").first).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).not_to_contain_text("Shipments")


def test_signing_out_leaves_nothing_behind_the_back_button(enter: Enter) -> None:
    page = enter("trader").page
    with page.expect_navigation():  # whoever goes back has seen that they are signed out
        page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
