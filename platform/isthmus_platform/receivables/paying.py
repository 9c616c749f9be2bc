"""Paying out, which the worker does once whatever becomes of it, and what is paid back."""

from uuid import UUID

from isthmus_platform.database import Duty, Platform, Work
from isthmus_platform.outbox import Message
from isthmus_platform.papers.parts import check_currency
from isthmus_platform.receivables.errors import OtherCurrency, OverPayment
from isthmus_platform.receivables.machine import Action, Part, State
from isthmus_platform.receivables.records import DUTY, ReceivableOffer
from isthmus_platform.receivables.register import TOPIC as TOPIC
from isthmus_platform.receivables.stepping import check, enter, let_go, locked, part_of
from isthmus_platform.receivables.terms import check_minor


def pay_out(platform: Platform, message: Message) -> None:
    """Book what the bank pays out (topic :data:`TOPIC`); for a message that comes again nothing happens.

    The entry, the notices, what is metered and the offer's state are one transaction under its lock, and the
    database holds that an offer has one ``PAY_OUT``: a worker killed anywhere leaves all of it or none.
    """
    with platform.begin(Duty(DUTY), request_id=message.request_id) as work:
        offer = locked(work, UUID(message.payload["offer"]))
        if offer.state != State.DISBURSING:
            return
        transition = check(offer, Action.PAY_OUT, Part.WORKER)
        offer.state = (transition.after or State.DISBURSED).value
        offer.disbursed_at = work.now
        enter(work, offer, Action.PAY_OUT, amount_minor=offer.paid_out_minor or 0)


def repay(work: Work, offer_id: UUID, amount_minor: int, currency: str) -> ReceivableOffer:
    """Note what came back to the acting bank, at most what is outstanding.

    With the last of it the offer is repaid and the registration ends. Raises :class:`OverPayment`,
    :class:`OtherCurrency`, :class:`InvalidInput` (``amount.amountMinor``) and as :func:`.register.step`.
    """
    check_minor(amount_minor, "amount.amountMinor")
    check_currency(currency, "amount.currency")
    offer = locked(work, offer_id)
    transition = check(offer, Action.REPAY, part_of(work, offer))
    if currency != offer.currency:
        raise OtherCurrency(f"The invoice is in {offer.currency}.", field="amount.currency")
    if amount_minor > offer.outstanding_minor:
        raise OverPayment(
            f"{offer.outstanding_minor:,} minor units are outstanding.", field="amount.amountMinor"
        )
    offer.repaid_minor += amount_minor
    if offer.outstanding_minor == 0:
        offer.state = (transition.ends or State.REPAID).value
        let_go(work, offer)
    enter(work, offer, Action.REPAY, amount_minor=amount_minor)
    return offer
