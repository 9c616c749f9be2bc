"""A bank hands in its own MT 700, 707 and 734 where the step exists; what is not of the case is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from credit_case import TERMS
from credit_trade import VAULT, CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit import Action, Changes, reading
from isthmus_platform.credit.messages import Issue
from isthmus_platform.credit.notices import Amendment, Refusal, read_734, write_734
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput

SAID = ("705 bill of lading: signed by nobody", "380 invoice names another port")


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


def refused(trade: CreditTrade, tag: str, code: str, call: Callable[[], object]) -> None:
    before = trade.everything()
    with pytest.raises(InvalidInput) as refusal:
        call()
    assert (refusal.value.field, refusal.value.code) == (tag, code)
    assert trade.everything() == before


def test_an_issue_is_made_by_the_message_of_what_was_applied_for_and_by_no_other(trade: CreditTrade) -> None:
    it, today = trade.apply(), trade.now.date()

    def issue(said: Issue) -> str:
        with trade.platform.begin(trade["bank"]) as work:
            return credit.step(work, it, Action.ISSUE, said).state

    for tag, changes in (
        ("32B", {"amount_minor": TERMS.amount_minor + 1}),
        ("31D", {"expires_on": TERMS.expires_on + timedelta(days=1)}),
        ("41D", {"available_by": "NEGOTIATION"}),
        ("47A", {"conditions": ()}),
        ("43P", {"partial_shipments": True}),
        ("45A", {"incoterm": "CIP"}),
    ):
        other = Issue(replace(TERMS, **changes), today)
        refused(trade, tag, "other_terms", partial(issue, other))
    refused(trade, "31C", "other_day", lambda: issue(Issue(TERMS, today - timedelta(days=1))))
    assert issue(Issue(TERMS, today)) == "ISSUED"


def test_an_amendment_is_proposed_by_the_message_that_is_of_this_credit_and_the_next(
    trade: CreditTrade,
) -> None:
    it, today = trade.advised(), trade.now.date()
    less = Changes(decrease_minor=1)
    fits = Amendment(TERMS.reference, today, 1, today, "USD", less)

    def amend(said: Amendment) -> str:
        with trade.platform.begin(trade["bank"]) as work:
            return credit.amend(work, it, said.changes, said).state

    for tag, code, other in (
        ("20", "other_credit", replace(fits, reference="LC-9")),
        ("31C", "other_day", replace(fits, issued_on=date(2026, 1, 1))),
        ("26E", "other_amendment", replace(fits, number=2)),
        ("30", "other_day", replace(fits, amended_on=today + timedelta(days=1))),
        ("33B", "other_currency", replace(fits, currency="EUR")),
    ):
        refused(trade, tag, code, partial(amend, other))
    assert amend(fits) == "PROPOSED"


def test_a_notice_of_refusal_is_found_as_the_bank_states_it_and_told_again_as_it_was(
    trade: CreditTrade,
) -> None:
    it = trade.advised()
    presentation = trade.present(it)
    row = trade.presentation(presentation)
    fits = Refusal("LC-2026-0417", "P-1", row.presented_on, TERMS.amount_minor, "USD", SAID, "NOTIFY")

    def examine(said: Refusal, by: str = "bank") -> str:
        return trade.examine(presentation, by, notice=said)

    for tag, code, other in (
        ("20", "other_credit", replace(fits, reference="LC-9")),
        ("21", "other_presentation", replace(fits, presentation="P-2")),
        ("32A", "other_day", replace(fits, presented_on=row.presented_on + timedelta(days=1))),
        ("32A", "other_amount", replace(fits, amount_minor=1)),
        ("32A", "other_currency", replace(fits, currency="EUR")),
        ("77J", "lines", replace(fits, discrepancies=("late",) * 71)),
    ):
        refused(trade, tag, code, partial(examine, other))
    assert examine(read_734(write_734(fits))) == "DISCREPANT"
    assert [(one.rule, one.found) for one in trade.findings(presentation)] == [
        ("STATED", one) for one in SAID
    ]
    told = reading.mt734(VAULT, trade.seen(it, "seller"), trade.presentation(presentation, "seller"))
    assert read_734(told or "") == fits
    assert trade.settle("buyer", presentation, "WAIVE") == "WAIVED"


def test_a_notice_after_the_fifth_banking_day_refuses_nothing(trade: CreditTrade) -> None:
    presentation = trade.present(trade.advised())
    row = trade.presentation(presentation)
    trade.on(row.examine_by + timedelta(days=1))
    late = Refusal("LC-2026-0417", "P-1", row.presented_on, TERMS.amount_minor, "USD", SAID, "HOLD")
    assert trade.examine(presentation, notice=late) == "COMPLYING"
    assert trade.presentation(presentation).precluded
