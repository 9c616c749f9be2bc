"""After the story the authority's witness has cosigned the log; when it is away, nobody waits for it."""

import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
import pytest

from counterparts import agreement, signed
from installation import Installation
from isthmus_protocol.canonical import canonical
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.cosignature import cosignatures
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, Keyring, SigningKey

pytestmark = pytest.mark.xdist_group("isthmus")


def key_of(isthmus: Installation, holder: Holder) -> SigningKey:
    return SigningKey.from_pem(holder, (isthmus.home / "keys" / f"{holder.value.lower()}.pem").read_bytes())


def trust_of(isthmus: Installation) -> Keyring:
    return Keyring.from_json(json.loads((isthmus.home / "keys" / "trust.json").read_bytes()))


def propose(isthmus: Installation) -> None:
    """Put an agreement to the bridge that one party has signed: an entry in the log, and nothing else."""
    operator, url = key_of(isthmus, Holder.OPERATOR), f"{isthmus.bridge_url}/v1/agreements"
    document = signed(
        agreement(id="proposed-alone", purpose="STATISTICS"),
        Holder.OPERATOR,
        keys={Holder.OPERATOR: operator},
    )
    body = canonical(document.to_json())
    headers = sign_request(operator, "POST", url, body, now=datetime.now(UTC))
    answer = httpx.post(url, content=body, headers={**headers, "Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text


def readiness(isthmus: Installation) -> dict[str, Any]:
    answer = httpx.get(f"{isthmus.bridge_url}/readyz", timeout=10)
    assert answer.status_code == 200, "the witness is no condition"
    told: dict[str, Any] = answer.json()
    return told


def await_witness(isthmus: Installation, says: Callable[[str], bool]) -> str:
    end = time.monotonic() + 60
    while not says(said := readiness(isthmus)["witness"]):
        assert time.monotonic() < end, said
        time.sleep(0.2)
    return str(said)


def signal_witness(isthmus: Installation, number: signal.Signals) -> None:
    (witness,) = (each for each in isthmus.supervisor.children() if each.cmdline()[-1] == "witness")
    for process in [witness, *witness.children(recursive=True)]:
        psutil.Process(process.pid).send_signal(number)


def test_the_log_is_cosigned_by_itself(isthmus: Installation) -> None:
    await_witness(isthmus, lambda said: said.startswith("has cosigned all"))
    note = httpx.get(f"{isthmus.bridge_url}/v1/log/checkpoint").text
    head = open_note(note, trust_of(isthmus), Holder.LOG)
    (given,) = cosignatures(note, trust_of(isthmus))
    assert given.key == key_of(isthmus, Holder.WITNESS).public
    assert httpx.get(f"{isthmus.witness_url}/readyz").json()["cosigned"] == head.size
    assert httpx.get(f"{isthmus.witness_url}/checkpoint").text == note


def test_the_logs_proofs_are_printed_and_verified_by_command(isthmus: Installation) -> None:
    await_witness(isthmus, lambda said: said.startswith("has cosigned all"))
    kept = isthmus.home / "kept.txt"
    told = isthmus.command("log", "checkpoint")
    assert told.returncode == 0, told.stderr
    assert "cosigned by the witness" in told.stderr
    kept.write_text(told.stdout)
    size = told.stdout.splitlines()[1]
    for arguments in (("inclusion", "4"), ("consistency", "3", size), ("consistency", "5", str(kept))):
        told = isthmus.command("log", *arguments)
        assert told.returncode == 0, told.stderr
        assert "verified: " in told.stdout
    told = isthmus.command("log", "inclusion", "1000000")
    assert told.returncode == 1
    assert "Traceback" not in told.stderr


def test_a_witness_that_stands_still_stops_nobody_and_what_it_missed_is_cosigned_by_itself(
    isthmus: Installation,
) -> None:
    await_witness(isthmus, lambda said: said.startswith("has cosigned all"))
    signal_witness(isthmus, signal.SIGSTOP)
    try:
        propose(isthmus)
        await_witness(isthmus, lambda said: "does not answer" in said)
        assert readiness(isthmus)["status"] == "ready"
    finally:
        signal_witness(isthmus, signal.SIGCONT)
    await_witness(isthmus, lambda said: said.startswith("has cosigned all"))
