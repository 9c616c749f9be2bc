"""What docs/credit.md shows of the data: ``python -m isthmus_platform.credit.page`` prints it."""

import sys

from isthmus_platform.credit.examining import RULES
from isthmus_platform.credit.machine import (
    TRANSITIONS,
    AmendmentState,
    CreditState,
    DebtState,
    PresentationState,
)


def rules() -> str:
    """Return the rules as a table in Markdown."""
    head = "| Code | Article | Documents | What it holds |\n|---|---|---|---|\n"
    rows = (
        f"| `{rule.code}` | {rule.article} | {', '.join(rule.documents) or 'all'} | {rule.says} |\n"
        for rule in RULES
    )
    return head + "".join(rows)


def transitions() -> str:
    """Return the transitions as a table in Markdown."""
    head = "| Step | Who | From | To | Needs | UCP 600 |\n|---|---|---|---|---|---|\n"
    rows = (
        f"| `{one.action.value}` | {', '.join(sorted(part.value.lower() for part in one.who))}"
        f" | {'' if one.before is None else one.before.value} | {' or '.join(to.value for to in one.after)}"
        f" | {one.needs} | {one.article} |\n"
        for one in TRANSITIONS
    )
    return head + "".join(rows)


def diagram() -> str:
    """Return the four machines as state diagrams (mermaid)."""
    return "".join(
        "```mermaid\nstateDiagram-v2\n" + "".join(_arrows(kind)) + "```\n"
        for kind in (CreditState, AmendmentState, PresentationState, DebtState)
    )


def _arrows(kind: type[CreditState | AmendmentState | PresentationState | DebtState]) -> list[str]:
    return [
        f"    {one.before.value if one.before else '[*]'} --> {to.value}: {one.action.value.lower()}\n"
        for one in TRANSITIONS
        for to in one.after
        if isinstance(to, kind)
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join((diagram(), transitions(), rules())))
