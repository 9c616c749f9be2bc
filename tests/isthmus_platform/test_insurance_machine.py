"""Whatever is tried: the balance is what is in force, claims pay once, a liar triggers and blocks nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from insurance_trade import DESK, SOURCES, UCR, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.insurance import covers, limits, steps
from isthmus_platform.insurance.covers import DEFAULT_UPLIFT, Adjustment
from isthmus_platform.insurance.quorum import QUORUM
from isthmus_platform.insurance.rating import sum_insured
from isthmus_platform.insurance.records import OpenCover
from playing import play
from standing import StandingClock

LIMIT = 400_000
PER_PERIOD = 350_000
SHIPMENTS = 3
PARTIES = st.sampled_from(["trader", "trader", "insurer", "insurer", "bank"])
SUMS = st.integers(1, 250_000)
STEPS: dict[str, tuple[Any, ...]] = {
    "document": (),
    "assess": (30_000, "Survey"),
    "accept": (),
    "decline": ("EXCLUDED", "Inherent vice"),
    "settle": ("PAY-1",),
    "withdraw": (),
}


@dataclass
class Declared:
    """What the model knows of a declaration in force: its sum, and of delay cover the truth and who lies."""

    insured: int
    shipment: int
    claims: list[UUID] = field(default_factory=list)
    paid: dict[UUID, int | None] = field(default_factory=dict)
    agreed: datetime | None = None
    late: int = 0
    liar: str = ""
    told: dict[str, int] = field(default_factory=dict)
    adjusted: int = 0

    def decided(self) -> int | None:
        """Return the delay that stands decided: that of two sources which agree, the liar's or not."""
        return self.late if Counter(self.told.values())[self.late] >= QUORUM else None


class Insurance(RuleBasedStateMachine):
    """One cover and what is declared and claimed under it, offers beside it, against a model of sums."""

    trade: InsuredTrade
    clock: StandingClock
    document: UUID
    shipments: list[tuple[UUID, str]]
    numbers = count(1)

    @initialize()
    def begin(self) -> None:
        self.limit, self.per_period = LIMIT, PER_PERIOD
        self.cover = self.trade.cover(
            number=f"OC-{next(self.numbers)}",
            limit=LIMIT,
            per_period=PER_PERIOD,
            valid_until=self.trade.now + timedelta(days=3 * 366),
        )
        self.live: dict[UUID, Declared] = {}
        self.offers: dict[UUID, str] = {}

    def tried(self, call: Callable[[], Any]) -> Any:
        """Make a call and return what it does; None for a refusal, which may have changed nothing."""
        before = self.trade.everything()
        try:
            return call()
        except PlatformError:
            assert self.trade.everything() == before
            return None

    def fits(self, insured: int, beside: int = 0) -> bool:
        """Return whether the cover bears a sum: no time here leaves the first policy period."""
        stands = sum(each.insured for each in self.live.values()) - beside
        return stands + insured <= min(self.limit, self.per_period)

    @rule(by=PARTIES, limit=st.integers(-1, 10**6))
    def offer(self, by: str, limit: int) -> None:
        number, trade = f"OC-{next(self.numbers)}", self.trade
        draft = trade.draft(number=number, limit=limit, per_period=limit)

        def offered() -> UUID:
            with trade.platform.begin(trade[by]) as work:
                return covers.offer(work, DESK, draft).id

        made = self.tried(offered)
        assert (made is not None) is (by == "insurer" and limit > 0)
        if made is not None:
            self.offers[made] = "OFFERED"

    @precondition(lambda self: self.offers)
    @rule(by=PARTIES, accept=st.booleans(), data=st.data())
    def answer(self, by: str, accept: bool, data: st.DataObject) -> None:
        cover, trade = data.draw(st.sampled_from(sorted(self.offers))), self.trade

        def answered() -> OpenCover:
            with trade.platform.begin(trade[by]) as work:
                return covers.answer(work, DESK, cover, accept=accept)

        made = self.tried(answered)
        assert (made is not None) is (by == "trader" and self.offers[cover] == "OFFERED")
        if made is not None:
            self.offers[cover] = "ACTIVE" if accept else "DECLINED"

    @rule(by=PARTIES, limit=st.integers(300_000, 500_000), per_period=st.integers(300_000, 500_000))
    def widen(self, by: str, limit: int, per_period: int) -> None:
        trade, change = self.trade, Adjustment(limit=limit, per_period=per_period)

        def widened() -> OpenCover:
            with trade.platform.begin(trade[by]) as work:
                return covers.adjust(work, DESK, self.cover, change)

        made = self.tried(widened)
        wider = limit >= self.limit and per_period >= self.per_period
        assert (made is not None) is (by == "insurer" and wider)
        if made is not None:
            self.limit, self.per_period = limit, per_period

    @precondition(lambda self: len(self.live) < SHIPMENTS)
    @rule(cif=SUMS, late=st.integers(0, 6), liar=st.sampled_from(["", *SOURCES]))
    def declare(self, cif: int, late: int, liar: str) -> None:
        """Declare a shipment; with a liar also delay cover, and let the arrival come in the clock's past."""
        taken = {each.shipment for each in self.live.values()}
        free = next(number for number in range(SHIPMENTS) if number not in taken)
        delay = self.trade.delay(agreed=self.trade.now + timedelta(hours=1)) if liar else None
        quote = self.trade.quote(self.cover, shipment=self.shipments[free][0], cif=cif, delay=delay)
        assert quote.premium_minor == sum(line["amount"] for line in quote.lines or ())
        made = self.tried(lambda: self.trade.declare(quote.id))
        assert (made is not None) is self.fits(quote.insured_minor)
        if made is None:
            return
        self.live[made.id] = Declared(made.insured_minor, free, [], {}, made.agreed_arrival, late, liar)
        assert self.tried(lambda: self.trade.declare(quote.id)) is None
        if liar:
            self.clock.advance(days=10)

    @precondition(lambda self: self.live)
    @rule(by=PARTIES, cif=SUMS, data=st.data())
    def adjust(self, by: str, cif: int, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.live)))
        held = self.live[key]
        made = self.tried(lambda: self.trade.adjust(key, by, cif=cif, conveyance=f"Vessel of {cif}"))
        insured = sum_insured(cif, DEFAULT_UPLIFT)
        free = cif != held.adjusted and not held.claims and held.decided() is None
        assert (made is not None) is (by == "trader" and free and self.fits(insured, held.insured))
        if made is not None:
            assert made.insured_minor == insured
            held.insured, held.adjusted = insured, cif

    @precondition(lambda self: self.live)
    @rule(by=PARTIES, data=st.data())
    def cancel(self, by: str, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.live)))
        if self.tried(lambda: self.trade.cancel(key, by)) is not None:
            assert by == "trader"
            assert not self.live[key].claims
            assert self.live[key].decided() is None
            del self.live[key]

    @precondition(lambda self: any(each.liar for each in self.live.values()))
    @rule(source=st.sampled_from(SOURCES), lie=st.integers(0, 9), data=st.data())
    def tell(self, source: str, lie: int, data: st.DataObject) -> None:
        """Let a source tell an arrival: the truth, unless it is the one that lies."""
        key = data.draw(st.sampled_from(sorted(key for key, each in self.live.items() if each.liar)))
        held = self.live[key]
        assert held.agreed is not None
        days = lie if source == held.liar else held.late
        at = held.agreed + timedelta(days=days)
        self.tried(lambda: self.trade.arrived(source, at, self.shipments[held.shipment][1]))
        if held.decided() is None:
            held.told[source] = days

    @precondition(lambda self: self.live)
    @rule(by=PARTIES, claimed=st.integers(1, 60_000), data=st.data())
    def notify(self, by: str, claimed: int, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.live)))
        made = self.tried(lambda: self.trade.notify(key, by, claimed=claimed))
        if made is not None:
            assert by == "trader"
            assert claimed <= self.live[key].insured
            self.live[key].claims.append(made.id)

    @precondition(lambda self: any(each.claims for each in self.live.values()))
    @rule(by=PARTIES, step=st.sampled_from(sorted(STEPS)), data=st.data())
    def go_on(self, by: str, step: str, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from([each for each in self.live.values() if each.claims]))
        claim = data.draw(st.sampled_from(held.claims))
        given = ([self.document],) if step == "document" else STEPS[step]
        made = self.tried(lambda: self.trade.claim(by, step, claim, *given))
        if made is None:
            return
        assert by == ("trader" if step in ("document", "withdraw") else "insurer")
        if step == "settle":
            assert claim not in held.paid, "a settled claim pays once"
            held.paid[claim] = made.paid_minor

    @invariant()
    def the_balance_is_the_limit_less_what_is_in_force(self) -> None:
        stands = sum(each.insured for each in self.live.values())
        cover = self.trade.read_cover(self.cover)
        assert (cover.limit_minor, cover.declared_minor) == (self.limit, stands)
        assert cover.balance_minor == self.limit - stands >= 0
        with self.trade.platform.begin(self.trade["trader"]) as work:
            first, *others = limits.periods(work, [cover])[cover.id]
        assert (first.declared, first.balance) == (stands, self.per_period - stands)
        assert not any(period.declared for period in others)
        assert steps.intact(self.trade.steps(self.cover))

    @invariant()
    def offers_are_as_they_were_answered(self) -> None:
        for cover, state in self.offers.items():
            found = self.trade.read_cover(cover)
            assert (found.state, found.declared_minor) == (state, 0)

    @invariant()
    def one_source_that_lies_neither_triggers_nor_blocks(self) -> None:
        for key, held in self.live.items():
            if not held.liar:
                continue
            basis = self.trade.basis(key)
            assert basis.measured_days == held.decided()
            honest = [source for source in held.told if source != held.liar]
            assert basis.measured_days == held.late if len(honest) >= QUORUM else True
            assert basis.paid in (None, max(0, held.late - 2) * 100_000), "the lie pays nothing"

    @invariant()
    def what_is_paid_is_within_what_is_insured(self) -> None:
        for declaration, held in self.live.items():
            found = [each for each in self.trade.claims_of(declaration) if each.kind != "DELAY"]
            assert {each.id: each.paid_minor for each in found if each.paid_minor is not None} == held.paid
            assert sum(paid or 0 for paid in held.paid.values()) <= held.insured
            assert all((each.state == "SETTLED") == (each.id in held.paid) for each in found)


def another_shipment(number: int) -> tuple[UUID, str]:
    ucr = f"S{number}"
    ship = Insurance.trade.papers.trade.ship
    return ship(reference=ucr, ucr=ucr, booking_reference=None, bill_of_lading=None), ucr


def test_sums_hold_whatever_is_tried(platform: Platform, clock: StandingClock) -> None:
    Insurance.trade, Insurance.clock = open_insured_trade(platform), clock
    Insurance.trade.publish()
    Insurance.document = Insurance.trade.papers.store().document_id
    Insurance.shipments = [(Insurance.trade.shipment, UCR), *map(another_shipment, range(1, SHIPMENTS))]
    play(Insurance, runs=6, steps=14)
