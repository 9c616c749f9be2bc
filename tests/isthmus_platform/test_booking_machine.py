"""Whatever is tried: quotes and bookings live by their tables, and each cut-off is told as the model says."""

from collections import Counter
from datetime import datetime, timedelta
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

from booking_trade import BookingTrade, open_booking_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.logistics import bookings, quotes
from isthmus_platform.logistics.booking_machine import LIVE, MOVES, BookingAction, BookingState
from playing import play
from standing import StandingClock
from trade import CONTAINERS

ASKED = ("carrier", "rival")
PARTIES = st.sampled_from(["trader", *ASKED, "stranger"])
SIDES = st.sampled_from(["trader", "carrier", "trader", "carrier", "stranger"])
DAY = timedelta(days=1)
CODES = ("DCO", "VCO", "FCO")


class Freight(RuleBasedStateMachine):
    """One request, the quotes to it and the booking on one of them, against a model of all of them."""

    trade: BookingTrade
    clock: StandingClock

    @initialize(booked=st.booleans())
    def begin(self, booked: bool) -> None:
        self.rows: list[Any] | None = None
        self.began = self.clock.now
        self.request = self.trade.ask(of=ASKED)
        self.awarded = False
        self.quotes: dict[Any, list[Any]] = {}  # quote: [who quotes, valid until, state]
        self.booking: Any = None
        self.state: BookingState | None = None
        self.cut_offs: dict[str, datetime] = {}
        self.weighed: dict[str, datetime] = {}
        self.delivered: datetime | None = None
        self.told: set[tuple[str, datetime, str]] = set()
        if booked:
            self.quote("carrier", 9)
            self.accept("trader", 0)
            self.book("trader", 0)

    def tried(self, call: Any) -> Any:
        """Return what ``call`` made, or None where it was refused, which changed nothing."""
        before = self.trade.rows() if self.rows is None else self.rows
        self.rows = None
        try:
            return call() or True
        except PlatformError:
            self.rows = self.trade.rows()
            assert self.rows == before
            return None

    @rule(by=PARTIES, hours=st.integers(1, 40))
    def quote(self, by: str, hours: int) -> None:
        made = self.tried(lambda: self.trade.quote(self.request, by, hours=hours))
        stands = any(each[0] == by and each[2] == "OFFERED" for each in self.quotes.values())
        in_time = not self.awarded and self.clock.now < self.began + DAY
        assert bool(made) is (by in ASKED and in_time and not stands)
        if made:
            self.quotes[made.id] = [by, made.valid_until, "OFFERED"]

    def chosen(self, which: int) -> tuple[Any, list[Any]]:
        return list(self.quotes.items())[which % len(self.quotes)]

    @precondition(lambda self: self.quotes)
    @rule(by=PARTIES, which=st.integers(0, 3))
    def withdraw(self, by: str, which: int) -> None:
        key, found = self.chosen(which)
        made = self.tried(lambda: self.trade.withdraw(key, by))
        assert bool(made) is (by == found[0] and found[2] != "ACCEPTED")
        if made:
            found[2] = "WITHDRAWN"

    @precondition(lambda self: self.quotes)
    @rule(by=PARTIES, which=st.integers(0, 3))
    def accept(self, by: str, which: int) -> None:
        key, found = self.chosen(which)
        made = self.tried(lambda: self.trade.accept(key, by))
        may = by == "trader" and not self.awarded
        assert bool(made) is (may and found[2] == "OFFERED" and self.clock.now < found[1])
        if made:
            found[2], self.awarded = "ACCEPTED", True

    @precondition(lambda self: self.quotes and self.booking is None)
    @rule(by=PARTIES, which=st.integers(0, 3))
    def book(self, by: str, which: int) -> None:
        key, found = self.chosen(which)
        made = self.tried(lambda: self.trade.book(key, by))
        assert bool(made) is (by == "trader" and found[2] == "ACCEPTED")
        if made:
            self.booking, self.carrier, self.state = made, found[0], BookingState.RECEIVED

    @precondition(lambda self: self.booking is not None)
    @rule(by=SIDES, action=st.sampled_from([*BookingAction, BookingAction.CONFIRM]), days=st.integers(1, 3))
    def move(self, by: str, action: BookingAction, days: int) -> None:
        given: dict[str, Any] = {}
        cut_offs = {code: self.began + days * (at + 1) * DAY for at, code in enumerate(CODES)}
        if action is BookingAction.CONFIRM:
            reference = f"BKG-{self.booking.hex[-8:]}"
            given["confirmation"] = bookings.Confirmation(reference, *cut_offs.values())
        by = self.carrier if by == "carrier" else by
        made = self.tried(lambda: self.trade.act(by, self.booking, action.value, **given))
        move = MOVES[action]
        may = by == (self.carrier if move.carrier else "trader") and self.state in move.before
        in_future = action is not BookingAction.CONFIRM or cut_offs["DCO"] > self.clock.now
        assert bool(made) is (may and in_future)
        if made:
            self.state = move.after
            if given:
                self.cut_offs = cut_offs

    @precondition(lambda self: self.booking is not None)
    @rule(by=SIDES, unit=st.sampled_from(CONTAINERS))
    def weigh(self, by: str, unit: str) -> None:
        made = self.tried(lambda: self.trade.weigh(self.booking, unit, by=by))
        assert bool(made) is (by == "trader" and self.state is BookingState.CONFIRMED)
        if made:
            self.weighed.setdefault(unit, self.clock.now)

    @precondition(lambda self: self.booking is not None)
    @rule(by=SIDES)
    def deliver(self, by: str) -> None:
        by = self.carrier if by == "carrier" else by
        made = self.tried(lambda: self.trade.deliver(self.booking, by))
        assert bool(made) is (by == self.carrier and self.state is BookingState.CONFIRMED)
        if made:
            self.delivered = self.delivered or self.clock.now

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @rule()
    def watch(self) -> None:
        new = {each for each in self.due() if each not in self.told}
        assert self.trade.watch() == len(new)
        self.told |= new
        self.rows = None

    def due(self) -> list[tuple[str, datetime, str]]:
        """Return the cut-offs that both sides are to be told of by now, each as it stands."""
        if self.state not in (BookingState.CONFIRMED, BookingState.PENDING_AMENDMENT):
            return []
        weighed = max(self.weighed.values()) if len(self.weighed) == 2 else None
        met = {"DCO": None, "VCO": weighed, "FCO": self.delivered}
        found = []
        for code, at in self.cut_offs.items():
            there, now = met[code], self.clock.now
            if there is not None and there < at:
                continue
            if now >= at - DAY:
                found.append((code, at, "nears" if now < at and there is None else "missed"))
        return found

    @invariant()
    def everything_stands_as_the_model_says_and_nothing_is_told_twice(self) -> None:
        if not hasattr(self, "told"):
            return
        with self.trade.platform.begin(self.trade["trader"]) as work:
            rows = quotes.of_requests(work, [self.request])[self.request]
            assert {row.id: row.state for row in rows} == {key: each[2] for key, each in self.quotes.items()}
            assert quotes.get(work, self.request).state == ("AWARDED" if self.awarded else "OPEN")
            if self.booking is not None:
                assert bookings.get(work, self.booking).state == self.state
        rows = self.trade.as_owner(
            "SELECT party.name, replace(kind, 'booking.cut_off_', ''), about->>'cutOff', about->>'at'"
            " FROM change JOIN party ON party.id = change.party_id"
            f" WHERE logistics_id = '{self.booking or self.request}' AND kind LIKE 'booking.cut_off%'"
        )
        sides = ("trader", self.carrier) if self.booking is not None else ()
        expected = {(side, kind, code, at.isoformat()) for side in sides for code, at, kind in self.told}
        assert Counter(rows) == Counter(expected)

    def teardown(self) -> None:
        if self.state in LIVE:
            self.trade.act("trader", self.booking, "CANCEL")  # the next example watches its own alone


@pytest.fixture
def machine(platform: Platform, clock: StandingClock) -> type[Freight]:
    Freight.trade = open_booking_trade(platform)
    Freight.clock = clock
    return Freight


def test_quotes_and_bookings_live_by_their_tables_whatever_is_tried(machine: type[Freight]) -> None:
    play(machine, runs=8, steps=20)
