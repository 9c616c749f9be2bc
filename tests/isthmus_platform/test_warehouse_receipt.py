"""A warehouse receipt is a title of its own: of the forwarder that stores, beside the bill of lading."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from isthmus_platform.database import Platform, new_id
from isthmus_platform.errors import PlatformError
from isthmus_platform.title import TitleBlocked
from isthmus_platform.title.records import TitleRecord
from title_trade import TitleTrade, open_title_trade

RECEIPT = "WAREHOUSE_RECEIPT"


@pytest.fixture
def trade(platform: Platform) -> TitleTrade:
    """A trade of which the forwarder made the shipment for the trader, and stores it."""
    opened = open_title_trade(platform)
    opened.papers.trade.delegate()
    given = {"reference": "KHH-HAM-2", "ucr": "6TW24536806-2", "on_behalf_of": "trader"}
    return TitleTrade(opened.papers, opened.papers.trade.ship("forwarder", **given))


def stored(trade: TitleTrade, by: str = "forwarder", number: str = "FWR-1", **changes: object) -> UUID:
    return trade.issue(by, **{"kind": RECEIPT, "number": number} | changes)


def test_it_passes_is_pledged_and_surrendered_for_the_goods_and_its_file_verifies(
    trade: TitleTrade,
) -> None:
    one = stored(trade)
    lien = trade.pledge(one)
    with pytest.raises(TitleBlocked):
        trade.act("trader", one, "TRANSFER", "consignee")
    trade.release("bank", lien)
    assert trade.act("trader", one, "TRANSFER", "consignee") == "HELD"
    assert trade.act("consignee", one, "SURRENDER_FOR_DELIVERY") == "DELIVERY_REQUESTED"
    assert trade.act("forwarder", one, "SACC") == "SURRENDERED"
    assert len(trade.verified("forwarder", one)) == 4


def test_it_stands_beside_the_bill_of_lading_and_is_never_taken_for_it(trade: TitleTrade) -> None:
    receipt = stored(trade)
    assert trade.holder_of("trader") is None
    bill = trade.issue()
    trade.act("trader", receipt, "SURRENDER_FOR_DELIVERY")
    trade.act("forwarder", receipt, "SACC")
    standing = trade.holder_of("trader")
    assert standing is not None
    assert (standing.title_id, standing.surrendered) == (bill, False)


@pytest.mark.parametrize("reason", ["COD", "SWI"])
def test_what_is_amended_of_carriage_is_not_amended_of_storage(trade: TitleTrade, reason: str) -> None:
    one = stored(trade)
    with pytest.raises(PlatformError) as refusal:
        trade.act("trader", one, "SURRENDER_FOR_AMENDMENT", reason=reason)
    assert refusal.value.code == "wrong_reason"
    trade.act("trader", one, "SURRENDER_FOR_AMENDMENT", reason="SWTP")
    assert trade.act("forwarder", one, "SACC") == "PAPER"
    assert trade.standing("trader", stored(trade, replaces=one)).version == 2


def test_its_forwarder_alone_issues_it_once_and_no_bill_of_lading(trade: TitleTrade) -> None:
    before = trade.everything()
    for call, code in (
        (partial(stored, trade, by="carrier"), "role_required"),
        (partial(stored, trade, by="trader"), "role_required"),
        (partial(trade.issue, "forwarder"), "role_required"),
        (partial(stored, trade, recipient="forwarder"), "to_self"),
    ):
        with pytest.raises(PlatformError) as refusal:
            call()
        assert refusal.value.code == code
    assert trade.everything() == before
    stored(trade)
    with pytest.raises(PlatformError) as refusal:
        stored(trade, number="FWR-2")
    assert refusal.value.code == "title_exists"


def test_who_may_read_the_bill_of_lading_alone_sees_no_receipt(trade: TitleTrade) -> None:
    stored(trade)
    bill = trade.issue()
    paper = trade.papers.store(type_code="705", reference="KHH-HAM-2").document_id
    month = trade.platform.clock() + timedelta(days=30)
    trade.papers.grant(paper, reader="insurer", valid_until=month)
    with trade.platform.begin(trade["insurer"]) as work:
        seen = set(work.session.scalars(select(TitleRecord.id)))
    assert seen == {bill}


@pytest.mark.parametrize(
    ("by", "kind", "why"),
    [
        ("forwarder", "BILL_OF_LADING", "row-level security"),
        ("carrier", RECEIPT, "row-level security"),
        ("forwarder", RECEIPT, "uq_title_live"),
    ],
)
def test_the_database_takes_each_kind_from_its_issuer_alone_and_one_at_a_time(
    trade: TitleTrade, by: str, kind: str, why: str
) -> None:
    stored(trade)
    with trade.platform.begin(trade["forwarder"]) as work:
        row = work.session.scalars(select(TitleRecord)).one()
        held = {column.name: getattr(row, column.name) for column in TitleRecord.__table__.columns}
    party_id = trade[by].party_id
    copied = held | {"id": new_id(), "number": "FWR-2", "kind": kind, "issuer_id": party_id}
    with pytest.raises(DBAPIError, match=why), trade.platform.begin(trade[by]) as work:
        work.session.execute(insert(TitleRecord).values(copied))
