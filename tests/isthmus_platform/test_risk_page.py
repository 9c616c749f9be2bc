"""docs/risk.md is true: its machines, steps and facts are those of the code, and its examples are rules."""

import re
from pathlib import Path

import pytest

from isthmus_platform.risk import page, vocabulary

TEXT = (Path(__file__).parents[2] / "docs" / "risk.md").read_text()
EXAMPLES = re.findall(r"```cel\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("part", [page.diagrams, page.steps, page.facts], ids=lambda part: part.__name__)
def test_the_page_has_what_the_code_says(part: object) -> None:
    assert callable(part)
    for piece in part().split("```\n"):
        assert piece in TEXT, (
            f"docs/risk.md lacks what `python -m isthmus_platform.risk.page` prints:\n{piece}"
        )


@pytest.mark.parametrize("number", range(6))
def test_its_examples_are_rules(number: int) -> None:
    assert len(EXAMPLES) == 6
    assert vocabulary.condition(EXAMPLES[number].strip()).text
