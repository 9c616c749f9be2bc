"""Issuing a title, pledging it, holding it, clearing both, on the pages: offered to whom, and refusals."""

from typing import Any

import pytest

from isthmus_platform.database import Platform
from isthmus_portal import Files
from isthmus_portal.pages.title_acts import anew
from page import Element, page
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from title_trade import BASIS, DESK, DIGEST, UCR, TitleTrade, open_title_trade

BILL = {
    "number": "BILL1",
    "documentDigest": f"bill.pdf, {DIGEST.removeprefix('sha-256:')}",
    "form": "NEGOTIABLE",
    "recipient": "trader",
}
MEMBERSHIP = ["Suspend a party from the register", "Lift your suspension of a party"]
NO_DIGEST = "The SHA-256 digest of one file: 64 hexadecimal digits."


@pytest.fixture
def trade(platform: Platform) -> TitleTrade:
    return open_title_trade(platform)


@pytest.fixture
def as_party(trade: TitleTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.papers.trade.actors, Files())


def _address(shown: Element) -> str:
    """Return where the title of a page is."""
    return next(it.attributes["action"] for it in shown.all("form") if "/titles/" in it.attributes["action"])


def test_a_carrier_issues_the_title_of_a_shipment_and_its_holder_pledges_it_until_the_bank_clears_it(
    trade: TitleTrade, as_party: AsParty
) -> None:
    carrier, trader, bank = as_party("carrier"), as_party("trader"), as_party("bank")
    issued = done(carrier, is_sound(carrier.get("/titles")), "Issue a title", **BILL)
    assert issued.one("h1").text == "BILL1"
    assert DIGEST in issued.section("Who holds it").text
    assert offered(issued) == []
    assert "KHH-HAM" not in carrier.get("/titles").one("select", name_="shipment").text, "it has a title now"
    address = trader.get("/titles").link("BILL1")
    held = is_sound(trader.get(address))
    assert offered(held) == ["Pledge it to a bank"]
    wrong = refused(trader, held, "Pledge it to a bank", inFavourOf="carrier", reference="LOAN-1")
    said = "A lien is in favour of another party, a bank."
    assert wrong.one("p", id="pledge-inFavourOf-said").text == said
    assert wrong.one("input", name_="reference").value == "LOAN-1"
    pledged = done(trader, held, "Pledge it to a bank", inFavourOf="bank", reference="LOAN-1")
    assert "Lien of bank, who can clear it" in pledged.section("What keeps it where it is").text
    again = refused(trader, pledged, "Pledge it to a bank", inFavourOf="bank", reference="LOAN-2")
    assert "stands on the title already" in again.one(role="alert").text
    lent = is_sound(bank.get(address))
    assert offered(lent) == ["Clear your lien"]
    assert offered(done(bank, lent, "Clear your lien")) == []
    assert "What keeps it" not in trader.get(address).text


def test_an_authority_holds_the_titles_of_a_consignment_and_alone_clears_the_hold(
    trade: TitleTrade, as_party: AsParty
) -> None:
    trade.issue()
    customs, trader = as_party("authority"), as_party("trader")
    empty = is_sound(customs.get("/titles"))
    assert offered(empty) == ["Hold the titles of a consignment", *MEMBERSHIP]
    given = {"legalBasis": BASIS, "reason": "Selected for examination"}
    wrong = refused(customs, empty, "Hold the titles of a consignment", ucr="6TW00000000-0", **given)
    assert wrong.one("p", id="hold-ucr-said").text == "There is no such consignment with a title."
    held = done(customs, empty, "Hold the titles of a consignment", ucr=UCR, **given)
    assert "Customs hold" in held.one("tbody").text
    page = is_sound(customs.get(held.link("BILL1")))
    assert "Trader" not in page.section("Who holds it").text
    assert offered(page) == ["Clear your customs hold"]
    blocked = trader.get(held.link("BILL1"))
    assert "Clear your customs hold" not in blocked.text
    moved = trader.send(blocked, "Sign the step", action="TRANSFER", recipient="bank")
    assert moved.status_code == 422
    assert "a customs hold of authority, who can clear it" in moved.text
    done(customs, page, "Clear your customs hold")
    assert trader.send(blocked, "Sign the step", action="TRANSFER", recipient="bank").status_code == 303
    late = refused(customs, page, "Clear your customs hold", once="another-key")
    assert late.one(role="alert").text == "There is no such lien or hold of yours."


def test_a_forwarder_issues_the_warehouse_receipt_of_a_shipment_that_it_stores(
    trade: TitleTrade, as_party: AsParty
) -> None:
    trade.papers.trade.delegate()
    given = {"reference": "KHH-HAM-2", "ucr": "6TW24536806-2", "on_behalf_of": "trader"}
    trade.papers.trade.ship("forwarder", **given)
    forwarder = as_party("forwarder")
    page = is_sound(forwarder.get("/titles"))
    assert offered(page) == ["Issue a warehouse receipt"]
    assert page.one("select", name_="shipment").text == "KHH-HAM-2 · BILL1"
    issued = done(forwarder, page, "Issue a warehouse receipt", **(BILL | {"number": "FWR-1"}))
    assert "warehouse receipt" in issued.one("main").text
    assert "Warehouse receipt" in as_party("trader").get("/titles").one("tbody").text
    assert "KHH-HAM" not in forwarder.get("/titles").one("select", name_="shipment").text


def test_the_operator_suspends_a_party_and_lifts_its_own_suspension(
    trade: TitleTrade, as_party: AsParty
) -> None:
    operator, customs, trader = as_party("operator"), as_party("authority"), as_party("trader")
    trade.issue()
    page = is_sound(operator.get("/titles"))
    assert offered(page) == MEMBERSHIP
    suspend, readmit = MEMBERSHIP
    wrong = refused(operator, page, suspend, party="operator", reason="Insolvent")
    assert wrong.one("p", id="suspend-party-said").text == "A party does not suspend itself."
    done(operator, page, suspend, party="trader", reason="Insolvent")
    title = trader.get(trader.get("/titles").link("BILL1"))
    moved = trader.send(title, "Sign the step", action="TRANSFER", recipient="bank")
    assert "You are suspended from the register of titles." in moved.text
    other = refused(customs, customs.get("/titles"), readmit, party="trader")
    assert other.one("p", id="readmit-party-said").text == "You have not suspended this party."
    done(operator, operator.get("/titles"), readmit, party="trader")
    assert trader.send(title, "Sign the step", action="TRANSFER", recipient="bank").status_code == 303
    assert offered(as_party("bank").get("/titles")) == [], "nobody else is offered it"


def test_why_a_title_is_not_issued_is_said_beside_the_field_and_none_is(
    trade: TitleTrade, as_party: AsParty
) -> None:
    carrier = as_party("carrier")
    form = carrier.get("/titles")
    for field, entered, said in (
        ("documentDigest", "bill.pdf", NO_DIGEST),
        ("documentDigest", f"bill.pdf, {'ab' * 32}other.pdf, {'cd' * 32}", NO_DIGEST),
        ("number", "bill 1", "A bill's number is 1 to 20 capital letters, digits, hyphens or strokes."),
        ("recipient", "nobody-here", "There is no party named 'nobody-here'."),
    ):
        wrong = refused(carrier, form, "Issue a title", **(BILL | {field: entered}))
        assert wrong.one("p", id=f"issue-{field}-said").text == said
        assert wrong.one("input", name_=field).value == entered
    assert trade.as_owner("SELECT 1 FROM title") == []


def seen(shipment: str, state: str, issuer: str = "carrier") -> dict[str, Any]:
    """Return a title of a shipment as the page asks for it."""
    return {
        "id": f"title of {shipment}",
        "number": "BILL1",
        "version": 1,
        "kind": "BILL_OF_LADING",
        "state": state,
        "shipment": {"id": shipment, "reference": shipment.upper()},
        "issuer": {"name": issuer},
    }


def test_shipments_without_a_live_title_are_offered_and_what_ended_is_replaced() -> None:
    shipments = [
        {
            "id": name,
            "reference": name.upper(),
            "billOfLading": bill,
            "carrier": by and {"name": by},
            "forwarder": None,
        }
        for name, bill, by in (
            ("a", None, "carrier"),
            ("b", "BILL1", "carrier"),
            ("c", None, "carrier"),
            ("d", None, "another"),
            ("e", None, None),
        )
    ]
    titles = [seen("b", "VOID"), seen("c", "HELD"), seen("x", "PAPER", issuer="another")]
    issue = anew({"shipments": shipments, "titles": titles}, "carrier")[0]
    options = {field.name: field.options for field in issue.fields}
    assert options["shipment"] == (("a", "A"), ("b", "B · BILL1"))
    assert options["replaces"] == (("title of b", "BILL1, version 1 (B)"),)


def test_who_neither_carries_nor_is_an_authority_is_offered_neither_and_the_form_of_one_is_refused(
    trade: TitleTrade, as_party: AsParty
) -> None:
    trade.issue()
    before = trade.everything()
    given = {"act": "hold", "ucr": UCR, "legalBasis": BASIS, "reason": "Why not"}
    for party in ("trader", "bank", "stranger"):
        visitor = as_party(party)
        shown = is_sound(visitor.get("/titles"))
        assert offered(shown) == []
        keys = {"csrf_token": shown.one("input", name_="csrf_token").value, "once": f"by-{party}"}
        answer = visitor.client.post("/titles", data=given | keys)
        assert answer.status_code == 422
        assert "authority" in is_sound(page(answer.text)).one(role="alert").text
    assert trade.everything() == before
