"""Presentations by the consignment that their documents name, as the parties to a credit see them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from isthmus_platform.credit.findings import Finding
from isthmus_platform.credit.presenting import documents_of, findings_of, presentation_of
from isthmus_platform.credit.records import Credit, CreditPresentation
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault

MOST = 100
"""Presentations that are looked into, the newest that the actor sees."""


@dataclass(frozen=True)
class PresentedFor:
    """A presentation with its credit, and what its examination found."""

    credit: Credit
    presentation: CreditPresentation
    findings: tuple[Finding, ...]


def presented_for(work: Work, vault: Vault, ucrs: Collection[str]) -> dict[str, list[PresentedFor]]:
    """Return by UCR the presentations of which a document names it, newest first.

    Row-level security says whose: who is no party to a credit sees none of it.
    """
    found: dict[str, list[PresentedFor]] = {ucr: [] for ucr in ucrs}
    rows = work.session.execute(
        select(Credit, CreditPresentation)
        .join(Credit, Credit.id == CreditPresentation.credit_id)
        .order_by(CreditPresentation.id.desc())
        .limit(MOST)
    )
    for credit, presentation in rows:
        for ucr in ucrs_of(vault, presentation) & found.keys():
            findings = tuple(findings_of(vault, presentation))
            found[ucr].append(PresentedFor(credit, presentation, findings))
    return found


def presented_with(work: Work, vault: Vault, party_id: UUID) -> list[PresentedFor]:
    """Return the newest presentations under credits to which actor and party both are parties."""
    near = or_(
        *(of == party_id for of in (Credit.party_id, Credit.beneficiary_id, Credit.issuing_id)),
        Credit.advising_id == party_id,
    )
    rows = work.session.execute(
        select(Credit, CreditPresentation)
        .join(Credit, Credit.id == CreditPresentation.credit_id)
        .where(near)
        .order_by(CreditPresentation.id.desc())
        .limit(MOST)
    )
    return [PresentedFor(credit, row, tuple(findings_of(vault, row))) for credit, row in rows]


def ucrs_of(vault: Vault, presentation: CreditPresentation) -> set[str]:
    """Return the UCRs that the documents of a presentation name, and its beneficiary beside them."""
    named = (presentation.ucr, *(one.paper.ucr for one in documents_of(vault, presentation)))
    return {ucr for ucr in named if ucr is not None}


def parties_to(work: Work, presentation_id: UUID) -> set[UUID]:
    """Return the parties to the credit of a presentation that the actor sees; raise :class:`NoSuchCredit`."""
    credit = work.session.get_one(Credit, presentation_of(work, presentation_id).credit_id)
    return {credit.party_id, credit.beneficiary_id, credit.issuing_id, credit.advising_id}
