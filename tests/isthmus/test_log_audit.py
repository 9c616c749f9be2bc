"""``isthmus log audit`` holds the bridge's log to what it signed, and writes down what proves its fraud."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from border import Border, open_border
from counterparts import KEYRING, KEYS, serving
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus_bridge import log
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge, utc_now
from isthmus_platform.database import Platform
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import LogRecord, Record, read_record
from isthmus_protocol.verify import main as verify
from pages import Page
from paperwork import open_paperwork
from standing import StandingClock

Run = Callable[..., Result]


@pytest.fixture
def border(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Border]:
    """Return both sides with a crossing that was delivered, and one that was refused."""
    papers = open_paperwork(platform)
    papers.trade.ship()
    with open_border(papers, bridge_url, clock) as opened:
        opened.agree()
        opened.declare()
        opened.drain()
        opened.deliver()
        opened.ask("6TW-UNKNOWN")
        opened.drain()
        yield opened


@pytest.fixture
def run(border: Border, platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the audit on a home that holds the keys, next to the bridge as it is at this hour."""
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    for holder in (Holder.AUTHORITY, Holder.PLATFORM):
        (keys / f"{holder.value.lower()}.pem").write_bytes(KEYS[holder].to_pem())
    (keys / "trust.json").write_text(json.dumps(KEYRING.to_json()))
    with serving(create_app(replace(border.bridge, clock=utc_now))) as address:
        monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("ISTHMUS_BRIDGE_URL", address)
        monkeypatch.setenv("DATABASE_URL", platform_url)
        monkeypatch.chdir(tmp_path)
        yield lambda *arguments: CliRunner().invoke(cli.isthmus, ["log", "audit", *map(str, arguments)])


def leaves(bridge: Bridge) -> list[Record]:
    with bridge.begin() as session:
        return [read_record(parse_object(leaf.encode())) for _, leaf in log.entries(session, 0, 1000)]


def rewrite(bridge: Bridge, records: list[Record]) -> None:
    """Let the bridge's own machine begin its log anew with ``records``, as who owns the database can."""
    with bridge.begin() as session:
        session.execute(text("SET LOCAL ROLE NONE"))
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("log_entry", "log_node", "log_chain"):
            session.execute(text(f"DELETE FROM {table}"))
        empty = {"root": hashlib.sha256(b"").digest()}
        session.execute(text("UPDATE log_head SET size = 0, root = :root"), empty)
        for record in records:
            log.append(session, replace(record, chain=None) if isinstance(record, LogRecord) else record)


def test_an_honest_log_is_held_to_what_the_platform_was_promised(run: Run) -> None:
    done = run("--platform", "--as", "platform")
    assert done.exit_code == 0, done.output
    assert "2 promises are kept, 0 are not yet due" in done.output
    assert "1 receipts and acknowledgements are of entries that are there" in done.output
    assert "Nothing speaks against the log." in done.output
    assert not Path("fraud.json").exists()


def test_a_crossing_hidden_by_who_owns_the_log_is_proven_by_a_file_that_explains_itself(
    run: Run, border: Border, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = leaves(border.bridge)
    hidden = next(at for at, each in enumerate(kept) if isinstance(each, LogRecord))
    rewrite(border.bridge, kept[:hidden] + kept[hidden + 1 :] + kept[-1:])
    assert run().exit_code == 1, "the last entry is there twice"
    done = run("--platform", "--proof", "hidden.json")
    assert (done.exit_code, "FRAUD  BROKEN_PROMISE" in done.output) == (1, True), done.output
    assert verify([str(tmp_path / "hidden.json"), "--trust", "home/keys/trust.json"]) == 0
    told = capsys.readouterr().out
    assert f"Promised: entry {hidden} of bridge.test/log is the decision on exchange" in told
    assert "FRAUD PROVEN" in told


def test_evidence_fetched_before_the_log_was_rewritten_proves_the_fork(
    run: Run, border: Border, tmp_path: Path
) -> None:
    crossing = border.crossings()[0]
    assert crossing.exchange is not None
    evidence = tmp_path / "evidence.json"
    evidence.write_bytes(border.client.evidence(crossing.exchange))
    assert run(evidence).exit_code == 0
    kept = leaves(border.bridge)
    refused = [replace(each, purpose="ANOTHER") if isinstance(each, LogRecord) else each for each in kept]
    rewrite(border.bridge, refused)
    done = run(evidence)
    assert (done.exit_code, "FRAUD  FORK" in done.output) == (1, True), done.output
    assert verify(["fraud.json", "--trust", "home/keys/trust.json"]) == 0


def test_promises_are_taken_from_a_file_one_a_line_and_a_checkpoint_as_it_was_fetched(
    run: Run, border: Border, tmp_path: Path
) -> None:
    promises, note = tmp_path / "promises.txt", tmp_path / "checkpoint"
    promises.write_text("".join(f"{crossing.promise}\n" for crossing in border.crossings()))
    with border.bridge.begin() as session:
        head = log.head(session)
    note.write_text(log.checkpoint(head, border.bridge.origin, border.bridge.log_key))
    done = run(promises, note)
    assert done.exit_code == 0, done.output
    assert "1 promises are kept" in done.output
    promises.write_bytes(b"{}")
    assert isinstance(run(promises).exception, CannotRun)


def test_the_commands_of_the_page_hold_the_log_to_what_was_kept_and_check_what_they_write(
    run: Run, border: Border, tmp_path: Path
) -> None:
    audit, check = (command.words for command in Page("docs/omission.md").commands())
    crossing = border.crossings()[0]
    assert crossing.exchange is not None
    Path("evidence.json").write_bytes(border.client.evidence(crossing.exchange))
    Path("promises.txt").write_text("".join(f"{each.promise}\n" for each in border.crossings()))
    with border.bridge.begin() as session:
        note = log.checkpoint(log.head(session), border.bridge.origin, border.bridge.log_key)
    Path("checkpoint.txt").write_text(note)
    Path("trust.json").write_bytes(Path("home/keys/trust.json").read_bytes())
    assert run(*audit[2:], "--as", "platform").exit_code == 0
    records = leaves(border.bridge)
    rewrite(border.bridge, records[1:])
    assert run(*audit[2:], "--as", "platform").exit_code == 1
    done = CliRunner().invoke(cli.isthmus, check)
    assert (done.exit_code, "FRAUD PROVEN" in done.output) == (0, True), done.output
