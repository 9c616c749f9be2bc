"""Metering: a domain event becomes a usage event, once, however often it is delivered.

The platform's services know nothing of this: they announce what happened (``isthmus_platform.domain_events``)
and this module's table says what is metered.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import domain_events
from isthmus_platform.database import Base, Duty, Platform, new_id
from isthmus_platform.outbox import Message

log = structlog.get_logger(__name__)

METERS: Mapping[str, str] = MappingProxyType(
    {
        "shipment.created": "Shipments opened",
        "events.recorded": "Tracking events recorded",
        "document.stored": "Documents stored",
        "document.read": "Documents read under a grant",
        "declaration.submitted": "Declarations submitted",
        "window.asked": "Questions to the single window",
        "financing.asked": "Questions whether an invoice is financed",
        "financing.registered": "Invoices registered as financed",
        "financeable.read": "Consignments looked at before financing",
        "receivable.offered": "Invoices offered to a bank",
        "receivable.disbursed": "Invoices financed",
        "receivable.repaid": "Financed invoices repaid",
        "credit.issued": "Documentary credits issued",
        "presentation.examined": "Presentations examined",
        "booking.made": "Bookings made",
        "delivery_order.issued": "Delivery orders issued",
        "appointment.booked": "Lorries booked at terminals",
        "delivery.proven": "Proofs of delivery recorded",
        "title.issued": "Bills of lading issued as title",
        "title.transferred": "Transfers and endorsements of title",
        "title.surrendered": "Surrenders of title",
        "cover.declared": "Shipments declared under an open cover",
        "cover.declaration_adjusted": "Declarations under an open cover adjusted",
        "claim.settled": "Insurance claims settled",
        "risk.assessed": "Shipments assessed by own rules",
        "risk.simulated": "Shipments judged in simulations",
        "screening.performed": "Shipments and documents screened",
    }
)
"""What is metered: a domain event's name, which is its meter's, and the title a bill shows."""

UNBILLED = frozenset(
    {
        "credit.applied",
        "credit.advised",
        "credit.amended",
        "credit.closed",
        "document.issued",
        "documents.opened_by_authority",
        "financing.disputed",
        "presentation.made",
        "presentation.precluded",
        "presentation.waived",
        "presentation.accepted",
        "presentation.paid",
        "presentation.returned",
        "presentation.repaid",
        "receivable.overdue",
        "receivable.defaulted",
        "release.consented",
        "release.consent_withdrawn",
    }
)
"""What is announced and kept, and paid for with something above, or by nobody."""

METERING = Duty("metering")


class UsageEvent(Base):
    """What a party used, once: ``quantity`` units of ``meter`` at the time ``at``.

    ``meter`` is null for a domain event that no meter knows; it is kept and never billed. ``about`` leads
    back to the thing by ids and codes. ``invoice_line_id`` is set once, when it is billed; the database lets
    nothing else change.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_usage_event_party_id_at", "party_id", "at"),
        Index("ix_usage_event_unbilled", "at", postgresql_where="invoice_line_id IS NULL"),
        Index(
            "ix_usage_event_invoice_line_id_id",
            "invoice_line_id",
            "id",
            postgresql_where="invoice_line_id IS NOT NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    source: Mapped[str]
    source_id: Mapped[str]
    name: Mapped[str]
    meter: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime]
    invoice_line_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("invoice_line.id", deferrable=True, initially="DEFERRED")
    )


def record(platform: Platform, message: Message) -> None:
    """Keep the usage that ``message`` (topic ``domain_events.TOPIC``) announces; again, nothing changes.

    An event that no meter knows is kept too, unmetered, and said aloud in the log unless it is
    :data:`UNBILLED`. A malformed message raises
    and so stays in the outbox.
    """
    name, quantity = message.payload["name"], message.payload["quantity"]
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise ValueError(f"the quantity of {name} is no count: {quantity!r}")
    if quantity == 0:
        return
    if name not in METERS and name not in UNBILLED:
        log.error("metering.unknown_event", name=name, message_id=str(message.id), quantity=quantity)
    with platform.begin(METERING, request_id=message.request_id) as work:
        work.session.execute(
            insert(UsageEvent)
            .values(
                id=new_id(),
                party_id=message.party_id,
                source=domain_events.TOPIC,
                source_id=str(message.id),
                name=name,
                meter=name if name in METERS else None,
                quantity=quantity,
                at=datetime.fromisoformat(message.payload["at"]),
                about=message.payload["about"],
                recorded_at=work.now,
            )
            .on_conflict_do_nothing(index_elements=[UsageEvent.source, UsageEvent.source_id])
        )
