"""Why a step is refused: one class a rule, with a stable code. A refusal changes nothing."""

from isthmus_platform.errors import Conflict, NotFound, NotPermitted
from isthmus_platform.risk.states import WrongState

__all__ = [
    "AppealedAlready",
    "NoSuchRisk",
    "NotSimulated",
    "OwnDecision",
    "SimulationRunning",
    "TooManyRules",
    "WrongState",
]


class NoSuchRisk(NotFound):
    """There is no such rule, simulation, finding or appeal: absent, and not for this reader, answer alike."""


class NotSimulated(Conflict):
    """A rule is activated after a simulation of exactly that version was run to its end."""

    code = "not_simulated"


class SimulationRunning(Conflict):
    """A simulation of this version is under way."""

    code = "simulation_running"


class TooManyRules(Conflict):
    """The member has as many rules as it may have that are not retired."""

    code = "too_many_rules"


class OwnDecision(NotPermitted):
    """Who confirmed a finding does not review the appeal against it."""

    code = "own_decision"


class AppealedAlready(Conflict):
    """A finding is appealed once."""

    code = "appealed_already"
