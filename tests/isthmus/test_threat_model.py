"""Every control that the threat model claims names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
HEADER = ["Threat", "Control", "Default", "Test"]
PARTS = (
    "bridge", "key", "agreement", "gate", "log", "exchange", "efti", "wco",
    "tenancy", "document", "token", "portal", "billing", "supply", "title", "finance", "insurance",
    "logistics",
)  # fmt: skip


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(page: str) -> list[list[str]]:
    """Return the rows of the page's tables, without their headers."""
    lines = [cells(line) for line in page.splitlines() if line.startswith("|")]
    return [line for line in lines if line != HEADER and set("".join(line)) != {"-"}]


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of the tests in ``file``, without running it."""
    if not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def faults(page: str) -> list[str]:
    """Return what is wrong with the page: rows without a test, and tests that are not there."""
    found = []
    for row in rows(page):
        if len(row) != len(HEADER) or not all(row):
            found.append(f"not {len(HEADER)} full cells: {row}")
            continue
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[3])
        if len(named) != len(row[3].split("<br>")):
            found.append(f"names no test: {row[0]}")
        found += [f"no test {name} in {file}" for file, name in named if name not in names_in(ROOT / file)]
    return found


def test_every_threat_has_a_control_a_default_and_tests_that_exist() -> None:
    page = PAGE.read_text()
    assert faults(page) == []
    assert len(rows(page)) > 50
    assert page.count("| Threat | Control | Default | Test |") == page.count("\n|---|---|---|---|")


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_system_is_covered(part: str) -> None:
    titles = " ".join(re.findall(r"^## (.*)$", PAGE.read_text(), re.MULTILINE)).lower()
    assert part in titles


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| a | b | c | `tests/isthmus/test_threat_model.py::test_that_nobody_wrote` |", "no test"),
        ("| a | b | c | `tests/isthmus/test_no_such_file.py::test_each_part` |", "no test"),
        ("| a | b | c | by design |", "names no test"),
        ("| a | b | c |  |", "full cells"),
        (
            "| a | b |  | `tests/isthmus/test_threat_model.py::test_each_part_of_the_system_is_covered` |",
            "full",
        ),
    ],
)
def test_a_row_without_a_test_that_exists_is_found(row: str, fault: str) -> None:
    (found,) = faults(f"| Threat | Control | Default | Test |\n|---|---|---|---|\n{row}\n")
    assert fault in found
