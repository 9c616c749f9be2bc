"""docs/credit.md is true: its rules and transitions are those of the code."""

from pathlib import Path

from isthmus_platform.credit import page

PAGE = Path(__file__).parents[2] / "docs" / "credit.md"


def test_the_page_has_every_rule_and_every_transition() -> None:
    said = PAGE.read_text()
    for part in (page.rules(), page.transitions(), page.diagram()):
        assert part in said, (
            f"docs/credit.md lacks what `python -m isthmus_platform.credit.page` prints:\n{part}"
        )
