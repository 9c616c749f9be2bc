"""The page of the financeable truth: for a bank with a grant, part by part, and of nothing to others."""

import pytest

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from page import page
from portal_frame import is_sound
from portal_visitor import AsParty, newcomers
from receivable_trade import ReceivableTrade, marks, open_receivable_trade
from title_trade import DESK, UCR, TitleTrade


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


@pytest.fixture
def as_party(platform: Platform, trade: ReceivableTrade) -> AsParty:
    return newcomers(platform, GraphQL(platform, build(), desk=DESK))


def test_a_bank_sees_each_part_with_its_source_or_why_it_is_not_known(
    trade: ReceivableTrade, as_party: AsParty
) -> None:
    bill = trade.papers.store(type_code="705").document_id
    trade.papers.grant(trade.document, bill)
    TitleTrade(trade.papers, trade.as_owner("SELECT id FROM shipment")[0][0]).issue()
    bank = as_party("bank")
    form = is_sound(bank.get("/truth"))
    answer = bank.send(form, "Look", ucr=f" {UCR} ", marks="\r\n".join(marks()))
    assert answer.status_code == 200
    told = is_sound(page(answer.text))
    assert "You have not asked the window" in told.section("The declaration").text
    assert "Exists" not in told.section("The declaration").text, "nothing is filled in"
    assert "Holder Trader" in told.section("The title").text
    assert "Chain head" in told.section("The title").text
    assert "Financed by another bank No" in told.section("This invoice").text


def test_to_who_has_no_grant_it_is_as_a_consignment_that_there_is_not(
    trade: ReceivableTrade, as_party: AsParty
) -> None:
    bank = as_party("other-bank")
    said = set()
    for ucr in (UCR, "6TW24536806-NONE"):
        answer = bank.send(bank.get("/truth"), "Look", ucr=ucr)
        assert answer.status_code == 422
        said.add(page(answer.text).one(role="alert").text)
    assert len(said) == 1
