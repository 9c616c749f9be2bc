"""``isthmus log`` prints what it has verified, and says so plainly where it cannot."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Response
from structlog.testing import capture_logs

from counterparts import KEYS, WITNESSED, Signer, agreement, declaration, serving, signed
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_bridge.witnessing import cosign_newest
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.keys import Holder
from isthmus_witness.http import create_app as create_witness
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness
from pages import Page

ORIGIN = "bridge.test/log"
ENTRIES = 11
Command = Callable[..., Result]


@pytest.fixture
def bridge(bridge_url: str, tmp_path: Path) -> Iterator[Bridge]:
    """Yield a bridge with some entries in its log, and its witness."""
    engine = create_bridge_engine(bridge_url)
    record = Record(tmp_path)
    witness = Witness(ORIGIN, WITNESSED, KEYS[Holder.WITNESS], "witness.test/w1", record)
    with serving(create_witness(witness)) as witness_url:
        bridge = Bridge(
            engine=engine,
            keyring=WITNESSED,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url="http://127.0.0.1:9",
            platform_url="http://127.0.0.1:9",
            origin=ORIGIN,
            witness_url=witness_url,
        )
        with bridge.begin() as session:
            agreements.store(session, bridge.keyring, signed(agreement()), bridge.clock())
        grow(bridge, ENTRIES - 1)
        cosign_newest(bridge)
        yield bridge
    engine.dispose()


def grow(bridge: Bridge, by: int) -> None:
    platform = Signer(create_app(bridge).test_client(), KEYS[Holder.PLATFORM], bridge.clock)
    for number in range(by):
        assert (
            platform.post("/v1/exchanges", declaration(f"{id(by)}-{number}", role="BANK")).status_code == 201
        )


@pytest.fixture
def command(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Yield what runs ``isthmus log`` on the authority's machine, against this bridge or another."""
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    (keys / "trust.json").write_text(json.dumps(WITNESSED.to_json()))
    (keys / "authority.pem").write_bytes(KEYS[Holder.AUTHORITY].to_pem())
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
    with ExitStack() as servers, capture_logs():  # the servers' logs are not what the command prints

        def run(*arguments: str, of: Flask | None = None) -> Result:
            url = servers.enter_context(serving(of or create_app(bridge)))
            monkeypatch.setenv("ISTHMUS_BRIDGE_URL", url)
            return CliRunner().invoke(cli.isthmus, ["log", *arguments])

        yield run


def refusal(result: Result) -> str:
    assert isinstance(result.exception, CannotRun), result.output
    return str(result.exception)


def test_the_checkpoint_is_printed_as_a_note_that_others_can_open(command: Command) -> None:
    result = command("checkpoint")
    assert result.exit_code == 0
    assert open_note(result.stdout, WITNESSED, Holder.LOG).size == ENTRIES
    assert f"signed by the log {ORIGIN}, {ENTRIES} entries" in result.stderr
    assert "cosigned by the witness witness.test/w1 at" in result.stderr


def test_the_newest_head_may_not_be_cosigned_yet_and_says_so(command: Command, bridge: Bridge) -> None:
    grow(bridge, 2)
    assert open_note(command("checkpoint").stdout, WITNESSED, Holder.LOG).size == ENTRIES
    newest = command("checkpoint", "--newest")
    assert open_note(newest.stdout, WITNESSED, Holder.LOG).size == ENTRIES + 2
    assert "not cosigned" in newest.stderr


@pytest.mark.parametrize("index", [0, 5, ENTRIES - 1])
def test_an_entry_is_proven_to_be_in_the_log(command: Command, index: int) -> None:
    result = command("inclusion", str(index))
    assert result.exit_code == 0, result.output
    *hashes, verified, _, witnessed = result.stdout.splitlines()
    assert all(len(bytes.fromhex(sibling)) == 32 for sibling in hashes)
    assert verified.startswith(f"verified: entry {index}, leaf ")
    assert "cosigned" in witnessed


@pytest.mark.parametrize(("earlier", "later"), [(1, 1), (3, 8), (4, ENTRIES), (8, 9), (ENTRIES, ENTRIES)])
def test_the_log_is_proven_to_have_only_grown(command: Command, earlier: int, later: int) -> None:
    result = command("consistency", str(earlier), str(later))
    assert result.exit_code == 0, result.output
    assert f"verified: the log of {later} entries continues that of {earlier}" in result.stdout


def test_a_checkpoint_kept_in_a_file_is_proven_to_be_a_beginning(
    command: Command, bridge: Bridge, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(command("checkpoint").stdout)
    grow(bridge, 3)
    result = command("consistency", str(kept), str(ENTRIES + 3))
    assert result.exit_code == 0, result.output
    assert f"of {ENTRIES + 3} entries continues that of {ENTRIES}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("inclusion", "99"), "has 11 entries, not 100"),
        (("consistency", "0", "5"), "0 < FROM <= TO"),
        (("consistency", "5", "4"), "0 < FROM <= TO"),
        (("consistency", "4", "99"), "has 11 entries, not 99"),
        (("consistency", "none.txt", "4"), "neither a number of entries nor a file"),
    ],
)
def test_what_the_log_does_not_hold_is_told(command: Command, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(command(*arguments))


def test_a_log_with_another_history_is_not_verified(command: Command, bridge: Bridge, tmp_path: Path) -> None:
    """The bridge changes what it says of an old entry: no proof leads from there to the head it signed."""
    kept = tmp_path / "kept.txt"
    kept.write_text(command("checkpoint").stdout)
    app = create_app(bridge)

    @app.after_request
    def forge(response: Response) -> Response:
        if b'"record"' in response.data:
            response.data = response.data.replace(b'"role":"BANK"', b'"role":"INSURER"')
        return response

    assert "NOT VERIFIED" in refusal(command("inclusion", "5", of=app))
    assert "NOT VERIFIED" in refusal(command("consistency", "6", str(kept), of=app))


def test_a_checkpoint_by_an_unknown_key_is_refused(command: Command, bridge: Bridge, tmp_path: Path) -> None:
    forged = replace(bridge, log_key=KEYS[Holder.BRIDGE], witness_url=None)
    assert "not in order" in refusal(command("checkpoint", "--newest", of=create_app(forged)))
    (tmp_path / "trust.json").write_text("{}")
    said = refusal(command("checkpoint", "--trust", str(tmp_path / "trust.json")))
    assert "not a list of trusted keys" in said


def test_the_commands_of_the_page_print_what_they_verified(command: Command) -> None:
    meant = {"[--newest]": "--newest", "INDEX": "5", "FROM": "4", "TO": str(ENTRIES)}
    head, entry, growth, kept = (each.words[1:] for each in Page("docs/reference/log.md").commands("log"))
    for words, said in (
        (head, f"{ENTRIES}\n"),
        (entry, "verified: entry 5"),
        (growth, "continues that of 4"),
    ):
        result = command(*(meant.get(word, word) for word in words))
        assert result.exit_code == 0, result.output
        assert said in result.stdout
    assert kept[1:] == [">", "kept.txt"]
    assert open_note(command(*kept[:1]).stdout, WITNESSED, Holder.LOG).size == ENTRIES
