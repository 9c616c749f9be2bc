"""The papers of a consignment held against each other, what is declared of it, and how it is booked."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from babel.numbers import get_currency_precision

from isthmus_platform import documents, parties
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault
from isthmus_platform.logistics import instructions
from isthmus_platform.papers import issuing, plain
from isthmus_platform.papers.comparing import (
    Declared,
    Discrepancy,
    Source,
    beyond_credit,
    discrepancies,
    short_of_invoice,
)
from isthmus_platform.papers.parts import Amount, Location, Measure, TradeParty
from isthmus_platform.papers.verified_masses import heavier_than_weighed
from isthmus_platform.shipments import Shipment

DECLARATION = "declaration"


def of_shipments(work: Work, vault: Vault, rows: Sequence[Shipment]) -> dict[UUID, list[Discrepancy]]:
    """Return where the papers of each shipment that the actor reads whole differ, cited by document id.

    The export declaration, which is made of the shipment itself, comes first and is cited as ``declaration``,
    then the bookings that carry it, cited as ``booking:`` and the id.
    """
    papers = documents.of_shipments(work, [row.id for row in rows])
    said = issuing.said(work, vault, [each for listed in papers.values() for each in listed])
    booked = instructions.of_shipments(work, list(papers))
    owners = parties.get_many(work, [row.party_id for row in rows])
    found: dict[UUID, list[Discrepancy]] = {}
    for row in rows:
        sources = [
            Source(str(each.id), plain.paper(each.type, said[each.id].data))
            for each in papers[row.id]
            if each.id in said and said[each.id].whole
        ]
        if sources:
            declaration = Source(DECLARATION, declared(row, owners[row.party_id].legal_name))
            sources = [declaration, *booked.get(row.id, ()), *sources]
        found[row.id] = [
            *discrepancies(sources),
            *heavier_than_weighed(sources),
            *short_of_invoice(sources),
            *beyond_credit(sources),
        ]
    return found


def declared(row: Shipment, exporter: str) -> Declared:
    """Return what an export declaration made of the shipment says that papers say too."""
    goods = row.goods
    return Declared(
        ucr=row.ucr,
        exporter=TradeParty(exporter),
        consignee=TradeParty(row.consignee_name) if row.consignee_name else None,
        incoterm=row.incoterm,
        transport_document=row.bill_of_lading,
        vessel=row.vessel,
        loading=Location(row.origin),
        discharge=Location(row.destination),
        gross_mass=Measure(sum((item.gross_mass_kg for item in goods), Decimal(0)), "KGM") if goods else None,
        packages=sum(item.packages for item in goods) if goods else None,
        containers=tuple(each.reference for each in row.equipment),
        hs_codes=tuple(item.hs_code for item in goods),
        value=_value(row),
    )


def _value(row: Shipment) -> Amount | None:
    """Return what all goods are declared to be worth, if they are in one currency."""
    currencies = {item.currency for item in row.goods}
    if len(currencies) != 1:
        return None
    currency = currencies.pop()
    minor = sum(item.value_minor for item in row.goods)
    return Amount(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)
