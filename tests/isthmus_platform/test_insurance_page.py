"""docs/insurance.md is true: its diagrams and moves are those of the code, and no others."""

import re
from pathlib import Path

from isthmus_platform.insurance import page

TEXT = (Path(__file__).parents[2] / "docs" / "insurance.md").read_text()


def test_the_page_has_every_move_and_diagram_and_no_other() -> None:
    wanted = page.diagrams().split("```\n")
    for part in (*wanted, page.moves()):
        assert part in TEXT, (
            f"docs/insurance.md lacks what `python -m isthmus_platform.insurance.page` prints:\n{part}"
        )
    assert len(re.findall("^```mermaid$", TEXT, re.MULTILINE)) == len(page.MACHINES)


def test_every_thing_begins_and_every_state_is_reached() -> None:
    for name, machine in page.MACHINES.items():
        begun = {move.to for move in machine if not move.of}
        assert begun, f"nothing makes a {name}"
        reached = begun | {move.to for move in machine if move.to}
        assert {state for move in machine for state in move.of} <= reached, name
