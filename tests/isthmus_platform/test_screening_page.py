"""docs/screening.md is true: its diagram and its moves are those of the code, and no others."""

import json
import re

from isthmus_platform.screening import hits, page
from isthmus_platform.screening.index import Entry, Value, compare
from isthmus_platform.screening.listfile import THRESHOLDS
from pages import Page

PAGE = Page("docs/screening.md")
TEXT = PAGE.text


def test_the_page_has_every_move_and_no_other_diagram() -> None:
    for part in (page.diagram(), page.moves()):
        assert part in TEXT, (
            f"docs/screening.md lacks what `python -m isthmus_platform.screening.page` prints:\n{part}"
        )
    assert len(re.findall("^```mermaid$", TEXT, re.MULTILINE)) == 1


def test_the_explanation_of_the_page_is_the_one_that_is_given() -> None:
    shown = json.loads(PAGE.block("json"))
    given = Value("PARTY", "consignee", shown["given"], country="DE")
    match = compare(given, Entry("E", "d", "PARTY", (shown["listed"],), countries=("AT",)))
    assert match is not None
    said = hits.explain(given, match, THRESHOLDS["PARTY"])
    assert {name: said[name] for name in shown} == shown
