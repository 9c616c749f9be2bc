"""docs/receivables.md is true: its transitions are those of the code."""

from pathlib import Path

from isthmus_platform.receivables import page

PAGE = Path(__file__).parents[2] / "docs" / "receivables.md"


def test_the_page_has_every_transition() -> None:
    said = PAGE.read_text()
    for part in (page.transitions(), page.diagram()):
        assert part in said, (
            f"docs/receivables.md lacks what `python -m isthmus_platform.receivables.page` prints:\n{part}"
        )
