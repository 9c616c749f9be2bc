"""Marks of an offered invoice for the register of financed invoices, made with the bridge in the bank's name.

It is done before the transaction of the acceptance, and only for the bank that may accept now: each mark
counts against its budget at the bridge. What is blinded and unblinded stays in this process.
"""

from collections.abc import Sequence
from uuid import UUID

from isthmus_platform import parties
from isthmus_platform.crossings import BridgeClient, BridgeUnavailable
from isthmus_platform.crossings.marking import make
from isthmus_platform.database import Actor, Platform, on_duty
from isthmus_platform.encryption import Vault
from isthmus_platform.receivables.machine import Part, State
from isthmus_platform.receivables.offering import invoice_of
from isthmus_platform.receivables.reading import offer_of
from isthmus_platform.receivables.records import DUTY, Receivable
from isthmus_platform.receivables.stepping import part_of


def marks_of(
    platform: Platform, vault: Vault, bridge: BridgeClient | None, actor: Actor, offer_id: UUID
) -> Sequence[str]:
    """Return the marks of the invoice offered to the acting bank; none where it may not accept it now.

    Raises :class:`NoSuchOffer`, :class:`BridgeUnavailable`, :class:`QuestionsSpent`.
    """
    with platform.begin(actor) as work:
        offer = offer_of(work, offer_id)
        if part_of(work, offer) is not Part.BANK or offer.state != State.QUOTED:
            return ()
        name = parties.get(work, offer.bank_id).name
        with on_duty(work, DUTY):
            invoice = invoice_of(vault, work.session.get_one(Receivable, offer.receivable_id))
    if bridge is None:
        raise BridgeUnavailable("There is no bridge here.")
    return make(
        bridge,
        name,
        seller=invoice.seller,
        buyer=invoice.buyer,
        number=invoice.number,
        issued=invoice.issued_on,
        amount=invoice.amount_minor,
        currency=invoice.currency,
    )
