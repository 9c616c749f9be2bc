"""The witness is killed at any moment: what it answered it remembers, and it never answers for a fork."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import httpx
import pytest

from growing_log import GrowingLog
from installation import free_ports
from isthmus_protocol.keys import Holder, Keyring, SigningKey

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

ORIGIN = "bridge.test/log"
KILLS = 8


def furnish(home: Path) -> SigningKey:
    """Give the witness's machine its keys, and return the log's."""
    log, witness = SigningKey.generate(Holder.LOG), SigningKey.generate(Holder.WITNESS)
    keys = home / "keys"
    keys.mkdir(parents=True)
    (keys / "witness.pem").write_bytes(witness.to_pem())
    (keys / "trust.json").write_text(json.dumps(Keyring([log.public, witness.public]).to_json()))
    return log


@contextmanager
def witness(home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run ``isthmus witness`` until it is ready, in a session of its own."""
    environment = {
        **os.environ,
        "ISTHMUS_HOME": str(home),
        "ISTHMUS_PORT": str(port),
        "ISTHMUS_LOG_ORIGIN": ORIGIN,
    }
    command = [sys.executable, "-m", "isthmus", "witness"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        end = time.monotonic() + 60
        while True:
            assert time.monotonic() < end, "the witness does not come up"
            assert process.poll() is None, "the witness has ended"
            try:
                if httpx.get(f"http://127.0.0.1:{port + 3}/readyz").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cosigned(url: str) -> int:
    return int(httpx.get(f"{url}/readyz").json()["cosigned"])


def test_a_killed_witness_remembers_all_it_answered_and_cosigns_no_fork(tmp_path: Path) -> None:
    port = free_ports()
    url = f"http://127.0.0.1:{port + 3}"
    log = GrowingLog(ORIGIN, furnish(tmp_path))
    answered = 0
    for _ in range(KILLS):
        with witness(tmp_path, port) as process, httpx.Client(timeout=10) as client:
            known = cosigned(url)
            assert known in {answered, log.size}, "the last it answered, or the one it was killed over"
            if known:
                other = log.fork(known - 1)
                other.grow(b"fork", b"fork")
                assert (
                    client.post(f"{url}/add-checkpoint", content=other.submission(known)).status_code == 422
                )
            answered = known
            kill = Timer(random.uniform(0.0, 0.3), os.killpg, (process.pid, signal.SIGKILL))
            kill.start()
            with contextlib.suppress(httpx.HTTPError):
                while True:
                    log.grow(log.size.to_bytes(4, "big"))
                    answer = client.post(f"{url}/add-checkpoint", content=log.submission(answered))
                    assert answer.status_code == 200, answer.text
                    answered = log.size
            kill.join()
        assert {file.name for file in (tmp_path / "witness").iterdir()} <= {
            "checkpoint",
            "checkpoint.new",
            "lock",
        }
    with witness(tmp_path, port):
        answer = httpx.post(f"{url}/add-checkpoint", content=log.submission(cosigned(url)))
        assert answer.status_code == 200, "the honest log goes on"
