"""Adjusting a declaration before its risk ends: rated anew, within the limits, with a new certificate.

The premium is made anew by the table that rated the declaration, and not by today's, so that what stays as it
was costs what it did. The certificate before is revoked as the new one is issued. Each adjustment is kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select

from isthmus_platform import domain_events, shipments
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.insurance import certificates, declaring, limits, quotes, rating, steps
from isthmus_platform.insurance.certificates import Said
from isthmus_platform.insurance.limits import Wanted
from isthmus_platform.insurance.records import (
    DUTY,
    ArrivalReport,
    CoverAdjustment,
    CoverDeclaration,
    InsuranceQuote,
    InsuranceTariff,
    OpenCover,
)
from isthmus_platform.insurance.states import DECLARATION, moved
from isthmus_platform.papers import issuing
from isthmus_platform.papers.parts import check_text
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment

RISK_ENDED = frozenset({"DELIVERED", "EMPTY_RETURNED"})
"""Statuses of a shipment whose transit is over (Institute Cargo Clauses 1/1/09, clause 8.1)."""


@dataclass(frozen=True)
class Change:
    """What is to be otherwise; None leaves it. ``cif`` in minor units of the cover's currency."""

    reason: str
    cif: int | None = None
    conveyance: str | None = None
    mode: str | None = None
    agreed_arrival: datetime | None = None
    sails_on: date | None = None


def adjust(work: Work, desk: Desk, declaration_id: UUID, change: Change) -> CoverDeclaration:
    """Adjust what was declared, as the insured; the cover is locked first, as for a declaration.

    Raises :class:`NotFound`, :class:`InvalidInput` naming the field, :class:`limits.LimitExceeded`,
    :class:`rating.NotRated` and :class:`Conflict` (``claimed``, ``delay_decided``, ``risk_ended``,
    ``arrival_told``, ``under_way`` for a day of sailing, ``not_in_this_state``, ``cover_not_active`` for a
    higher sum).
    """
    check_text(change.reason, "reason", 500)
    known = declaring.get(work, declaration_id)
    cover: OpenCover = steps.lock(work, OpenCover, known.cover_id, "declaration")
    declaration: CoverDeclaration = steps.lock(work, CoverDeclaration, declaration_id, "declaration")
    who = steps.who(work, declaration)
    declaration.state = moved(DECLARATION, declaration.state, "ADJUST", who, "declaration")
    declaring.check_nothing_happened(work, declaration)
    shipment = shipments.get(work, declaration.shipment_id)
    if declaring.status_of(work, shipment) in RISK_ENDED:
        raise Conflict("The goods are delivered.", field="declaration", code="risk_ended")
    quote = quotes.get(work, declaration.quote_id)
    before = standing(work, declaration, quote)
    terms = _changed(work, declaration, before, change)
    insured = steps.check_amount(rating.sum_insured(terms["cif"], cover.uplift_bp), "cifMinor")
    if insured > declaration.insured_minor:
        quotes.check_in_force(cover, work.now)
    _check_limits(work, cover, declaration, insured, terms["conveyance"])
    rated = _rated(work, quote, shipment, terms, insured)
    return _kept(
        work, desk, _Made(cover, declaration, shipment, before, terms, insured, rated), change.reason
    )


@dataclass(frozen=True)
class _Made:
    """An adjustment that is in order: what it is of, the terms before and after, the new sum and premium."""

    cover: OpenCover
    declaration: CoverDeclaration
    shipment: Shipment
    before: Mapping[str, Any]
    terms: Mapping[str, Any]
    insured: int
    rated: rating.Rated


def standing(work: Work, declaration: CoverDeclaration, quote: InsuranceQuote) -> dict[str, Any]:
    """Return the terms of a declaration as they stand: those of its quote, or of its last adjustment."""
    last = work.session.scalar(
        select(CoverAdjustment.terms)
        .where(CoverAdjustment.declaration_id == declaration.id)
        .order_by(CoverAdjustment.number.desc())
        .limit(1)
    )
    return dict(quote.terms if last is None else last)


def _changed(
    work: Work, declaration: CoverDeclaration, before: Mapping[str, Any], change: Change
) -> dict[str, Any]:
    terms = dict(before)
    if change.cif is not None:
        terms["cif"] = steps.check_amount(change.cif, "cifMinor")
    if change.conveyance is not None:
        check_text(change.conveyance, "conveyance", 200)
        terms["conveyance"] = quotes.conveyance_of(change.conveyance)
    if change.mode is not None:
        if change.mode not in rating.MODES:
            raise InvalidInput("There is no such mode.", field="mode", code="unknown_mode")
        terms["mode"] = change.mode
    if change.agreed_arrival is not None:
        _check_arrival(work, declaration, change.agreed_arrival)
        terms["delay"] = {**terms["delay"], "agreed": change.agreed_arrival.isoformat()}
    if change.sails_on is not None and change.sails_on.isoformat() != before.get("sailsOn"):
        quotes.check_sailing(change.sails_on, terms["delay"], work.now)
        if declaring.under_way(work, shipments.get(work, declaration.shipment_id)):
            raise Conflict("The goods are under way.", field="sailsOn", code="under_way")
        terms["sailsOn"] = change.sails_on.isoformat()
    if terms == before:
        raise InvalidInput("Say what is to be changed.", field="cifMinor", code="nothing_to_change")
    return terms


def _check_arrival(work: Work, declaration: CoverDeclaration, agreed: datetime) -> None:
    """Let an agreed arrival move only later, within a year, while no source told of the arrival."""
    field = "agreedArrival"
    if declaration.agreed_arrival is None:
        raise InvalidInput("There is no delay cover.", field=field, code="no_delay_cover")
    if not declaration.agreed_arrival <= agreed <= work.now + quotes.LONGEST_DELAY:
        raise InvalidInput(
            "An agreed arrival moves later, and lies within a year.", field=field, code="out_of_range"
        )
    with on_duty(work, DUTY):
        told = work.session.scalar(select(exists().where(ArrivalReport.declaration_id == declaration.id)))
    if told:
        raise Conflict("A source told of the arrival.", field=field, code="arrival_told")


def _check_limits(
    work: Work, cover: OpenCover, declaration: CoverDeclaration, insured: int, conveyance: str
) -> None:
    """Hold the limits as if it were declared now, in the policy period in which it was."""
    places_of = frozenset((declaration.loading, declaration.discharge))
    field = "cifMinor" if insured != declaration.insured_minor else "conveyance"
    wanted = Wanted(insured, conveyance, places_of, declaration.period, field, declaration.id)
    limits.check(work, cover, wanted)


def _rated(
    work: Work, quote: InsuranceQuote, shipment: Shipment, terms: Mapping[str, Any], insured: int
) -> rating.Rated:
    """Return the premium by the table that rated the quote; of the insurer's own word in proportion."""
    if quote.tariff_id is not None:
        with on_duty(work, DUTY):
            tariff = work.session.get_one(InsuranceTariff, quote.tariff_id)
            rates = rating.from_json(tariff.rates)
        return rating.rate(rates, quotes.risk_of(shipment, terms, insured))
    if terms["mode"] != quote.terms["mode"]:
        raise rating.NotRated("The insurer quoted another mode; ask for another quote.", field="mode")
    premium = rating.share(quote.premium_minor or 0, insured, quote.insured_minor)
    said = "as the insurer quoted, in proportion to the sum insured"
    line = rating.Line("QUOTED", "", insured, None, premium, said)
    return rating.Rated((line,), min(quote.deductible_minor or 0, insured))


def _kept(work: Work, desk: Desk, made: _Made, reason: str) -> CoverDeclaration:
    """Write the adjustment, exchange the certificates, and tell both parties."""
    cover, declaration, rated = made.cover, made.declaration, made.rated
    number = 1 + (
        work.session.scalar(select(func.count()).where(CoverAdjustment.declaration_id == declaration.id)) or 0
    )
    first = f"{cover.number}-{declaration.number}"
    replaced = first if number == 1 else f"{first}/{number - 1}"
    difference = rated.premium - declaration.premium_minor
    cover.declared_minor += made.insured - declaration.insured_minor
    work.session.flush()
    issuing.revoke(work, declaration.document_id)
    said = Said(f"{first}/{number}", made.insured, rated.deductible, made.terms, replaced)
    certificate = certificates.issue(work, desk, cover, made.shipment, said)
    work.session.add(
        CoverAdjustment(
            id=new_id(),
            declaration_id=declaration.id,
            insurer_id=declaration.insurer_id,
            insured_id=declaration.insured_id,
            number=number,
            reason=reason,
            made_at=work.now,
            currency=declaration.currency,
            terms_before=made.before,
            terms=made.terms,
            insured_before_minor=declaration.insured_minor,
            insured_minor=made.insured,
            premium_before_minor=declaration.premium_minor,
            premium_minor=rated.premium,
            deductible_minor=rated.deductible,
            lines=[asdict(line) for line in rated.lines],
            revoked_id=declaration.document_id,
            document_id=certificate.document_id,
        )
    )
    about = {
        "declaration": str(declaration.id),
        "number": number,
        "before": declaration.insured_minor,
        "insured": made.insured,
        "premium": rated.premium,
        "difference": difference,
    }
    _restate(declaration, made, certificate.document_id)
    work.session.flush()
    steps.add(work, desk, cover, "ADJUST_DECLARATION", about)
    told = {"declaration": str(declaration.id)}
    domain_events.announce(work, "cover.declaration_adjusted", about=told)
    steps.tell(work, declaration, Kind.COVER_DECLARATION_ADJUSTED, told)
    return declaration


def _restate(declaration: CoverDeclaration, made: _Made, certificate: UUID) -> None:
    declaration.insured_minor, declaration.document_id = made.insured, certificate
    declaration.premium_minor, declaration.deductible_minor = made.rated.premium, made.rated.deductible
    declaration.conveyance = made.terms["conveyance"]
    if made.terms["delay"] is not None:
        declaration.agreed_arrival = datetime.fromisoformat(made.terms["delay"]["agreed"])
        declaration.decides_by = declaring.decides_by(declaration)


def of_declarations(work: Work, declaration_ids: Collection[UUID]) -> dict[UUID, list[CoverAdjustment]]:
    """Return the adjustments of each declaration, oldest first."""
    found: dict[UUID, list[CoverAdjustment]] = {each: [] for each in declaration_ids}
    rows = select(CoverAdjustment).where(CoverAdjustment.declaration_id.in_(found))
    for row in work.session.scalars(rows.order_by(CoverAdjustment.number)):
        found[row.declaration_id].append(row)
    return found


def insured_when(work: Work, declaration: CoverDeclaration, at: datetime) -> int:
    """Return for how much, in minor units, a claim of what occurred at ``at`` may be: the least sum since.

    What was raised after a loss does not pay for it, and what was given back does not either.
    """
    later = [row for row in of_declarations(work, [declaration.id])[declaration.id] if row.made_at > at]
    return min([declaration.insured_minor, *(row.insured_before_minor for row in later)])
