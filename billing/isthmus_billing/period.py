"""The billing period: a calendar month in UTC, written ``2026-06``."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus_platform.errors import InvalidInput

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, order=True)
class Period:
    """A month: from ``start`` up to, but not including, ``end``."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def start(self) -> datetime:
        """Return its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """Return the first instant of the month after."""
        years, month = divmod(self.month, 12)
        return datetime(self.year + years, month + 1, 1, tzinfo=UTC)


def period_of(at: datetime) -> Period:
    """Return the month that ``at`` (aware) falls in, in UTC."""
    utc = at.astimezone(UTC)
    return Period(utc.year, utc.month)


def parse_period(text: str) -> Period:
    """Read ``2026-06``; raise :class:`InvalidInput` naming ``period`` for anything else.

    Years run from 2000 to 2999: an invoice of another age is a slip of the pen.
    """
    found = MONTH.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2999:
        raise InvalidInput("A billing period is a month, written as 2026-06.", field="period", code="format")
    return Period(int(found[1]), int(found[2]))
