"""The register of credits: application, issue, advice, amendment, closing; each under the lock of its credit.

Who may do what, and from which state, is :data:`machine.TRANSITIONS`; a step is written with the row that it
changes and an entry of the history, or not at all.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import domain_events, parties
from isthmus_platform.credit import agreeing, telling
from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.calendars import calendar_of
from isthmus_platform.credit.errors import (
    CreditExpired,
    CreditOpen,
    NoSuchCredit,
    Overdrawn,
    ReferenceTaken,
    WrongPart,
    WrongState,
)
from isthmus_platform.credit.machine import (
    OPEN,
    TRANSITIONS,
    Action,
    AmendmentState,
    CreditState,
    Part,
    PresentationState,
    State,
    Transition,
    find,
)
from isthmus_platform.credit.messages import Issue
from isthmus_platform.credit.notices import Amendment
from isthmus_platform.credit.records import Credit, CreditAmendment, CreditEntry, CreditPresentation
from isthmus_platform.credit.terms import ADVISING, Terms
from isthmus_platform.database import Actor, PartyRole, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.papers import plain


@dataclass(frozen=True)
class Application:
    """What an applicant asks of a bank: the terms, and the names of the other parties."""

    issuing: str
    advising: str
    beneficiary: str
    terms: Terms


def terms_of(credit: Credit) -> Terms:
    """Return the terms as they stand, accepted amendments included."""
    return plain.from_json(Terms, credit.terms)


def apply(work: Work, application: Application) -> Credit:
    """Apply for a credit as its applicant; the bank and the beneficiary must be what they are named as.

    Raises a :class:`PlatformError` that names the field: ``role_required``, ``wrong_role``, ``same_party``,
    ``reference_taken``.
    """
    work.actor.require(PartyRole.TRADER)
    issuing = _named(work, application.issuing, PartyRole.BANK, "issuing")
    advising = _named(work, application.advising, PartyRole.BANK, "advising")
    beneficiary = _named(work, application.beneficiary, PartyRole.TRADER, "beneficiary")
    if beneficiary == work.actor.party_id:
        raise InvalidInput(
            "Nobody is the beneficiary of his own credit.", field="beneficiary", code="same_party"
        )
    terms = application.terms
    credit = Credit(
        id=new_id(),
        party_id=work.actor.party_id,
        issuing_id=issuing,
        advising_id=advising,
        beneficiary_id=beneficiary,
        reference=terms.reference,
        state=CreditState.APPLIED.value,
        terms=plain.to_json(terms),
        currency=terms.currency,
        limit_minor=terms.limit_minor,
        drawn_minor=0,
        sequence=0,
        applied_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(credit)
    except IntegrityError as error:
        raise ReferenceTaken("You have a credit of this reference.", field="reference") from error
    enter(work, credit, Action.APPLY)
    domain_events.announce(work, "credit.applied", about={"credit": str(credit.id)})
    return credit


def _named(work: Work, name: str, role: PartyRole, field: str) -> UUID:
    party = parties.by_name(work, name, field=field)
    if not party.has(role):
        raise InvalidInput(f"This party is no {role.value.lower()}.", field=field, code="wrong_role")
    return party.id


def get(work: Work, credit_id: UUID) -> Credit:
    """Return a credit that the actor sees; raise :class:`NoSuchCredit`."""
    found = work.session.scalar(select(Credit).where(Credit.id == credit_id))
    if found is None:
        raise NoSuchCredit("There is no such credit.", field="credit")
    return found


def locked(work: Work, credit_id: UUID, field: str = "credit") -> Credit:
    """Return a credit that the actor sees, locked and as it stands; raise :class:`NoSuchCredit`."""
    found = work.session.scalar(
        select(Credit)
        .where(Credit.id == credit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchCredit(f"There is no such {field}.", field=field)
    return found


def parts_of(work: Work, credit: Credit) -> frozenset[Part]:
    """Return what the acting party is to ``credit``; the clock where nobody acts."""
    if not isinstance(work.on_behalf, Actor):
        return frozenset({Part.CLOCK})
    nominated = credit.advising_id if credit.terms.get("availableWith") == ADVISING else credit.issuing_id
    whose = {
        Part.APPLICANT: credit.party_id,
        Part.ISSUING: credit.issuing_id,
        Part.ADVISING: credit.advising_id,
        Part.NOMINATED: nominated,
        Part.BENEFICIARY: credit.beneficiary_id,
    }
    return frozenset(part for part, party_id in whose.items() if party_id == work.actor.party_id)


def check(work: Work, credit: Credit, action: Action, state: State | None, field: str) -> Transition:
    """Return the transition that the actor makes; raise :class:`WrongPart` or :class:`WrongState`."""
    parts = parts_of(work, credit)
    if not any(parts & one.who for one in TRANSITIONS if one.action is action):
        raise WrongPart("This step is another party's.", field=field)
    found = find(action, state)
    if found is None:
        said = "" if state is None else f" while it is {state.value}"
        raise WrongState(f"{action.value} does not follow{said}.", field=field)
    if not parts & found.who:
        raise WrongPart("This step is another party's.", field=field)
    return found


def enter(
    work: Work,
    credit: Credit,
    action: Action,
    presentation: CreditPresentation | None = None,
    *,
    drawn_minor: int = 0,
) -> None:
    """Add an entry to the credit's history: what was drawn, what is left after it; and tell the parties."""
    credit.drawn_minor += drawn_minor
    credit.sequence += 1
    work.session.flush()
    work.session.add(
        CreditEntry(
            credit_id=credit.id,
            sequence=credit.sequence,
            action=action.value,
            actor_id=work.actor.party_id if isinstance(work.on_behalf, Actor) else None,
            at=work.now,
            presentation_id=None if presentation is None else presentation.id,
            drawn_minor=drawn_minor,
            balance_minor=credit.limit_minor - credit.drawn_minor,
        )
    )
    work.session.flush()
    telling.tell(work, credit, action, presentation)


def today(work: Work) -> date:
    """Return the day of the unit of work, in UTC."""
    return work.now.date()


def expired(work: Work, credit: Credit) -> bool:
    """Say whether the last day of presentation has passed (UCP 600 articles 6 d and 29 a)."""
    return today(work) > calendar_of(work, credit.issuing_id).first_from(terms_of(credit).expires_on)


ANNOUNCED = {
    Action.ISSUE: "credit.issued",
    Action.ADVISE: "credit.advised",
    Action.CLOSE: "credit.closed",
}


def step(work: Work, credit_id: UUID, action: Action, said: Issue | None = None) -> Credit:
    """Issue, decline, advise or close a credit; raise a refusal of :mod:`.errors`.

    ``said`` is the bank's MT 700 of its issue, which must agree with the application.
    """
    credit = locked(work, credit_id)
    transition = check(work, credit, action, CreditState(credit.state), "credit")
    if said is not None:
        agreeing.check_issue(said, terms_of(credit), today(work))
    if action is Action.ISSUE:
        _issue(work, credit)
    elif action is Action.ADVISE:
        credit.advised_at = work.now
    elif action is Action.CLOSE:
        _check_closable(work, credit)
        credit.closed_at = work.now
    credit.state = transition.after[0].value
    enter(work, credit, action)
    if action in ANNOUNCED:
        domain_events.announce(work, ANNOUNCED[action], about={"credit": str(credit.id)})
    return credit


def _issue(work: Work, credit: Credit) -> None:
    if expired(work, credit):
        raise CreditExpired("The credit would expire before it is issued.", field="credit")
    credit.issued_at = work.now
    try:
        with work.session.begin_nested():
            work.session.flush()
    except IntegrityError as error:
        raise ReferenceTaken("You issued a credit of this reference.", field="credit") from error


def _check_closable(work: Work, credit: Credit) -> None:
    unsettled = work.session.scalar(
        select(func.count())
        .select_from(CreditPresentation)
        .where(
            CreditPresentation.credit_id == credit.id,
            CreditPresentation.state.in_([one.value for one in OPEN])
            | (
                (CreditPresentation.state == PresentationState.PAID.value)
                & (CreditPresentation.paid_by != credit.issuing_id)
            ),
        )
    )
    left = credit.drawn_minor < credit.limit_minor and not expired(work, credit)
    if unsettled or left or open_amendment(work, credit.id) is not None:
        raise CreditOpen("The credit has a balance, or something is to be settled under it.", field="credit")


def open_amendment(work: Work, credit_id: UUID) -> CreditAmendment | None:
    """Return the amendment that awaits the beneficiary's answer."""
    return work.session.scalar(
        select(CreditAmendment).where(
            CreditAmendment.credit_id == credit_id, CreditAmendment.state == AmendmentState.PROPOSED.value
        )
    )


def amend(work: Work, credit_id: UUID, changes: Changes, said: Amendment | None = None) -> CreditAmendment:
    """Propose an amendment as the issuing bank; one at a time, of an advised credit.

    ``said`` is the bank's MT 707 of it, which must agree with the credit.
    """
    credit = locked(work, credit_id)
    check(work, credit, Action.AMEND, None, "credit")
    if credit.state != CreditState.ADVISED.value:
        raise WrongState("Only an advised credit is amended.", field="credit")
    earlier = select(func.count()).select_from(CreditAmendment).where(CreditAmendment.credit_id == credit.id)
    number = (work.session.scalar(earlier) or 0) + 1
    if said is not None:
        agreeing.check_amendment(said, credit, number, today(work))
    if open_amendment(work, credit.id) is not None:
        raise Conflict("An amendment awaits its answer.", field="credit", code="amendment_open")
    _amended(credit, changes)
    amendment = CreditAmendment(
        id=new_id(),
        credit_id=credit.id,
        number=number,
        state=AmendmentState.PROPOSED.value,
        changes=plain.to_json(changes),
        proposed_at=work.now,
    )
    work.session.add(amendment)
    enter(work, credit, Action.AMEND)
    domain_events.announce(work, "credit.amended", about={"credit": str(credit.id)})
    return amendment


def _amended(credit: Credit, changes: Changes) -> Terms:
    amended = changes.applied_to(terms_of(credit))
    if amended.limit_minor < credit.drawn_minor:
        raise Overdrawn("More is drawn than the amended credit would have.", field="decreaseMinor")
    return amended


def answer(work: Work, amendment_id: UUID, *, accept: bool) -> CreditAmendment:
    """Accept or refuse an amendment as the beneficiary, the whole of it (UCP 600 article 10 c and e)."""
    found = amendment_of(work, amendment_id)
    credit = locked(work, found.credit_id, "amendment")
    work.session.refresh(found)
    action = Action.ACCEPT_AMENDMENT if accept else Action.REFUSE_AMENDMENT
    transition = check(work, credit, action, AmendmentState(found.state), "amendment")
    if accept:
        terms = _amended(credit, plain.from_json(Changes, found.changes))
        credit.terms = plain.to_json(terms)
        credit.limit_minor = terms.limit_minor
    found.state = transition.after[0].value
    found.answered_at = work.now
    enter(work, credit, action)
    return found


def amendment_of(work: Work, amendment_id: UUID) -> CreditAmendment:
    """Return an amendment that the actor sees; raise :class:`NoSuchCredit`."""
    found = work.session.scalar(select(CreditAmendment).where(CreditAmendment.id == amendment_id))
    if found is None:
        raise NoSuchCredit("There is no such amendment.", field="amendment")
    return found
