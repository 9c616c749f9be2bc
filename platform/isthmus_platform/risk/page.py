"""What docs/risk.md shows of the data: ``python -m isthmus_platform.risk.page`` prints it."""

import sys
from collections.abc import Mapping
from typing import Any

from isthmus_platform.risk.states import APPEAL_STEPS, FINDING_STEPS, RULE_STEPS, Step
from isthmus_platform.risk.vocabulary import TYPES

MACHINES: Mapping[str, Mapping[str, Step[Any]]] = {
    "rule": RULE_STEPS,
    "finding": FINDING_STEPS,
    "appeal": APPEAL_STEPS,
}


def diagrams() -> str:
    """Return the machines as state diagrams (mermaid)."""
    return "".join(
        "```mermaid\nstateDiagram-v2\n" + "".join(map(_arrows, steps.values())) + "```\n"
        for steps in MACHINES.values()
    )


def _arrows(step: Step[Any]) -> str:
    begins = sorted(state.value for state in step.before) or ["[*]"]
    return "".join(f"    {begin} --> {step.after.value}: {step.name}\n" for begin in begins)


def steps() -> str:
    """Return the steps as a table in Markdown."""
    head = "| Of | Step | Who | From | To | Needs |\n|---|---|---|---|---|---|\n"
    rows = (
        f"| {of} | `{step.name}` | {step.who} | {', '.join(sorted(state.value for state in step.before))}"
        f" | {step.after.value} | {step.needs} |\n"
        for of, steps in MACHINES.items()
        for step in steps.values()
    )
    return head + "".join(rows)


def facts() -> str:
    """Return the facts that a rule may speak of as a table in Markdown."""
    kinds: dict[str, list[str]] = {}
    for name, kind in TYPES.items():
        subject, _, member = name.partition(".")
        kinds.setdefault(subject, []).append(
            f"`{member}` {kind.name().lower()}" if member else "list of maps"
        )
    rows = (f"| `{subject}` | {', '.join(members)} |\n" for subject, members in kinds.items())
    return "| Subject | Facts with their types |\n|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write("\n".join((diagrams(), steps(), facts())))
