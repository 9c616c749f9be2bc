"""Making a shipment."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.grants import keep_shipments
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.scalars import DateTime, Decimal, Long
from isthmus_graphql.shipments import Shipment
from isthmus_graphql.values import MoneyInput
from isthmus_platform import shipments
from isthmus_platform.database import Work
from isthmus_platform.shipments import (
    EquipmentDraft,
    GoodsDraft,
    InvoiceDraft,
    LegDraft,
    ShipmentDraft,
)


class EquipmentInput(graphene.InputObjectType):
    """A container."""

    reference = graphene.String(
        required=True, description="Container number with its check digit (ISO 6346), `MCLU4200170`."
    )
    iso_code = graphene.String(description="Size and type code (ISO 6346), `22G1`.")


class GoodsItemInput(graphene.InputObjectType):
    """Goods of one kind."""

    description = graphene.String(required=True, description="What they are, in trade terms; at most 512.")
    hs_code = graphene.String(required=True, description="Harmonized System code, 6 to 10 digits.")
    gross_mass_kg = Decimal(required=True, description="Gross mass in kilograms, at most 6 decimals.")
    net_mass_kg = Decimal(required=True, description="Net mass in kilograms, at most the gross mass.")
    packages = graphene.Int(required=True, description="Number of packages.")
    package_type = graphene.String(required=True, description="UNECE Recommendation 21 code, `CR`.")
    origin_country = graphene.String(required=True, description="Country of origin, ISO 3166-1 alpha-2.")
    value = MoneyInput(required=True, description="Statistical value.")


class ConsigneeInput(graphene.InputObjectType):
    """To whom the goods go."""

    name = graphene.String(required=True, description="Legal name.")
    country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")


class InvoiceTermsInput(graphene.InputObjectType):
    """Commercial terms, held for the owner and its agents alone; no agreement lets them cross."""

    number = graphene.String(description="The commercial invoice's number.")
    payment_terms = graphene.String(description="Terms of payment.")
    discount_minor = Long(description="Discount in minor units of the goods' currency.")
    bank_account = graphene.String(description="The account to be paid to.")


class LegInput(graphene.InputObjectType):
    """One means of transport, from a place to the next."""

    mode = graphene.String(required=True, description="VESSEL, BARGE, RAIL, TRUCK or AIR.")
    origin = graphene.String(
        required=True, description="UN/LOCODE where it begins: where the last one ended."
    )
    destination = graphene.String(required=True, description="UN/LOCODE where it ends.")
    carrier = graphene.String(description="Name of the carrier whose leg it is; its events will count.")
    booking_reference = graphene.String(description="Its booking, transport order or flight booking.")
    transport_document = graphene.String(description="Its B/L, air waybill or consignment note.")
    conveyance = graphene.String(description="Vessel, flight, train or licence plate.")
    planned_departure = DateTime(description="When it is to leave.")
    planned_arrival = DateTime(description="When it is to arrive.")


class CreateShipmentInput(Change):
    """A shipment to be made."""

    reference = graphene.String(required=True, description="Your reference: 1 to 35 letters, digits, `._-`.")
    on_behalf_of = graphene.String(
        description="The principal whose shipment it is, by name, under its delegation; your own by default."
    )
    carrier = graphene.String(description="The carrier's name; its events will count.")
    ucr = graphene.String(required=True, description="Unique consignment reference (WCO), at most 35.")
    origin = graphene.String(required=True, description="UN/LOCODE where it begins.")
    destination = graphene.String(required=True, description="UN/LOCODE where it ends.")
    transhipments = graphene.List(
        graphene.NonNull(graphene.String), description="UN/LOCODEs on the way, in order of call."
    )
    booking_reference = graphene.String(description="The carrier's booking number.")
    bill_of_lading = graphene.String(description="Number of the transport document.")
    booked_at = DateTime(description="When it was booked; no event may be older. Now by default.")
    incoterm = graphene.String(description="Incoterms 2020 rule, three letters.")
    vessel = graphene.String(description="Name of the vessel.")
    consignee = ConsigneeInput(description="To whom the goods go.")
    equipment = graphene.List(graphene.NonNull(EquipmentInput), description="Containers, at most 500.")
    goods = graphene.List(graphene.NonNull(GoodsItemInput), description="Goods, at most 999 kinds.")
    invoice = InvoiceTermsInput(description="Commercial terms.")
    legs = graphene.List(
        graphene.NonNull(LegInput), description="By which means it goes, without a gap, at most 20."
    )
    terminals = graphene.List(
        graphene.NonNull(graphene.String), description="Names of terminals whose events are to count."
    )


class CreateShipmentPayload(Changed):
    """The shipment, or why there is none."""

    shipment = graphene.Field(Shipment, description="As it was made.")


def create_shipment(_root: Any, info: Info, input: Any) -> CreateShipmentPayload:  # noqa: A002
    """Make a shipment."""

    def write(work: Work) -> dict[str, Any]:
        return {"shipment": str(shipments.create(work, _draft(input)).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        made = shipments.get(work, UUID(ids["shipment"]))
        keep_shipments(info.context, [made])
        return {"shipment": made}

    return perform(CreateShipmentPayload, info, input, Operation("createShipment", write, answer))


def _draft(given: Any) -> ShipmentDraft:
    return ShipmentDraft(
        reference=given.reference,
        ucr=given.ucr,
        origin=given.origin,
        destination=given.destination,
        on_behalf_of=given.on_behalf_of,
        carrier=given.carrier,
        transhipments=given.transhipments or (),
        booking_reference=given.booking_reference,
        bill_of_lading=given.bill_of_lading,
        booked_at=given.booked_at,
        incoterm=given.incoterm,
        vessel=given.vessel,
        consignee_name=given.consignee.name if given.consignee else None,
        consignee_country=given.consignee.country if given.consignee else None,
        equipment=[EquipmentDraft(each.reference, each.iso_code) for each in given.equipment or ()],
        goods=[_goods(each) for each in given.goods or ()],
        invoice=None if given.invoice is None else InvoiceDraft(**given.invoice),
        legs=[LegDraft(**each) for each in given.legs or ()],
        terminals=given.terminals or (),
    )


def _goods(given: Any) -> GoodsDraft:
    return GoodsDraft(
        description=given.description,
        hs_code=given.hs_code,
        gross_mass_kg=format(given.gross_mass_kg, "f"),
        net_mass_kg=format(given.net_mass_kg, "f"),
        packages=given.packages,
        package_type=given.package_type,
        origin_country=given.origin_country,
        value_minor=given.value.amount_minor,
        currency=given.value.currency,
    )


class ShipmentMutation(graphene.ObjectType):
    """Making shipments."""

    create_shipment = change(
        CreateShipmentPayload,
        CreateShipmentInput,
        create_shipment,
        "Make a shipment, for the acting party or for a principal under its delegation.",
    )
