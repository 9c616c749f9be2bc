"""Reading credits: pages, histories, presentations and the messages that say them."""

from collections.abc import Collection
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.credit import messages, notices, presenting
from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.records import Credit, CreditAmendment, CreditEntry, CreditPresentation
from isthmus_platform.credit.register import terms_of
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault
from isthmus_platform.papers import plain

Row = TypeVar("Row", CreditAmendment, CreditEntry, CreditPresentation)


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> list[Credit]:
    """Return credits that the actor sees, newest first, those before ``after``."""
    query = select(Credit).order_by(Credit.id.desc()).limit(first)
    return list(work.session.scalars(query if after is None else query.where(Credit.id < after)))


def entries(work: Work, credit_ids: Collection[UUID]) -> dict[UUID, list[CreditEntry]]:
    """Return the history of each credit, in its order."""
    return _by_credit(work, CreditEntry, CreditEntry.sequence, credit_ids)


def amendments(work: Work, credit_ids: Collection[UUID]) -> dict[UUID, list[CreditAmendment]]:
    """Return the amendments of each credit, in their order."""
    return _by_credit(work, CreditAmendment, CreditAmendment.number, credit_ids)


def presentations(work: Work, credit_ids: Collection[UUID]) -> dict[UUID, list[CreditPresentation]]:
    """Return the presentations under each credit, in their order."""
    return _by_credit(work, CreditPresentation, CreditPresentation.number, credit_ids)


def _by_credit(
    work: Work, kind: type[Row], order: Any, credit_ids: Collection[UUID]
) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in work.session.scalars(select(kind).where(kind.credit_id.in_(credit_ids)).order_by(order)):
        found.setdefault(row.credit_id, []).append(row)
    return found


def mt700(credit: Credit) -> str | None:
    """Return the text of the issue with the terms as they stand; None before it."""
    if credit.issued_at is None:
        return None
    return messages.write_700(messages.Issue(terms_of(credit), credit.issued_at.date()))


def mt707(credit: Credit, amendment: CreditAmendment) -> str:
    """Return the text of an amendment."""
    said = notices.Amendment(
        credit.reference,
        (credit.issued_at or credit.applied_at).date(),
        amendment.number,
        amendment.proposed_at.date(),
        credit.currency,
        plain.from_json(Changes, amendment.changes),
    )
    return notices.write_707(said)


def mt734(vault: Vault, credit: Credit, row: CreditPresentation) -> str | None:
    """Return the text of the notice of refusal; None where there is none to give (UCP 600 article 16 c)."""
    if row.disposal is None:
        return None
    said = notices.Refusal(
        credit.reference,
        row.reference,
        row.presented_on,
        row.claimed_minor,
        credit.currency,
        tuple(notices.in_x(one.sentence) for one in presenting.findings_of(vault, row)),
        row.disposal,
    )
    return notices.write_734(said)
