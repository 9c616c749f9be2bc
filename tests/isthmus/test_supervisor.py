"""``isthmus run`` with real processes: what it starts it stops, however it ends."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner

from installation import COMMAND, Installation, free_ports, running
from isthmus import children, cli
from isthmus.home import home_of

pytestmark = pytest.mark.xdist_group("supervisor")


def family(isthmus: Installation) -> list[psutil.Process]:
    return [isthmus.supervisor, *isthmus.supervisor.children(recursive=True)]


def named(isthmus: Installation, name: str) -> list[psutil.Process]:
    """Return the supervised processes that run as ``name``: the last word of the command, or the server."""
    found = []
    for process in isthmus.supervisor.children():
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            words = process.cmdline()
            if name in (words[-1], Path(words[0]).name):
                found.append(process)
    return found


def all_gone(processes: list[psutil.Process], seconds: float = 20) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def refused(home: Path, port: int, **environment: str) -> str:
    """Run ``isthmus run`` where it must refuse; return what it said on standard error."""
    answer = subprocess.run(
        [*COMMAND, "run"],
        env={**os.environ, "ISTHMUS_HOME": str(home), "ISTHMUS_PORT": str(port), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    return answer.stderr


def test_ctrl_c_stops_every_process_and_a_second_run_finds_its_state(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as isthmus:
        started = family(isthmus)
        assert len(started) >= 10, "seven processes, two servers, their children"
        secrets = (home / "secrets.json").read_text()
        keys = (home / "keys" / "trust.json").read_text()
    assert all_gone(started, 1)
    with running(home) as isthmus:
        assert (home / "secrets.json").read_text() == secrets
        assert (home / "keys" / "trust.json").read_text() == keys
        examined = isthmus.command("doctor")
        assert examined.returncode == 0, examined.stdout + examined.stderr


def test_after_a_sigkill_of_the_supervisor_nothing_stays_and_the_next_run_recovers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as isthmus:
        started = family(isthmus)
        isthmus.supervisor.kill()
        assert all_gone(started)
    with running(home, port=isthmus.port) as again:
        assert httpx.get(f"{again.url}/healthz").json() == {"status": "alive"}


def test_a_crashed_process_and_a_crashed_server_are_started_again(tmp_path: Path) -> None:
    with running(tmp_path / "home") as isthmus:
        for name in ("web", "bridge", "window", "witness", "redis-server", "postgres"):
            (victim,) = named(isthmus, name)
            victim.kill()
        end = time.monotonic() + 90
        urls = [isthmus.url, isthmus.bridge_url, isthmus.window_url, isthmus.witness_url]
        while urls and time.monotonic() < end:
            try:
                if httpx.get(f"{urls[0]}/readyz", timeout=5).status_code == 200:
                    urls.pop(0)
            except httpx.HTTPError:
                time.sleep(0.2)
        assert urls == []


def test_a_second_supervisor_on_the_same_home_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as isthmus:
        said = refused(home, free_ports())
        assert "already runs" in said
        assert str(isthmus.supervisor.pid) in said
        assert httpx.get(f"{isthmus.url}/healthz").status_code == 200, "the first is not disturbed"


def test_a_port_in_use_is_named_with_its_holder_before_anything_starts(tmp_path: Path) -> None:
    port = free_ports()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port + 1))
        stranger.listen()
        said = refused(tmp_path / "home", port)
    assert f"port {port + 1} (for the bridge) is in use" in said
    assert str(os.getpid()) in said
    assert not (tmp_path / "home" / "data").exists()


def test_production_without_its_settings_is_refused_before_anything_starts(tmp_path: Path) -> None:
    said = refused(tmp_path / "home", free_ports(), ISTHMUS_ENV="production")
    assert "ISTHMUS_SECRET_KEY" in said
    assert not (tmp_path / "home").exists()


def test_what_a_killed_run_left_is_known_by_pid_and_start_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(tmp_path / "home")
    home.prepare()
    sleeper = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)",
    ]
    left, stranger = subprocess.Popen(sleeper), subprocess.Popen(sleeper)
    try:
        children.record(home, {"worker": left.pid})
        recorded = (home.run / "processes.json").read_text()
        started = psutil.Process(left.pid).create_time()
        (home.run / "processes.json").write_text(recorded.replace(str(started), str(started - 100)))
        assert children.end_leftovers(home) == [], "a stranger with the same pid is left alone"
        children.record(home, {"worker": left.pid})
        time.sleep(0.3)
        monkeypatch.setattr(children, "PATIENCE", 1.0)
        assert children.end_leftovers(home) == ["worker"]
        assert not psutil.pid_exists(left.pid)
        assert stranger.poll() is None
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


COMMANDS = (
    "agreement",
    "client",
    "demo",
    "doctor",
    "efti",
    "exchange",
    "key",
    "log",
    "migrate",
    "screening",
    "token",
    "verify",
    "wco",
)


def test_help_is_everywhere_and_an_unknown_command_is_an_error() -> None:
    processes = ("run", "web", "worker", "beat", "bridge", "bridge-worker", "window", "witness")
    assert set(cli.isthmus.commands) == {*processes, *COMMANDS}
    for name in cli.isthmus.commands:
        shown = CliRunner().invoke(cli.isthmus, [name, "--help"])
        assert shown.exit_code == 0
        assert "Usage: isthmus" in shown.output
    assert subprocess.run([*COMMAND, "fly"], capture_output=True, check=False).returncode == 2
