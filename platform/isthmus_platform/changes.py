"""What changed, in order, for those who are told of it: by webhook or on an open subscription.

Rows are noted by the triggers of migration 0008 and seen by whoever may see the thing itself when reading.
The order is that of transactions, and a reader stops short of the oldest one under way, so that what commits
late is not passed over. After a dump is restored into another cluster its transactions are counted anew:
empty the table then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Identity, Uuid, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base, Work

KEPT = timedelta(days=14)
AT_ONCE = 100
LAST = 2**63 - 1
NOW = "pg_current_xact_id()::text::bigint"


class Kind(StrEnum):
    """What may be told, by the name under which it is."""

    SHIPMENT_CREATED = "shipment.created"
    SHIPMENT_EVENTS_RECORDED = "shipment.events_recorded"
    SHIPMENT_STATUS_CHANGED = "shipment.status_changed"
    SHIPMENT_ETA_CHANGED = "shipment.eta_changed"
    SHIPMENT_EXCEPTION_RAISED = "shipment.exception_raised"
    SHIPMENT_EXCEPTION_ENDED = "shipment.exception_ended"
    DOCUMENT_STORED = "document.stored"
    GRANT_GIVEN = "grant.given"
    GRANT_REVOKED = "grant.revoked"
    CROSSING_CHANGED = "crossing.changed"
    COVER_OFFERED = "cover.offered"
    COVER_CHANGED = "cover.changed"
    COVER_DECLARED = "cover.declared"
    COVER_DECLARATION_ADJUSTED = "cover.declaration_adjusted"
    COVER_DECLARATION_CANCELLED = "cover.declaration_cancelled"
    QUOTE_REQUESTED = "quote.requested"
    QUOTE_ANSWERED = "quote.answered"
    CLAIM_NOTIFIED = "claim.notified"
    CLAIM_CHANGED = "claim.changed"
    CLAIM_SETTLED = "claim.settled"
    CLAIM_LAPSES_SOON = "claim.lapses_soon"
    DELAY_DECIDED = "delay.decided"
    FREIGHT_REQUESTED = "freight.requested"
    FREIGHT_QUOTED = "freight.quoted"
    FREIGHT_WITHDRAWN = "freight.withdrawn"
    FREIGHT_ACCEPTED = "freight.accepted"
    FREIGHT_CLOSED = "freight.closed"
    BOOKING_RECEIVED = "booking.received"
    BOOKING_PENDING_UPDATE = "booking.pending_update"
    BOOKING_UPDATE_RECEIVED = "booking.update_received"
    BOOKING_CONFIRMED = "booking.confirmed"
    BOOKING_PENDING_AMENDMENT = "booking.pending_amendment"
    BOOKING_REJECTED = "booking.rejected"
    BOOKING_DECLINED = "booking.declined"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_COMPLETED = "booking.completed"
    BOOKING_INSTRUCTED = "booking.instructed"
    BOOKING_WEIGHED = "booking.weighed"
    BOOKING_CARGO_DELIVERED = "booking.cargo_delivered"
    BOOKING_CUT_OFF_NEARS = "booking.cut_off_nears"
    BOOKING_CUT_OFF_MISSED = "booking.cut_off_missed"
    RELEASE_OPENED = "release.opened"
    RELEASE_FREIGHT_STATED = "release.freight_stated"
    RELEASE_HELD = "release.held"
    RELEASE_HOLD_LIFTED = "release.hold_lifted"
    RELEASE_CONSENTED = "release.consented"
    RELEASE_CONSENT_WITHDRAWN = "release.consent_withdrawn"
    DELIVERY_ORDER_ISSUED = "delivery_order.issued"
    DELIVERY_ORDER_REVOKED = "delivery_order.revoked"
    DELIVERY_ORDER_EXPIRED = "delivery_order.expired"
    DELIVERY_ORDER_USED = "delivery_order.used"
    APPOINTMENT_BOOKED = "appointment.booked"
    APPOINTMENT_RESCHEDULED = "appointment.rescheduled"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_ARRIVED = "appointment.arrived"
    APPOINTMENT_COMPLETED = "appointment.completed"
    APPOINTMENT_TURNED_AWAY = "appointment.turned_away"
    APPOINTMENT_NO_SHOW = "appointment.no_show"
    DELIVERY_RECORDED = "delivery.recorded"
    DELIVERY_CONFIRMED = "delivery.confirmed"
    DELIVERY_DISPUTED = "delivery.disputed"
    DELIVERY_WITHDRAWN = "delivery.withdrawn"
    RECEIVABLE_OFFERED = "receivable.offered"
    RECEIVABLE_QUOTED = "receivable.quoted"
    RECEIVABLE_DECLINED = "receivable.declined"
    RECEIVABLE_ACCEPTED = "receivable.accepted"
    RECEIVABLE_CONFIRMED = "receivable.confirmed"
    RECEIVABLE_WITHDRAWN = "receivable.withdrawn"
    RECEIVABLE_LAPSED = "receivable.lapsed"
    RECEIVABLE_DISBURSING = "receivable.disbursing"
    RECEIVABLE_DISBURSED = "receivable.disbursed"
    RECEIVABLE_REPAID = "receivable.repaid"
    RECEIVABLE_OVERDUE = "receivable.overdue"
    RECEIVABLE_DEFAULTED = "receivable.defaulted"
    CREDIT_APPLIED = "credit.applied"
    CREDIT_ISSUED = "credit.issued"
    CREDIT_DECLINED = "credit.declined"
    CREDIT_ADVISED = "credit.advised"
    CREDIT_CLOSED = "credit.closed"
    CREDIT_AMENDED = "credit.amended"
    CREDIT_AMENDMENT_ACCEPTED = "credit.amendment_accepted"
    CREDIT_AMENDMENT_REFUSED = "credit.amendment_refused"
    PRESENTATION_MADE = "presentation.made"
    PRESENTATION_EXAMINED = "presentation.examined"
    PRESENTATION_REFUSED = "presentation.refused"
    PRESENTATION_PRECLUDED = "presentation.precluded"
    PRESENTATION_WAIVED = "presentation.waived"
    PRESENTATION_RETURNED = "presentation.returned"
    PRESENTATION_ACCEPTED = "presentation.accepted"
    PRESENTATION_PAID = "presentation.paid"
    PRESENTATION_REIMBURSED = "presentation.reimbursed"
    PRESENTATION_REPAID = "presentation.repaid"
    TITLE_ISSUED = "title.issued"
    TITLE_TRANSFERRED = "title.transferred"
    TITLE_ENDORSED = "title.endorsed"
    TITLE_SIGNED = "title.signed"
    TITLE_SURRENDERED = "title.surrendered"
    TITLE_SURRENDER_ACCEPTED = "title.surrender_accepted"
    TITLE_SURRENDER_REFUSED = "title.surrender_refused"
    TITLE_LIEN_PLACED = "title.lien_placed"
    TITLE_LIEN_RELEASED = "title.lien_released"
    TITLE_HOLD_PLACED = "title.hold_placed"
    TITLE_HOLD_RELEASED = "title.hold_released"
    FINANCING_DISPUTED = "financing.disputed"
    FINANCING_DISPUTE_WITHDRAWN = "financing.dispute_withdrawn"
    FINANCING_RELEASED = "financing.released"


class Change(Base):
    """One thing that changed for ``party_id``, its owner; ``concerned`` are others who may see it.

    Of logistics each party has a row of its own, and those ``concerned`` do not see this one.
    Exactly one of the ids is set. ``about`` holds codes and values of that moment; ``private`` is for the
    owner's side alone.
    """

    __tablename__ = "change"

    transaction: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    party_id: Mapped[UUID]
    concerned: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    private: Mapped[bool]
    shipment_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    crossing_id: Mapped[UUID | None]
    insurance_id: Mapped[UUID | None]
    receivable_offer_id: Mapped[UUID | None]
    credit_id: Mapped[UUID | None]
    title_id: Mapped[UUID | None]
    financing_id: Mapped[UUID | None]
    logistics_id: Mapped[UUID | None]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime]


@dataclass(frozen=True, order=True)
class Position:
    """A place in the order of changes."""

    transaction: int
    sequence: int


def note(
    work: Work,
    kind: Kind,
    party_id: UUID,
    about: dict[str, Any],
    *,
    concerned: Sequence[UUID] = (),
    private: bool = False,
    **thing: UUID,
) -> None:
    """Note a change that no trigger sees; ``thing`` is its column of :class:`Change` and the id there.

    ``private`` is told to the agents of ``party_id`` too, where the thing is theirs to see.
    """
    _add(work, kind, [party_id], {"concerned": list(concerned), "private": private, "about": about} | thing)


def note_each(
    work: Work, kind: Kind, party_ids: Sequence[UUID], about: dict[str, Any], **thing: UUID
) -> None:
    """Note a change as :func:`note` does, for each of these parties by a row of its own."""
    if party_ids:
        _add(work, kind, party_ids, {"concerned": [], "private": False, "about": about} | thing)


def _add(work: Work, kind: Kind, party_ids: Sequence[UUID], row: dict[str, Any]) -> None:
    row = row | {"transaction": text(NOW), "kind": kind.value, "at": work.now}
    rows = [row | {"party_id": party_id} for party_id in party_ids]
    work.session.execute(insert(Change).values(rows).inline())
    work.session.execute(text("SELECT tell_change()"))


def horizon(work: Work) -> int:
    """Return the first transaction that may still be under way: what is before it is whole."""
    return int(work.session.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")) or 0)


def now(work: Work) -> Position:
    """Return the position after which everything is that is not whole yet."""
    return Position(horizon(work) - 1, LAST)


def newest(work: Work) -> Position:
    """Return the position of the newest change there is (needs the duty ``webhooks``)."""
    found = work.session.execute(
        select(Change.transaction, Change.sequence)
        .order_by(Change.transaction.desc(), Change.sequence.desc())
        .limit(1)
    ).one_or_none()
    return Position(*found) if found else Position(0, 0)


def after(
    work: Work, position: Position, *conditions: ColumnElement[bool]
) -> tuple[Sequence[Change], Position]:
    """Return the next changes behind ``position`` that the actor may see, and the position reached."""
    end = horizon(work)
    found = work.session.scalars(
        select(Change)
        .where(
            tuple_(Change.transaction, Change.sequence) > (position.transaction, position.sequence),
            Change.transaction < end,
            *conditions,
        )
        .order_by(Change.transaction, Change.sequence)
        .limit(AT_ONCE)
    ).all()
    if len(found) == AT_ONCE:
        return found, Position(found[-1].transaction, found[-1].sequence)
    return found, max(position, Position(end - 1, LAST))


def of_transaction(work: Work, transaction: int) -> Sequence[Change]:
    """Return what the actor may see of what one transaction changed."""
    return work.session.scalars(
        select(Change).where(Change.transaction == transaction).order_by(Change.sequence)
    ).all()


def at(work: Work, position: Position) -> Change | None:
    """Return the change at ``position`` if the actor may see it now."""
    return work.session.get(Change, (position.transaction, position.sequence))


def forget(work: Work) -> None:
    """Delete some of what is older than anybody is told of (needs the duty ``webhooks``)."""
    work.session.execute(
        text(
            "DELETE FROM change WHERE (transaction, sequence) IN (SELECT transaction, sequence FROM change"
            " WHERE at < :until ORDER BY transaction, sequence LIMIT 1000)"
        ),
        {"until": work.now - KEPT},
    )
