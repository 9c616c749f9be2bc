"""Which consignments documents were presented for, and which banks are behind them.

A presentation is of the consignments that its documents name: by UCR those of the beneficiary and of the
applicant, by the number of a transport document those of the beneficiary. Of anybody else's it is not, so
that nobody can put a bank before the cargo of a stranger.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from isthmus_platform import access_log
from isthmus_platform.consignments import Shipment
from isthmus_platform.credit.case import Presented
from isthmus_platform.credit.machine import Action, PresentationState
from isthmus_platform.credit.records import (
    DUTY,
    Credit,
    CreditEntry,
    CreditPresentation,
    PresentedShipment,
)
from isthmus_platform.database import Work, on_duty
from isthmus_platform.lenders import Lender, Lending
from isthmus_platform.papers.kinds import TransportDocument

UNPAID = frozenset({PresentationState.ACCEPTED, PresentationState.PAID})
"""A nominated bank honoured, and the issuing bank has not reimbursed it."""


def bind(work: Work, credit: Credit, presentation_id: UUID, documents: Iterable[Presented]) -> None:
    """Note of which consignments the documents are that the acting beneficiary presents."""
    papers = [one.paper for one in documents]
    ucrs = {paper.ucr for paper in papers if paper.ucr is not None}
    bills = {paper.number for paper in papers if isinstance(paper, TransportDocument)}
    found = set(
        work.session.scalars(
            select(Shipment.id).where(
                or_(Shipment.ucr.in_(ucrs), Shipment.bill_of_lading.in_(bills)),
                func.acts_for(Shipment.party_id),
            )
        )
    )
    with on_duty(work, "refusal"):
        found.update(
            each.shipment_id
            for ucr in sorted(ucrs)
            for each in access_log.custodians_of_ucr(work, ucr)
            if each.party_id == credit.party_id
        )
    work.session.add_all(
        PresentedShipment(presentation_id=presentation_id, shipment_id=one) for one in sorted(found)
    )
    work.session.flush()


def lenders(work: Work, shipment_ids: Collection[UUID]) -> list[Lender]:
    """Return the banks that stand behind documents of these shipments, whoever sees that.

    The issuing bank from the presentation on, unless it returned the documents: what its applicant pays back
    is told to nobody here, so it alone can say that it needs the goods no more. A nominated bank from when it
    honoured until it is reimbursed.
    """
    query = (
        select(CreditPresentation, PresentedShipment.shipment_id, Credit)
        .join(PresentedShipment, PresentedShipment.presentation_id == CreditPresentation.id)
        .join(Credit, Credit.id == CreditPresentation.credit_id)
        .where(
            PresentedShipment.shipment_id.in_(shipment_ids),
            CreditPresentation.state != PresentationState.RETURNED.value,
        )
        .order_by(CreditPresentation.id)
    )
    with on_duty(work, DUTY):
        rows = work.session.execute(query).all()
        honoured = _honoured(work, [row.id for row, _, _ in rows])
    found: list[Lender] = []
    for row, shipment_id, credit in rows:
        parts = (credit.party_id, credit.issuing_id, credit.advising_id, credit.beneficiary_id)
        banks = {credit.issuing_id: row.presented_at}
        if row.state in UNPAID and row.id in honoured:
            bank_id, at = honoured[row.id]
            banks.setdefault(bank_id, at)
        found.extend(
            Lender(
                lent_id=row.id,
                shipment_id=shipment_id,
                bank_id=bank_id,
                lending=Lending.DOCUMENTARY_CREDIT,
                since=since,
                told=work.actor.party_id in parts,
            )
            for bank_id, since in banks.items()
        )
    return found


def _honoured(work: Work, presentation_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, datetime]]:
    """Return which bank first accepted or paid each presentation, and when."""
    query = (
        select(CreditEntry.presentation_id, CreditEntry.actor_id, CreditEntry.at)
        .where(
            CreditEntry.presentation_id.in_(presentation_ids),
            CreditEntry.action.in_([Action.ACCEPT.value, Action.PAY.value]),
        )
        .order_by(CreditEntry.sequence)
    )
    found: dict[UUID, tuple[UUID, datetime]] = {}
    for presentation_id, bank_id, at in work.session.execute(query):
        if presentation_id is not None and bank_id is not None:
            found.setdefault(presentation_id, (bank_id, at))
    return found
