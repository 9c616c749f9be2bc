"""GraphQL over server-sent events, distinct connections mode: a request, a stream, ``next`` and ``complete``.

A stream holds a thread of its process, so their number is bounded, for each client and in all, and each ends
after a while without ``complete``: the client comes back with ``Last-Event-ID`` and misses nothing, whichever
process takes it. The table of changes is the truth; a stream looks when something has come, shares that look
with the other streams of the process, and asks again who is asking and what they may see before it tells.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from graphql import DocumentNode, ExecutionResult

from isthmus_graphql.execution import Answer, GraphQL, outward
from isthmus_graphql.subscriptions import Following, cursor
from isthmus_platform import changes
from isthmus_platform.changes import Change, Position
from isthmus_platform.database import Actor, Duty
from isthmus_platform.errors import PlatformError

log = structlog.get_logger(__name__)

WEBHOOKS = Duty("webhooks")
Ask = Callable[[], Actor]


class TooManyStreams(PlatformError):
    """This client, or this process, has as many streams as it may have."""

    code = "too_many_streams"
    status = 429


@dataclass(frozen=True)
class StreamLimits:
    """The numbers; times in seconds. ``total`` and ``per_client`` count in one process."""

    total: int = 8
    per_client: int = 4
    life: float = 900.0
    heartbeat: float = 5.0
    look: float = 0.5


@dataclass(frozen=True)
class Subscribed:
    """A subscription within the limits and valid, and what it follows."""

    document: DocumentNode
    variables: dict[str, Any]
    operation_name: str | None
    following: Following
    request_id: str


@dataclass
class Streams:
    """The open streams of a process."""

    graphql: GraphQL
    limits: StreamLimits = field(default_factory=StreamLimits)
    _open: Counter[str] = field(default_factory=Counter)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _newest: Position = field(default_factory=lambda: Position(0, 0))
    _looked_at: float = field(default=float("-inf"))

    def open(self, actor: Actor, ask: Ask, subscribed: Subscribed) -> "Stream":
        """Return the stream of a subscription of ``actor``; ``ask`` tells who it is now.

        Raises :class:`TooManyStreams`.
        """
        with self._guard:
            own = self._open[actor.subject]
            if own >= self.limits.per_client or self._open.total() >= self.limits.total:
                raise TooManyStreams("As many streams are open as may be; close one or try later.")
            self._open[actor.subject] += 1
        return Stream(self, actor, ask, subscribed)

    def release(self, actor: Actor) -> None:
        """Give a stream's place back."""
        with self._guard:
            self._open[actor.subject] -= 1
            self._open += Counter()  # forgets those at nought

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    def newest(self) -> Position:
        """Return the position of the newest change, looked up once for all streams."""
        with self._guard:
            if time.monotonic() - self._looked_at >= self.limits.look:
                with self.graphql.platform.begin(WEBHOOKS) as work:
                    self._newest = changes.newest(work)
                self._looked_at = time.monotonic()
            return self._newest


class Stream:
    """One stream, as a body of a response: closing it gives its place back, even if it was never read."""

    def __init__(self, streams: Streams, actor: Actor, ask: Ask, subscribed: Subscribed) -> None:
        self._streams = streams
        self._actor = actor
        self._ask = ask
        self._subscribed = subscribed
        self._position = subscribed.following.position
        self._parts = self._told()
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """End it."""
        if not self._closed:
            self._closed = True
            self._parts.close()
            self._streams.release(self._actor)

    def _told(self) -> Generator[bytes, None, None]:
        limits, began = self._streams.limits, time.monotonic()
        said = began
        yield b"retry: 1000\n:\n\n"
        try:
            while time.monotonic() - began < limits.life:
                due = time.monotonic() - said >= limits.heartbeat
                if self._streams.newest() > self._position or due:
                    for part in self._look():
                        said = time.monotonic()
                        yield part
                    if due:
                        said = time.monotonic()
                        yield b":\n\n"
                time.sleep(limits.look)
        except PlatformError as refusal:
            yield part_of(outward(refusal, self._subscribed.request_id))
            yield COMPLETE
        except Exception:
            # Without an end the client comes back, with the last it has.
            log.exception("stream.broken", request_id=self._subscribed.request_id)

    def _look(self) -> Iterator[bytes]:
        """Yield what has come since, as far as whoever asks may see it now; refuse them if they are none."""
        following = self._subscribed.following
        actor = self._ask()
        if actor.party_id != self._actor.party_id:
            raise changed_hands()
        with self._streams.graphql.platform.begin(actor) as work:
            following.check(work)
            found, reached = changes.after(work, self._position, following.condition)
        for change in found:
            yield self._next(actor, change)
        self._position = reached

    def _next(self, actor: Actor, change: Change) -> bytes:
        given = self._subscribed
        answer = self._streams.graphql.execute_event(
            actor, given.document, given.variables, given.operation_name, change, request_id=given.request_id
        )
        return part_of(answer, cursor(actor.party_id, change))


COMPLETE = b"event: complete\ndata:\n\n"


def changed_hands() -> PlatformError:
    """Return the refusal of a token that has come to stand for another party."""
    refusal = PlatformError("The token stands for another party now.", code="not_authenticated")
    refusal.status = 401
    return refusal


def part_of(answer: ExecutionResult, event_id: str | None = None) -> bytes:
    """Return one ``next`` of a stream."""
    body = answer.body if isinstance(answer, Answer) else answer.formatted
    name = b"" if event_id is None else f"id: {event_id}\n".encode()
    return b"event: next\n" + name + b"data: " + orjson.dumps(body) + b"\n\n"


def once(answer: ExecutionResult) -> list[bytes]:
    """Return the whole stream of an operation that is answered once."""
    return [part_of(answer), COMPLETE]
