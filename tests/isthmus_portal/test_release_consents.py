"""A bank consents on its page to the release of cargo that it finances, and takes that back."""

import pytest

from financed_trade import FinancedTrade, open_financed_trade
from isthmus_platform.database import Platform
from isthmus_portal import Files
from page import Element
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from release_trade import WAYBILL
from title_trade import DESK, UCR

PAGE, CONSENT, BACK = "/release-consents", "Consent to the release", "Take it back"


@pytest.fixture
def trade(platform: Platform) -> FinancedTrade:
    return open_financed_trade(platform)


@pytest.fixture
def as_party(trade: FinancedTrade) -> AsParty:
    return acquainted(trade.release.platform, DESK, trade.release.titles.papers.trade.actors, Files())


def states(shown: Element) -> list[str]:
    """Return of each consent listed what is said of its state, without the time."""
    return [row.all("td")[2].text.split()[0] for row in shown.one("tbody").all("tr")]


def test_a_bank_consents_takes_it_back_and_cannot_once_the_order_is_issued(
    trade: FinancedTrade, as_party: AsParty
) -> None:
    opened = trade.release.open(document=WAYBILL)
    trade.release.declare()
    trade.release.customs_say("RELEASED")
    trade.release.freight(opened)
    trade.receivables.disbursed()
    bank, stranger = as_party("bank"), as_party("other-bank")
    empty = is_sound(bank.get(PAGE))
    assert offered(empty) == [CONSENT]
    assert len(trade.release.missing(opened)) == 1
    for visitor, ucr in ((stranger, UCR), (bank, "6TW00000000-0")):
        wrong = refused(visitor, visitor.get(PAGE), CONSENT, ucr=ucr)
        said = "There is no such consignment that you finance."
        assert wrong.one("p", id="consent-ucr-said").text == said
    given = done(bank, empty, CONSENT, ucr=UCR)
    assert (states(given), UCR in given.one("tbody").text) == (["Stands"], True)
    assert trade.release.missing(opened) == []
    taken = done(bank, given, BACK)
    assert states(taken) == ["Ended"]
    assert len(trade.release.missing(opened)) == 1
    again = done(bank, taken, CONSENT, ucr=UCR)
    assert states(again) == ["Stands", "Ended"]
    trade.release.order(opened)
    late = refused(bank, again, BACK)
    assert "The delivery order is issued" in late.one(role="alert").text
    assert states(late) == ["Stands", "Ended"]
    assert "Stands" not in stranger.get(PAGE).text
