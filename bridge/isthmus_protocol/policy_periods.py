"""The policy periods of an open cover: calendar months in UTC, counted from when it begins. Pure.

Each is reckoned from the first day of the cover and not from the one before it, so that a day that a month
lacks (31 January and a month, 29 February and a year) is the last of that month, and the next has it again.
"""

from calendar import monthrange
from datetime import UTC, datetime


def begins(valid_from: datetime, months: int, number: int) -> datetime:
    """Return when period ``number``, from 1, of ``months`` each begins; the one before ends then."""
    start = valid_from.astimezone(UTC)
    year, month = divmod(start.month - 1 + months * (number - 1), 12)
    last = monthrange(start.year + year, month + 1)[1]
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, last))


def number_at(valid_from: datetime, months: int, at: datetime) -> int:
    """Return in which period the time ``at`` is; 1 also before the cover begins."""
    number = 1
    while begins(valid_from, months, number + 1) <= at:
        number += 1
    return number
