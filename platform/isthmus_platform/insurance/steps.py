"""The chain of a cover or claim: each step names the digest of the one before and is signed by its actor."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import changes
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, on_duty
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.insurance import statements
from isthmus_platform.insurance.records import DUTY, InsuranceStep
from isthmus_platform.insurance.states import INSURED, INSURER
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk

LARGEST = 10**15
"""Minor units: beyond what any cargo is worth, and within a Long of GraphQL."""


class Contract(Protocol):
    """What is between an insurer and an insured."""

    @property
    def id(self) -> Any:
        """Its id."""

    @property
    def insurer_id(self) -> Any:
        """The insurer."""

    @property
    def insured_id(self) -> Any:
        """The insured."""


def who(work: Work, contract: Contract) -> str:
    """Return what the acting party is to a contract; raise :class:`NotFound` where it is nothing."""
    if work.actor.party_id == contract.insurer_id:
        return INSURER
    if work.actor.party_id == contract.insured_id:
        return INSURED
    raise NotFound("There is no such thing.")


def check_amount(value: int, field: str, *, least: int = 1, most: int = LARGEST) -> int:
    """Return ``value``; raise :class:`InvalidInput` (``amount``) outside ``least`` to ``most``."""
    if isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput(
            f"An amount here is {least:,} to {most:,} minor units.", field=field, code="amount"
        )
    return value


def check_days(value: int, field: str, *, least: int = 0, most: int = 366) -> int:
    """Return ``value``; raise :class:`InvalidInput` (``days``) outside ``least`` to ``most``."""
    if isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput(f"Days here are {least} to {most}.", field=field, code="days")
    return value


def add(work: Work, desk: Desk | None, contract: Contract, code: str, about: dict[str, Any]) -> InsuranceStep:
    """Append a step of the acting party's, signed by it; without ``desk`` one of the platform's own.

    The caller holds the lock of the subject.
    """
    with on_duty(work, DUTY):
        last = work.session.execute(
            select(InsuranceStep.sequence, InsuranceStep.digest)
            .where(InsuranceStep.subject_id == contract.id)
            .order_by(InsuranceStep.sequence.desc())
            .limit(1)
        ).one_or_none()
    sequence, previous = (1, None) if last is None else (last.sequence + 1, last.digest)
    actor = None if desk is None else work.actor.party_id
    given = payload(contract.id, sequence, previous, actor, code, about, work.now)
    seed = None if desk is None else issuing.signing_seed(work, desk.vault)[0]
    signed = statements.sign(seed, given, statements.STEP_TYPE)
    step = InsuranceStep(
        subject_id=contract.id,
        sequence=sequence,
        insurer_id=contract.insurer_id,
        insured_id=contract.insured_id,
        actor_id=actor,
        code=code,
        about=about,
        at=work.now,
        previous=previous,
        digest=signed.digest,
        token=signed.token,
        kid=signed.kid,
        x=signed.x,
    )
    with on_duty(work, DUTY):
        work.session.add(step)
        work.session.flush()
    return step


def payload(
    subject: UUID,
    sequence: int,
    previous: str | None,
    actor: UUID | None,
    code: str,
    about: dict[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """Return what a step's digest and signature are of."""
    said: dict[str, Any] = {
        "subject": str(subject),
        "sequence": sequence,
        "code": code,
        "about": about,
        "at": at.isoformat(),
    }
    if previous is not None:
        said["previous"] = previous
    if actor is not None:
        said["actor"] = str(actor)
    return said


def of(work: Work, subject_ids: Collection[UUID]) -> dict[UUID, list[InsuranceStep]]:
    """Return the steps of each subject that the actor sees, in order."""
    found: dict[UUID, list[InsuranceStep]] = {each: [] for each in subject_ids}
    rows = select(InsuranceStep).where(InsuranceStep.subject_id.in_(found)).order_by(InsuranceStep.sequence)
    for row in work.session.scalars(rows):
        found[row.subject_id].append(row)
    return found


def intact(steps: Collection[InsuranceStep]) -> bool:
    """Return whether a chain holds: numbered, each naming the one before, digests and signatures good."""
    previous = None
    for number, step in enumerate(steps, start=1):
        given = payload(
            step.subject_id, step.sequence, step.previous, step.actor_id, step.code, step.about, step.at
        )
        signed = statements.Signed(step.digest, step.token, step.kid, step.x)
        in_place = step.sequence == number and step.previous == previous
        if not (in_place and statements.holds(given, signed, statements.STEP_TYPE)):
            return False
        if (step.actor_id is None) != (step.token is None):
            return False
        previous = step.digest
    return True


def tell(work: Work, contract: Contract, kind: Kind, about: dict[str, Any]) -> None:
    """Tell both parties' webhooks; ``about`` holds ids and codes."""
    changes.note(
        work, kind, contract.insured_id, about, concerned=[contract.insurer_id], insurance_id=contract.id
    )


def lock(work: Work, table: Any, key: UUID, field: str) -> Any:
    """Return the row with this id, locked and as it stands, if the actor is party to it.

    Raises :class:`NotFound` naming ``field``.
    """
    query = select(table).where(table.id == key).with_for_update()
    found = work.session.scalar(query.execution_options(populate_existing=True))
    if found is None or work.actor.party_id not in (found.insurer_id, found.insured_id):
        raise NotFound("There is no such thing of yours.", field=field)
    return found
