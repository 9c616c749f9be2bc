"""The insurance certificate (520): signed by the insured as proxy of the insurer (UCP 600 Art. 28(a))."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import select

from isthmus_platform import parties, places
from isthmus_platform.database import Work
from isthmus_platform.documents import DocumentVersion
from isthmus_platform.insurance.records import InsuranceStep, OpenCover
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import InsuranceCertificate
from isthmus_platform.papers.parts import Amount, Container, Location, TradeParty
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment

CLAUSES = {
    "ICC_A": "Institute Cargo Clauses (A) 1/1/09",
    "ICC_B": "Institute Cargo Clauses (B) 1/1/09",
    "ICC_C": "Institute Cargo Clauses (C) 1/1/09",
    "WAR": "Institute War Clauses (Cargo) 1/1/09",
    "STRIKES": "Institute Strikes Clauses (Cargo) 1/1/09",
}


@dataclass(frozen=True)
class Said:
    """What a certificate says beside its cover and shipment; amounts in minor units of the cover's currency.

    ``terms`` are those of the quote, as they stand; ``replaces`` is the number of the certificate before it.
    """

    number: str
    insured: int
    deductible: int
    terms: Mapping[str, Any]
    replaces: str | None = None


def amount_of(minor: int, currency: str) -> Amount:
    """Return minor units as a paper says them: JPY has no decimals, USD two, BHD three (CLDR)."""
    return Amount(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)


def issue(work: Work, desk: Desk, cover: OpenCover, shipment: Shipment, said: Said) -> DocumentVersion:
    """Issue the certificate of what is declared; raises what issuing does."""
    names = parties.get_many(work, {cover.insurer_id, cover.insured_id})
    insurer, insured = names[cover.insurer_id].legal_name, names[cover.insured_id].legal_name
    paper = InsuranceCertificate(
        number=said.number,
        issued_on=work.now.date(),
        policy_number=cover.number,
        insurer=TradeParty(insurer),
        insured=TradeParty(insured),
        insured_amount=amount_of(said.insured, cover.currency),
        clauses="; ".join(CLAUSES[clause] for clause in said.terms["clauses"]),
        ucr=shipment.ucr,
        goods_description="; ".join(item.description for item in shipment.goods)[:2000] or None,
        vessel=said.terms["conveyance"],
        loading=_location(shipment.origin),
        discharge=_location(shipment.destination),
        containers=tuple(Container(unit.reference, unit.iso_code) for unit in shipment.equipment),
        claims_payable_at=_location(shipment.destination),
        note=_note(work, cover, said, insurer, insured),
    )
    return issuing.issue(work, desk, shipment.reference, paper, title=f"Insurance certificate {paper.number}")


def _note(work: Work, cover: OpenCover, said: Said, insurer: str, insured: str) -> str:
    offered = work.session.scalars(
        select(InsuranceStep.digest).where(InsuranceStep.subject_id == cover.id, InsuranceStep.sequence == 1)
    ).one()
    note = (
        f"Signed by {insured} as proxy for and on behalf of {insurer}, under open cover {cover.number},"
        f" whose terms the insurer signed: {offered}. Deductible:"
        f" {amount_of(said.deductible, cover.currency).value} {cover.currency}."
    )
    if said.terms.get("sailsOn") is not None:  # what was quoted before this was asked does not say
        note += f" Sailing on or about {said.terms['sailsOn']}."
    delay = said.terms["delay"]
    if delay is not None:
        note += f" Delay beyond {delay['afterDays']} days after {delay['agreed']} is covered."
    return (
        note if said.replaces is None else f"{note} It takes the place of {said.replaces}, which is revoked."
    )


def _location(code: str) -> Location:
    found = places.known(code)
    return Location(code, None if found is None else found.name)
