"""What the README tells to make, and the processes it draws, are there. Its tour is run after the story."""

import re
import shutil
import subprocess

import pytest

from isthmus.settings import Process
from pages import ROOT, Page

README = Page("README.md")
MAKING, DRAWING = README.blocks("")
TARGETS = {"run": "isthmus run --demo", "test": "python -m pytest"}


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_to_be_made_is_made_by_what_the_readme_says(target: str) -> None:
    assert re.findall(r"^make (\w+) +#", MAKING, re.MULTILINE) == [*TARGETS]
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert TARGETS[target] in done.stdout


def test_the_drawing_has_each_process_that_the_two_sides_keep_running() -> None:
    boxes = re.findall(r"│ ([a-z][a-z, ]*?) *[│├◄]|[►◄] *([a-z ,]+?) *[├◄│]", DRAWING)
    drawn = sorted(name for box in boxes for name in "".join(box).split(", "))
    ours = [each for each in Process if each not in (Process.BRIDGE_WORKER, Process.WINDOW, Process.WITNESS)]
    theirs = ["bridge", "single window", "worker"]  # on each side of an arrow the bridge; its own worker
    assert drawn == sorted([*map(str, ours), *theirs])
