"""The file of a cover or claim: its chain of steps, and the words that settled a delay; verified offline."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.insurance import claims, covers, statements, steps
from isthmus_platform.insurance.records import ArrivalReport, InsuranceClaim, InsuranceStep, OpenCover
from isthmus_platform.papers.signing import Desk


def cover(work: Work, desk: Desk, cover_id: UUID) -> bytes:
    """Return the file of a cover that the actor gave or holds, or raise :class:`NotFound`."""
    return _file(work, desk, "COVER", covers.get(work, cover_id))


def claim(work: Work, desk: Desk, claim_id: UUID) -> bytes:
    """Return the file of a claim that the actor made or was made to, or raise :class:`NotFound`."""
    return _file(work, desk, "CLAIM", claims.get(work, claim_id))


def _file(work: Work, desk: Desk, kind: Literal["COVER", "CLAIM"], row: OpenCover | InsuranceClaim) -> bytes:
    found = steps.of(work, [row.id])[row.id]
    words = _words(work, found)
    names = parties.get_many(work, (row.insurer_id, row.insured_id))
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


def _words(work: Work, found: list[InsuranceStep]) -> list[ArrivalReport]:
    """Return the sources' words that the steps name, in their order."""
    wanted = [UUID(step.about["report"]) for step in found if step.code == "REPORT"]
    rows = work.session.scalars(select(ArrivalReport).where(ArrivalReport.id.in_(wanted)))
    by_id = {row.id: row for row in rows}
    return [by_id[each] for each in wanted]
