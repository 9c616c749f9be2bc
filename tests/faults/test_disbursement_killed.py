"""A worker killed in the middle of a disbursement, around every commit: paid out once, and told once."""

import signal
from uuid import UUID

from isthmus_platform.database import Platform
from mortal_worker import mortal_worker
from receivable_trade import ReceivableTrade, marks, open_receivable_trade
from standing import StandingClock

POINTS = 6
"""Before and after each commit of the one message: taken, paid out, done with."""


def instructed(trade: ReceivableTrade, invoice: str) -> UUID:
    """Bring an offer of another invoice about that waits for the worker to pay it out."""
    made = trade.offer("bank", document=trade.store(invoice))["bank"]
    trade.quote("bank", made)
    for by, step in (("bank", "ACCEPT"), ("trader", "CONFIRM"), ("bank", "DISBURSE")):
        trade.step(by, made, step, marks(str(made)))
    return made


def paid_once(trade: ReceivableTrade, offer: UUID) -> None:
    row = trade.seen(offer)
    paid = [one for one in trade.history(offer) if one.action == "PAY_OUT"]
    assert (row.state, [one.amount_minor for one in paid]) == ("DISBURSED", [row.paid_out_minor])
    for side in ("trader", "bank"):
        told = [one for one in trade.notices(side) if (one.offer_id, one.action) == (offer, "PAY_OUT")]
        assert len(told) == 1, side
    used = "SELECT quantity FROM usage_event WHERE name = 'receivable.disbursed'"
    assert trade.as_owner(f"{used} AND about ->> 'offer' = '{offer}'") == [(1,)]


def test_a_worker_killed_in_the_middle_of_a_disbursement_pays_out_once(
    platform: Platform, platform_url: str, clock: StandingClock
) -> None:
    trade = open_receivable_trade(platform)
    with mortal_worker(platform_url) as worker:
        assert worker.work(clock()) == 0
        for point in range(1, POINTS + 1):
            offer = instructed(trade, f"invoice {point}")
            assert worker.work(clock(), at=point) == -signal.SIGKILL
            clock.advance(minutes=1)  # what the dead had taken is due again
            assert worker.work(clock()) == 0
            paid_once(trade, offer)
