"""Declarations: filed from the shipment's own data over the bridge, and what customs said of them since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, aliased, mapped_column

from isthmus_platform import crossings, customs, deriving, domain_events, parties, shipments, window_queries
from isthmus_platform.crossings import Ask, Crossing, Outgoing
from isthmus_platform.database import Base, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.milestones import TrackingEvent
from isthmus_platform.sources import Report, Source, SourceKind
from isthmus_platform.tracking import TimelineEntry
from isthmus_platform.window_queries import Asks as Asks
from isthmus_platform.window_queries import agreed as agreed
from isthmus_platform.window_queries import ask_window as ask_window

MESSAGE = "EXPORT_DECLARATION"
STATUS = "DECLARATION_STATUS"
PURPOSE = "CUSTOMS_EXPORT_CLEARANCE"
WINDOW = "single window"
ENDED = ("REJECTED", "REFUSED", "FAILED")
"""States in which a declaration is no longer alive, and the shipment may be declared again."""


class Declaration(Base):
    """An export declaration of a shipment; its state is derived from what customs said.

    ``status`` is ``SUBMITTED``, then as customs says (``ACCEPTED`` ... ``RELEASED``, ``REJECTED``), or
    ``REFUSED`` (by the bridge) or ``FAILED`` (not delivered). A shipment has at most one that is alive.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        Index(
            "ix_declaration_live",
            "shipment_id",
            unique=True,
            postgresql_where="status NOT IN ('REJECTED', 'REFUSED', 'FAILED')",
        ),
        Index("ix_declaration_shipment_id_id", "shipment_id", "id"),
        Index("ix_declaration_mrn", "mrn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    crossing_id: Mapped[UUID] = mapped_column(ForeignKey("crossing.id"), unique=True)
    requester_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    status: Mapped[str]
    mrn: Mapped[str | None]
    channel: Mapped[str | None]
    duty_minor: Mapped[int | None] = mapped_column(BigInteger)
    duty_currency: Mapped[str | None] = mapped_column(String(3))
    released_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CustomsEvent(Base):
    """One thing customs said of a declaration; ``body`` is what the gate let in."""

    __tablename__ = "customs_event"
    __table_args__ = (Index("ix_customs_event_shipment_id_at_id", "shipment_id", "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    declaration_id: Mapped[UUID] = mapped_column(ForeignKey("declaration.id"), index=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    exchange: Mapped[UUID] = mapped_column(unique=True)
    status: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


@dataclass(frozen=True)
class Submission:
    """A declaration just filed, and the crossing that carries it."""

    declaration: Declaration
    crossing: Crossing


def submit(work: Work, shipment: str, additional_fields: Iterable[str] = ()) -> Submission:
    """File the export declaration of the shipment with the reference ``shipment``, by its owner or an agent.

    What crosses is what the agreement in force lists; ``additional_fields`` are asked for beyond it, and the
    bridge refuses and logs them. Raises :class:`NotFound`, :class:`NotPermitted` (``not_owner``) for a
    shipment that is only visible, :class:`InvalidInput` (``unknown_field``) and :class:`Conflict`
    (``declaration_exists``) while another declaration of it is alive.
    """
    found = shipments.by_reference(work, shipment, field="shipment")
    if not work.session.scalar(select(func.acts_for(found.party_id))):
        raise NotPermitted(
            "Only the owner, or an agent under its delegation, declares a shipment.",
            field="shipment",
            code="not_owner",
        )
    wanted = _known(additional_fields)
    _one_at_a_time(work, found.id)
    crossing = crossings.request(
        work, Ask(MESSAGE, PURPOSE, found.party_id, found.ucr, found.id, additional_fields=wanted)
    )
    declaration = Declaration(
        id=new_id(),
        party_id=found.party_id,
        shipment_id=found.id,
        crossing_id=crossing.id,
        requester_id=work.actor.party_id,
        status="SUBMITTED",
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(declaration)
    work.session.flush()
    return Submission(declaration, crossing)


def _known(additional_fields: Iterable[str]) -> list[str]:
    wanted = sorted(set(additional_fields))
    for path in wanted:
        if path not in customs.FIELDS:
            raise InvalidInput(
                f"A declaration has no field {path[:100]!r}.", field="additionalFields", code="unknown_field"
            )
    return wanted


def _one_at_a_time(work: Work, shipment_id: UUID) -> None:
    """Raise :class:`Conflict` while a declaration of the shipment is alive; two submissions wait here."""
    work.session.execute(select(func.pg_advisory_xact_lock(shipment_id.int & (2**63 - 1))))
    alive = select(Declaration.id).where(
        Declaration.shipment_id == shipment_id, Declaration.status.not_in(ENDED)
    )
    if work.session.scalar(alive) is not None:
        raise Conflict("The shipment is declared already.", field="shipment", code="declaration_exists")


def get(work: Work, declaration_id: UUID) -> Declaration:
    """Return a declaration that the actor may see, or raise :class:`NotFound`."""
    found = work.session.get(Declaration, declaration_id)
    if found is None:
        raise NotFound("There is no such declaration.", field="declaration")
    return found


def of_shipments(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, Declaration]:
    """Return the newest declaration of each shipment whose declarations the actor may see."""
    query = select(Declaration).where(Declaration.shipment_id.in_(set(shipment_ids)))
    return {each.shipment_id: each for each in work.session.scalars(query.order_by(Declaration.id))}


def newest(work: Work, shipment_ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Declaration]:
    """Return the newest declaration of each shipment; with ``lock`` nothing changes them until the work ends.

    They are read anew, whatever was read of them before.
    """
    each = aliased(Declaration)
    last = select(each.id).where(each.shipment_id == Declaration.shipment_id)
    query = (
        select(Declaration)
        .where(
            Declaration.shipment_id.in_(set(shipment_ids)),
            Declaration.id == last.order_by(each.id.desc()).limit(1).scalar_subquery(),
        )
        .order_by(Declaration.id)
        .execution_options(populate_existing=True)
    )
    rows = work.session.scalars(query.with_for_update(read=True) if lock else query)
    return {row.shipment_id: row for row in rows}


def timeline(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[TimelineEntry]]:
    """Return what customs said of each shipment, oldest first, for whoever acts for its owner.

    The entries have the kind ``CUSTOMS`` and merge with those of :func:`tracking.timeline`.
    """
    found: dict[UUID, list[TimelineEntry]] = {shipment_id: [] for shipment_id in shipment_ids}
    query = select(CustomsEvent).where(CustomsEvent.shipment_id.in_(found))
    for event in work.session.scalars(query.order_by(CustomsEvent.at, CustomsEvent.id)):
        found[event.shipment_id].append(_entry(event))
    return found


def _entry(event: CustomsEvent) -> TimelineEntry:
    return TimelineEntry(
        id=event.id,
        at=event.at,
        kind="CUSTOMS",
        code=event.status,
        classifier="ACT",
        title=customs.title(customs.read_status(event.body)),
        place=None,
        equipment_reference=None,
        source=WINDOW,
        source_event_id=str(event.exchange),
        correction=False,
        received_at=event.received_at,
    )


def _payload(work: Work, crossing: Crossing) -> dict[str, Any]:
    """Return everything the platform could declare of the crossing's shipment; most agreements take less."""
    if crossing.shipment_id is None:
        raise TypeError("a declaration is of a shipment")
    shipment = shipments.get(work, crossing.shipment_id)
    people = parties.get_many(work, {shipment.party_id, crossing.requester_id})
    return customs.declaration(
        shipment,
        shipments.commercial_terms(work, shipment.id),
        exporter=people[shipment.party_id],
        declarant=people[crossing.requester_id],
    )


def _settled(work: Work, crossing: Crossing) -> None:
    """Let the declaration follow its crossing until customs speaks; what the bridge agreed to is metered.

    One that customs may have stays alive: another of the shipment would be the second there.
    """
    if crossing.state == "AGREED":
        domain_events.announce(
            work,
            "declaration.submitted",
            party_id=crossing.requester_id,
            about={"crossing": str(crossing.id), "shipment": str(crossing.shipment_id)},
        )
        return
    if crossing.may_have_arrived:
        return
    declaration = _of_crossing(work, crossing)
    if declaration.status == "SUBMITTED" and crossing.state in ("REFUSED", "FAILED", "TERMINATED"):
        declaration.status = "REFUSED" if crossing.state == "REFUSED" else "FAILED"
        declaration.updated_at = work.now
        work.session.flush()


def _take_status(work: Work, delivery: Crossing, asked: Crossing, body: Mapping[str, Any]) -> None:
    """Keep what customs said, and derive anew where the declaration stands, in whatever order it came."""
    status = customs.read_status(body)
    if asked.message != MESSAGE or status.ucr not in (None, asked.subject):
        raise InvalidInput("The status is of another consignment.", field="/body/ucr", code="other_subject")
    if delivery.exchange is None:
        raise TypeError("a delivery has an exchange")
    declaration = _of_crossing(work, asked)
    event = CustomsEvent(
        id=new_id(),
        party_id=declaration.party_id,
        declaration_id=declaration.id,
        shipment_id=declaration.shipment_id,
        exchange=delivery.exchange,
        status=status.status,
        at=status.at,
        received_at=work.now,
        body=dict(body),
    )
    work.session.add(event)
    work.session.flush()
    told = work.session.scalars(
        select(CustomsEvent.body).where(CustomsEvent.declaration_id == declaration.id)
    ).all()
    standing = customs.standing(customs.read_status(each) for each in told)
    declaration.status = standing.status
    declaration.mrn = standing.mrn
    declaration.channel = standing.channel
    declaration.duty_minor = standing.duty_minor
    declaration.duty_currency = standing.duty_currency
    declaration.released_at = standing.released_at
    declaration.updated_at = work.now
    work.session.flush()
    _tell_tracking(work, declaration.shipment_id)


def _tell_tracking(work: Work, shipment_id: UUID) -> None:
    """Let what all declarations of the shipment were told be seen among its exceptions."""
    bodies = work.session.scalars(
        select(CustomsEvent.body).where(CustomsEvent.shipment_id == shipment_id)
    ).all()
    said = customs.in_order(customs.read_status(each) for each in bodies)
    deriving.customs_said(work, shipment_id, ((each.status, each.channel, each.at) for each in said))


def reports(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[Report]]:
    """Return what customs said of each shipment as one of its sources, for whoever acts for its owner."""
    found: dict[UUID, list[Report]] = {shipment_id: [] for shipment_id in shipment_ids}
    source = Source(WINDOW, SourceKind.CUSTOMS)
    for each in work.session.scalars(select(CustomsEvent).where(CustomsEvent.shipment_id.in_(found))):
        event = TrackingEvent(str(each.exchange), each.received_at, each.at, "CUSTOMS", each.status, "ACT")
        found[each.shipment_id].append(Report(event, source))
    return found


def _of_crossing(work: Work, crossing: Crossing) -> Declaration:
    return work.session.scalars(select(Declaration).where(Declaration.crossing_id == crossing.id)).one()


OUTGOING = MappingProxyType({MESSAGE: Outgoing(_payload, _settled), **window_queries.OUTGOING})
"""What can be sent to the window, for :class:`crossings.Sender` and :class:`crossings.Inbox`."""
INCOMING = MappingProxyType({STATUS: _take_status, **window_queries.INCOMING})
"""What may come from the window, for :class:`crossings.Inbox`."""
