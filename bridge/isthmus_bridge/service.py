"""The bridge as its faces see it: its database, keys, neighbours and clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from isthmus_bridge import log
from isthmus_bridge.batches import Batches
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.keys import Keyring, SigningKey


def utc_now() -> datetime:
    """Return the present time, timezone-aware, in UTC."""
    return datetime.now(UTC)


class Unspeakable(Exception):
    """An envelope that cannot be put as its receiver wants it; it says why."""


def as_it_is(envelope: JsonObject) -> JsonObject:
    """Return what is said unchanged: JSON is what is spoken by default."""
    return envelope


def _nobody_to_wake() -> None:
    """Do nothing: the sweep finds what is due."""


@dataclass(frozen=True)
class Patience:
    """How long the bridge waits for its neighbours.

    ``step`` and ``answer`` are seconds: for connecting, writing or a piece of an answer, and for the whole of
    it, whatever its pieces (well below the lease of a claim). ``time_limit`` is how long an agreed exchange
    may be under way. After ``faults`` answers in a row that say neither yes nor no it is set aside.
    """

    step: float = 5.0
    answer: float = 15.0
    time_limit: timedelta = timedelta(hours=72)
    faults: int = 20


PATIENCE = Patience()


@dataclass(frozen=True)
class Bridge:
    """What the bridge stands on.

    ``keyring`` are the keys it trusts, ``signing_key`` (BRIDGE) signs its requests, ``log_key`` (LOG) the
    log's checkpoints under the name ``origin``. ``subject_key`` (32 bytes) hides a consignment's UCR: only
    its HMAC-SHA256 is kept. ``wake`` is called after a commit that left something to deliver; it may be lost.
    ``witness_url`` is where the authority's witness cosigns those checkpoints, None where there is none.
    ``speak`` puts an envelope that has passed the gate as its receiver wants it; it may raise
    :class:`Unspeakable`, and the exchange then fails. ``hear`` turns a request in another form into the JSON
    one, before the gate; it raises MalformedMessage.
    """

    engine: Engine
    keyring: Keyring
    signing_key: SigningKey = field(repr=False)
    log_key: SigningKey = field(repr=False)
    subject_key: bytes = field(repr=False)
    window_url: str
    platform_url: str
    origin: str
    witness_url: str | None = None
    clock: Callable[[], datetime] = utc_now
    wake: Callable[[], None] = _nobody_to_wake
    speak: Callable[[JsonObject], JsonObject] = as_it_is
    submissions: Batches = field(default_factory=Batches, repr=False, compare=False)
    patience: Patience = PATIENCE
    hear: Callable[[JsonObject], JsonObject] = as_it_is

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction; write what it appends to the log and commit at the end, or roll it all back."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
            log.write(session)
