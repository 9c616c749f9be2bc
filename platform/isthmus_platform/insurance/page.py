"""What docs/insurance.md shows of the data: ``python -m isthmus_platform.insurance.page`` prints it."""

import sys
from collections.abc import Mapping

from isthmus_platform.insurance.states import CLAIM, COVER, DECLARATION, QUOTE, Move

MACHINES: Mapping[str, tuple[Move, ...]] = {
    "cover": COVER,
    "quote": QUOTE,
    "declaration": DECLARATION,
    "claim": CLAIM,
}


def diagrams() -> str:
    """Return the machines as state diagrams (mermaid), one after another."""
    return "".join(
        "```mermaid\nstateDiagram-v2\n" + "".join(map(_arrows, moves)) + "```\n"
        for moves in MACHINES.values()
    )


def _arrows(move: Move) -> str:
    who = " or ".join(sorted(move.who))
    said = f"{move.action.lower()} ({who})"
    return "".join(f"    {state} --> {move.to or state}: {said}\n" for state in sorted(move.of) or ["[*]"])


def moves() -> str:
    """Return the moves as a table in Markdown."""
    head = "| Of | Move | Who | From | To | Needs |\n|---|---|---|---|---|---|\n"
    rows = (
        f"| {of} | `{move.action}` | {' or '.join(sorted(move.who))} | {', '.join(sorted(move.of))}"
        f" | {move.to or 'the same'} | {move.needs} |\n"
        for of, machine in MACHINES.items()
        for move in machine
    )
    return head + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write("\n".join((diagrams(), moves())))
