"""What of the declared value of a consignment no bank finances, or paid for under a credit."""

from collections import Counter
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform.consignments import GoodsItem
from isthmus_platform.credit.drawn import Drawing, drawings
from isthmus_platform.database import Work, on_duty
from isthmus_platform.encryption import Vault
from isthmus_platform.receivables.machine import FINANCED
from isthmus_platform.receivables.offering import invoice_of
from isthmus_platform.receivables.records import DUTY, Receivable, ReceivableOffer


def left(work: Work, vault: Vault, shipment_id: UUID) -> dict[str, int]:
    """Return minor units by currency, below zero where banks are in for more; nothing where none is declared.

    An invoice that a bank finances and that is drawn for under a credit too counts once, for the greater.
    """
    values = (
        select(GoodsItem.currency, func.sum(GoodsItem.value_minor))
        .where(GoodsItem.shipment_id == shipment_id)
        .group_by(GoodsItem.currency)
    )
    financed = (
        select(Receivable)
        .join(ReceivableOffer, Receivable.id == ReceivableOffer.receivable_id)
        .where(
            Receivable.shipment_id == shipment_id,
            ReceivableOffer.state.in_([state.value for state in FINANCED]),
        )
    )
    with on_duty(work, DUTY):
        declared = {currency: int(value) for currency, value in work.session.execute(values)}
        if not declared:
            return {}
        receivables = work.session.scalars(financed).all()
    taken = _taken(vault, list(receivables), drawings(work, vault, shipment_id))
    return {currency: declared.get(currency, 0) - taken[currency] for currency in sorted({*declared, *taken})}


def _taken(vault: Vault, receivables: list[Receivable], drawn: list[Drawing]) -> Counter[str]:
    """Return what banks are in for: each drawing, with it the invoices that it is for, and the others."""
    taken: Counter[str] = Counter()
    numbers = {row.id: invoice_of(vault, row).number for row in receivables} if drawn else {}
    rest = receivables
    for one in drawn:
        paid = [row for row in rest if one.is_for(row.party_id, row.currency, numbers[row.id])]
        taken[one.currency] += max(one.drawn_minor, sum(row.amount_minor for row in paid))
        rest = [row for row in rest if row not in paid]
    for row in rest:
        taken[row.currency] += row.amount_minor
    return taken
