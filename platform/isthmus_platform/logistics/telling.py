"""Telling the webhooks of those whom a step of logistics concerns, each by a row of its own."""

from collections.abc import Iterable
from uuid import UUID

from isthmus_platform import changes
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work


def tell(work: Work, kind: Kind, thing_id: UUID, about: dict[str, str], parties: Iterable[UUID]) -> None:
    """Tell each of ``parties`` of ``kind``, once: nobody reads in its row who else is told.

    ``about`` holds ids and codes of that moment.
    """
    for party_id in dict.fromkeys(parties):
        changes.note(work, kind, party_id, about, logistics_id=thing_id)
