"""A database of its own and a server on it, for a benchmark."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from isthmus import embedded, lodging, migrations
from isthmus.home import home_of

ROOT = Path(__file__).parents[1]
PROCESSES, THREADS = "2", "4"
PATIENCE = 300  # seconds: a machine may have other work


@contextmanager
def database() -> Iterator[tuple[dict[str, str], psutil.Process]]:
    """Yield the addresses of a fresh, migrated database, and PostgreSQL's first process."""
    with tempfile.TemporaryDirectory(prefix="isthmus-benchmark-") as folder:
        Path(folder).chmod(0o711)
        home = home_of(Path(folder) / "home")
        home.prepare()
        servers = embedded.prepare(home, lodging.find(home, None))
        servers.start()
        try:
            addresses = servers.addresses()
            migrations.upgrade("platform", addresses["DATABASE_OWNER_URL"])
            yield addresses, _postgres(folder)
        finally:
            servers.stop()


def _postgres(folder: str) -> psutil.Process:
    """Return the process that the lock file in the data folder names."""
    (lock,) = Path(folder).rglob("postmaster.pid")
    return psutil.Process(int(lock.read_text().split("\n", 1)[0]))


@contextmanager
def serving(application: str, database_url: str) -> Iterator[tuple[psutil.Process, int]]:
    """Yield the process and port of ``application``, served as in production."""
    port = embedded.free_port()
    command = [
        *(str(Path(sys.executable).with_name("granian")), "--interface=wsgi", "--workers", PROCESSES),
        *("--blocking-threads", THREADS, "--no-ws", "--log-level=warning", "--host=127.0.0.1"),
        *("--port", str(port), application),
    ]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"BENCHMARK_DATABASE_URL": database_url, "PYTHONPATH": path}
    with subprocess.Popen(command, env=environment, cwd=ROOT) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}/ready")
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


def await_answer(url: str) -> None:
    """Wait until ``url`` is answered with 200."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")
