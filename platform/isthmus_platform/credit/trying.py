"""What a rule of a bank's own would have found in the bank's past presentations; what came of it is kept."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform.credit import own_rules, past
from isthmus_platform.credit.own_rules import Trial
from isthmus_platform.credit.records import ExaminationTrial
from isthmus_platform.database import Work, new_id
from isthmus_platform.encryption import Vault

MOST_TRIED = 200
"""Presentations on which a rule is tried, the newest that were examined."""
MOST_SHOWN = 10
"""Trials of a rule that are shown, the newest."""


@dataclass(frozen=True)
class Tried:
    """What came of trying a rule; ``unexamined`` is how many presentations nobody examined: left out."""

    trials: list[Trial]
    unexamined: int


def try_rule(work: Work, vault: Vault, rule_id: UUID) -> Tried:
    """Run a rule on what the acting bank examined, on the facts of its day; keep what came of it."""
    rule = own_rules.get(work, rule_id)
    trials, presented_at = [], []
    for credit, row, case in past.cases(work, vault, MOST_TRIED):
        said = own_rules.judged(rule, case)
        trials.append(Trial(credit.reference, row.reference, said is not None, said or "nothing"))
        presented_at.append(row.presented_at)
    tried = Tried(trials, past.unexamined(work))
    rule.tried_at = work.now
    work.session.add(
        ExaminationTrial(
            id=new_id(),
            party_id=rule.party_id,
            rule_id=rule.id,
            condition=rule.condition,
            tried_by=work.actor.subject,
            tried_at=work.now,
            tried=len(trials),
            found=sum(one.finds for one in trials),
            unexamined=tried.unexamined,
            since=min(presented_at, default=None),
            until=max(presented_at, default=None),
            results=[asdict(one) for one in trials],
        )
    )
    work.session.flush()
    return tried


def of_rules(work: Work, rule_ids: Collection[UUID]) -> dict[UUID, list[ExaminationTrial]]:
    """Return what came of the newest trials of the acting bank's rules, the newest first, by rule."""
    found: dict[UUID, list[ExaminationTrial]] = {rule_id: [] for rule_id in rule_ids}
    place = func.row_number().over(partition_by=ExaminationTrial.rule_id, order_by=ExaminationTrial.id.desc())
    own = (ExaminationTrial.rule_id.in_(rule_ids), ExaminationTrial.party_id == work.actor.party_id)
    placed = select(ExaminationTrial.id, place.label("place")).where(*own).subquery()
    query = select(ExaminationTrial).join(placed, placed.c.id == ExaminationTrial.id)
    shown = query.where(placed.c.place <= MOST_SHOWN).order_by(ExaminationTrial.id.desc())
    for row in work.session.scalars(shown):
        found[row.rule_id].append(row)
    return found
