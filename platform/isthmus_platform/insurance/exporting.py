"""The file of a cover or claim: its chain of steps, and the words that settled a delay; verified offline."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.insurance import claims, covers, statements, steps
from isthmus_platform.insurance.records import ArrivalReport, InsuranceClaim, InsuranceStep, OpenCover
from isthmus_platform.papers.signing import Desk
from isthmus_platform.parties import Party

Kind = Literal["COVER", "CLAIM"]


def cover(work: Work, desk: Desk, cover_id: UUID) -> bytes:
    """Return the file of a cover that the actor gave or holds, or raise :class:`NotFound`."""
    return _files(work, desk, "COVER", [covers.get(work, cover_id)])[cover_id]


def claim(work: Work, desk: Desk, claim_id: UUID) -> bytes:
    """Return the file of a claim that the actor made or was made to, or raise :class:`NotFound`."""
    return _files(work, desk, "CLAIM", [claims.get(work, claim_id)])[claim_id]


def of_covers(work: Work, desk: Desk, cover_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Return the file of each of these covers that the actor gave or holds, by id."""
    return _files(work, desk, "COVER", covers.get_many(work, OpenCover, cover_ids).values())


def of_claims(work: Work, desk: Desk, claim_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Return the file of each of these claims that the actor made or was made to, by id."""
    return _files(work, desk, "CLAIM", covers.get_many(work, InsuranceClaim, claim_ids).values())


def _files(
    work: Work, desk: Desk, kind: Kind, rows: Collection[OpenCover | InsuranceClaim]
) -> dict[UUID, bytes]:
    done = steps.of(work, [row.id for row in rows])
    words = _words(work, [step for found in done.values() for step in found])
    names = parties.get_many(work, {one for row in rows for one in (row.insurer_id, row.insured_id)})
    return {row.id: _file(work, desk, kind, row, done[row.id], words, names) for row in rows}


def _file(
    work: Work,
    desk: Desk,
    kind: Kind,
    row: OpenCover | InsuranceClaim,
    found: list[InsuranceStep],
    told: Mapping[UUID, ArrivalReport],
    names: Mapping[UUID, Party],
) -> bytes:
    words = [told[each] for each in _reports(found)]
    between = statements.Between(
        kind,
        row.id,
        (row.insurer_id, names[row.insurer_id].name),
        (row.insured_id, names[row.insured_id].name),
    )
    owners = {(step.x, step.actor_id) for step in found if step.x is not None and step.actor_id is not None}
    owners |= {(word.x, word.source_id) for word in words}
    return statements.export(
        desk.platform_key,
        between,
        [step.token or _noted(step) for step in found],
        [word.token for word in words],
        owners,
        found[-1].digest,
        max(work.now, found[-1].at),
    )


def _noted(step: InsuranceStep) -> dict[str, object]:
    return steps.payload(step.subject_id, step.sequence, step.previous, None, step.code, step.about, step.at)


def _reports(found: Iterable[InsuranceStep]) -> list[UUID]:
    """Return the ids of the sources' words that the steps name, in their order."""
    return [UUID(step.about["report"]) for step in found if step.code == "REPORT"]


def _words(work: Work, found: Iterable[InsuranceStep]) -> dict[UUID, ArrivalReport]:
    rows = work.session.scalars(select(ArrivalReport).where(ArrivalReport.id.in_(_reports(found))))
    return {row.id: row for row in rows}
