"""A file's meaning, read again when the file is another: how a running process learns of new keys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from isthmus.errors import CannotRun

T = TypeVar("T")

Stamp = tuple[int, int, int]


@dataclass
class Watched(Generic[T]):
    """Calls ``read`` when ``file`` was replaced since the last time, and gives what it returned otherwise.

    One look at the file's entry each time (a microsecond): nothing is old, not even for a second. A file that
    is gone or cannot be read raises :class:`CannotRun`: what was true before it broke may be so no more.
    """

    file: Path
    read: Callable[[], T]
    _last: tuple[Stamp, T] | None = field(default=None, repr=False)

    def __call__(self) -> T:
        """Return what the file means now."""
        stamp = self._stamp()
        last = self._last
        if last is None or last[0] != stamp:
            # The stamp is the older of the two: replaced in between, the file is read once more next time.
            last = self._last = stamp, self.read()
        return last[1]

    def _stamp(self) -> Stamp:
        try:
            status = self.file.stat()
        except OSError as error:
            raise CannotRun(f"{self.file} cannot be read: {error.strerror}.") from None
        return status.st_ino, status.st_mtime_ns, status.st_size
