"""Presentation, examination within five banking days, waiver, acceptance, payment, reimbursement, repayment.

A complying presentation draws on the credit when it is found to comply (UCP 600 article 15), one with waived
discrepancies when the bank honours it (article 16 b), never for more than is left (article 18 b). Documents
and findings are kept encrypted.
"""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from isthmus_platform import domain_events
from isthmus_platform.credit import agreeing, lending, own_rules, repaying
from isthmus_platform.credit.calendars import calendar_of
from isthmus_platform.credit.case import Case, Presented, documents_json, read_documents
from isthmus_platform.credit.errors import (
    NoSuchCredit,
    NothingToReimburse,
    NotMatured,
    Overdrawn,
    ReferenceTaken,
    WrongAvailability,
    WrongState,
)
from isthmus_platform.credit.examining import examine as found_by_rules
from isthmus_platform.credit.findings import Finding, stated
from isthmus_platform.credit.machine import BOUND, Action, CreditState, PresentationState
from isthmus_platform.credit.notices import DISPOSALS, Refusal
from isthmus_platform.credit.records import Credit, CreditPresentation
from isthmus_platform.credit.register import check, enter, locked, terms_of, today
from isthmus_platform.credit.terms import ADVISING, check_minor
from isthmus_platform.database import Work, new_id
from isthmus_platform.encryption import Vault, VersionKey
from isthmus_platform.errors import InvalidInput

REFERENCE = re.compile(r"[A-Z0-9](?:[A-Z0-9\-]{0,14}[A-Z0-9])?")


def _key(vault: Vault, kind: str, presentation_id: UUID) -> VersionKey:
    return VersionKey(presentation_id, vault.secret(f"credit {kind} {presentation_id}"))


def _seal(vault: Vault, kind: str, presentation_id: UUID, value: object) -> bytes:
    (sealed,) = _key(vault, kind, presentation_id).seal([orjson.dumps(value)])
    return sealed


def _open(vault: Vault, kind: str, presentation_id: UUID, sealed: bytes) -> Any:
    return orjson.loads(_key(vault, kind, presentation_id).open_one(0, sealed, last=True))


def documents_of(vault: Vault, row: CreditPresentation) -> tuple[Presented, ...]:
    """Return the documents of a presentation."""
    return read_documents(_open(vault, "documents", row.id, row.sealed))


def findings_of(vault: Vault, row: CreditPresentation) -> list[Finding]:
    """Return what the examination found; nothing before it."""
    if row.findings is None:
        return []
    return [Finding(**one) for one in _open(vault, "findings", row.id, row.findings)]


def presentation_of(work: Work, presentation_id: UUID) -> CreditPresentation:
    """Return a presentation that the actor sees; raise :class:`NoSuchCredit`."""
    found = work.session.scalar(select(CreditPresentation).where(CreditPresentation.id == presentation_id))
    if found is None:
        raise NoSuchCredit("There is no such presentation.", field="presentation")
    return found


def nominated(credit: Credit) -> UUID:
    """Return the bank to which documents are presented under ``credit``."""
    return credit.advising_id if terms_of(credit).available_with == ADVISING else credit.issuing_id


def present(
    work: Work,
    vault: Vault,
    credit_id: UUID,
    reference: str,
    claimed_minor: int,
    documents: object,
    *,
    ucr: str | None = None,
) -> CreditPresentation:
    """Present documents as the beneficiary, claiming an amount in minor units of the credit's currency.

    ``documents`` is JSON, a list of type, data and face (:func:`.case.read_documents`). ``ucr`` names the
    consignment, which documents without a UCR and without a transport document do not
    (``consignment_unnamed``). The bank has five banking days of its own after the day of presentation, which
    is a banking day too.
    """
    credit = locked(work, credit_id)
    check(work, credit, Action.PRESENT, None, "credit")
    if credit.state != CreditState.ADVISED.value:
        raise WrongState("Documents are presented under an advised credit.", field="credit")
    if not REFERENCE.fullmatch(reference):
        raise InvalidInput("1 to 16 capitals, digits and hyphens.", field="reference", code="format")
    check_minor(claimed_minor, "amountMinor")
    papers = read_documents(documents)
    named = lending.named(papers, ucr)
    earlier = work.session.scalars(
        select(CreditPresentation.reference).where(CreditPresentation.credit_id == credit.id)
    ).all()
    if reference in earlier:
        raise ReferenceTaken("There is a presentation of this reference.", field="reference")
    calendar = calendar_of(work, nominated(credit))
    presented_on = calendar.first_from(today(work))
    case = Case(terms_of(credit), presented_on, claimed_minor, 0, 0, calendar, papers)
    presentation_id = new_id()
    row = CreditPresentation(
        id=presentation_id,
        credit_id=credit.id,
        number=len(earlier) + 1,
        reference=reference,
        state=PresentationState.PRESENTED.value,
        ucr=ucr,
        terms=credit.terms,
        claimed_minor=claimed_minor,
        drawn_minor=0,
        presented_at=work.now,
        presented_on=presented_on,
        examine_by=calendar.examine_by(presented_on),
        sealed=_seal(vault, "documents", presentation_id, documents_json(papers)),
        precluded=False,
        shipped_on=case.shipped_on,
    )
    work.session.add(row)
    enter(work, credit, Action.PRESENT, row)
    lending.bind(work, credit, row.id, named)
    domain_events.announce(work, "presentation.made", about={"presentation": str(row.id)})
    return row


def _both(work: Work, presentation_id: UUID) -> tuple[Credit, CreditPresentation]:
    """Return a presentation and its credit, which is locked first: of two steps the second sees the first."""
    row = presentation_of(work, presentation_id)
    credit = locked(work, row.credit_id, "presentation")
    work.session.refresh(row)
    return credit, row


def case_of(work: Work, vault: Vault, credit: Credit, row: CreditPresentation) -> Case:
    """Return the case as it stands now: what the credit has left, and what was drawn before."""
    drawings = work.session.scalar(
        select(func.count())
        .select_from(CreditPresentation)
        .where(
            CreditPresentation.credit_id == credit.id,
            CreditPresentation.number < row.number,
            CreditPresentation.state.in_([one.value for one in BOUND]),
        )
    )
    return Case(
        terms_of(credit),
        row.presented_on,
        row.claimed_minor,
        credit.limit_minor - credit.drawn_minor + row.drawn_minor,
        drawings or 0,
        calendar_of(work, nominated(credit)),
        documents_of(vault, row),
    )


def examine(
    work: Work,
    vault: Vault,
    presentation_id: UUID,
    *,
    disposal: str = "HOLD",
    notice: Refusal | None = None,
) -> CreditPresentation:
    """Examine a presentation, once: with the rules of :mod:`.examining` and those that the bank turned on.

    After the fifth banking day the bank is precluded from claiming that it does not comply (article 16 f):
    the findings are kept, and the presentation stands as complying for as much as is left of the credit.
    ``disposal`` is what a notice says of the documents (article 16 c iii). A ``notice`` of the bank's own, in
    MT 734 (:class:`InvalidInput` where it is of another case), is the one that it gives: what it states is
    found, and nothing else.
    """
    credit, row = _both(work, presentation_id)
    check(work, credit, Action.EXAMINE, PresentationState(row.state), "presentation")
    if disposal not in DISPOSALS:
        raise InvalidInput(f"One of {', '.join(DISPOSALS)}.", field="disposal", code="unknown_code")
    case = case_of(work, vault, credit, row)
    if notice is None:
        findings = [*found_by_rules(case), *own_rules.findings(work, case)]
    else:
        agreeing.check_refusal(notice, credit, row)
        findings, disposal = stated(notice.discrepancies), notice.disposal
    late = today(work) > row.examine_by
    complies = not findings or (late and case.available_minor > 0)
    row.precluded = late and bool(findings)
    row.findings = _seal(vault, "findings", row.id, [vars(one) for one in findings])
    row.examined_by = work.actor.party_id
    row.examined_at = work.now
    row.state = (PresentationState.COMPLYING if complies else PresentationState.DISCREPANT).value
    row.disposal = None if complies else disposal
    _entered(work, credit, row, Action.EXAMINE, draws=complies)
    domain_events.announce(
        work,
        "presentation.examined",
        about={"presentation": str(row.id), "credit": str(credit.id), "state": row.state},
    )
    return row


def _entered(work: Work, credit: Credit, row: CreditPresentation, action: Action, *, draws: bool) -> None:
    """Enter a step, with the drawing that it makes: as much as is claimed and left (article 18 b)."""
    drawn = min(row.claimed_minor, credit.limit_minor - credit.drawn_minor) if draws else 0
    if draws and drawn <= 0:
        raise Overdrawn("Nothing is left of the credit.", field="presentation")
    row.drawn_minor += drawn
    enter(work, credit, action, row, drawn_minor=drawn)


def preclude(work: Work, presentation_id: UUID) -> bool:
    """End the time for examining a presentation, as the clock does; return whether it was still open.

    A bank that gave no notice in time cannot claim that the documents do not comply (article 16 f), whoever
    looked at them: nothing is found, and the presentation draws what is left of the credit. Where nothing is
    (article 18 b), it stands as discrepant without a notice, to be waived or returned.
    """
    credit, row = _both(work, presentation_id)
    if row.state != PresentationState.PRESENTED.value or today(work) <= row.examine_by:
        return False
    check(work, credit, Action.PRECLUDE, PresentationState.PRESENTED, "presentation")
    left = credit.limit_minor > credit.drawn_minor
    row.precluded = True
    row.state = (PresentationState.COMPLYING if left else PresentationState.DISCREPANT).value
    _entered(work, credit, row, Action.PRECLUDE, draws=left)
    about = {"presentation": str(row.id), "credit": str(credit.id), "state": row.state}
    domain_events.announce(work, "presentation.precluded", party_id=nominated(credit), about=about)
    return True


def settle(work: Work, presentation_id: UUID, action: Action) -> CreditPresentation:
    """Waive discrepancies, return documents, accept, pay, reimburse, or note that the applicant repaid.

    Raises a refusal of :mod:`.errors`.
    """
    credit, row = _both(work, presentation_id)
    if action is Action.REPAY:
        repaying.repay(work, credit, row)
        return row
    before = PresentationState(row.state)
    transition = check(work, credit, action, before, "presentation")
    if action is Action.ACCEPT:
        _accept(credit, row)
    elif action is Action.PAY:
        _pay(work, credit, row, before)
    elif action is Action.REIMBURSE and row.paid_by == credit.issuing_id:
        raise NothingToReimburse("The issuing bank paid itself.", field="presentation")
    row.state = transition.after[0].value
    honours = action in (Action.ACCEPT, Action.PAY) and before is PresentationState.WAIVED
    _entered(work, credit, row, action, draws=honours)
    if action is Action.REIMBURSE or (action is Action.PAY and row.paid_by == credit.issuing_id):
        repaying.owe(work, credit, row)
    if action in ANNOUNCED:
        about = {"presentation": str(row.id), "credit": str(credit.id)}
        domain_events.announce(work, ANNOUNCED[action], about=about)
    return row


ANNOUNCED = {
    Action.WAIVE: "presentation.waived",
    Action.ACCEPT: "presentation.accepted",
    Action.PAY: "presentation.paid",
    Action.RETURN: "presentation.returned",
}


def _accept(credit: Credit, row: CreditPresentation) -> None:
    terms = terms_of(credit)
    if terms.tenor_days is None:
        raise WrongAvailability("The credit is paid at sight; nothing is accepted.", field="presentation")
    since = row.shipped_on if terms.tenor_from == "SHIPMENT" else None
    row.matures_on = (since or row.presented_on) + timedelta(days=terms.tenor_days)


def _pay(work: Work, credit: Credit, row: CreditPresentation, before: PresentationState) -> None:
    if before is not PresentationState.ACCEPTED and terms_of(credit).tenor_days is not None:
        raise WrongAvailability("The credit is accepted first, and paid at maturity.", field="presentation")
    if row.matures_on is not None and today(work) < row.matures_on:
        raise NotMatured(f"Payment is due on {row.matures_on}.", field="presentation")
    row.paid_by = work.actor.party_id
