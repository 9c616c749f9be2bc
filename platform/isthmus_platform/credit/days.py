"""Banking days: neither Saturday nor Sunday nor a given holiday (UCP 600 article 2, "banking day")."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

EXAMINATION_DAYS = 5
"""Banking days following the day of presentation that a bank has to examine (UCP 600 article 14 b)."""
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True)
class Calendar:
    """A bank's days: ``holidays`` beside the weekends."""

    holidays: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def of(cls, holidays: Iterable[date]) -> "Calendar":
        """Return the calendar with these holidays."""
        return cls(frozenset(holidays))

    def open_on(self, day: date) -> bool:
        """Say whether the bank is regularly open on ``day``."""
        return day.weekday() not in WEEKEND and day not in self.holidays

    def first_from(self, day: date) -> date:
        """Return ``day``, or the first banking day after it (article 29 a)."""
        while not self.open_on(day):
            day += timedelta(days=1)
        return day

    def after(self, day: date, number: int) -> date:
        """Return the ``number``-th banking day that follows ``day``, which itself does not count."""
        for _ in range(number):
            day = self.first_from(day + timedelta(days=1))
        return day

    def examine_by(self, presented_on: date) -> date:
        """Return the last day on which a presentation may be found discrepant (article 14 b)."""
        return self.after(presented_on, EXAMINATION_DAYS)
