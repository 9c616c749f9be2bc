"""Every page of docs/ is reached from the README, and each service that members pay for has one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)")
SERVICES = (
    "title",
    "credit",
    "receivables",
    "financing",
    "insurance",
    "logistics",
    "emissions",
    "risk",
    "screening",
)


def links(page: Path) -> set[Path]:
    """Return the pages that a page links to."""
    return {(page.parent / found).resolve() for found in LINK.findall(page.read_text())}


def test_every_page_is_reached_from_the_readme_and_every_link_leads_somewhere() -> None:
    reached: set[Path] = set()
    waiting = {ROOT / "README.md"}
    while waiting:
        page = waiting.pop()
        assert page.is_file(), page
        reached.add(page)
        waiting |= links(page) - reached
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "decisions"}
    assert pages - reached == set()
    assert ROOT / "docs" / "decisions" / "README.md" in reached, "decisions are read in their order"


def test_the_readme_names_the_page_of_each_service() -> None:
    named = links(ROOT / "README.md")
    assert [name for name in SERVICES if ROOT / "docs" / f"{name}.md" not in named] == []
