"""How long a request may still take, carried to every statement it asks of PostgreSQL.

A request that nobody waits for any more must not hold a connection. A transaction begins with what is left as
its ``statement_timeout``; later statements are given less as time runs on, and none is sent after the end.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event

from isthmus_platform.errors import PlatformError

SLACK = 0.25
"""Seconds by which a statement may outlast its request, so that quick ones need no further word."""

_end: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlinePassed(PlatformError):
    """The request took longer than it may; what it had begun is undone."""

    code = "deadline"
    status = 503

    def __init__(self) -> None:
        super().__init__("This took too long; ask for less.")


def start(seconds: float | None) -> None:
    """Give the present request ``seconds`` from now; None gives it all the time there is."""
    _end.set(None if seconds is None else time.monotonic() + seconds)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what is done inside ``seconds`` at most, or what is left of the request if that is less."""
    held = _end.get()
    end = time.monotonic() + seconds
    token = _end.set(end if held is None else min(held, end))
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float | None:
    """Return the seconds that are left; None without a deadline. Raises :class:`DeadlinePassed`."""
    end = _end.get()
    if end is None:
        return None
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise DeadlinePassed
    return seconds


def milliseconds(seconds: float | None) -> int:
    """Return ``seconds`` as PostgreSQL's ``statement_timeout`` has it: 0 is without end."""
    return 0 if seconds is None else max(1, int(seconds * 1000))


def begin(connection: Connection) -> int:
    """Return the ``statement_timeout`` for a transaction that begins on ``connection``."""
    seconds = left()
    connection.info["allowed"] = seconds
    return milliseconds(seconds)


def watch(engine: Engine) -> Engine:
    """Give each statement that ``engine`` sends no longer than its request has left, and return it."""
    event.listen(engine, "before_cursor_execute", _tighten)
    return engine


def _tighten(connection: Connection, cursor: Any, *_: Any) -> None:
    seconds = left()
    allowed = connection.info.get("allowed")
    if seconds is not None and allowed is not None and seconds < allowed - SLACK:
        cursor.execute(f"SET LOCAL statement_timeout = {milliseconds(seconds)}")
        connection.info["allowed"] = seconds
