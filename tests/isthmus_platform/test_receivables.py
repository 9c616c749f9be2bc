"""An invoice offered to banks: blind until one accepts, paid out, paid back or not, and who is told."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from isthmus_platform import financed, receivables
from isthmus_platform.database import Platform
from isthmus_platform.errors import NotFound, PlatformError
from isthmus_platform.outbox import Message, drain
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import CommercialInvoice
from isthmus_platform.papers.parts import Address, Amount, InvoiceLine, TradeParty
from isthmus_platform.receivables import reading
from isthmus_platform.receivables.offering import invoice_of
from receivable_trade import INVOICE, SECRETS, VAULT, ReceivableTrade, marks, open_receivable_trade
from title_trade import DESK

ADVANCE = 22_696_000
DISCOUNT = 340_440
"""80 % of the invoice, and 6 % a year of that for the 90 days from 1 June to 30 August 2026."""


@pytest.fixture
def trade(platform: Platform) -> ReceivableTrade:
    return open_receivable_trade(platform)


def refused(call: Any) -> tuple[str, str | None]:
    with pytest.raises(PlatformError) as refusal:
        call()
    return refusal.value.code, refusal.value.field


def test_a_financing_from_offer_to_repayment(trade: ReceivableTrade) -> None:
    made = trade.disbursed()
    offer = trade.seen(made)
    assert (offer.advance_minor, offer.discount_minor) == (ADVANCE, DISCOUNT)
    assert offer.paid_out_minor == ADVANCE - DISCOUNT - 25_000
    assert trade.financed()
    assert trade.repay(made, 22_000_000) == "DISBURSED"
    assert refused(lambda: trade.repay(made, 696_001)) == ("over_payment", "amount.amountMinor")
    assert trade.repay(made, 696_000) == "REPAID"
    assert not trade.financed(), "what is repaid is let go of"
    names = {actor.party_id: name for name, actor in trade.papers.trade.actors.items()}
    told = [
        (one.action, names[one.actor_id] if one.actor_id else None, one.amount_minor, one.outstanding_minor)
        for one in trade.history(made)
    ]
    paid_out = ADVANCE - DISCOUNT - 25_000
    assert told == [
        ("OFFER", "trader", 0, 0),
        ("QUOTE", "bank", 0, 0),
        ("ACCEPT", "bank", 0, 0),
        ("CONFIRM", "trader", 0, 0),
        ("DISBURSE", "bank", 0, 0),
        ("PAY_OUT", None, paid_out, ADVANCE),
        ("REPAY", "bank", 22_000_000, 696_000),
        ("REPAY", "bank", 696_000, 0),
    ]
    assert len(trade.history(made, "bank")) == len(told)


def test_a_bank_sees_no_more_than_it_may_until_it_accepts(trade: ReceivableTrade) -> None:
    made = trade.offer()
    blind = trade.seen(made["bank"], "bank")
    assert (blind.amount_minor, blind.currency, blind.due_on) == (28_370_000, "USD", INVOICE.due_on)
    assert (blind.debtor_country, blind.debtor_rating) == ("DE", "INVESTMENT_GRADE")
    assert not any(secret in str(vars(blind)) for secret in SECRETS)
    assert trade.receivables("bank") == []
    with pytest.raises(NotFound):
        trade.papers.read("bank", trade.document)
    trade.quote("bank", made["bank"])
    assert trade.receivables("bank") == []
    trade.step("bank", made["bank"], "ACCEPT")
    (row,) = trade.receivables("bank")
    assert invoice_of(VAULT, row) == INVOICE
    assert trade.papers.read("bank", trade.document) == b"an invoice"
    assert trade.receivables("other-bank") == [], "the other bank did not accept"


def test_what_is_at_rest_says_nothing_of_number_and_buyer(trade: ReceivableTrade) -> None:
    trade.accepted()
    kept = str(trade.as_owner("SELECT r::text, o::text FROM receivable r, receivable_offer o"))
    assert not any(secret in kept for secret in SECRETS)


def test_banks_learn_nothing_of_each_other(trade: ReceivableTrade) -> None:
    made = trade.offer()
    trade.quote("bank", made["bank"])
    (seen,) = trade.offers("other-bank")
    assert (seen.id, seen.state, seen.advance_bp) == (made["other-bank"], "OFFERED", None)
    assert refused(lambda: trade.seen(made["bank"], "other-bank")) == ("not_found", "offer")
    assert [one.action for one in trade.notices("other-bank")] == ["OFFER"]
    for stranger in ("stranger", "forwarder", "carrier", "insurer", "operator", "authority"):
        assert trade.offers(stranger) == []
        assert trade.receivables(stranger) == []
        assert trade.notices(stranger) == []


def test_a_confirmed_offer_ends_the_others_and_they_learn_that_alone(trade: ReceivableTrade) -> None:
    made = trade.offer()
    for bank in made:
        trade.quote(bank, made[bank])
    trade.step("bank", made["bank"], "ACCEPT")
    trade.step("trader", made["bank"], "CONFIRM")
    assert trade.seen(made["other-bank"], "other-bank").state == "WITHDRAWN"
    assert [one.action for one in trade.notices("other-bank")] == ["OFFER", "WITHDRAW"]


def test_the_same_invoice_offered_twice_is_caught_before_the_second_bank_sees_it(
    trade: ReceivableTrade,
) -> None:
    trade.accepted("bank")
    again = trade.store("the same, once more")
    second = trade.offer("other-bank", document=again, number="fpm 2026/O417")["other-bank"]
    trade.quote("other-bank", second)
    before = trade.everything()
    # What the bridge marks of the second spelling has a mark in common with the first.
    near = [marks("otherwise")[0], marks()[1]]
    refusal = refused(lambda: trade.step("other-bank", second, "ACCEPT", near))
    assert refusal == ("already_financed", "offer")
    assert trade.everything() == before
    assert trade.receivables("other-bank") == []
    assert refused(lambda: trade.step("other-bank", second, "DISBURSE")) == ("wrong_state", "offer")


def test_what_is_disputed_or_let_go_is_not_paid_out(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    with trade.platform.begin(trade["other-bank"]) as work:
        dispute = financed.dispute(work, marks(), "We hold it.").id
    assert refused(lambda: trade.step("bank", made, "DISBURSE")) == ("disputed", "offer")
    with trade.platform.begin(trade["other-bank"]) as work:
        financed.withdraw(work, dispute)
    with trade.platform.begin(trade["bank"]) as work:
        financed.release(work, financed.page(work)[0].id)
    assert refused(lambda: trade.step("bank", made, "DISBURSE")) == ("not_registered", "offer")
    assert trade.pay_out() == 0


def test_a_dispute_that_nobody_takes_back_stops_a_payout_for_its_time_alone(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    with trade.platform.begin(trade["other-bank"]) as work:
        until = financed.dispute(work, marks(), "We hold it.").stands_until.date()
    trade.on(until - timedelta(days=1))
    assert refused(lambda: trade.step("bank", made, "DISBURSE")) == ("disputed", "offer")
    trade.on(until)
    with trade.platform.begin(trade["other-bank"]) as work:
        again = refused(lambda: financed.dispute(work, marks(), "We hold it still."))
    assert again == ("already_disputed", "marks")
    assert trade.step("bank", made, "DISBURSE") == "DISBURSING"
    assert (trade.pay_out(), trade.seen(made).state) == (1, "DISBURSED")


@pytest.mark.parametrize("step", ["WITHDRAW", "LAPSE"])
def test_an_acceptance_that_came_to_nothing_is_undone(trade: ReceivableTrade, step: str) -> None:
    made = trade.accepted()
    if step == "WITHDRAW":
        trade.step("trader", made, "WITHDRAW")
    else:
        trade.on(trade.platform.clock().date() + timedelta(days=7))
        assert trade.watch() == 1
    assert not trade.financed()
    assert trade.receivables("bank") == []
    with pytest.raises(NotFound):
        trade.papers.read("bank", trade.document)
    other = trade.accepted("other-bank")
    assert trade.seen(other).state == "ACCEPTED"


def test_the_clock_tells_both_sides_when_it_is_due_and_when_it_is_a_default(trade: ReceivableTrade) -> None:
    made = trade.disbursed()
    trade.on(INVOICE.due_on)
    assert trade.watch() == 0, "on the day itself it is not late"
    trade.on(INVOICE.due_on + timedelta(days=1))
    assert (trade.watch(), trade.watch()) == (1, 0)
    assert trade.seen(made).state == "OVERDUE"
    trade.on(INVOICE.due_on + timedelta(days=30))
    assert trade.watch() == 0
    trade.on(INVOICE.due_on + timedelta(days=31))
    assert (trade.watch(), trade.watch()) == (1, 0)
    for side in ("trader", "bank"):
        assert [one.action for one in trade.notices(side)][-2:] == ["FALL_DUE", "DEFAULT"]
        assert len([one for one in trade.notices(side) if one.action == "DEFAULT"]) == 1
    assert trade.financed(), "an invoice in default is financed still"
    assert trade.repay(made, ADVANCE) == "REPAID"


def test_after_a_long_pause_of_the_clock_every_step_is_made_in_its_order(trade: ReceivableTrade) -> None:
    made = trade.disbursed()
    trade.on(INVOICE.due_on + timedelta(days=400))
    assert trade.watch() == 2
    assert [one.action for one in trade.history(made)][-2:] == ["FALL_DUE", "DEFAULT"]


@pytest.mark.parametrize("leap", [True, False], ids=["leap", "common"])
def test_due_dates_around_the_end_of_february(trade: ReceivableTrade, leap: bool) -> None:
    due_on, late_from, default_from = (
        (date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1))
        if leap
        else (date(2027, 2, 28), date(2027, 3, 1), date(2027, 3, 2))
    )
    trade.on(due_on - timedelta(days=60))
    made = trade.offer("bank", issued_on=due_on - timedelta(days=61), due_on=due_on)["bank"]
    trade.quote("bank", made, grace_days=1)
    for by, step in (("bank", "ACCEPT"), ("trader", "CONFIRM"), ("bank", "DISBURSE")):
        trade.step(by, made, step)
    trade.pay_out()
    states = {}
    for day in (due_on, late_from, default_from):
        trade.on(day)
        trade.watch()
        states[day] = trade.seen(made).state
    assert states == {due_on: "DISBURSED", late_from: "OVERDUE", default_from: "DEFAULTED"}


def test_an_offer_that_cannot_be_is_refused_with_its_place(trade: ReceivableTrade) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"amount_minor": -1}, ("amount_range", "amount.amountMinor")),
        ({"amount_minor": 0}, ("amount_range", "amount.amountMinor")),
        ({"amount_minor": 2**63}, ("amount_range", "amount.amountMinor")),
        ({"currency": "XXQ"}, ("unknown_currency", "amount.currency")),
        ({"due_on": date(2026, 6, 1)}, ("due_date", "dueOn")),
        ({"due_on": date(2027, 6, 3)}, ("due_date", "dueOn")),
        ({"due_on": date(2026, 5, 2)}, ("before_issue", "dueOn")),
        ({"issued_on": date(2026, 6, 2)}, ("in_future", "issuedOn")),
        ({"buyer": INVOICE.seller}, ("same_party", "debtorIdentifier")),
        ({"buyer": "x"}, ("format", "debtorIdentifier")),
        ({"country": "ZZ"}, ("unknown_country", "debtorCountry")),
        ({"rating": "AAA+"}, ("unknown_code", "debtorRating")),
        ({"number": ""}, ("empty", "number")),
    ]
    before = trade.everything()
    for changes, refusal in cases:
        assert refused(lambda changes=changes: trade.offer(**changes)) == refusal, changes
        assert trade.everything() == before, changes


@pytest.mark.parametrize(
    ("currency", "written", "minor"), [("JPY", "1250001", 1_250_001), ("BHD", "1250.001", 1_250_001)]
)
def test_an_invoice_says_what_its_document_says(
    trade: ReceivableTrade, currency: str, written: str, minor: int
) -> None:
    total = Amount(Decimal(written), currency)
    paper = CommercialInvoice(
        number=INVOICE.number,
        issued_on=INVOICE.issued_on,
        seller=TradeParty("Trader Ltd", INVOICE.seller),
        buyer=TradeParty(INVOICE.debtor, INVOICE.buyer, Address(country="DE")),
        currency=currency,
        total=total,
        lines=(InvoiceLine("1", "Lathe", total),),
        due_on=INVOICE.due_on,
    )
    with trade.platform.begin(trade["trader"]) as work:
        document = issuing.issue(work, DESK, "KHH-HAM-1", paper).document_id
    said: dict[str, Any] = {"document": document, "currency": currency, "amount_minor": minor}
    for changes, field in (
        ({"amount_minor": minor * 100}, "amount.amountMinor"),
        ({"currency": "USD"}, "amount.currency"),
        ({"number": "FPM-2026-0418"}, "number"),
        ({"due_on": INVOICE.due_on - timedelta(days=1)}, "dueOn"),
        ({"buyer": "DE811220642"}, "debtorIdentifier"),
        ({"country": "FR"}, "debtorCountry"),
    ):
        given = said | changes
        assert refused(lambda given=given: trade.offer(**given)) == ("not_as_documented", field)
    assert trade.offer(**said).keys() == {"bank", "other-bank"}
    with trade.platform.begin(trade["trader"]) as work:
        issuing.revoke(work, document)
    assert refused(lambda: trade.offer(**said)) == ("revoked", "document")


def test_to_whom_what_is_offered(trade: ReceivableTrade) -> None:
    assert refused(lambda: trade.offer("carrier")) == ("wrong_role", "banks.0")
    assert refused(lambda: trade.offer("bank", "bank")) == ("banks", "banks")
    assert refused(lambda: trade.offer("bank", "nobody"))[1] == "banks.1"
    packing = trade.papers.store(type_code="271").document_id
    assert refused(lambda: trade.offer(document=packing)) == ("not_an_invoice", "document")
    assert refused(lambda: trade.offer(by="stranger")) == ("not_found", "document")
    assert refused(lambda: trade.offer(by="carrier")) == ("role_required", None)


def test_a_quote_that_cannot_be_is_refused_with_its_place(trade: ReceivableTrade) -> None:
    made = trade.offer("bank")["bank"]
    now = trade.platform.clock()
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"advance_bp": 0}, ("rate_range", "advanceBp")),
        ({"advance_bp": 10_001}, ("rate_range", "advanceBp")),
        ({"discount_bp": -1}, ("rate_range", "discountBp")),
        ({"fee_minor": -1}, ("amount_range", "feeMinor")),
        ({"fee_minor": ADVANCE - DISCOUNT}, ("nothing_left", "feeMinor")),
        ({"grace_days": 91}, ("days", "graceDays")),
        ({"valid_until": now}, ("valid_until", "validUntil")),
        ({"valid_until": now + timedelta(days=91)}, ("valid_until", "validUntil")),
    ]
    before = trade.everything()
    for changes, refusal in cases:
        assert refused(lambda changes=changes: trade.quote("bank", made, **changes)) == refusal, changes
        assert trade.everything() == before, changes


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1_000_001), ("BHD", 1_000_001)])
def test_amounts_are_whole_minor_units_whatever_the_decimals_of_their_currency(
    trade: ReceivableTrade, currency: str, amount: int
) -> None:
    made = trade.disbursed(currency=currency, amount_minor=amount)
    offer = trade.seen(made)
    assert (offer.advance_minor, offer.discount_minor) == (800_000, 12_000)
    assert refused(lambda: trade.repay(made, 1)) == ("other_currency", "amount.currency")
    for wrong in (0, -1, 2**63):
        assert refused(lambda wrong=wrong: trade.repay(made, wrong, currency=currency)) == (
            "amount_range",
            "amount.amountMinor",
        )
    assert trade.repay(made, 800_000, currency=currency) == "REPAID"


def test_who_may_make_which_step(trade: ReceivableTrade) -> None:
    made = trade.offer("bank")["bank"]
    for by, step in (("trader", "DECLINE"), ("trader", "ACCEPT"), ("bank", "WITHDRAW"), ("bank", "CONFIRM")):
        assert refused(lambda by=by, step=step: trade.step(by, made, step)) == ("wrong_part", "offer")
    assert refused(lambda: trade.quote("trader", made)) == ("wrong_part", "offer")
    assert refused(lambda: trade.repay(made, 1)) == ("wrong_state", "offer")
    assert refused(lambda: trade.step("bank", made, "PAY_OUT")) == ("unknown_code", "step")
    with trade.platform.begin(trade["bank"]) as work:
        offer = reading.offer_of(work, made)
        assert {step.value for step in reading.steps(work, offer)} == {"QUOTE", "DECLINE"}
    for stranger in ("other-bank", "stranger", "operator"):
        assert refused(lambda s=stranger: trade.step(s, made, "DECLINE")) == ("not_found", "offer")


def test_a_quote_that_is_over_is_accepted_and_confirmed_no_more(trade: ReceivableTrade) -> None:
    made = trade.offer("bank")["bank"]
    trade.quote("bank", made)
    trade.on(trade.platform.clock().date() + timedelta(days=7))
    assert refused(lambda: trade.step("bank", made, "ACCEPT")) == ("quote_lapsed", "offer")
    trade.quote("bank", made)
    trade.step("bank", made, "ACCEPT")
    trade.on(trade.platform.clock().date() + timedelta(days=7))
    assert refused(lambda: trade.step("trader", made, "CONFIRM")) == ("quote_lapsed", "offer")


def test_what_was_confirmed_and_never_paid_out_ends_with_the_due_date(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    trade.on(INVOICE.due_on + timedelta(days=1))
    assert refused(lambda: trade.step("bank", made, "DISBURSE")) == ("due_date_passed", "offer")
    assert trade.watch() == 1
    assert (trade.seen(made).state, trade.financed()) == ("LAPSED", False)


def test_a_step_or_a_message_that_comes_again_pays_out_nothing_more(trade: ReceivableTrade) -> None:
    made = trade.accepted()
    trade.step("trader", made, "CONFIRM")
    trade.step("bank", made, "DISBURSE")
    assert refused(lambda: trade.step("bank", made, "DISBURSE")) == ("wrong_state", "offer")
    assert refused(lambda: trade.step("trader", made, "WITHDRAW")) == ("wrong_state", "offer")
    came: list[Message] = []
    drain(trade.platform, receivables.TOPIC, came.append)
    for message in came * 2:
        receivables.pay_out(trade.platform, message)
    assert [one.action for one in trade.history(made)].count("PAY_OUT") == 1
    assert trade.seen(made).state == "DISBURSED"
