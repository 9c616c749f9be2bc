"""``isthmus client`` on a real database: what the operator does for parties' machines."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from graphql_client import register_cast
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus_platform import access, tokens
from isthmus_platform.database import Duty, Platform

OLD, NEW = (tokens.public_jwk(Ed25519PrivateKey.generate()) for _ in range(2))


@pytest.fixture
def command(platform: Platform, platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with JWK Sets, for commands that go to a database with parties."""
    register_cast(platform)
    monkeypatch.setenv("DATABASE_URL", platform_url)
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
    for name, key in (("old", OLD), ("new", NEW)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"keys": [key]}))
    return tmp_path


def run(*words: str) -> str:
    done: Result = CliRunner().invoke(cli.isthmus, ["client", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def kids(platform: Platform) -> list[str]:
    with platform.begin(Duty("onboarding")) as work:
        return [key["kid"] for key in access.client_named(work, "bank-1").public_keys]


def test_a_machine_is_added_listed_rotated_suspended_and_resumed(command: Path, platform: Platform) -> None:
    old, new = tokens.thumbprint(OLD), tokens.thumbprint(NEW)
    added = run(
        "add", "bank-1", "--party", "bank", "--jwks", str(command / "old.json"), "--scope", "read:documents"
    )
    assert "comes in for bank" in added
    assert run("list").splitlines()[0].split() == ["bank-1", "bank", "admitted", "bound", "read:documents"]
    assert run("list", "--party", "trader") == ""
    assert "hold from now on" in run("rotate", "bank-1", "--jwks", str(command / "new.json"))
    assert kids(platform) == [new, old]
    run("suspend", "bank-1")
    assert "suspended" in run("list", "--party", "bank")
    run("suspend", "bank-1", "--resume")
    assert "admitted" in run("list", "--party", "bank")


def test_a_stolen_key_is_replaced_at_once(command: Path, platform: Platform) -> None:
    run("add", "bank-1", "--party", "bank", "--jwks", str(command / "old.json"))
    run("rotate", "bank-1", "--jwks", str(command / "new.json"), "--overlap", "0")
    assert kids(platform) == [tokens.thumbprint(NEW)]


def test_the_commands_of_the_page_for_machines_work(
    command: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
    (block,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(command)
    (command / "old.json").rename("keys.json")
    (command / "new.json").rename("new-keys.json")
    lines = [line.split()[2:] for line in block.splitlines()]
    assert [line[0] for line in lines] == ["add", "rotate", "suspend", "list"]
    said = [run(*line) for line in lines]
    assert "suspended" in said[-1]
    assert len(kids(platform)) == 2


def test_what_cannot_be_done_is_told_and_nothing_is_changed(command: Path) -> None:
    jwks = ("--jwks", str(command / "old.json"))
    for words, code in (
        (("add", "bank-1", "--party", "nobody", *jwks), "unknown_party"),
        (("add", "a bank", "--party", "bank", *jwks), "format"),
        (("add", "bank-1", "--party", "bank", "--scope", "read:minds", *jwks), "unknown_scope"),
        (("rotate", "nobody", *jwks), "not_found"),
        (("suspend", "nobody"), "not_found"),
    ):
        with pytest.raises(CannotRun, match=code):
            run(*words)
    assert run("list") == ""
