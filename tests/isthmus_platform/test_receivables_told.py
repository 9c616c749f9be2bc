"""Seller and bank are told by webhook how an offer stands; a bank learns nothing of seller or others."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from isthmus_platform import outbox, webhook_delivery, webhooks
from isthmus_platform.changes import Change, Kind
from isthmus_platform.database import Duty, Platform
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.receivables.machine import TRANSITIONS, Action
from isthmus_platform.receivables.stepping import kind_of
from isthmus_platform.webhook_delivery import CHANGE_TOPIC, Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from receivable_trade import INVOICE, SECRETS, ReceivableTrade, open_receivable_trade
from receiving import Receiver, receiving

HERE = Outgoing(loopback=True)
SIGNING = SigningSecrets(b"m" * 32)
KINDS = [kind.value for kind in Kind if kind.startswith("receivable.")]
TOLD = ("trader", "bank", "other-bank", "stranger", "forwarder", "operator")


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


@pytest.fixture
def receivers(trade: ReceivableTrade) -> Iterator[dict[str, Receiver]]:
    """Yield each party's receiver of all that is told of receivables."""
    with ExitStack() as stack:
        opened = {name: stack.enter_context(receiving()) for name in TOLD}
        for name, receiver in opened.items():
            with trade.platform.begin(trade[name]) as work:
                webhooks.register(work, HERE, receiver.url, KINDS)
        yield opened


def deliver(trade: ReceivableTrade) -> None:
    """Do what the worker does until nothing is due."""
    spread = partial(webhook_delivery.spread, trade.platform)
    deliverer = Deliverer(trade.platform, SIGNING, Caller(HERE, patience=5))
    while outbox.drain(trade.platform, CHANGE_TOPIC, spread) + outbox.drain(
        trade.platform, webhooks.TOPIC, deliverer
    ):
        pass


def test_both_sides_are_told_of_every_step_and_an_outbid_bank_of_its_own_alone(
    trade: ReceivableTrade, receivers: dict[str, Receiver]
) -> None:
    made = trade.offer()
    for bank in made:
        trade.quote(bank, made[bank])
    for by, step in (("bank", "ACCEPT"), ("trader", "CONFIRM"), ("bank", "DISBURSE")):
        trade.step(by, made["bank"], step)
    trade.pay_out()
    deliver(trade)
    trade.on(INVOICE.due_on + timedelta(days=31))
    trade.watch()
    owed = trade.seen(made["bank"]).outstanding_minor
    trade.repay(made["bank"], 1)
    trade.repay(made["bank"], owed - 1)
    deliver(trade)

    def told(name: str, offer: str) -> list[str]:
        messages = (each.told for each in receivers[name].received)
        return sorted(each["type"] for each in messages if each["data"]["offer"] == str(made[offer]))

    life = "offered quoted accepted confirmed disbursing disbursed overdue defaulted repaid repaid"
    financed = sorted(f"receivable.{step}" for step in life.split())
    assert told("trader", "bank") == told("bank", "bank") == financed
    outbid = ["receivable.offered", "receivable.quoted", "receivable.withdrawn"]
    assert told("trader", "other-bank") == told("other-bank", "other-bank") == outbid
    counts = {name: len(receiver.received) for name, receiver in receivers.items() if receiver.received}
    assert counts == {"trader": 13, "bank": 10, "other-bank": 3}
    ended = [
        one.told["data"] for one in receivers["bank"].received if one.told["type"] == "receivable.repaid"
    ]
    assert {(each["action"], each["state"]) for each in ended} == {
        ("REPAY", "DEFAULTED"),
        ("REPAY", "REPAID"),
    }


def test_what_a_bank_is_told_names_neither_seller_nor_invoice_nor_another_bank(
    trade: ReceivableTrade, receivers: dict[str, Receiver]
) -> None:
    made = trade.offer()
    trade.quote("bank", made["bank"])
    trade.step("bank", made["bank"], "DECLINE")
    trade.step("trader", made["other-bank"], "WITHDRAW")
    deliver(trade)
    for bank, other in (("bank", "other-bank"), ("other-bank", "bank")):
        sent = b"".join(each.body for each in receivers[bank].received).decode()
        hidden = (*SECRETS, trade["trader"].party_id, trade[other].party_id, made[other])
        assert sent
        assert not any(str(secret) in sent for secret in hidden)
        with trade.platform.begin(trade[bank]) as work:
            seen = work.session.scalars(select(Change).where(Change.receivable_offer_id.is_not(None))).all()
            assert {each.party_id for each in seen} == {trade[bank].party_id}
            rows = str([vars(each) for each in seen])
        assert not any(str(secret) in rows for secret in hidden)


def test_the_row_of_a_change_is_seen_by_whom_it_tells_and_nobody_else(trade: ReceivableTrade) -> None:
    made = trade.offer("bank")["bank"]
    trade.papers.trade.delegate()
    seen = {}
    for name, actor in trade.papers.trade.actors.items():
        with trade.platform.begin(actor) as work:
            query = select(Change.kind).where(Change.receivable_offer_id == made)
            seen[name] = list(work.session.scalars(query))
    assert {name: kinds for name, kinds in seen.items() if kinds} == {
        "trader": ["receivable.offered"],
        "bank": ["receivable.offered"],
    }
    with trade.platform.begin(Duty("receivables")) as work:
        assert list(work.session.scalars(select(Change))) == []


def test_every_step_of_the_machine_has_a_kind_and_every_kind_a_step() -> None:
    led_to = {
        kind_of(one.action, after)
        for one in TRANSITIONS
        for after in ([one.after] if one.after is not None else one.before)
    }
    assert sorted(led_to) == sorted(KINDS)
    assert all(kind_of(Action.REPAY, state) is Kind.RECEIVABLE_REPAID for state in TRANSITIONS[1].before)
