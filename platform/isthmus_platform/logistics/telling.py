"""Telling the webhooks of those whom a step of logistics concerns, each by a row of its own."""

from collections.abc import Iterable
from uuid import UUID

from isthmus_platform import changes
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work
from isthmus_platform.logistics.records import CargoRelease


def tell(
    work: Work,
    kind: Kind,
    thing_id: UUID,
    about: dict[str, str],
    parties: Iterable[UUID],
    *,
    owner: UUID | None = None,
) -> None:
    """Tell each of ``parties`` of ``kind``, once: nobody reads in its row who else is told.

    The row of ``owner``, whose shipment it is about, is for its agents too, but for those who have their own.
    ``about`` holds ids and codes of that moment.
    """
    others = [one for one in dict.fromkeys(parties) if one != owner]
    if owner is not None:
        changes.note(work, kind, owner, about, concerned=others, private=True, logistics_id=thing_id)
    changes.note_each(work, kind, others, about, logistics_id=thing_id)


def of_release(work: Work, kind: Kind, release: CargoRelease, **things: UUID) -> None:
    """Tell all parties of a release where it stands after a step; ``things`` are what the step was about."""
    about = {"release": str(release.id), "state": release.state}
    about |= {name: str(key) for name, key in things.items()}
    tell(work, kind, release.id, about, sides(release), owner=release.party_id)


def sides(release: CargoRelease) -> list[UUID]:
    """Return the parties of a release beside the owner of its shipment."""
    terminal = [] if release.terminal_id is None else [release.terminal_id]
    return [release.carrier_id, release.consignee_id, *terminal]
