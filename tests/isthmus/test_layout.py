"""The layout keeps two traps shut: source roots that shadow real packages, and pins that name hosts."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("platform", "bridge", "graphql", "billing")


@pytest.mark.parametrize("folder", SOURCE_ROOTS)
def test_a_source_root_holds_packages_only(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()
    assert list((ROOT / folder).glob("*.py")) == []


def test_importing_platform_and_graphql_from_the_checkout_gives_the_real_ones() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import platform, graphql; print(platform.__file__); print(graphql.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert Path(found[0]).name == "platform.py"
    assert Path(found[1]).parts[-3:] == ("site-packages", "graphql", "__init__.py")


def test_the_pins_name_no_registry() -> None:
    files = sorted((ROOT / "requirements").iterdir())
    assert files
    assert [file.name for file in files if "://" in file.read_text()] == []


def test_test_folders_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
