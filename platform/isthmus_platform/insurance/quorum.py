"""When a cargo is late: what two of three independent sources tell alike. Pure.

A source is a party of its own in a role of its own: the carrier, a terminal, customs. With two words that
agree the delay is theirs; with three that all differ it is the one in the middle. So one source that lies, or
is silent, never changes what the other two agree on, and cannot be waited for in vain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

ROLES = ("CARRIER", "TERMINAL", "CUSTOMS")
QUORUM = 2
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """Delay cover: past ``after_days`` whole days ``per_day`` minor units each, ``most_days`` at most."""

    agreed: datetime
    after_days: int
    per_day: int
    most_days: int

    @property
    def most(self) -> int:
        """Return the most that is paid."""
        return self.per_day * self.most_days

    def paid_days(self, delay: int) -> int:
        """Return the days of a ``delay`` that are paid."""
        return max(0, min(delay - self.after_days, self.most_days))


def days_late(agreed: datetime, arrived: datetime) -> int:
    """Return the whole days (24 hours) by which ``arrived`` is later than ``agreed``; early is 0."""
    return max(0, (arrived - agreed) // DAY)


def measured(told: Mapping[str, datetime], agreed: datetime) -> int | None:
    """Return the delay in days that ``told`` settles, by role; None while it settles none.

    Two that agree settle it at once; two that differ wait for the third; of three the middle one counts.
    """
    days = sorted(days_late(agreed, arrived) for role, arrived in told.items() if role in ROLES)
    if len(days) < QUORUM or (len(days) == QUORUM and days[0] != days[1]):
        return None
    return days[1]


def measured_at_last(told: Mapping[str, datetime], agreed: datetime) -> int:
    """Return the delay when no more is waited for: what at least two confirm, no less late than it says."""
    days = sorted(
        (days_late(agreed, arrived) for role, arrived in told.items() if role in ROLES), reverse=True
    )
    return days[QUORUM - 1] if len(days) >= QUORUM else 0
