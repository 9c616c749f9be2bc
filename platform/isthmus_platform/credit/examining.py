"""The examination of a presentation: every rule of UCP 600 and ISBP 821 that is held here, on one case.

The examination is of documents alone (UCP 600 articles 5 and 14 a), a pure function of what is before the
bank: the same case gives the same findings in the same order.
"""

from isthmus_platform.credit import goods_rules, other_rules, presentation_rules, transport_rules
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.findings import Finding, Rule

RULES: tuple[Rule, ...] = (
    *presentation_rules.RULES,
    *goods_rules.RULES,
    *transport_rules.RULES,
    *other_rules.RULES,
)
"""All rules, each with a code of its own."""


def examine(case: Case) -> list[Finding]:
    """Return every discrepancy of ``case``, by rule in their order; none is a complying presentation."""
    return [finding for rule in RULES for finding in rule.findings(case)]
