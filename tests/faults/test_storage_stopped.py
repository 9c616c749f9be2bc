"""The log's storage stops: nothing crosses, which is said soon and plainly, until it goes on by itself."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest

import servers
from counterparts import KEYRING, KEYS, Signer, agreement, declaration, signed
from isthmus import migrations
from isthmus_bridge import agreements, log
from isthmus_bridge.database import FIRST_SILENCE, LONGEST_SILENCE, create_bridge_engine
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder
from standing import StandingClock

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

SOON = 5.0
"""Seconds within which a crossing must be refused."""
GRANTED = 5.0
"""Seconds more for a machine that is busy with other tests."""


@contextmanager
def stopped(postgres: psutil.Process) -> Iterator[None]:
    """Stop the server, its connections kept open, as a machine does whose disk hangs."""
    processes = [postgres, *postgres.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.TestServers]:
    folder = tmp_path_factory.mktemp("storage")
    for passed in (folder, *folder.parents):
        if "pytest-" in str(passed):
            passed.chmod(0o711)
    started = servers.start(folder)
    yield started
    started.stop()


def test_what_is_waited_for_ends_in_time() -> None:
    assert max(LONGEST_SILENCE, 2 * FIRST_SILENCE) < SOON


def test_nothing_crosses_while_the_log_cannot_be_written_and_all_does_when_it_can_again(
    own_server: servers.TestServers, clock: StandingClock
) -> None:
    migrations.upgrade("bridge", own_server.postgres_url)
    bridge = Bridge(
        engine=create_bridge_engine(own_server.postgres_url, pool_size=12),
        keyring=KEYRING,
        signing_key=KEYS[Holder.BRIDGE],
        log_key=KEYS[Holder.LOG],
        subject_key=b"s" * 32,
        window_url="http://127.0.0.1:9",
        platform_url="http://127.0.0.1:9",
        origin="bridge.test/log",
        clock=clock,
    )
    with bridge.begin() as session:
        agreements.store(session, KEYRING, signed(agreement()), clock())
    app = create_app(bridge)

    def ask(key: str) -> tuple[int, str | None, float]:
        began = time.monotonic()
        answer = Signer(app.test_client(), KEYS[Holder.PLATFORM], clock).post(
            "/v1/exchanges", declaration(key)
        )
        return answer.status_code, answer.get_json().get("code"), time.monotonic() - began

    assert ask("before")[0] == 201
    assert own_server.servers.postgres.process is not None
    postgres = psutil.Process(own_server.servers.postgres.process.pid)
    with ThreadPoolExecutor(9) as pool:
        with stopped(postgres):
            asked = [pool.submit(ask, f"meanwhile-{number}") for number in range(8)]
            ready = pool.submit(app.test_client().get, "/readyz")
            refused = [future.result() for future in asked]
            assert ready.result().status_code == 503
            assert ready.result().get_json() == {"status": "not_ready", "log": "cannot be written"}
        assert {(status, code) for status, code, _ in refused} == {(503, "log_unavailable")}
        assert max(seconds for *_, seconds in refused) < SOON + GRANTED
        again = [future.result() for future in [pool.submit(ask, f"meanwhile-{n}") for n in range(8)]]
    assert {status for status, *_ in again} <= {200, 201}
    assert app.test_client().get("/readyz").status_code == 200
    with bridge.begin() as session:
        assert log.head(session).size == 1 + 1 + 8, "the agreement, what crossed before, and each once after"
    bridge.engine.dispose()
