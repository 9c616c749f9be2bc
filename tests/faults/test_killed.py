"""Each process is killed at some moment of the story: what was acknowledged stands, and counts once."""

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from installation import COMMAND, Installation, running
from isthmus_protocol.canonical import canonical
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.merkle import leaf_hash, root_of

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

VICTIMS = [("web", "witness"), ("worker", "window"), ("bridge", "redis"), ("bridge-worker", "postgres")]
"""Two in each story, for a story takes long: the second dies while the first may still be on its way back."""
STORY_SECONDS = 6.0


def processes_named(isthmus: Installation, name: str) -> Iterator[psutil.Process]:
    """Yield the processes of the installation that run as ``name``: a word of the command, or the server."""
    for process in isthmus.supervisor.children():
        try:
            command = process.cmdline()
        except psutil.NoSuchProcess:
            continue
        words = {Path(word).name for word in command[:1]} | set(command[1:])
        if name in words or {"redis": "redis-server"}.get(name) in words:
            yield process


def kill(isthmus: Installation, name: str) -> None:
    """Send SIGKILL to the processes that run as ``name``, with what they started."""
    victims = list(processes_named(isthmus, name))
    assert victims, f"no process {name} among {[p.cmdline() for p in isthmus.supervisor.children()]}"
    for victim in victims:
        for process in [victim, *victim.children(recursive=True)]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


def ask(isthmus: Installation, party: str, query: str) -> dict[str, Any]:
    with isthmus.client(party) as client:
        answer = client.post("/graphql", json={"query": query})
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


@pytest.mark.parametrize("victims", VICTIMS, ids="+".join)
def test_killed_processes_lose_nothing_and_repeat_nothing(victims: tuple[str, ...], tmp_path: Path) -> None:
    waits = [random.uniform(0, STORY_SECONDS) for _ in victims]
    with running(tmp_path / "home") as isthmus:
        with subprocess.Popen(
            [*COMMAND, "demo"],
            env=isthmus.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as story:
            assert story.stdout is not None
            told = []
            for line in story.stdout:
                told.append(line)
                if line.startswith("1. "):
                    break
            for wait, victim in zip(waits, victims, strict=True):
                time.sleep(wait)
                kill(isthmus, victim)
            told.append(story.communicate(timeout=240)[0])
        assert story.returncode == 0, "".join(told)
        # The kill may have fallen after the story's last step: what was killed is then still on its way back.
        isthmus.await_ready()
        everything_happened_once(isthmus)


def the_whole_log(isthmus: Installation) -> list[dict[str, Any]]:
    """Return the bridge's records, after checking that they are what its signed checkpoint stands for."""
    keys = isthmus.home / "keys"
    keyring = Keyring.from_json(json.loads((keys / "trust.json").read_bytes()))
    authority = SigningKey.from_pem(Holder.AUTHORITY, (keys / "authority.pem").read_bytes())
    note = httpx.get(f"{isthmus.bridge_url}/v1/log/checkpoint").text
    checkpoint = open_note(note, keyring, Holder.LOG)
    address = f"{isthmus.bridge_url}/v1/log/entries?start=0&limit=1000"
    headers = sign_request(authority, "GET", address, b"", now=datetime.now(UTC))
    records = [entry["record"] for entry in httpx.get(address, headers=headers).json()["entries"]]
    leaves = [leaf_hash(canonical(record)) for record in records[: checkpoint.size]]
    assert len(leaves) == checkpoint.size
    assert root_of(leaves) == checkpoint.root
    return records


def everything_happened_once(isthmus: Installation) -> None:
    """Assert that window, bridge log, timeline, meters and invoices tell of one consignment."""
    declarations = httpx.get(f"{isthmus.window_url}/declarations.json").json()["declarations"]
    assert [declaration["status"] for declaration in declarations] == ["RELEASED"]

    permitted = Counter(
        record["message"]
        for record in the_whole_log(isthmus)
        if record["kind"] == "DECISION" and (record["phase"], record["decision"]) == ("AGREED", "PERMITTED")
    )
    statuses = permitted.pop("DECLARATION_STATUS")
    assert permitted == {"EXPORT_DECLARATION": 1, "DECLARATION_QUERY": 1, "DECLARATION_ANSWER": 1}

    shipment = ask(
        isthmus,
        "forwarder",
        '{ shipment(reference: "KHH-HAM-0417") {'
        " timeline(first: 100) { edges { node { kind code sourceEventId } } }"
        " documents(first: 20) { edges { node { type version } } }"
        " crossings(first: 100) { edges { node { message state exchange } } } } }",
    )["shipment"]
    customs = Counter(entry["code"] for entry in nodes(shipment["timeline"]) if entry["kind"] == "CUSTOMS")
    assert set(customs.values()) == {1}, customs
    assert sum(customs.values()) == statuses
    assert Counter(document["type"] for document in nodes(shipment["documents"])) == {
        "380": 1,
        "271": 1,
        "705": 1,
    }
    assert all(document["version"] == 1 for document in nodes(shipment["documents"]))
    exchanges = [crossing["exchange"] for crossing in nodes(shipment["crossings"]) if crossing["exchange"]]
    assert len(exchanges) == len(set(exchanges))

    (financed,) = nodes(
        ask(isthmus, "bank", "{ receivableOffers { edges { node { state history { action } } } } }")[
            "receivableOffers"
        ]
    )
    assert financed["state"] == "REPAID"
    assert [entry["action"] for entry in financed["history"]].count("PAY_OUT") == 1

    invoices = nodes(
        ask(
            isthmus,
            "operator",
            "{ invoices(first: 100) { edges { node { number party { name } lines { meter quantity } } } } }",
        )["invoices"]
    )
    serials = sorted(int(invoice["number"].rsplit("-", 1)[1]) for invoice in invoices)
    assert serials == list(range(1, len(serials) + 1))
    billed: Counter[tuple[str, str]] = Counter()
    for invoice in invoices:
        for line in invoice["lines"]:
            billed[invoice["party"]["name"], line["meter"]] += line["quantity"]
    assert billed["forwarder", "shipment.created"] == 1
    assert billed["forwarder", "document.stored"] == 3
    assert billed["bank", "window.asked"] == 1
