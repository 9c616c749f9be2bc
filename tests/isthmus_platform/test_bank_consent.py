"""Cargo is not let go past a bank whose money is in it, until that is back or the bank consents."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from time import sleep
from typing import Any
from uuid import UUID

import pytest

from financed_trade import FinancedTrade, open_financed_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted
from isthmus_platform.logistics import consents, tokens
from isthmus_platform.logistics import release as releases
from isthmus_platform.logistics.errors import NotReleasable, WrongState
from isthmus_platform.logistics.machine import OrderState
from isthmus_platform.logistics.verdict import Condition
from release_trade import WAYBILL
from standing import StandingClock
from title_trade import DESK, UCR

ASKED = [Condition.BANK_CONSENT]
OWED = 22_696_000
UNTOLD = "A financing bank has not consented: financing of a party that you are not told."


@pytest.fixture
def trade(platform: Platform) -> FinancedTrade:
    return open_financed_trade(platform)


@pytest.fixture
def release(trade: FinancedTrade) -> UUID:
    """A release under a sea waybill, of which nothing else is missing."""
    opened = trade.release.open(document=WAYBILL)
    trade.release.declare()
    trade.release.customs_say("RELEASED")
    trade.release.freight(opened)
    return opened


def test_a_bank_that_paid_for_the_invoice_is_asked_until_it_is_repaid(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    offer = trade.receivables.accepted()
    trade.receivables.step("trader", offer, "CONFIRM")
    assert trade.release.missing(release) == [], "an accepted invoice is no money lent"
    clock.advance(hours=1)
    instructed = clock.now
    trade.receivables.step("bank", offer, "DISBURSE")
    assert trade.release.missing(release) == ASKED, "what is about to be paid out is lent"
    clock.advance(hours=1)
    trade.receivables.pay_out()
    told = trade.finding(release, "trader")
    assert told.says == "A financing bank has not consented: receivable of bank."
    assert (told.cleared_by, told.since) == (("bank",), instructed)
    trade.receivables.repay(offer, OWED - 1)
    assert trade.release.missing(release) == ASKED
    trade.receivables.repay(offer, 1)
    assert trade.release.missing(release) == []


def test_an_overdue_and_a_defaulted_receivable_keep_the_bank_asked(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    offer = trade.receivables.disbursed()
    for days, state in ((100, "OVERDUE"), (60, "DEFAULTED")):
        clock.advance(days=days)
        trade.receivables.watch()
        assert trade.receivables.seen(offer).state == state
        assert trade.release.missing(release) == ASKED
    trade.receivables.repay(offer, OWED)
    assert trade.release.missing(release) == []


def test_the_banks_of_a_credit_are_asked_until_each_has_its_money_or_consents(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    presented = clock.now
    theirs = trade.release.titles.papers.trade.ship(by="consignee")
    presentation = trade.presented()
    bound = trade.release.titles.as_owner("SELECT shipment_id FROM presented_shipment ORDER BY 1")
    assert bound == [(trade.release.titles.shipment,), (theirs,)], "of the beneficiary and of the applicant"
    assert trade.finding(release, "trader").cleared_by == ("other-bank",), (
        "documents are with the issuing bank"
    )
    clock.advance(hours=1)
    trade.credits.examine(presentation, by="adviser")
    trade.credits.settle("adviser", presentation, "PAY")
    told = trade.finding(release, "consignee")
    assert told.says == (
        "A financing bank has not consented: documentary credit of other-bank; documentary credit of bank."
    )
    assert (told.cleared_by, told.since) == (("other-bank", "bank"), presented)
    trade.credits.settle("bank", presentation, "REIMBURSE")
    assert trade.finding(release, "trader").cleared_by == ("other-bank",), "its applicant's money is not back"
    given = trade.consent("other-bank")
    assert trade.release.missing(release) == []
    trade.withdraw(given, "other-bank")
    assert trade.release.missing(release) == ASKED
    trade.credits.settle("bank", presentation, "REPAY")
    assert trade.release.missing(release) == [], "its applicant's money is back"


def test_documents_that_the_bank_returned_ask_no_bank(trade: FinancedTrade, release: UUID) -> None:
    presentation = trade.presented(without=("271",))
    assert trade.credits.examine(presentation, by="adviser") == "DISCREPANT"
    assert trade.release.missing(release) == ASKED
    trade.credits.settle("adviser", presentation, "RETURN")
    assert trade.release.missing(release) == []


def test_documents_are_found_by_the_number_of_the_bill_too_and_never_bind_a_strangers_cargo(
    trade: FinancedTrade, release: UUID
) -> None:
    trade.release.titles.papers.trade.ship(by="stranger")
    trade.presented(ucr=None)
    assert trade.release.missing(release) == ASKED
    bound = trade.release.titles.as_owner("SELECT shipment_id FROM presented_shipment")
    assert bound == [(trade.release.titles.shipment,)]


def test_documents_that_name_no_consignment_are_taken_once_the_beneficiary_names_it(
    trade: FinancedTrade, release: UUID
) -> None:
    of_the_bill = ("705", "520")
    wrong = ((None, "consignment_unnamed"), (" ", "empty"), ("U" * 36, "too_long"))
    for number, (beside, code) in enumerate(wrong):
        with pytest.raises(InvalidInput) as refusal:
            trade.presented(without=of_the_bill, ucr=None, beside=beside, reference=f"LC-{number}")
        assert (refusal.value.field, refusal.value.code) == ("ucr", code)
    assert trade.release.titles.as_owner("SELECT count(*) FROM credit_presentation") == [(0,)]
    assert trade.release.missing(release) == []
    presentation = trade.presented(without=of_the_bill, ucr=None, beside=UCR)
    assert trade.release.missing(release) == ASKED
    assert trade.credits.presentation(presentation, "bank").ucr == UCR


def test_who_has_no_part_learns_that_a_bank_finances_and_neither_which_nor_how_many_nor_how(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    trade.receivables.disbursed("other-bank")
    one = {name: trade.finding(release, name) for name in ("carrier", "terminal", "consignee")}
    clock.advance(hours=1)
    trade.paid()
    two = {name: trade.finding(release, name) for name in ("carrier", "terminal")}
    for told in (*one.values(), *two.values()):
        assert (told.says, told.cleared_by) == (UNTOLD, ())
    assert two == {name: one[name] for name in two}
    assert "financing of a party" in trade.finding(release, "consignee").says, "the invoice is the seller's"
    assert trade.finding(release, "trader").cleared_by == ("other-bank", "bank")
    with pytest.raises(NotReleasable) as refused:
        trade.release.order(release)
    assert [each.code for each in refused.value.reasons] == ["bank_consent_missing"]
    assert "other-bank" not in str(refused.value.reasons[0].message)


def test_a_client_that_may_not_read_finance_is_told_as_little_of_its_own_partys(
    trade: FinancedTrade, release: UUID
) -> None:
    trade.receivables.disbursed()
    trader = trade.release.titles["trader"]
    told = {}
    for name, scopes in (("logistics", {"read:logistics"}), ("both", {"read:logistics", "read:finance"})):
        with trade.release.platform.begin(replace(trader, scopes=frozenset(scopes))) as work:
            [missing] = releases.verdict(work, release).missing
            told[name] = (missing.says, missing.cleared_by)
    assert told["logistics"] == (UNTOLD, ())
    assert told["both"] == ("A financing bank has not consented: receivable of bank.", ("bank",))


def test_a_consent_covers_what_was_lent_by_then_and_not_what_is_lent_later(
    trade: FinancedTrade, release: UUID
) -> None:
    trade.paid()
    trade.consent("other-bank")
    first = trade.consent()
    assert trade.release.missing(release) == []
    assert trade.consent() == first, "again changes nothing"
    trade.receivables.disbursed()
    assert trade.release.missing(release) == ASKED
    assert trade.finding(release, "trader").says.endswith(": receivable of bank.")
    assert trade.consent() != first
    assert trade.release.missing(release) == []


def test_a_consent_is_withdrawn_before_the_order_and_stands_while_one_is_live(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    trade.receivables.disbursed()
    given = trade.consent()
    trade.withdraw(given)
    trade.withdraw(given)
    assert trade.release.missing(release) == ASKED
    again = trade.consent()
    order = trade.release.order(release, hours=1)
    with pytest.raises(WrongState):
        trade.withdraw(again)
    trade.release.revoke(order.id)
    trade.withdraw(again)
    assert trade.release.missing(release) == ASKED
    last = trade.consent()
    trade.release.order(release, hours=1)
    clock.advance(hours=2)
    trade.withdraw(last)
    with pytest.raises(NotReleasable):
        trade.release.order(release)


def test_what_is_lent_after_the_order_stops_the_pick_up(trade: FinancedTrade, release: UUID) -> None:
    order = trade.release.order(release)
    token = tokens.token(DESK.vault, order.id)
    trade.receivables.disbursed()
    with pytest.raises(NotReleasable):
        trade.release.pick_up(order.id, token)
    trade.consent()
    assert trade.release.pick_up(order.id, token).state == OrderState.USED
    with pytest.raises(WrongState):
        trade.withdraw(trade.consent())


def test_what_is_lent_once_the_cargo_is_gone_was_not_lent_on_it(
    trade: FinancedTrade, release: UUID, clock: StandingClock
) -> None:
    order = trade.release.order(release)
    trade.release.pick_up(order.id, tokens.token(DESK.vault, order.id))
    clock.advance(seconds=1)
    trade.paid()
    assert trade.release.missing(release) == []


def test_only_a_bank_that_finances_the_consignment_consents_and_sees_that_it_did(
    trade: FinancedTrade, release: UUID
) -> None:
    trade.receivables.disbursed()
    before = trade.release.titles.as_owner("SELECT count(*) FROM outbox")
    with pytest.raises(NotPermitted):
        trade.consent("carrier")
    answers = []
    for ucr in (UCR, "6TW00000000-0"):
        with pytest.raises(NotFound) as refused:
            trade.consent("other-bank", ucr)
        answers.append(refused.value.message)
    assert answers[0] == answers[1]
    assert trade.release.titles.as_owner("SELECT count(*) FROM outbox") == before
    given = trade.consent()
    for stranger in ("other-bank", "trader", "carrier", "operator"):
        with pytest.raises(NotFound):
            trade.withdraw(given, stranger)
    assert trade.release.missing(release) == []


def test_each_word_of_a_bank_is_announced_once(trade: FinancedTrade, release: UUID) -> None:
    trade.receivables.disbursed()
    trade.withdraw(trade.consent())
    trade.consent()
    trade.consent()
    said = trade.release.titles.as_owner(
        "SELECT payload ->> 'name' FROM outbox WHERE payload ->> 'name' LIKE 'release.%' ORDER BY id"
    )
    assert [name for (name,) in said] == [
        "release.consented",
        "release.consent_withdrawn",
        "release.consented",
    ]


def test_of_a_withdrawal_and_an_order_at_once_one_is_made(trade: FinancedTrade, release: UUID) -> None:
    trade.receivables.disbursed()
    given = trade.consent()
    platform, bank, carrier = trade.release.platform, *(trade.release.titles[n] for n in ("bank", "carrier"))
    with ThreadPoolExecutor(1) as pool:
        with platform.begin(bank) as work:
            consents.withdraw(work, given)
            ordered = pool.submit(trade.release.order, release)
            until_waiting(trade, ordered)
        with pytest.raises(NotReleasable):
            ordered.result(timeout=60)
    given = trade.consent()
    with ThreadPoolExecutor(1) as pool:
        with platform.begin(carrier) as work:
            releases.order(work, DESK.vault, release, platform.clock() + timedelta(days=2))
            withdrawn = pool.submit(trade.withdraw, given)
            until_waiting(trade, withdrawn)
        with pytest.raises(WrongState):
            withdrawn.result(timeout=60)


def until_waiting(trade: FinancedTrade, call: Future[Any]) -> None:
    """Return once ``call`` waits for a lock, or is done where it should have waited."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not call.done() and not trade.release.titles.as_owner(waiting):
        sleep(0.01)
