"""Of several who finance one invoice at the same instant one does; the rest is refused."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from at_once import at_once
from isthmus_platform.database import Platform, create_platform_engine
from receivable_trade import INVOICE, ReceivableTrade, open_receivable_trade
from standing import StandingClock


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[ReceivableTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=8)
    yield open_receivable_trade(Platform(engine, clock))
    engine.dispose()


def both_accept(trade: ReceivableTrade, made: dict[str, UUID], times: int = 1) -> Counter[str]:
    """Let the banks accept their offers at the same instant; return what came of it."""
    for bank in made:
        trade.quote(bank, made[bank])
    return at_once([lambda bank=bank: trade.step(bank, made[bank], "ACCEPT") for bank in made] * times)


def test_of_two_banks_that_accept_one_offered_invoice_at_once_one_does(trade: ReceivableTrade) -> None:
    for number in range(3):
        made = trade.offer(document=trade.store(f"invoice {number}"))
        came = both_accept(trade, made, times=2)
        assert came["done"] == 1
        assert came["already_financed"] + came["wrong_state"] == 3
        states = {bank: trade.seen(made[bank]).state for bank in made}
        assert sorted(states.values()) == ["ACCEPTED", "QUOTED"]
        winner = min(states, key=lambda bank: states[bank])
        assert [len(trade.receivables(bank)) for bank in states if bank != winner] == [0]
        trade.step("trader", made[winner], "WITHDRAW")


def test_of_two_banks_that_accept_the_invoice_from_two_offers_at_once_one_does(
    trade: ReceivableTrade,
) -> None:
    again = trade.store("the same, once more")
    made = trade.offer("bank") | trade.offer("other-bank", document=again, number="FPM 2026 O417")
    assert both_accept(trade, made) == {"done": 1, "already_financed": 1}
    assert trade.as_owner("SELECT count(*) FROM financing WHERE released_at IS NULL") == [(1,)]
    assert trade.as_owner("SELECT count(*) FROM access_grant") == [(1,)]


def test_of_offers_of_one_invoice_at_once_one_is_made(trade: ReceivableTrade) -> None:
    """Under another identifier its marks are other marks: the register would let both be financed."""
    copy = trade.store("an invoice")
    came = at_once(
        [
            lambda: trade.offer("bank"),
            lambda: trade.offer("other-bank", seller="TW12345678"),
            lambda: trade.offer("bank", document=copy),
            lambda: trade.offer("other-bank", document=copy, seller="TW12345678"),
        ]
    )
    assert came == {"done": 1, "already_offered": 3}
    assert len(trade.receivables("trader")) == 1


def test_of_disbursement_and_withdrawal_at_once_one_is_made(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    came = at_once(
        [lambda: trade.step("bank", made, "DISBURSE"), lambda: trade.step("trader", made, "WITHDRAW")] * 2
    )
    assert came == {"done": 1, "wrong_state": 3}
    paid = trade.pay_out()
    assert (paid, trade.seen(made).state) in {(1, "DISBURSED"), (0, "WITHDRAWN")}
    assert trade.financed() is (paid == 1)


def test_repayments_at_once_never_come_to_more_than_is_owed(trade: ReceivableTrade) -> None:
    made = trade.disbursed()
    owed = trade.seen(made).outstanding_minor
    came = at_once([lambda: trade.repay(made, owed * 2 // 5) for _ in range(6)])
    assert came == {"done": 2, "over_payment": 4}
    assert trade.seen(made).outstanding_minor == owed - 2 * (owed * 2 // 5)


def test_two_workers_at_once_pay_out_once_and_make_each_step_of_the_clock_once(
    trade: ReceivableTrade,
) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    trade.step("bank", made, "DISBURSE")
    at_once([trade.pay_out] * 4)
    trade.on(INVOICE.due_on.replace(year=INVOICE.due_on.year + 1))
    at_once([trade.watch] * 4)
    history = [one.action for one in trade.history(made)]
    assert history[-3:] == ["PAY_OUT", "FALL_DUE", "DEFAULT"]
    assert history.count("PAY_OUT") == 1
