"""The worker is killed in the middle of a file of shipments: good rows are made once, bad rows are told."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest

from installation import COMMAND
from isthmus import keys, worker
from isthmus.home import home_of
from isthmus_platform import imports, shipment_rows
from isthmus_platform.database import Platform
from trade import Trade, open_trade

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

ROWS = 3 * imports.CHUNK
HELD = imports.CHUNK + 50
BAD = frozenset({7, HELD - 1, ROWS})
HEADER = "reference,ucr,origin,destination,carrier,bookingReference,equipment\n"
FILE = HEADER + "".join(
    f"R{n},U{n},{'XXXXX' if n in BAD else 'TWKHH'},DEHAM,carrier,B{n},MCLU4200170\n"
    for n in range(1, ROWS + 1)
)
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def broker_url(redis_url: str) -> str:
    """Return a database of the Redis that no other test listens at."""
    return urlunsplit(urlsplit(redis_url)._replace(path="/11"))


@contextmanager
def working(home: Path, platform_url: str, broker_url: str) -> Iterator[psutil.Process]:
    """Run ``isthmus worker`` until it is killed here."""
    environment = {
        **os.environ,
        "ISTHMUS_HOME": str(home),
        "DATABASE_URL": platform_url,
        "BRIDGE_DATABASE_URL": platform_url,
        "REDIS_URL": broker_url,
    }
    with (home.parent / "worker.txt").open("ab") as sink:
        process = subprocess.Popen([*COMMAND, "worker"], env=environment, stdout=sink, stderr=sink)
    started = psutil.Process(process.pid)
    try:
        yield started
    finally:
        kill(started)
        process.wait(20)


def kill(started: psutil.Process) -> None:
    """Send SIGKILL to the worker and to all that it started."""
    if started.is_running() and started.status() != psutil.STATUS_ZOMBIE:
        for each in (started, *started.children(recursive=True)):
            each.send_signal(signal.SIGKILL)


def expect(holds: Callable[[], bool], what: str, *, meanwhile: Callable[[], None]) -> None:
    """Wait until ``holds``, doing ``meanwhile`` what the beat does."""
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, what
        meanwhile()
        time.sleep(0.3)


def test_a_killed_worker_is_followed_by_one_that_goes_on_with_the_file(
    platform: Platform, platform_url: str, broker_url: str, tmp_path: Path
) -> None:
    trade, home = open_trade(platform), tmp_path / "home"
    with platform.begin(trade["trader"]) as work:
        imports.take(work, "may", FILE.encode(), shipment_rows.read_csv(FILE.encode()))
    home_of(home).prepare()
    keys.make_missing(home_of(home))
    wake = worker.waker(broker_url)

    def sweep() -> None:
        wake(imports.TOPIC)

    with psycopg.connect(platform_url) as holder, psycopg.connect(platform_url, autocommit=True) as watching:
        holder.execute("SELECT 1 FROM shipment_import_row WHERE number = %s FOR UPDATE", [HELD])
        with working(home, platform_url, broker_url) as first:
            expect(lambda: bool(watching.execute(WAITING).fetchall()), "the second chunk", meanwhile=sweep)
            kill(first)  # its shipments are written and not committed, and its report's lines are not
    assert outcomes(trade) == {"MADE": imports.CHUNK - 1, "REFUSED": 1, "WAITING": ROWS - imports.CHUNK}
    with working(home, platform_url, broker_url):
        expect(lambda: finished(trade), "the rest", meanwhile=sweep)
    assert outcomes(trade) == {"MADE": ROWS - len(BAD), "REFUSED": len(BAD)}
    with psycopg.connect(platform_url) as owner:
        rows = owner.execute("SELECT reference FROM shipment").fetchall()
        told = owner.execute("SELECT number, code FROM shipment_import_row WHERE code IS NOT NULL").fetchall()
    assert Counter(reference for (reference,) in rows) == {
        f"R{n}": 1 for n in range(1, ROWS + 1) if n not in BAD
    }
    assert sorted(told) == [(n, "unknown_place") for n in sorted(BAD)]


def outcomes(trade: Trade) -> dict[str, int]:
    with trade.platform.begin(trade["trader"]) as work:
        return imports.counts(work, imports.by_upload(work, "may").id)


def finished(trade: Trade) -> bool:
    with trade.platform.begin(trade["trader"]) as work:
        return imports.by_upload(work, "may").finished_at is not None
