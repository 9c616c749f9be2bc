"""A witness that lost its record goes on under a new key, from the longest checkpoint that is left."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from werkzeug.test import Client

from growing_log import GrowingLog
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus.home import Home, home_of
from isthmus.keys import KeyFolder, make_missing
from isthmus.settings import load
from isthmus.witness import create_witness
from isthmus_protocol.checkpoint import sign_note
from isthmus_protocol.cosignature import cosignatures
from isthmus_protocol.keys import Holder, SigningKey
from pages import Page


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    found = home_of(tmp_path / "home")
    found.prepare()
    make_missing(found)
    monkeypatch.setenv("ISTHMUS_HOME", str(found.path))
    return found


@pytest.fixture
def log(home: Home) -> GrowingLog:
    return GrowingLog(load().log_origin, KeyFolder(home.keys).signing_key(Holder.LOG))


@pytest.fixture
def witness(home: Home) -> Client:
    """Return the witness's process as it is served, and keeps running through all that follows."""
    assert home.witness.exists()
    return Client(create_witness(load()))


def add(witness: Client, body: bytes) -> int:
    return witness.post("/add-checkpoint", data=body).status_code


def restore(*arguments: object) -> Result:
    return CliRunner().invoke(cli.isthmus, ["witness", "restore", *map(str, arguments)])


def refused(*arguments: object) -> str:
    done = restore(*arguments)
    assert isinstance(done.exception, CannotRun), done.output
    return str(done.exception)


def kid(home: Home) -> str:
    return KeyFolder(home.keys).signing_key(Holder.WITNESS).kid


def kept(witness: Client, file: Path) -> Path:
    """Keep the checkpoint that the witness cosigned last, as the bridge and auditors do."""
    file.write_text(witness.get("/checkpoint").text)
    return file


def test_the_record_lost_the_witness_goes_on_from_the_longest_checkpoint_under_a_new_key(
    home: Home, witness: Client, log: GrowingLog, tmp_path: Path
) -> None:
    log.grow(b"a", b"b")
    assert add(witness, log.submission(0)) == 200
    early, first = kept(witness, tmp_path / "early"), kid(home)
    log.grow(b"c")
    assert add(witness, log.submission(2)) == 200
    late, fork = kept(witness, tmp_path / "late"), log.fork(2)
    fork.grow(b"x", b"y")
    (home.witness / "checkpoint").unlink()

    done = restore(early, late)

    assert done.exit_code == 0, done.output
    assert "goes on from 3 entries" in done.output
    assert kid(home) != first
    assert add(witness, fork.submission(0)) == 409
    assert add(witness, fork.submission(3, 4, fork.proof(2))) == 422, "it knows what its old key told"
    log.grow(b"d")
    assert add(witness, log.submission(3)) == 200
    trust = KeyFolder(home.keys).trust()
    (now,) = cosignatures(witness.get("/checkpoint").text, trust)
    (before,) = cosignatures(late.read_text(), trust)
    assert (now.key.kid, before.key.kid) == (kid(home), first), "older evidence still verifies"


def test_what_does_not_bind_this_witness_is_refused_and_changes_nothing(
    home: Home, witness: Client, log: GrowingLog, tmp_path: Path
) -> None:
    log.grow(b"a", b"b")
    assert add(witness, log.submission(0)) == 200
    last, first = kept(witness, tmp_path / "last"), kid(home)
    assert "in order, with 2 entries" in refused(last)
    assert "in order, with 2 entries" in refused("--from-nothing")
    assert restore().exit_code == restore(last, "--from-nothing").exit_code == 2

    record = (home.witness / "checkpoint").read_bytes()
    (home.witness / "checkpoint").write_bytes(b"rubbish")
    alone, strange, other = tmp_path / "alone", tmp_path / "strange", tmp_path / "other"
    alone.write_text(sign_note(log.checkpoint(), log.key, log.origin))
    assert "never cosigned by this witness" in refused(alone)
    strange.write_text(sign_note(log.checkpoint(), SigningKey.generate(Holder.LOG), log.origin))
    assert "no checkpoint of the log's" in refused(strange)
    other.write_bytes(b"\xff")
    assert "no checkpoint of the log's" in refused(last, other)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as elsewhere:
        elsewhere.setenv("ISTHMUS_LOG_ORIGIN", "elsewhere.example/log")
        assert "this witness watches elsewhere.example/log" in refused(last)
    assert kid(home) == first
    assert (home.witness / "checkpoint").read_bytes() == b"rubbish"

    (home.witness / "checkpoint").write_bytes(record)
    assert add(witness, log.submission(2)) == 200


def test_two_histories_that_it_cosigned_are_never_restored(
    home: Home, witness: Client, log: GrowingLog, tmp_path: Path
) -> None:
    log.grow(b"a", b"b")
    fork = log.fork(1)
    fork.grow(b"x")
    found = []
    for name, each in (("one", log), ("two", fork)):
        (home.witness / "checkpoint").unlink(missing_ok=True)
        assert add(witness, each.submission(0)) == 200, "that is what a lost record does under an old key"
        found.append(kept(witness, tmp_path / name))
    (home.witness / "checkpoint").unlink()
    assert "are of two histories" in refused(*found)


def test_where_nothing_is_left_a_new_key_begins_anew(home: Home, witness: Client, log: GrowingLog) -> None:
    log.grow(b"a", b"b")
    assert add(witness, log.submission(0)) == 200
    first = kid(home)
    (home.witness / "checkpoint").write_bytes(b"rubbish")
    assert add(witness, log.submission(0)) == 503
    assert restore("--from-nothing").exit_code == 0
    assert kid(home) != first
    assert add(witness, log.submission(0)) == 200


def test_the_commands_of_the_page_restore_it_from_what_was_kept_or_from_nothing(
    home: Home, witness: Client, log: GrowingLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_kept, from_nothing = (each.words for each in Page("docs/reference/log.md").commands("witness"))
    monkeypatch.chdir(tmp_path)
    log.grow(b"a")
    assert add(witness, log.submission(0)) == 200
    kept(witness, Path("older.txt"))
    log.grow(b"b")
    assert add(witness, log.submission(1)) == 200
    kept(witness, Path("kept.txt"))
    (home.witness / "checkpoint").unlink()
    done = restore(*(word.removesuffix("...") for word in from_kept[2:]))
    assert (done.exit_code, "goes on from 2 entries" in done.output) == (0, True), done.output
    first = kid(home)
    (home.witness / "checkpoint").unlink()
    done = restore(*from_nothing[2:])
    assert (done.exit_code, kid(home) != first) == (0, True), done.output
