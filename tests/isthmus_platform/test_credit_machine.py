"""Whatever is tried: balance and drawings make the amount, and what is paid complied or was waived."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from credit_case import TERMS, spoiled
from credit_trade import OPEN_TERMS, CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit.machine import TRANSITIONS, Action, Part
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import PlatformError
from playing import play
from standing import StandingClock

PARTIES = ("buyer", "seller", "bank", "adviser", "stranger")
PARTS = {
    "buyer": {Part.APPLICANT},
    "seller": {Part.BENEFICIARY},
    "bank": {Part.ISSUING},
    "adviser": {Part.ADVISING, Part.NOMINATED},
    "stranger": set(),
}
STEPS = ["WAIVE", "RETURN", "ACCEPT", "PAY", "REIMBURSE", "REPAY"]
GOOD, BAD = spoiled("705"), spoiled("705", {"freight": "COLLECT"})
WHOLE = TERMS.amount_minor
BEGINNING, PRESENT_BY = date(2026, 6, 1), date(2026, 6, 10)
"""Twenty-one days after shipment documents come too late, whatever they say."""


class Credits(RuleBasedStateMachine):
    """One credit, presentations under it, and a model of what may be drawn."""

    trade: CreditTrade
    credits = 0

    @initialize()
    def advise(self) -> None:
        Credits.credits += 1
        self.trade.on(date(2027, 1, 1))
        credit.watch(self.trade.platform)  # what earlier runs left is not of this one
        self.trade.on(BEGINNING)
        self.credit = self.trade.advised(replace(OPEN_TERMS, reference=f"LC-{Credits.credits}"))
        self.limit = WHOLE
        self.states: dict[UUID, str] = {}
        self.debts: dict[UUID, str] = {}
        self.good: dict[UUID, bool] = {}
        self.waived: set[UUID] = set()
        self.precluded: set[UUID] = set()

    def tried(self, call: Callable[[], object]) -> bool:
        """Make a call; on a refusal nothing at all may have changed. Return whether it was made."""
        before = self.trade.everything()
        try:
            call()
        except PlatformError:
            assert self.trade.everything() == before
            return False
        return True

    @rule(by=st.sampled_from(PARTIES), share=st.sampled_from([10, 40, 70, 100]), good=st.booleans())
    def present(self, by: str, share: int, good: bool) -> None:
        made: list[UUID] = []
        reference = f"P-{len(self.states) + 1}"
        documents = GOOD if good else BAD
        if self.tried(
            lambda: made.append(
                self.trade.present(self.credit, reference, WHOLE * share // 100, documents, by)
            )
        ):
            assert by == "seller"
            self.states[made[0]] = "PRESENTED"
            self.good[made[0]] = good and self.trade.now.date() <= PRESENT_BY

    @precondition(lambda self: self.states)
    @rule(data=st.data(), by=st.sampled_from(PARTIES))
    def examine(self, data: st.DataObject, by: str) -> None:
        which = data.draw(st.sampled_from(sorted(self.states)))
        drawn = self.trade.seen(self.credit).drawn_minor
        claimed = self.trade.presentation(which).claimed_minor
        if self.tried(lambda: self.trade.examine(which, by)):
            assert by in ("bank", "adviser")
            assert self.states[which] == "PRESENTED"
            # The invoice is for the whole, which an amended credit may not permit any more (article 18 b).
            complies = self.good[which] and drawn + claimed <= self.limit and self.limit >= WHOLE
            complies = complies or (self.overdue(which) and drawn < self.limit)
            self.states[which] = "COMPLYING" if complies else "DISCREPANT"

    def overdue(self, which: UUID) -> bool:
        return self.trade.now.date() > self.trade.presentation(which).examine_by

    @rule(days=st.sampled_from([1, 4, 7]), twice=st.booleans())
    def time_passes(self, days: int, twice: bool) -> None:
        self.trade.on(self.trade.now.date() + timedelta(days=days))
        due = [which for which, state in sorted(self.states.items()) if state == "PRESENTED"]
        due = [which for which in due if self.overdue(which)]
        left = self.limit - self.trade.seen(self.credit).drawn_minor
        for which in due:
            self.states[which] = "COMPLYING" if left else "DISCREPANT"
            left -= min(left, self.trade.presentation(which).claimed_minor)
        assert credit.watch(self.trade.platform) == len(due)
        if twice:
            before = self.trade.everything()
            assert credit.watch(self.trade.platform) == 0
            assert self.trade.everything() == before
        assert all(self.trade.presentation(which).precluded for which in due)
        assert [entry.actor_id for entry in self.trade.history(self.credit) if entry.action == "PRECLUDE"][
            len(self.precluded) :
        ] == [None] * len(due)
        self.precluded |= set(due)

    @precondition(lambda self: self.states)
    @rule(data=st.data(), by=st.sampled_from(PARTIES), action=st.sampled_from(STEPS))
    def settle(self, data: st.DataObject, by: str, action: str) -> None:
        which = data.draw(st.sampled_from(sorted(self.states)))
        before = self.states[which]
        if action == "REPAY":
            self.repay(which, by)
        elif self.tried(lambda: self.trade.settle(by, which, action)):
            row = next(one for one in TRANSITIONS if one.action is Action(action) and one.before == before)
            assert PARTS[by] & row.who, f"{by} made {action}"
            self.states[which] = row.after[0].value
            if action == "WAIVE":
                self.waived.add(which)
            if action == "PAY":
                assert before == "COMPLYING" or which in self.waived
            if action == "REIMBURSE" or (action == "PAY" and by == "bank"):
                self.debts[which] = "OWED"

    def repay(self, which: UUID, by: str) -> None:
        owed = self.debts.get(which) == "OWED"
        assert self.tried(lambda: self.trade.settle(by, which, "REPAY")) == (owed and by == "bank")
        if owed and by == "bank":
            self.debts[which] = "REPAID"

    @rule(more=st.booleans(), accept=st.booleans(), share=st.sampled_from([10, 50]))
    def amend(self, more: bool, accept: bool, share: int) -> None:
        by = WHOLE * share // 100
        made: list[UUID] = []
        given: dict[str, Any] = {"increase_minor": by} if more else {"decrease_minor": by}
        if self.tried(lambda: made.append(self.trade.amend(self.credit, **given))) and self.tried(
            lambda: self.trade.answer(made[0], accept=accept)
        ):
            self.limit += (by if more else -by) if accept else 0

    @invariant()
    def the_applicant_owes_its_bank_what_that_laid_out_and_no_other_party_is_told(self) -> None:
        for which in getattr(self, "states", {}):
            debt = self.trade.debt(which)
            assert (debt.state.value if debt else None) == self.debts.get(which)
            assert debt is None or debt.amount_minor == self.trade.presentation(which).drawn_minor
            assert (self.trade.debt(which, "buyer") is None) == (debt is None)
            assert self.trade.debt(which, "seller") is self.trade.debt(which, "adviser") is None

    @invariant()
    def balance_and_drawings_make_the_amount(self) -> None:
        if not hasattr(self, "credit"):
            return
        row = self.trade.seen(self.credit)
        entries = self.trade.history(self.credit)
        drawn = {which: self.trade.presentation(which).drawn_minor for which in self.states}
        assert row.limit_minor == self.limit
        assert 0 <= row.drawn_minor <= row.limit_minor
        assert row.drawn_minor == sum(drawn.values()) == sum(entry.drawn_minor for entry in entries)
        assert entries[-1].balance_minor + row.drawn_minor == row.limit_minor
        bound = ("COMPLYING", "ACCEPTED", "PAID", "REIMBURSED")
        assert all((amount > 0) == (self.states[which] in bound) for which, amount in drawn.items())
        assert {which: self.trade.presentation(which).state for which in self.states} == self.states


@pytest.fixture
def machine(platform: Platform) -> type[Credits]:
    Credits.trade = open_credit_trade(platform)
    return Credits


def test_balance_and_drawings_make_the_amount_whatever_is_tried(machine: type[Credits]) -> None:
    play(machine, runs=7, steps=14)


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[CreditTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=8)
    yield open_credit_trade(Platform(engine, clock))
    engine.dispose()


def at_once(calls: list[Callable[[], object]]) -> list[str]:
    """Make all calls at the same moment; return what came of each: its answer, or the code of a refusal."""
    together = Barrier(len(calls))

    def made(call: Callable[[], object]) -> str:
        together.wait()
        try:
            return str(call())
        except PlatformError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(made, calls))


def test_of_two_presentations_at_once_for_the_whole_credit_one_draws(trade: CreditTrade) -> None:
    it = trade.advised(OPEN_TERMS)
    first, second = trade.present(it, "P-1"), trade.present(it, "P-2")
    outcomes = at_once([lambda: trade.examine(first), lambda: trade.examine(second, "adviser")])
    assert outcomes == ["COMPLYING", "DISCREPANT"]
    assert trade.seen(it).drawn_minor == WHOLE


def test_of_one_reference_presented_at_once_and_one_payment_made_at_once_one_stands(
    trade: CreditTrade,
) -> None:
    it = trade.advised(OPEN_TERMS)
    outcomes = at_once([lambda: trade.present(it) for _ in range(4)])
    assert sorted(outcomes)[1:] == ["reference_taken"] * 3
    presentation = trade.as_owner("SELECT id FROM credit_presentation")[0][0]
    trade.examine(presentation)
    paid = at_once([lambda by=by: trade.settle(by, presentation, "PAY") for by in ("bank", "adviser") * 2])  # type: ignore[misc]
    assert paid == ["PAID", "wrong_state", "wrong_state", "wrong_state"]
    assert trade.seen(it).drawn_minor == WHOLE
