"""Which consignments documents were presented for, and which banks are behind them.

A presentation is of the consignments that its documents name, or the beneficiary beside them: by UCR those
of the beneficiary and of the applicant, by the number of a transport document those of the beneficiary. Of
anybody else's it is not, so that nobody can put a bank before the cargo of a stranger.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
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
    CreditDebt,
    CreditEntry,
    CreditPresentation,
    PresentedShipment,
)
from isthmus_platform.database import Work, on_duty
from isthmus_platform.errors import InvalidInput
from isthmus_platform.lenders import Lender, Lending
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import check_text

UNPAID = frozenset({PresentationState.ACCEPTED, PresentationState.PAID})
"""A nominated bank honoured, and the issuing bank has not reimbursed it."""


@dataclass(frozen=True)
class Named:
    """What a presentation says of its consignments: UCRs, and numbers of transport documents."""

    ucrs: frozenset[str]
    bills: frozenset[str]


def named(documents: Iterable[Presented], ucr: str | None) -> Named:
    """Return what documents say, and their beneficiary by ``ucr``, of their consignments.

    Raises :class:`InvalidInput` with ``consignment_unnamed`` where they say nothing: no bank would be asked
    before the cargo goes.
    """
    check_text(ucr, "ucr", 35)
    papers = [one.paper for one in documents]
    ucrs = frozenset(said for said in (ucr, *(paper.ucr for paper in papers)) if said is not None)
    bills = frozenset(paper.number for paper in papers if isinstance(paper, TransportDocument))
    if not ucrs and not bills:
        raise InvalidInput("Name the consignment: no document does.", field="ucr", code="consignment_unnamed")
    return Named(ucrs, bills)


def bind(work: Work, credit: Credit, presentation_id: UUID, said: Named) -> None:
    """Note of which consignments the documents are that the acting beneficiary presents."""
    found = set(
        work.session.scalars(
            select(Shipment.id).where(
                or_(Shipment.ucr.in_(said.ucrs), Shipment.bill_of_lading.in_(said.bills)),
                func.acts_for(Shipment.party_id),
            )
        )
    )
    with on_duty(work, "refusal"):
        found.update(
            each.shipment_id
            for ucr in sorted(said.ucrs)
            for each in access_log.custodians_of_ucr(work, ucr)
            if each.party_id == credit.party_id
        )
    work.session.add_all(
        PresentedShipment(presentation_id=presentation_id, shipment_id=one) for one in sorted(found)
    )
    work.session.flush()


def lenders(work: Work, shipment_ids: Collection[UUID]) -> list[Lender]:
    """Return the banks that stand behind documents of these shipments, whoever sees that.

    The issuing bank from the presentation on, unless it returned the documents, until it notes that its
    applicant paid it back. A nominated bank from when it honoured until it is reimbursed.
    """
    query = (
        select(CreditPresentation, PresentedShipment.shipment_id, Credit)
        .outerjoin(CreditDebt, CreditDebt.presentation_id == CreditPresentation.id)
        .join(PresentedShipment, PresentedShipment.presentation_id == CreditPresentation.id)
        .join(Credit, Credit.id == CreditPresentation.credit_id)
        .where(
            PresentedShipment.shipment_id.in_(shipment_ids),
            CreditPresentation.state != PresentationState.RETURNED.value,
            CreditDebt.repaid_at.is_(None),
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
