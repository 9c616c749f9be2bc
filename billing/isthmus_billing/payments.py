"""Payment: a finalised invoice is handed to a payment provider, and what the provider says comes back.

No call to the provider is made inside a database transaction. Closing a month leaves a message in the outbox;
:func:`send` reads, calls, and records each answer as soon as it has it, so that a worker that dies repeats
one call at most, with the same idempotency key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_billing import invoices, ledger
from isthmus_billing.credit_notes import CreditNote
from isthmus_billing.invoices import Invoice
from isthmus_billing.money import Money
from isthmus_platform import parties
from isthmus_platform.database import Base, Duty, Platform, Work, new_id
from isthmus_platform.outbox import Message, TryLater

log = structlog.get_logger(__name__)

BILLING = Duty("billing")


class PaymentStatus(StrEnum):
    """An invoice's state at the provider."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PAID = "PAID"


class PaymentRefused(Exception):
    """The provider's no, with its ``code``: asking again the same way gets the same answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ProviderAway(Exception):
    """The provider could not be reached, or asked to be asked later."""


@dataclass(frozen=True)
class BillLine:
    """A line as the provider gets it: its amount already rated, in minor units."""

    description: str
    amount: int


@dataclass(frozen=True)
class Bill:
    """An invoice as the provider gets it; ``reference`` is our id of it, ``customer`` the provider's."""

    reference: UUID
    number: str
    customer: str
    currency: str
    lines: Sequence[BillLine]

    @property
    def total(self) -> int:
        """Return the sum of the lines."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class ProviderInvoice:
    """What the provider says of an invoice: its id there, its state, its sums in minor units."""

    id: str
    status: PaymentStatus
    total: int
    amount_paid: int
    amount_remaining: int


class PaymentProvider(Protocol):
    """What billing asks of a payment provider; each write may be repeated and happens once.

    Raises :class:`PaymentRefused` or :class:`ProviderAway`, and nothing else.
    """

    @property
    def name(self) -> str:
        """Return who this is (``stripe``); ids are meaningful with it only."""

    def ensure_customer(self, party_id: UUID, legal_name: str) -> str:
        """Return the id of the customer for a party."""

    def create_invoice(self, bill: Bill) -> ProviderInvoice:
        """Draft an invoice with its lines."""

    def finalise(self, invoice: str) -> ProviderInvoice:
        """Finalise a draft: from then on it is open and cannot be changed."""

    def credit(self, invoice: str, reference: UUID, amount: int) -> str:
        """Credit ``amount`` of a finalised invoice, for our credit note ``reference``; return the id."""

    def fetch(self, invoice: str) -> ProviderInvoice:
        """Return what the provider says now."""


class PaymentCustomer(Base):
    """Who a party is at a provider."""

    __tablename__ = "payment_customer"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    customer: Mapped[str]


class Payment(Base):
    """The payment of an invoice at a provider; ``amount_paid`` in minor units."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("invoice_id"), UniqueConstraint("provider", "provider_invoice"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoice.id"))
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    provider: Mapped[str]
    provider_invoice: Mapped[str]
    status: Mapped[str]
    amount_paid: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]


class PaymentEvent(Base):
    """The inbox: what a provider told us, kept by the provider's id of it and handled once."""

    __tablename__ = "payment_event"

    provider: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]


def send(platform: Platform, provider: PaymentProvider, message: Message) -> None:
    """Tell the provider of the invoice or credit note that ``message`` (topic ``payment``) names.

    Raises :class:`~isthmus_platform.outbox.TryLater` while the provider is away; its no stays in the outbox
    and in the log.
    """
    about = UUID(message.payload["id"])
    deliver = {"invoice": _send_invoice, "credit-note": _send_credit_note}[message.payload["kind"]]
    try:
        deliver(platform, provider, about)
    except ProviderAway as away:
        raise TryLater(str(away)) from None


def _send_invoice(platform: Platform, provider: PaymentProvider, invoice_id: UUID) -> None:
    with platform.begin(BILLING) as work:
        view = invoices.get(work, invoice_id)
        legal_name = parties.get(work, view.party_id).legal_name
        customer = work.session.scalar(
            select(PaymentCustomer.customer).where(
                PaymentCustomer.party_id == view.party_id, PaymentCustomer.provider == provider.name
            )
        )
        payment = _payment_of(work, invoice_id)
        lines = [
            BillLine(
                f"{line.title} {line.month}: {line.quantity} at {line.unit_price.shown()}",
                line.amount.amount_minor,
            )
            for line in invoices.lines(work, [invoice_id])[invoice_id]
        ]
    if customer is None:
        customer = provider.ensure_customer(view.party_id, legal_name)
        _keep_customer(platform, provider, view.party_id, customer)
    if payment is None:
        drafted = provider.create_invoice(Bill(invoice_id, view.number, customer, view.currency, lines))
        if drafted.total != view.total.amount_minor:
            raise PaymentRefused("total_differs", f"{view.number} is {drafted.total} at {provider.name}")
        payment = _keep_draft(platform, provider, view, drafted)
    if payment.status == PaymentStatus.DRAFT:
        provider.finalise(payment.provider_invoice)
        with platform.begin(BILLING) as work:
            work.session.execute(
                update(Payment)
                .where(Payment.id == payment.id, Payment.status == PaymentStatus.DRAFT)
                .values(status=PaymentStatus.OPEN, updated_at=work.now)
            )


def _payment_of(work: Work, invoice_id: UUID) -> Payment | None:
    return work.session.scalar(select(Payment).where(Payment.invoice_id == invoice_id))


def _keep_customer(platform: Platform, provider: PaymentProvider, party_id: UUID, customer: str) -> None:
    with platform.begin(BILLING) as work:
        work.session.execute(
            insert(PaymentCustomer)
            .values(party_id=party_id, provider=provider.name, customer=customer)
            .on_conflict_do_nothing()
        )


def _keep_draft(
    platform: Platform, provider: PaymentProvider, view: invoices.InvoiceView, drafted: ProviderInvoice
) -> Payment:
    with platform.begin(BILLING) as work:
        work.session.execute(
            insert(Payment)
            .values(
                id=new_id(),
                invoice_id=view.id,
                party_id=view.party_id,
                provider=provider.name,
                provider_invoice=drafted.id,
                status=PaymentStatus.DRAFT,
                amount_paid=0,
                updated_at=work.now,
            )
            .on_conflict_do_nothing()
        )
        return work.session.scalars(select(Payment).where(Payment.invoice_id == view.id)).one()


def _send_credit_note(platform: Platform, provider: PaymentProvider, note_id: UUID) -> None:
    with platform.begin(BILLING) as work:
        note = work.session.get_one(CreditNote, note_id)
        payment = _payment_of(work, note.invoice_id)
    if payment is None or payment.status == PaymentStatus.DRAFT:
        raise TryLater("the provider has not got the invoice yet")
    provider.credit(payment.provider_invoice, note.id, note.amount)


def receive(work: Work, provider: str, event_id: str, kind: str, content: Mapping[str, Any]) -> bool:
    """Keep an event of the provider (duty ``billing``) and act on it; return False if it was had before.

    ``content`` is the provider's object. ``invoice.paid`` settles; any other kind is only kept.
    """
    had = work.session.scalar(
        insert(PaymentEvent)
        .values(provider=provider, id=event_id, kind=kind, content=dict(content), received_at=work.now)
        .on_conflict_do_nothing()
        .returning(PaymentEvent.id)
    )
    if had is None:
        return False
    if kind == "invoice.paid":
        settle(work, provider, content["id"], content["amount_paid"])
    return True


def settle(work: Work, provider: str, provider_invoice: str, amount_paid: int) -> None:
    """Record that an invoice is paid, and post what came in (minor units); once, however often it is said."""
    payment = work.session.scalar(
        select(Payment)
        .where(Payment.provider == provider, Payment.provider_invoice == provider_invoice)
        .with_for_update()
    )
    if payment is None:
        # A draft's id is recorded before it is finalised, so this invoice was never ours.
        log.warning("payment.unknown_invoice", provider=provider, provider_invoice=provider_invoice)
        return
    if payment.status == PaymentStatus.PAID:
        return
    payment.status, payment.amount_paid, payment.updated_at = PaymentStatus.PAID, amount_paid, work.now
    invoice = work.session.get_one(Invoice, payment.invoice_id)
    ledger.post(
        work,
        ledger.Transaction(
            payment.id,
            ledger.Cause.PAYMENT,
            invoice.id,
            invoice.number,
            invoice.period,
            invoice.currency,
        ),
        ledger.paid(invoice.party_id, invoice.operator_id, amount_paid),
    )
    log.info("payment.settled", invoice=invoice.number, amount=Money(amount_paid, invoice.currency).shown())


def reconcile(platform: Platform, provider: PaymentProvider, limit: int = 100) -> int:
    """Ask the provider about open invoices, for webhooks that were lost; return how many had been paid.

    At most ``limit`` are asked about, whichever they are: of more, each has its turn sooner or later. One
    that the provider refuses to tell of is passed over; while it is away, nobody is asked about.
    """
    with platform.begin(BILLING) as work:
        waiting = work.session.scalars(
            select(Payment.provider_invoice)
            .where(Payment.provider == provider.name, Payment.status == PaymentStatus.OPEN)
            .order_by(func.random())
            .limit(limit)
        ).all()
    settled = 0
    for provider_invoice in waiting:
        try:
            found = provider.fetch(provider_invoice)
        except PaymentRefused as refusal:
            log.warning("payment.not_told", provider_invoice=provider_invoice, code=refusal.code)
            continue
        except ProviderAway as away:
            log.warning("payment.provider_away", error=str(away))
            break
        if found.status == PaymentStatus.PAID:
            with platform.begin(BILLING) as work:
                settle(work, provider.name, found.id, found.amount_paid)
            settled += 1
    return settled
