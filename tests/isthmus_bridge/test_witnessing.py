"""The log is cosigned where there is a witness, and nothing waits where it is away."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError
from werkzeug.test import Client

from counterparts import KEYS, WITNESSED, Neighbour, Signer, declaration, serving
from growing_log import GrowingLog
from isthmus_bridge import witnessing
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.models import CosignedHead
from isthmus_bridge.service import Bridge
from isthmus_bridge.witnessing import cosign_newest
from isthmus_protocol.checkpoint import Checkpoint, open_note, read_note, sign_note
from isthmus_protocol.cosignature import cosign, cosignatures
from isthmus_protocol.evidence import Bundle, verify_bundle
from isthmus_protocol.keys import Holder, SigningKey
from isthmus_witness.http import create_app as create_witness
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness
from standing import StandingClock

pytestmark = pytest.mark.usefixtures("agreed")

ORIGIN = "bridge.test/log"
AGREED = 2
"""Entries that the agreements in force have made."""


@pytest.fixture
def witness(tmp_path: Path, clock: StandingClock) -> WSGIApplication:
    record = Record(tmp_path)
    return create_witness(
        Witness(ORIGIN, WITNESSED, KEYS[Holder.WITNESS], "witness.test/w1", record, clock=clock)
    )


@pytest.fixture
def watched(bridge: Bridge, witness: WSGIApplication) -> Iterator[Bridge]:
    """Yield the bridge with its witness."""
    with serving(witness) as url:
        yield replace(bridge, keyring=WITNESSED, witness_url=url)


@pytest.fixture
def forsaken(bridge: Bridge) -> Iterator[Bridge]:
    """Yield the bridge with a witness that does not answer: the address is held, and nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        yield replace(bridge, keyring=WITNESSED, witness_url=url)


def platform_of(bridge: Bridge, clock: StandingClock) -> Signer:
    return Signer(create_app(bridge).test_client(), KEYS[Holder.PLATFORM], clock)


def cross(platform: Signer, key: str = "key-1") -> str:
    answer = platform.post("/v1/exchanges", declaration(key))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["exchange"])


def evidence(platform: Signer, exchange: str) -> bytes:
    answer = platform.get(f"/v1/exchanges/{exchange}/evidence")
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


def failed(data: bytes) -> set[str]:
    return {check.name for check in verify_bundle(data, WITNESSED).checks if not check.passed}


def checkpoint(platform: Signer, query: str = "") -> str:
    return platform.client.get(f"/v1/log/checkpoint{query}").text


def sizes(note: str) -> tuple[int, int]:
    """Return how many entries the note stands for, and how many witnesses say so."""
    return open_note(note, WITNESSED, Holder.LOG).size, len(cosignatures(note, WITNESSED))


def test_the_checkpoint_carries_both_signatures_once_the_witness_was_asked(
    watched: Bridge, clock: StandingClock
) -> None:
    platform = platform_of(watched, clock)
    assert sizes(checkpoint(platform)) == (AGREED, 0), "before the first asking"
    cosign_newest(watched)
    assert sizes(checkpoint(platform)) == (AGREED, 1)
    cross(platform)
    assert sizes(checkpoint(platform)) == (AGREED, 1), "the newest that is cosigned"
    assert sizes(checkpoint(platform, "?cosigned=false")) == (AGREED + 1, 0), "the newest of all"
    cosign_newest(watched)
    note = checkpoint(platform)
    assert sizes(note) == (AGREED + 1, 1)
    assert [signature.name for signature in read_note(note).signatures] == [ORIGIN, "witness.test/w1"]
    assert platform.client.get("/readyz").get_json()["witness"] == "has cosigned all 3 entries"


def test_a_bundle_has_the_log_cosigned_first_where_it_must_and_not_where_it_need_not(
    watched: Bridge, clock: StandingClock, forsaken: Bridge
) -> None:
    platform = platform_of(watched, clock)
    exchange = cross(platform)
    deliver_due(watched)
    data = evidence(platform, exchange)
    assert failed(data) == set()
    assert sizes(Bundle.from_bytes(data).checkpoint)[1] == 1
    cross(platform, "another")
    again = evidence(platform_of(forsaken, clock), exchange)
    assert Bundle.from_bytes(again).checkpoint == Bundle.from_bytes(data).checkpoint, "nobody was asked"


def test_any_flipped_byte_of_a_cosigned_bundle_fails(watched: Bridge, clock: StandingClock) -> None:
    platform = platform_of(watched, clock)
    exchange = cross(platform)
    data = evidence(platform, exchange)
    note = data.index(b"witness.test/w1")
    chance = random.Random(9162)
    for position in [*range(note - 6, note + 130), *chance.sample(range(len(data)), 100)]:
        flipped = bytearray(data)
        flipped[position] ^= 1 << chance.randrange(8)
        assert not verify_bundle(bytes(flipped), WITNESSED).passed, f"byte {position}"
        assert not verify_bundle(bytes(flipped)).passed, f"byte {position}"


def test_without_its_witness_the_bridge_crosses_and_says_so_and_later_catches_up(
    forsaken: Bridge, watched: Bridge, clock: StandingClock, window: Neighbour
) -> None:
    alone = platform_of(forsaken, clock)
    exchange = cross(alone)
    cosign_newest(forsaken)
    deliver_due(forsaken)
    assert window.arrivals == [exchange]
    ready = alone.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json()["witness"] == (
        "has cosigned 0 of 5 entries; the witness does not answer (ConnectError)"
    )
    assert sizes(checkpoint(alone)) == (5, 0)
    data = evidence(alone, exchange)
    assert failed(data) == {"witness"}
    assert verify_bundle(data).passed, "the log's own word is as good as ever"

    clock.advance(seconds=10)
    cosign_newest(watched)
    together = platform_of(watched, clock)
    assert together.client.get("/readyz").get_json()["witness"] == "has cosigned all 5 entries"
    assert failed(evidence(together, exchange)) == set()


def test_a_witness_that_was_away_is_left_alone_for_a_while(
    forsaken: Bridge, watched: Bridge, clock: StandingClock
) -> None:
    cosign_newest(forsaken)
    clock.advance(seconds=4)
    cosign_newest(watched)
    with watched.begin() as session:
        assert witnessing.cosigned(session, WITNESSED) is None
    clock.advance(seconds=2)
    cosign_newest(watched)
    with watched.begin() as session:
        assert witnessing.standing(session).problem is None


def test_a_witness_that_never_answers_delays_a_bundle_by_no_more_than_its_deadline(
    bridge: Bridge, clock: StandingClock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = replace(bridge, keyring=WITNESSED, witness_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        platform = platform_of(deaf, clock)
        exchange = cross(platform)
        began = time.monotonic()
        assert failed(evidence(platform, exchange)) == {"witness"}
        assert time.monotonic() - began < 20
        assert "ReadTimeout" in platform.client.get("/readyz").get_json()["witness"]


def answering(status: str, body: Callable[[str], str | bytes]) -> WSGIApplication:
    """Return a false witness; ``body`` gets the note that it was asked to cosign."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        said = body(asked.partition("\n\n")[2])
        start_response(status, [("Content-Type", "text/plain")])
        return [said if isinstance(said, bytes) else said.encode()]

    return application


def text_of(note: str) -> str:
    return read_note(note).text


STRANGER = SigningKey.generate(Holder.WITNESS)
OWN = KEYS[Holder.WITNESS]
OTHER = Checkpoint(ORIGIN, 3, b"r" * 32).text
FALSE = {
    "nothing": ("200 OK", lambda note: "", "no cosignature"),
    "rubbish": ("200 OK", lambda note: "cosigned!\n", "not in order"),
    "bytes": ("200 OK", lambda note: b"\xff\n", "no text"),
    "the log's own line": ("200 OK", lambda note: note.rpartition("\n\n")[2], "no cosignature"),
    "a stranger's": (
        "200 OK",
        lambda note: cosign(text_of(note), STRANGER, "stranger.test", StandingClock()()),
        "no cosignature",
    ),
    "one of another head": (
        "200 OK",
        lambda note: cosign(OTHER, OWN, "witness.test/w1", StandingClock()()),
        "not in order",
    ),
    "too much": ("200 OK", lambda note: "—" * 100_000, "too long"),
    "a failure": ("500 Internal Server Error", lambda note: "", "answers 500"),
    "a refusal": ("422 Unprocessable Entity", lambda note: "", "answers 422"),
    "a conflict about nothing": ("409 Conflict", lambda note: "many\n", "does not say"),
    "a conflict for ever": ("409 Conflict", lambda note: "1\n", "forked"),
    "a size beyond the log": ("409 Conflict", lambda note: "99\n", "holds only 2"),
}


@pytest.mark.parametrize("answer", FALSE.values(), ids=FALSE)
def test_what_is_no_cosignature_is_not_kept(
    bridge: Bridge, answer: tuple[str, Callable[[str], str | bytes], str]
) -> None:
    status, body, told = answer
    with serving(answering(status, body), patience=0.2) as url:
        cosign_newest(replace(bridge, keyring=WITNESSED, witness_url=url))
    with bridge.begin() as session:
        stands = witnessing.standing(session)
        assert (stands.cosigned, stands.note) == (0, None)
        assert told in (stands.problem or "")


def test_among_several_signatures_that_of_the_trusted_witness_is_kept_alone(bridge: Bridge) -> None:
    def both(note: str) -> str:
        at = StandingClock()()
        return cosign(text_of(note), STRANGER, "stranger.test", at) + cosign(
            text_of(note), OWN, "witness.test/w1", at
        )

    with serving(answering("200 OK", both)) as url:
        cosign_newest(replace(bridge, keyring=WITNESSED, witness_url=url))
    with bridge.begin() as session:
        note = witnessing.cosigned(session, WITNESSED)
    assert note is not None
    assert [signature.name for signature in read_note(note).signatures] == [ORIGIN, "witness.test/w1"]


def test_the_size_that_the_witness_has_is_taken_from_its_answer(
    watched: Bridge, bridge_url: str, clock: StandingClock, witness: WSGIApplication
) -> None:
    platform = platform_of(watched, clock)
    cosign_newest(watched)
    for number in range(5):
        cross(platform, f"key-{number}")
    with psycopg.connect(bridge_url) as owner:
        owner.execute("ALTER TABLE cosigned_head DISABLE TRIGGER grows_only")
        owner.execute("UPDATE cosigned_head SET size = 0, note = NULL")
    cosign_newest(watched)
    assert sizes(checkpoint(platform)) == (AGREED + 5, 1)
    assert Client(witness).get("/checkpoint").text == checkpoint(platform)


def test_a_log_that_has_forked_is_not_cosigned_and_the_bridge_says_so(
    watched: Bridge, clock: StandingClock, witness: WSGIApplication
) -> None:
    other = GrowingLog(ORIGIN, KEYS[Holder.LOG])
    other.grow(b"another", b"history")
    assert Client(witness).post("/add-checkpoint", data=other.submission(0)).status_code == 200
    cosign_newest(watched)
    platform = platform_of(watched, clock)
    assert "forked" in platform.client.get("/readyz").get_json()["witness"]
    cross(platform)
    clock.advance(seconds=10)
    cosign_newest(watched)
    assert "422" in platform.client.get("/readyz").get_json()["witness"]
    assert sizes(checkpoint(platform)) == (AGREED + 1, 0)


def test_a_bridge_without_a_witness_asks_nobody(bridge: Bridge, clock: StandingClock) -> None:
    cosign_newest(bridge)
    platform = platform_of(bridge, clock)
    assert platform.client.get("/readyz").get_json()["witness"] == "none is set"
    assert sizes(checkpoint(platform)) == (AGREED, 0)


def test_the_newest_cosigned_checkpoint_is_never_put_back(watched: Bridge, bridge_url: str) -> None:
    cosign_newest(watched)
    for rewriting in ("UPDATE cosigned_head SET size = 1", "DELETE FROM cosigned_head"):
        with psycopg.connect(bridge_url) as owner, pytest.raises(psycopg.Error, match="only ever added to"):
            owner.execute(rewriting)
    with watched.begin() as session:
        session.add(CosignedHead(id=2, size=0))
        with pytest.raises(DBAPIError, match="permission denied"):
            session.flush()
        session.rollback()


def test_what_the_witness_keeps_is_what_the_log_signed(
    watched: Bridge, witness: WSGIApplication, clock: StandingClock
) -> None:
    cosign_newest(watched)
    kept = Client(witness).get("/checkpoint").text
    head = open_note(kept, WITNESSED, Holder.LOG)
    assert kept.startswith(sign_note(head, KEYS[Holder.LOG], ORIGIN))
    assert kept == checkpoint(platform_of(watched, clock))
