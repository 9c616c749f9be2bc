"""Risk, as a service to members: indicators, rules of their own, findings, appeals.

A member's rules look at what the member sees itself, and what they find is the member's alone. Acting:
:func:`write_rule`, :func:`simulate`, :func:`activate`, :func:`retire`, :func:`assess`, :func:`decide`,
:func:`lodge`, :func:`review`. Pure: :mod:`.indicators`, :mod:`.journeys`, :mod:`.history`, :mod:`.robust`,
:mod:`.states`, :mod:`.vocabulary`. Nothing of this crosses the bridge.
"""

from isthmus_platform.risk.appeals import lodge, review
from isthmus_platform.risk.assessing import assess, handle, hear
from isthmus_platform.risk.findings import decide
from isthmus_platform.risk.rules import About, Category, RuleDraft, activate, retire
from isthmus_platform.risk.rules import write as write_rule
from isthmus_platform.risk.simulating import TOPIC
from isthmus_platform.risk.simulating import start as simulate
from isthmus_platform.risk.states import AppealState, FindingState, RuleState

__all__ = [
    "TOPIC",
    "About",
    "AppealState",
    "Category",
    "FindingState",
    "RuleDraft",
    "RuleState",
    "activate",
    "assess",
    "decide",
    "handle",
    "hear",
    "lodge",
    "retire",
    "review",
    "simulate",
    "write_rule",
]
