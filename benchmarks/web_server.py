"""gunicorn's threads against granian, for one WSGI application, in interleaved rounds."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from benchmarks.finding import Finding
from benchmarks.load import Measured, family, get, measure
from benchmarks.serving import ROOT, await_answer, database
from isthmus import embedded

ROUNDS, SECONDS, CLIENTS = 6, 3.0, 8
PROCESSES, THREADS = "2", "8"
PATHS = ("/trivial", "/database")
SERVERS = {
    "gunicorn": [
        *("gunicorn", "--worker-class=gthread", "--workers", PROCESSES, "--threads", THREADS),
        *("--keep-alive=30", "--no-control-socket", "--log-level=warning", "--bind=127.0.0.1:{port}"),
        "benchmarks.served:app",
    ],
    "granian": [
        *("granian", "--interface=wsgi", "--workers", PROCESSES, "--blocking-threads", THREADS),
        *("--no-ws", "--log-level=warning", "--host=127.0.0.1", "--port={port}", "benchmarks.served:app"),
    ],
}


@contextmanager
def _serving(name: str, database_url: str) -> Iterator[tuple[psutil.Process, int]]:
    port = embedded.free_port()
    program, *arguments = (word.format(port=port) for word in SERVERS[name])
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    environment = os.environ | {"BENCHMARK_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, cwd=ROOT) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}/database")
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


def run() -> Finding:
    """Measure both servers on both views on both paths: medians, and granian's ratio to gunicorn."""
    seen: dict[tuple[str, str], list[Measured]] = {}
    with ExitStack() as stack:
        url = stack.enter_context(database())[0]["DATABASE_URL"]
        serving = {name: stack.enter_context(_serving(name, url)) for name in SERVERS}
        for _ in range(ROUNDS):
            for path in PATHS:
                for name, (server, port) in serving.items():
                    result = measure(family(server), port, get(port, path), clients=CLIENTS, seconds=SECONDS)
                    seen.setdefault((path, name), []).append(result)
    medians = {key: _median(rounds) for key, rounds in seen.items()}
    return Finding(
        figures={f"{path}, {name}": each for (path, name), each in medians.items()},
        ratios={
            f"granian_vs_gunicorn{path.replace('/', '_')}": round(
                medians[path, "granian"]["requests_per_second"]
                / medians[path, "gunicorn"]["requests_per_second"],
                2,
            )
            for path in PATHS
        },
        scale={"rounds": ROUNDS, "seconds": SECONDS, "clients": CLIENTS},
    )


def _median(rounds: list[Measured]) -> dict[str, float]:
    return {
        "requests_per_second": round(statistics.median(each.rate for each in rounds)),
        "server_cpu_ms": round(statistics.median(each.cpu_ms for each in rounds), 3),
        "p99_ms": round(statistics.median(each.p99_ms for each in rounds), 1),
    }
