"""A shipping instruction as JSON of DCSA Bill of Lading 3.0 (``CreateShippingInstructions``), both ways.

Its own number goes as the customer's reference (``CR``). DCSA has no place for a note, a day of issue, where
goods were made, and the size of a carrier's own container: these are left out.
"""

from typing import Any

from isthmus_platform.papers import plain
from isthmus_platform.papers.dcsa_reading import (
    FREIGHT,
    TYPES,
    consignee_of,
    contacts_of,
    containers_of,
    goods_of,
    party_of,
    place_of,
    ucr_of,
)
from isthmus_platform.papers.dcsa_writing import (
    FREIGHT_CODES,
    MASSES,
    TYPE_CODES,
    DcsaLacks,
    Needed,
    contacts_said,
    customs_references,
    items_said,
    location_said,
    measure_said,
    party_said,
    seals_said,
    without_none,
)
from isthmus_platform.papers.parts import Container, TradeParty
from isthmus_platform.papers.shipping_instruction import ShippingInstruction

OWN_NUMBER = "CR"
"""DCSA's customer's reference."""


def instruction_of(document: dict[str, Any]) -> ShippingInstruction:
    """Return the paper that ``document`` says, which has held its schema.

    One that has no customer's reference goes by the carrier's number of it, or else by its booking. Raises
    :class:`InvalidInput` with the place and rule of a member at fault; KeyError, TypeError and the like for a
    document that its schema would refuse.
    """
    parties, items = document["documentParties"], document["consignmentItems"]
    bookings = {item["carrierBookingReference"] for item in items}
    booking = bookings.pop() if len(bookings) == 1 else None
    notified = parties.get("notifyParties", ())
    given: dict[str, Any] = {
        "number": _own_number(document) or document.get("shippingInstructionsReference") or booking,
        "shipper": party_of(parties["shipper"], "documentParties.shipper"),
        "consignee": consignee_of(parties),
        "notify": party_of(notified[0], "documentParties.notifyParties.0") if notified else None,
        "to_order": document["isToOrder"],
        "ucr": ucr_of(document),
        "booking_reference": booking,
        "transport_document_type": TYPES[document["transportDocumentTypeCode"]],
        "transport_document": document.get("transportDocumentReference"),
        "shipped_on_board": document["isShippedOnBoardType"],
        "electronic": document["isElectronic"],
        "freight": FREIGHT[document["freightPaymentTermCode"]],
        "freight_payable_at": place_of(document.get("invoicePayableAt", {}), "invoicePayableAt"),
        "place_of_issue": place_of(document.get("placeOfIssue", {}), "placeOfIssue"),
        "number_of_originals_with_charges": document.get("numberOfOriginalsWithCharges"),
        "number_of_originals_without_charges": document.get("numberOfOriginalsWithoutCharges"),
        "number_of_copies_with_charges": document.get("numberOfCopiesWithCharges"),
        "number_of_copies_without_charges": document.get("numberOfCopiesWithoutCharges"),
        "carrier_code": document.get("carrierCode"),
        "carrier_code_list_provider": document.get("carrierCodeListProvider"),
        "entry_zone": document["isCargoDeliveredInICS2Zone"],
        "requested_clauses": _texts(document, "requestedCarrierClauses"),
        "requested_certificates": _texts(document, "requestedCarrierCertificates"),
        "contacts": tuple(contacts_of(document["partyContactDetails"])),
        "goods": tuple(goods_of(items)),
        "containers": tuple(containers_of(document["utilizedTransportEquipments"])),
    }
    said = {name: value for name, value in given.items() if value is not None}
    return plain.make_read(ShippingInstruction, said)


def _own_number(document: dict[str, Any]) -> str | None:
    for reference in document.get("references", ()):
        if reference["type"] == OWN_NUMBER:
            return str(reference["value"])
    return None


def _texts(document: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return texts that DCSA allows to be empty; empty ones say nothing."""
    return tuple(text for text in document.get(name, ()) if text.strip())


def document_of(paper: ShippingInstruction) -> dict[str, Any]:
    """Return the shipping instruction that ``paper`` says, as it is sent to a carrier.

    Raises :class:`DcsaLacks` with all that is wanted and not said, :class:`InvalidInput` for a measure that
    DCSA cannot say.
    """
    need = Needed()
    kind = need(paper.transport_document_type, "transportDocumentType")
    document = without_none(
        {
            "transportDocumentReference": paper.transport_document,
            "transportDocumentTypeCode": TYPE_CODES.get(kind),
            "isShippedOnBoardType": need(paper.shipped_on_board, "shippedOnBoard"),
            "freightPaymentTermCode": FREIGHT_CODES.get(need(paper.freight, "freight")),
            "isElectronic": need(paper.electronic, "electronic"),
            # A sea waybill is never to order (DCSA: isToOrder).
            "isToOrder": False if kind == "710" else need(paper.to_order, "toOrder"),
            "numberOfCopiesWithCharges": paper.number_of_copies_with_charges,
            "numberOfCopiesWithoutCharges": paper.number_of_copies_without_charges,
            "numberOfOriginalsWithCharges": paper.number_of_originals_with_charges,
            "numberOfOriginalsWithoutCharges": paper.number_of_originals_without_charges,
            "carrierCode": _coded(paper, need),
            "carrierCodeListProvider": paper.carrier_code_list_provider,
            "placeOfIssue": _coded_place(paper, "place_of_issue", need),
            "invoicePayableAt": _coded_place(paper, "freight_payable_at", need),
            "partyContactDetails": list(contacts_said(need(paper.contacts, "contacts"), "contacts", need)),
            "documentParties": _parties(paper, need),
            "isCargoDeliveredInICS2Zone": need(paper.entry_zone, "entryZone"),
            "consignmentItems": list(items_said(paper, need, packed=False)),
            "utilizedTransportEquipments": [
                _equipment(each, f"containers.{index}", need)
                for index, each in enumerate(need(paper.containers, "containers"))
            ],
            "references": [{"type": OWN_NUMBER, "value": paper.number}],
            "customsReferences": customs_references(paper.ucr),
            "requestedCarrierClauses": list(paper.requested_clauses) or None,
            "requestedCarrierCertificates": list(paper.requested_certificates) or None,
        }
    )
    if need.lacking:
        raise DcsaLacks(tuple(need.lacking))
    return document


def _coded(paper: ShippingInstruction, need: Needed) -> str | None:
    """Return the carrier's code, which wants the list it is of."""
    if paper.carrier_code is not None:
        need(paper.carrier_code_list_provider, "carrierCodeListProvider")
    return paper.carrier_code


def _coded_place(paper: ShippingInstruction, member: str, need: Needed) -> dict[str, Any] | None:
    place = getattr(paper, member)
    if place is not None:
        need(place.code, f"{plain.spelt(member)}.code")
    said = location_said(place)
    if said is not None and member == "freight_payable_at":
        said.pop("locationName", None)  # DCSA takes its code alone
    return said


def _parties(paper: ShippingInstruction, need: Needed) -> dict[str, Any]:
    """Return the parties; DCSA knows each by its number or its address."""
    to_order = bool(paper.to_order)
    if to_order:
        need(paper.notify, "notify")
    else:
        need(paper.consignee, "consignee")
    notify = _known(paper.notify, "notify", need)
    return without_none(
        {
            "shipper": _known(need(paper.shipper, "shipper"), "shipper", need),
            # Who a bill to order is to the order of is its endorsee; without one it is endorsed in blank.
            "endorsee" if to_order else "consignee": _known(paper.consignee, "consignee", need),
            "notifyParties": None if notify is None else [notify],
        }
    )


def _known(party: TradeParty | None, path: str, need: Needed) -> dict[str, Any] | None:
    if party is not None:
        need(party.identifier or party.address, f"{path}.address")
    return party_said(party, path, need)


def _equipment(container: Container, path: str, need: Needed) -> dict[str, Any]:
    """Return a container: of the shipper's own its size and tare too, of the carrier's its number alone."""
    owned = need(container.shipper_owned, f"{path}.shipperOwned")
    said: dict[str, Any] = {"equipmentReference": container.reference}
    if owned:
        tare = need(container.tare_mass, f"{path}.tareMass")
        size = need(container.size_type, f"{path}.sizeType")
        weight = measure_said(tare, MASSES, f"{path}.tareMass")
        said = {"equipment": {**said, "ISOEquipmentCode": size, "tareWeight": weight}}
    return {"isShipperOwned": owned, **said, "seals": seals_said(container, path, need)}
