"""Whatever is tried: no order is issued or used while a condition is missing; a refusal changes nothing."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from isthmus_platform import declarations
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.logistics import tokens
from isthmus_platform.logistics.machine import State
from playing import play
from release_trade import WAYBILL, ReleaseTrade, open_release_trade
from standing import StandingClock
from title_trade import DESK

PARTIES = st.sampled_from(["carrier", "terminal", "consignee", "trader", "stranger", "authority"])


class Releases(RuleBasedStateMachine):
    """One release under a sea waybill, against a model of what holds, what is held, and what is ordered."""

    trade: ReleaseTrade
    clock: StandingClock
    count = 0

    @initialize(ready=st.booleans())
    def begin(self, ready: bool) -> None:
        Releases.count += 1
        self.name = f"R{Releases.count}"
        self.shipment = self.trade.titles.papers.trade.ship(
            reference=self.name, ucr=f"U{self.name}", bill_of_lading=None, booking_reference=None
        )
        self.release = self.trade.open(shipment=self.shipment, document=WAYBILL)
        self.paid = self.cleared = self.declared = False
        self.held: dict[str, Any] = {}
        self.order: Any = None
        self.state = State.OPEN
        if ready:
            self.customs(released=True)
            self.freight(paid=True, by="carrier")

    def tried(self, call: Any) -> Any:
        """Return what ``call`` made, or None where it was refused, which changed nothing."""
        before = self.trade.rows()
        try:
            return call() or True
        except PlatformError:
            assert self.trade.rows() == before
            return None

    def taken_away(self) -> None:
        assert self.state is not State.PICKED_UP
        self.state, self.order = State.OPEN, None

    @rule(paid=st.booleans(), by=PARTIES)
    def state_freight(self, paid: bool, by: str) -> None:
        self.freight(paid, by)

    def freight(self, paid: bool, by: str) -> None:
        if self.tried(lambda: self.trade.freight(self.release, paid, by)):
            assert by == "carrier"
            if paid is not self.paid:
                self.taken_away()
            self.paid = paid

    @rule(released=st.booleans())
    def customs_say(self, released: bool) -> None:
        self.customs(released)

    def customs(self, released: bool) -> None:
        if not self.declared:
            with self.trade.platform.begin(self.trade.titles["trader"]) as work:
                declarations.submit(work, self.name)
            self.declared = True
        self.trade.customs_say("RELEASED" if released else "ACCEPTED", self.shipment)
        self.cleared = released

    @rule(by=PARTIES)
    def hold(self, by: str) -> None:
        made = self.tried(
            lambda: (
                self.trade.customs_hold(by, f"U{self.name}")
                if by == "authority"
                else self.trade.hold(self.release, by)
            )
        )
        if made:
            assert by in ("carrier", "terminal", "authority")
            assert by not in self.held
            self.held[by] = made
            self.taken_away()

    @precondition(lambda self: self.held)
    @rule(by=PARTIES, whose=st.randoms(use_true_random=False))
    def lift(self, by: str, whose: Any) -> None:
        owner = whose.choice(sorted(self.held))
        if self.tried(lambda: self.trade.lift(self.held[owner], by)):
            assert by == owner
            del self.held[owner]

    @rule(by=PARTIES)
    def issue(self, by: str) -> None:
        made = self.tried(lambda: self.trade.order(self.release, by, hours=3))
        if made:
            assert by == "carrier"
            assert self.state is State.OPEN
            assert self.paid
            assert self.cleared
            assert not self.held
            self.order, self.state = made, State.ORDERED

    @precondition(lambda self: self.order is not None)
    @rule(by=PARTIES)
    def revoke(self, by: str) -> None:
        if self.tried(lambda: self.trade.revoke(self.order.id, by)):
            assert by == "carrier"
            self.taken_away()

    @precondition(lambda self: self.order is not None)
    @rule(by=PARTIES, right=st.booleans())
    def pick_up(self, by: str, right: bool) -> None:
        token = tokens.token(DESK.vault, self.order.id) if right else "B" * 16
        if self.tried(lambda: self.trade.pick_up(self.order.id, token, by)):
            assert (by, right) == ("terminal", True)
            assert self.paid
            assert self.cleared
            assert not self.held
            self.state, self.order = State.PICKED_UP, None

    @rule(hours=st.integers(1, 4))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)
        if self.order is not None and self.order.expires_at <= self.clock.now:
            self.order, self.state = None, State.OPEN

    @invariant()
    def one_live_order_and_never_beside_a_hold(self) -> None:
        live = self.trade.titles.as_owner(
            f"SELECT count(*) FROM delivery_order WHERE release_id = '{self.release}'"
            f" AND state = 'ISSUED' AND expires_at > '{self.clock.now.isoformat()}'"
        )
        assert live == [(0 if self.order is None else 1,)]
        assert not (live == [(1,)] and self.held)
        told = self.trade.get(self.release).state
        assert told == self.state or (told == State.ORDERED and self.state is State.OPEN)


@pytest.fixture
def machine(platform: Platform, clock: StandingClock) -> type[Releases]:
    Releases.trade = open_release_trade(platform)
    Releases.clock = clock
    return Releases


def test_cargo_goes_only_when_every_condition_holds_whatever_is_tried(machine: type[Releases]) -> None:
    play(machine, runs=12, steps=20)
