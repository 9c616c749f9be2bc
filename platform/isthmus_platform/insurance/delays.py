"""Delay cover: three independent sources tell when the cargo arrived, and two that agree settle it.

Each source signs its word. What was told, by whom, and how far each is from what was paid stays to be read:
the basis risk of a parametric cover.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from isthmus_platform.changes import Kind
from isthmus_platform.database import Duty, PartyRole, Platform, Work, new_id, on_duty
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.insurance import claims, declaring, quorum, statements, steps
from isthmus_platform.insurance.records import DUTY, ArrivalReport, CoverDeclaration, InsuranceClaim
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk

SOURCES = (PartyRole.CARRIER, PartyRole.TERMINAL, PartyRole.AUTHORITY)


def tell_arrival(work: Work, desk: Desk, ucr: str, arrived_at: datetime) -> list[ArrivalReport]:
    """Tell, as carrier, terminal or customs, when a consignment arrived; signed by the acting party.

    A later word replaces an earlier one until the delay is decided. Raises :class:`NotFound` where no delay
    cover of the consignment names the party, :class:`InvalidInput` (``in_the_future``).
    """
    work.actor.require(*SOURCES)
    if arrived_at > work.now:
        raise InvalidInput("What is told has happened.", field="arrivedAt", code="in_the_future")
    found = _named_in(work, ucr)
    if not found:
        raise NotFound("There is no such consignment for you to tell of.", field="ucr")
    told = []
    for declaration in (declaring.row(work, each) for each in found):
        told.append(_tell(work, desk, declaration, arrived_at))
        _decide(work, declaration)
    return told


def _named_in(work: Work, ucr: str) -> Sequence[UUID]:
    actor = work.actor.party_id
    named = or_(
        CoverDeclaration.carrier_id == actor,
        CoverDeclaration.terminal_id == actor,
        CoverDeclaration.customs_id == actor,
    )
    with on_duty(work, DUTY):
        return work.session.scalars(
            select(CoverDeclaration.id)
            .where(
                CoverDeclaration.ucr == ucr,
                CoverDeclaration.agreed_arrival.is_not(None),
                CoverDeclaration.state == "DECLARED",
                named,
            )
            .order_by(CoverDeclaration.id)
        ).all()


def _role(declaration: CoverDeclaration, party_id: UUID) -> str:
    by_party = {
        declaration.carrier_id: "CARRIER",
        declaration.terminal_id: "TERMINAL",
        declaration.customs_id: "CUSTOMS",
    }
    return by_party[party_id]


def _tell(work: Work, desk: Desk, declaration: CoverDeclaration, arrived_at: datetime) -> ArrivalReport:
    role = _role(declaration, work.actor.party_id)
    said = said_of(declaration.ucr, work.actor.party_id, role, arrived_at, work.now)
    seed, _ = issuing.signing_seed(work, desk.vault)
    signed = statements.sign(seed, said, statements.ARRIVAL_TYPE)
    report = ArrivalReport(
        id=new_id(),
        declaration_id=declaration.id,
        source_id=work.actor.party_id,
        role=role,
        arrived_at=arrived_at,
        told_at=work.now,
        digest=signed.digest,
        token=signed.token,
        kid=signed.kid,
        x=signed.x,
    )
    work.session.add(report)
    work.session.flush()
    return report


def said_of(ucr: str, source: UUID, role: str, arrived_at: datetime, told_at: datetime) -> dict[str, object]:
    """Return what a source signs."""
    return {
        "ucr": ucr,
        "source": str(source),
        "role": role,
        "arrivedAt": arrived_at.isoformat(),
        "toldAt": told_at.isoformat(),
    }


def standing(reports: Iterable[ArrivalReport]) -> dict[str, ArrivalReport]:
    """Return the newest word of each role; ``reports`` are in the order in which they were told."""
    return {report.role: report for report in reports}


def _decide(work: Work, declaration: CoverDeclaration, *, at_last: bool = False) -> None:
    """Settle the delay once the words told do, under the declaration's lock; decided is decided."""
    terms = declaring.delay_terms(declaration)
    if terms is None or declaration.delay_decided_at is not None or declaration.state != "DECLARED":
        return
    with on_duty(work, DUTY):
        told = standing(_reports(work, [declaration.id])[declaration.id])
        words = {role: report.arrived_at for role, report in told.items()}
        days = quorum.measured(words, terms.agreed)
        if days is None and at_last:
            days = quorum.measured_at_last(words, terms.agreed)
        if days is None:
            return
        declaration.delay_days, declaration.delay_decided_at = days, work.now
        work.session.flush()
        paid_days = terms.paid_days(days)
        if paid_days:
            _pay(work, declaration, told, days, paid_days * terms.per_day)
        else:
            about = {"declaration": str(declaration.id), "days": days}
            steps.tell(work, declaration, Kind.DELAY_DECIDED, about)


def _pay(
    work: Work, declaration: CoverDeclaration, told: dict[str, ArrivalReport], days: int, paid: int
) -> None:
    claim = InsuranceClaim(
        id=new_id(),
        declaration_id=declaration.id,
        insurer_id=declaration.insurer_id,
        insured_id=declaration.insured_id,
        kind=claims.ClaimKind.DELAY.value,
        state="SETTLED",
        description=f"{days} days late by the word of two of three independent sources",
        occurred_at=declaration.agreed_arrival,
        currency=declaration.currency,
        claimed_minor=paid,
        assessed_minor=paid,
        payable_minor=paid,
        paid_minor=paid,
        reason=None,
        late=False,
        notified_at=work.now,
        documents_due=work.now,
        settled_at=work.now,
    )
    work.session.add(claim)
    work.session.flush()
    steps.add(work, None, claim, "NOTIFY", {"late": False, "claimed": paid})
    for role in quorum.ROLES:
        if role in told:
            report = told[role]
            about = {"report": str(report.id), "role": role, "digest": report.digest, "kid": report.kid}
            steps.add(work, None, claim, "REPORT", {**about, "arrivedAt": report.arrived_at.isoformat()})
    steps.add(work, None, claim, "ACCEPT", {"days": days, "payable": paid})
    steps.add(work, None, claim, "SETTLE", {"paid": paid})
    claims.settled(work, claim)


def _reports(work: Work, declaration_ids: Collection[UUID]) -> dict[UUID, list[ArrivalReport]]:
    found: dict[UUID, list[ArrivalReport]] = {each: [] for each in declaration_ids}
    rows = select(ArrivalReport).where(ArrivalReport.declaration_id.in_(found)).order_by(ArrivalReport.id)
    for row in work.session.scalars(rows):
        found[row.declaration_id].append(row)
    return found


def decide_at_last(platform: Platform) -> int:
    """Decide delays whose sources differ or are silent when the time for words is over; return how many."""
    with platform.begin(Duty(DUTY)) as work:
        due = work.session.scalars(
            select(CoverDeclaration)
            .where(
                CoverDeclaration.decides_by <= work.now,
                CoverDeclaration.delay_decided_at.is_(None),
                CoverDeclaration.state == "DECLARED",
            )
            .order_by(CoverDeclaration.id)
            .limit(claims.AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for declaration in due:
            _decide(work, declaration, at_last=True)
        return len(due)


def watch(platform: Platform) -> int:
    """Do what the clock asks of insurance: claims that lapse or soon will, delays to be decided.

    Return how many.
    """
    return claims.lapse(platform) + claims.remind(platform) + decide_at_last(platform)


@dataclass(frozen=True)
class Told:
    """One source's standing word: the days late by it, and how far it is from what was decided."""

    report: ArrivalReport
    days: int
    apart: int | None


@dataclass(frozen=True)
class Basis:
    """A delay cover as it stands: measured and paid days, and every source's own (the basis risk).

    ``sources`` are the parties whose words count, by role, whether they told anything yet or not.
    """

    terms: quorum.Terms
    decides_by: datetime
    sources: tuple[tuple[str, UUID], ...]
    decided_at: datetime | None
    measured_days: int | None
    paid_days: int | None
    paid: int | None
    told: tuple[Told, ...]

    @property
    def widest(self) -> int | None:
        """Return the most days that a source's word is apart from the delay measured."""
        apart = [abs(each.apart) for each in self.told if each.apart is not None]
        return max(apart, default=None)


def basis(work: Work, declarations: Sequence[CoverDeclaration]) -> dict[UUID, Basis]:
    """Return how each declaration's delay cover stands; those without one are left out."""
    reports = _reports(work, [each.id for each in declarations])
    found = {}
    for declaration in declarations:
        terms = declaring.delay_terms(declaration)
        if terms is None:
            continue
        days = declaration.delay_days
        told = standing(reports[declaration.id])
        words = []
        for role in quorum.ROLES:
            if role in told:
                late = quorum.days_late(terms.agreed, told[role].arrived_at)
                words.append(Told(told[role], late, None if days is None else late - days))
        paid_days = None if days is None else terms.paid_days(days)
        paid = None if paid_days is None else paid_days * terms.per_day
        found[declaration.id] = Basis(
            terms=terms,
            decides_by=_time_over(declaration, terms),
            sources=_sources(declaration),
            decided_at=declaration.delay_decided_at,
            measured_days=days,
            paid_days=paid_days,
            paid=paid,
            told=tuple(words),
        )
    return found


def _time_over(declaration: CoverDeclaration, terms: quorum.Terms) -> datetime:
    return declaration.decides_by or terms.agreed


def _sources(declaration: CoverDeclaration) -> tuple[tuple[str, UUID], ...]:
    """Return whose words are waited for, by role, in the order of the roles."""
    named = (declaration.carrier_id, declaration.terminal_id, declaration.customs_id)
    return tuple((role, party) for role, party in zip(quorum.ROLES, named, strict=True) if party is not None)
