"""Work that many threads ask for at once, done together: one lock, one transaction, one fsync for all.

Who comes while nobody works begins at once; who comes meanwhile waits, and the first of them then does the
work of all who wait. There is no thread for it and no delay: a single caller is served at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from isthmus_bridge.log import LogUnavailable

J = TypeVar("J")
R = TypeVar("R")

LARGEST = 64
"""Jobs done together at most: so much is held in memory, and waits for one fsync."""
UNAVAILABLE = (LogUnavailable, DBAPIError)


def _closed() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass
class _Waiting(Generic[J, R]):
    """One who stands in the line: ``called`` opens once, when the outcome is there or it is their turn."""

    job: J
    outcome: R | Exception | None = None
    called: Lock = field(default_factory=_closed)


class Batches:
    """The line before one kind of work; many threads may stand in it."""

    def __init__(self) -> None:
        self._line: deque[_Waiting[Any, Any]] = deque()
        self._guard = Lock()
        self._working = False

    def __len__(self) -> int:
        """Return how many stand in the line, besides those whose work is being done."""
        return len(self._line)

    def do(self, job: J, work: Callable[[Sequence[J]], Sequence[R | Exception]]) -> R:
        """Return what ``work`` makes of ``job``, done with what others ask for at the same time.

        ``work`` gives an outcome for each job, in order; an outcome that is an exception is raised here. When
        the storage fails, all who wait are told at once, so that nobody waits for it twice.
        """
        mine: _Waiting[J, R] = _Waiting(job)
        with self._guard:
            batch = None if self._working else [mine]
            if batch is None:
                self._line.append(mine)
            self._working = True
        if batch is None:
            # Each waits at a door of their own: whoever is served goes at once, and not past the next batch.
            mine.called.acquire()
            batch = [] if mine.outcome is not None else self._next()
        if batch:
            try:
                self._do(batch, work)
            finally:
                self._hand_over()
        if mine.outcome is None or isinstance(mine.outcome, Exception):
            raise mine.outcome or RuntimeError("the work was broken off")
        return mine.outcome

    def _next(self) -> list[_Waiting[Any, Any]]:
        """Return the first in the line, at most :data:`LARGEST`; the very first is who asks."""
        with self._guard:
            return [self._line.popleft() for _ in range(min(LARGEST, len(self._line)))]

    def _hand_over(self) -> None:
        """Let the first in the line do the work of all who stand there."""
        with self._guard:
            if self._line:
                self._line[0].called.release()
            else:
                self._working = False

    def _do(
        self, batch: list[_Waiting[J, R]], work: Callable[[Sequence[J]], Sequence[R | Exception]]
    ) -> None:
        mine, broken = batch[0], RuntimeError("the work was broken off")
        outcomes: Sequence[R | Exception] = [broken] * len(batch)
        try:
            outcomes = work([waiting.job for waiting in batch])
        except UNAVAILABLE as failure:
            with self._guard:
                batch += self._line
                self._line.clear()
            outcomes = [failure] * len(batch)
        except Exception as failure:  # noqa: BLE001 (raised by whoever's job it is)
            outcomes = [failure] if len(batch) == 1 else [_alone(work, waiting.job) for waiting in batch]
        finally:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.outcome = outcome
                if waiting is not mine:
                    waiting.called.release()


def _alone(work: Callable[[Sequence[J]], Sequence[R | Exception]], job: J) -> R | Exception:
    """Do one job by itself: one that breaks the work takes no other with it."""
    try:
        return work([job])[0]
    except Exception as failure:  # noqa: BLE001 (raised by whoever's job it is)
        return failure
