"""What of a thing is compared: the parties, vessels and goods that it names, each with its place.

Shipments and documents are read as their owner reads them; what they say is not kept here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from isthmus_platform import documents, parties, shipments
from isthmus_platform.database import Duty, Platform, Work
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import NotFound
from isthmus_platform.papers import issuing, plain
from isthmus_platform.papers.parts import TradeParty
from isthmus_platform.screening.asked import Thing
from isthmus_platform.screening.index import Value
from isthmus_platform.screening.records import DUTY

SCREENING = Duty(DUTY)
READER = "duty:screening"
"""As whom the worker reads for the owner; it goes to no log, since owners' own reads do not."""
MOST_VALUES = 500
"""Values of one thing; a document may have thousands of lines of the same goods."""


@dataclass(frozen=True)
class Named:
    """What a thing names, and the shipment that it belongs to."""

    values: tuple[Value, ...]
    shipment_id: UUID | None = None


def read(platform: Platform, vault: Vault, kind: Thing, thing_id: UUID, owner_id: UUID) -> Named:
    """Return what a thing of the party ``owner_id`` names; nothing where it is not there (any more)."""
    if kind is Thing.MEMBER:
        return _member(platform, thing_id)
    with platform.begin(SCREENING) as work:
        owner = parties.actor_of(parties.get(work, owner_id), READER)
    with platform.begin(owner) as work:
        try:
            return _shipment(work, thing_id) if kind is Thing.SHIPMENT else _document(work, vault, thing_id)
        except NotFound:
            return Named(())


def _member(platform: Platform, party_id: UUID) -> Named:
    with platform.begin(SCREENING) as work:
        party = parties.get(work, party_id)
        return Named((Value("PARTY", "member", party.legal_name, party.country),))


def _shipment(work: Work, shipment_id: UUID) -> Named:
    shipment = shipments.get(work, shipment_id)
    found = []
    if shipment.consignee_name:
        found.append(Value("PARTY", "consignee", shipment.consignee_name, shipment.consignee_country))
    if shipment.vessel:
        found.append(Value("VESSEL", "vessel", shipment.vessel))
    found += [
        Value("GOODS", f"goods.{item.sequence}", item.description, hs_code=item.hs_code)
        for item in shipment.goods
    ]
    for name, imo in work.session.execute(VESSELS, {"shipment": shipment_id}):
        found.append(Value("VESSEL", "event", name or "", imo=imo))
    for sequence, name in work.session.execute(LEGS, {"shipment": shipment_id}):
        found.append(Value("VESSEL", f"legs.{sequence}", name))
    return Named(tuple(dict.fromkeys(found))[:MOST_VALUES], shipment_id)


VESSELS = text(
    """
    SELECT DISTINCT content #>> '{transportCall,vessel,vesselName}',
        (regexp_match(conveyance, '^[0-9]{7}(?![0-9])'))[1]
    FROM tracking_event
    WHERE shipment_id = :shipment AND conveyance IS NOT NULL AND NOT retracted ORDER BY 2, 1 LIMIT 100
    """
)
LEGS = text(
    "SELECT sequence, conveyance FROM shipment_leg WHERE shipment_id = :shipment AND mode = 'VESSEL'"
    " AND conveyance IS NOT NULL ORDER BY sequence"
)


def _document(work: Work, vault: Vault, document_id: UUID) -> Named:
    document = documents.get(work, document_id)
    said = issuing.said(work, vault, [document]).get(document_id)
    if said is None:
        return Named((), document.shipment_id)
    found = dict.fromkeys(of_paper(plain.paper(document.type, said.data)))
    return Named(tuple(found)[:MOST_VALUES], document.shipment_id)


def of_paper(part: Any, place: str = "") -> Iterator[Value]:
    """Yield what a paper, or a part of one, names, with its place as ``lines.0``."""
    if isinstance(part, TradeParty):
        yield Value("PARTY", place, part.name, part.address.country if part.address else None)
    elif isinstance(part, tuple):
        for number, each in enumerate(part):
            yield from of_paper(each, f"{place}.{number}")
    elif is_dataclass(part):
        if hasattr(part, "hs_code") and hasattr(part, "description"):
            yield Value("GOODS", place, part.description or "", hs_code=part.hs_code or "")
        for each in fields(part):
            value, inner = getattr(part, each.name), f"{place}.{each.name}".lstrip(".")
            if each.name == "vessel" and value:
                yield Value("VESSEL", inner, value)
            elif each.name == "goods_description" and value:
                yield Value("GOODS", inner, value)
            elif value is not None:
                yield from of_paper(value, inner)
