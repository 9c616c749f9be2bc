"""Shipments: what is sent from where to where, in which containers, by which carrier.

A shipment belongs to one party; an agent under its delegation and the named carrier see it too, nobody else
unless its owner grants it. Its status is derived from its events (:mod:`isthmus_platform.tracking`).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache, partial
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import domain_events, drafts, parties, searching, tracking
from isthmus_platform.consignments import CommercialTerms, Equipment, GoodsItem, Shipment
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.drafts import EquipmentDraft, GoodsDraft, InvoiceDraft, LegDraft, ShipmentDraft
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, PlatformError
from isthmus_platform.parties import Party
from isthmus_platform.screening import asked
from isthmus_platform.searching import ShipmentFilter
from isthmus_platform.sources import SourceKind
from isthmus_platform.tracking_records import ShipmentLeg, ShipmentSource

__all__ = [
    "CommercialTerms",
    "Equipment",
    "EquipmentDraft",
    "GoodsDraft",
    "GoodsItem",
    "InvoiceDraft",
    "LegDraft",
    "Shipment",
    "ShipmentDraft",
    "ShipmentFilter",
    "by_reference",
    "by_ucr",
    "commercial_terms",
    "create",
    "create_many",
    "get",
    "get_many",
    "page",
]

ALL = ShipmentFilter()
TAKEN = {
    "uq_shipment_party_id_reference": ("reference", "reference_taken"),
    "uq_shipment_party_id_ucr": ("ucr", "ucr_taken"),
}


def create(work: Work, draft: ShipmentDraft) -> Shipment:
    """Make a shipment for the acting party, or for the principal ``draft.on_behalf_of`` under its delegation.

    Events that its carrier sent before and that matched nothing attach to it. Raises
    :class:`InvalidInput` naming the field, :class:`Conflict` (``reference_taken``, ``ucr_taken``) and
    :class:`NotPermitted` (``role_required``, ``no_delegation``).
    """
    work.actor.require(PartyRole.TRADER, PartyRole.FORWARDER)
    drafts.check(draft, work.now)
    owner = parties.act_for(work, draft.on_behalf_of)
    shipment = _shipment(work, draft, owner, _carrier(work, draft.carrier))
    try:
        with work.session.begin_nested():
            work.session.add(shipment)
    except IntegrityError as error:
        raise _taken(error) from error
    if draft.invoice is not None:
        work.session.add(_terms(shipment, draft.invoice))
    sources = _way(work, shipment, draft)
    work.session.flush()
    tracking.attach(work, [(shipment, sources)])
    domain_events.announce(work, "shipment.created", about={"shipment": str(shipment.id)})
    asked.ask(work, asked.Thing.SHIPMENT, shipment.id, owner.id)
    return shipment


def create_many(work: Work, wanted: Sequence[ShipmentDraft]) -> list[Shipment | PlatformError]:
    """Make each of ``wanted`` as :func:`create` does, in as many statements for all as that takes for one.

    In the place of one that cannot be made is why; it keeps no other from being made.
    """
    work.actor.require(PartyRole.TRADER, PartyRole.FORWARDER)
    owner_of, carrier_of = cache(partial(parties.act_for, work)), cache(partial(_carrier, work))
    results: list[Shipment | PlatformError] = []
    for draft in wanted:
        try:
            drafts.check(draft, work.now)
            results.append(_shipment(work, draft, owner_of(draft.on_behalf_of), carrier_of(draft.carrier)))
        except PlatformError as refusal:
            results.append(refusal)
    _refuse_taken(work, results)
    made = [(each, draft) for each, draft in zip(results, wanted, strict=True) if isinstance(each, Shipment)]
    try:
        with work.session.begin_nested():
            work.session.add_all(shipment for shipment, _ in made)
    except IntegrityError:  # somebody else has taken a reference since
        return [_one_of_many(work, draft) for draft in wanted]
    for shipment, draft in made:
        if draft.invoice is not None:
            work.session.add(_terms(shipment, draft.invoice))
    ways = [(shipment, _way(work, shipment, draft)) for shipment, draft in made]
    work.session.flush()
    tracking.attach(work, ways)
    for shipment, _ in made:
        domain_events.announce(work, "shipment.created", about={"shipment": str(shipment.id)})
    return results


def _one_of_many(work: Work, draft: ShipmentDraft) -> Shipment | PlatformError:
    """Make one shipment or say why not; a refusal takes back its own half-done work and no other's."""
    try:
        with work.session.begin_nested():
            return create(work, draft)
    except PlatformError as refusal:
        return refusal


def _refuse_taken(work: Work, results: list[Shipment | PlatformError]) -> None:
    """Put a refusal in the place of each shipment whose reference or UCR its owner uses already."""
    new = [each for each in results if isinstance(each, Shipment)]
    held = work.session.execute(
        select(Shipment.party_id, Shipment.reference, Shipment.ucr).where(
            Shipment.party_id.in_({each.party_id for each in new}),
            or_(
                Shipment.reference.in_([each.reference for each in new]),
                Shipment.ucr.in_([each.ucr for each in new]),
            ),
        )
    ).all()
    references = {(owner, reference) for owner, reference, _ in held}
    ucrs = {(owner, ucr) for owner, _, ucr in held}
    for place, each in enumerate(results):
        if not isinstance(each, Shipment):
            continue
        reference, ucr = (each.party_id, each.reference), (each.party_id, each.ucr)
        if reference in references:
            results[place] = _in_use(*TAKEN["uq_shipment_party_id_reference"])
        elif ucr in ucrs:
            results[place] = _in_use(*TAKEN["uq_shipment_party_id_ucr"])
        else:
            references.add(reference)
            ucrs.add(ucr)


def get(work: Work, shipment_id: UUID) -> Shipment:
    """Return the shipment with this id if the actor may see it, or raise :class:`NotFound`."""
    shipment = work.session.get(Shipment, shipment_id)
    if shipment is None:
        raise _not_found("shipment")
    return shipment


def get_many(work: Work, shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Return those of the shipments that the actor may see, by id."""
    rows = work.session.scalars(select(Shipment).where(Shipment.id.in_(set(shipment_ids))))
    return {shipment.id: shipment for shipment in rows}


def by_reference(work: Work, reference: str, *, field: str = "reference") -> Shipment:
    """Return the visible shipment with this reference.

    The actor's own comes first. Raises :class:`NotFound`, and :class:`Conflict` (``ambiguous_reference``)
    when several principals of an agent use the reference.
    """
    return _one(work, Shipment.reference == reference, field)


def by_ucr(work: Work, ucr: str, *, field: str = "ucr") -> Shipment:
    """Return the visible shipment with this UCR; raise as :func:`by_reference` does."""
    return _one(work, Shipment.ucr == ucr, field)


def page(
    work: Work, wanted: ShipmentFilter = ALL, after: UUID | None = None, first: int = 50
) -> Sequence[Shipment]:
    """Return up to ``first`` visible shipments, newest first, that come after the one with the id ``after``.

    Ids are UUIDv7, so their order is the order of creation.
    """
    query = (
        select(Shipment).where(*searching.conditions(work, wanted)).order_by(Shipment.id.desc()).limit(first)
    )
    if after is not None:
        query = query.where(Shipment.id < after)
    return work.session.scalars(query).all()


def commercial_terms(work: Work, shipment_id: UUID) -> CommercialTerms | None:
    """Return the terms of payment held with a shipment, for its owner and its agents only."""
    return work.session.get(CommercialTerms, shipment_id)


def _one(work: Work, condition: ColumnElement[bool], field: str) -> Shipment:
    found = work.session.scalars(select(Shipment).where(condition).order_by(Shipment.id).limit(50)).all()
    if not found:
        raise _not_found(field)
    own = [shipment for shipment in found if shipment.party_id == work.actor.party_id]
    if len(own or found) > 1:
        raise Conflict(
            "Several parties you act for use this reference; ask by id.",
            field=field,
            code="ambiguous_reference",
        )
    return (own or found)[0]


def _not_found(field: str) -> NotFound:
    return NotFound("There is no such shipment.", field=field)


def _taken(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint not in TAKEN:
        return error
    return _in_use(*TAKEN[constraint])


def _in_use(field: str, code: str) -> Conflict:
    return Conflict(f"The owner has a shipment with this {field} already.", field=field, code=code)


def _carrier(work: Work, name: str | None, field: str = "carrier") -> Party | None:
    if name is None:
        return None
    carrier = parties.by_name(work, name, field=field)
    if not carrier.has(PartyRole.CARRIER):
        raise InvalidInput(f"{carrier.name} is not a carrier.", field=field, code="not_a_carrier")
    return carrier


def _terminal(work: Work, name: str, field: str) -> Party:
    terminal = parties.by_name(work, name, field=field)
    if not terminal.has(PartyRole.TERMINAL):
        raise InvalidInput(f"{terminal.name} is not a terminal.", field=field, code="not_a_terminal")
    return terminal


KINDS = {"TRUCK": SourceKind.ROAD, "RAIL": SourceKind.RAIL, "AIR": SourceKind.AIR}


def _way(work: Work, shipment: Shipment, draft: ShipmentDraft) -> list[UUID]:
    """Add the legs, and return who reports of the shipment beside its carrier: legs' carriers, terminals."""
    kinds: dict[UUID, SourceKind] = {}
    for sequence, leg in enumerate(draft.legs, start=1):
        carrier = _carrier(work, leg.carrier, f"legs[{sequence - 1}].carrier")
        work.session.add(_leg(shipment, sequence, leg, carrier))
        if carrier is not None:
            kinds.setdefault(carrier.id, KINDS.get(leg.mode, SourceKind.CARRIER))
    for index, name in enumerate(draft.terminals):
        kinds[_terminal(work, name, f"terminals[{index}]").id] = SourceKind.TERMINAL
    if shipment.carrier_id is not None:
        kinds.pop(shipment.carrier_id, None)
    for source_id, kind in kinds.items():
        work.session.add(
            ShipmentSource(
                shipment_id=shipment.id, source_id=source_id, party_id=shipment.party_id, kind=kind.value
            )
        )
    return list(kinds)


def _leg(shipment: Shipment, sequence: int, draft: LegDraft, carrier: Party | None) -> ShipmentLeg:
    return ShipmentLeg(
        id=new_id(),
        party_id=shipment.party_id,
        shipment_id=shipment.id,
        sequence=sequence,
        mode=draft.mode,
        origin=draft.origin,
        destination=draft.destination,
        carrier_id=carrier.id if carrier else None,
        booking_reference=draft.booking_reference,
        transport_document=draft.transport_document,
        conveyance=draft.conveyance,
        planned_departure=draft.planned_departure,
        planned_arrival=draft.planned_arrival,
    )


def _shipment(work: Work, draft: ShipmentDraft, owner: Party, carrier: Party | None) -> Shipment:
    actor_id, shipment_id = work.actor.party_id, new_id()
    return Shipment(
        id=shipment_id,
        party_id=owner.id,
        created_by=actor_id,
        forwarder_id=actor_id if actor_id != owner.id else None,
        carrier_id=carrier.id if carrier else None,
        reference=draft.reference,
        ucr=draft.ucr,
        origin=draft.origin,
        destination=draft.destination,
        transhipments=list(draft.transhipments or [leg.destination for leg in draft.legs[:-1]]),
        booking_reference=draft.booking_reference,
        bill_of_lading=draft.bill_of_lading,
        booked_at=draft.booked_at or work.now,
        incoterm=draft.incoterm,
        vessel=draft.vessel,
        consignee_name=draft.consignee_name,
        consignee_country=draft.consignee_country,
        created_at=work.now,
        equipment=[
            Equipment(
                id=new_id(), party_id=owner.id, sequence=n, reference=unit.reference, iso_code=unit.iso_code
            )
            for n, unit in enumerate(draft.equipment, start=1)
        ],
        goods=[_goods(owner, n, goods) for n, goods in enumerate(draft.goods, start=1)],
    )


def _goods(owner: Party, sequence: int, draft: GoodsDraft) -> GoodsItem:
    return GoodsItem(
        id=new_id(),
        party_id=owner.id,
        sequence=sequence,
        description=draft.description,
        hs_code=draft.hs_code,
        gross_mass_kg=Decimal(draft.gross_mass_kg),
        net_mass_kg=Decimal(draft.net_mass_kg),
        packages=draft.packages,
        package_type=draft.package_type,
        origin_country=draft.origin_country,
        value_minor=draft.value_minor,
        currency=draft.currency,
    )


def _terms(shipment: Shipment, draft: InvoiceDraft) -> CommercialTerms:
    return CommercialTerms(
        shipment_id=shipment.id,
        party_id=shipment.party_id,
        invoice_number=draft.number,
        payment_terms=draft.payment_terms,
        discount_minor=draft.discount_minor,
        bank_account=draft.bank_account,
    )
