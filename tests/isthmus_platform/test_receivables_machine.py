"""Whatever is tried on offers of one invoice: one bank has it at most, and owed is what was advanced."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.receivables.machine import FINANCED, TAKEN, TRANSITIONS, Action, Part, State
from playing import play
from receivable_trade import ReceivableTrade, marks, open_receivable_trade

BANKS = ("bank", "other-bank")
PARTIES = ("trader", *BANKS, "stranger")
STEPS = ("ACCEPT", "DECLINE", "WITHDRAW", "CONFIRM", "DISBURSE")


STAGES = st.sampled_from([1, 4, 5, 5, 5])
"""How far one bank comes before anything else is tried: from the offer to the disbursement."""
ENDED = (State.DECLINED, State.WITHDRAWN, State.LAPSED, State.REPAID)


class Receivables(RuleBasedStateMachine):
    """Two offers of one invoice, and a model of how each stands."""

    trade: ReceivableTrade
    invoices = 0

    @initialize(stage=STAGES)
    def begin(self, stage: int) -> None:
        self.offer()
        for _ in range(stage):
            self.go_on("bank")

    @precondition(lambda self: all(state in ENDED for state in self.states.values()))
    @rule(stage=STAGES)
    def begin_again(self, stage: int) -> None:
        self.begin(stage)

    def offer(self) -> None:
        Receivables.invoices += 1
        self.marks = marks(f"machine {self.invoices}")
        today = self.trade.platform.clock().date()
        self.due_on = today + timedelta(days=40)
        document = self.trade.store(f"invoice {self.invoices}")
        self.offers = self.trade.offer(document=document, issued_on=today, due_on=self.due_on)
        self.states = dict.fromkeys(self.offers, State.OFFERED)
        self.paid_out: dict[str, int] = dict.fromkeys(self.offers, 0)
        self.repaid: dict[str, int] = dict.fromkeys(self.offers, 0)

    def part(self, by: str, bank: str) -> Part | None:
        return {"trader": Part.SELLER, bank: Part.BANK}.get(by)

    def tried(self, call: Callable[[], object]) -> bool:
        """Make a call; on a refusal nothing at all may have changed. Return whether it was made."""
        before = self.trade.everything()
        try:
            call()
        except PlatformError:
            assert self.trade.everything() == before
            return False
        return True

    def moved(self, bank: str, action: Action, by: Part | None) -> None:
        """Hold a step that was made against the table."""
        (row,) = [
            one
            for one in TRANSITIONS
            if one.action is action and one.who is by and self.states[bank] in one.before
        ]
        self.states[bank] = row.after or self.states[bank]

    @rule(by=st.sampled_from(PARTIES), bank=st.sampled_from(BANKS), days=st.sampled_from([9, 30]))
    def quote(self, by: str, bank: str, days: int) -> None:
        until = self.trade.platform.clock() + timedelta(days=days)
        if self.tried(lambda: self.trade.quote(by, self.offers[bank], valid_until=until)):
            self.moved(bank, Action.QUOTE, self.part(by, bank))

    @rule(by=st.sampled_from(PARTIES), bank=st.sampled_from(BANKS), step=st.sampled_from(STEPS))
    def step(self, by: str, bank: str, step: str) -> None:
        if self.tried(lambda: self.trade.step(by, self.offers[bank], step, self.marks)):
            self.moved(bank, Action(step), self.part(by, bank))
            for other in BANKS:
                waits = self.states[other] in (State.OFFERED, State.QUOTED)
                if step == "CONFIRM" and other != bank and waits:
                    self.states[other] = State.WITHDRAWN

    @rule(bank=st.sampled_from(BANKS))
    def go_on(self, bank: str) -> None:
        """Make the step that follows for one bank, so that the machine comes far."""
        follows = {State.QUOTED: "ACCEPT", State.ACCEPTED: "CONFIRM", State.CONFIRMED: "DISBURSE"}
        if self.states[bank] is State.OFFERED:
            self.quote(bank, bank, 30)
        elif self.states[bank] in follows:
            step = follows[self.states[bank]]
            self.step("trader" if step == "CONFIRM" else bank, bank, step)
        else:
            self.pay_out()

    @rule()
    def pay_out(self) -> None:
        self.trade.pay_out()
        for bank, state in self.states.items():
            if state is State.DISBURSING:
                self.moved(bank, Action.PAY_OUT, Part.WORKER)
                self.paid_out[bank] = self.trade.seen(self.offers[bank]).paid_out_minor or 0

    @precondition(lambda self: any(self.paid_out.values()))
    @rule(by=st.sampled_from(PARTIES), bank=st.sampled_from(BANKS), share=st.sampled_from([10, 60, 100, 101]))
    def repay(self, by: str, bank: str, share: int) -> None:
        owed = self.trade.seen(self.offers[bank]).advance_minor or 0
        amount = owed * share // 100
        if self.tried(lambda: self.trade.repay(self.offers[bank], amount, by)):
            self.moved(bank, Action.REPAY, self.part(by, bank))
            self.repaid[bank] += amount
            if self.repaid[bank] == owed:
                self.states[bank] = State.REPAID

    @rule(days=st.sampled_from([1, 1, 5, 36]))
    def time_passes(self, days: int) -> None:
        self.trade.on(self.trade.platform.clock().date() + timedelta(days=days))
        self.trade.watch()
        late = self.trade.platform.clock().date() > self.due_on
        for bank, offer_id in self.offers.items():
            now = State(self.trade.seen(offer_id).state)
            while self.states[bank] is not now:
                action = {
                    State.DISBURSED: Action.FALL_DUE,
                    State.OVERDUE: Action.DEFAULT,
                }.get(self.states[bank], Action.LAPSE)
                assert late or self.states[bank] in (State.QUOTED, State.ACCEPTED)
                self.moved(bank, action, Part.CLOCK)

    @invariant()
    def one_bank_has_it_and_what_is_owed_is_what_was_advanced(self) -> None:
        if not hasattr(self, "offers"):
            return
        rows = {bank: self.trade.seen(offer_id) for bank, offer_id in self.offers.items()}
        assert {bank: State(row.state) for bank, row in rows.items()} == self.states
        taken = [bank for bank, state in self.states.items() if state in TAKEN]
        assert len(taken) <= 1
        registered = any(state in FINANCED for state in self.states.values())
        assert self.trade.financed("bank", self.marks) is registered
        for bank, row in rows.items():
            seen = {each.id for each in self.trade.receivables(bank)}
            assert (row.receivable_id in seen) is (bank in taken)
            entries = self.trade.history(self.offers[bank])
            paid = [one.amount_minor for one in entries if one.action == "PAY_OUT"]
            assert sum(paid) == self.paid_out[bank]
            assert len(paid) <= 1
            assert row.repaid_minor == self.repaid[bank]
            assert entries[-1].outstanding_minor == row.outstanding_minor
            if self.paid_out[bank]:
                assert row.outstanding_minor + row.repaid_minor == row.advance_minor


@pytest.fixture
def machine(platform: Platform) -> type[Receivables]:
    Receivables.trade = open_receivable_trade(platform)
    return Receivables


def test_one_bank_has_an_invoice_at_most_whatever_is_tried(machine: type[Receivables]) -> None:
    play(machine, runs=4, steps=16)
