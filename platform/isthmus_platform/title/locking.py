"""The lock of a title: whoever is to change it, or what blocks it, waits here for whoever came first."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.database import Work, on_duty
from isthmus_platform.title.errors import NoSuchTitle
from isthmus_platform.title.records import REGISTER, TitleParty, TitleRecord


def locked(work: Work, title_id: UUID) -> TitleRecord:
    """Return a title that the actor sees, locked and as it stands; raise :class:`NoSuchTitle`."""
    if work.session.scalar(select(TitleRecord.id).where(TitleRecord.id == title_id)) is None:
        raise NoSuchTitle("There is no such title.", field="title")
    return row(work, title_id)


def row(work: Work, title_id: UUID) -> TitleRecord:
    """Return the title locked, whether the actor sees it or not.

    Whoever waited for another's step must see what came of it, and not a row that is no longer its own.
    """
    with on_duty(work, REGISTER):
        return work.session.scalars(
            select(TitleRecord)
            .where(TitleRecord.id == title_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()


def let_see(work: Work, title_id: UUID, party_ids: Collection[UUID]) -> None:
    """Note that these parties may see the title from now on."""
    rows = [{"title_id": title_id, "party_id": one, "since": work.now} for one in sorted(set(party_ids))]
    with on_duty(work, REGISTER):
        work.session.execute(insert(TitleParty).values(rows).on_conflict_do_nothing())
