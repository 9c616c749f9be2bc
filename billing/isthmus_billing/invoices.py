"""Invoices: a month is closed, its usage rated, and each party gets one invoice with a gap-free number.

An invoice is drafted in memory and inserted finalised, with its lines; nobody has the right to update one.
What happens to it later (a payment, a credit note) is in the ledger, and its status is read from there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    UniqueConstraint,
    case,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_billing import ledger, numbering, tariffs, unbilled
from isthmus_billing.metering import METERS, UsageEvent
from isthmus_billing.money import Money
from isthmus_billing.period import Period, parse_period, period_of
from isthmus_billing.rating import Measured, Rated, rate
from isthmus_platform import outbox
from isthmus_platform.database import Base, PartyRole, Work, new_id
from isthmus_platform.errors import InvalidInput, NotFound

log = structlog.get_logger(__name__)

PAYMENT_TOPIC = "payment"
"""What the payment provider must hear of: ``{"kind": "invoice" | "credit-note", "id": uuid}``."""


class BillingPeriod(Base):
    """A month that was closed; usage of it that arrives later goes to the next month's invoice."""

    __tablename__ = "billing_period"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    closed_by: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    closed_at: Mapped[datetime]


class Invoice(Base):
    """A finalised invoice; amounts in minor units. Never updated."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("party_id", "period"),
        CheckConstraint("total >= 0 AND concession_fee BETWEEN 0 AND total", name="total"),
        Index("ix_invoice_period", "period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    period: Mapped[str] = mapped_column(String(7))
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(BigInteger)
    concession_fee: Mapped[int] = mapped_column(BigInteger)
    line_count: Mapped[int]
    finalised_at: Mapped[datetime]


class InvoiceLine(Base):
    """A line: one meter, in one month, under one tariff; late usage has an earlier ``month``."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint("amount = (quantity - free_quantity) * unit_price", name="amount"),
        CheckConstraint("free_quantity BETWEEN 0 AND quantity", name="free_quantity"),
        Index("ix_invoice_line_party_id_month", "party_id", "month"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    position: Mapped[int]
    meter: Mapped[str]
    month: Mapped[str] = mapped_column(String(7))
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariff.id"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    free_quantity: Mapped[int] = mapped_column(BigInteger)
    unit_price: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)


class InvoiceStatus(StrEnum):
    """Where an invoice stands, as the ledger says."""

    FINALISED = "FINALISED"
    PAID = "PAID"
    CREDITED = "CREDITED"


@dataclass(frozen=True)
class InvoiceView:
    """An invoice as its readers see it."""

    id: UUID
    number: str
    party_id: UUID
    period: str
    status: InvoiceStatus
    total: Money
    concession_fee: Money
    outstanding: Money
    finalised_at: datetime

    @property
    def currency(self) -> str:
        """Return the ISO 4217 code of all its amounts."""
        return self.total.currency


@dataclass(frozen=True)
class LineView:
    """A line as its readers see it; ``free_quantity`` of ``quantity`` units cost nothing."""

    id: UUID
    invoice_id: UUID
    meter: str
    title: str
    month: str
    quantity: int
    free_quantity: int
    unit_price: Money
    amount: Money


def close_period(work: Work, period: str) -> list[InvoiceView]:
    """Close a month (operator only): bill each party all of its unbilled usage up to the month's end.

    That includes late usage of earlier months, each rated by the tariff in force when it was used. The
    running month may be closed: what comes after goes to the next invoice. Closing again changes nothing and
    returns the invoices made. Usage for which no tariff was in force stays unbilled, and the log says so.

    Raises :class:`InvalidInput` for a malformed or future ``period``.
    """
    work.actor.require(PartyRole.OPERATOR)
    month = parse_period(period)
    if month > period_of(work.now):
        raise InvalidInput("A month that lies ahead cannot be closed.", field="period", code="in_future")
    one_at_a_time(work)
    first_time = work.session.scalar(
        insert(BillingPeriod)
        .values(period=period, closed_by=work.actor.party_id, closed_at=work.now)
        .on_conflict_do_nothing()
        .returning(BillingPeriod.period)
    )
    if first_time is not None:
        _bill_all(work, month)
    return _views(work, _standing().where(Invoice.period == period).order_by(Invoice.number))


def one_at_a_time(work: Work) -> None:
    """Wait until no other transaction closes a month or issues a credit note, and keep them waiting."""
    work.session.execute(text("SELECT pg_advisory_xact_lock(4711003)"))


def _bill_all(work: Work, month: Period) -> None:
    measured = unbilled.claim(work, month.end)
    used = billed_before(work, {entry.month for entries in measured.values() for entry in entries})
    numbers = numbering.take(work, numbering.Series.INVOICE, len(measured))
    for number, (party_id, entries) in zip(numbers, measured.items(), strict=True):
        _finalise(work, number, party_id, month, entries, rate(entries, used.get(party_id, {})))
    left = unbilled.unpriced(work, month.end)
    if left:
        log.warning("billing.no_tariff_in_force", period=str(month), events=left)
    log.info("billing.closed", period=str(month), invoices=len(numbers))


def _finalise(
    work: Work, number: str, party_id: UUID, month: Period, entries: Sequence[Measured], rated: Rated
) -> None:
    """Insert an invoice with its lines, post it to the ledger, and have the payment provider told."""
    invoice = Invoice(
        id=new_id(),
        number=number,
        party_id=party_id,
        operator_id=work.actor.party_id,
        period=str(month),
        currency=tariffs.currency(work),
        total=rated.total,
        concession_fee=rated.concession_fee,
        line_count=len(entries),
        finalised_at=work.now,
    )
    work.session.add(invoice)
    work.session.flush()
    work.session.add_all(
        InvoiceLine(
            id=line.id,
            invoice_id=invoice.id,
            party_id=party_id,
            position=position,
            meter=line.meter,
            month=line.month,
            tariff_id=line.terms.tariff_id,
            quantity=line.quantity,
            free_quantity=line.free_quantity,
            unit_price=line.terms.unit_price,
            amount=line.amount,
        )
        for position, line in enumerate(rated.lines, start=1)
    )
    work.session.flush()
    if invoice.total == 0:
        return
    ledger.post(
        work,
        ledger.Transaction(
            invoice.id, ledger.Cause.INVOICE, invoice.id, number, invoice.period, invoice.currency
        ),
        ledger.billed(party_id, invoice.operator_id, rated.total, rated.shares),
    )
    outbox.emit(work, PAYMENT_TOPIC, {"kind": "invoice", "id": str(invoice.id)}, party_id=party_id)


def billed_before(work: Work, months: Iterable[str]) -> Mapping[UUID, Mapping[tuple[str, str], int]]:
    """Return how many units of (month, meter) each party has on invoices: they used up the allowance."""
    rows = work.session.execute(
        select(InvoiceLine.party_id, InvoiceLine.month, InvoiceLine.meter, func.sum(InvoiceLine.quantity))
        .where(InvoiceLine.month.in_(list(months)))
        .group_by(InvoiceLine.party_id, InvoiceLine.month, InvoiceLine.meter)
    )
    used: dict[UUID, dict[tuple[str, str], int]] = {}
    for party_id, month, meter, quantity in rows:
        used.setdefault(party_id, {})[month, meter] = int(quantity)
    return used


def _standing() -> Select[Invoice, int, int]:
    """Select invoices with what the ledger says: what was credited, and what is still owed."""
    entry = ledger.LedgerEntry
    credit = case((entry.cause == ledger.Cause.CREDIT_NOTE, -entry.amount), else_=0)
    standing = (
        select(
            func.coalesce(func.sum(credit), 0).label("credited"),
            func.coalesce(func.sum(entry.amount), 0).label("outstanding"),
        )
        .where(entry.invoice_id == Invoice.id, entry.account == ledger.Account.RECEIVABLE)
        .lateral()
    )
    return select(Invoice, standing.c.credited, standing.c.outstanding).join(standing, text("true"))


def _views(work: Work, query: Select[Invoice, int, int]) -> list[InvoiceView]:
    return [_view(row) for row in work.session.execute(query)]


def _view(row: Row[Invoice, int, int]) -> InvoiceView:
    invoice, credited, outstanding = row
    if 0 < invoice.total == credited:
        status = InvoiceStatus.CREDITED
    else:
        status = InvoiceStatus.FINALISED if outstanding > 0 else InvoiceStatus.PAID
    return InvoiceView(
        invoice.id,
        invoice.number,
        invoice.party_id,
        invoice.period,
        status,
        Money(invoice.total, invoice.currency),
        Money(invoice.concession_fee, invoice.currency),
        Money(int(outstanding), invoice.currency),
        invoice.finalised_at,
    )


def page(work: Work, after: UUID | None, first: int) -> list[InvoiceView]:
    """Return ``first`` invoices that the actor may see, newest first, from behind the id ``after``."""
    query = _standing().order_by(Invoice.id.desc()).limit(first)
    return _views(work, query if after is None else query.where(Invoice.id < after))


def get(work: Work, invoice_id: UUID) -> InvoiceView:
    """Return an invoice that the actor may see, or raise :class:`NotFound`."""
    found = _views(work, _standing().where(Invoice.id == invoice_id))
    if not found:
        raise NotFound("There is no such invoice.")
    return found[0]


def lines(work: Work, invoice_ids: Iterable[UUID]) -> Mapping[UUID, list[LineView]]:
    """Return the lines of invoices that the actor may see, in order, by invoice, in one statement."""
    found = work.session.execute(
        select(InvoiceLine, Invoice.currency)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.invoice_id.in_(list(invoice_ids)))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )
    by_invoice: dict[UUID, list[LineView]] = {}
    for line, currency in found:
        view = LineView(
            line.id,
            line.invoice_id,
            line.meter,
            METERS.get(line.meter, line.meter),
            line.month,
            line.quantity,
            line.free_quantity,
            Money(line.unit_price, currency),
            Money(line.amount, currency),
        )
        by_invoice.setdefault(line.invoice_id, []).append(view)
    return by_invoice


def first_usage_events(work: Work, line_ids: Iterable[UUID], first: int) -> Mapping[UUID, list[UsageEvent]]:
    """Return the ``first`` usage events that each line bills, oldest first, by line, in one statement."""
    place = func.row_number().over(partition_by=UsageEvent.invoice_line_id, order_by=UsageEvent.id)
    placed = (
        select(UsageEvent.id, place.label("place"))
        .where(UsageEvent.invoice_line_id.in_(list(line_ids)))
        .subquery()
    )
    found = work.session.scalars(
        select(UsageEvent)
        .join(placed, placed.c.id == UsageEvent.id)
        .where(placed.c.place <= first)
        .order_by(UsageEvent.id)
    )
    by_line: dict[UUID, list[UsageEvent]] = {}
    for event in found:
        if event.invoice_line_id is not None:
            by_line.setdefault(event.invoice_line_id, []).append(event)
    return by_line


def usage_events(work: Work, line_id: UUID, after: UUID | None, first: int) -> Sequence[UsageEvent]:
    """Return ``first`` usage events that a line bills, oldest first, from behind the id ``after``."""
    query = (
        select(UsageEvent).where(UsageEvent.invoice_line_id == line_id).order_by(UsageEvent.id).limit(first)
    )
    if after is not None:
        query = query.where(UsageEvent.id > after)
    return work.session.scalars(query).all()
