"""What a rule of a bank's own would have found in the bank's past presentations."""

from uuid import UUID

from isthmus_platform.credit import own_rules, presenting
from isthmus_platform.credit.own_rules import Trial
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault

MOST_TRIED = 200
"""Presentations on which a rule is tried, the newest."""


def try_rule(work: Work, vault: Vault, rule_id: UUID) -> list[Trial]:
    """Run a rule on past presentations of the acting bank, whatever its state, and note that it was tried."""
    rule = own_rules.get(work, rule_id)
    trials = []
    for credit, row in presenting.of_bank(work, MOST_TRIED):
        said = own_rules.judged(rule, presenting.case_of(work, vault, credit, row))
        trials.append(Trial(credit.reference, row.reference, said is not None, said or "nothing"))
    rule.tried_at = work.now
    work.session.flush()
    return trials
