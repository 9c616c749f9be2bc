"""Of many who move a title at the same moment one wins, and each of the others is told why it did not."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from at_once import at_once
from isthmus_platform.database import Platform, create_platform_engine
from standing import StandingClock
from title_trade import TitleTrade, open_title_trade

WRITERS = 32


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[TitleTrade]:
    """Yield a trade with a connection for each writer."""
    engine = create_platform_engine(platform_url, pool_size=WRITERS)
    yield open_title_trade(Platform(engine, clock))
    engine.dispose()


def test_of_32_transfers_at_once_one_is_made(trade: TitleTrade) -> None:
    it = trade.issue()
    trade.act("trader", it, "SIGN")  # its key is made
    recipients = ("bank", "other-bank", "consignee", "stranger")

    def transfer(number: int) -> Callable[[], object]:
        return lambda: trade.act("trader", it, "TRANSFER", recipients[number % len(recipients)])

    assert at_once([transfer(n) for n in range(WRITERS)]) == {"done": 1, "not_holder": WRITERS - 1}
    said = trade.verified("carrier", it)
    assert len(said) == 3
    assert said[-1].endswith(f"TRANSFER: trader -> {trade.holder(it)}")


def test_of_a_transfer_and_a_pledge_at_once_the_second_sees_the_first(trade: TitleTrade) -> None:
    it = trade.issue()
    trade.act("trader", it, "SIGN")
    outcomes = at_once([lambda: trade.act("trader", it, "TRANSFER", "consignee"), lambda: trade.pledge(it)])
    assert outcomes in ({"done": 1, "title_lien": 1}, {"done": 1, "not_holder": 1})
    assert trade.standing("carrier", it).free is (trade.holder(it) == "consignee")


def test_of_issues_at_once_one_is_made(trade: TitleTrade) -> None:
    other = trade.papers.trade.ship(reference="R2", ucr="U2", bill_of_lading=None)
    trade.issue(shipment=other, number="BILL2")  # the carrier's key is made
    made: list[UUID] = []
    outcomes = at_once([lambda: made.append(trade.issue()) for _ in range(8)])
    assert outcomes == {"done": 1, "title_exists": 7}
    assert len(made) == 1
