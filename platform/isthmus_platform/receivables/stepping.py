"""Making a step: under the lock of the invoice, with an entry of the history and notices to the other side.

All offers of one invoice share a lock, since a bank sees its own alone: of two steps at once on one invoice,
whoever makes them, the second sees what the first did.
"""

from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform import changes, domain_events, financed
from isthmus_platform.changes import Kind
from isthmus_platform.database import Actor, Work, new_id, on_duty
from isthmus_platform.grants import AccessGrant
from isthmus_platform.receivables.errors import NoSuchOffer, WrongPart, WrongState
from isthmus_platform.receivables.machine import TRANSITIONS, Action, Part, State, Transition, find
from isthmus_platform.receivables.records import DUTY, ReceivableEntry, ReceivableNotice, ReceivableOffer
from isthmus_platform.receivables.terms import Quote

METERED = {
    Action.OFFER: "receivable.offered",
    Action.PAY_OUT: "receivable.disbursed",
    Action.REPAY: "receivable.repaid",
}
"""What is announced for billing; of repayments the last alone."""


HEARD = {Action.FALL_DUE: "receivable.overdue", Action.DEFAULT: "receivable.defaulted"}
"""What is announced for those who watch risks, and bills nobody."""


def locked(work: Work, offer_id: UUID) -> ReceivableOffer:
    """Return an offer as it stands, nobody else changing it or another of its invoice until the work ends.

    Raises :class:`NoSuchOffer` for what the actor does not see.
    """
    query = select(ReceivableOffer).where(ReceivableOffer.id == offer_id)
    found = work.session.scalar(query)
    if found is None:
        raise NoSuchOffer("There is no such offer.", field="offer")
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"receivable {found.receivable_id}", 0))
    work.session.execute(select(lock))
    return work.session.scalars(query.execution_options(populate_existing=True)).one()


def part_of(work: Work, offer: ReceivableOffer) -> Part:
    """Return what the acting party is to ``offer``; the clock where nobody acts."""
    if not isinstance(work.on_behalf, Actor):
        return Part.CLOCK
    return Part.BANK if work.actor.party_id == offer.bank_id else Part.SELLER


def check(offer: ReceivableOffer, action: Action, part: Part) -> Transition:
    """Return the transition that ``part`` makes; raise :class:`WrongPart` or :class:`WrongState`."""
    if not any(one.who is part for one in TRANSITIONS if one.action is action):
        raise WrongPart("This step is another party's.", field="offer")
    found = find(action, State(offer.state))
    if found is None:
        raise WrongState(f"{action.value} does not follow while it is {offer.state}.", field="offer")
    return found


def enter(work: Work, offer: ReceivableOffer, action: Action, *, amount_minor: int = 0) -> None:
    """Write a step that was made: the row as changed, an entry, notices, webhooks, and what is metered."""
    actor = work.actor.party_id if isinstance(work.on_behalf, Actor) else None
    offer.sequence += 1
    with on_duty(work, DUTY):
        work.session.flush()
        work.session.add(
            ReceivableEntry(
                offer_id=offer.id,
                sequence=offer.sequence,
                action=action.value,
                actor_id=actor,
                at=work.now,
                amount_minor=amount_minor,
                outstanding_minor=offer.outstanding_minor,
            )
        )
        work.session.flush()
        work.session.add_all(
            ReceivableNotice(
                id=new_id(),
                offer_id=offer.id,
                sequence=offer.sequence,
                party_id=party_id,
                action=action.value,
                at=work.now,
            )
            for party_id in (offer.party_id, offer.bank_id)
            if party_id != actor
        )
        work.session.flush()
    _tell(work, offer, action)
    meter = METERED.get(action)
    if meter is not None and (action is not Action.REPAY or offer.state == State.REPAID):
        payer = offer.party_id if action is Action.OFFER else offer.bank_id
        domain_events.announce(work, meter, party_id=payer, about={"offer": str(offer.id)})
    if action in HEARD:
        about = {"offer": str(offer.id)}
        domain_events.announce(work, HEARD[action], party_id=offer.bank_id, about=about)


def kind_of(action: Action, state: State) -> Kind:
    """Return what webhooks are told: the state it led to, and of a repayment that it was made."""
    return Kind(f"receivable.{(State.REPAID if action is Action.REPAY else state).lower()}")


def _tell(work: Work, offer: ReceivableOffer, action: Action) -> None:
    """Tell the webhooks of seller and bank, each by a row of its own: the bank's does not name the seller."""
    about = {"offer": str(offer.id), "action": action.value, "state": offer.state}
    for party_id in (offer.party_id, offer.bank_id):
        kind = kind_of(action, State(offer.state))
        changes.note(work, kind, party_id, about, receivable_offer_id=offer.id)


def let_go(work: Work, offer: ReceivableOffer) -> None:
    """End what acceptance began: the registration, so that another bank may finance the invoice."""
    if offer.financing_id is not None:
        with on_duty(work, DUTY):
            financed.let_go(work, offer.financing_id)


def close_to(work: Work, offer: ReceivableOffer) -> None:
    """End the bank's grant to the invoice, where it has one: nothing came of its acceptance."""
    if offer.grant_id is None:
        return
    with on_duty(work, DUTY):
        held = work.session.get_one(AccessGrant, offer.grant_id)
        if held.revoked_at is None:
            held.revoked_at = work.now
            work.session.flush()


def quote_of(offer: ReceivableOffer) -> Quote:
    """Return what the bank quoted; the offer must have a quote."""
    quoted = (offer.advance_bp, offer.discount_bp, offer.fee_minor, offer.grace_days, offer.valid_until)
    advance, discount, fee, grace, until = quoted
    if advance is None or discount is None or fee is None or grace is None or until is None:
        raise TypeError("the offer has no quote")
    return Quote(advance_bp=advance, discount_bp=discount, fee_minor=fee, grace_days=grace, valid_until=until)
