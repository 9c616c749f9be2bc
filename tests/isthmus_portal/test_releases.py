"""The pages of releases on the real schema: the verdict, holds, delivery orders, and who may do what."""

import pytest
from graphql_relay import to_global_id

from isthmus_platform.database import Platform
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from release_trade import ReleaseTrade, open_release_trade
from title_trade import DESK, UCR


@pytest.fixture
def trade(platform: Platform) -> ReleaseTrade:
    return open_release_trade(platform)


@pytest.fixture
def as_party(trade: ReleaseTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.titles.papers.trade.actors, Files())


def verdict(shown: Element) -> dict[str, str]:
    """Return what is said of each condition, by its name."""
    conditions = shown.section("Verdict").one("ol").all("li")
    return {each.all("b")[0].text: each.text for each in conditions}


def test_the_verdict_says_of_each_condition_who_can_clear_it_and_since_when(
    trade: ReleaseTrade, as_party: AsParty
) -> None:
    carrier = as_party("carrier")
    opened = done(
        carrier,
        is_sound(carrier.get("/releases")),
        "Open a release",
        consignee="consignee",
        terminal="terminal",
    )
    said = verdict(opened)
    assert list(said) == [
        "Title surrendered",
        "Released for export",
        "Freight paid",
        "Financing bank's consent",
        "No holds",
    ]
    assert "missing" in said["Freight paid"]
    assert "Can be cleared by carrier. Since 1 Jun 2026" in said["Freight paid"]
    assert "Can be cleared by trader" in said["Released for export"]
    assert "holds Nothing holds the cargo." in said["No holds"]
    assert "3 of 5 conditions missing" in opened.section("Verdict").text
    assert "3 of 5 missing" in as_party("trader").get("/releases").one("tbody").text
    assert offered(opened) == ["Freight is paid", "Hold the cargo", "Address it to others"]


def test_an_order_issues_when_every_condition_holds_and_its_token_opens_the_gate(
    trade: ReleaseTrade, as_party: AsParty
) -> None:
    address = f"/releases/{to_global_id('CargoRelease', str(trade.ready()))}"
    carrier, terminal, consignee = as_party("carrier"), as_party("terminal"), as_party("consignee")
    ready = is_sound(carrier.get(address))
    assert "May be released" in ready.section("Verdict").text
    form, values = ready.form("Issue the delivery order")
    sent = [carrier.client.post(form, data=values).status_code for _ in range(2)]
    assert sent == [303, 303]
    ordered = consignee.get(address).section("Delivery order")
    assert len(ordered.all("li")) == 1
    assert "2 d left" in ordered.text
    token = ordered.one(css="command").one("code").text
    gate = is_sound(terminal.get(address))
    assert token not in gate.text
    assert offered(gate) == ["Hand the cargo out", "Hold the cargo"]
    wrong = refused(terminal, gate, "Hand the cargo out", token="ABCD-EFGH")
    assert wrong.one("p", id="pick-up-token-said").text == "The token is not this delivery order's."
    handed = done(terminal, gate, "Hand the cargo out", token=token)
    assert "Picked up" in handed.one(css="head-status").text
    assert offered(handed) == []


def test_an_order_that_is_asked_for_too_early_is_refused_with_all_that_is_missing(
    trade: ReleaseTrade, as_party: AsParty
) -> None:
    key = trade.ready()
    carrier = as_party("carrier")
    ready = carrier.get(f"/releases/{to_global_id('CargoRelease', str(key))}")
    trade.hold(key)
    trade.freight(key, paid=False)
    before = trade.rows()
    told = refused(carrier, ready, "Issue the delivery order").one("p", role="alert").text
    assert "freight is paid" in told
    assert "held" in told
    assert trade.rows() == before


def test_a_hold_is_placed_revokes_the_order_and_is_lifted_by_whoever_placed_it(
    trade: ReleaseTrade, as_party: AsParty
) -> None:
    key = trade.ready()
    trade.order(key)
    address = f"/releases/{to_global_id('CargoRelease', str(key))}"
    terminal, carrier = as_party("terminal"), as_party("carrier")
    held = done(terminal, terminal.get(address), "Hold the cargo", reason="Storage is not paid")
    assert "Revoked" in held.section("Delivery order").text
    assert "Terminal: Storage is not paid" in held.section("Holds").text
    assert "missing The cargo is held: terminal hold of terminal" in verdict(held)["No holds"]
    seen = carrier.get(address)
    assert not [button for button in seen.all("button") if button.text == "Lift the hold"]
    assert "Issue the delivery order" not in offered(seen)
    lifted = done(terminal, held, "Lift the hold")
    assert "lifted" in lifted.section("Holds").text
    assert "Issue the delivery order" in offered(carrier.get(address))


def test_customs_holds_by_the_consignment_and_sees_its_own_holds_alone(
    trade: ReleaseTrade, as_party: AsParty
) -> None:
    key = trade.open()
    customs = as_party("authority")
    page = is_sound(customs.get("/releases"))
    assert "No release yet" in page.text
    unknown = refused(
        customs, page, "Hold cargo for customs", ucr="NONE", legalBasis="Art. 198", reason="X-ray"
    )
    assert unknown.one("p", id="customs-ucr-said").text
    placed = done(customs, page, "Hold cargo for customs", ucr=UCR, legalBasis="Art. 198", reason="X-ray")
    assert "X-ray" in placed.section("Holds that you placed").text
    customs.get(f"/releases/{to_global_id('CargoRelease', str(key))}", status=404)
    assert "NO_HOLDS" in trade.missing(key)
    done(customs, placed, "Lift the hold")
    assert "NO_HOLDS" not in trade.missing(key)


def test_a_release_is_no_page_for_whoever_has_no_part_in_it(trade: ReleaseTrade, as_party: AsParty) -> None:
    address = f"/releases/{to_global_id('CargoRelease', str(trade.open()))}"
    stranger = as_party("stranger")
    stranger.get(address, status=404)
    assert "No release yet" in stranger.get("/releases").text
    assert offered(as_party("trader").get(address)) == []
