"""Whatever is tried, in any order: two people decide of a hit, while its entry says what they read."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.screening import review
from isthmus_platform.screening.records import ScreeningHit
from isthmus_platform.screening.states import Action, Decision, State
from playing import play
from screening_trade import CONSIGNEE, GOODS, Screening, screened
from trade import open_trade

PEOPLE = st.sampled_from(["first", "second", "third", "machine", "stranger"])
OWN = ("first", "second", "third")
DECISIONS = st.sampled_from(list(Decision))


class Reviews(RuleBasedStateMachine):
    """One hit against a model of where it stands, who proposed what, and what its entry says."""

    screening: Screening
    count = 0

    @initialize()
    def begin(self) -> None:
        Reviews.count += 1
        self.list = f"list-{Reviews.count}"
        self.shipment = self.screening.trade.ship(reference=f"R{Reviews.count}", ucr=f"U{Reviews.count}")
        self.versions, self.entry, self.listed = 0, 0, False
        self.state: State | None = None
        self.proposed: tuple[str, Decision] | None = None
        self.history: list[str] = []
        self.load(entry=0, listed=True)

    def actor(self, by: str) -> Actor:
        if by == "stranger":
            return self.screening.person("stranger", "stranger")
        return self.screening.trade["trader"] if by == "machine" else self.screening.person(by)

    def load(self, *, entry: int, listed: bool) -> None:
        """Load a version in which the entry says ``entry``, or is gone."""
        self.versions += 1
        named = [{**CONSIGNEE, "remarks": f"as of {entry}"}] if listed else []
        other = {**GOODS, "keywords": ["nothing like it"], "hsPrefixes": ["99"]}
        self.screening.load(*named, {**other, "remarks": str(self.versions)}, list=self.list)
        if not listed:
            if self.state not in (None, State.LAPSED):
                self.moved(State.LAPSED, Action.LAPSED)
        elif self.state is None:
            self.moved(State.OPEN, Action.OPENED)
        elif self.state is State.LAPSED or (entry != self.entry and self.state is not State.OPEN):
            self.moved(State.OPEN, Action.REOPENED)
        self.entry, self.listed = entry, listed

    def moved(self, state: State, action: Action) -> None:
        self.state = state
        self.history.append(action.value)
        if state in (State.OPEN, State.LAPSED):
            self.proposed = None

    def hit(self) -> ScreeningHit:
        (found,) = [
            hit for hit in self.screening.hits(shipment_id=self.shipment) if hit.list_code == self.list
        ]
        return found

    def tried(self, call: Callable[..., Any], by: str, *given: Any) -> bool:
        """Say whether a change was made; a refusal must change nothing."""
        found = self.hit()
        hit, before = found.id, found.steps
        try:
            with self.screening.platform.begin(self.actor(by)) as work:
                call(work, hit, *given)
        except PlatformError:
            assert self.hit().steps == before
            return False
        return True

    @rule(by=PEOPLE, decision=DECISIONS)
    def propose(self, by: str, decision: Decision) -> None:
        done = self.tried(review.propose, by, decision, "as I read it")
        assert done == (self.state is State.OPEN and by in OWN)
        if done:
            self.moved(State.PROPOSED, Action.PROPOSED)
            self.proposed = by, decision

    @rule(by=PEOPLE, decision=DECISIONS)
    def approve(self, by: str, decision: Decision) -> None:
        done = self.tried(review.approve, by, decision)
        proposer, proposed = self.proposed or (by, decision)
        may = self.state is State.PROPOSED and by in OWN
        assert done == (may and proposer != by and proposed is decision)
        if done:
            self.moved(decision.state, Action.APPROVED)

    @rule(by=PEOPLE)
    def send_back(self, by: str) -> None:
        done = self.tried(review.send_back, by, "say more")
        assert done == (self.state is State.PROPOSED and by in OWN)
        if done:
            self.moved(State.OPEN, Action.RETURNED)

    @rule(entry=st.integers(0, 2), listed=st.sampled_from([True, True, False]))
    def load_another_version(self, entry: int, listed: bool) -> None:
        self.load(entry=entry if listed else self.entry, listed=listed)

    @invariant()
    def it_stands_as_the_model_says(self) -> None:
        if self.state is None:
            return
        hit = self.hit()
        assert hit.state == self.state
        assert self.screening.actions(hit.id) == self.history
        decided = self.state in (State.RELEASED, State.CONFIRMED)
        assert decided == (hit.decided_by is not None)
        assert hit.proposed_by is None or hit.proposed_by != hit.decided_by


@pytest.fixture
def machine(platform: Platform, platform_url: str) -> type[Reviews]:
    Reviews.screening = screened(open_trade(platform), platform_url)
    with psycopg.connect(platform_url) as connection:
        connection.execute("DELETE FROM outbox")  # the parties themselves are screened elsewhere
    Reviews.count = 0
    return Reviews


def test_two_people_decide_whatever_is_tried(machine: type[Reviews]) -> None:
    play(machine, runs=4, steps=16)
