"""Rules run on history before they count; what they find is the member's, decided, and appealed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from isthmus_platform import risk
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import InvalidInput, NotFound, PlatformError
from isthmus_platform.risk import About, Category, appeals, findings, rules, simulating
from isthmus_platform.risk.records import RiskRule, RiskSimulation
from risk_trade import DEAR, RiskTrade, open_risk_trade

OWNER_DEAR = replace(DEAR, code="OWNER_DEAR", about=About.OWNER)


@pytest.fixture
def trade(platform: Platform) -> RiskTrade:
    return open_risk_trade(platform)


def run_of(trade: RiskTrade, run: UUID, by: str = "trader") -> RiskSimulation:
    with trade.platform.begin(trade[by]) as work:
        return simulating.get(work, run)


def refusal(trade: RiskTrade, actor: Actor, call: Callable[[Any], object]) -> tuple[str, str | None]:
    """Return why a call is refused; nothing at all may have changed."""
    before = trade.everything()
    with pytest.raises(PlatformError) as refused, trade.platform.begin(actor) as work:
        call(work)
    assert trade.everything() == before
    return refused.value.code, refused.value.field


def test_a_rule_is_activated_after_a_simulation_of_exactly_that_version(trade: RiskTrade) -> None:
    trade.past()
    first = trade.write()
    assert refusal(trade, trade["trader"], lambda work: risk.activate(work, first)) == (
        "not_simulated",
        "rule",
    )
    trade.simulate(first)
    assert trade.state(first) == "SIMULATED"
    second = trade.write(condition="price.known && price.deviation > 2.5")
    assert refusal(trade, trade["trader"], lambda work: risk.activate(work, second)) == (
        "not_simulated",
        "rule",
    )
    with trade.platform.begin(trade["trader"]) as work:
        risk.activate(work, first)
    trade.simulate(second)
    with trade.platform.begin(trade["trader"]) as work:
        assert (risk.activate(work, second).version, second) == (2, second)
    assert (trade.state(first), trade.state(second)) == ("RETIRED", "ACTIVE")


def test_the_database_itself_lets_no_version_be_active_without_a_finished_simulation(
    trade: RiskTrade,
) -> None:
    rule = trade.write()
    with trade.platform.begin(trade["trader"]) as work:
        risk.simulate(work, rule, 1, "USD")
    change = update(RiskRule).where(RiskRule.id == rule)
    for values in ({"state": "ACTIVE"}, {"condition": "true"}):
        with (
            pytest.raises(DBAPIError, match=r"row-level security|permission denied"),
            trade.platform.begin(trade["trader"]) as work,
        ):
            work.session.execute(change.values(**values))
    assert trade.state(rule) == "DRAFT"


def test_a_simulation_says_what_it_would_have_caught_and_what_reviewing_that_costs(trade: RiskTrade) -> None:
    trade.past(12)
    dear = [trade.ship(50, 90), trade.ship(51, 95)]
    trade.ship(52, 11)
    run = run_of(trade, trade.simulate(trade.write(), cost=2_500))
    assert (run.total, run.done, run.caught, run.unanswered) == (15, 15, 2, 0)
    assert run.finished_at is not None
    assert simulating.per_thousand(run) == 133
    assert simulating.per_thousand(run, run.review_minor) == 333_333
    with trade.platform.begin(trade["trader"]) as work:
        caught = simulating.catches(work, run.id, first=10)
    assert [one.shipment_id for one in caught] == dear[::-1]
    assert caught[0].evidence[0]["place"] == "goods.1.value"
    assert trade.findings() == [], "a simulation finds nothing in earnest"


def test_a_simulation_tells_how_many_of_the_caught_were_confirmed_or_dismissed_before(
    trade: RiskTrade,
) -> None:
    trade.past()
    trade.turn_on()
    dear = [trade.ship(50 + number, 90) for number in range(3)]
    opened = [trade.assess(each)[0] for each in dear]
    for finding, confirm in zip(opened, (True, False), strict=False):
        with trade.platform.begin(trade["trader"]) as work:
            risk.decide(work, finding, confirm=confirm, reason="looked at")
    run = run_of(trade, trade.simulate(trade.write(code="DEARER")))
    assert (run.caught, run.confirmed, run.dismissed) == (3, 1, 1)


def test_a_rule_catches_live_what_it_caught_in_simulation(trade: RiskTrade) -> None:
    made = [*trade.past(12), *(trade.ship(50 + n, 10 + 17 * n) for n in range(5))]
    rule = trade.write(condition="price.deviation > 3.5 || invoices.alike > 0")
    run = trade.simulate(rule)
    with trade.platform.begin(trade["trader"]) as work:
        risk.activate(work, rule)
        simulated = {one.shipment_id for one in simulating.catches(work, run, first=100)}
    for each in made:
        trade.assess(each)
    assert {one.shipment_id for one in trade.findings()} == simulated
    assert len(simulated) > 8, "those without history are caught for want of an answer"
    assert run_of(trade, run).unanswered == 8


def test_history_is_bounded_and_progress_is_seen_chunk_by_chunk(
    trade: RiskTrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "CHUNK", 3)
    monkeypatch.setattr(simulating, "MOST_SIMULATED", 8)
    trade.past(12)
    rule = trade.write()
    with trade.platform.begin(trade["trader"]) as work:
        run = risk.simulate(work, rule, 1, "USD").id
    told = []
    for _ in range(4):
        with trade.platform.begin(trade["trader"]) as work:
            more = simulating.chunk(work, None, run)
        at = run_of(trade, run)
        told.append((at.done, at.total, more))
    assert told == [(3, 8, True), (6, 8, True), (8, 8, False), (8, 8, False)]
    trade.drain()
    assert run_of(trade, run).done == 8, "messages that come again do nothing"


def test_a_simulation_over_no_history_ends_at_once(trade: RiskTrade) -> None:
    run = run_of(trade, trade.simulate(trade.write()))
    assert (run.total, run.finished_at is not None, simulating.per_thousand(run)) == (0, True, 0)


def test_what_is_lost_from_sight_during_a_run_is_not_counted(
    trade: RiskTrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "CHUNK", 4)
    trade.past(6)
    rule = trade.write(by="carrier")
    with trade.platform.begin(trade["carrier"]) as work:
        run = risk.simulate(work, rule, 1, "USD").id
    with trade.platform.begin(trade["carrier"]) as work:
        assert simulating.chunk(work, None, run)
    with trade.platform.begin(trade["trader"]) as work:
        work.session.execute(text("UPDATE shipment SET carrier_id = NULL"))
    trade.drain()
    at = run_of(trade, run, "carrier")
    assert (at.done, at.total, at.finished_at is not None) == (4, 4, True)


@pytest.mark.parametrize(
    ("cost", "currency", "told"),
    [
        (-1, "USD", ("out_of_range", "reviewCost")),
        (10**12 + 1, "USD", ("out_of_range", "reviewCost")),
        (1, "usd", ("unknown_currency", "reviewCost")),
        (1, "XYZ", ("unknown_currency", "reviewCost")),
    ],
)
def test_a_review_costs_what_money_can_be(
    trade: RiskTrade, cost: int, currency: str, told: tuple[str, str]
) -> None:
    rule = trade.write()
    assert refusal(trade, trade["trader"], lambda work: risk.simulate(work, rule, cost, currency)) == told


@pytest.mark.parametrize(("currency", "cost"), [("JPY", 0), ("BHD", 10**12)], ids=["no decimals", "three"])
def test_costs_are_whole_minor_units_whatever_their_decimals(
    trade: RiskTrade, currency: str, cost: int
) -> None:
    trade.past(1)
    rule = trade.write(condition="true")
    with trade.platform.begin(trade["trader"]) as work:
        run = risk.simulate(work, rule, cost, currency).id
    trade.drain()
    assert simulating.per_thousand(run_of(trade, run), cost) == cost * 1000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": "low"}, ("format", "code")),
        ({"says": " "}, ("empty", "says")),
        ({"condition": "price.deviatoin > 1.0"}, ("condition_syntax", "condition")),
        ({"condition": "price.deviation"}, ("condition_type", "condition")),
        ({"condition": "true ||" * 300 + "true"}, ("condition_too_long", "condition")),
    ],
    ids=["code", "says", "unknown fact", "no statement", "too long"],
)
def test_a_rule_that_cannot_be_read_is_refused_when_written(
    trade: RiskTrade, changes: dict[str, Any], told: tuple[str, str]
) -> None:
    draft = replace(DEAR, **changes)
    assert refusal(trade, trade["trader"], lambda work: risk.write_rule(work, draft)) == told


@pytest.mark.parametrize("name", ["operator", "authority"])
def test_operator_and_authority_have_no_rules(trade: RiskTrade, name: str) -> None:
    assert refusal(trade, trade[name], lambda work: risk.write_rule(work, DEAR)) == ("role_required", None)
    shipment = trade.ship(1)
    assert refusal(trade, trade[name], lambda work: risk.assess(work, None, shipment))[0] == "role_required"


def test_an_active_rule_catches_what_happens_to_a_shipment(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on()
    dear = trade.ship(50, 90)
    assert trade.findings() == []
    trade.drain()
    [found] = trade.findings()
    assert (found.shipment_id, found.state) == (dear, "OPEN")
    trade.drain()
    trade.assess(dear)
    assert len(trade.findings()) == 1, "however often it is looked at"


def test_a_shipment_is_metered_once_for_a_member_and_a_simulation_by_the_shipment(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on()
    dear = trade.ship(50, 90)
    for _ in range(2):
        trade.assess(dear)
    told = trade.as_owner(
        "SELECT payload ->> 'name', payload ->> 'quantity' FROM outbox WHERE payload ->> 'name' LIKE 'risk.%'"
    )
    assert sorted(told) == [("risk.assessed", "1"), ("risk.simulated", "8")]


def test_each_member_is_told_by_its_own_rules_and_what_it_sees_itself(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on(by="carrier")
    trade.turn_on(by="stranger", condition="true")
    trade.trade.delegate()
    trade.turn_on(by="forwarder", condition="invoices.alike == 0 && shipment.owner == 'trader'")
    dear = trade.ship(50, 90)
    trade.drain()
    for name in ("carrier", "forwarder"):
        assert [one.shipment_id for one in trade.findings(name)] == [dear], name
    assert trade.findings("stranger") == []
    assert trade.findings("trader") == []


def test_a_finding_is_about_a_party_only_where_there_is_one_and_it_is_not_the_member(
    trade: RiskTrade,
) -> None:
    trade.past()
    for about in (About.OWNER, About.CARRIER, About.FORWARDER):
        trade.turn_on(code=f"DEAR_{about.value}", about=about)
    dear = trade.ship(50, 90)
    trade.drain()
    [found] = trade.findings()
    assert (found.shipment_id, found.subject_id) == (dear, trade["carrier"].party_id)


def confirmed(trade: RiskTrade) -> UUID:
    """Return a finding of the carrier's about the trader, confirmed."""
    trade.past()
    trade.turn_on(OWNER_DEAR, by="carrier")
    trade.ship(50, 90)
    trade.drain()
    [found] = trade.findings("carrier")
    with trade.platform.begin(trade["carrier"]) as work:
        return risk.decide(work, found.id, confirm=True, reason="Nobody pays this").id


def test_the_party_learns_that_there_is_a_finding_and_its_category_and_no_more(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on(OWNER_DEAR, by="carrier")
    trade.ship(50, 90)
    trade.drain()
    [found] = trade.findings("carrier")
    with trade.platform.begin(trade["trader"]) as work:
        [told] = appeals.notices(work)
        assert (told.finding_id, told.category, told.state) == (found.id, "PRICE", "OPEN")
        for table in ("risk_finding", "risk_rule", "risk_simulation", "risk_catch"):
            assert not work.session.execute(text(f"SELECT FROM {table}")).all(), table
        with pytest.raises(NotFound):
            findings.get(work, found.id)
    for other in ("stranger", "forwarder", "operator", "authority"):
        with trade.platform.begin(trade[other]) as work:
            assert appeals.notices(work) == []
            assert not work.session.execute(text("SELECT FROM risk_notice")).all()


@pytest.mark.parametrize(
    ("uphold", "state", "appeal"), [(True, "CONFIRMED", "UPHELD"), (False, "WITHDRAWN", "WITHDRAWN")]
)
def test_an_appeal_is_reviewed_by_somebody_else_and_upheld_or_withdrawn(
    trade: RiskTrade, uphold: bool, state: str, appeal: str
) -> None:
    found = confirmed(trade)
    with trade.platform.begin(trade["trader"]) as work:
        risk.lodge(work, found, "The machine has a spindle of another make")

    def review(work: Any) -> object:
        return risk.review(work, found, uphold=uphold, reason="Looked at again")

    assert refusal(trade, trade["carrier"], review) == ("own_decision", "finding")
    another_token = replace(trade["carrier"], scopes=frozenset({"write:risk"}))
    assert refusal(trade, another_token, review) == ("own_decision", "finding")
    machine = replace(trade["carrier"], subject="client:another")
    assert refusal(trade, machine, review) == ("person_required", "finding")
    with trade.platform.begin(trade.other("carrier")) as work:
        review(work)
    with trade.platform.begin(trade["trader"]) as work:
        assert appeals.notice_of(work, found).state == state
        told = appeals.of_findings(work, [found])[found]
        assert (told.state, told.reason) == (appeal, "Looked at again")
    assert refusal(trade, trade.other("carrier"), review) == ("wrong_state", "finding")


def test_the_database_itself_lets_nobody_review_the_own_decision(trade: RiskTrade) -> None:
    found = confirmed(trade)
    with trade.platform.begin(trade["trader"]) as work:
        risk.lodge(work, found, "No")
    change = text(
        "UPDATE risk_appeal SET state = 'UPHELD', reviewed_at = now(), reviewed_by = :by, reason = 'x'"
    )
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        trade.platform.begin(trade["carrier"]) as work,
    ):
        work.session.execute(change, {"by": trade["carrier"].subject})


def test_a_finding_is_appealed_once_by_its_party_and_after_it_is_confirmed(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on(OWNER_DEAR, by="carrier")
    trade.ship(50, 90)
    trade.drain()
    [found] = trade.findings("carrier")

    def lodge(work: Any) -> object:
        return risk.lodge(work, found.id, "It is not so")

    assert refusal(trade, trade["trader"], lodge) == ("wrong_state", "finding")
    with trade.platform.begin(trade["carrier"]) as work:
        risk.decide(work, found.id, confirm=True, reason="So it is")
    for other in ("carrier", "stranger", "operator"):
        assert refusal(trade, trade[other], lodge) == ("not_found", "finding")
    with trade.platform.begin(trade["trader"]) as work:
        lodge(work)
    assert refusal(trade, trade["trader"], lodge) == ("appealed_already", "finding")


def test_a_dismissed_finding_has_nothing_to_appeal(trade: RiskTrade) -> None:
    trade.past()
    trade.turn_on(OWNER_DEAR, by="carrier")
    trade.ship(50, 90)
    trade.drain()
    [found] = trade.findings("carrier")
    with trade.platform.begin(trade["carrier"]) as work:
        risk.decide(work, found.id, confirm=False, reason="A known customer")
    told = refusal(trade, trade["trader"], lambda work: risk.lodge(work, found.id, "Still"))
    assert told == ("wrong_state", "finding")
    again = refusal(
        trade, trade["carrier"], lambda work: risk.decide(work, found.id, confirm=True, reason="After all")
    )
    assert again == ("wrong_state", "finding")


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "nul \0"])
def test_a_decision_has_a_reason(trade: RiskTrade, reason: str) -> None:
    found = confirmed(trade)
    with pytest.raises(InvalidInput) as refused, trade.platform.begin(trade["carrier"]) as work:
        risk.decide(work, found, confirm=False, reason=reason)
    assert refused.value.field == "reason"


def test_a_member_has_so_many_rules_and_no_more(trade: RiskTrade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_RULES", 2)
    kept = trade.write()
    trade.write()
    assert refusal(trade, trade["trader"], lambda work: risk.write_rule(work, DEAR)) == (
        "too_many_rules",
        "code",
    )
    with trade.platform.begin(trade["trader"]) as work:
        risk.retire(work, kept)
    trade.write(category=Category.OTHER)


def test_a_run_under_way_is_not_begun_again(trade: RiskTrade) -> None:
    trade.past(1)
    rule = trade.write()
    with trade.platform.begin(trade["trader"]) as work:
        risk.simulate(work, rule, 1, "USD")
    told = refusal(trade, trade["trader"], lambda work: risk.simulate(work, rule, 1, "USD"))
    assert told == ("simulation_running", "rule")


def test_a_worker_killed_in_a_run_is_followed_by_one_that_goes_on(trade: RiskTrade) -> None:
    trade.past(5)
    rule = trade.write(condition="true")
    with trade.platform.begin(trade["trader"]) as work:
        run = risk.simulate(work, rule, 1, "USD").id

    def killed(work: Any) -> None:
        simulating.chunk(work, None, run)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), trade.platform.begin(trade["trader"]) as work:
        killed(work)
    assert run_of(trade, run).done == 0
    trade.drain()
    assert (run_of(trade, run).done, run_of(trade, run).caught) == (5, 5)


def test_nothing_is_said_of_a_shipment_that_the_member_does_not_see(trade: RiskTrade) -> None:
    shipment = trade.ship(1)
    told = refusal(trade, trade["stranger"], lambda work: risk.assess(work, None, shipment))
    assert told == ("not_found", "shipment")
    trade.turn_on(by="rival", condition="true")
    with pytest.raises(NotFound), trade.platform.begin(trade["rival"]) as work:
        risk.assess(work, None, shipment)


def test_an_event_of_no_member_with_rules_asks_nothing_of_the_worker(trade: RiskTrade) -> None:
    trade.ship(1)
    trade.drain()
    topics = {topic for (topic,) in trade.as_owner("SELECT topic FROM outbox")}
    assert simulating.TOPIC not in topics
