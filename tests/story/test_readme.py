"""The README's tour of two minutes works, word for word, once the story has been played."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from installation import COMMAND, Installation
from pages import ROOT, Page

pytestmark = [
    pytest.mark.xdist_group("isthmus"),
    pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or no curl here"),
]
ACTIVATED = ". .venv/bin/activate\n"


def test_every_command_of_the_tour_succeeds_and_shows_what_is_said_of_it(isthmus: Installation) -> None:
    tour = Page("README.md").block("sh")
    assert tour.startswith(ACTIVATED)
    meant = tour.removeprefix(ACTIVATED)
    for written, here in (
        ("http://127.0.0.1:8080/", f"{isthmus.url}/"),
        ("http://127.0.0.1:8082/", f"{isthmus.window_url}/"),
        (" .isthmus/", f" {isthmus.home}/"),
    ):
        assert written in meant
        meant = meant.replace(written, here)
    isthmus.await_ready()
    path = f"{Path(COMMAND[0]).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", meant],
        cwd=ROOT,
        env=isthmus.environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        '"shipment":{"status":{"code":',
        '"status":"RELEASED"',
        "No bank ever receives the value of the goods",
    ):
        assert said in done.stdout
