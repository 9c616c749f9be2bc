"""From application to closing: a step is made exactly where the table lets its party make it."""

from dataclasses import replace
from datetime import date, timedelta
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

from credit_case import TERMS
from credit_trade import OPEN_TERMS, CreditTrade, open_credit_trade
from isthmus_platform.credit.machine import TRANSITIONS, Action, CreditState, Part
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from playing import play

PARTS = {
    "buyer": {Part.APPLICANT},
    "seller": {Part.BENEFICIARY},
    "bank": {Part.ISSUING},
    "adviser": {Part.ADVISING, Part.NOMINATED},
    "stranger": set(),
    "other-bank": set(),
}
STEPS = [Action.ISSUE, Action.DECLINE, Action.ADVISE, Action.CLOSE]
BEGINNING = date(2026, 6, 1)


class Lives(RuleBasedStateMachine):
    """One credit at a time, from nothing on, and a model of what may become of it."""

    trade: CreditTrade
    made = 0

    @initialize()
    def begin(self) -> None:
        self.trade.on(BEGINNING)
        self.credit: UUID | None = None
        self.taken: list[Action] = []
        self.drawn = self.amending = False

    @rule(by=st.sampled_from(sorted(PARTS)), issuing=st.sampled_from(["bank", "seller"]))
    def apply(self, by: str, issuing: str) -> None:
        Lives.made += 1
        before = self.trade.everything()
        terms = replace(OPEN_TERMS, reference=f"LIFE-{Lives.made}")
        try:
            credit = self.trade.apply(by, terms, issuing=issuing)
        except PlatformError:
            assert by in ("bank", "adviser", "other-bank", "seller") or issuing == "seller"
            assert self.trade.everything() == before
            return
        assert issuing == "bank"
        if by == "buyer":
            self.credit, self.state, self.taken = credit, CreditState.APPLIED, [Action.APPLY]
            self.drawn = self.amending = False

    @property
    def expired(self) -> bool:
        return self.trade.now.date() > TERMS.expires_on

    def may(self, by: str, action: Action) -> bool:
        """Say whether the table and what it says a step needs let ``by`` make it."""
        rows = [one for one in TRANSITIONS if (one.action, one.before) == (action, self.state)]
        ready = {
            Action.ISSUE: not self.expired,
            Action.CLOSE: (self.drawn or self.expired) and not self.amending,
        }
        return any(PARTS[by] & one.who for one in rows) and ready.get(action, True)

    @precondition(lambda self: self.credit)
    @rule(by=st.sampled_from(sorted(PARTS)), action=st.sampled_from(STEPS))
    def step(self, by: str, action: Action) -> None:
        assert self.credit is not None
        before = self.trade.everything()
        if not self.may(by, action):
            with pytest.raises(PlatformError):
                self.trade.step(by, self.credit, action)
            assert self.trade.everything() == before
            return
        (row,) = (one for one in TRANSITIONS if (one.action, one.before) == (action, self.state))
        (self.state,) = (CreditState(after) for after in row.after)
        assert self.trade.step(by, self.credit, action) == self.state
        self.taken.append(action)

    @precondition(lambda self: self.credit)
    @rule()
    def go_on(self) -> None:
        """Make the step that leads on, which chance finds seldom."""
        following = {
            CreditState.APPLIED: ("bank", Action.ISSUE),
            CreditState.ISSUED: ("adviser", Action.ADVISE),
        }
        self.step(*following.get(self.state, ("bank", Action.CLOSE)))

    @precondition(lambda self: self.credit and self.state is CreditState.ADVISED and not self.drawn)
    @rule()
    def draw_the_whole(self) -> None:
        assert self.credit is not None
        presentation = self.trade.present(self.credit, f"P-{len(self.taken)}")
        with pytest.raises(PlatformError):
            self.trade.step("bank", self.credit, Action.CLOSE)
        complying = self.trade.examine(presentation) == "COMPLYING"
        self.taken += [Action.PRESENT, Action.EXAMINE]
        if complying:
            self.trade.settle("bank", presentation, Action.PAY)
            self.taken.append(Action.PAY)
            self.drawn = True
        else:
            self.trade.settle("bank", presentation, Action.RETURN)
            self.taken.append(Action.RETURN)

    @precondition(lambda self: self.credit and self.state is CreditState.ADVISED and not self.amending)
    @rule()
    def propose_an_amendment(self) -> None:
        assert self.credit is not None
        self.trade.amend(self.credit, increase_minor=100)
        self.taken.append(Action.AMEND)
        self.amending = True

    @rule(days=st.sampled_from([3, 20]))
    def time_passes(self, days: int) -> None:
        self.trade.on(self.trade.now.date() + timedelta(days=days))

    @invariant()
    def the_history_is_what_was_done(self) -> None:
        credit: UUID | None = getattr(self, "credit", None)
        if credit is not None:
            assert self.trade.seen(credit, "buyer").state == self.state
            told = [Action(entry.action) for entry in self.trade.history(credit, "buyer")]
            assert told == self.taken


@pytest.fixture
def machine(platform: Platform) -> type[Lives]:
    Lives.trade = open_credit_trade(platform)
    return Lives


def test_a_step_is_made_exactly_where_the_table_lets_its_party_make_it(machine: type[Lives]) -> None:
    play(machine, runs=10, steps=20)
