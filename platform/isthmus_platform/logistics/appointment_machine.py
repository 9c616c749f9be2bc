"""The life of a lorry's appointment as data, and a terminal's day cut into slots across clock changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from isthmus_platform.errors import InvalidInput

GRACE = timedelta(minutes=30)
"""A lorry may arrive so much before its slot begins and after it ends."""


class Direction(StrEnum):
    """What a slot is for."""

    PICK_UP = "PICK_UP"
    DROP_OFF = "DROP_OFF"


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    BOOKED = "BOOKED"
    ARRIVED = "ARRIVED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    TURNED_AWAY = "TURNED_AWAY"


class AppointmentAction(StrEnum):
    """What is done with an appointment."""

    RESCHEDULE = "RESCHEDULE"
    CANCEL = "CANCEL"
    ARRIVE = "ARRIVE"
    COMPLETE = "COMPLETE"
    TURN_AWAY = "TURN_AWAY"
    NO_SHOW = "NO_SHOW"


@dataclass(frozen=True)
class Step:
    """An action from ``before`` to ``after``: by the terminal, or else by who booked or drives."""

    before: AppointmentState
    after: AppointmentState
    terminal: bool
    needs: str
    frees: bool = False
    """Whether the slot is free again."""


S = AppointmentState
STEPS: Mapping[AppointmentAction, Step] = MappingProxyType(
    {
        AppointmentAction.RESCHEDULE: Step(
            S.BOOKED,
            S.BOOKED,
            terminal=False,
            needs="another slot with room, what booking needs, and that the slot has not ended",
        ),
        AppointmentAction.CANCEL: Step(
            S.BOOKED, S.CANCELLED, terminal=False, needs="a reason; the slot has not ended", frees=True
        ),
        AppointmentAction.ARRIVE: Step(
            S.BOOKED,
            S.ARRIVED,
            terminal=True,
            needs="the slot's time, half an hour before and after; a live order, or a booking in time",
        ),
        AppointmentAction.COMPLETE: Step(
            S.ARRIVED, S.COMPLETED, terminal=True, needs="for a pick-up: the cargo was handed out"
        ),
        AppointmentAction.TURN_AWAY: Step(S.ARRIVED, S.TURNED_AWAY, terminal=True, needs="a reason"),
        AppointmentAction.NO_SHOW: Step(
            S.BOOKED, S.NO_SHOW, terminal=True, needs="the slot ended half an hour ago"
        ),
    }
)


def day_slots(
    day: date, opens: time, closes: time, zone: ZoneInfo, minutes: int
) -> list[tuple[datetime, datetime]]:
    """Return the slots (UTC) of ``minutes`` each from ``opens`` to ``closes`` on the clock of ``zone``.

    ``closes`` not after ``opens`` is on the next day. Slots are of equal real length: a night in which clocks
    go forward has fewer and one in which they go back more. Of an hour that comes twice, ``opens`` is its
    first and ``closes`` its second. What is left before ``closes`` is no slot. Raises :class:`InvalidInput`
    (``no_such_time``) for a time that the clock skips.
    """
    begin = _instant(day, opens, zone, "opens", fold=0)
    last = day + timedelta(days=1) if closes <= opens else day
    end = _instant(last, closes, zone, "closes", fold=1)
    length = timedelta(minutes=minutes)
    found = []
    while begin + length <= end:
        found.append((begin, begin + length))
        begin += length
    return found


def _instant(day: date, at: time, zone: ZoneInfo, field: str, *, fold: int) -> datetime:
    local = datetime.combine(day, at.replace(fold=fold), tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise InvalidInput(
            f"The clocks of {zone.key} skip {at:%H:%M} on {day}.", field=field, code="no_such_time"
        )
    return instant
