"""Asking for a screening, in the transaction that names somebody or something; the worker does it.

This imports no service, so that every service can ask.
"""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text

from isthmus_platform import bulk, outbox
from isthmus_platform.database import Work

TOPIC = "screening"


class Thing(StrEnum):
    """What is screened: a party of the platform, a shipment, or a document that was issued as data."""

    MEMBER = "MEMBER"
    SHIPMENT = "SHIPMENT"
    DOCUMENT = "DOCUMENT"


def ask(work: Work, kind: Thing, thing_id: UUID, owner_id: UUID) -> None:
    """Have a thing of the party ``owner_id`` screened after this transaction; asking again does no harm."""
    outbox.emit(work, TOPIC, {"kind": kind.value, "thing": str(thing_id)}, party_id=owner_id)


def ask_for_new_vessels(work: Work, named: Collection[tuple[UUID, UUID, str]]) -> None:
    """Ask for the shipments of which an event names a vessel for the first time, before it is kept.

    ``named`` holds shipment, its owner, and the event's conveyance.
    """
    if not named:
        return
    shipments, owners, conveyances = zip(*sorted(named), strict=True)
    given = {
        "shipments": bulk.literal(shipments),
        "owners": bulk.literal(owners),
        "conveyances": bulk.literal(conveyances),
    }
    for shipment_id, owner_id in work.session.execute(UNSEEN, given):
        ask(work, Thing.SHIPMENT, shipment_id, owner_id)


UNSEEN = text(
    """
    SELECT DISTINCT given.shipment, given.owner
    FROM unnest(CAST(:shipments AS uuid[]), CAST(:owners AS uuid[]), CAST(:conveyances AS text[]))
        AS given (shipment, owner, conveyance)
    WHERE NOT EXISTS (SELECT FROM tracking_event
        WHERE tracking_event.shipment_id = given.shipment AND tracking_event.conveyance = given.conveyance)
    ORDER BY given.shipment
    """
)
