"""Whatever is tried: no slot is overbooked, nothing gets in without a live order, refusals change nothing."""

from collections import Counter
from datetime import timedelta
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

from gate_trade import CONTAINER, OTHER, GateTrade, open_gate_trade
from isthmus_platform import declarations
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.logistics.appointment_machine import GRACE
from isthmus_platform.logistics.verdict import TransportDocument
from playing import play
from standing import StandingClock

PARTIES = st.sampled_from(["forwarder", "rival", "terminal", "consignee", "stranger"])
DRIVES = ("forwarder", "rival")
STANDING = ("BOOKED", "ARRIVED", "COMPLETED")
PROVEN = ("RECORDED", "CONFIRMED")


class Gate(RuleBasedStateMachine):
    """Two containers, four slots for one lorry each, and one order, against a model of all of them."""

    trade: GateTrade
    clock: StandingClock
    count = 0

    @initialize()
    def begin(self) -> None:
        Gate.count += 1
        name = f"G{Gate.count}"
        releases, titles = self.trade.releases, self.trade.releases.titles
        shipment = titles.papers.trade.ship(
            reference=name, ucr=f"U{name}", bill_of_lading=None, booking_reference=None
        )
        self.release = releases.open(shipment=shipment, document=TransportDocument.SEA_WAYBILL)
        releases.freight(self.release)
        with self.trade.platform.begin(titles["trader"]) as work:
            declarations.submit(work, name)
        releases.customs_say("RELEASED", shipment)
        day = (self.clock.now + timedelta(days=1)).date()
        self.slots = self.trade.offer(gate=name, day=day, capacity=1)
        self.order: Any = releases.order(self.release, days=3)
        self.live, self.out = True, False
        self.made: dict[Any, list[Any]] = {}  # appointment: [container, slot, state]
        self.proofs: dict[Any, list[Any]] = {}  # proof: [containers, recorder, state]

    def tried(self, call: Any) -> Any:
        """Return what ``call`` made, or None where it was refused, which changed nothing."""
        before = self.trade.rows()
        try:
            return call() or True
        except PlatformError:
            assert self.trade.rows() == before
            return None

    def standing(self, unit: str) -> bool:
        return any(each[0] == unit and each[2] in STANDING for each in self.made.values())

    @rule(slot=st.integers(0, 3), unit=st.sampled_from([CONTAINER, OTHER]))
    def book(self, slot: int, unit: str) -> None:
        place = self.slots[slot]
        made = self.tried(lambda: self.trade.book(place.id, self.order, unit))
        may = self.live and place.ends_at > self.clock.now and place.ends_at <= self.order.expires_at
        may = may and not self.standing(unit) and self.taken()[place.id] == 0
        assert bool(made) is may
        if made:
            self.made[made.id] = [unit, place, "BOOKED"]

    def taken(self) -> Counter[Any]:
        gone = ("CANCELLED",)
        return Counter(each[1].id for each in self.made.values() if each[2] not in gone)

    @precondition(lambda self: self.made)
    @rule(by=PARTIES, which=st.randoms(use_true_random=False), slot=st.integers(0, 3))
    def reschedule(self, by: str, which: Any, slot: int) -> None:
        key = which.choice(list(self.made))
        unit, old, state = self.made[key]
        new, before = self.slots[slot], self.taken()
        made = self.tried(lambda: self.trade.move("reschedule", key, by, new.id))
        if made:
            assert by in DRIVES
            assert state == "BOOKED"
            if new.id != old.id:
                assert self.live
                assert before[new.id] == 0
                assert min(old.ends_at, new.ends_at) > self.clock.now
            self.made[key] = [unit, new, state]

    @precondition(lambda self: self.made)
    @rule(
        by=PARTIES,
        which=st.randoms(use_true_random=False),
        name=st.sampled_from(["cancel", "arrive", "complete", "turn_away", "no_show"]),
    )
    def move(self, by: str, which: Any, name: str) -> None:
        key = which.choice(list(self.made))
        unit, slot, state = self.made[key]
        given = ("Why not",) if name in ("cancel", "turn_away") else ()
        made = self.tried(lambda: self.trade.move(name, key, by, *given))
        if not made:
            return
        now = self.clock.now
        assert (by in DRIVES) if name == "cancel" else (by == "terminal")
        assert state == ("ARRIVED" if name in ("complete", "turn_away") else "BOOKED")
        if name == "cancel":
            assert now < slot.ends_at
        if name == "arrive":
            assert slot.starts_at - GRACE <= now <= slot.ends_at + GRACE
            assert self.live or self.out
        if name == "complete":
            assert self.out
        if name == "no_show":
            assert now > slot.ends_at + GRACE
        self.made[key] = [unit, slot, made.state]

    @precondition(lambda self: self.live)
    @rule()
    def revoke(self) -> None:
        self.trade.releases.revoke(self.order.id)
        self.live = False

    @precondition(lambda self: not self.live and not self.out)
    @rule()
    def order_again(self) -> None:
        self.order, self.live = self.trade.releases.order(self.release, days=3), True

    @rule()
    def hand_out(self) -> None:
        if self.tried(lambda: self.trade.hand_out(self.order)):
            assert self.live
            self.live, self.out = False, True

    @rule(by=PARTIES, which=st.randoms(use_true_random=False), by_lorry=st.booleans())
    def prove(self, by: str, which: Any, by_lorry: bool) -> None:
        key = which.choice(list(self.made)) if self.made and by_lorry else None
        about = {"release": self.release} if key is None else {"appointment": key}
        units = {CONTAINER, OTHER} if key is None else {self.made[key][0]}
        proven = {unit for each in self.proofs.values() if each[2] in PROVEN for unit in each[0]}
        made = self.tried(lambda: self.trade.deliver(by, **about))
        done = key is None or self.made[key][2] == "COMPLETED"
        may = by == "consignee" if key is None else by in DRIVES
        assert bool(made) is (self.out and done and may and not units & proven)
        if made:
            self.proofs[made.id] = [units, by, "RECORDED"]

    @precondition(lambda self: self.proofs)
    @rule(
        by=PARTIES,
        which=st.randoms(use_true_random=False),
        step=st.sampled_from(["CONFIRMED", "DISPUTED", "WITHDRAWN"]),
    )
    def settle(self, by: str, which: Any, step: str) -> None:
        key = which.choice(list(self.proofs))
        _, recorder, state = self.proofs[key]
        self.clock.advance(seconds=1)
        if step == "WITHDRAWN":
            came, may = self.tried(lambda: self.trade.withdraw(key, by)), by == recorder
        else:
            agrees = step == "CONFIRMED"
            came = self.tried(lambda: self.trade.answer(key, agrees, by, "As it is"))
            may = by == "consignee" != recorder
        assert bool(came) is (may and state == "RECORDED")
        if came:
            assert came == step
            self.proofs[key][2] = step

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        if self.live and self.order.expires_at <= self.clock.now:
            self.live = False

    @invariant()
    def the_slots_are_as_full_as_the_model_says_and_never_fuller_than_they_hold(self) -> None:
        if not hasattr(self, "slots"):
            return
        taken = self.taken()
        for each in self.slots:
            held = self.trade.slot(each.id)
            assert held.taken == taken[each.id] <= held.capacity


@pytest.fixture
def machine(platform: Platform, clock: StandingClock) -> type[Gate]:
    Gate.trade = open_gate_trade(platform)
    Gate.clock = clock
    return Gate


def test_no_slot_is_overbooked_and_no_delivery_is_proven_twice_whatever_is_tried(
    machine: type[Gate],
) -> None:
    play(machine, runs=10, steps=25)
