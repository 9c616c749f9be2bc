"""A state machine played by chance against the real services."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def play(machine: type[RuleBasedStateMachine], *, runs: int, steps: int) -> None:
    """Play ``machine`` so many times, up to so many steps each.

    A step is several transactions and a run is short: shrinking would take minutes to say little more.
    """
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
