"""The pages of risk on the real schema: a rule to its end, the screen of a shipment, an appeal."""

from dataclasses import replace
from decimal import Decimal

import pytest

from credit_case import spoiled
from credit_trade import open_credit_trade
from held import as_owner
from isthmus_platform.database import Platform
from isthmus_platform.papers import issuing
from isthmus_platform.papers.parts import Measure
from isthmus_portal import Files
from isthmus_portal.pages.risk import chart
from page import Element
from papers_of_trade import BILL, PACKING_LIST
from paperwork import open_paperwork
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty, Visitor
from risk_trade import RiskTrade, open_risk_trade
from title_trade import DESK
from trade import DRAFT, Trade

RULE = {
    "code": "DEAR_GOODS",
    "about": "OWNER",
    "category": "PRICE",
    "says": "A price far from the trade's own",
    "condition": "price.known && price.deviation > 3.5",
}


@pytest.fixture
def trade(platform: Platform) -> RiskTrade:
    return open_risk_trade(platform)


@pytest.fixture
def as_party(trade: RiskTrade) -> AsParty:
    other = replace(trade["carrier"], subject="user:another")
    return acquainted(trade.platform, DESK, {**trade.trade.actors, "another": other}, Files())


def activated(trade: RiskTrade, carrier: Visitor) -> Element:
    """Let the carrier write, simulate and activate a rule on its pages, and return the last of them."""
    written = done(carrier, is_sound(carrier.get("/risk")), "Write a rule", **RULE)
    assert offered(written) == ["Run it on your history", "Retire"]
    done(carrier, written, "Run it on your history", reviewCost="25.00 USD")
    trade.drain()
    address = written.all("form", css="stack")[0].attributes["action"]
    simulated = is_sound(carrier.get(address))
    assert "1 caught of 9" in simulated.section("On your history").text
    assert "111 reviews for 1,000 shipments: US$2,777.78" in simulated.section("On your history").text
    assert "S-50" in simulated.section("What the last run caught").text
    return done(carrier, simulated, "Activate")


def test_the_screen_has_what_the_examination_under_a_credit_found(platform: Platform) -> None:
    credits_ = open_credit_trade(platform)
    Trade(platform, credits_.actors).ship("seller", carrier=None)
    seller = acquainted(platform, DESK, credits_.actors, Files())("seller")
    presented = credits_.present(credits_.advised(), documents=spoiled("705", {"freight": "COLLECT"}, {}))
    address, name = "/risk/shipments/KHH-HAM-1", "Documents presented under credits"
    assert "Not examined yet" in is_sound(seller.get(address)).section(name).text
    credits_.examine(presented)
    shown = is_sound(seller.get(address)).section(name).text
    assert "freight is COLLECT" in shown
    assert "Discrepant" in shown


def test_the_screen_has_papers_that_differ_for_their_owner_alone(platform: Platform) -> None:
    trade = open_paperwork(platform).trade
    trade.ship()
    heavier = replace(BILL, gross_mass=Measure(Decimal("18.6"), "TNE"))
    for type_code, paper in (("271", PACKING_LIST), ("705", heavier)):
        with platform.begin(trade.actors["trader"]) as work:
            issuing.issue(work, DESK, DRAFT.reference, paper, title=f"Paper {type_code}")
    as_party = acquainted(platform, DESK, trade.actors, Files())
    address = f"/risk/shipments/{DRAFT.reference}"
    differ = is_sound(as_party("trader").get(address)).section("Papers that differ").text
    assert "18450.5 KGM in Paper 271" in differ
    assert "18.6 TNE in Paper 705" in differ
    log = "SELECT count(*) FROM access_log_entry"
    before = as_owner(platform, log)
    assert "Papers that differ" not in is_sound(as_party("carrier").get(address)).text
    assert as_owner(platform, log) == before, "to look at the risk is to read nobody's papers"


def test_a_rule_is_run_activated_and_its_finding_confirmed_appealed_and_withdrawn(
    trade: RiskTrade, as_party: AsParty
) -> None:
    trade.past()
    trade.ship(50, 90)
    carrier = as_party("carrier")
    assert offered(activated(trade, carrier)) == ["Retire"]
    trade.ship(51, 95)
    trade.drain()
    screen = is_sound(carrier.get("/risk/shipments/S-51"))
    assert "goods.1.value" in screen.section("Findings").text
    profile = is_sound(carrier.get(screen.section("Findings").link("Trader Ltd")))
    assert "10, 10 of them in 30 days" in profile.section("What you know of it").text
    assert "1 open" in profile.section("What you know of it").text
    assert [cell.text for cell in profile.section("What a kilogram cost").one("tbody").all("td")][:2] == [
        *("8458", "10"),
    ]
    as_party("rival").get("/risk/parties/trader", status=404)
    lacking = refused(carrier, screen, "Confirm", reason=" ")
    assert "This is needed." in lacking.section("Findings").text
    decided = done(carrier, screen, "Confirm", reason="Nobody pays this")
    assert "Nobody pays this" in decided.section("Findings").text
    trader = as_party("trader")
    about = is_sound(trader.get("/risk"))
    assert "Price" in about.section("Findings about you").text
    appealed = done(trader, about, "Appeal against a finding", statement="It has another spindle")
    assert "Appealed" in appealed.section("Findings about you").text
    own = refused(carrier, carrier.get("/risk/shipments/S-51"), "Withdraw the finding", reason="So it is")
    assert "Who confirmed the finding does not review its appeal." in own.section("Findings").text
    other = as_party("another")
    ended = done(
        other, is_sound(other.get("/risk/shipments/S-51")), "Withdraw the finding", reason="So it is"
    )
    assert "Withdrawn" in ended.section("Findings").text


def test_a_rule_that_cannot_be_read_is_shown_again_with_why(as_party: AsParty) -> None:
    trader = as_party("trader")
    wrong = {**RULE, "condition": "price.deviatoin > 3.5"}
    said = refused(trader, is_sound(trader.get("/risk")), "Write a rule", **wrong)
    assert "undeclared reference to 'price.deviatoin'" in said.one("p", id="write-condition-said").text


def test_there_is_no_page_of_anothers_rule_or_shipment_and_none_for_operator_and_authority(
    trade: RiskTrade, as_party: AsParty
) -> None:
    trade.ship(1)
    trade.turn_on(by="carrier")
    carrier, stranger = as_party("carrier"), as_party("stranger")
    address = next(
        link.attributes["href"]
        for link in carrier.get("/risk").all("a")
        if "/risk/rules/" in link.attributes["href"]
    )
    assert stranger.client.get(address).status_code == 404
    assert stranger.client.get("/risk/shipments/S-1").status_code == 404
    for name in ("operator", "authority"):
        assert (
            "Risk"
            not in as_party(name)
            .get("/usage" if name == "operator" else "/releases")
            .one("nav", css="main")
            .text
        )
        assert as_party(name).client.get("/risk/shipments/S-1").status_code == 404


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        ((0, 0, 0, 0), []),
        ((10, 0, 0, 0), [("rest", 0.0, 100.0)]),
        ((10, 10, 0, 0), [("caught", 0.0, 100.0)]),
        (
            (20, 10, 5, 1),
            [
                ("confirmed", 0.0, 25.0),
                ("dismissed", 25.0, 5.0),
                ("caught", 30.0, 20.0),
                ("rest", 50.0, 50.0),
            ],
        ),
    ],
    ids=["nothing yet", "none caught", "all caught", "some of each"],
)
def test_the_parts_of_a_runs_bar_make_the_whole(
    counts: tuple[int, int, int, int], parts: list[tuple[str, float, float]]
) -> None:
    names = ("done", "caught", "confirmed", "dismissed")
    assert chart(dict(zip(names, counts, strict=True))) == parts
