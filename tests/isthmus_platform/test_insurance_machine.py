"""Whatever is tried: balance and declared are the limit, lines are the premium, a settled claim pays once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from insurance_trade import InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.insurance import steps

LIMIT = 400_000
PARTIES = st.sampled_from(["trader", "trader", "insurer", "insurer", "bank"])
STEPS: dict[str, tuple[Any, ...]] = {
    "document": (),
    "assess": (30_000, "Survey"),
    "accept": (),
    "decline": ("EXCLUDED", "Inherent vice"),
    "settle": ("PAY-1",),
    "withdraw": (),
}


class Insurance(RuleBasedStateMachine):
    """One cover and what is declared and claimed under it, against a model of sums."""

    trade: InsuredTrade
    document: UUID
    covers = 0

    @initialize()
    def begin(self) -> None:
        Insurance.covers += 1
        self.cover = self.trade.cover(number=f"OC-{self.covers}", limit=LIMIT)
        self.live: dict[UUID, int] = {}
        self.claims: list[UUID] = []
        self.paid: dict[UUID, int] = {}

    def tried(self, call: Callable[[], Any]) -> Any:
        """Make a call and return what it does; None for a refusal, which may have changed nothing."""
        before = self.trade.everything()
        try:
            return call()
        except PlatformError:
            assert self.trade.everything() == before
            return None

    @precondition(lambda self: not self.live)
    @rule(cif=st.integers(1, 500_000))
    def declare(self, cif: int) -> None:
        quote = self.trade.quote(self.cover, cif=cif)
        assert quote.premium_minor == sum(line["amount"] for line in quote.lines or ())
        made = self.tried(lambda: self.trade.declare(quote.id))
        fits = quote.insured_minor <= LIMIT
        assert (made is not None) is fits
        if made is not None:
            self.live[made.id] = made.insured_minor
            assert self.tried(lambda: self.trade.declare(quote.id)) is None

    @precondition(lambda self: self.live)
    @rule(by=PARTIES)
    def cancel(self, by: str) -> None:
        (declaration,) = self.live
        if self.tried(lambda: self.trade.cancel(declaration, by)) is not None:
            assert by == "trader"
            assert not self.claims
            del self.live[declaration]

    @precondition(lambda self: self.live)
    @rule(by=PARTIES, claimed=st.integers(1, 60_000))
    def notify(self, by: str, claimed: int) -> None:
        (declaration,) = self.live
        made = self.tried(lambda: self.trade.notify(declaration, by, claimed=claimed))
        if made is not None:
            assert by == "trader"
            assert claimed <= self.live[declaration]
            self.claims.append(made.id)

    @precondition(lambda self: self.claims)
    @rule(by=PARTIES, step=st.sampled_from(sorted(STEPS)), data=st.data())
    def go_on(self, by: str, step: str, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        given = ([self.document],) if step == "document" else STEPS[step]
        made = self.tried(lambda: self.trade.claim(by, step, claim, *given))
        if made is None:
            return
        assert by == ("trader" if step in ("document", "withdraw") else "insurer")
        if step == "settle":
            assert claim not in self.paid, "a settled claim pays once"
            self.paid[claim] = made.paid_minor

    @invariant()
    def balance_and_declared_are_the_limit(self) -> None:
        cover = self.trade.read_cover(self.cover)
        assert cover.declared_minor + cover.balance_minor == LIMIT
        assert cover.declared_minor == sum(self.live.values())
        assert steps.intact(self.trade.steps(self.cover))

    @invariant()
    def what_is_paid_is_within_what_is_insured(self) -> None:
        for declaration, insured in self.live.items():
            found = self.trade.claims_of(declaration)
            assert {each.id: each.paid_minor for each in found if each.paid_minor is not None} == self.paid
            assert sum(self.paid.values()) <= insured
            assert all((each.state == "SETTLED") == (each.id in self.paid) for each in found)


def test_sums_hold_whatever_is_tried(platform: Platform) -> None:
    Insurance.trade = open_insured_trade(platform)
    Insurance.trade.publish()
    Insurance.document = Insurance.trade.papers.store().document_id
    run_state_machine_as_test(
        Insurance,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
