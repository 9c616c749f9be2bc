"""Which banks paid for the invoices of a consignment and wait for their money."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.database import Work, on_duty
from isthmus_platform.lenders import Lender, Lending
from isthmus_platform.receivables.machine import PAID_OUT, Action, State
from isthmus_platform.receivables.records import DUTY, Receivable, ReceivableEntry, ReceivableOffer

LENT = PAID_OUT - {State.REPAID}
"""The bank paid, or is about to, and does not have all of its money back."""


def lenders(work: Work, shipment_ids: Collection[UUID]) -> list[Lender]:
    """Return the banks that paid for invoices of these shipments, since each said so, whoever sees that."""
    query = (
        select(ReceivableOffer, Receivable.shipment_id, ReceivableEntry.at)
        .join(Receivable, Receivable.id == ReceivableOffer.receivable_id)
        .join(ReceivableEntry, ReceivableEntry.offer_id == ReceivableOffer.id)
        .where(
            Receivable.shipment_id.in_(shipment_ids),
            ReceivableOffer.state.in_([state.value for state in LENT]),
            ReceivableEntry.action == Action.DISBURSE.value,
        )
        .order_by(ReceivableOffer.id)
    )
    with on_duty(work, DUTY):
        found = work.session.execute(query).all()
    return [
        Lender(
            lent_id=offer.id,
            shipment_id=shipment_id,
            bank_id=offer.bank_id,
            lending=Lending.RECEIVABLE,
            since=since,
            told=work.actor.party_id in (offer.party_id, offer.bank_id),
        )
        for offer, shipment_id, since in found
    ]
