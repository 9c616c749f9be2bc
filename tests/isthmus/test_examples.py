"""What integrators are shown works: the page on tracking word for word, and the client generated anew."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graphql_trade import departure
from whole_web import WholeWeb, whole_web

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "python"
PAGE = ROOT / "docs" / "track-shipments.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@contextmanager
def departing(web: WholeWeb) -> Iterator[None]:
    """Let the carrier tell again and again, as carriers do, that the vessel has left."""
    done = threading.Event()

    def tell() -> None:
        http, number = web.app.test_client(), 0
        while not done.wait(0.1):
            number += 1
            booking = {"documentReferenceType": "BKG", "documentReferenceValue": "BOOKING-4711"}
            event = departure(number, f"2026-05-{10 + number % 5}T08:00:00Z", documentReferences=[booking])
            http.post("/v2/events", json=[event], headers=web.bearer("carrier"))

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def test_the_page_on_tracking_makes_finds_and_follows_a_shipment(
    platform_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    assert len(BLOCKS) == 4
    with whole_web(platform_url, tmp_path, redis_url) as web:
        token = web.bearer("forwarder")["Authorization"].removeprefix("Bearer ")
        known: dict[str, Any] = {"ADDRESS": web.address, "TOKEN": token}
        for block in BLOCKS[:3]:
            exec(compile(block, str(PAGE), "exec"), known)
        try:
            assert known["rolled"] == []
            assert known["bound_for_hamburg"] == ["MY-4711"]
            assert "MY-4711 BOOKED" in capsys.readouterr().out
            with departing(web):
                exec(compile(BLOCKS[3], str(PAGE), "exec"), known)
            assert known["change"]["shipment"]["reference"] == "MY-4711"
        finally:
            known["http"].close()


def test_the_client_is_what_the_schema_and_its_operations_make(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    assert pytestconfig.cache is not None
    generator = pytestconfig.cache.mkdir("ariadne-codegen")
    install(generator)
    made = tmp_path / "examples" / "python"
    shutil.copytree(EXAMPLE, made, ignore=shutil.ignore_patterns("isthmus_client", "__pycache__"))
    (tmp_path / "graphql").mkdir()
    shutil.copy(ROOT / "graphql" / "schema.graphql", tmp_path / "graphql")
    generated = subprocess.run(
        [sys.executable, "-m", "ariadne_codegen", "--config", "ariadne-codegen.toml"],
        cwd=made,
        env=os.environ
        | {"PYTHONPATH": str(generator), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert generated.returncode == 0, generated.stderr
    assert contents(made / "isthmus_client") == contents(EXAMPLE / "isthmus_client"), "run: make client"


def install(folder: Path) -> None:
    """Install the generator into ``folder``, or skip the test where that cannot be."""
    requirements = EXAMPLE / "requirements.txt"
    installed = folder / "requirements.txt"
    if installed.exists() and installed.read_bytes() == requirements.read_bytes():
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-deps"]
    what = ["--require-hashes", "--target", str(folder), "--requirement", str(requirements)]
    done = subprocess.run([*command, *what], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        pytest.skip(f"pip cannot install ariadne-codegen here: {done.stderr.strip()[-300:]}")
    shutil.copy(requirements, installed)


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.py")}
