"""The pages of titles on the real schema: who holds it, its steps, the next one, and its file."""

from functools import partial

import pytest
from graphql_relay import to_global_id

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from isthmus_platform.http import titles
from isthmus_portal import Files
from isthmus_protocol.title_file import verify_title
from portal_visitor import AsParty, add_users, visitors
from title_trade import DESK, TRUST, TitleTrade, open_title_trade


@pytest.fixture
def trade(platform: Platform) -> TitleTrade:
    opened = open_title_trade(platform)
    add_users(platform, "trader", "carrier", "bank", "stranger")
    return opened


@pytest.fixture
def as_party(trade: TitleTrade) -> AsParty:
    platform = trade.platform
    files = Files(title=partial(titles.given, platform, DESK))
    return visitors(platform, GraphQL(platform, build(), desk=DESK), files)


def test_a_holder_passes_it_on_and_sees_no_more_who_holds_it(trade: TitleTrade, as_party: AsParty) -> None:
    key = trade.issue()
    address = f"/titles/{to_global_id('Title', str(key))}"
    trader, bank = as_party("trader"), as_party("bank")
    assert "No title yet" in bank.get("/titles").text
    bank.get(address, status=404)
    assert "BILL1" in trader.get("/titles").one("tbody").text
    page = trader.get(address)
    assert "Trader" in page.section("Who holds it").text
    offered = page.one("select", name_="action").text
    assert "Transfer" in offered
    assert "Surrender accepted" not in offered
    file = trader.client.get(page.link("Download the title"))
    assert verify_title(file.data, TRUST)[0].passed
    wrong = trader.send(page, "Sign the step", action="TRANSFER", recipient="trader")
    assert wrong.status_code == 422
    assert "not to itself" in wrong.text
    assert trader.send(page, "Sign the step", action="TRANSFER", recipient="bank").status_code == 303
    assert trade.holder(key) == "bank"
    past = trader.get(address)
    assert "Next step" not in past.text
    assert "Bank" in bank.get(address).section("Who holds it").text


def test_what_keeps_it_where_it_is_is_said_with_who_clears_it(trade: TitleTrade, as_party: AsParty) -> None:
    key = trade.issue()
    trade.pledge(key)
    trade.hold()
    page = as_party("trader").get(f"/titles/{to_global_id('Title', str(key))}")
    told = page.section("What keeps it where it is").text
    assert "Lien of bank, who can clear it, since" in told
    assert "Customs hold of authority, who can clear it, since" in told
    assert "Selected for examination" in told


def test_the_issuer_is_offered_to_accept_a_surrender_and_nothing_before(
    trade: TitleTrade, as_party: AsParty
) -> None:
    key = trade.issue()
    address = f"/titles/{to_global_id('Title', str(key))}"
    carrier = as_party("carrier")
    assert "Next step" not in carrier.get(address).text
    trade.act("trader", key, "SURRENDER_FOR_DELIVERY")
    page = carrier.get(address)
    assert "Surrender accepted" in page.one("select", name_="action").text
    assert carrier.send(page, "Sign the step", action="SACC").status_code == 303
    assert trade.standing("carrier", key).surrendered


def test_a_step_that_there_is_not_is_not_sent(trade: TitleTrade, as_party: AsParty) -> None:
    trader = as_party("trader")
    page = trader.get(f"/titles/{to_global_id('Title', str(trade.issue()))}")
    assert trader.send(page, "Sign the step", action="ISSUE").status_code == 400
