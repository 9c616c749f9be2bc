"""An invoice is on offer once at a time, however it is written, and never again once it was paid for."""

from datetime import timedelta
from typing import Any

import pytest

from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from receivable_trade import INVOICE, ReceivableTrade, open_receivable_trade

OFFERED, PAID_OUT = "already_offered", "already_paid_out"
OTHERWISE = {"seller": "TW12345678", "number": "R-1"}
"""The seller under another identifier: the marks of the invoice have nothing in common with the first."""


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


def refusal(trade: ReceivableTrade, **changes: Any) -> str | None:
    """Offer the invoice again, to the other bank and under another identifier; return why not."""
    before = trade.everything()
    refused: PlatformError | None = None
    try:
        trade.offer("other-bank", **OTHERWISE | changes)
    except PlatformError as error:
        refused = error
    if refused is None:
        return None
    assert (trade.everything(), refused.field) == (before, "document")
    return refused.code


def test_the_same_document_is_not_offered_to_another_bank_under_another_identifier(
    trade: ReceivableTrade,
) -> None:
    made = trade.offer("bank")["bank"]
    came = [refusal(trade)]
    trade.quote("bank", made)
    came.append(refusal(trade))
    for by, step in (("bank", "ACCEPT"), ("trader", "CONFIRM")):
        trade.step(by, made, step)
        came.append(refusal(trade))
    assert came == [OFFERED] * 4
    assert trade.offers("other-bank") == []


def test_what_was_paid_out_is_never_offered_again_not_even_when_it_was_repaid(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    trade.step("bank", made, "DISBURSE")
    came = [refusal(trade)]
    trade.pay_out()
    came.append(refusal(trade, due_on=INVOICE.due_on + timedelta(days=99)))
    trade.on(INVOICE.due_on + timedelta(days=60))
    assert trade.watch() == 2
    late = {"due_on": INVOICE.due_on + timedelta(days=99)}
    assert trade.seen(made).state == "DEFAULTED"
    came.append(refusal(trade, **late))
    assert trade.repay(made, trade.seen(made).outstanding_minor) == "REPAID"
    came.append(refusal(trade, **late))
    assert came == [PAID_OUT] * 4


def test_other_documents_of_the_same_contents_are_the_same_invoice(trade: ReceivableTrade) -> None:
    copy, other = trade.store("an invoice"), trade.store("another invoice")
    changed = trade.store("first another, then the same")
    trade.papers.add_version(changed, b"an invoice")
    trade.offer("bank")
    assert [refusal(trade, document=each) for each in (copy, changed, other)] == [OFFERED, OFFERED, None]


def test_contents_that_came_later_do_not_hide_those_that_were_offered(trade: ReceivableTrade) -> None:
    copy = trade.store("an invoice")
    trade.offer("bank")
    trade.papers.add_version(trade.document, b"and now something else")
    assert (refusal(trade), refusal(trade, document=copy)) == (OFFERED, OFFERED)


@pytest.mark.parametrize("end", ["DECLINE", "WITHDRAW", "LAPSE"])
def test_an_offer_of_which_nothing_came_makes_room_for_another(trade: ReceivableTrade, end: str) -> None:
    made = trade.offer("bank")["bank"]
    if end == "LAPSE":
        trade.quote("bank", made)
        trade.on(trade.platform.clock().date() + timedelta(days=7))
        assert trade.watch() == 1
    else:
        trade.step({"DECLINE": "bank", "WITHDRAW": "trader"}[end], made, end)
    assert refusal(trade) is None
    assert refusal(trade) == OFFERED


def test_while_one_of_several_banks_has_the_offer_it_stands(trade: ReceivableTrade) -> None:
    made = trade.offer()
    trade.step("bank", made["bank"], "DECLINE")
    assert refusal(trade) == OFFERED
    trade.step("trader", made["other-bank"], "WITHDRAW")
    assert refusal(trade) is None


def test_what_another_seller_stored_is_its_own(trade: ReceivableTrade) -> None:
    """Nobody learns from a refusal what another seller has, nor keeps it from offering."""
    trade.offer("bank")
    trade.papers.trade.ship("stranger")
    theirs = trade.papers.store(b"an invoice", by="stranger").document_id
    assert trade.offer("other-bank", by="stranger", document=theirs, **OTHERWISE).keys() == {"other-bank"}
