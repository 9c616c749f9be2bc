"""Nothing lives in a process: two of each, side by side, tell the same story, to the window in XML."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from installation import Installation, running
from standards import STANDARDS

pytestmark = pytest.mark.xdist_group("isthmus")

AS_XML = ["EXPORT_DECLARATION", "DECLARATION_STATUS"]


def follow_a_request(isthmus: Installation) -> None:
    """Let the bank ask once more, and find the request's id in the log of every process that worked on it."""
    question = (
        "mutation ($input: AskWindowInput!) {"
        " askWindow(input: $input) { crossing { id } userErrors { code } } }"
    )
    given = {"idempotencyKey": "traced", "ucr": "6TW24536806-FPM0417", "purpose": "TRADE_FINANCE"}
    with isthmus.client("bank") as bank:
        asked = bank.post(
            "/graphql",
            json={"query": question, "variables": {"input": given}},
            headers={"X-Request-Id": "traced-through-all"},
        )
        assert asked.json()["data"]["askWindow"]["userErrors"] == []
    logs = isthmus.home / "logs"
    for name in ("web", "worker", "bridge", "bridge-worker", "window"):
        files = [logs / f"{name}.log", logs / f"{name}-2.log"]
        end = time.monotonic() + 30
        while not any("traced-through-all" in file.read_text() for file in files if file.exists()):
            assert time.monotonic() < end, f"{name} does not tell of the request"
            time.sleep(0.2)


def spoke_xml(isthmus: Installation) -> None:
    """See that the declaration reached the window, and its statuses the bridge, as XML of the WCO's model."""
    logs = isthmus.home / "logs"

    def understood(*names: str) -> list[dict[str, Any]]:
        lines = [line for name in names for line in (logs / name).read_text().splitlines()]
        return [json.loads(line) for line in lines if '"wco.understood"' in line]

    (declared,) = understood("window.log")
    assert declared["profile"] == "WCO-DEC-DMS-2"
    told = understood("bridge.log", "bridge-2.log")
    assert {each["profile"] for each in told} == {"WCO-RES-DMS-2"}
    assert {"ACCEPTED", "DUTY_ASSESSED", "RELEASED"} <= {each["status"] for each in told}
    with isthmus.client("forwarder") as forwarder:
        asked = {"query": '{ shipment(reference: "KHH-HAM-0417") { declaration { status mrn } } }'}
        answer = forwarder.post("/graphql", json=asked).json()["data"]["shipment"]["declaration"]
    assert (answer["status"], len(answer["mrn"])) == ("RELEASED", 18)


def test_two_of_each_process_side_by_side_tell_the_same_story(tmp_path: Path) -> None:
    with running(
        tmp_path / "home",
        ISTHMUS_INSTANCES="2",
        ISTHMUS_WCO_MESSAGES=json.dumps(AS_XML),
        ISTHMUS_STANDARDS=str(STANDARDS),
    ) as isthmus:
        started = [
            process.cmdline()[-1]
            for process in isthmus.supervisor.children()
            if process.status() != psutil.STATUS_ZOMBIE
        ]
        for name in ("web", "worker", "bridge", "bridge-worker"):
            assert sum(name == command.split()[-1] for command in started) == 2, started
        played = isthmus.command("demo")
        assert played.returncode == 0, played.stdout + played.stderr
        follow_a_request(isthmus)
        spoke_xml(isthmus)
        declarations = httpx.get(f"{isthmus.window_url}/declarations.json").json()
        assert len(declarations["declarations"]) == 1
