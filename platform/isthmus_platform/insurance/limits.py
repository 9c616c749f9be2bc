"""The limits of an open cover: what stands declared in all, in a policy period, on board and in a place.

Who counts here has the cover's lock, so that of many at once each sees what stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from isthmus_platform.database import Work
from isthmus_platform.errors import Conflict
from isthmus_platform.insurance import statements
from isthmus_platform.insurance.records import CoverDeclaration, OpenCover


class LimitExceeded(Conflict):
    """More would stand declared than a limit bears; ``limit``, ``balance`` and ``wanted`` in minor units.

    ``rule`` is the term of the cover that says so, in the schema's spelling.
    """

    def __init__(self, said: str, wanted: "Wanted", *, code: str, rule: str, limit: int, held: int) -> None:
        self.rule, self.limit, self.balance = rule, limit, max(0, limit - held)
        self.wanted = wanted.insured
        amounts = f"limit {limit:,}, balance {self.balance:,}, wanted {self.wanted:,} minor units"
        super().__init__(f"This would exceed {said} ({rule}): {amounts}.", field=wanted.field, code=code)


@dataclass(frozen=True)
class Wanted:
    """What is to stand declared; ``instead_of`` is a declaration that it takes the place of.

    ``field`` is the input at fault where it may not.
    """

    insured: int
    conveyance: str
    places: frozenset[str]
    period: int
    field: str
    instead_of: UUID | None = None


@dataclass(frozen=True)
class Period:
    """A policy period and what stands declared in it, in minor units; ``limit`` None where none is agreed."""

    currency: str
    number: int
    begins: datetime
    ends: datetime
    limit: int | None
    declared: int

    @property
    def balance(self) -> int | None:
        """Return what may still be declared in it; None where no limit is agreed."""
        return None if self.limit is None else max(0, self.limit - self.declared)


def period_at(cover: OpenCover, at: datetime) -> int:
    """Return the number, from 1, of the policy period in which a time is."""
    return statements.period_at(cover.valid_from, cover.period_months, at)


def check(work: Work, cover: OpenCover, wanted: Wanted) -> None:
    """Raise :class:`LimitExceeded` where ``wanted`` would exceed a limit of the locked ``cover``."""
    for refusal in _refusals(work, cover, wanted):
        if refusal.wanted > refusal.balance:
            raise refusal


def _refusals(work: Work, cover: OpenCover, wanted: Wanted) -> Iterator[LimitExceeded]:
    """Return for each limit what is said where it does not bear what is wanted."""

    def held(*which: ColumnElement[bool]) -> int:
        total = select(func.coalesce(func.sum(CoverDeclaration.insured_minor), 0)).where(
            CoverDeclaration.cover_id == cover.id, CoverDeclaration.state == "DECLARED", *which
        )
        if wanted.instead_of is not None:
            total = total.where(CoverDeclaration.id != wanted.instead_of)
        return int(work.session.scalar(total) or 0)

    yield LimitExceeded(
        "the cover's limit", wanted, code="cover_limit", rule="limit", limit=cover.limit_minor, held=held()
    )
    if cover.per_period_minor is not None:
        yield LimitExceeded(
            f"the limit of policy period {wanted.period}",
            wanted,
            code="period_limit",
            rule="perPeriod",
            limit=cover.per_period_minor,
            held=held(CoverDeclaration.period == wanted.period),
        )
    yield LimitExceeded(
        f"the limit on board {wanted.conveyance}",
        wanted,
        code="conveyance_limit",
        rule="perConveyance",
        limit=cover.per_conveyance_minor,
        held=held(CoverDeclaration.conveyance == wanted.conveyance),
    )
    for place in sorted(wanted.places):
        yield LimitExceeded(
            f"the limit at {place}",
            wanted,
            code="location_limit",
            rule="perLocation",
            limit=cover.per_location_minor,
            held=held((CoverDeclaration.loading == place) | (CoverDeclaration.discharge == place)),
        )


def periods(work: Work, covers: Sequence[OpenCover]) -> dict[UUID, list[Period]]:
    """Return the policy periods of each cover, first to last, with what stands declared in each."""
    total = (
        select(
            CoverDeclaration.cover_id,
            CoverDeclaration.period,
            func.sum(CoverDeclaration.insured_minor),
        )
        .where(
            CoverDeclaration.cover_id.in_([cover.id for cover in covers]),
            CoverDeclaration.state == "DECLARED",
        )
        .group_by(CoverDeclaration.cover_id, CoverDeclaration.period)
    )
    declared: dict[Any, int] = {(row[0], row[1]): int(row[2]) for row in work.session.execute(total)}
    return {cover.id: list(_of(cover, declared)) for cover in covers}


def _of(cover: OpenCover, declared: dict[Any, int]) -> Iterator[Period]:
    number, begins = 1, cover.valid_from
    while begins < cover.valid_until:
        following = statements.period_begins(cover.valid_from, cover.period_months, number + 1)
        ends = min(following, cover.valid_until)
        held = declared.get((cover.id, number), 0)
        yield Period(cover.currency, number, begins, ends, cover.per_period_minor, held)
        number, begins = number + 1, following
