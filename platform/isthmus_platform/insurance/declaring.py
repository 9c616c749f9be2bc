"""Declaring a shipment under an open cover, never beyond a limit, and its certificate."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select

from isthmus_platform import domain_events, shipments, tracking
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.documents import DocumentVersion
from isthmus_platform.errors import Conflict
from isthmus_platform.insurance import certificates, covers, limits, quotes, steps
from isthmus_platform.insurance.certificates import Said
from isthmus_platform.insurance.quorum import Terms
from isthmus_platform.insurance.records import (
    DUTY,
    CoverDeclaration,
    InsuranceClaim,
    InsuranceQuote,
    OpenCover,
)
from isthmus_platform.insurance.states import DECLARATION, QUOTE, moved
from isthmus_platform.papers import issuing
from isthmus_platform.papers.parts import check_text
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment

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
    said = Said(
        f"{cover.number}-{cover.declarations}", quote.insured_minor, quote.deductible_minor or 0, terms
    )
    certificate = certificates.issue(work, desk, cover, shipment, said)
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
        declaration.decides_by = decides_by(declaration)
    work.session.add(declaration)
    work.session.flush()
    return declaration


def decides_by(declaration: CoverDeclaration) -> datetime | None:
    """Return until when a third word is waited for; None without delay cover."""
    terms = delay_terms(declaration)
    if terms is None:
        return None
    return terms.agreed + timedelta(days=terms.after_days + terms.most_days) + GRACE


def delay_terms(declaration: CoverDeclaration) -> Terms | None:
    """Return the terms of a declaration's delay cover, or None without it."""
    agreed, after = declaration.agreed_arrival, declaration.after_days
    per_day, most = declaration.per_day_minor, declaration.most_days
    if agreed is None or after is None or per_day is None or most is None:
        return None
    return Terms(agreed, after, per_day, most)


def cancel(work: Work, desk: Desk, declaration_id: UUID, reason: str) -> CoverDeclaration:
    """Take a declaration back before the goods are under way; its certificate is revoked.

    Raises :class:`NotFound` and :class:`Conflict` (``claimed``, ``delay_decided``, ``under_way``).
    """
    check_text(reason, "reason", 500)
    known = get(work, declaration_id)
    cover: OpenCover = steps.lock(work, OpenCover, known.cover_id, "declaration")
    declaration: CoverDeclaration = steps.lock(work, CoverDeclaration, declaration_id, "declaration")
    state = moved(DECLARATION, declaration.state, "CANCEL", steps.who(work, declaration), "declaration")
    check_nothing_happened(work, declaration)
    if under_way(work, shipments.get(work, declaration.shipment_id)):
        raise Conflict("The goods are under way.", field="declaration", code="under_way")
    declaration.state, declaration.cancelled_at = state, work.now
    cover.declared_minor -= declaration.insured_minor
    work.session.flush()
    issuing.revoke(work, declaration.document_id)
    about = {"declaration": str(declaration.id), "insured": declaration.insured_minor, "reason": reason}
    steps.add(work, desk, cover, "CANCEL_DECLARATION", about)
    steps.tell(work, declaration, Kind.COVER_DECLARATION_CANCELLED, {"declaration": str(declaration.id)})
    return declaration


def check_nothing_happened(work: Work, declaration: CoverDeclaration) -> None:
    """Raise :class:`Conflict` (``claimed``, ``delay_decided``) where something was claimed or settled."""
    if work.session.scalar(select(exists().where(InsuranceClaim.declaration_id == declaration.id))):
        raise Conflict("A claim was made.", field="declaration", code="claimed")
    if declaration.delay_decided_at is not None:
        raise Conflict("Its delay is decided.", field="declaration", code="delay_decided")


def status_of(work: Work, shipment: Shipment) -> str:
    """Return how far the goods are, by the code of tracking."""
    return tracking.progress(work, [shipment])[shipment.id].status.code


def under_way(work: Work, shipment: Shipment) -> bool:
    """Return whether the goods have left."""
    return status_of(work, shipment) not in AT_ORIGIN


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
