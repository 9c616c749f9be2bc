"""The witness speaks C2SP tlog-witness, and cosigns only what continues what it cosigned before."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from werkzeug.test import Client

from counterparts import KEYS, WITNESSED
from growing_log import GrowingLog, body_of
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.cosignature import cosignatures
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_witness.http import create_app
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness
from standing import StandingClock


def add(witness: Client, body: bytes) -> tuple[int, str]:
    answer = witness.post("/add-checkpoint", data=body)
    return answer.status_code, answer.text


def note_of(log: GrowingLog) -> str:
    return sign_note(log.checkpoint(), log.key, log.origin)


def test_a_log_that_grows_is_cosigned_at_the_time_it_was_asked(
    witness: Client, log: GrowingLog, clock: StandingClock
) -> None:
    old = 0
    for number in (1, 2, 5, 8, 21):
        log.grow(*(bytes([old + each]) for each in range(number - old)))
        status, line = add(witness, log.submission(old))
        assert status == 200, line
        (given,) = cosignatures(note_of(log) + line, WITNESSED)
        assert (given.name, given.at) == ("witness.test/w1", clock())
        old = log.size
        clock.advance(minutes=1)


def test_a_witness_knows_what_it_cosigned_when_the_keys_in_its_record_are_revoked(
    folder: Path, log: GrowingLog, clock: StandingClock
) -> None:
    keys = {Holder.LOG: KEYS[Holder.LOG], Holder.WITNESS: KEYS[Holder.WITNESS]}

    def witness(*revoked: Holder) -> Client:
        olds = (replace(KEYS[each].public, revoked_at=clock()) for each in revoked)
        keyring = Keyring([*(key.public for key in keys.values()), *olds])
        own = Witness(log.origin, keyring, keys[Holder.WITNESS], "w1", Record(folder), clock)
        return Client(create_app(own))

    log.grow(b"a", b"b")
    assert add(witness(), log.submission(0))[0] == 200
    keys = {holder: SigningKey.generate(holder) for holder in keys}
    started = witness(Holder.LOG, Holder.WITNESS)
    log.grow(b"c")
    assert add(started, log.submission(2))[0] == 403, "the log's key is revoked"
    log.key = keys[Holder.LOG]
    fork = log.fork(1)
    fork.grow(b"x", b"y")
    assert add(started, fork.submission(2))[0] == 422
    assert add(started, log.submission(0)) == (409, "2\n")
    status, line = add(started, log.submission(2))
    assert status == 200
    (given,) = cosignatures(note_of(log) + line, Keyring([keys[Holder.WITNESS].public]))
    assert given.key.kid == keys[Holder.WITNESS].kid


def test_the_same_checkpoint_is_cosigned_anew_when_asked_anew(witness: Client, log: GrowingLog) -> None:
    log.grow(b"a", b"b")
    assert add(witness, log.submission(0))[0] == 200
    assert add(witness, log.submission(2))[0] == 200


def test_an_empty_log_may_be_cosigned_and_then_grow(witness: Client, log: GrowingLog) -> None:
    assert add(witness, log.submission(0))[0] == 200
    log.grow(b"a")
    assert add(witness, log.submission(0))[0] == 200


def test_a_log_that_starts_from_another_size_is_told_the_last(witness: Client, log: GrowingLog) -> None:
    log.grow(b"a", b"b", b"c")
    assert add(witness, log.submission(2)) == (409, "0\n")
    add(witness, log.submission(0))
    for old in (0, 1, 2):
        answer = witness.post("/add-checkpoint", data=log.submission(old))
        assert (answer.status_code, answer.text) == (409, "3\n")
        assert answer.headers["Content-Type"] == "text/x.tlog.size"


def test_a_fork_a_false_proof_and_a_shorter_log_are_not_cosigned(witness: Client, log: GrowingLog) -> None:
    log.grow(b"a", b"b", b"c")
    add(witness, log.submission(0))
    other = log.fork(2)
    other.grow(b"x")
    assert add(witness, other.submission(3)) == (409, "3\n"), "of the same size"
    other.grow(b"y", b"z")
    assert add(witness, other.submission(3))[0] == 422
    log.grow(b"d")
    assert add(witness, log.submission(3, proof=[]))[0] == 422
    assert add(witness, log.submission(3, proof=[*log.proof(3), b"h" * 32]))[0] == 422
    assert add(witness, log.submission(2, size=2)) == (409, "3\n"), "shorter"
    assert add(witness, log.submission(3, size=2))[0] == 400, "from beyond its own size"
    assert add(witness, log.submission(3))[0] == 200, "nothing of that has changed what is last"


def test_a_proof_from_nothing_must_be_empty(witness: Client, log: GrowingLog) -> None:
    log.grow(b"a")
    assert add(witness, log.submission(0, proof=[b"h" * 32]))[0] == 422


def test_another_log_and_another_key_are_refused(witness: Client, log: GrowingLog) -> None:
    stranger = GrowingLog("other.test/log", log.key)
    assert add(witness, stranger.submission(0))[0] == 404
    forger = GrowingLog(log.origin, SigningKey.generate(Holder.LOG))
    assert add(witness, forger.submission(0))[0] == 403
    borrowed = GrowingLog(log.origin, KEYS[Holder.BRIDGE])
    assert add(witness, borrowed.submission(0))[0] == 403


def test_a_false_signature_that_names_the_logs_key_spoils_the_note(witness: Client, log: GrowingLog) -> None:
    true, false = log.checkpoint(), Checkpoint(log.origin, 1, b"r" * 32)
    line = sign_note(false, log.key, log.origin).rsplit("\n\n", 1)[1]
    assert add(witness, body_of(0, [], f"{true.text}\n{line}"))[0] == 403


def test_signatures_of_strangers_are_passed_over_and_not_kept(witness: Client, log: GrowingLog) -> None:
    log.grow(b"a")
    stranger = sign_note(log.checkpoint(), SigningKey.generate(Holder.LOG), "stranger.test")
    note = note_of(log) + stranger.rsplit("\n\n", 1)[1]
    status, line = add(witness, body_of(0, [], note))
    assert status == 200
    assert witness.get("/checkpoint").text == note_of(log) + line


GOOD = GrowingLog("bridge.test/log", KEYS[Holder.LOG]).submission(0)


ZERO_HASH = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
MALFORMED = {
    "no note": b"old 0\n",
    "no old size": GOOD.replace(b"old 0\n", b""),
    "a leading zero": GOOD.replace(b"old 0\n", b"old 00\n"),
    "a sign": GOOD.replace(b"old 0\n", b"old -1\n"),
    "two spaces": GOOD.replace(b"old 0\n", b"old  0\n"),
    "another digit zero": GOOD.replace(b"old 0\n", "old \uff10\n".encode()),
    "a size beyond counting": GOOD.replace(b"old 0\n", b"old 10000000000000000000\n"),
    "another word": GOOD.replace(b"old 0\n", b"new 0\n"),
    "a short hash": GOOD.replace(b"old 0\n", b"old 0\nAAAA\n"),
    "no base64": GOOD.replace(b"old 0\n", b"old 0\n*\n"),
    "64 hashes": GOOD.replace(b"old 0\n", b"old 0\n" + ZERO_HASH * 64),
    "carriage returns": GOOD.replace(b"old 0\n\n", b"old 0\r\n\r\n"),
    "no last newline": GOOD.rstrip(b"\n"),
    "no checkpoint": GOOD.replace(b"/log\n0\n", b"/log\n00\n"),
    "no UTF-8": b"\xff" + GOOD,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_of_the_form_is_refused(witness: Client, body: bytes) -> None:
    assert add(witness, body)[0] == 400


def test_a_long_body_another_method_and_another_path_are_refused(witness: Client) -> None:
    assert add(witness, b"old 0\n" + b"a" * 100_000)[0] == 413
    assert add(witness, b"")[0] == 411
    assert witness.get("/add-checkpoint").status_code == 405
    assert witness.get("/add-checkpoint").headers["Allow"] == "POST"
    assert witness.get("/sign-subtree").status_code == 404
    assert witness.get("/checkpoint").status_code == 404, "nothing was cosigned"
    assert witness.get("/healthz").status_code == 200


def test_only_the_last_checkpoint_is_kept(witness: Client, log: GrowingLog, folder: Path) -> None:
    taken = []
    for number in range(40):
        log.grow(bytes([number]))
        assert add(witness, log.submission(number))[0] == 200
        taken.append(sum(file.stat().st_size for file in folder.iterdir()))
    assert {file.name for file in folder.iterdir()} == {"checkpoint", "lock"}
    assert max(taken) < min(taken) + 10, "a size with another digit, and nothing more"
    assert (folder / "checkpoint").read_text().splitlines()[1] == "40"


def test_a_witness_started_again_knows_what_it_cosigned(start: Callable[[], Client], log: GrowingLog) -> None:
    log.grow(b"a", b"b")
    add(start(), log.submission(0))
    other = log.fork(1)
    other.grow(b"x", b"y")
    assert add(start(), other.submission(0)) == (409, "2\n")
    assert add(start(), other.submission(2))[0] == 422
    assert start().get("/readyz").get_json() == {"status": "ready", "log": log.origin, "cosigned": 2}


RECORDS = {
    "empty": b"",
    "rubbish": b"rubbish",
    "no UTF-8": b"\xff",
    "not cosigned": note_of(GrowingLog("bridge.test/log", KEYS[Holder.LOG])).encode(),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_that_is_not_its_own_stops_it(
    witness: Client, log: GrowingLog, folder: Path, record: bytes
) -> None:
    (folder / "checkpoint").write_bytes(record)
    assert add(witness, log.submission(0))[0] == 503
    assert witness.get("/readyz").status_code == 503
    assert (folder / "checkpoint").read_bytes() == record


def test_what_cannot_be_kept_is_not_cosigned(witness: Client, log: GrowingLog, folder: Path) -> None:
    log.grow(b"a")
    (folder / "checkpoint.new").mkdir()
    status, said = add(witness, log.submission(0))
    assert status == 503
    assert "—" not in said
    (folder / "checkpoint.new").rmdir()
    assert add(witness, log.submission(0))[0] == 200


@pytest.mark.parametrize("size", [1, 7, 8])
def test_of_two_forks_asked_for_at_once_one_is_cosigned(
    start: Callable[[], Client], log: GrowingLog, size: int
) -> None:
    log.grow(*(bytes([number]) for number in range(size)))
    add(start(), log.submission(0))
    forks = []
    for number in range(8):
        fork = log.fork(size)
        fork.grow(*(bytes([100 + number, each]) for each in range(1 + number % 3)))
        forks.append(fork.submission(size))
    witnesses = [start() for _ in forks]
    gate = Barrier(len(forks))

    def ask(witness: Client, body: bytes) -> int:
        gate.wait()
        return add(witness, body)[0]

    with ThreadPoolExecutor(len(forks)) as pool:
        answers = sorted(pool.map(ask, witnesses, forks))
    assert answers == [200] + [409] * 7


def test_the_witnesss_process_loads_nothing_of_the_other_sides() -> None:
    program = "import sys, isthmus.witness; print(*sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = {module.partition(".")[0] for module in told.split()}
    assert "isthmus_witness" in loaded
    apart = {
        "isthmus_bridge",
        "isthmus_platform",
        "isthmus_window",
        "sqlalchemy",
        "psycopg",
        "celery",
        "flask",
    }
    assert loaded & apart == set()
