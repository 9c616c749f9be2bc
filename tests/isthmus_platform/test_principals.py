"""For whom a party acts, as a transaction that only reads keeps it."""

from uuid import UUID

import pytest

from isthmus_platform import parties
from isthmus_platform.database import Actor, Duty, Platform
from trade import Trade, open_trade

ASKED = ("SELECT unnest(principals()), current_setting('isthmus.principals', true) <> ''", ())


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def _acts_for(trade: Trade, name: str) -> set[UUID]:
    [rows] = trade.platform.read(trade[name], [ASKED])
    assert all(kept for _, kept in rows), "found once"
    return {UUID(bytes=found) for found, _ in rows}


def _ids(*actors: Actor) -> set[UUID]:
    return {actor.party_id for actor in actors}


def test_a_delegation_holds_from_the_next_read_and_until_it_is_revoked(trade: Trade) -> None:
    trader, forwarder = trade["trader"], trade["forwarder"]
    assert _acts_for(trade, "forwarder") == _ids(forwarder)
    leave = trade.delegate()
    assert _acts_for(trade, "forwarder") == _ids(trader, forwarder)
    assert _acts_for(trade, "trader") == _ids(trader), "on the same connection"
    with trade.platform.begin(trader) as work:
        parties.revoke_delegation(work, leave)
    assert _acts_for(trade, "forwarder") == _ids(forwarder)


def test_a_duty_acts_for_nobody_though_a_party_asked_just_before(trade: Trade) -> None:
    trader, duty = trade["trader"], Duty("sign-in")
    told = trade.platform.read_in_turn((trader, [ASKED]), (duty, [ASKED]), (trader, [ASKED]))
    assert [len(rows) for [rows] in told] == [1, 0, 1]
