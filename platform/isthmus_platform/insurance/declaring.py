"""Declaring a shipment under an open cover, never beyond a limit, and its certificate."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import exists, select

from isthmus_platform import domain_events, parties, places, shipments, tracking
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.documents import DocumentVersion
from isthmus_platform.errors import Conflict
from isthmus_platform.insurance import covers, limits, quotes, steps
from isthmus_platform.insurance.quorum import Terms
from isthmus_platform.insurance.records import (
    DUTY,
    CoverDeclaration,
    InsuranceClaim,
    InsuranceQuote,
    InsuranceStep,
    OpenCover,
)
from isthmus_platform.insurance.states import DECLARATION, QUOTE, moved
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import InsuranceCertificate
from isthmus_platform.papers.parts import Amount, Container, Location, TradeParty, check_text
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment

CLAUSES = {
    "ICC_A": "Institute Cargo Clauses (A) 1/1/09",
    "ICC_B": "Institute Cargo Clauses (B) 1/1/09",
    "ICC_C": "Institute Cargo Clauses (C) 1/1/09",
    "WAR": "Institute War Clauses (Cargo) 1/1/09",
    "STRIKES": "Institute Strikes Clauses (Cargo) 1/1/09",
}
AT_ORIGIN = frozenset({"CANCELLED", "BOOKED", "EMPTY_PICKED_UP", "GATED_IN", "LOADED"})
"""A shipment's status until it departs."""
GRACE = timedelta(days=30)
"""How long after the last day that is paid a delay waits for a third word where two differ."""


def declare(work: Work, desk: Desk, quote_id: UUID) -> CoverDeclaration:
    """Take a quote: declare its shipment under the cover, and issue the certificate.

    The cover is locked first, so that of many at once each sees what stands. Raises :class:`Conflict`
    (``quote_lapsed``, ``cover_not_active``, ``declared_before``), :class:`limits.LimitExceeded` and what
    issuing raises.
    """
    known = quotes.get(work, quote_id)
    cover: OpenCover = steps.lock(work, OpenCover, known.cover_id, "quote")
    quote: InsuranceQuote = steps.lock(work, InsuranceQuote, quote_id, "quote")
    state = moved(QUOTE, quote.state, "DECLARE", steps.who(work, quote), "quote")
    quotes.check_in_force(cover, work.now)
    if quote.valid_until is None or quote.valid_until <= work.now:
        raise Conflict("The quote holds no more; ask for another.", field="quote", code="quote_lapsed")
    _check_not_declared(work, cover, quote.shipment_id)
    terms, period = quote.terms, limits.period_at(cover, work.now)
    places_of = frozenset((terms["loading"], terms["discharge"]))
    wanted = limits.Wanted(quote.insured_minor, terms["conveyance"], places_of, period, "quote")
    limits.check(work, cover, wanted)
    shipment = shipments.get(work, quote.shipment_id)
    quote.state = state
    cover.declared_minor += quote.insured_minor
    cover.declarations += 1
    work.session.flush()
    certificate = _certificate(work, desk, cover, quote, shipment)
    declaration = _written(work, cover, quote, certificate, period)
    about = {"declaration": str(declaration.id), "number": declaration.number, "insured": quote.insured_minor}
    steps.add(work, desk, cover, "DECLARE", about)
    domain_events.announce(work, "cover.declared", about={"declaration": str(declaration.id)})
    steps.tell(work, declaration, Kind.COVER_DECLARED, {"declaration": str(declaration.id)})
    return declaration


def _check_not_declared(work: Work, cover: OpenCover, shipment_id: UUID) -> None:
    declared = exists().where(
        CoverDeclaration.cover_id == cover.id,
        CoverDeclaration.state == "DECLARED",
        CoverDeclaration.shipment_id == shipment_id,
    )
    if work.session.scalar(select(declared)):
        raise Conflict("The shipment is declared under this cover.", field="quote", code="declared_before")


def _written(
    work: Work, cover: OpenCover, quote: InsuranceQuote, certificate: DocumentVersion, period: int
) -> CoverDeclaration:
    terms, delay = quote.terms, quote.terms["delay"]
    declaration = CoverDeclaration(
        id=new_id(),
        cover_id=cover.id,
        insurer_id=cover.insurer_id,
        insured_id=cover.insured_id,
        quote_id=quote.id,
        shipment_id=quote.shipment_id,
        document_id=certificate.document_id,
        number=cover.declarations,
        period=period,
        ucr=terms["ucr"],
        conveyance=terms["conveyance"],
        loading=terms["loading"],
        discharge=terms["discharge"],
        currency=cover.currency,
        insured_minor=quote.insured_minor,
        premium_minor=quote.premium_minor,
        deductible_minor=quote.deductible_minor,
        state="DECLARED",
        declared_at=work.now,
        cancelled_at=None,
    )
    if delay is not None:
        sources = {role: UUID(party_id) for role, party_id in delay["sources"].items()}
        declaration.carrier_id, declaration.terminal_id = sources["CARRIER"], sources["TERMINAL"]
        declaration.customs_id = sources["CUSTOMS"]
        declaration.agreed_arrival = datetime.fromisoformat(delay["agreed"])
        declaration.after_days, declaration.most_days = delay["afterDays"], delay["mostDays"]
        declaration.per_day_minor = delay["perDay"]
        paid_up = timedelta(days=delay["afterDays"] + delay["mostDays"])
        declaration.decides_by = declaration.agreed_arrival + paid_up + GRACE
    work.session.add(declaration)
    work.session.flush()
    return declaration


def delay_terms(declaration: CoverDeclaration) -> Terms | None:
    """Return the terms of a declaration's delay cover, or None without it."""
    agreed, after = declaration.agreed_arrival, declaration.after_days
    per_day, most = declaration.per_day_minor, declaration.most_days
    if agreed is None or after is None or per_day is None or most is None:
        return None
    return Terms(agreed, after, per_day, most)


def amount_of(minor: int, currency: str) -> Amount:
    """Return minor units as a paper says them: JPY has no decimals, USD two, BHD three (CLDR)."""
    return Amount(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)


def _certificate(
    work: Work, desk: Desk, cover: OpenCover, quote: InsuranceQuote, shipment: Shipment
) -> DocumentVersion:
    """Issue the certificate: signed by the insured as proxy of the insurer (UCP 600 Art. 28(a))."""
    names = parties.get_many(work, {cover.insurer_id, cover.insured_id})
    insurer, insured = names[cover.insurer_id].legal_name, names[cover.insured_id].legal_name
    offered = work.session.scalars(
        select(InsuranceStep.digest).where(InsuranceStep.subject_id == cover.id, InsuranceStep.sequence == 1)
    ).one()
    delay = quote.terms["delay"]
    note = (
        f"Signed by {insured} as proxy for and on behalf of {insurer}, under open cover {cover.number},"
        f" whose terms the insurer signed: {offered}. Deductible:"
        f" {amount_of(quote.deductible_minor or 0, cover.currency).value} {cover.currency}."
    )
    if delay is not None:
        note += f" Delay beyond {delay['afterDays']} days after {delay['agreed']} is covered."
    paper = InsuranceCertificate(
        number=f"{cover.number}-{cover.declarations}",
        issued_on=work.now.date(),
        policy_number=cover.number,
        insurer=TradeParty(insurer),
        insured=TradeParty(insured),
        insured_amount=amount_of(quote.insured_minor, cover.currency),
        clauses="; ".join(CLAUSES[clause] for clause in quote.terms["clauses"]),
        ucr=shipment.ucr,
        goods_description="; ".join(item.description for item in shipment.goods)[:2000] or None,
        vessel=quote.terms["conveyance"],
        loading=_location(shipment.origin),
        discharge=_location(shipment.destination),
        containers=tuple(Container(unit.reference, unit.iso_code) for unit in shipment.equipment),
        claims_payable_at=_location(shipment.destination),
        note=note,
    )
    return issuing.issue(work, desk, shipment.reference, paper, title=f"Insurance certificate {paper.number}")


def _location(code: str) -> Location:
    found = places.known(code)
    return Location(code, None if found is None else found.name)


def cancel(work: Work, desk: Desk, declaration_id: UUID, reason: str) -> CoverDeclaration:
    """Take a declaration back before the goods are under way; its certificate is revoked.

    Raises :class:`NotFound` and :class:`Conflict` (``claimed``, ``delay_decided``, ``under_way``).
    """
    check_text(reason, "reason", 500)
    known = get(work, declaration_id)
    cover: OpenCover = steps.lock(work, OpenCover, known.cover_id, "declaration")
    declaration: CoverDeclaration = steps.lock(work, CoverDeclaration, declaration_id, "declaration")
    state = moved(DECLARATION, declaration.state, "CANCEL", steps.who(work, declaration), "declaration")
    if work.session.scalar(select(exists().where(InsuranceClaim.declaration_id == declaration.id))):
        raise Conflict("A claim was made.", field="declaration", code="claimed")
    if declaration.delay_decided_at is not None:
        raise Conflict("Its delay is decided.", field="declaration", code="delay_decided")
    if _under_way(work, shipments.get(work, declaration.shipment_id)):
        raise Conflict("The goods are under way.", field="declaration", code="under_way")
    declaration.state, declaration.cancelled_at = state, work.now
    cover.declared_minor -= declaration.insured_minor
    work.session.flush()
    issuing.revoke(work, declaration.document_id)
    about = {"declaration": str(declaration.id), "insured": declaration.insured_minor, "reason": reason}
    steps.add(work, desk, cover, "CANCEL_DECLARATION", about)
    steps.tell(work, declaration, Kind.COVER_DECLARATION_CANCELLED, {"declaration": str(declaration.id)})
    return declaration


def _under_way(work: Work, shipment: Shipment) -> bool:
    code = tracking.progress(work, [shipment])[shipment.id].status.code
    return code not in AT_ORIGIN


def get(work: Work, declaration_id: UUID) -> CoverDeclaration:
    """Return a declaration that the actor made or was made to, or raise :class:`NotFound`."""
    found: CoverDeclaration = covers.own(work, CoverDeclaration, declaration_id, "declaration")
    return found


def row(work: Work, declaration_id: UUID) -> CoverDeclaration:
    """Return a declaration locked and as it stands, whether the actor sees it or not."""
    with on_duty(work, DUTY):
        return work.session.scalars(
            select(CoverDeclaration)
            .where(CoverDeclaration.id == declaration_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
