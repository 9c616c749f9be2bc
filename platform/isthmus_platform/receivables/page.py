"""What docs/receivables.md shows of the data: ``python -m isthmus_platform.receivables.page`` prints it."""

import sys

from isthmus_platform.receivables.machine import TRANSITIONS, State, Transition


def transitions() -> str:
    """Return the transitions as a table in Markdown."""
    head = "| Step | Who | From | To | Needs |\n|---|---|---|---|---|\n"
    rows = (
        f"| `{one.action.value}` | {one.who.value.lower()} | {', '.join(_before(one))}"
        f" | {' or '.join(_after(one))} | {one.needs} |\n"
        for one in TRANSITIONS
    )
    return head + "".join(rows)


def diagram() -> str:
    """Return the machine as a state diagram (mermaid)."""
    arrows = (
        f"    {before or '[*]'} --> {after}: {one.action.value.lower()} ({one.who.value.lower()})\n"
        for one in TRANSITIONS
        for before in _before(one) or [""]
        for after in ([before, *_after(one)[1:]] if one.after is None else _after(one))
    )
    return "```mermaid\nstateDiagram-v2\n" + "".join(arrows) + "```\n"


def _before(one: Transition) -> list[str]:
    return [state.value for state in State if state in one.before]


def _after(one: Transition) -> list[str]:
    stays = "the same" if one.after is None else one.after.value
    return [stays] if one.ends is None else [stays, one.ends.value]


if __name__ == "__main__":
    sys.stdout.write("\n".join((diagram(), transitions())))
