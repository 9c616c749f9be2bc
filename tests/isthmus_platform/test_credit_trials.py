"""A bank's rule is tried on what was before the bank then, whatever became of the credit since."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from credit_case import TERMS, spoiled
from credit_trade import OPEN_TERMS, VAULT, CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit import own_rules, past, trying
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.trying import Tried
from isthmus_platform.database import Platform

AMOUNT = TERMS.amount_minor


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


def written(trade: CreditTrade, condition: str) -> UUID:
    with trade.platform.begin(trade["bank"]) as work:
        return own_rules.write(work, "OWN_RULE", "Bank policy 7", "as we see fit", condition).id


def tried(trade: CreditTrade, condition: str, by: str = "bank") -> Tried:
    rule = written(trade, condition)
    with trade.platform.begin(trade[by]) as work:
        return credit.try_rule(work, VAULT, rule)


def found(trade: CreditTrade, condition: str) -> dict[str, bool]:
    """Return in which presentations a rule finds something."""
    return {one.presentation: one.finds for one in tried(trade, condition).trials}


def cases(trade: CreditTrade) -> dict[str, Case]:
    with trade.platform.begin(trade["bank"]) as work:
        return {row.reference: case for _, row, case in past.cases(work, VAULT, 10)}


def a_credit_that_lived(trade: CreditTrade) -> None:
    """Examine two presentations with an amendment, a holiday and a drawing between them."""
    it = trade.advised(OPEN_TERMS)
    first = trade.present(it, "P-1", 1_000)
    trade.on(date(2026, 6, 2))
    trade.examine(first)
    more = trade.amend(it, increase_minor=50_000, goods="3 lathes", expires_on=date(2026, 7, 31))
    trade.answer(more, accept=True)
    trade.answer(trade.amend(it, increase_minor=7), accept=False)
    trade.close_bank("adviser", date(2026, 6, 5))
    trade.on(date(2026, 6, 3))
    trade.examine(trade.present(it, "P-2", 2_000, spoiled("380", {"number": "OTHER"})))


@pytest.mark.parametrize(
    ("condition", "first", "second"),
    [
        (f"presentation.availableMinor == {AMOUNT} && presentation.drawings == 0", True, False),
        (f"presentation.availableMinor == {AMOUNT + 49_000} && presentation.drawings == 1", False, True),
        (f"credit.limitMinor == {AMOUNT} && credit.amountMinor == {AMOUNT}", True, False),
        ("credit.goods == '3 lathes'", False, True),
        ("timestamp(credit.expiresOn) > timestamp('2026-07-01T00:00:00Z')", False, True),
        ("timestamp(presentation.presentedOn) == timestamp('2026-06-01T00:00:00Z')", True, False),
    ],
    ids=["balance", "balance after a drawing", "amount", "goods", "expiry", "day"],
)
def test_a_rule_is_tried_on_the_facts_of_its_day(
    trade: CreditTrade, condition: str, first: bool, second: bool
) -> None:
    a_credit_that_lived(trade)
    assert found(trade, condition) == {"P-1": first, "P-2": second}


def test_a_trial_finds_what_the_examination_found_by_the_same_rule(trade: CreditTrade) -> None:
    condition = "presentation.availableMinor < 15000000 || presentation.drawings > 1"
    rule = written(trade, condition)
    with trade.platform.begin(trade["bank"]) as work:
        credit.try_rule(work, VAULT, rule)
        own_rules.switch(work, rule, on=True)
    it = trade.advised(OPEN_TERMS)
    made = {f"P-{n}": trade.present(it, f"P-{n}", AMOUNT // 8) for n in range(1, 5)}
    for presentation in made.values():
        trade.examine(presentation)
    at_the_time = {
        name: "OWN_RULE" in {finding.rule for finding in trade.findings(presentation)}
        for name, presentation in made.items()
    }
    assert sorted(at_the_time.values()) == [False, False, True, True]
    trade.settle("buyer", made["P-3"], "WAIVE")
    trade.settle("bank", made["P-3"], "PAY")
    trade.answer(trade.amend(it, increase_minor=AMOUNT), accept=True)
    assert found(trade, condition) == at_the_time


def test_days_that_a_bank_gave_later_were_not_known(trade: CreditTrade) -> None:
    a_credit_that_lived(trade)
    seen = {name: case.calendar.open_on(date(2026, 6, 5)) for name, case in cases(trade).items()}
    assert seen == {"P-1": True, "P-2": False}


def test_what_came_of_each_trial_is_kept_with_who_when_and_over_which_history(trade: CreditTrade) -> None:
    a_credit_that_lived(trade)
    conditions = ("presentation.drawings == 1", "presentation.amountMinor > 0")
    for condition in conditions:
        tried(trade, condition)
    with trade.platform.begin(trade["bank"]) as work:
        [rule] = own_rules.of_bank(work)
        newest, oldest = trying.of_rules(work, [rule.id])[rule.id]
    assert [one.condition for one in (oldest, newest)] == list(conditions), "as it was written then"
    assert {one.tried_by for one in (oldest, newest)} == {trade["bank"].subject}
    assert [(one.tried, one.found, one.unexamined) for one in (oldest, newest)] == [(2, 1, 0), (2, 2, 0)]
    assert (oldest.since, oldest.until) == (
        datetime(2026, 6, 1, 9, tzinfo=UTC),
        datetime(2026, 6, 3, 9, tzinfo=UTC),
    )
    assert [one["presentation"] for one in oldest.results if one["finds"]] == ["P-2"]
    assert oldest.tried_at == trade.platform.clock()


def test_a_trial_is_of_its_bank_alone_and_is_never_changed(trade: CreditTrade) -> None:
    tried(trade, "presentation.drawings == 1")
    for stranger in ("other-bank", "adviser", "seller", "operator"):
        with trade.platform.begin(trade[stranger]) as work:
            assert work.session.execute(text("SELECT 1 FROM examination_trial")).all() == [], stranger
    for change in ("UPDATE examination_trial SET found = 0", "DELETE FROM examination_trial"):
        with pytest.raises(ProgrammingError), trade.platform.begin(trade["bank"]) as work:
            work.session.execute(text(change))


def test_of_many_trials_the_newest_are_shown(trade: CreditTrade) -> None:
    rule = written(trade, "presentation.drawings == 1")
    for _ in range(trying.MOST_SHOWN + 1):
        with trade.platform.begin(trade["bank"]) as work:
            credit.try_rule(work, VAULT, rule)
    with trade.platform.begin(trade["bank"]) as work:
        shown = [one.id for one in trying.of_rules(work, [rule])[rule]]
    kept = [key for (key,) in trade.as_owner("SELECT id FROM examination_trial ORDER BY id DESC")]
    assert shown == kept[:-1]


def test_what_nobody_examined_is_left_out_and_counted(trade: CreditTrade) -> None:
    it = trade.advised(OPEN_TERMS)
    trade.present(it, "P-1", 1_000)
    trade.on(date(2026, 6, 9))
    assert credit.watch(trade.platform) == 1
    trade.examine(trade.present(it, "P-2", 1_000))
    trade.present(it, "P-3", 1_000)
    came = tried(trade, "presentation.drawings == 1")
    assert [(one.presentation, one.finds) for one in came.trials] == [("P-2", True)]
    assert came.unexamined == 2, "one too late, one not yet"
