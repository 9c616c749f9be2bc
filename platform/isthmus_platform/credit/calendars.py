"""When a bank is closed: holidays that it gives itself, beside the weekends."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.records import BankHoliday
from isthmus_platform.credit.terms import check_day
from isthmus_platform.database import PartyRole, Work
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

    def known(at: datetime) -> Calendar:
        return Calendar.of(day for day, added_at in given if added_at is None or added_at <= at)

    return known


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
