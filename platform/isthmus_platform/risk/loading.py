"""Consignments as the acting member sees them now: row-level security decides what is read."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import aliased

from isthmus_platform import documents
from isthmus_platform.consignments import CommercialTerms, Equipment, GoodsItem, RecordedEvent, Shipment
from isthmus_platform.credit.consignments import presented_for, ucrs_of
from isthmus_platform.credit.presenting import presentation_of
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault
from isthmus_platform.papers import issuing
from isthmus_platform.parties import Party
from isthmus_platform.receivables import reading as receivables
from isthmus_platform.risk.errors import NoSuchRisk
from isthmus_platform.risk.history import MOST, History
from isthmus_platform.risk.seen import Box, Call, Financing, Goods, Paper, Presented, Seen, in_order

MOST_CALLS = 50
"""Calls of a shipment that are looked at, the newest."""


def of_offer(work: Work, offer_id: UUID) -> list[UUID]:
    """Return the shipment whose invoice was offered, if the actor sees offer and invoice."""
    return [row.shipment_id for row in receivables.receivables_of(work, [offer_id]).values()]


def of_presentation(work: Work, vault: Vault | None, presentation_id: UUID) -> list[UUID]:
    """Return the shipments that the documents of a presentation name, of those that the actor sees."""
    if vault is None:
        return []
    named = ucrs_of(vault, presentation_of(work, presentation_id))
    return list(
        work.session.scalars(select(Shipment.id).where(Shipment.ucr.in_(named)).order_by(Shipment.id))
    )


def one(work: Work, shipment_id: UUID, vault: Vault | None = None) -> Seen:
    """Return a shipment with calls and own papers; raises :class:`NoSuchRisk` where the actor sees none."""
    found = with_particulars(work, _seen(work, select(Shipment.id).where(Shipment.id == shipment_id)), vault)
    if not found:
        raise NoSuchRisk("There is no such shipment.", field="shipment")
    return found[0]


def before(work: Work, shipment_id: UUID, most: int = MOST) -> History:
    """Return the history of a shipment: what came before it, the newest ``most``."""
    newest = select(Shipment.id).where(Shipment.id < shipment_id).order_by(Shipment.id.desc()).limit(most)
    return History.of(_seen(work, newest), most)


def between(work: Work, first_id: UUID | None, past_id: UUID | None, until: UUID, most: int) -> list[Seen]:
    """Return up to ``most`` shipments from ``first_id`` to ``until``, both in it, those past ``past_id``."""
    query = select(Shipment.id).where(Shipment.id <= until).order_by(Shipment.id).limit(most)
    if first_id is not None:
        query = query.where(Shipment.id >= first_id)
    return _seen(work, query if past_id is None else query.where(Shipment.id > past_id))


def with_party(work: Work, party_id: UUID, most: int = MOST) -> list[Seen]:
    """Return the newest ``most`` that the actor sees of which a party is owner, carrier or forwarder."""
    near = or_(
        Shipment.party_id == party_id, Shipment.carrier_id == party_id, Shipment.forwarder_id == party_id
    )
    return _seen(work, select(Shipment.id).where(near).order_by(Shipment.id.desc()).limit(most))


def newest(work: Work, most: int) -> list[tuple[UUID, datetime]]:
    """Return id and time of making of the newest ``most`` shipments that the actor sees, oldest first."""
    query = select(Shipment.id, Shipment.created_at).order_by(Shipment.id.desc()).limit(most)
    return sorted((key, made_at) for key, made_at in work.session.execute(query))


def with_particulars(work: Work, consignments: Sequence[Seen], vault: Vault | None) -> list[Seen]:
    """Return consignments with calls that came about and how their money stands.

    Where there is a ``vault``, also with own papers, and what was presented under credits.
    """
    ids = [seen.id for seen in consignments]
    calls = _calls(work, ids)
    papers = _papers(work, ids, vault) if vault is not None else {}
    financings = _financings(work, ids)
    presented = _presented(work, vault, {seen.ucr for seen in consignments if seen.ucr is not None})
    return [
        replace(
            seen,
            calls=tuple(calls.get(seen.id, ())),
            papers=tuple(papers.get(seen.id, ())),
            financings=tuple(financings.get(seen.id, ())),
            presentations=None if presented is None else tuple(presented.get(seen.ucr or "", ())),
        )
        for seen in consignments
    ]


def _financings(work: Work, ids: Collection[UUID]) -> dict[UUID, list[Financing]]:
    """Return the offers to banks that the actor sees: a seller its own, a bank what it accepted."""
    return {
        shipment_id: [Financing(one.state, one.amount_minor, one.currency, one.due_on) for one in offers]
        for shipment_id, offers in receivables.offers_of_shipments(work, ids).items()
    }


def _presented(work: Work, vault: Vault | None, ucrs: Collection[str]) -> dict[str, list[Presented]] | None:
    """Return what was presented under credits to which the actor is a party; None without a vault."""
    if vault is None:
        return None
    return {
        ucr: [
            Presented(
                one.presentation.reference,
                one.presentation.state,
                one.presentation.claimed_minor,
                one.credit.currency,
                len(one.findings),
            )
            for one in found
        ]
        for ucr, found in presented_for(work, vault, ucrs).items()
    }


def _seen(work: Work, wanted: Select[Any]) -> list[Seen]:
    """Return the consignments of the ids that ``wanted`` selects, in their order, without particulars."""
    ids: list[UUID] = list(work.session.scalars(wanted))
    owner, carrier = aliased(Party), aliased(Party)
    rows = work.session.execute(
        select(*Shipment.__table__.columns, owner.name.label("owner"), owner.created_at.label("owner_since"))
        .add_columns(carrier.name.label("carrier"), CommercialTerms.invoice_number)
        .join(owner, owner.id == Shipment.party_id)
        .outerjoin(carrier, carrier.id == Shipment.carrier_id)
        .outerjoin(CommercialTerms, CommercialTerms.shipment_id == Shipment.id)
        .where(Shipment.id.in_(ids))
    ).all()
    goods, boxes = _goods(work, ids), _boxes(work, ids)
    return in_order([_of(row, goods.get(row.id, ()), boxes.get(row.id, ())) for row in rows])


def _of(row: Row[Any], goods: Sequence[Goods], boxes: Sequence[Box]) -> Seen:
    return Seen(
        id=row.id,
        reference=row.reference,
        owner_id=row.party_id,
        owner=row.owner,
        owner_since=row.owner_since,
        carrier_id=row.carrier_id,
        carrier=row.carrier,
        forwarder_id=row.forwarder_id,
        origin=row.origin,
        destination=row.destination,
        transhipments=tuple(row.transhipments),
        incoterm=row.incoterm,
        vessel=row.vessel,
        consignee_name=row.consignee_name,
        consignee_country=row.consignee_country,
        booked_at=row.booked_at,
        created_at=row.created_at,
        goods=tuple(goods),
        boxes=tuple(boxes),
        invoice_number=row.invoice_number,
        ucr=row.ucr,
    )


def _goods(work: Work, ids: Collection[UUID]) -> dict[UUID, list[Goods]]:
    found: dict[UUID, list[Goods]] = defaultdict(list)
    query = select(GoodsItem.__table__).where(GoodsItem.shipment_id.in_(ids)).order_by(GoodsItem.sequence)
    for row in work.session.execute(query):
        found[row.shipment_id].append(
            Goods(
                line=row.sequence,
                description=row.description,
                hs_code=row.hs_code,
                value_minor=row.value_minor,
                currency=row.currency,
                gross_kg=row.gross_mass_kg,
                net_kg=row.net_mass_kg,
                packages=row.packages,
                origin_country=row.origin_country,
            )
        )
    return found


def _boxes(work: Work, ids: Collection[UUID]) -> dict[UUID, list[Box]]:
    found: dict[UUID, list[Box]] = defaultdict(list)
    query = select(Equipment.shipment_id, Equipment.reference, Equipment.iso_code)
    for row in work.session.execute(query.where(Equipment.shipment_id.in_(ids)).order_by(Equipment.sequence)):
        found[row.shipment_id].append(Box(row.reference, row.iso_code))
    return found


def _calls(work: Work, ids: Collection[UUID]) -> dict[UUID, list[Call]]:
    """Return where each shipment's means of transport came or left, as its sources tell now."""
    rank = func.row_number().over(partition_by=RecordedEvent.shipment_id, order_by=RecordedEvent.at.desc())
    told = (
        select(RecordedEvent.id, RecordedEvent.shipment_id, RecordedEvent.place, RecordedEvent.at)
        .add_columns(rank.label("rank"))
        .where(
            RecordedEvent.shipment_id.in_(ids),
            RecordedEvent.kind == "TRANSPORT",
            RecordedEvent.classifier == "ACT",
            RecordedEvent.place.is_not(None),
            RecordedEvent.superseded_at.is_(None),
            RecordedEvent.retracted.is_(False),
        )
        .subquery()
    )
    found: dict[UUID, list[Call]] = defaultdict(list)
    for row in work.session.execute(select(told).where(told.c.rank <= MOST_CALLS).order_by(told.c.at)):
        found[row.shipment_id].append(Call(row.id, row.place, row.at))
    return found


def _papers(work: Work, ids: Collection[UUID], vault: Vault) -> dict[UUID, list[Paper]]:
    """Return what the documents say that the actor owns or answers for: another's is never read for this."""
    rows = [row for of_one in documents.of_shipments(work, ids).values() for row in of_one]
    own = documents.own(work, [row.id for row in rows])
    said = issuing.said(work, vault, own)
    found: dict[UUID, list[Paper]] = defaultdict(list)
    for row in own:
        if row.id in said:
            found[row.shipment_id].append(_paper(row.id, said[row.id].type, said[row.id].data))
    return found


def _paper(document_id: UUID, kind: str, data: dict[str, Any]) -> Paper:
    issued = data.get("issuedOn")
    return Paper(
        id=document_id,
        type=kind,
        number=data.get("number", ""),
        issued_on=None if issued is None else date.fromisoformat(issued),
        gross_kg=_measured(data, "grossMass", "KGM"),
        net_kg=_measured(data, "netMass", "KGM"),
        volume_m3=_measured(data, "volume", "MTQ"),
    )


def _measured(data: dict[str, Any], name: str, unit: str) -> Decimal | None:
    measure = data.get(name)
    if measure is None or measure["unit"] != unit:
        return None
    try:
        return Decimal(measure["value"])
    except InvalidOperation:
        return None
