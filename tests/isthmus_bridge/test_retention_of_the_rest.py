"""What the bridge keeps beside its exchanges ends too: deposits for eFTI's gates, and what was evaluated."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from structlog.testing import capture_logs

from freight import consignment_agreement, follow_up_agreement, identifiers_agreement
from isthmus_bridge import retention
from isthmus_bridge.financing import budget
from isthmus_bridge.models import EvaluationMade, FreightDataset
from isthmus_bridge.service import Bridge
from standing import StandingClock

InForce = Callable[..., None]


def deposit(bridge: Bridge, dataset: str) -> None:
    with bridge.begin() as session:
        given: dict[str, Any] = {"party": "carrier", "role": "CARRIER", "owner": "trader", "document": "<c/>"}
        session.merge(FreightDataset(id=dataset, deposited_at=bridge.clock(), **given))


def held(bridge: Bridge) -> list[str]:
    with bridge.begin() as session:
        return [*session.scalars(select(FreightDataset.id).order_by(FreightDataset.id))]


def test_a_deposit_goes_when_the_longest_of_its_agreements_lets_it(
    bridge: Bridge, clock: StandingClock, put_in_force: InForce
) -> None:
    put_in_force(
        consignment_agreement(retentionDays=10),
        identifiers_agreement(retentionDays=20),
        follow_up_agreement(retentionDays=15),
    )
    deposit(bridge, "one")
    deposit(bridge, "again")
    clock.advance(days=19)
    deposit(bridge, "again")
    deposit(bridge, "late")
    assert retention.purge_deposits(bridge) == 0
    clock.advance(days=1)
    with capture_logs() as told:
        assert retention.purge_all(bridge) == 0
    assert held(bridge) == ["again", "late"], "a deposit made anew is kept from then on"
    assert [(each["event"], each["datasets"], each["days"]) for each in told] == [
        ("retention.deposits_purged", 1, 20)
    ]
    clock.advance(days=19)
    assert retention.purge_deposits(bridge) == 2


def test_a_deposit_that_no_agreement_speaks_for_goes_after_thirty_days(
    bridge: Bridge, clock: StandingClock
) -> None:
    deposit(bridge, "one")
    clock.advance(days=retention.UNSPOKEN_FOR - 1)
    assert retention.purge_deposits(bridge) == 0
    clock.advance(days=1)
    assert retention.purge_deposits(bridge) == 1


def test_evaluations_go_when_no_budget_counts_them_and_not_before(
    bridge: Bridge, clock: StandingClock
) -> None:
    def spend(elements: int) -> None:
        with bridge.begin() as session:
            budget.spend(session, "bank", elements, bridge.clock())

    def entries() -> int:
        with bridge.begin() as session:
            return len(session.scalars(select(EvaluationMade)).all())

    spend(budget.BUDGET - 3)
    clock.advance(hours=23)
    spend(3)
    assert retention.purge_evaluations(bridge) == 0
    clock.advance(hours=1)
    assert retention.purge_evaluations(bridge) == 1
    assert entries() == 1, "what still counts stays"
    spend(budget.BUDGET - 3)
    assert entries() == 2
