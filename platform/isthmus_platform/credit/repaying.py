"""What the applicant owes the bank that issued its credit, once that bank paid or reimbursed, and its end.

That is between these two: it is no part of the credit (UCP 600 article 4 a), whose other parties learn
nothing of it, and the credit is closed whether it is repaid or not. The platform moves no money: the bank,
to which it is owed, says when it has it back, the whole at once; part payments are in the bank's own books.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import domain_events
from isthmus_platform.credit import telling
from isthmus_platform.credit.machine import Action
from isthmus_platform.credit.records import Credit, CreditDebt, CreditPresentation
from isthmus_platform.credit.register import check
from isthmus_platform.database import Work


def owe(work: Work, credit: Credit, row: CreditPresentation) -> None:
    """Note that the applicant owes the acting issuing bank what it paid or reimbursed for ``row``."""
    work.session.add(
        CreditDebt(
            presentation_id=row.id,
            party_id=credit.party_id,
            bank_id=credit.issuing_id,
            currency=credit.currency,
            amount_minor=row.drawn_minor,
            owed_at=work.now,
        )
    )
    work.session.flush()


def repay(work: Work, credit: Credit, row: CreditPresentation) -> None:
    """Note, as the issuing bank of the locked ``credit``, that its applicant paid it all back.

    Raises :class:`WrongPart` and :class:`WrongState`: before the bank paid, and a second time.
    """
    debt = debts(work, [row.id]).get(row.id)
    check(work, credit, Action.REPAY, None if debt is None else debt.state, "presentation")
    if debt is not None:
        debt.repaid_at = work.now
        work.session.flush()
        telling.tell_repaid(work, credit, row)
        about = {"presentation": str(row.id), "credit": str(credit.id)}
        domain_events.announce(work, "presentation.repaid", about=about)


def debts(work: Work, presentation_ids: Collection[UUID]) -> dict[UUID, CreditDebt]:
    """Return what is owed, or was, for each of these presentations, as far as the actor is told."""
    query = (
        select(CreditDebt)
        .where(CreditDebt.presentation_id.in_(presentation_ids))
        .execution_options(populate_existing=True)
    )
    return {debt.presentation_id: debt for debt in work.session.scalars(query)}
