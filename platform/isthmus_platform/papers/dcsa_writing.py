"""A paper's members as a transport document of DCSA Bill of Lading 3.0, of which nothing is guessed.

DCSA has no place for a note, for totals, for where goods were made, for the name of a place of payment that
has a code, and for the day of receipt beside that of shipment: these are left out.
"""

import re
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.carriage import Carriage, Contact
from isthmus_platform.papers.dcsa_reading import FREIGHT, TYPES, UNKNOWN_COUNTRY
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Container, Goods, Load, Location, Measure, TradeParty, wrong
from isthmus_platform.papers.shipping_instruction import ShippingInstruction

LINE = 35
"""Characters of a line in which goods are described."""
UCR = re.compile(r"[0-9]([A-Z]{2})\S+")
"""A unique consignment reference of the WCO: the year's last digit, the country, the trader, its number."""
TYPE_CODES = {ours: theirs for theirs, ours in TYPES.items()}
FREIGHT_CODES = {ours: theirs for theirs, ours in FREIGHT.items()}
MASSES = {
    "KGM": ("KGM", Decimal(1)),
    "LBR": ("LBR", Decimal(1)),
    "TNE": ("KGM", Decimal(1000)),
    "GRM": ("KGM", Decimal("0.001")),
}
VOLUMES = {
    "MTQ": ("MTQ", Decimal(1)),
    "FTQ": ("FTQ", Decimal(1)),
    "LTR": ("MTQ", Decimal("0.001")),
    "DMQ": ("MTQ", Decimal("0.001")),
}


class DcsaLacks(InvalidInput):
    """The paper does not say all that DCSA eBL 3.0 wants; ``lacking`` names each member as JSON spells it."""

    code = "dcsa_lacks"

    def __init__(self, lacking: tuple[str, ...]) -> None:
        super().__init__(f"DCSA eBL 3.0 wants what it does not say: {', '.join(lacking)}.", field=lacking[0])
        self.lacking = lacking


class Needed:
    """Notes what is needed and is not there, so that all of it is told at once."""

    def __init__(self) -> None:
        self.lacking: list[str] = []

    def __call__(self, value: Any, name: str) -> Any:
        """Return ``value``, whose place in the paper is ``name``."""
        if (value is None or value == ()) and name not in self.lacking:
            self.lacking.append(name)
        return value


def document_of(paper: TransportDocument, status: str) -> dict[str, Any]:
    """Return the transport document that ``paper`` says; ``status`` is DCSA's, such as ``ISSUED``.

    Raises :class:`DcsaLacks` with all that is wanted and not said, :class:`InvalidInput` for a measure that
    DCSA cannot say.
    """
    need = Needed()
    carriage = paper.carriage or Carriage()
    charged, free = carriage.number_of_originals_with_charges, carriage.number_of_originals_without_charges
    document = without_none(
        {
            "transportDocumentReference": paper.number,
            "transportDocumentStatus": status,
            "transportDocumentTypeCode": TYPE_CODES[paper.type],
            "isShippedOnBoardType": need(paper.shipped_on or carriage.received_on, "shippedOn")
            and paper.shipped_on is not None,
            "shippedOnBoardDate": _day(paper.shipped_on),
            "receivedForShipmentDate": None if paper.shipped_on else _day(carriage.received_on),
            "freightPaymentTermCode": FREIGHT_CODES.get(paper.freight or ""),
            "isElectronic": need(carriage.electronic, "carriage.electronic"),
            # A sea waybill is never to order (DCSA: isToOrder).
            "isToOrder": False if paper.type == "710" else need(paper.to_order, "toOrder"),
            "numberOfOriginalsWithCharges": charged,
            "numberOfOriginalsWithoutCharges": free,
            "issueDate": _day(need(paper.issued_on, "issuedOn")),
            **_terms(carriage, need),
            "transports": _transports(paper, carriage, need),
            "placeOfIssue": location_said(carriage.place_of_issue),
            "invoicePayableAt": _payable_at(need(carriage.freight_payable_at, "carriage.freightPayableAt")),
            "partyContactDetails": list(
                contacts_said(need(carriage.contacts, "carriage.contacts"), "carriage.contacts", need)
            ),
            "documentParties": _parties(paper, need),
            "consignmentItems": list(items_said(paper, need)),
            "utilizedTransportEquipments": list(_equipments(need(paper.containers, "containers"), need)),
            "customsReferences": customs_references(paper.ucr),
        }
    )
    if carriage.place_of_issue is not None:
        need(carriage.place_of_issue.code, "carriage.placeOfIssue.code")
    if need.lacking:
        raise DcsaLacks(tuple(need.lacking))
    return document


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of ``members``."""
    return {name: value for name, value in members.items() if value is not None}


def _day(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())


def _terms(carriage: Carriage, need: Needed) -> dict[str, Any]:
    wanted = {
        "termsAndConditions": carriage.terms_and_conditions,
        "receiptTypeAtOrigin": carriage.receipt_type_at_origin,
        "deliveryTypeAtDestination": carriage.delivery_type_at_destination,
        "cargoMovementTypeAtOrigin": carriage.cargo_movement_type_at_origin,
        "cargoMovementTypeAtDestination": carriage.cargo_movement_type_at_destination,
        "carrierCode": carriage.carrier_code,
        "carrierCodeListProvider": carriage.carrier_code_list_provider,
    }
    return {
        **{name: need(value, f"carriage.{name}") for name, value in wanted.items()},
        "serviceContractReference": carriage.service_contract,
        "carrierClauses": list(carriage.carrier_clauses) or None,
    }


def _transports(paper: TransportDocument, carriage: Carriage, need: Needed) -> dict[str, Any]:
    voyage = {
        "vesselName": need(paper.vessel, "vessel"),
        "carrierExportVoyageNumber": need(paper.voyage, "voyage"),
    }
    loading, discharge = need(paper.loading, "loading"), need(paper.discharge, "discharge")
    departure, arrival = carriage.planned_departure_on, carriage.planned_arrival_on
    return without_none(
        {
            "plannedDepartureDate": _day(need(departure, "carriage.plannedDepartureOn")),
            "plannedArrivalDate": _day(need(arrival, "carriage.plannedArrivalOn")),
            "placeOfReceipt": location_said(carriage.place_of_receipt),
            "portOfLoading": location_said(loading),
            "portOfDischarge": location_said(discharge),
            "placeOfDelivery": location_said(carriage.place_of_delivery),
            "vesselVoyages": [voyage],
        }
    )


def location_said(place: Location | None) -> dict[str, Any] | None:
    """Return a place by its code and its name."""
    if place is None:
        return None
    return without_none({"UNLocationCode": place.code, "locationName": place.name})


def _payable_at(place: Location | None) -> dict[str, Any] | None:
    """Return a place by its code or, where it has none, by its name: DCSA takes one of both."""
    if place is None or place.code is None:
        return None if place is None else without_none({"freeText": place.name})
    return {"UNLocationCode": place.code}


def contacts_said(contacts: tuple[Contact, ...], path: str, need: Needed) -> Iterator[dict[str, Any]]:
    """Yield whom to ask, each by telephone or electronic mail."""
    for index, contact in enumerate(contacts):
        need(contact.email or contact.phone, f"{path}.{index}.email")
        yield without_none({"name": contact.name, "phone": contact.phone, "email": contact.email})


def _parties(paper: TransportDocument, need: Needed) -> dict[str, Any]:
    consignee, notify = paper.consignee, paper.notify
    to_order = bool(paper.to_order)
    if to_order:
        need(notify, "notify")
    else:
        need(consignee, "consignee")
    carrier = need(paper.carrier, "carrier")
    if carrier is not None:
        need(carrier.address, "carrier.address")
    if consignee is not None:
        need(consignee.identifier, "consignee.identifier")
    return without_none(
        {
            "shipper": party_said(need(paper.shipper, "shipper"), "shipper", need),
            # Who a bill to order is to the order of is its endorsee; without one it is endorsed in blank.
            "endorsee" if to_order else "consignee": party_said(consignee, "consignee", need),
            "issuingParty": party_said(carrier, "carrier", need),
            "notifyParties": None if notify is None else [party_said(notify, "notify", need)],
        }
    )


def party_said(party: TradeParty | None, path: str, need: Needed) -> dict[str, Any] | None:
    """Return a party; whoever has a number wants its list, and an address its street and city."""
    if party is None:
        return None
    codes = None
    if party.identifier is not None:
        provider = need(party.code_list_provider, f"{path}.codeListProvider")
        codes = [{"codeListProvider": provider, "partyCode": party.identifier}]
    address = party.address
    return without_none(
        {
            "partyName": party.name,
            "identifyingCodes": codes,
            "address": None
            if address is None
            else without_none(
                {
                    "street": need(address.street, f"{path}.address.street"),
                    "city": need(address.city, f"{path}.address.city"),
                    "postCode": address.postcode,
                    "stateRegion": address.region,
                    "countryCode": address.country or UNKNOWN_COUNTRY,
                }
            ),
        }
    )


def items_said(
    paper: TransportDocument | ShippingInstruction, need: Needed, *, packed: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield an item for each kind of goods: DCSA wants to know what of them is in which container.

    ``packed`` is whether DCSA wants to know how they are packed.
    """
    booking = need(paper.booking_reference, "bookingReference")
    for index, goods in enumerate(need(paper.goods, "goods")):
        path = f"goods.{index}"
        yield {
            "carrierBookingReference": booking,
            "descriptionOfGoods": list(_lines(goods.description)),
            "HSCodes": [need(goods.hs_code, f"{path}.hsCode")],
            "cargoItems": list(_cargoes(goods, path, need, packed=packed)),
        }


def _lines(description: str) -> Iterator[str]:
    """Yield the lines as they are; one that is too long is wrapped between words."""
    for line in description.split("\n"):
        fits = len(line) <= LINE and line == line.strip() != ""
        yield from [line] if fits else textwrap.wrap(" ".join(line.split()), LINE)


def _cargoes(goods: Goods, path: str, need: Needed, *, packed: bool) -> Iterator[dict[str, Any]]:
    """Yield a cargo item for each container, since DCSA splits none; what is in which is not guessed."""
    if len(goods.containers) > 1:
        need(goods.loads, f"{path}.loads")
    elif not goods.containers:
        need(None, f"{path}.containers")
    wanted = packed or goods.packages is not None or goods.package_description is not None
    loads: tuple[Goods | Load, ...] = goods.loads or (goods,)
    for number, load in enumerate(loads):
        within = f"{path}.loads.{number}" if goods.loads else path
        container = load.container if isinstance(load, Load) else next(iter(goods.containers), None)
        mass = need(load.gross_mass, f"{within}.grossMass")
        yield without_none(
            {
                "equipmentReference": container,
                "cargoGrossWeight": measure_said(mass, MASSES, f"{within}.grossMass"),
                "cargoNetWeight": measure_said(load.net_mass, MASSES, f"{within}.netMass"),
                "cargoGrossVolume": measure_said(load.volume, VOLUMES, f"{within}.volume"),
                "outerPackaging": _packaging(goods, load.packages, path, within, need) if wanted else None,
            }
        )


def _packaging(goods: Goods, packages: int | None, path: str, within: str, need: Needed) -> dict[str, Any]:
    return without_none(
        {
            "packageCode": goods.package_type,
            "numberOfPackages": need(packages, f"{within}.packages"),
            "description": need(goods.package_description, f"{path}.packageDescription"),
        }
    )


def measure_said(
    measure: Measure | None, units: dict[str, tuple[str, Decimal]], path: str
) -> dict[str, Any] | None:
    """Return a measure in a unit of ``units``, which DCSA has; :class:`InvalidInput` where it cannot be."""
    if measure is None:
        return None
    if measure.unit not in units:
        raise wrong(f"{path}.unit", "unknown_code", f"one of {', '.join(units)}")
    unit, each = units[measure.unit]
    value = measure.value * each
    if value == int(value):
        return {"value": int(value), "unit": unit}
    if Decimal(str(float(value))) != value:
        raise wrong(f"{path}.value", "out_of_range", "a number that JSON's readers hold exactly")
    return {"value": float(value), "unit": unit}


def _equipments(containers: tuple[Container, ...], need: Needed) -> Iterator[dict[str, Any]]:
    for index, container in enumerate(containers):
        path = f"containers.{index}"
        yield {
            "equipment": without_none(
                {
                    "equipmentReference": container.reference,
                    "ISOEquipmentCode": container.size_type,
                    "tareWeight": measure_said(container.tare_mass, MASSES, f"{path}.tareMass"),
                }
            ),
            "isShipperOwned": need(container.shipper_owned, f"{path}.shipperOwned"),
            "seals": seals_said(container, path, need),
        }


def seals_said(container: Container, path: str, need: Needed) -> list[dict[str, Any]]:
    """Return the seals of a container, of which DCSA wants one or more."""
    return [{"number": seal} for seal in need(container.seals, f"{path}.seals")]


def customs_references(ucr: str | None) -> list[dict[str, Any]] | None:
    """Return a unique consignment reference as DCSA has it."""
    if ucr is None:
        return None
    form = UCR.fullmatch(ucr)
    return [{"type": "UCR", "countryCode": form[1] if form else UNKNOWN_COUNTRY, "values": [ucr]}]
