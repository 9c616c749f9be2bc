"""Statements: what was used in a month and what it costs, day by day, and what the authority is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from isthmus_billing import tariffs, unbilled
from isthmus_billing.invoices import InvoiceLine, billed_before
from isthmus_billing.ledger import Account, Cause, LedgerEntry
from isthmus_billing.metering import METERS, UsageEvent
from isthmus_billing.money import Money
from isthmus_billing.period import parse_period
from isthmus_billing.rating import rate
from isthmus_platform.database import PartyRole, Work

UNPRICED = "XXX"
"""ISO 4217's code for no currency: there is no tariff yet."""


@dataclass(frozen=True)
class UsageLine:
    """What a party used of a meter at one price; ``free_quantity`` of it cost nothing."""

    meter: str
    title: str
    party_id: UUID
    quantity: int
    free_quantity: int
    unit_price: Money
    amount: Money


@dataclass(frozen=True)
class UsageStatement:
    """What was used in a month, by party and meter."""

    period: str
    total: Money
    lines: tuple[UsageLine, ...]


@dataclass(frozen=True)
class DayUsage:
    """How many units of a meter were used on a day (UTC)."""

    day: date
    meter: str
    quantity: int


@dataclass(frozen=True)
class ConcessionLine:
    """What an invoice (or, negative, a credit note) gives the authority, as a share of ``base``."""

    number: str
    cause: Cause
    at: datetime
    base: Money
    fee: Money


@dataclass(frozen=True)
class ConcessionStatement:
    """What a month's invoices and their credit notes give the authority."""

    period: str
    total: Money
    lines: tuple[ConcessionLine, ...]


def usage(work: Work, period: str) -> UsageStatement:
    """Return what was used in ``period``: the actor's own usage; to the operator, every party's.

    What is billed shows as it was billed, the rest as it would be if the month were closed now. Usage for
    which no tariff was in force is in no line. Raises :class:`InvalidInput` for a malformed ``period``.
    """
    month = parse_period(period)
    currency = tariffs.currency(work) or UNPRICED
    sums: dict[tuple[UUID, str, int], tuple[int, int, int]] = {}

    def add(party_id: UUID, meter: str, unit_price: int, quantity: int, free: int, amount: int) -> None:
        was = sums.get((party_id, meter, unit_price), (0, 0, 0))
        sums[party_id, meter, unit_price] = (was[0] + quantity, was[1] + free, was[2] + amount)

    for line in work.session.scalars(select(InvoiceLine).where(InvoiceLine.month == period)):
        add(line.party_id, line.meter, line.unit_price, line.quantity, line.free_quantity, line.amount)
    used = billed_before(work, [period])
    for party_id, entries in unbilled.measure(work, month.start, month.end).items():
        for rated in rate(entries, used.get(party_id, {})).lines:
            price = rated.terms.unit_price
            add(party_id, rated.meter, price, rated.quantity, rated.free_quantity, rated.amount)
    lines = tuple(
        UsageLine(
            meter,
            METERS.get(meter, meter),
            party_id,
            quantity,
            free,
            Money(unit_price, currency),
            Money(amount, currency),
        )
        for (party_id, meter, unit_price), (quantity, free, amount) in sorted(sums.items())
    )
    return UsageStatement(period, Money(sum(line.amount.amount_minor for line in lines), currency), lines)


def usage_by_day(work: Work, period: str) -> Sequence[DayUsage]:
    """Return the month's metered usage by day and meter: the actor's own; to the operator, everybody's."""
    month = parse_period(period)
    day = cast(func.timezone("UTC", UsageEvent.at), Date).label("day")
    rows = work.session.execute(
        select(day, UsageEvent.meter, func.sum(UsageEvent.quantity))
        .where(UsageEvent.at >= month.start, UsageEvent.at < month.end, UsageEvent.meter.is_not(None))
        .group_by(day, UsageEvent.meter)
        .order_by(day, UsageEvent.meter)
    )
    return [DayUsage(row[0], row[1] or "", int(row[2])) for row in rows]


def concession_statement(work: Work, period: str) -> ConcessionStatement:
    """Return what the month's invoices give the authority (the authority's own; to the operator, all).

    Each line states the base it is a share of, so the authority can check the fee against the tariff it
    approved. Raises :class:`InvalidInput` for a malformed ``period``.
    """
    work.actor.require(PartyRole.AUTHORITY, PartyRole.OPERATOR)
    parse_period(period)
    entries = work.session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.period == period, LedgerEntry.account == Account.CONCESSION_FEE_PAYABLE)
        .order_by(LedgerEntry.id)
    )
    lines = tuple(
        ConcessionLine(
            entry.number,
            Cause(entry.cause),
            entry.at,
            Money(entry.base or 0, entry.currency),
            Money(-entry.amount, entry.currency),
        )
        for entry in entries
    )
    currency = tariffs.currency(work) or UNPRICED
    return ConcessionStatement(period, Money(sum(line.fee.amount_minor for line in lines), currency), lines)
