"""Nothing lives in a process: two of each, side by side, tell the same story."""

import time
from pathlib import Path

import httpx
import psutil
import pytest

from installation import Installation, running

pytestmark = pytest.mark.xdist_group("isthmus")


def follow_a_request(isthmus: Installation) -> None:
    """Let the bank ask once more, and find the request's id in the log of every process that worked on it."""
    question = (
        "mutation ($input: AskWindowInput!) {"
        " askWindow(input: $input) { crossing { id } userErrors { code } } }"
    )
    given = {"idempotencyKey": "traced", "ucr": "6TW24536806-FPM0417", "purpose": "TRADE_FINANCE"}
    with isthmus.client("bank") as bank:
        asked = bank.post(
            "/graphql",
            json={"query": question, "variables": {"input": given}},
            headers={"X-Request-Id": "traced-through-all"},
        )
        assert asked.json()["data"]["askWindow"]["userErrors"] == []
    logs = isthmus.home / "logs"
    for name in ("web", "worker", "bridge", "bridge-worker", "window"):
        files = [logs / f"{name}.log", logs / f"{name}-2.log"]
        end = time.monotonic() + 30
        while not any("traced-through-all" in file.read_text() for file in files if file.exists()):
            assert time.monotonic() < end, f"{name} does not tell of the request"
            time.sleep(0.2)


def test_two_of_each_process_side_by_side_tell_the_same_story(tmp_path: Path) -> None:
    with running(tmp_path / "home", ISTHMUS_INSTANCES="2") as isthmus:
        started = [
            process.cmdline()[-1]
            for process in isthmus.supervisor.children()
            if process.status() != psutil.STATUS_ZOMBIE
        ]
        for name in ("web", "worker", "bridge", "bridge-worker"):
            assert sum(name == command.split()[-1] for command in started) == 2, started
        played = isthmus.command("demo")
        assert played.returncode == 0, played.stdout + played.stderr
        follow_a_request(isthmus)
        declarations = httpx.get(f"{isthmus.window_url}/declarations.json").json()
        assert len(declarations["declarations"]) == 1
