"""Domain events: what a service did, for those who meter or react to it. The service does not know them."""

from typing import Any
from uuid import UUID

from isthmus_platform import outbox
from isthmus_platform.database import Work

TOPIC = "domain-event"


def announce(
    work: Work, name: str, *, quantity: int = 1, party_id: UUID | None = None, about: dict[str, Any]
) -> None:
    """Record that ``name`` (``document.read``) happened ``quantity`` times, in the transaction that did it.

    ``party_id`` is the party that used the service, the actor's own by default. ``about`` holds ids and codes
    that lead back to the thing, never contents.
    """
    payload = {"name": name, "quantity": quantity, "at": work.now.isoformat(), "about": about}
    outbox.emit(work, TOPIC, payload, party_id=party_id)
