"""Where the CPU of a crossing goes, step by step: the bridge's own code, run in this process.

32 requests at a time are read and decided, claimed, delivered and acknowledged, as the bridge's web process
and its worker do it. Signatures and the gate are told by themselves wherever a step calls them. What the
steps leave of the whole path is for carrying it: web server, HTTP, waking and waiting.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from benchmarks import bridge_within, bridges
from benchmarks.bridge_within import KEYS, TRUST
from benchmarks.declarations import declaration
from isthmus_bridge import exchanges, submission
from isthmus_bridge.claiming import Claim, claim
from isthmus_bridge.sending import Answer
from isthmus_bridge.service import Bridge
from isthmus_bridge.settling import settle
from isthmus_bridge.verdicts import Answered
from isthmus_protocol.acknowledgements import acknowledge
from isthmus_protocol.canonical import JsonObject, parse_object
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.http_signatures import sign_request, verify_request
from isthmus_protocol.keys import Holder, SigningKey, TrustedKey
from isthmus_protocol.parcels import Kind
from isthmus_protocol.promises import promise_of
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt

TOGETHER, WARM, BATCHES = 32, 10, 30
URL = "http://127.0.0.1:9/v1/exchanges"
SIGN, VERIFY, GATE = "sign", "verify signatures", "ask the gate"
NEIGHBOURS = "neighbours: "
CALLED = (
    (SIGN, SigningKey, "sign"),
    (VERIFY, TrustedKey, "verify"),
    (GATE, submission, "decide"),
    (GATE, exchanges, "decide"),
)
"""What is told by itself."""


@dataclass
class Stopwatch:
    """CPU seconds of this thread, and calls, by step; a step within another is not the other's."""

    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)
    _within: list[float] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is done inside as the step ``name``."""
        self._within.append(0.0)
        began = time.thread_time()
        try:
            yield
        finally:
            took = time.thread_time() - began
            self.spent[name] += took - self._within.pop()
            self.calls[name] += 1
            if self._within:
                self._within[-1] += took

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``work`` as the step ``name``; outside of every step it is the neighbours'."""

        def watched(*given: Any, **named: Any) -> Any:
            with self.step(name if self._within else f"{NEIGHBOURS}{name}"):
                return work(*given, **named)

        return watched


@dataclass(frozen=True)
class Steps:
    """For one crossing: CPU of each step and of the database in µs, and how often each was called."""

    cpu_us: Mapping[str, float]
    database_us: float
    calls: Mapping[str, float]

    @property
    def signatures_us(self) -> float:
        """CPU of all its signatures, those of its neighbours included; none that serve a whole parcel."""
        return sum(each for name, each in self.cpu_us.items() if name.endswith((SIGN, VERIFY)))

    @property
    def own_us(self) -> dict[str, float]:
        """CPU of the bridge's own steps."""
        return {name: each for name, each in self.cpu_us.items() if not name.startswith(NEIGHBOURS)}


def measured() -> Steps:
    """Lead crossings through all steps and return what one of them takes; the first batches warm up."""
    watch, warm = Stopwatch(), Stopwatch()
    with bridges.database() as (url, database), ExitStack() as stack:
        bridge = bridge_within.bridge(url)
        for number in range(WARM):
            _cross(bridge, warm, number)
        for name, owner, called in CALLED:
            stack.enter_context(patch.object(owner, called, watch.around(name, getattr(owner, called))))
        before = bridge_within.of(database)
        for number in range(WARM, WARM + BATCHES):
            _cross(bridge, watch, number)
        spent = bridge_within.of(database) - before
        bridge.engine.dispose()
    count = BATCHES * TOGETHER
    return Steps(
        {name: seconds / count * 1e6 for name, seconds in watch.spent.items()},
        spent / count * 1e6,
        {name: calls / count for name, calls in watch.calls.items()},
    )


def _cross(bridge: Bridge, watch: Stopwatch, number: int) -> None:
    """Lead a batch through all steps; what its neighbours do in between is no step."""
    bodies = [declaration(f"step-{each}", each) for each in range(number * TOGETHER, (number + 1) * TOGETHER)]
    now = datetime.now(UTC)
    sent = [(sign_request(KEYS[Holder.PLATFORM], "POST", URL, body, now=now), body) for body in bodies]
    with watch.step("read the requests"):
        asked = [
            bridge_within.asked(bridge, body, verify_request(TRUST, "POST", URL, headers, body, now=now))
            for headers, body in sent
        ]
    with watch.step("log and commit"):
        decided = submission._submit_all(bridge, asked)
    if any(isinstance(each, Exception) for each in decided):
        raise RuntimeError(f"not all were decided: {decided}")
    with watch.step("claim, to be sent"):
        claims = claim(bridge, Receiver.WINDOW, Kind.ENVELOPE, TOGETHER).claims
    receipts = [Answered(each, Answer(200, _receipt(each))) for each in claims]
    with watch.step("settle receipts"):
        notices = settle(bridge, receipts, [Receiver.PLATFORM])
    acknowledged = [Answered(each, Answer(200, _acknowledgement(each))) for each in notices]
    with watch.step("settle acknowledgements"):
        settle(bridge, acknowledged)
    if len(notices) != TOGETHER:
        raise RuntimeError(f"of {TOGETHER} only {len(notices)} were delivered")


def _receipt(sent: Claim) -> JsonObject:
    """Return what the window answers to an envelope."""
    envelope = Envelope.from_json(parse_object(sent.content))
    promise = promise_of(envelope.promise, TRUST, envelope.exchange, envelope.log_index)
    now = datetime.now(UTC)
    receipt = Receipt(envelope.exchange, envelope.payload_digest, Receiver.WINDOW, now, promise.place)
    return {"receipt": sign_receipt(KEYS[Holder.WINDOW], receipt)}


def _acknowledgement(sent: Claim) -> JsonObject:
    """Return what the platform answers to a notice of delivery."""
    notice = DeliveryNotice.from_json(parse_object(sent.content))
    promise = promise_of(notice.promise, TRUST, notice.exchange)
    now = datetime.now(UTC)
    return {"acknowledgement": acknowledge(KEYS[Holder.PLATFORM], notice, promise, Receiver.PLATFORM, now)}
