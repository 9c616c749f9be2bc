"""Crossings as the platform keeps them: what was asked of the bridge, what came over it, how each ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Uuid, and_, literal, not_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from isthmus_platform.database import Base, Duty, Work
from isthmus_platform.errors import NotFound

BRIDGE = Duty("bridge-inbox")
"""The duty that writes down what the bridge says."""


class Crossing(Base):
    """One exchange over the bridge, in either direction, about something of ``party_id``.

    ``requester_id`` is the party for whom it crosses. ``request`` is the exact body sent to the bridge, fixed
    before the first attempt and forgotten once the bridge has decided. ``exchange`` is the bridge's id,
    ``promise`` the log's signed word on where it keeps the decision. ``asked`` are the questions of yes or no
    that it puts, or that it answers.
    """

    __tablename__ = "crossing"
    __table_args__ = (
        Index("ix_crossing_party_id_id", "party_id", "id"),
        Index("ix_crossing_requester_id_id", "requester_id", "id"),
        Index("ix_crossing_shipment_id_id", "shipment_id", "id"),
        Index("ix_crossing_subject_id", "subject", "id"),
        Index("ix_crossing_undecided", "id", postgresql_where="state = 'REQUESTED'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    exchange: Mapped[UUID | None] = mapped_column(unique=True)
    in_reply_to: Mapped[UUID | None]
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    requester_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"))
    subject: Mapped[str]
    direction: Mapped[str]
    message: Mapped[str]
    purpose: Mapped[str]
    legal_basis: Mapped[str | None]
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    additional_fields: Mapped[list[str]] = mapped_column(ARRAY(String))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String))
    request: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[str]
    reason: Mapped[str | None]
    field: Mapped[str | None]
    agreement_id: Mapped[str | None]
    agreement_version: Mapped[int | None]
    log_index: Mapped[int | None] = mapped_column(BigInteger)
    promise: Mapped[str | None]
    asked: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    receipt: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def decision(self) -> str | None:
        """What the bridge decided: ``PERMITTED``, ``REFUSED``, or None while it has not."""
        if self.state == "REFUSED":
            return "REFUSED"
        return "PERMITTED" if self.log_index is not None else None

    @property
    def may_have_arrived(self) -> bool:
        """Whether the receiver has it, or nobody knows that it has not, though it ended without delivery."""
        return self.receipt is not None or self.reason == "UNCONFIRMED"


class BridgeNonce(Base):
    """A nonce the bridge signed with, kept until its signature expires, so that it is taken once."""

    __tablename__ = "bridge_nonce"

    kid: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class BarredExchange(Base):
    """A delivery that we told the bridge we have not taken, and so never take."""

    __tablename__ = "barred_exchange"

    exchange: Mapped[UUID] = mapped_column(primary_key=True)
    barred_at: Mapped[datetime]


def get(work: Work, crossing_id: UUID) -> Crossing:
    """Return a crossing of the actor's (owner, agent or requester), or raise :class:`NotFound`."""
    found = work.session.scalar(select(Crossing).where(Crossing.id == crossing_id))
    if found is None:
        raise NotFound("There is no such crossing.", field="crossing")
    return found


def by_exchange(work: Work, exchange: UUID) -> Crossing | None:
    """Return the crossing with the bridge's id ``exchange``, if the actor may see it."""
    return work.session.scalar(select(Crossing).where(Crossing.exchange == exchange))


def known_or_barred(work: Work, exchange: UUID) -> tuple[Crossing | None, bool]:
    """Return the crossing ``exchange`` as :func:`by_exchange` does, and whether it is barred: in one look."""
    named = select(literal(exchange, Uuid()).label("exchange")).subquery()
    looked_up = (
        select(Crossing, BarredExchange.exchange)
        .select_from(named)
        .outerjoin(Crossing, Crossing.exchange == named.c.exchange)
        .outerjoin(BarredExchange, BarredExchange.exchange == named.c.exchange)
    )
    known, barred = work.session.execute(looked_up).one()
    return known, barred is not None


def first_delivered(work: Work, message: str, subject: str) -> Crossing | None:
    """Return the first ``message`` about ``subject`` that reached the window, whoever's it was.

    To see those of others takes the duty ``bridge-inbox``.
    """
    query = select(Crossing).where(
        Crossing.subject == subject, Crossing.message == message, Crossing.state == "DELIVERED"
    )
    return work.session.scalar(query.order_by(Crossing.id).limit(1))


def page(
    work: Work,
    *,
    shipment_id: UUID | None = None,
    decision: str | None = None,
    message: str | None = None,
    after: UUID | None = None,
    first: int = 50,
) -> Sequence[Crossing]:
    """Return the actor's crossings, newest first, those before ``after``, narrowed by what else is given."""
    query = select(Crossing).order_by(Crossing.id.desc()).limit(first)
    if shipment_id is not None:
        query = query.where(Crossing.shipment_id == shipment_id)
    if decision is not None:
        refused = Crossing.state == "REFUSED"
        permitted = and_(Crossing.log_index.is_not(None), not_(refused))
        query = query.where(refused if decision == "REFUSED" else permitted)
    if message is not None:
        query = query.where(Crossing.message == message)
    if after is not None:
        query = query.where(Crossing.id < after)
    return work.session.scalars(query).all()


def signed_words(work: Work) -> list[str]:
    """Return the log's promises and the receipts of all crossings; to see others' takes ``bridge-inbox``."""
    query = select(Crossing.promise, Crossing.receipt).where(Crossing.promise.is_not(None))
    return [word for row in work.session.execute(query.order_by(Crossing.id)) for word in row if word]


def of_shipments(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[Crossing]]:
    """Return the actor's crossings about each shipment, newest first, in one statement."""
    found: dict[UUID, list[Crossing]] = {shipment_id: [] for shipment_id in shipment_ids}
    query = select(Crossing).where(Crossing.shipment_id.in_(found)).order_by(Crossing.id.desc())
    for crossing in work.session.scalars(query):
        if crossing.shipment_id is not None:
            found[crossing.shipment_id].append(crossing)
    return found
