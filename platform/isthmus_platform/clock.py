"""Time is passed in, so that a test can set it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present time, timezone-aware, in UTC."""
    return datetime.now(UTC)
