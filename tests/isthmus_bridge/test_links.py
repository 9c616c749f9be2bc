"""Each link is cut under load, in every way a link fails: what was sent is delivered once, in order."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from counterparts import (
    KEYRING,
    KEYS,
    Neighbour,
    agreement,
    declaration,
    reply,
    serving,
    signed,
    status_agreement,
)
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.models import Exchange, LogEntry
from isthmus_bridge.service import Bridge, Patience, utc_now
from isthmus_protocol.canonical import canonical, parse
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import LogRecord, read_record
from links import Link, State, link

SUBJECTS = 6
"""In each direction."""
CUTS, AT_ONCE = 3, 2
"""How often links are cut, and what is asked about each subject while they are."""
LONG = 120.0
"""Seconds after which a test gives up waiting; never reached by what works."""

LASTING = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2999-01-01T00:00:00Z"}


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for ``condition``."""
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)


@dataclass
class Ground:
    """A bridge at work, its neighbours, and the four links between them."""

    bridge: Bridge
    window: Neighbour
    private: Neighbour
    to_window: Link
    to_platform: Link
    from_platform: Link
    from_window: Link
    http: httpx.Client

    def ask(self, holder: Holder, body: dict[str, Any]) -> str:
        """Ask over the link until there is an answer, as platform and window do; return the exchange."""
        way = self.from_platform if holder is Holder.PLATFORM else self.from_window
        url, content = f"{way.url}/v1/exchanges", canonical(body)
        end = time.monotonic() + LONG
        while True:
            headers = sign_request(KEYS[holder], "POST", url, content, now=utc_now())
            headers["Content-Type"] = "application/json"
            try:
                answer = self.http.post(url, content=content, headers=headers)
            except httpx.TransportError:
                assert time.monotonic() < end, "nobody answers"
                time.sleep(0.05)
                continue
            assert answer.json()["state"] == "AGREED", answer.text
            return str(answer.json()["exchange"])

    def states(self) -> Counter[str]:
        with self.bridge.begin() as session:
            return Counter(session.scalars(select(Exchange.state)))

    def phases(self) -> dict[str, list[str]]:
        """Return what the log says of each exchange, in order."""
        with self.bridge.begin() as session:
            rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index)).all()
        told: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            record = read_record(parse(row.encode()))
            if isinstance(record, LogRecord):
                told[record.exchange].append(f"{record.phase} {record.decision}")
        return told


@pytest.fixture
def ground(bridge_url: str) -> Iterator[Ground]:
    window, private = Neighbour(Receiver.WINDOW, utc_now), Neighbour(Receiver.PLATFORM, utc_now)
    engine = create_bridge_engine(bridge_url, pool_size=20)
    with ExitStack() as stack:
        to_window = stack.enter_context(link(stack.enter_context(serving(window.app()))))
        to_platform = stack.enter_context(link(stack.enter_context(serving(private.app()))))
        bridge = Bridge(
            engine=engine,
            keyring=KEYRING,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url=to_window.url,
            platform_url=to_platform.url,
            origin="bridge.test/log",
            patience=Patience(step=1.0, answer=2.0),
        )
        for document in (agreement(**LASTING), status_agreement(**LASTING)):
            with bridge.begin() as session:
                agreements.store(session, KEYRING, signed(document), utc_now())
        address = stack.enter_context(serving(create_app(bridge)))
        from_platform, from_window = (stack.enter_context(link(address)) for _ in range(2))
        stack.enter_context(delivering(bridge))
        http = stack.enter_context(httpx.Client(timeout=1, trust_env=False))
        yield Ground(bridge, window, private, to_window, to_platform, from_platform, from_window, http)
    engine.dispose()


class delivering:  # noqa: N801 (reads as what it does)
    """Two workers that deliver what is due, side by side, while the block runs."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._stop = threading.Event()
        self._workers = ThreadPoolExecutor(2)
        self._running: list[Future[None]] = []

    def __enter__(self) -> None:
        self._running = [self._workers.submit(self._work) for _ in range(2)]

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._workers.shutdown()
        for each in self._running:
            each.result()

    def _work(self) -> None:
        while not self._stop.wait(0.3):
            deliver_due(self._bridge)


def base(ground: Ground) -> list[str]:
    """Have a declaration of each subject cross that the window may answer to."""
    asked = [
        ground.ask(Holder.PLATFORM, declaration(f"base-{number}", subject=f"answered-{number}"))
        for number in range(SUBJECTS)
    ]
    until(lambda: ground.states() == {"ACKNOWLEDGED": SUBJECTS}, "the first declarations have crossed")
    return asked


@pytest.mark.parametrize(
    "state", [state for state in State if state is not State.WHOLE], ids=lambda s: s.name
)
def test_links_that_fail_under_load_lose_nothing_repeat_nothing_and_keep_the_order(
    ground: Ground, state: State
) -> None:
    answered = base(ground)
    links = [ground.to_window, ground.from_window, ground.to_platform, ground.from_platform]

    def declare(subject: int, rounds: range) -> list[str]:
        bodies = [declaration(f"{subject}-{n}", subject=f"declared-{subject}") for n in rounds]
        return [ground.ask(Holder.PLATFORM, body) for body in bodies]

    def answer(subject: int, rounds: range) -> list[str]:
        bodies = [reply(answered[subject], f"reply-{subject}-{n}") for n in rounds]
        return [ground.ask(Holder.WINDOW, body) for body in bodies]

    def everybody(rounds: range) -> list[Future[list[str]]]:
        return [
            pool.submit(each, subject, rounds) for subject in range(SUBJECTS) for each in (declare, answer)
        ]

    with ThreadPoolExecutor(8) as pool:
        asked: list[list[str]] = [[] for _ in range(2 * SUBJECTS)]
        for number in range(CUTS):
            cut = links[number :: len(links) - 1]  # every link once; the first and the last together
            before = [each.calls for each in cut]
            for each in cut:
                each.state = state
            under_way = everybody(range(number * AT_ONCE, (number + 1) * AT_ONCE))
            for each, calls in zip(cut, before, strict=True):
                until(lambda each=each, calls=calls: each.calls >= calls + 3, "the cut link was tried")  # type: ignore[misc]
            for each in cut:
                each.state = State.WHOLE
            wait(under_way)
            for ours, future in zip(asked, under_way, strict=True):
                ours += future.result()

    total = SUBJECTS + 2 * SUBJECTS * CUTS * AT_ONCE
    until(lambda: ground.states() == {"ACKNOWLEDGED": total}, "everything is acknowledged")
    assert len({exchange for ours in asked for exchange in ours}) == total - SUBJECTS
    phases = ground.phases()
    assert Counter(map(tuple, phases.values())) == {
        ("AGREED PERMITTED", "SENT PERMITTED", "DELIVERED PERMITTED"): total
    }, "sent once and delivered once, in the log"
    delivered = {**ground.window.received, **ground.private.received}
    assert set(delivered) == set(phases)
    told = {str(n["exchange"]): n["state"] for n in ground.window.notices + ground.private.notices}
    assert told == dict.fromkeys(phases, ExchangeState.DELIVERED.value)
    for subject, ours in enumerate(asked):
        receiver = ground.private if subject % 2 else ground.window
        assert [exchange for exchange in receiver.received if exchange in ours] == ours, "in order"


def test_a_window_that_swallows_everything_delays_nothing_that_comes_from_it(ground: Ground) -> None:
    answered = base(ground)
    ground.to_window.state = State.BLACK_HOLE
    lost = [
        ground.ask(Holder.PLATFORM, declaration(f"lost-{number}", subject=f"lost-{number}"))
        for number in range(8)
    ]
    until(lambda: ground.states()["SENT"] >= 4, "every sender to the window is kept waiting")
    for number in range(4 * SUBJECTS):
        ground.ask(Holder.WINDOW, reply(answered[number % SUBJECTS], f"reply-{number}"))
    until(lambda: len(ground.private.received) == 4 * SUBJECTS, "the platform has all that the window says")
    assert not set(lost) & set(ground.window.received)
    assert ground.to_window.state is State.BLACK_HOLE
    ground.to_window.state = State.WHOLE
    until(lambda: set(lost) <= set(ground.window.received), "the window has what waited for it")
    until(lambda: ground.states() == {"ACKNOWLEDGED": 5 * SUBJECTS + 8}, "everything is acknowledged")
