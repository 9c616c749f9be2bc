"""The commands by which keys are listed, rotated and revoked, and what a running process sees of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from isthmus import cli, key_rotation
from isthmus.errors import CannotRun
from isthmus.home import Home, home_of
from isthmus.keys import OURS, KeyFolder, make_missing, publish
from isthmus.watched import Watched
from isthmus_protocol import statements
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    found = home_of(tmp_path / "home")
    found.prepare()
    monkeypatch.setenv("ISTHMUS_HOME", str(found.path))
    monkeypatch.setenv("COLUMNS", "200")
    return found


@pytest.fixture
def folder(home: Home) -> KeyFolder:
    return make_missing(home)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.isthmus, ["key", *arguments])


def refused(result: Result) -> str:
    assert isinstance(result.exception, CannotRun), result.output
    return str(result.exception)


def test_a_new_key_signs_the_old_one_stays_trusted_until_it_is_revoked(folder: KeyFolder) -> None:
    old = folder.signing_key(Holder.WINDOW)
    token = statements.sign(old, {}, "t")
    done = run("rotate", "WINDOW")
    assert done.exit_code == 0, done.output
    new = folder.signing_key(Holder.WINDOW)
    assert new.kid != old.kid
    assert {key.kid for key in folder.trust().held_by(Holder.WINDOW)} == {old.kid, new.kid}
    now = datetime.now(UTC)
    for each in (token, statements.sign(new, {}, "t")):
        assert statements.verify(each, folder.trust(), "t", Holder.WINDOW, at=now) == {}
    assert f"isthmus key revoke {old.kid}" in done.output
    assert run("revoke", old.kid).exit_code == 0
    with pytest.raises(SignatureError, match="was revoked at"):
        statements.verify(token, folder.trust(), "t", Holder.WINDOW, at=datetime.now(UTC))
    assert statements.verify(token, folder.trust(), "t", Holder.WINDOW, at=now) == {}
    listed = run("list").output
    for said in (old.kid, new.kid, "signs here", "revoked"):
        assert said in listed
    assert folder.signing_file(Holder.WINDOW).stat().st_mode & 0o077 == 0


def test_a_key_is_announced_to_other_machines_before_it_signs(folder: KeyFolder) -> None:
    old = folder.signing_key(Holder.BRIDGE)
    announced = key_rotation.announce(folder, Holder.BRIDGE, NOW)
    assert key_rotation.announce(folder, Holder.BRIDGE, NOW) == announced
    assert folder.signing_key(Holder.BRIDGE).kid == old.kid
    trusted = folder.trust().get(announced.kid)
    assert trusted is not None
    assert trusted.in_force(NOW)
    assert not trusted.in_force(NOW - timedelta(hours=1))
    new, before = key_rotation.rotate(folder, Holder.BRIDGE, NOW)
    assert (new.kid, before.kid) == (announced.kid, old.kid)
    assert folder.signing_key(Holder.BRIDGE).kid == announced.kid
    assert key_rotation.rotate(folder, Holder.BRIDGE, NOW)[0].kid != announced.kid


def test_a_key_that_still_signs_an_unknown_one_and_a_revoked_one_are_not_revoked(folder: KeyFolder) -> None:
    old = folder.signing_key(Holder.LOG).kid
    assert "isthmus key rotate LOG" in refused(run("revoke", old))
    assert "isthmus key list" in refused(run("revoke", "x" * 43))
    run("rotate", "log")
    assert "is no time" in refused(run("revoke", old, "--at", "yesterday"))
    assert run("revoke", old, "--at", "2026-06-01T09:00:00Z").exit_code == 0
    assert "revoked already" in refused(run("revoke", old, "--at", "2026-06-01T09:00:01Z"))
    assert run("revoke", old, "--at", "2026-05-01T09:00:00Z").exit_code == 0, "the theft was earlier"
    revoked = folder.trust().get(old)
    assert revoked is not None
    assert revoked.revoked_at == datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_a_key_whose_name_begins_with_a_dash_is_revoked_like_any_other(folder: KeyFolder) -> None:
    key = SigningKey.generate(Holder.WINDOW)
    while not key.kid.startswith("-") or "h" not in key.kid:
        key = SigningKey.generate(Holder.WINDOW)
    publish(folder.path, Keyring([*folder.trust(), key.public]))
    done = run("revoke", key.kid, "--at", "2026-06-01T09:00:00Z")
    assert done.exit_code == 0, done.output
    assert key.kid in run("list").output
    known = folder.trust().get(key.kid)
    assert known is not None
    assert known.revoked_at == NOW


def test_what_is_trusted_outlives_a_start_and_an_old_file_without_times_is_read(home: Home) -> None:
    folder = make_missing(home)
    written = json.loads((home.keys / "trust.json").read_bytes())
    assert all(entry.keys() == {"kid", "holder", "x"} for entry in written["keys"])
    old = folder.signing_key(Holder.OPERATOR).kid
    run("rotate", "OPERATOR")
    run("revoke", old)
    before = folder.trust()
    assert make_missing(home).trust() == before
    known = before.get(old)
    assert known is not None
    assert known.revoked_at is not None


def test_a_running_process_signs_and_trusts_by_the_files_from_its_next_use_on(folder: KeyFolder) -> None:
    key, trust = folder.rotating_key(Holder.PLATFORM), folder.rotating_trust()
    old = key.kid
    for _ in range(20):
        key_rotation.rotate(folder, Holder.PLATFORM, datetime.now(UTC))
        assert key.kid == folder.signing_key(Holder.PLATFORM).kid
        assert trust.get(key.kid) is not None
    assert key.kid != old
    key_rotation.revoke(folder, old, NOW)
    known = trust.get(old)
    assert known is not None
    assert known.revoked_at == NOW


def test_a_trust_file_that_cannot_be_read_stops_what_needs_it_until_it_can(folder: KeyFolder) -> None:
    trust = folder.rotating_trust()
    file = folder.path / "trust.json"
    good = file.read_bytes()
    for broken in (b"{", None):
        file.unlink() if broken is None else file.write_bytes(broken)
        with pytest.raises(CannotRun, match=r"trust\.json"):
            len(trust)
    file.write_bytes(good)
    assert len(trust) == len(OURS)


def test_a_file_is_read_once_until_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    read = []

    def content() -> str:
        read.append(file.read_text())
        return read[-1]

    watched = Watched(file, content)
    assert [watched() for _ in range(5)] == ["one"] * 5
    assert read == ["one"]
    replaced = tmp_path / "new"
    replaced.write_text("two")
    replaced.replace(file)
    assert watched() == "two"
