"""After honour the applicant owes the bank that issued the credit, which says when it has its money back."""

import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from at_once import at_once
from credit_case import SHIPPED, TERMS, spoiled
from credit_trade import CreditTrade, open_credit_trade
from isthmus_billing.metering import METERS, UNBILLED
from isthmus_platform.changes import Change
from isthmus_platform.credit.terms import ACCEPTANCE
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import PlatformError
from standing import StandingClock

AMOUNT = TERMS.amount_minor
VERSIONS = Path(__file__).parents[2] / "migrations" / "platform" / "versions"
OTHERS = ("seller", "adviser", "stranger", "other-bank", "operator")


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[CreditTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=4)
    yield open_credit_trade(Platform(engine, clock))
    engine.dispose()


def refused(trade: CreditTrade, by: str, presentation: object) -> str:
    """Return the code by which a repayment is refused to ``by``; nothing at all changes."""
    before = trade.everything()
    with pytest.raises(PlatformError) as refusal:
        trade.settle(by, presentation, "REPAY")  # type: ignore[arg-type]
    assert trade.everything() == before
    return refusal.value.code


def test_what_the_issuing_bank_paid_is_owed_until_it_says_that_it_has_it_back(trade: CreditTrade) -> None:
    it = trade.advised(replace(TERMS, partial_shipments=True))
    presentation = trade.present(it, documents=spoiled("705", {"freight": "COLLECT"}))
    trade.examine(presentation)
    trade.settle("buyer", presentation, "WAIVE")
    assert refused(trade, "bank", presentation) == "wrong_state", "nothing is paid yet"
    assert trade.debt(presentation) is None
    trade.settle("bank", presentation, "PAY")
    owed = trade.debt(presentation, "buyer")
    assert owed is not None
    assert (owed.amount_minor, owed.currency, owed.repaid_at) == (AMOUNT, "USD", None)
    assert [refused(trade, by, presentation) for by in ("buyer", *OTHERS)] == [
        *["wrong_part"] * 3,
        *["not_found"] * 3,
    ]
    assert trade.step("bank", it, "CLOSE") == "CLOSED", "the credit ends, and the debt does not"
    history = [entry.action for entry in trade.history(it)]
    trade.settle("bank", presentation, "REPAY")
    assert trade.presentation(presentation).state == "PAID"
    assert [entry.action for entry in trade.history(it)] == history, "its other parties see the history"
    paid = trade.debt(presentation, "buyer")
    assert paid is not None
    assert paid.repaid_at == trade.now
    assert refused(trade, "bank", presentation) == "wrong_state", "once"
    assert all(trade.debt(presentation, by) is None for by in OTHERS)


def test_what_a_nominated_bank_paid_at_maturity_is_owed_once_it_is_reimbursed(trade: CreditTrade) -> None:
    later = replace(TERMS, available_by=ACCEPTANCE, tenor_days=30, tenor_from="SHIPMENT")
    presentation = trade.present(trade.advised(replace(later, available_with="ADVISING")))
    trade.examine(presentation, by="adviser")
    trade.settle("adviser", presentation, "ACCEPT")
    trade.on(SHIPPED + timedelta(days=30))
    trade.settle("adviser", presentation, "PAY")
    assert refused(trade, "bank", presentation) == "wrong_state", "its own money is not out"
    trade.settle("bank", presentation, "REIMBURSE")
    owed = trade.debt(presentation)
    assert owed is not None
    assert (owed.amount_minor, owed.owed_at) == (AMOUNT, trade.now)
    trade.settle("bank", presentation, "REPAY")


def test_applicant_and_bank_alone_are_told_and_nobody_is_billed(trade: CreditTrade) -> None:
    presentation = trade.present(trade.advised())
    trade.examine(presentation)
    trade.settle("bank", presentation, "PAY")
    trade.settle("bank", presentation, "REPAY")
    told = []
    for name in trade.actors:
        with trade.platform.begin(trade[name]) as work:
            told += [
                (name, one.about["state"])
                for one in work.session.scalars(select(Change).where(Change.kind == "presentation.repaid"))
            ]
    assert sorted(told) == [("bank", "REPAID"), ("buyer", "REPAID")]
    announced = trade.as_owner("SELECT count(*) FROM outbox WHERE payload ->> 'name' = 'presentation.repaid'")
    assert announced == [(1,)]
    assert "presentation.repaid" in UNBILLED - METERS.keys()


def test_what_was_paid_and_reimbursed_before_debts_were_kept_is_owed_since_then(trade: CreditTrade) -> None:
    own, theirs = (
        trade.present(trade.advised(replace(TERMS, reference=reference, available_with=bank)))
        for reference, bank in (("LC-1", "ISSUING"), ("LC-2", "ADVISING"))
    )
    not_yet = trade.present(
        trade.advised(replace(TERMS, reference="LC-3", available_with="ADVISING")), reference="P-3"
    )
    for presentation, by in ((own, "bank"), (theirs, "adviser"), (not_yet, "adviser")):
        trade.examine(presentation, by=by)
        trade.settle(by, presentation, "PAY")
    trade.on(trade.now.date() + timedelta(days=1))
    trade.settle("bank", theirs, "REIMBURSE")
    kept = trade.as_owner("DELETE FROM credit_debt RETURNING credit_debt.*")
    before = runpy.run_path(str(next(VERSIONS.glob("0035_*.py"))))["OPEN"]
    assert len(trade.as_owner(f"{before} RETURNING presentation_id")) == len(kept) == 2
    assert sorted(trade.as_owner("SELECT * FROM credit_debt")) == sorted(kept)


def test_of_two_repayments_at_once_one_is_noted(trade: CreditTrade) -> None:
    presentation = trade.present(trade.advised())
    trade.examine(presentation)
    trade.settle("bank", presentation, "PAY")
    came = at_once([lambda: trade.settle("bank", presentation, "REPAY")] * 3)
    assert came == {"done": 1, "wrong_state": 2}
