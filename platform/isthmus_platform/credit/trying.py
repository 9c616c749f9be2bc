"""What a rule of a bank's own would have found in the bank's past presentations."""

from dataclasses import dataclass
from uuid import UUID

from isthmus_platform.credit import own_rules, past
from isthmus_platform.credit.own_rules import Trial
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault

MOST_TRIED = 200
"""Presentations on which a rule is tried, the newest that were examined."""


@dataclass(frozen=True)
class Tried:
    """What came of trying a rule; ``unexamined`` is how many presentations nobody examined: left out."""

    trials: list[Trial]
    unexamined: int


def try_rule(work: Work, vault: Vault, rule_id: UUID) -> Tried:
    """Run a rule on what the acting bank examined, on the facts of its day, and note that it was tried."""
    rule = own_rules.get(work, rule_id)
    trials = []
    for credit, row, case in past.cases(work, vault, MOST_TRIED):
        said = own_rules.judged(rule, case)
        trials.append(Trial(credit.reference, row.reference, said is not None, said or "nothing"))
    rule.tried_at = work.now
    work.session.flush()
    return Tried(trials, past.unexamined(work))
