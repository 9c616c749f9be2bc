"""What was drawn on credits for the documents of a consignment, and for which invoices."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.credit.machine import BOUND
from isthmus_platform.credit.presenting import documents_of
from isthmus_platform.credit.records import DUTY, Credit, CreditPresentation, PresentedShipment
from isthmus_platform.database import Work, on_duty
from isthmus_platform.encryption import Vault
from isthmus_platform.papers.comparing import same_word
from isthmus_platform.papers.kinds import CommercialInvoice


@dataclass(frozen=True)
class Drawing:
    """What a bank is bound to pay, or paid, for documents: minor units, to whom, for which invoices."""

    beneficiary_id: UUID
    currency: str
    drawn_minor: int
    invoices: frozenset[str]

    def is_for(self, seller_id: UUID, currency: str, number: str) -> bool:
        """Say whether it is for this seller's invoice ``number``, however that is written."""
        alike = (self.beneficiary_id, self.currency) == (seller_id, currency)
        return alike and _plain(number) in self.invoices


def drawings(work: Work, vault: Vault, shipment_id: UUID) -> list[Drawing]:
    """Return what was drawn for documents of the shipment, whoever sees that."""
    query = (
        select(CreditPresentation, Credit)
        .join(PresentedShipment, PresentedShipment.presentation_id == CreditPresentation.id)
        .join(Credit, Credit.id == CreditPresentation.credit_id)
        .where(
            PresentedShipment.shipment_id == shipment_id,
            CreditPresentation.state.in_([state.value for state in BOUND]),
        )
        .order_by(CreditPresentation.id)
    )
    with on_duty(work, DUTY):
        rows = work.session.execute(query).all()
    return [
        Drawing(credit.beneficiary_id, credit.currency, row.drawn_minor, _invoices(vault, row))
        for row, credit in rows
    ]


def _invoices(vault: Vault, row: CreditPresentation) -> frozenset[str]:
    papers = [one.paper for one in documents_of(vault, row)]
    return frozenset(_plain(one.number) for one in papers if isinstance(one, CommercialInvoice))


def _plain(number: str) -> str:
    return same_word(number).replace(" ", "")
