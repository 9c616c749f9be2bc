"""One offer of an invoice's document at a time: a second would show the register another invoice.

The marks by which banks find what is financed are made of what the seller says of its invoice, and an
identifier that is written otherwise makes other marks. What cannot be written otherwise is the file: the
document, and another of the seller's with the same contents in any version.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from isthmus_platform.database import Work
from isthmus_platform.documents import Document, DocumentVersion
from isthmus_platform.receivables.errors import AlreadyOffered, AlreadyPaidOut
from isthmus_platform.receivables.machine import ENDED_UNPAID, PAID_OUT
from isthmus_platform.receivables.records import Receivable, ReceivableOffer


def check_once(work: Work, document: Document) -> None:
    """Refuse a document whose contents the acting seller offers now, or was ever paid for.

    Offers of one seller are made one after another until the work ends, so that of two at once the second
    sees the first. Nothing that ended begins again: who is let here stays alone.

    Raises :class:`AlreadyOffered` and :class:`AlreadyPaidOut` (field ``document``).
    """
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"receivables of {document.party_id}", 0))
    work.session.execute(select(lock))
    states = set(
        work.session.scalars(
            select(ReceivableOffer.state)
            .join(Receivable, Receivable.id == ReceivableOffer.receivable_id)
            .where(
                Receivable.party_id == document.party_id,
                Receivable.document_id.in_({document.id, *_same(work, document)}),
                ReceivableOffer.state.not_in([state.value for state in ENDED_UNPAID]),
            )
        )
    )
    if states & PAID_OUT:
        raise AlreadyPaidOut("A bank has paid out on this invoice.", field="document")
    if states:
        raise AlreadyOffered("You offer this invoice already; withdraw that first.", field="document")


def _same(work: Work, document: Document) -> set[UUID]:
    """Return the documents of the same party that have, or had, contents of ``document``."""
    mine, other = aliased(DocumentVersion), aliased(DocumentVersion)
    query = (
        select(other.document_id)
        .join(mine, mine.sha256 == other.sha256)
        .where(mine.document_id == document.id, other.party_id == document.party_id)
    )
    return set(work.session.scalars(query))
