"""docs/credit.md is true: its rules and transitions are those of the code."""

from dataclasses import replace

from credit_case import CASE, spoiled
from isthmus_platform.credit import own_rules, page
from isthmus_platform.credit.records import ExaminationRule
from pages import Page

PAGE = Page("docs/credit.md")


def test_the_page_has_every_rule_and_every_transition() -> None:
    said = PAGE.text
    for part in (page.rules(), page.transitions(), page.diagram()):
        assert part in said, (
            f"docs/credit.md lacks what `python -m isthmus_platform.credit.page` prints:\n{part}"
        )


def test_the_page_has_no_diagram_that_the_code_does_not_print() -> None:
    printed = page.diagram().count("```mermaid")
    assert len(PAGE.blocks("mermaid")) == printed


def test_the_rule_of_the_page_finds_the_vessel_that_it_names_and_no_other() -> None:
    rule = ExaminationRule(condition=PAGE.block("").strip())
    assert own_rules.judged(rule, CASE) == "the condition holds"
    other = replace(CASE, documents=spoiled("705", {"vessel": "Nordwind"}))
    assert own_rules.judged(rule, other) is None
