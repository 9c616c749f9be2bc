"""A window that is killed at any moment loses nothing that it acknowledged, and says everything once."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from isthmus_protocol.envelopes import Envelope
from window_counterpart import Counterpart, declaration, serving

WHOLE = ["ACCEPTED", "CHANNEL_ASSIGNED", "DUTY_ASSESSED", "RELEASED"]
PROGRAM = """
import json, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from werkzeug.serving import make_server
from isthmus_protocol.keys import Keyring, SigningKey
from isthmus_window import work
from isthmus_window.http import create_app
from isthmus_window.service import Window

given = json.loads(sys.stdin.read())
window = Window(
    Path(given["database"]),
    SigningKey.from_pem("WINDOW", given["key"].encode()),
    Keyring.from_json(given["trust"]),
    given["bridge"],
    lambda: datetime.now(UTC),
    timedelta(milliseconds=20),
)
server = make_server("127.0.0.1", 0, create_app(window), threaded=True)
work.start(window)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def running(counterpart: Counterpart, database: Path) -> Iterator[str]:
    """Run a window in a process of its own, and kill it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    given = {
        "database": str(database),
        "key": counterpart.window_key.to_pem().decode(),
        "trust": counterpart.keyring.to_json(),
        "bridge": counterpart.url,
    }
    try:
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def deliver(client: httpx.Client, counterpart: Counterpart, url: str, envelope: Envelope) -> bool:
    """Return whether the window acknowledged ``envelope``."""
    data, headers = counterpart.signed("POST", f"{url}/v1/exchanges", envelope.to_json())
    try:
        return client.post(f"{url}/v1/exchanges", content=data, headers=headers).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.faults
def test_a_window_killed_again_and_again_clears_everything_once(tmp_path: Path) -> None:
    chance = random.Random(4)  # the moments differ with the machine anyway
    client = httpx.Client(trust_env=False, timeout=10)
    with client, serving(Counterpart(lambda: datetime.now(UTC))) as counterpart:
        envelopes = [counterpart.envelope(declaration()) for _ in range(6)]
        acknowledged: set[str] = set()
        for _ in range(4):
            with running(counterpart, tmp_path / "window.sqlite") as url:
                for envelope in chance.sample(envelopes, len(envelopes)):
                    if deliver(client, counterpart, url, envelope):
                        acknowledged.add(envelope.exchange)
                time.sleep(chance.uniform(0, 0.4))
        with running(counterpart, tmp_path / "window.sqlite") as url:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if all(counterpart.statuses(exchange) == WHOLE for exchange in acknowledged):
                    break
                time.sleep(0.1)
    assert acknowledged == {envelope.exchange for envelope in envelopes}
    assert {exchange: counterpart.statuses(exchange) for exchange in acknowledged} == dict.fromkeys(
        acknowledged, WHOLE
    )
    assert len(counterpart.received) == len(WHOLE) * len(envelopes)
