"""How much a client may ask in a minute, counted in Redis for all web processes together (``limits``).

A process draws from the common count in portions that shrink as it nears its end, so that few requests wait
for Redis. While Redis does not answer each process counts by itself: a quota protects everybody's share of
the machine, not a secret, and a bank must not stand still because a counter does.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from isthmus_platform.clock import Clock, utc_now
from isthmus_platform.errors import PlatformError

log = structlog.get_logger(__name__)

PORTIONS = 50
SILENCE = 1.0  # seconds without a try after Redis did not answer
MOST_HELD = 10_000
PATIENCE = 0.25  # seconds


@dataclass(frozen=True)
class Standing:
    """Where a client stands: what is left of its quota, and after how many seconds it is whole again."""

    name: str
    quota: int
    window: int
    left: int
    resets_in: int


class QuotaExceeded(PlatformError):
    """The client asked for more than its quota holds."""

    code = "too_many_requests"
    status = 429

    def __init__(self, standing: Standing) -> None:
        super().__init__(
            f"The quota of {standing.quota} {standing.name} in {standing.window} seconds is used up;"
            f" it is whole again in {standing.resets_in} seconds."
        )
        self.standing = standing


@dataclass
class _Drawn:
    """What this process holds for a client in one window, and how much is left in common as last seen."""

    window: int
    held: int
    common: int


class Quotas:
    """Quotas by name, at ``url`` (``redis://``) or in this process alone where that is none."""

    def __init__(
        self, quotas: Mapping[str, RateLimitItem], url: str | None = None, clock: Clock = utc_now
    ) -> None:
        self.quotas = quotas
        self.clock = clock
        self._alone = MemoryStorage()
        self._common: Storage = self._alone if url is None else _redis(url)
        self._silent_until = 0.0
        self._drawn: dict[tuple[str, str], _Drawn] = {}
        self._lock = threading.Lock()

    def take(self, client: str, name: str, amount: int = 1) -> Standing:
        """Take ``amount`` from the quota ``name`` of ``client``; raise :class:`QuotaExceeded`."""
        quota = self.quotas[name]
        length, now = quota.get_expiry(), int(self.clock().timestamp())
        with self._lock:
            drawn = self._of(client, name, now // length)
            if drawn.held < amount:
                self._draw(client, name, drawn, amount)
            enough = drawn.held >= amount
            drawn.held -= amount if enough else 0
            left = drawn.common + drawn.held
        standing = Standing(name, quota.amount, length, left, length - now % length)
        if not enough:
            raise QuotaExceeded(standing)
        return standing

    def give_back(self, client: str, name: str, amount: int = 1) -> None:
        """Give back what was just taken, for a request that is counted elsewhere."""
        with self._lock:
            drawn = self._drawn.get((client, name))
            if drawn is not None and drawn.window == self._window(name):
                drawn.held += amount

    def _window(self, name: str) -> int:
        return int(self.clock().timestamp()) // self.quotas[name].get_expiry()

    def _of(self, client: str, name: str, window: int) -> _Drawn:
        drawn = self._drawn.get((client, name))
        if drawn is None or drawn.window != window:
            if len(self._drawn) >= MOST_HELD:
                self._drawn.clear()
            drawn = self._drawn[client, name] = _Drawn(window, 0, self.quotas[name].amount)
        return drawn

    def _draw(self, client: str, name: str, drawn: _Drawn, amount: int) -> None:
        """Draw what is lacking, and some more while there is plenty."""
        quota = self.quotas[name]
        portion = max(amount - drawn.held, drawn.common // PORTIONS)
        used = self._count(f"quota/{name}/{client}/{drawn.window}", 2 * quota.get_expiry(), portion)
        drawn.common = max(0, quota.amount - used)
        drawn.held += max(0, min(portion, quota.amount - (used - portion)))

    def _count(self, key: str, expiry: int, amount: int) -> int:
        if time.monotonic() >= self._silent_until:
            try:
                return self._common.incr(key, expiry, amount)
            except (RedisError, OSError) as error:
                self._silent_until = time.monotonic() + SILENCE
                log.warning("quota.alone", problem=str(error))
        return self._alone.incr(key, expiry, amount)


def _redis(url: str) -> RedisStorage:
    return RedisStorage(
        url,
        key_prefix="isthmus",
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to redis.from_url
    )
