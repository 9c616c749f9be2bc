"""Work that many threads ask for at once, done together: one lock, one transaction, one fsync for all.

Who comes while nobody works does the work of all who wait; who comes meanwhile waits, and their work is then
done together. There is no thread for it and no delay: a single caller is served at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from isthmus_bridge.log import LogUnavailable

J = TypeVar("J")
R = TypeVar("R")

LARGEST = 64
"""Jobs done together at most: so much is held in memory, and waits for one fsync."""
UNAVAILABLE = (LogUnavailable, DBAPIError)


@dataclass
class _Waiting(Generic[J, R]):
    job: J
    outcome: R | Exception | None = None


class Batches:
    """The line before one kind of work; many threads may stand in it."""

    def __init__(self) -> None:
        self._line: deque[_Waiting[Any, Any]] = deque()
        self._turn = Lock()

    def __len__(self) -> int:
        """Return how many stand in the line, besides those whose work is being done."""
        return len(self._line)

    def do(self, job: J, work: Callable[[Sequence[J]], Sequence[R | Exception]]) -> R:
        """Return what ``work`` makes of ``job``, done with what others ask for at the same time.

        ``work`` gives an outcome for each job, in order; an outcome that is an exception is raised here. When
        the storage fails, all who wait are told at once, so that nobody waits for it twice.
        """
        mine: _Waiting[J, R] = _Waiting(job)
        self._line.append(mine)
        with self._turn:
            while mine.outcome is None:
                self._do_next(work)
        if isinstance(mine.outcome, Exception):
            raise mine.outcome
        return mine.outcome

    def _do_next(self, work: Callable[[Sequence[J]], Sequence[R | Exception]]) -> None:
        batch = [self._line.popleft() for _ in range(min(LARGEST, len(self._line)))]
        outcomes: Sequence[R | Exception]
        try:
            outcomes = work([waiting.job for waiting in batch])
        except UNAVAILABLE as failure:
            batch += [self._line.popleft() for _ in range(len(self._line))]
            outcomes = [failure] * len(batch)
        except Exception as failure:  # noqa: BLE001 (raised by whoever's job it is)
            outcomes = [failure] if len(batch) == 1 else [_alone(work, waiting.job) for waiting in batch]
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome = outcome


def _alone(work: Callable[[Sequence[J]], Sequence[R | Exception]], job: J) -> R | Exception:
    """Do one job by itself: one that breaks the work takes no other with it."""
    try:
        return work([job])[0]
    except Exception as failure:  # noqa: BLE001 (raised by whoever's job it is)
        return failure
