"""An event notes whose shipment it is about, however it came to be attached, so that its policy is cheap."""

from uuid import UUID, uuid4

import psycopg
import pytest

from isthmus_platform.database import PartyRole, Platform
from trade import CONTAINERS, Trade, open_trade
from voyage_events import booked, handled, join, moved, send


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def owners(platform_url: str) -> list[tuple[UUID | None, bool]]:
    """Return of each row who is noted, and whether this is the owner of its shipment."""
    with psycopg.connect(platform_url) as connection:
        return connection.execute(
            "SELECT owner_id, owner_id IS NOT DISTINCT FROM shipment.party_id"
            " FROM tracking_event LEFT JOIN shipment ON shipment.id = shipment_id"
        ).fetchall()


def test_the_owner_is_noted_whoever_sends_and_whenever(trade: Trade, platform_url: str) -> None:
    join(trade, port=PartyRole.TERMINAL)
    trader = trade["trader"].party_id
    send(trade, moved("early", "DEPA", "TWKHH", 2))
    assert owners(platform_url) == [(None, True)], "nobody's yet"
    trade.ship(terminals=("port",))
    assert owners(platform_url) == [(trader, True)], "attached when its shipment was made"
    send(trade, handled("1", "DISC", "DEHAM", 30, CONTAINERS[0]), by="port")
    send(trade, moved("early", "DEPA", "TWKHH", 3, told=4), moved("2", "ARRI", "DEHAM", 30))
    assert owners(platform_url) == [(trader, True)] * 4, "a terminal cannot see the shipment; versions"


def test_each_row_of_an_event_of_several_owners_notes_its_own(trade: Trade, platform_url: str) -> None:
    trade.ship()
    trade.ship("stranger", reference="2", ucr="2", booking_reference="BOOKING2", bill_of_lading="BILL2")
    send(trade, moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("BOOKING1", "BOOKING2")))
    wanted = [(trade[name].party_id, True) for name in ("trader", "stranger")]
    assert sorted(owners(platform_url)) == sorted(wanted)
    trade.ship(reference="3", ucr="3", bill_of_lading="BILL3")
    assert sorted(owners(platform_url)) == sorted([*wanted, wanted[0]]), (
        "a booking split after it was told of"
    )


def test_nobody_says_otherwise(trade: Trade, platform_url: str) -> None:
    trade.ship()
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    with psycopg.connect(platform_url) as connection:
        connection.execute("UPDATE tracking_event SET owner_id = %s", [uuid4()])
    assert owners(platform_url) == [(trade["trader"].party_id, True)]
