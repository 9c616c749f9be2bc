"""What docs/screening.md shows of the data: ``python -m isthmus_platform.screening.page`` prints it."""

import sys

from isthmus_platform.screening.states import MOVES, Decision, Move, State


def diagram() -> str:
    """Return the life of a hit as a state diagram (mermaid)."""
    return "```mermaid\nstateDiagram-v2\n" + "".join(map(_arrows, MOVES.values())) + "```\n"


def _arrows(move: Move) -> str:
    begins = _begins(move) or ["[*]"]
    ends = [to.value for to in _ends(move)]
    return "".join(
        f"    {begin} --> {end}: {move.action.value} ({move.who})\n" for begin in begins for end in ends
    )


def moves() -> str:
    """Return the moves as a table in Markdown."""
    head = "| Step | Who | From | To | Needs |\n|---|---|---|---|---|\n"
    rows = (
        f"| `{move.action.value}` | {move.who} | {', '.join(_begins(move))}"
        f" | {' or '.join(to.value for to in _ends(move))} | {move.needs} |\n"
        for move in MOVES.values()
    )
    return head + "".join(rows)


def _begins(move: Move) -> list[str]:
    return [state.value for state in State if state in move.of]


def _ends(move: Move) -> list[State]:
    """Return where a move leads: where it does not say, to what was decided."""
    return [move.to] if move.to is not None else [decision.state for decision in Decision]


if __name__ == "__main__":
    sys.stdout.write("\n".join((diagram(), moves())))
