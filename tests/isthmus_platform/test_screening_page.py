"""docs/screening.md is true: its diagram and its moves are those of the code, and no others."""

import re
from pathlib import Path

from isthmus_platform.screening import page

TEXT = (Path(__file__).parents[2] / "docs" / "screening.md").read_text()


def test_the_page_has_every_move_and_no_other_diagram() -> None:
    for part in (page.diagram(), page.moves()):
        assert part in TEXT, (
            f"docs/screening.md lacks what `python -m isthmus_platform.screening.page` prints:\n{part}"
        )
    assert len(re.findall("^```mermaid$", TEXT, re.MULTILINE)) == 1
