"""A whole Isthmus, started as a newcomer would start it, in a folder and on ports of its own."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

OUTPUT = "output.txt"
COMMAND = (str(Path(sys.executable).with_name("isthmus")),)


class NotReady(Exception):
    """The installation did not come up; the message is its last output."""


def free_ports(count: int = 4) -> int:
    """Return a port from which ``count`` consecutive ones are free on the loopback interface.

    The system gives none of these to connections, which others open all the time.
    """
    while True:
        first = random.SystemRandom().randrange(10_000, 32_000)
        if all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Installation:
    """A running Isthmus: where it keeps its state, its supervisor, and how to reach it."""

    home: Path
    port: int
    supervisor: psutil.Process
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bridge_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def window_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def witness_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 3}"

    def await_ready(self, seconds: float = 90) -> None:
        """Wait until web, bridge, window and witness say that they are ready; raises :class:`NotReady`."""
        served = (self.url, self.bridge_url, self.window_url, self.witness_url)
        waiting = [f"{base}/readyz" for base in served]
        end = time.monotonic() + seconds
        while waiting and time.monotonic() < end and self.supervisor.status() != psutil.STATUS_ZOMBIE:
            try:
                if httpx.get(waiting[0], timeout=5).status_code == httpx.codes.OK:
                    waiting.pop(0)
                    continue
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        if waiting:
            said = (self.home / OUTPUT).read_text(errors="replace")[-4000:]
            raise NotReady(f"{waiting[0]} is not ready:\n{said}")

    def command(self, *arguments: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """Run ``isthmus ARGUMENTS`` against this installation and return what it printed."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def token(self, party: str) -> str:
        """Return an access token of a demonstration party."""
        answer = self.command("token", "--party", party)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def client(self, party: str) -> httpx.Client:
        """Return an HTTP client that carries the party's token."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token(party)}"}, timeout=30
        )

    def answered(self, party: str, query: str) -> dict[str, Any]:
        """Return the data that a query of the party's is answered with, without any error."""
        with self.client(party) as client:
            body = client.post("/graphql", json={"query": query}).json()
        assert "errors" not in body, body
        return dict(body["data"])

    def listed(self, party: str, query: str) -> list[dict[str, Any]]:
        """Return the nodes of the one connection that a query asks for."""
        (connection,) = self.answered(party, query).values()
        return [edge["node"] for edge in connection["edges"]]


@contextmanager
def running(
    home: Path, *arguments: str, port: int | None = None, **environment: str
) -> Iterator[Installation]:
    """Start ``isthmus run ARGUMENTS`` on ``home``, wait until it is ready, and stop it in the end."""
    first = port or free_ports()
    variables = {
        **os.environ,
        "ISTHMUS_HOME": str(home),
        "ISTHMUS_PORT": str(first),
        **environment,
    }
    home.mkdir(parents=True, exist_ok=True)
    _let_servers_through(home)
    with (home / OUTPUT).open("ab") as sink:
        process = subprocess.Popen(
            [*COMMAND, "run", *arguments],
            env=variables,
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        installation = Installation(home, first, psutil.Process(process.pid), variables)
        installation.await_ready()
        yield installation
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _let_servers_through(home: Path) -> None:
    """Open pytest's private folders to the user that PostgreSQL runs as when the tests are root's."""
    for folder in home.parents:
        if folder.stat().st_uid == os.geteuid() and "pytest-" in str(folder):
            folder.chmod(0o711)
