"""The pages of the screening on the real schema: the queue, why it is a hit, and two people deciding."""

import pytest

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import access
from isthmus_platform.database import Duty, Platform
from portal_example import PASSWORD
from portal_frame import is_sound
from portal_visitor import AsParty, add_users, visitors
from screening_trade import CONSIGNEE, Screening, screened
from trade import open_trade


@pytest.fixture
def screening(platform: Platform, platform_url: str) -> Screening:
    made = screened(open_trade(platform), platform_url)
    add_users(platform, "trader", "stranger")
    with platform.begin(Duty("onboarding")) as work:
        access.add_user(work, "trader", "colleague@demo.example", PASSWORD)
    return made


@pytest.fixture
def as_party(screening: Screening) -> AsParty:
    return visitors(screening.platform, GraphQL(screening.platform, build()))


def test_two_people_decide_of_a_hit_that_says_why_it_is_one(screening: Screening, as_party: AsParty) -> None:
    first, second, stranger = as_party("trader"), as_party("colleague"), as_party("stranger")
    assert "Nothing to review" in is_sound(first.get("/screening")).text
    screening.load({**CONSIGNEE, "countries": ["FR"]})
    screening.trade.ship()
    screening.work()
    queue = is_sound(first.get("/screening"))
    address = queue.link("Hanseatische Werkzeugmaschinen GmbH")
    stranger.get(address, status=404)
    page = is_sound(first.get(address))
    told = page.section("Why it is a hit").text
    assert "werkzeugmaschinen" in told
    assert "Another country" in told
    assert "85 or more is a hit" in told
    assert first.send(page, "Propose", decision="RELEASE", reason="Another address").status_code == 303
    proposed = is_sound(first.get(address))
    assert "A colleague approves it" in proposed.text
    assert "Approve" not in [button.text for button in proposed.all("button")]
    assert second.send(is_sound(second.get(address)), "Approve").status_code == 303
    assert "Another address" in is_sound(second.get(address)).section("History").text
    assert "Nothing to review" in first.get("/screening").text
    assert "Released" in first.get("/screening?show=all").one("tbody").text
    (hit,) = screening.hits()
    assert (hit.state, hit.proposed_by != hit.decided_by) == ("RELEASED", True)


def test_a_proposal_is_sent_back_and_a_refusal_is_told(screening: Screening, as_party: AsParty) -> None:
    screening.load(CONSIGNEE)
    screening.trade.ship()
    screening.work()
    first, second = as_party("trader"), as_party("colleague")
    address = first.get("/screening").link("Hanseatische Werkzeugmaschinen GmbH")
    open_page = first.get(address)
    first.send(open_page, "Propose", decision="CONFIRM", reason="Same address")
    late = second.send(open_page, "Propose", decision="RELEASE", reason="Other address")
    assert late.status_code == 400, "a form belongs to the session that it was shown in"
    assert second.send(second.get(address), "Send back", reason="Look again").status_code == 303
    assert [hit.state for hit in screening.hits()] == ["OPEN"]
