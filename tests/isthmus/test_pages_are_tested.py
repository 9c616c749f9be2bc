"""No page with code escapes the tests: each language of its blocks is read by a test that names the page."""

import ast
import re
from pathlib import Path

import pytest

from pages import FENCED, PAGES, ROOT, Page

READ_AS = {
    "": r'commands\(|blocks?\(""\)',
    "sh": r"commands\(|\bsh\b",
    "mermaid": r"mermaid|diagram",
}
"""How a test shows that it reads blocks in a language; in others it names the language as the page does."""

PAIRS = sorted({(page.path, language) for page in PAGES for language, _ in FENCED.findall(page.text)})


def named(source: str) -> set[str]:
    """Return the names of pages that a test's strings give, those that only explain it left out."""
    tree = ast.parse(source)
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining
    )
    return {Path(each).name for each in strings if re.fullmatch(r"[\w/-]+\.md", each)}


SOURCES = [file.read_text() for file in sorted((ROOT / "tests").rglob("test_*.py"))]
NAMING = [(names, source) for source in SOURCES if ".md" in source and (names := named(source))]


def reads(source: str, language: str) -> bool:
    return re.search(READ_AS.get(language, rf"\b{language}\b"), source) is not None


@pytest.mark.parametrize(("path", "language"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_a_test_that_names_the_page_reads_its_blocks(path: str, language: str) -> None:
    naming = [source for names, source in NAMING if Path(path).name in names]
    assert any(reads(source, language) for source in naming), (
        f"no test runs the blocks of {path} in {language or 'no language'}: write one (tests/kit/pages.py)"
    )


def test_every_fence_is_read_as_one() -> None:
    for page in PAGES:
        fences = re.findall(r"^\s*(?:```|~~~)", page.text, re.MULTILINE)
        assert len(fences) == 2 * len(page.blocks()), f"{page.path} has a block that no test can read"


def test_a_page_that_is_only_spoken_of_is_not_one_that_is_read() -> None:
    assert named('"""What docs/new.md says."""') == set()
    assert named('PAGE = Page("docs/new.md")') == {"new.md"}
    assert not reads("diagram = 1", "python")
    assert Page("docs/efti.md") in PAGES
