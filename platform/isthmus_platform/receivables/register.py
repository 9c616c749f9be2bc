"""Quotes and the steps up to disbursement, each by the party whose part it is.

What a bank sees before it accepts is in its row of the offer. With its acceptance the invoice is registered
as financed (:mod:`isthmus_platform.financed`) and opened to it, in one transaction; a bank that cannot have
the registration sees nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import financed, outbox
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.errors import Conflict
from isthmus_platform.grants import LONGEST_GRANT, AccessGrant, GrantedDocument, Purpose
from isthmus_platform.papers.parts import wrong
from isthmus_platform.receivables.errors import (
    AlreadyFinanced,
    Disputed,
    DueDatePassed,
    NotRegistered,
    QuoteLapsed,
)
from isthmus_platform.receivables.machine import TAKEN, Action, State
from isthmus_platform.receivables.records import DUTY, Receivable, ReceivableOffer
from isthmus_platform.receivables.stepping import (
    check,
    close_to,
    enter,
    let_go,
    locked,
    part_of,
    quote_of,
)
from isthmus_platform.receivables.terms import Quote, overdue, reckon

TOPIC = "receivable"
GRANT_LASTS = timedelta(days=120)
"""How long after the due date the bank's grant lasts at least: the days of grace, and some to collect."""
STEPS = frozenset({Action.ACCEPT, Action.DECLINE, Action.WITHDRAW, Action.CONFIRM, Action.DISBURSE})
"""What :func:`step` makes."""


def quote(work: Work, offer_id: UUID, given: Quote) -> ReceivableOffer:
    """Quote for an offer as its bank, blind; a later quote replaces it until it is accepted.

    Raises a refusal of :mod:`.errors`, and :class:`InvalidInput` (``validUntil``, ``nothing_left``).
    """
    offer = locked(work, offer_id)
    transition = check(offer, Action.QUOTE, part_of(work, offer))
    _check_not_due(work, offer)
    if not work.now < given.valid_until or given.valid_until.date() > offer.due_on:
        raise wrong("validUntil", "valid_until", "a time to come, no later than the due date")
    reckon(offer.amount_minor, given, work.now.date(), offer.due_on)
    offer.advance_bp, offer.discount_bp = given.advance_bp, given.discount_bp
    offer.fee_minor, offer.grace_days = given.fee_minor, given.grace_days
    offer.valid_until = given.valid_until
    offer.state = (transition.after or State.QUOTED).value
    enter(work, offer, Action.QUOTE)
    return offer


def step(work: Work, offer_id: UUID, action: Action, marks: Sequence[str] = ()) -> ReceivableOffer:
    """Accept, decline, withdraw, confirm or disburse.

    ``marks`` are the invoice's for the register of financed invoices (:func:`.marking.marks_of`); only
    ``ACCEPT`` needs them. Raises a refusal of :mod:`.errors`.
    """
    if action not in STEPS:
        raise wrong("step", "unknown_code", " or ".join(sorted(STEPS)))
    offer = locked(work, offer_id)
    transition = check(offer, action, part_of(work, offer))
    if action in (Action.ACCEPT, Action.CONFIRM):
        _check_quote(work, offer)
    if action is Action.ACCEPT:
        _register(work, offer, marks)
        _open_to(work, offer)
    elif action is Action.WITHDRAW:
        let_go(work, offer)
        close_to(work, offer)
    elif action is Action.DISBURSE:
        _instruct(work, offer)
    offer.state = (transition.after or State(offer.state)).value
    enter(work, offer, action)
    if action is Action.CONFIRM:
        _withdraw_others(work, offer)
    return offer


def _check_quote(work: Work, offer: ReceivableOffer) -> None:
    until = quote_of(offer).valid_until
    if until <= work.now:
        raise QuoteLapsed(f"The quote held until {until:%Y-%m-%d %H:%M} UTC.", field="offer")
    _check_not_due(work, offer)


def _check_not_due(work: Work, offer: ReceivableOffer) -> None:
    if overdue(offer.due_on, work.now.date()):
        raise DueDatePassed(f"The invoice was due on {offer.due_on}.", field="offer")


def _register(work: Work, offer: ReceivableOffer, marks: Sequence[str]) -> None:
    """Register the invoice as financed by the acting bank; of several banks at once one is let."""
    with on_duty(work, DUTY):
        taken = work.session.scalar(
            select(ReceivableOffer.id).where(
                ReceivableOffer.receivable_id == offer.receivable_id,
                ReceivableOffer.state.in_([state.value for state in TAKEN]),
            )
        )
    caught = AlreadyFinanced("This invoice, or one nearly like it, is financed already.", field="offer")
    if taken is not None:
        raise caught
    try:
        offer.financing_id = financed.register(work, marks).id
    except Conflict:
        raise caught from None


def _open_to(work: Work, offer: ReceivableOffer) -> None:
    """Open the invoice to the bank that accepted: the seller consented to that when it offered it."""
    due = work.now + (offer.due_on - work.now.date()) + GRANT_LASTS
    with on_duty(work, DUTY):
        row = work.session.get_one(Receivable, offer.receivable_id)
        opened = AccessGrant(
            id=new_id(),
            party_id=offer.party_id,
            reader_id=offer.bank_id,
            purpose=Purpose.TRADE_FINANCE.value,
            valid_until=min(due, work.now + LONGEST_GRANT),
            created_by=work.actor.party_id,
            created_at=work.now,
        )
        work.session.add(opened)
        work.session.flush()
        work.session.add(
            GrantedDocument(grant_id=opened.id, document_id=row.document_id, party_id=offer.party_id)
        )
        work.session.flush()
        offer.grant_id = opened.id


def _instruct(work: Work, offer: ReceivableOffer) -> None:
    """Fix what is paid out today, and have the worker do it; the registration must stand, undisputed."""
    _check_not_due(work, offer)
    if offer.financing_id is None or financed.get(work, offer.financing_id).released_at is not None:
        raise NotRegistered("You let the registration of this invoice go.", field="offer")
    disputed = financed.disputes(work, [offer.financing_id]).get(offer.financing_id)
    if disputed is not None:
        until = f"{disputed.until:%Y-%m-%d %H:%M} UTC"
        raise Disputed(f"The registration of this invoice is disputed, until {until} at most.", field="offer")
    found = reckon(offer.amount_minor, quote_of(offer), work.now.date(), offer.due_on)
    offer.advance_minor, offer.discount_minor = found.advance_minor, found.discount_minor
    offer.paid_out_minor = found.paid_out_minor
    outbox.emit(work, TOPIC, {"offer": str(offer.id)})


def _withdraw_others(work: Work, offer: ReceivableOffer) -> None:
    """Withdraw what other banks were offered of the invoice; they learn that it is withdrawn, and no more."""
    rows = work.session.scalars(
        select(ReceivableOffer).where(
            ReceivableOffer.receivable_id == offer.receivable_id,
            ReceivableOffer.state.in_([State.OFFERED.value, State.QUOTED.value]),
        )
    ).all()
    for other in rows:
        other.state = State.WITHDRAWN.value
        enter(work, other, Action.WITHDRAW)
