"""A rule run on history before it counts: what it would have caught, what reviewing that would have cost.

The worker judges the newest shipments that the member sees, oldest first, a chunk a transaction, each against
the history that it had on its day. A worker that dies is followed by one that goes on where it stopped.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import domain_events, outbox
from isthmus_platform.database import Work, new_id
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import check_currency
from isthmus_platform.risk import loading, rules
from isthmus_platform.risk.errors import NoSuchRisk, SimulationRunning
from isthmus_platform.risk.indicators import Evidence
from isthmus_platform.risk.records import RiskCatch, RiskFinding, RiskRule, RiskSimulation
from isthmus_platform.risk.seen import Seen
from isthmus_platform.risk.states import RULE_STEPS, FindingState, RuleState, stepped
from isthmus_platform.risk.vocabulary import evidence_for, profile

TOPIC = "risk"
MOST_SIMULATED = 1_000
"""Shipments of a run, the newest."""
CHUNK = 100
MOST_COST = 10**12
"""Minor units of one review."""


def start(work: Work, rule_id: UUID, review_minor: int, currency: str) -> RiskSimulation:
    """Begin a run of a rule's version on history; the worker does it.

    ``review_minor`` is what one review costs the member, in minor units of ``currency`` (ISO 4217). Raises
    :class:`NoSuchRisk`, :class:`WrongState`, :class:`SimulationRunning` and :class:`InvalidInput`.
    """
    rule = rules.get(work, rule_id, lock=True)
    stepped(RULE_STEPS, "simulate", rule.state, "rule")
    if not 0 <= review_minor <= MOST_COST:
        raise InvalidInput(f"0 to {MOST_COST} minor units.", field="reviewCost", code="out_of_range")
    check_currency(currency, "reviewCost")
    running = select(RiskSimulation.id).where(
        RiskSimulation.rule_id == rule.id, RiskSimulation.finished_at.is_(None)
    )
    if work.session.scalar(running) is not None:
        raise SimulationRunning("A simulation of this version is under way.", field="rule")
    judged = loading.newest(work, MOST_SIMULATED)
    made_at = [at for _, at in judged]
    simulation = RiskSimulation(
        id=new_id(),
        party_id=work.actor.party_id,
        rule_id=rule.id,
        started_by=work.actor.subject,
        total=len(judged),
        **dict.fromkeys(("done", "caught", "unanswered", "confirmed", "dismissed"), 0),
        first_id=judged[0][0] if judged else None,
        end_id=judged[-1][0] if judged else None,
        since=min(made_at, default=None),
        until=max(made_at, default=None),
        review_minor=review_minor,
        currency=currency,
        started_at=work.now,
    )
    work.session.add(simulation)
    work.session.flush()
    _go_on(work, simulation)
    return simulation


def chunk(work: Work, vault: Vault | None, simulation_id: UUID) -> bool:
    """Judge the next shipments of a run as the member whose it is; return whether more are to be judged."""
    rule = rules.get(work, get(work, simulation_id).rule_id, lock=True)
    run = get(work, simulation_id, lock=True)
    if run.finished_at is not None:
        return False
    room = min(CHUNK, run.total - run.done)
    seen = [] if run.end_id is None else loading.between(work, run.first_id, run.last_id, run.end_id, room)
    if seen:
        _judge(work, rule, run, loading.with_particulars(work, seen, vault))
        run.last_id = seen[-1].id
        domain_events.announce(
            work, "risk.simulated", quantity=len(seen), about={"rule": rule.code, "version": rule.version}
        )
    if seen and run.done < run.total:
        work.session.flush()
        _go_on(work, run)
        return True
    run.total, run.finished_at = run.done, work.now  # what the member sees no more is not counted
    work.session.flush()
    if rule.state in (RuleState.DRAFT, RuleState.SIMULATED):
        rule.state = stepped(RULE_STEPS, "simulate", rule.state, "rule").value
        work.session.flush()
    return False


def _judge(work: Work, rule: RiskRule, run: RiskSimulation, chunk_of: Sequence[Seen]) -> None:
    history = loading.before(work, chunk_of[0].id)
    earlier = _decided(work, [seen.id for seen in chunk_of])
    for seen in chunk_of:
        run.done += 1
        told = profile(seen, history)
        found = rules.judged(rule, told)
        if found is not None:
            _catch(work, run, seen.id, found, evidence_for(rule.condition, told.readings), earlier)
        history.add(replace(seen, calls=(), papers=(), financings=(), presentations=()))


def _catch(
    work: Work,
    run: RiskSimulation,
    shipment_id: UUID,
    found: tuple[str, bool],
    evidence: Sequence[Evidence],
    earlier: dict[UUID, str],
) -> None:
    says, answered = found
    decided = earlier.get(shipment_id)
    run.caught += 1
    run.unanswered += not answered
    run.confirmed += decided == FindingState.CONFIRMED
    run.dismissed += decided == FindingState.DISMISSED
    work.session.execute(
        insert(RiskCatch).values(
            simulation_id=run.id,
            shipment_id=shipment_id,
            party_id=run.party_id,
            says=says,
            evidence=as_json(evidence),
            earlier=decided,
        )
    )


def _decided(work: Work, shipment_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return how findings about each shipment were decided: confirmed where any was, else dismissed."""
    decided = (FindingState.CONFIRMED.value, FindingState.DISMISSED.value)
    query = select(RiskFinding.shipment_id, RiskFinding.state).where(
        RiskFinding.shipment_id.in_(shipment_ids), RiskFinding.state.in_(decided)
    )
    found: dict[UUID, str] = {}
    for shipment_id, state in work.session.execute(query):
        found[shipment_id] = min(state, found.get(shipment_id, state))  # in the alphabet's order too
    return found


def as_json(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return evidence as it is kept."""
    return [{name: value for name, value in asdict(one).items() if value is not None} for one in evidence]


def get(work: Work, simulation_id: UUID, *, lock: bool = False) -> RiskSimulation:
    """Return a run of the acting member's; raise :class:`NoSuchRisk`."""
    query = select(RiskSimulation).where(
        RiskSimulation.id == simulation_id, RiskSimulation.party_id == work.actor.party_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query)
    if found is None:
        raise NoSuchRisk("There is no such simulation of yours.", field="simulation")
    return found


def of_rules(work: Work, rule_ids: Collection[UUID]) -> dict[UUID, list[RiskSimulation]]:
    """Return the runs of each rule, the newest first."""
    found: dict[UUID, list[RiskSimulation]] = {rule_id: [] for rule_id in rule_ids}
    query = select(RiskSimulation).where(RiskSimulation.rule_id.in_(rule_ids))
    for run in work.session.scalars(query.order_by(RiskSimulation.id.desc())):
        found[run.rule_id].append(run)
    return found


def catches(work: Work, simulation_id: UUID, *, after: UUID | None = None, first: int) -> list[RiskCatch]:
    """Return what a run caught, the newest shipment first."""
    query = select(RiskCatch).where(RiskCatch.simulation_id == simulation_id)
    if after is not None:
        query = query.where(RiskCatch.shipment_id < after)
    return list(work.session.scalars(query.order_by(RiskCatch.shipment_id.desc()).limit(first)))


def per_thousand(run: RiskSimulation, amount: int = 1) -> int:
    """Return ``amount`` a caught shipment for a thousand shipments, rounded half up; 0 before any is judged.

    With the cost of one review this is what a thousand shipments cost, in minor units.
    """
    if not run.done:
        return 0
    return int(Fraction(run.caught * amount * 1000, run.done) + Fraction(1, 2))


def _go_on(work: Work, run: RiskSimulation) -> None:
    outbox.emit(work, TOPIC, {"simulation": str(run.id), "subject": run.started_by})
