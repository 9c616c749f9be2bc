"""A shipment is made whole or not at all, and only those it concerns see it."""

import pytest

from isthmus_platform import shipments
from isthmus_platform.database import Platform
from trade import Trade, open_trade


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def test_smoke(trade: Trade) -> None:
    trade.delegate()
    shipment_id = trade.ship("forwarder", on_behalf_of="trader")
    with trade.platform.begin(trade["carrier"]) as work:
        made = shipments.get(work, shipment_id)
        assert [unit.reference for unit in made.equipment] == ["MCLU4200170", "MCLU4200185"]
        assert shipments.commercial_terms(work, shipment_id) is None
