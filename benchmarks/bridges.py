"""Bridges running as they do in an installation, with the database and the neighbours that they need."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from benchmarks.declarations import agreement
from benchmarks.serving import await_answer
from isthmus import embedded, keys, lodging, migrations
from isthmus.home import home_of
from isthmus_protocol.agreements import sign_agreement
from isthmus_protocol.canonical import canonical
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, SigningKey

ROOT = Path(__file__).parents[1]
ORIGIN = "benchmark.example/log"


@dataclass(frozen=True)
class Running:
    """A bridge: where it listens, its processes, those of its database, and the neighbours it delivers to."""

    url: str
    bridge: tuple[psutil.Process, ...]
    database: psutil.Process
    neighbours_url: str
    neighbours: psutil.Process
    platform: SigningKey
    database_url: str
    binaries: Path

    def acknowledged(self) -> int:
        """Return how many exchanges have come to their end."""
        count: int = httpx.get(f"{self.neighbours_url}/count").json()["acknowledged"]
        return count


@contextmanager
def _ground() -> Iterator[tuple[ExitStack, embedded.Servers, dict[str, str], keys.KeyFolder]]:
    with tempfile.TemporaryDirectory(prefix="isthmus-benchmark-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        home = home_of(Path(folder) / "home")
        home.prepare()
        servers = embedded.prepare(home, lodging.find(home, None))
        servers.start()
        stack.callback(servers.stop)
        made = keys.make_missing(home)
        addresses = servers.addresses()
        environment = {
            **addresses,
            "BRIDGE_REDIS_URL": addresses["REDIS_URL"],
            "ISTHMUS_HOME": str(home.path),
            "ISTHMUS_LOG_ORIGIN": ORIGIN,
            "BENCHMARK_KEYS": str(home.keys),
            "BENCHMARK_DATABASE_URL": addresses["BRIDGE_DATABASE_OWNER_URL"],
        }
        yield stack, servers, environment, made


Start = Callable[..., psutil.Process]


def _starter(stack: ExitStack, environment: dict[str, str]) -> Start:
    def start(program: str, *arguments: str) -> psutil.Process:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *arguments],
            env=os.environ | environment | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        return psutil.Process(process.pid)

    return start


def _serve(start: Start, application: str, port: int, threads: int) -> psutil.Process:
    return start(
        *("granian", "--interface=wsgi", "--workers=1", f"--blocking-threads={threads}", "--no-ws"),
        *("--log-level=warning", f"--port={port}", application),
    )


@contextmanager
def database() -> Iterator[tuple[str, psutil.Process]]:
    """Yield the address of a bridge's database, migrated, and its server's process."""
    with _ground() as (_, servers, environment, _made):
        migrations.upgrade("bridge", environment["BRIDGE_DATABASE_OWNER_URL"])
        if servers.postgres.process is None:
            raise RuntimeError("no database")
        yield environment["BRIDGE_DATABASE_URL"], psutil.Process(servers.postgres.process.pid)


@contextmanager
def ours() -> Iterator[Running]:
    """Run Isthmus's bridge and its worker, with an agreement in force."""
    with _ground() as (stack, servers, environment, made):
        migrations.upgrade("bridge", environment["BRIDGE_DATABASE_OWNER_URL"])
        near, port = embedded.free_port(), embedded.free_port()
        environment |= {
            "ISTHMUS_PORT": str(port - 1),
            "ISTHMUS_WINDOW_URL": f"http://127.0.0.1:{near}",
            "ISTHMUS_PLATFORM_URL": f"http://127.0.0.1:{near}",
        }
        start = _starter(stack, environment)
        neighbours = _serve(start, "benchmarks.neighbours:app", near, 16)
        bridge = (start("isthmus", "bridge"), start("isthmus", "bridge-worker"))
        running = _running(servers, environment, made, port, near, bridge, neighbours)
        _agree(running, made)
        yield running


@contextmanager
def naive() -> Iterator[Running]:
    """Run the naive bridge, which knows its agreement."""
    with _ground() as (stack, servers, environment, made):
        near, port = embedded.free_port(), embedded.free_port()
        environment["ISTHMUS_WINDOW_URL"] = f"http://127.0.0.1:{near}"
        start = _starter(stack, environment)
        neighbours = _serve(start, "benchmarks.neighbours:app", near, 16)
        bridge = (_serve(start, "benchmarks.naive_bridge:app", port, 32),)
        yield _running(servers, environment, made, port, near, bridge, neighbours)


def _running(
    servers: embedded.Servers,
    environment: dict[str, str],
    made: keys.KeyFolder,
    port: int,
    near: int,
    bridge: tuple[psutil.Process, ...],
    neighbours: psutil.Process,
) -> Running:
    url, near_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{near}"
    await_answer(f"{near_url}/count")
    await_answer(f"{url}/readyz")
    if servers.postgres.process is None:
        raise RuntimeError("no database")
    database = psutil.Process(servers.postgres.process.pid)
    platform = made.signing_key(Holder.PLATFORM)
    owner = environment["BRIDGE_DATABASE_OWNER_URL"]
    binaries = servers.postgres.lodging.postgres_programs
    return Running(url, bridge, database, near_url, neighbours, platform, owner, binaries)


def _agree(running: Running, made: keys.KeyFolder) -> None:
    document = agreement()
    signatures = [
        sign_agreement(made.signing_key(holder), document) for holder in (Holder.OPERATOR, Holder.AUTHORITY)
    ]
    body = canonical({"document": document.to_json(), "signatures": [*signatures]})
    address = f"{running.url}/v1/agreements"
    headers = sign_request(running.platform, "POST", address, body, now=datetime.now(UTC))
    answer = httpx.post(address, content=body, headers=headers | {"Content-Type": "application/json"})
    answer.raise_for_status()
