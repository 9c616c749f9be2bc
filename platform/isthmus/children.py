"""Child processes: started so that they end with us, restarted when they crash, found again after we did."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from isthmus import tether
from isthmus.home import Home, read_json, write_json
from isthmus.settings import Process

STEADY_AFTER = 30.0  # seconds up, after which earlier crashes are forgotten
LONGEST_PAUSE = 10.0
PATIENCE = 12.0  # seconds to end in order before being killed
BIGGEST_LOG = 10 * 1024 * 1024
SAME_START = 0.05  # seconds: two processes with one pid do not start as close together as this


@dataclass
class Child:
    """One supervised process and how often it crashed lately."""

    name: str
    process: Process
    environment: dict[str, str]
    log: Path
    ready_file: Path
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    crashes: int = 0
    restart_at: float = field(default=0.0, repr=False)

    def start(self) -> None:
        """Start it, in a session of its own: a Ctrl-C on the terminal is for the supervisor alone."""
        self.ready_file.unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > BIGGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(  # noqa: S603 (our own arguments)
                tied_command([sys.executable, "-m", "isthmus", self.process.value]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment | {"ISTHMUS_READY_FILE": str(self.ready_file)},
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.popen is not None and self.popen.poll() is None

    def note_crash(self) -> float:
        """Count a crash and return how many seconds to wait before the next start."""
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.crashes = 0
        pause = min(LONGEST_PAUSE, 0.25 * 2**self.crashes) if self.crashes else 0.0
        self.crashes += 1
        self.restart_at = time.monotonic() + pause
        if self.popen is not None:
            _kill_group(self.popen.pid)  # what a killed parent left behind
        return pause


def tied_command(command: list[str]) -> list[str]:
    """Return ``command`` wrapped so that it gets SIGTERM when this process ends."""
    return [
        *(sys.executable, "-I", "-S", str(Path(tether.__file__))),
        *(str(os.getpid()), str(int(signal.SIGTERM)), str(os.geteuid()), str(os.getegid())),
        *command,
    ]


def stop(children: list[Child]) -> None:
    """Ask all of ``children`` to end, wait, and kill what does not, with everything it started."""
    for child in children:
        if child.popen is not None and child.running:
            child.popen.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        if child.popen is None:
            continue
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.popen.wait(max(0.0, deadline - time.monotonic()))
        _kill_group(child.popen.pid)
        child.popen.wait()
        child.popen = None


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def record(home: Home, pids: dict[str, int]) -> None:
    """Write down what runs, with start times: the next run tells it from strangers with the same pid."""
    processes = []
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(pid).create_time()
            processes.append({"name": name, "pid": pid, "started": started})
    write_json(home.run / "processes.json", {"processes": processes})


def recorded(home: Home) -> dict[str, psutil.Process]:
    """Return the recorded processes that still run, by name."""
    found = {}
    for entry in read_json(home.run / "processes.json").get("processes", []):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(entry["pid"])
            if abs(process.create_time() - entry["started"]) < SAME_START:
                found[entry["name"]] = process
    return found


def end_leftovers(home: Home) -> list[str]:
    """End what an earlier supervisor left running, and return the names of what that was."""
    left = recorded(home)
    family = {process for parent in left.values() for process in (parent, *_descendants(parent))}
    for process in left.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(list(family), timeout=PATIENCE)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=PATIENCE)
    (home.run / "processes.json").unlink(missing_ok=True)
    return sorted(left)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
