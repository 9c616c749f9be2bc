"""docs/logistics.md is true: its diagrams and tables are those by which the services work."""

import re
from pathlib import Path

import pytest

from isthmus_platform.logistics import page

TEXT = (Path(__file__).parents[2] / "docs" / "logistics.md").read_text()


@pytest.mark.parametrize("name", list(page.machines()))
def test_the_page_has_every_machine_as_the_code_has_it(name: str) -> None:
    steps = page.machines()[name]
    for part in (page.diagram(steps), page.table(steps)):
        assert part in TEXT, (
            f"docs/logistics.md lacks what `python -m isthmus_platform.logistics.page` prints:\n{part}"
        )


def test_the_page_has_no_diagram_that_the_code_does_not_print() -> None:
    assert len(re.findall("```mermaid", TEXT)) == len(page.machines())
