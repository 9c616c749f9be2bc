"""What only a browser can tell: contrast, keyboard, width, scripts, the content security policy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browsing import Scheme, Window, window
from portal_example import CROSSINGS, EXCHANGE, PASSWORD, PENDING, QUESTION, REFERENCE, Example

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = [
    ("trader", "/shipments"),
    ("trader", f"/shipments/{REFERENCE}"),
    ("trader", "/shipments/KHH-OAK-0551"),
    ("bank", "/desk"),
    ("authority", "/log"),
    ("authority", "/log/crossing:2"),
    ("trader", "/access"),
    ("operator", "/usage?period=2026-11"),
    ("operator", "/invoices"),
    ("operator", "/invoices/invoice:1"),
    ("trader", "/nowhere"),
]


@pytest.fixture
def desk(chromium: Browser, site: str) -> Iterator[Window]:
    with window(chromium, site) as opened:
        yield opened


def enter(opened: Window, party: str) -> None:
    opened.sign_in(f"{party}@demo.example", PASSWORD)


@pytest.mark.parametrize(
    ("size", "scheme"), [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")]
)
def test_no_page_has_a_serious_fault_for_anyone_or_scrolls_sideways(
    chromium: Browser, site: str, size: str, scheme: Scheme
) -> None:
    faults: dict[str, list[str]] = {}
    with window(chromium, site, size, scheme) as door:
        door.go("/sign-in")
        faults["/sign-in"] = door.violations()
    for party in dict.fromkeys(party for party, _ in PAGES):
        with window(chromium, site, size, scheme) as opened:
            enter(opened, party)
            for address in [address for its, address in PAGES if its == party]:
                page = opened.go(address)
                page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
                faults[address] = opened.violations()
                if opened.is_wider_than_the_screen():
                    faults[address].append("scrolls sideways")
            faults[f"complaints of {party}"] = [said for said in opened.complaints if "404" not in said]
    assert {address: found for address, found in faults.items() if found} == {}


def test_signing_in_needs_no_mouse(desk: Window) -> None:
    page = desk.go("/sign-in")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("trader@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shipments")


def test_the_first_key_leads_past_the_navigation(desk: Window) -> None:
    enter(desk, "trader")
    page = desk.go("/shipments")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_demonstration_sign_in_is_one_click(desk: Window) -> None:
    page = desk.go("/sign-in")
    page.get_by_role("button", name="bank@demo.example").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Document desk")


def test_the_land_is_drawn_in_the_map(desk: Window) -> None:
    enter(desk, "trader")
    page = desk.go(f"/shipments/{REFERENCE}")
    land = page.locator("svg .land").first
    expect(land).to_be_visible()
    assert land.evaluate("(use) => use.getBBox().width") > 3000


def test_a_shipment_tells_what_goes_wrong_who_differs_and_whose_word_counts(desk: Window) -> None:
    enter(desk, "trader")
    page = desk.go(f"/shipments/{REFERENCE}")
    head = page.locator(".head-status")
    expect(head).to_contain_text("by carrier (carrier), said 16 Jun 2026")
    expect(head).to_contain_text("1 d 12 h behind plan")
    exceptions = page.get_by_role("region", name="Exceptions").get_by_role("listitem")
    expect(exceptions).to_have_text(
        [
            re.compile("ETA slipped 36 h.*since 16 Jun 2026", re.DOTALL),
            re.compile("Rolled.*over on 6 Jun", re.DOTALL),
        ]
    )
    conflict = page.get_by_role("region", name="Where sources differ")
    expect(conflict.locator(".followed")).to_have_text(
        re.compile(r"busan-terminal terminal\s*10 Jun 2026, 14:00 UTC\s*Followed")
    )
    expect(conflict.locator(".left")).to_have_text(re.compile(r"carrier carrier\s*10 Jun 2026, 09:00 UTC"))
    expect(conflict).to_contain_text(
        "stands nearer to it than carrier, so its word is followed. They are 5 h apart."
    )
    dwells = page.get_by_role("region", name="Time at each place")
    expect(dwells).to_contain_text("1 d 6 h")
    expect(dwells).to_contain_text("7 d 19 h so far")


def test_the_command_is_copied_with_a_click(chromium: Browser, site: str) -> None:
    with window(chromium, site) as opened:
        opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        enter(opened, "authority")
        page = opened.go("/log/crossing:2")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == f"isthmus verify evidence-{EXCHANGE.format(2)}.json"


def test_an_answer_appears_by_itself_when_it_comes(desk: Window, example: Example) -> None:
    example.crossings = [PENDING, *CROSSINGS]
    enter(desk, "bank")
    page = desk.go("/desk?asked=crossing:9")
    expect(page.get_by_text("Waiting for the single window")).to_be_visible()
    example.crossings = [{**PENDING, "answer": QUESTION["answer"], "state": "ACKNOWLEDGED"}, *CROSSINGS]
    expect(page.get_by_text("Waiting for the single window")).to_be_hidden()
    expect(page.locator("#answers .now dd")).to_have_text(["Yes", "Yes"])


def test_pages_work_without_any_script(chromium: Browser, site: str, example: Example) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = Window(context.new_page(), site)
    enter(opened, "trader")
    page = opened.go(f"/shipments/{REFERENCE}")
    page.get_by_text("Give access", exact=True).first.click()
    page.get_by_label("Reader").fill("bank")
    page.get_by_label("Commercial invoice FPM-2026-0417").check()
    page.get_by_role("button", name="Give access").click()
    expect(page.get_by_role("status")).to_have_text("Access granted. It can be revoked at any time.")
    assert [name for name, _ in example.changes] == ["grantAccess"]
    context.close()
