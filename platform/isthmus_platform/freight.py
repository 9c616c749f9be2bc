"""Freight information for authorities (eFTI): published when asked for, and what authorities say of it.

A shipment's dataset lies with the bridge, under the shipment's id; only its identifiers cross by publishing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import crossings, freight_dataset, parties, shipments, tracking
from isthmus_platform.crossings import Ask, Crossing, Outgoing, Unasked
from isthmus_platform.database import Base, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.freight_dataset import MODES, Consignment, MainCarriage
from isthmus_platform.shipments import Shipment
from isthmus_platform.tracking import TimelineEntry

MESSAGE = "EFTI_IDENTIFIERS"
FOLLOW_UP = "EFTI_FOLLOW_UP"
PURPOSE = "FREIGHT_INFORMATION"
GATE = "eFTI gate"
LONGEST_MEANS = 17
"""Characters of an identifier (eFTI, types:Identifier17)."""
LONGEST_MESSAGE = 10_000
LONGEST_TITLE = 140
MOST_MESSAGES = 100


class FreightPublication(Base):
    """That a shipment's dataset was published, and the movement that it was published for."""

    __tablename__ = "freight_publication"
    __table_args__ = (Index("ix_freight_publication_shipment_id_id", "shipment_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    crossing_id: Mapped[UUID] = mapped_column(ForeignKey("crossing.id"), unique=True)
    requester_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    mode: Mapped[str]
    dangerous_goods: Mapped[bool]
    means: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    equipment_country: Mapped[str | None] = mapped_column(String(2))
    created_at: Mapped[datetime]


class FreightMessage(Base):
    """What an authority wrote, through its gate, about a shipment's dataset."""

    __tablename__ = "freight_message"
    __table_args__ = (Index("ix_freight_message_shipment_id_id", "shipment_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    exchange: Mapped[UUID] = mapped_column(unique=True)
    text: Mapped[str]
    received_at: Mapped[datetime]


@dataclass(frozen=True)
class Published:
    """A publication just asked for, and the crossing that carries it."""

    publication: FreightPublication
    crossing: Crossing


def publish(work: Work, shipment: str, carriage: MainCarriage) -> Published:
    """Deposit the dataset of the shipment with this reference, and announce its identifiers to the gate.

    The dataset is put together when it is sent, from what is known then. Raises :class:`NotFound`,
    :class:`NotPermitted` (``not_owner``), :class:`InvalidInput` naming the field, and :class:`Conflict`
    (``publication_waits``) while an earlier one has not been sent.
    """
    found = shipments.by_reference(work, shipment, field="shipment")
    if not work.session.scalar(select(func.acts_for(found.party_id))):
        raise NotPermitted(
            "Only the owner, or an agent under its delegation, publishes a shipment's freight data.",
            field="shipment",
            code="not_owner",
        )
    _check(carriage, found)
    _one_at_a_time(work, found.id)
    crossing = crossings.request(work, Ask(MESSAGE, PURPOSE, found.party_id, found.ucr, found.id))
    publication = FreightPublication(
        id=new_id(),
        party_id=found.party_id,
        shipment_id=found.id,
        crossing_id=crossing.id,
        requester_id=work.actor.party_id,
        mode=carriage.mode,
        dangerous_goods=carriage.dangerous_goods,
        means=carriage.means,
        country=carriage.country,
        equipment_country=carriage.equipment_country,
        created_at=work.now,
    )
    work.session.add(publication)
    work.session.flush()
    return Published(publication, crossing)


def _check(carriage: MainCarriage, shipment: Shipment) -> None:
    if carriage.mode not in MODES:
        raise InvalidInput("No such mode of transport is known.", field="mode", code="unknown_mode")
    if not (0 < len(carriage.means.strip()) <= LONGEST_MEANS and carriage.means.isprintable()):
        raise InvalidInput(
            f"The means of transport has 1 to {LONGEST_MEANS} printable characters.",
            field="meansOfTransport",
            code="length",
        )
    parties.check_country(carriage.country, "registrationCountry")
    if carriage.equipment_country is not None:
        parties.check_country(carriage.equipment_country, "equipmentCountry")
    elif shipment.equipment:
        raise InvalidInput(
            "Say in which country the containers are registered: gates ask for it.",
            field="equipmentCountry",
            code="required",
        )


def _one_at_a_time(work: Work, shipment_id: UUID) -> None:
    """Raise :class:`Conflict` while a publication waits to be sent: a later one must not be overtaken."""
    work.session.execute(select(func.pg_advisory_xact_lock(shipment_id.int & (2**63 - 1))))
    waiting = select(Crossing.id).where(
        Crossing.shipment_id == shipment_id, Crossing.message == MESSAGE, Crossing.state == "REQUESTED"
    )
    if work.session.scalar(waiting.limit(1)) is not None:
        raise Conflict(
            "It is being published already, with what is known when it is sent.",
            field="shipment",
            code="publication_waits",
        )


def messages(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[FreightMessage]]:
    """Return what authorities wrote of each shipment, newest first, for whoever acts for its owner."""
    found: dict[UUID, list[FreightMessage]] = {shipment_id: [] for shipment_id in shipment_ids}
    query = select(FreightMessage).where(FreightMessage.shipment_id.in_(found))
    for message in work.session.scalars(query.order_by(FreightMessage.id.desc())):
        if len(found[message.shipment_id]) < MOST_MESSAGES:
            found[message.shipment_id].append(message)
    return found


def timeline(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, list[TimelineEntry]]:
    """Return the messages as entries of the kind ``FREIGHT``, to merge with those of tracking."""
    return {
        shipment_id: [_entry(message) for message in its_own]
        for shipment_id, its_own in messages(work, shipment_ids).items()
    }


def title(message: str) -> str:
    """Return that an authority wrote ``message``, in one line."""
    line = " ".join(message.split())
    shown = line if len(line) <= LONGEST_TITLE else f"{line[:LONGEST_TITLE]} …"
    return f"An authority on the freight data: {shown}"


def _entry(message: FreightMessage) -> TimelineEntry:
    return TimelineEntry(
        id=message.id,
        at=message.received_at,
        kind="FREIGHT",
        code="FOLLOW_UP",
        classifier="ACT",
        title=title(message.text),
        place=None,
        equipment_reference=None,
        source=GATE,
        source_event_id=str(message.exchange),
        correction=False,
        received_at=message.received_at,
    )


def _dataset(work: Work, crossing: Crossing) -> dict[str, Any]:
    """Return the dataset of the crossing's shipment, under the shipment's id."""
    query = select(FreightPublication).where(FreightPublication.crossing_id == crossing.id)
    publication = work.session.scalar(query)
    if publication is None:
        raise NotFound("The publication is not yours to send any more.", field="shipment")
    shipment = shipments.get(work, publication.shipment_id)
    sides = (shipment.party_id, shipment.forwarder_id, shipment.carrier_id)
    people = parties.get_many(work, {side for side in sides if side is not None})
    owner, forwarder, carrier = (None if side is None else people[side] for side in sides)
    if owner is None:
        raise TypeError("a shipment has an owner")
    carriage = MainCarriage(
        publication.mode,
        publication.dangerous_goods,
        publication.means,
        publication.country,
        publication.equipment_country,
    )
    events = tracking.timeline(work, [shipment.id])[shipment.id]
    consignment = Consignment(shipment, carriage, owner, forwarder, carrier, events)
    return {"datasetId": str(shipment.id), "consignment": freight_dataset.document(consignment)}


def _settled(work: Work, crossing: Crossing) -> None:
    """Leave it: the crossing itself says how far the publication has come."""


def _published_as(work: Work, party: str, body: dict[str, Any]) -> Crossing:
    """Return the newest crossing by which ``party`` published the dataset that a follow-up is about."""
    try:
        shipment_id = UUID(str(body.get("datasetId")))
        requester = parties.by_name(work, party, field="/party")
    except (ValueError, InvalidInput, NotFound):
        raise NotFound("No such dataset is published here.", field="/body/datasetId") from None
    query = select(Crossing).where(
        Crossing.shipment_id == shipment_id,
        Crossing.message == MESSAGE,
        Crossing.requester_id == requester.id,
        Crossing.exchange.is_not(None),
    )
    found = work.session.scalar(query.order_by(Crossing.id.desc()).limit(1))
    if found is None:
        raise NotFound("No such dataset is published here.", field="/body/datasetId")
    return found


def _take_follow_up(work: Work, delivery: Crossing, published: Crossing, body: dict[str, Any]) -> None:
    text = body.get("message")
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_MESSAGE or "\0" in text:
        raise InvalidInput("A message is a text.", field="/body/message", code="not_a_text")
    if delivery.exchange is None or published.shipment_id is None:
        raise TypeError("a follow-up is delivered, and of a shipment")
    work.session.add(
        FreightMessage(
            id=new_id(),
            party_id=published.party_id,
            shipment_id=published.shipment_id,
            exchange=delivery.exchange,
            text=text,
            received_at=work.now,
        )
    )
    work.session.flush()


OUTGOING = MappingProxyType({MESSAGE: Outgoing(_dataset, _settled, send=crossings.publish_dataset)})
INCOMING = MappingProxyType({FOLLOW_UP: Unasked(_published_as, _take_follow_up)})
