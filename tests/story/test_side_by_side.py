"""Nothing lives in a process: two of each, side by side, tell the same story."""

from pathlib import Path

import httpx
import psutil
import pytest

from installation import running

pytestmark = pytest.mark.xdist_group("isthmus")


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
        declarations = httpx.get(f"{isthmus.window_url}/declarations.json").json()
        assert len(declarations["declarations"]) == 1
