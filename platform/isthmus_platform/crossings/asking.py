"""Asking the bridge to let something cross: recorded with the change, sent after it is committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from isthmus_platform import outbox, parties
from isthmus_platform.crossings.records import Crossing
from isthmus_platform.database import Work, new_id
from isthmus_platform.grants import AccessGrant
from isthmus_protocol.agreements import Direction
from isthmus_protocol.messages import Consent

TOPIC = "crossing"


@dataclass(frozen=True)
class Ask:
    """What shall cross to the window for the acting party: ``message`` about ``subject`` (a UCR).

    ``owner_id`` is the party whose data it is. ``additional_fields`` are asked for beyond what the agreement
    lists, which the bridge will refuse and log. ``asks`` are questions of yes or no, as
    :func:`isthmus_platform.crossings.asked.read` returns them.
    """

    message: str
    purpose: str
    owner_id: UUID
    subject: str
    shipment_id: UUID | None = None
    consents: Sequence[AccessGrant] = ()
    additional_fields: Sequence[str] = ()
    asks: Sequence[dict[str, Any]] = ()


def request(work: Work, ask: Ask) -> Crossing:
    """Record a crossing and that it is to be sent; the bridge decides later, see :class:`Crossing`.

    What is sent is fixed by the outbox's handler, since the agreement that says which fields may cross is
    the bridge's to tell and no network call is made inside a transaction.
    """
    names = parties.get_many(work, {work.actor.party_id, *(grant.party_id for grant in ask.consents)})
    crossing = Crossing(
        id=new_id(),
        party_id=ask.owner_id,
        requester_id=work.actor.party_id,
        shipment_id=ask.shipment_id,
        subject=ask.subject,
        direction=Direction.TO_WINDOW.value,
        message=ask.message,
        purpose=ask.purpose,
        consents=[
            Consent(
                names[grant.party_id].name,
                names[grant.reader_id].name,
                grant.purpose,
                grant.valid_until,
                str(grant.id),
            ).to_json()
            for grant in ask.consents
        ],
        additional_fields=sorted(set(ask.additional_fields)),
        asked=list(ask.asks) or None,
        fields=[],
        state="REQUESTED",
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(crossing)
    work.session.flush()
    outbox.emit(work, TOPIC, {"crossing": str(crossing.id)})
    return crossing
