"""The pages of risk as a browser shows them: contrast, width, complaints."""

from collections.abc import Iterator
from itertools import cycle

import pytest
from graphql_relay import to_global_id
from playwright.sync_api import Browser

from browsing import Scheme, looked_at, window
from counterparts import serving
from isthmus_platform import risk
from isthmus_platform.database import Platform
from isthmus_platform.risk import About
from isthmus_portal import Files
from portal_example import PASSWORD
from portal_services import portal_of
from risk_trade import DEAR, RiskTrade, open_risk_trade
from title_trade import DESK

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def caught(trade: RiskTrade) -> list[tuple[str, str]]:
    """Let a rule of the carrier's catch two shipments, one confirmed before; return what is looked at."""
    trade.past()
    rule = trade.turn_on(DEAR, by="carrier", about=About.OWNER)
    for number in (50, 51):
        found = trade.assess(trade.ship(number, 60 + number), "carrier")
    with trade.platform.begin(trade["carrier"]) as work:
        risk.decide(work, found[0], confirm=True, reason="Nobody pays this")
    trade.simulate(trade.write(DEAR, "carrier"), "carrier")
    assert trade.state(rule, "carrier") == "ACTIVE"
    newest = trade.as_owner("SELECT id FROM risk_rule ORDER BY version DESC")[0][0]
    return [
        ("carrier", "/risk"),
        ("carrier", f"/risk/rules/{to_global_id('RiskRule', str(newest))}"),
        ("carrier", "/risk/shipments/S-50"),
        ("trader", "/risk"),
    ]


def test_no_page_of_risk_has_a_serious_fault_for_anyone_or_scrolls_sideways(
    chromium: Browser, platform: Platform
) -> None:
    trade = open_risk_trade(platform)
    pages = caught(trade)
    faults: dict[str, list[str]] = {}
    schemes: Iterator[Scheme] = cycle(("light", "dark"))
    with serving(portal_of(platform, DESK, trade.trade.actors, Files())) as site:
        for party in dict.fromkeys(party for party, _ in pages):
            with window(chromium, site) as opened:
                opened.sign_in(f"{party}@demo.example", PASSWORD)
                opened.complaints.clear()  # of where this party begins
                for address in [address for its, address in pages if its == party]:
                    faults[f"{party} {address}"] = looked_at(opened, address, next(schemes))
    assert {address: found for address, found in faults.items() if found} == {}
