"""Every key is replaced and revoked while a bank keeps asking: nothing stops, is lost, or comes twice."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from installation import Installation, running
from isthmus.keys import OURS
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, Keyring, SigningKey

pytestmark = pytest.mark.xdist_group("isthmus")

UCR = "6TW24536806-FPM0417"
ROTATED = OURS
PATIENCE = 120.0

ASK = (
    "mutation ($input: AskWindowInput!) { askWindow(input: $input) { crossing { id } userErrors { code } } }"
)
STANDING = "query ($id: ID!) { crossing(id: $id) { state reason answer { exists released } } }"


def graphql(client: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


@contextmanager
def bank_asking(isthmus: Installation) -> Iterator[list[str]]:
    """Let the bank ask steadily, one question after another; the list holds the crossings."""
    asked: list[str] = []
    enough = threading.Event()
    failed: list[Exception] = []

    def ask() -> None:
        try:
            with isthmus.client("bank") as bank:
                while not enough.wait(0.5):
                    given = {
                        "idempotencyKey": f"rotating-{len(asked)}",
                        "ucr": UCR,
                        "purpose": "TRADE_FINANCE",
                    }
                    told = graphql(bank, ASK, input=given)["askWindow"]
                    assert told["userErrors"] == [], told
                    asked.append(told["crossing"]["id"])
        except (AssertionError, httpx.HTTPError) as error:  # told where the test can see it
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        enough.set()
        thread.join()
    assert not failed, failed


def await_more(asked: list[str], more: int = 2) -> None:
    goal, end = len(asked) + more, time.monotonic() + PATIENCE
    while len(asked) < goal:
        assert time.monotonic() < end, "no more questions are asked"
        time.sleep(0.05)


def trust_of(isthmus: Installation) -> Keyring:
    return Keyring.from_json(json.loads((isthmus.home / "keys" / "trust.json").read_bytes()))


def key_of(isthmus: Installation, holder: Holder) -> SigningKey:
    pem = (isthmus.home / "keys" / f"{holder.value.lower()}.pem").read_bytes()
    return SigningKey.from_pem(holder, pem)


def call_bridge(isthmus: Installation, key: SigningKey, path: str) -> httpx.Response:
    url = f"{isthmus.bridge_url}{path}"
    return httpx.get(url, headers=sign_request(key, "GET", url, b"", now=datetime.now(UTC)))


def the_log(isthmus: Installation) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    while True:
        page = call_bridge(
            isthmus, key_of(isthmus, Holder.AUTHORITY), f"/v1/log/entries?start={len(records)}&limit=500"
        ).json()
        records += [entry["record"] for entry in page["entries"]]
        if len(records) >= page["size"]:
            return records


def pids(isthmus: Installation) -> set[int]:
    return {child.pid for child in isthmus.supervisor.children() if child.status() != psutil.STATUS_ZOMBIE}


def test_keys_are_rotated_and_revoked_under_load_and_nothing_is_lost(tmp_path: Path) -> None:
    with running(tmp_path / "home") as isthmus:
        played = isthmus.command("demo")
        assert played.returncode == 0, played.stdout + played.stderr
        old = {holder: key_of(isthmus, holder) for holder in ROTATED}
        started = pids(isthmus)
        with bank_asking(isthmus) as asked:
            await_more(asked)
            for holder in ROTATED:
                done = isthmus.command("key", "rotate", holder.value)
                assert done.returncode == 0, done.stderr
                await_more(asked)
                done = isthmus.command("key", "revoke", old[holder].kid)
                assert done.returncode == 0, done.stderr
                await_more(asked)
        for holder in ROTATED:
            refused = call_bridge(isthmus, old[holder], "/v1/agreements")
            assert refused.status_code == 401, holder
            assert call_bridge(isthmus, key_of(isthmus, holder), "/v1/agreements").status_code == 200
        assert pids(isthmus) == started, "nothing was started anew"
        every_question_is_answered_once(isthmus, asked)
        what_was_before_still_verifies(isthmus, old[Holder.LOG])


def every_question_is_answered_once(isthmus: Installation, asked: list[str]) -> None:
    waiting, end = list(asked), time.monotonic() + PATIENCE
    with isthmus.client("bank") as bank:
        while waiting:
            found = graphql(bank, STANDING, id=waiting[0])["crossing"]
            if found["state"] == "DELIVERED" and found["answer"] is not None:
                waiting.pop(0)
                end = time.monotonic() + PATIENCE  # answers of one subject come one after the other
                continue
            assert found["state"] in {"REQUESTED", "AGREED", "SENT", "DELIVERED"}, found
            assert time.monotonic() < end, f"{len(waiting)} of {len(asked)} wait: {found}"
            time.sleep(0.1)
    decisions = Counter(
        (record["message"], record["phase"], record["decision"])
        for record in the_log(isthmus)
        if record["kind"] != "AGREEMENT" and record["message"] in ("DECLARATION_QUERY", "DECLARATION_ANSWER")
    )
    counts = {
        phase: decisions[message, phase, "PERMITTED"]
        for message in ("DECLARATION_QUERY", "DECLARATION_ANSWER")
        for phase in ("AGREED", "SENT", "DELIVERED")
    }
    assert len(set(counts.values())) == 1, decisions
    assert counts["AGREED"] >= len(asked)


def what_was_before_still_verifies(isthmus: Installation, log_key: SigningKey) -> None:
    """Check the story's own evidence: old with a later checkpoint, and made anew without."""
    evidence = isthmus.home / "demo" / "evidence.json"
    trust = str(isthmus.home / "keys" / "trust.json")
    alone = isthmus.command("verify", str(evidence), "--trust", trust)
    assert alone.returncode == 1
    assert f"the LOG key {log_key.kid} was revoked" in alone.stdout
    old = json.loads(evidence.read_bytes())
    size = httpx.get(f"{isthmus.bridge_url}/v1/log/checkpoint").text.split("\n")[1]
    authority = key_of(isthmus, Holder.AUTHORITY)
    path = f"/v1/log/consistency?from={old['size']}&to={size}"
    proof = call_bridge(isthmus, authority, path).json()
    later = isthmus.home / "later.json"
    note = httpx.get(f"{isthmus.bridge_url}/v1/log/checkpoint").text
    assert note.split("\n")[1] == size, "the log has come to rest"
    later.write_text(json.dumps({"checkpoint": note, "proof": proof["proof"]}))
    beside = isthmus.command("verify", str(evidence), "--trust", trust, "--later", str(later))
    assert beside.returncode == 0, beside.stdout
    anew = call_bridge(isthmus, authority, f"/v1/exchanges/{old['record']['exchange']}/evidence")
    verdict = verify_bundle(anew.content, trust_of(isthmus))
    assert verdict.passed, verdict.checks
    assert any("was revoked" in check.detail for check in verdict.checks)
