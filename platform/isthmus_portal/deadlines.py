"""What is left until something is due, in the words of a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from isthmus_portal.formats import moment, span

SOON = timedelta(days=2)


@dataclass(frozen=True)
class Left:
    """What is left: words, and a tone in which they are shown (``good``, ``warn``, ``bad``)."""

    words: str
    tone: str

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.tone == "bad"


def left(due: str | datetime, now: datetime, *, soon: timedelta = SOON) -> Left:
    """Return what is left until ``due``, which itself is too late; ``soon`` or less is a warning."""
    rest = moment(due) - now
    if rest <= timedelta():
        return Left(f"over since {_span(-rest)}" if rest else "over", "bad")
    return Left(f"{_span(rest)} left", "warn" if rest <= soon else "good")


def ago(since: str | datetime, now: datetime) -> str:
    """Return for how long something stands."""
    return f"for {_span(max(timedelta(), now - moment(since)))}"


def _span(rest: timedelta) -> str:
    minutes = rest // timedelta(minutes=1)
    if minutes < 60:
        return f"{minutes} min"
    return span(minutes // 60)
