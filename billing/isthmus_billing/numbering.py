"""Numbers without a gap: one counter a year and series, locked in the transaction that uses the number.

A rolled back transaction gives its numbers back, which a database sequence would not.
"""

from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base, Work


class Series(StrEnum):
    """What is numbered; the letters begin each number."""

    INVOICE = "INV"
    CREDIT_NOTE = "CRN"


class NumberCounter(Base):
    """The last number given in a year's series."""

    __tablename__ = "number_counter"

    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


def take(work: Work, series: Series, count: int) -> list[str]:
    """Return the next ``count`` numbers of the work's year, such as ``INV-2026-000001``.

    The counter stays locked until the transaction ends: whoever else wants a number waits.
    """
    if count == 0:
        return []
    last = work.session.scalars(
        insert(NumberCounter)
        .values(series=series, year=work.now.year, last=count)
        .on_conflict_do_update(
            index_elements=[NumberCounter.series, NumberCounter.year],
            set_={"last": NumberCounter.last + count},
        )
        .returning(NumberCounter.last)
    ).one()
    return [f"{series}-{work.now.year}-{number:06}" for number in range(last - count + 1, last + 1)]
