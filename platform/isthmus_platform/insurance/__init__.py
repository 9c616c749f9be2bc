"""Insurance: open covers and declarations under them, rating, certificates, claims, and delay by quorum.

Insurers offer covers and publish tables of rates; traders and forwarders ask for quotes and declare; claims
gather their evidence by id and digest. Others may ask :func:`insured` by shipment.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from isthmus_platform.database import Work
from isthmus_platform.insurance import (
    adjusting,
    claims,
    covers,
    declaring,
    delays,
    limits,
    quorum,
    quotes,
    rating,
    steps,
)
from isthmus_platform.insurance.records import CoverDeclaration

__all__ = [
    "adjusting",
    "claims",
    "covers",
    "declaring",
    "delays",
    "insured",
    "limits",
    "quorum",
    "quotes",
    "rating",
    "steps",
]


def insured(work: Work, shipment_id: UUID) -> Sequence[CoverDeclaration]:
    """Return the declarations in force for a shipment that the actor sees as insurer or insured.

    Who else asks, reads the certificate (document type 520) by a grant of its owner.
    """
    return work.session.scalars(
        select(CoverDeclaration)
        .where(CoverDeclaration.shipment_id == shipment_id, CoverDeclaration.state == "DECLARED")
        .order_by(CoverDeclaration.id)
    ).all()
