"""The commands by which an operator sees what waits at the bridge and lets it go on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from counterparts import KEYRING, KEYS, Neighbour, Signer, agreement, declaration, serving, signed
from isthmus import cli, exchange
from isthmus.errors import CannotRun
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge, Patience, utc_now
from isthmus_protocol.keys import Holder
from isthmus_protocol.receipts import Receiver

Run = Callable[..., Result]


@pytest.fixture
def window() -> Neighbour:
    return Neighbour(Receiver.WINDOW, utc_now)


@pytest.fixture
def bridge(bridge_url: str, window: Neighbour) -> Iterator[Bridge]:
    """Have a bridge that sets aside at the first fault, and nobody at the platform's address."""
    engine = create_bridge_engine(bridge_url, pool_size=4)
    with serving(window.app()) as address:
        made = Bridge(
            engine=engine,
            keyring=KEYRING,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url=address,
            platform_url="http://127.0.0.1:9",
            origin="bridge.test/log",
            patience=Patience(faults=1),
        )
        document = agreement(validFrom="2020-01-01T00:00:00Z", validUntil="2999-01-01T00:00:00Z")
        with made.begin() as session:
            agreements.store(session, KEYRING, signed(document), utc_now())
        yield made
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home that holds the keys."""
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    for holder, key in KEYS.items():
        (keys / f"{holder.value.lower()}.pem").write_bytes(key.to_pem())
    (keys / "trust.json").write_text(json.dumps(KEYRING.to_json()))
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISTHMUS_BRIDGE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(exchange.said, "width", 200)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(cli.isthmus, ["exchange", *map(str, arguments)])


@pytest.fixture
def served(home: Path, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the bridge listen where the home looks for it."""
    with serving(create_app(bridge)) as address:
        monkeypatch.setenv("ISTHMUS_BRIDGE_URL", address)
        yield


def ask(bridge: Bridge, key: str) -> str:
    signer = Signer(create_app(bridge).test_client(), KEYS[Holder.PLATFORM], utc_now)
    answer = signer.post("/v1/exchanges", declaration(key)).get_json()
    assert answer["state"] == "AGREED", answer
    return str(answer["exchange"])


@pytest.mark.usefixtures("served")
def test_a_dead_letter_is_listed_shown_and_resumed(run: Run, bridge: Bridge, window: Neighbour) -> None:
    dead, behind = ask(bridge, "dead"), ask(bridge, "behind")
    window.script.append(500)
    deliver_due(bridge)

    listed = run("list")
    assert listed.exit_code == 0, listed.output
    assert "2 wait, 1 of them set aside" in listed.output
    assert f"waits behind {dead}" in listed.output
    assert behind not in run("list", "--set-aside").output

    shown = run("show", dead, "--as", "authority")
    for words in (
        "EXPORT_DECLARATION, to the window",
        "SENT",
        "HTTP 500 not_today",
        "1 faults",
        "set aside since",
    ):
        assert words in shown.output, shown.output

    assert "it is due now" in run("resume", dead).output
    deliver_due(bridge)
    assert list(window.received) == [dead, behind]
    assert "0 of them set aside" in run("list").output


@pytest.mark.usefixtures("served")
def test_what_is_in_doubt_is_listed_and_shown_as_that(run: Run, bridge: Bridge, window: Neighbour) -> None:
    doubtful = ask(bridge, "doubtful")
    window.script.append(500)
    deliver_due(bridge)
    run("resume", doubtful)
    given_up = Patience(faults=1, time_limit=timedelta(0))
    deliver_due(replace(bridge, window_url="http://127.0.0.1:9", patience=given_up))
    listed = run("list").output
    assert "1 wait, 0 of them set aside, 1 in doubt" in listed
    assert "SENT, in doubt: its receiver is asked" in listed
    shown = run("show", doubtful).output
    assert "SENT, in doubt: its receiver is asked" in shown
    assert "TIMED_OUT" in shown


@pytest.mark.usefixtures("served")
def test_everything_that_is_set_aside_is_resumed_at_once(run: Run, bridge: Bridge, window: Neighbour) -> None:
    dead = ask(bridge, "dead")
    window.script.append(500)
    deliver_due(bridge)
    assert run("resume", "--all").output.endswith("1 resumed.\n")
    assert run("resume", "--all").output.endswith("0 resumed.\n")
    deliver_due(bridge)
    assert list(window.received) == [dead]


@pytest.mark.usefixtures("served")
def test_a_long_list_is_shown_whole(run: Run, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isthmus.exchange.PAGE", 2)
    asked = [ask(bridge, f"key-{number}") for number in range(5)]
    output = run("list").output
    places = [output.index(exchange) for exchange in asked]
    assert places == sorted(places)


@pytest.mark.usefixtures("served")
def test_what_cannot_be_done_is_said_in_a_sentence(
    run: Run, bridge: Bridge, window: Neighbour, home: Path
) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"
    assert "no such exchange" in str(refused(run("show", unknown)))
    ended = ask(bridge, "key-1")
    window.script.append(400)
    with serving(Neighbour(Receiver.PLATFORM, utc_now).app()) as platform_url:
        deliver_due(replace(bridge, platform_url=platform_url))
    assert "not_waiting" in str(refused(run("resume", ended)))
    assert "RECEIVER_REFUSED: HTTP 400 not_today" in run("show", ended).output
    assert run("resume").exit_code == 2
    assert run("resume", ended, "--all").exit_code == 2
    assert run("show", "not-an-id").exit_code == 2
    assert "is the key of the AUTHORITY" in str(
        refused(run("list", "--key", home / "keys" / "authority.pem"))
    )
    (home / "keys" / "operator.pem").unlink()
    assert "--key" in str(refused(run("list")))


def test_a_bridge_that_does_not_answer_is_said_not_to(run: Run) -> None:
    assert "No bridge answers" in str(refused(run("list")))


def refused(result: Result) -> CannotRun:
    assert isinstance(result.exception, CannotRun), result.output
    return result.exception
