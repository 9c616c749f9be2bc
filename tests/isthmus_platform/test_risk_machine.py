"""Whatever is tried, by whom and in which order: rules, findings and appeals step as their tables say."""

from collections.abc import Callable, Iterator
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

from at_once import at_once
from isthmus_platform import risk
from isthmus_platform.database import Actor, Platform, Work, create_platform_engine
from isthmus_platform.errors import PlatformError
from isthmus_platform.risk import About, Category, RuleDraft, simulating
from isthmus_platform.risk.states import APPEAL_STEPS, FINDING_STEPS, RULE_STEPS
from playing import play
from risk_trade import RiskTrade, open_risk_trade
from standing import StandingClock

PERSONS = ("carrier", "carrier's other", "trader", "stranger", "operator")
CARRIERS = PERSONS[:2]
EVERYTHING = RuleDraft("EVERYTHING", About.OWNER, Category.OTHER, "Whatever it is", "true")


class Risks(RuleBasedStateMachine):
    """Versions of one rule of the carrier's, shipments of the trader's, and a model of how all stand."""

    trade: RiskTrade
    ships = 0

    @initialize()
    def begin(self) -> None:
        Risks.ships += 1
        self.code = f"EVERYTHING_{Risks.ships}"
        first = self.trade.turn_on(EVERYTHING, "carrier", code=self.code)
        self.versions: dict[UUID, str] = {first: "ACTIVE"}
        self.running: dict[UUID, UUID] = {}
        self.findings: dict[UUID, str] = {}
        self.deciders: dict[UUID, str] = {}
        self.appeals: dict[UUID, str] = {}
        self.shipments: list[UUID] = []
        self.assess(another=True)
        self.assess(another=True)

    def actor(self, name: str) -> Actor:
        return self.trade.other("carrier") if name == "carrier's other" else self.trade[name]

    def tried(self, by: str, call: Callable[[Work], object]) -> bool:
        """Make a call; on a refusal nothing at all may have changed. Return whether it was made."""
        before = self.trade.everything()
        try:
            with self.trade.platform.begin(self.actor(by)) as work:
                call(work)
        except PlatformError:
            assert self.trade.everything() == before
            return False
        return True

    @rule()
    def write(self) -> None:
        self.versions[self.trade.write(EVERYTHING, "carrier", code=self.code)] = "DRAFT"

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), by=st.sampled_from(PERSONS))
    def simulate(self, data: st.DataObject, by: str) -> None:
        which = data.draw(st.sampled_from(sorted(self.versions)))
        made: list[UUID] = []
        if self.tried(by, lambda work: made.append(risk.simulate(work, which, 1, "USD").id)):
            assert by in CARRIERS
            assert which not in self.running
            assert self.versions[which] in RULE_STEPS["simulate"].before
            self.running[which] = made[0]

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(sorted(self.running)))
        with self.trade.platform.begin(self.trade["carrier"]) as work:
            assert not simulating.chunk(work, None, self.running.pop(which))
        if self.versions[which] == "DRAFT":
            self.versions[which] = "SIMULATED"

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), by=st.sampled_from(PERSONS), on=st.booleans())
    def turn(self, data: st.DataObject, by: str, on: bool) -> None:
        which = data.draw(st.sampled_from(sorted(self.versions)))
        step, call = ("activate", risk.activate) if on else ("retire", risk.retire)
        if self.tried(by, lambda work: call(work, which)):
            assert by in CARRIERS
            assert self.versions[which] in RULE_STEPS[step].before
            if on:
                self.versions |= {one: "RETIRED" for one, state in self.versions.items() if state == "ACTIVE"}
            self.versions[which] = RULE_STEPS[step].after.value
        elif by in CARRIERS:
            assert self.versions[which] not in RULE_STEPS[step].before

    @rule(another=st.booleans())
    def assess_one(self, another: bool) -> None:
        self.assess(another)

    def assess(self, another: bool) -> None:
        if another:
            self.shipments.append(self.trade.ship(Risks.ships * 100 + len(self.shipments)))
        opened = self.trade.assess(self.shipments[-1], "carrier")
        assert not opened or "ACTIVE" in self.versions.values()
        self.findings |= dict.fromkeys(opened, "OPEN")

    @precondition(lambda self: self.findings)
    @rule(data=st.data(), by=st.sampled_from(PERSONS), confirm=st.booleans())
    def decide(self, data: st.DataObject, by: str, confirm: bool) -> None:
        which = data.draw(st.sampled_from(sorted(self.findings)))
        step = FINDING_STEPS["confirm" if confirm else "dismiss"]
        if self.tried(by, lambda work: risk.decide(work, which, confirm=confirm, reason="seen")):
            assert by in CARRIERS
            assert self.findings[which] in step.before
            self.findings[which], self.deciders[which] = step.after.value, by

    @precondition(lambda self: self.findings)
    @rule(data=st.data(), by=st.sampled_from(PERSONS))
    def lodge(self, data: st.DataObject, by: str) -> None:
        which = data.draw(st.sampled_from(sorted(self.findings)))
        if self.tried(by, lambda work: risk.lodge(work, which, "not so")):
            assert (by, self.findings[which]) == ("trader", "CONFIRMED")
            assert which not in self.appeals
            self.appeals[which] = "LODGED"

    @precondition(lambda self: self.appeals)
    @rule(data=st.data(), by=st.sampled_from(PERSONS), uphold=st.booleans())
    def review(self, data: st.DataObject, by: str, uphold: bool) -> None:
        which = data.draw(st.sampled_from(sorted(self.appeals)))
        step = APPEAL_STEPS["uphold" if uphold else "withdraw"]
        if self.tried(by, lambda work: risk.review(work, which, uphold=uphold, reason="seen again")):
            assert (by, self.deciders[which]) == ("carrier's other", "carrier"), "a person, and another"
            assert self.appeals[which] in step.before
            self.appeals[which] = step.after.value
            self.findings[which] = "CONFIRMED" if uphold else "WITHDRAWN"

    @invariant()
    def all_stands_as_the_model_says(self) -> None:
        if not hasattr(self, "versions"):
            return
        states = {row[0]: row[1] for row in self.trade.as_owner("SELECT id, state FROM risk_rule")}
        assert {one: states[one] for one in self.versions} == self.versions
        assert list(self.versions.values()).count("ACTIVE") <= 1
        told = (
            "SELECT finding_id, n.state, f.state FROM risk_notice n JOIN risk_finding f ON f.id = finding_id"
        )
        notices = {row[0]: row[1:] for row in self.trade.as_owner(told)}
        assert {one: notices[one] for one in self.findings} == {
            one: (state, state) for one, state in self.findings.items()
        }
        appeals = dict(self.trade.as_owner("SELECT finding_id, state FROM risk_appeal"))
        assert {one: appeals[one] for one in self.appeals} == self.appeals

    def teardown(self) -> None:
        for which, state in getattr(self, "versions", {}).items():
            if state == "ACTIVE":
                self.tried("carrier", lambda work, which=which: risk.retire(work, which))  # type: ignore[misc]


@pytest.fixture
def machine(platform: Platform) -> type[Risks]:
    Risks.trade = open_risk_trade(platform)
    return Risks


def test_rules_findings_and_appeals_step_as_their_tables_say(machine: type[Risks]) -> None:
    play(machine, runs=6, steps=18)


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[RiskTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=8)
    yield open_risk_trade(Platform(engine, clock))
    engine.dispose()


def by(trade: RiskTrade, actor: Actor, call: Callable[[Work], object]) -> Callable[[], object]:
    def made() -> object:
        with trade.platform.begin(actor) as work:
            return call(work)

    return made


def test_of_versions_written_and_activated_at_once_each_has_a_number_and_one_is_active(
    trade: RiskTrade,
) -> None:
    def write(work: Work) -> int:
        return risk.write_rule(work, EVERYTHING).version

    assert at_once([by(trade, trade["carrier"], write)] * 4) == {"done": 4}
    rows = trade.as_owner("SELECT id, version FROM risk_rule ORDER BY version")
    assert [row[1] for row in rows] == [1, 2, 3, 4]
    versions = [row[0] for row in rows]
    for each in versions:
        trade.simulate(each, "carrier")

    def activate(each: UUID) -> Callable[[], object]:
        return by(trade, trade["carrier"], lambda work: risk.activate(work, each).state)

    assert at_once([activate(each) for each in versions]) == {"done": 4}
    states = sorted(row[0] for row in trade.as_owner("SELECT state FROM risk_rule"))
    assert states == ["ACTIVE", "RETIRED", "RETIRED", "RETIRED"]


def test_of_assessments_decisions_appeals_and_reviews_at_once_one_of_each_stands(trade: RiskTrade) -> None:
    trade.turn_on(EVERYTHING, by="carrier")
    shipment = trade.ship(1)
    assess = by(trade, trade["carrier"], lambda work: len(risk.assess(work, None, shipment)))
    assert at_once([assess] * 4) == {"done": 4}
    [finding] = [row[0] for row in trade.as_owner("SELECT id FROM risk_finding")]
    decide = by(
        trade, trade["carrier"], lambda work: risk.decide(work, finding, confirm=True, reason="so").state
    )
    assert at_once([decide] * 4) == {"done": 1, "wrong_state": 3}
    lodge = by(trade, trade["trader"], lambda work: risk.lodge(work, finding, "no").state)
    assert at_once([lodge] * 4) == {"done": 1, "appealed_already": 3}
    review = by(
        trade,
        trade.other("carrier"),
        lambda work: risk.review(work, finding, uphold=False, reason="indeed").state,
    )
    assert at_once([review] * 4) == {"done": 1, "wrong_state": 3}
