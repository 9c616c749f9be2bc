"""A bank whose money is in a consignment, as the services say it that keep how it lent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Lending(StrEnum):
    """By what a bank finances a consignment."""

    RECEIVABLE = "RECEIVABLE"
    DOCUMENTARY_CREDIT = "DOCUMENTARY CREDIT"


@dataclass(frozen=True)
class Lender:
    """A bank that finances the consignment ``shipment_id`` and is not known to have its money back.

    ``lent_id`` is of the offer or the presentation; ``told`` is whether the acting party has a part in it.
    """

    lent_id: UUID
    shipment_id: UUID
    bank_id: UUID
    lending: Lending
    since: datetime
    told: bool
