"""When a bank is closed: holidays and days of rest of the week, which it gives itself."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.credit.days import WEEKEND, Calendar, Weekday
from isthmus_platform.credit.records import BankHoliday, BankWeek
from isthmus_platform.credit.terms import check_day
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import check_text

MOST_HOLIDAYS = 400


def calendar_of(work: Work, bank_id: UUID) -> Calendar:
    """Return the banking days of a bank."""
    return calendars_of(work, bank_id)(work.now)


def calendars_of(work: Work, bank_id: UUID) -> Callable[[datetime], Calendar]:
    """Return what tells the banking days of a bank as they were known at a time."""
    query = select(BankHoliday.day, BankHoliday.added_at).where(BankHoliday.party_id == bank_id)
    given = [(day, added_at) for day, added_at in work.session.execute(query)]
    weeks = _weeks(work, bank_id)

    def known(at: datetime) -> Calendar:
        rest = next((rest for said_at, rest in weeks if said_at <= at), WEEKEND)
        return Calendar.of((day for day, added_at in given if added_at is None or added_at <= at), rest)

    return known


def _weeks(work: Work, bank_id: UUID) -> list[tuple[datetime, frozenset[Weekday]]]:
    """Return what a bank said of its weeks, the last word first."""
    query = select(BankWeek).where(BankWeek.party_id == bank_id).order_by(BankWeek.id.desc())
    return [(row.said_at, frozenset(map(Weekday, row.rest))) for row in work.session.scalars(query)]


def rest_days(work: Work) -> list[Weekday]:
    """Return the days of the week on which the acting party rests, Monday first."""
    rest = calendar_of(work, work.actor.party_id).rest
    return [day for day in Weekday if day in rest]


def set_rest_days(work: Work, days: Collection[Weekday]) -> None:
    """Say on which days of the week the acting bank rests from now on.

    What was presented before keeps the day by which it must be examined. Raises :class:`InvalidInput`
    (``repeated``, ``every_day``): a bank is open on one day of the week at least.
    """
    work.actor.require(PartyRole.BANK)
    if len(set(days)) != len(days):
        raise InvalidInput("Each day once.", field="days", code="repeated")
    if len(days) >= len(Weekday):
        raise InvalidInput("A bank is open on one day of the week at least.", field="days", code="every_day")
    rest = [day.value for day in Weekday if day in days]
    row = BankWeek(id=new_id(), party_id=work.actor.party_id, rest=rest, said_at=work.now)
    work.session.add(row)
    work.session.flush()


def holidays(work: Work) -> list[BankHoliday]:
    """Return the acting bank's holidays in their order."""
    query = select(BankHoliday).where(BankHoliday.party_id == work.actor.party_id)
    return list(work.session.scalars(query.order_by(BankHoliday.day)))


def add_holidays(work: Work, given: Mapping[date, str]) -> None:
    """Add days on which the acting bank is closed, each with its name; a day given before stays as it was.

    What was presented before keeps the day by which it must be examined.
    """
    work.actor.require(PartyRole.BANK)
    if not 0 < len(given) <= MOST_HOLIDAYS:
        raise InvalidInput(f"Give 1 to {MOST_HOLIDAYS} holidays.", field="holidays", code="count")
    for index, (day, name) in enumerate(sorted(given.items())):
        check_day(day, f"holidays.{index}.day")
        check_text(name, f"holidays.{index}.name", 100)
    rows = [
        {"party_id": work.actor.party_id, "day": day, "name": name, "added_at": work.now}
        for day, name in sorted(given.items())
    ]
    work.session.execute(insert(BankHoliday).values(rows).on_conflict_do_nothing())
