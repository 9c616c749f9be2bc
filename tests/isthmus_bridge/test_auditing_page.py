"""What the page for auditors tells to run does what it says."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from counterparts import KEYRING, KEYS, Signer, declaration, serving
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol import merkle
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Holder

PAGE = (Path(__file__).parents[2] / "docs" / "auditing.md").read_text()

Follow = Callable[[str, Path, Path], int]


@pytest.fixture
def follow() -> Follow:
    """Return the function that the page gives."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Follow] = {}
    exec(program, names)
    return names["follow"]


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_text(json.dumps(KEYRING.to_json()))
    return file


def test_an_auditor_follows_the_log_and_sees_a_second_history(
    bridge: Bridge, agreed: None, as_platform: Signer, follow: Follow, trust: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    with serving(create_app(bridge)) as address:
        size = follow(address, trust, kept)
        assert follow(address, trust, kept) == size
        as_platform.post("/v1/exchanges", declaration())
        assert follow(address, trust, kept) == size + 1
        other = Checkpoint("bridge.test/log", size, merkle.leaf_hash(b"another history"))
        kept.write_text(sign_note(other, KEYS[Holder.LOG], "bridge.test/log"))
        with pytest.raises(merkle.ProofError):
            follow(address, trust, kept)
        kept.unlink()
        trust.write_text(json.dumps({"keys": []}))
        with pytest.raises(Exception, match="no signature of LOG"):
            follow(address, trust, kept)


def test_every_check_of_the_verdict_is_explained(bridge: Bridge, agreed: None, as_platform: Signer) -> None:
    exchange = as_platform.post("/v1/exchanges", declaration()).get_json()["exchange"]
    data = as_platform.get(f"/v1/exchanges/{exchange}/evidence").data
    revoked = type(KEYRING)(replace(key, revoked_at=bridge.clock()) for key in KEYRING)
    for trusted in (KEYRING, revoked):
        for check in verify_bundle(data, trusted).checks:
            assert f"| `{check.name}` |" in PAGE
