"""Banking days: neither a day of rest of the week nor a given holiday (UCP 600 article 2, "banking day")."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

EXAMINATION_DAYS = 5
"""Banking days following the day of presentation that a bank has to examine (UCP 600 article 14 b)."""


class Weekday(StrEnum):
    """A day of the week, Monday first as ISO 8601 counts them."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        """Return the day of the week of ``day``."""
        return tuple(cls)[day.weekday()]


WEEKEND = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
"""When a bank rests that says nothing else."""


@dataclass(frozen=True)
class Calendar:
    """A bank's days: ``holidays`` beside the days of ``rest`` of each week, which leave one at least."""

    holidays: frozenset[date] = field(default_factory=frozenset)
    rest: frozenset[Weekday] = WEEKEND

    @classmethod
    def of(cls, holidays: Iterable[date], rest: Iterable[Weekday] = WEEKEND) -> "Calendar":
        """Return the calendar with these holidays and days of rest."""
        return cls(frozenset(holidays), frozenset(rest))

    def open_on(self, day: date) -> bool:
        """Say whether the bank is regularly open on ``day``."""
        return Weekday.of(day) not in self.rest and day not in self.holidays

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
