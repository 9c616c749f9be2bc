"""What a transport document of DCSA Bill of Lading 3.0 says, as a paper's members; its schema is held."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from isthmus_platform.papers import plain
from isthmus_platform.papers.carriage import CARGO_MOVEMENTS, LONGEST_CLAUSES, MOST, Carriage, Contact
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Address, Container, Goods, Location, Measure, TradeParty

TYPES = {"BOL": "705", "SWB": "710"}
FREIGHT = {"PRE": "PREPAID", "COL": "COLLECT"}
UNKNOWN_COUNTRY = "ZZ"
"""DCSA's word for a country that is not known."""


def paper_of(document: dict[str, Any], *, carriage: bool = True) -> TransportDocument:
    """Return the paper that ``document`` says, its ``carriage`` too unless that is not wanted.

    Raises :class:`InvalidInput` with the place and rule of a member at fault; KeyError, TypeError and the
    like for a document that its schema would refuse.
    """
    parties, transports = document["documentParties"], document["transports"]
    vessel, items = transports["vesselVoyages"][0], document["consignmentItems"]
    bookings = {item["carrierBookingReference"] for item in items}
    notified = parties.get("notifyParties", ())
    given: dict[str, Any] = {
        "type": TYPES[document["transportDocumentTypeCode"]],
        "number": document["transportDocumentReference"],
        "issued_on": _date(document, "issueDate"),
        "shipper": _party(parties["shipper"], "documentParties.shipper"),
        "carrier": _party(parties["issuingParty"], "documentParties.issuingParty"),
        "consignee": _consignee(parties),
        "notify": _party(notified[0], "documentParties.notifyParties.0") if notified else None,
        "to_order": document["isToOrder"],
        "ucr": _ucr(document),
        "booking_reference": bookings.pop() if len(bookings) == 1 else None,
        "vessel": vessel["vesselName"],
        "voyage": vessel["carrierExportVoyageNumber"],
        "loading": _place(transports["portOfLoading"], "transports.portOfLoading"),
        "discharge": _place(transports["portOfDischarge"], "transports.portOfDischarge"),
        "freight": FREIGHT.get(document.get("freightPaymentTermCode", "")),
        "shipped_on": _date(document, "shippedOnBoardDate"),
        "carriage": _carriage(document, transports) if carriage else None,
        "goods": tuple(_goods(items)),
        "containers": tuple(_containers(document["utilizedTransportEquipments"])),
    }
    return plain.make(TransportDocument, given)


def _carriage(document: dict[str, Any], transports: dict[str, Any]) -> Carriage:
    given: dict[str, Any] = {
        "terms_and_conditions": _text(document, "termsAndConditions"),
        "carrier_code": document["carrierCode"],
        "carrier_code_list_provider": document["carrierCodeListProvider"],
        "electronic": document["isElectronic"],
        "receipt_type_at_origin": document["receiptTypeAtOrigin"],
        "delivery_type_at_destination": document["deliveryTypeAtDestination"],
        "cargo_movement_type_at_origin": _movement(document, "cargoMovementTypeAtOrigin"),
        "cargo_movement_type_at_destination": _movement(document, "cargoMovementTypeAtDestination"),
        "place_of_receipt": _place(transports.get("placeOfReceipt", {}), "transports.placeOfReceipt"),
        "place_of_delivery": _place(transports.get("placeOfDelivery", {}), "transports.placeOfDelivery"),
        "planned_departure_on": _date(transports, "plannedDepartureDate"),
        "planned_arrival_on": _date(transports, "plannedArrivalDate"),
        "received_on": _date(document, "receivedForShipmentDate"),
        "freight_payable_at": _place(document["invoicePayableAt"], "invoicePayableAt", "freeText"),
        "place_of_issue": _place(document.get("placeOfIssue", {}), "placeOfIssue"),
        "number_of_originals_with_charges": document.get("numberOfOriginalsWithCharges"),
        "number_of_originals_without_charges": document.get("numberOfOriginalsWithoutCharges"),
        "service_contract": _text(document, "serviceContractReference"),
        "carrier_clauses": _clauses(document),
        "contacts": tuple(_contacts(document["partyContactDetails"])),
    }
    return plain.make(Carriage, given)


def _clauses(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the carrier's clauses; where there are more than a paper takes, none of them is a member."""
    clauses = tuple(document.get("carrierClauses", ()))
    fits = len(clauses) <= MOST and sum(map(len, clauses)) <= LONGEST_CLAUSES
    return clauses if fits else ()


def _contacts(contacts: list[dict[str, Any]]) -> Iterator[Contact]:
    for index, contact in enumerate(contacts):
        given = {name: contact.get(name) for name in ("name", "phone", "email")}
        yield plain.make(Contact, given, f"partyContactDetails.{index}")


def _text(document: dict[str, Any], name: str) -> str | None:
    """Return a text that DCSA allows to be empty; an empty one says nothing."""
    text: str = document.get(name, "")
    return text if text.strip() else None


def _movement(document: dict[str, Any], name: str) -> str | None:
    """Return a code of which DCSA tells two and allows others; of these our paper says nothing."""
    code: str = document[name]
    return code if code in CARGO_MOVEMENTS else None


def _date(document: dict[str, Any], name: str) -> dt.date | None:
    return plain.day(document[name], name) if name in document else None


def _consignee(parties: dict[str, Any]) -> TradeParty | None:
    """Return to whom the goods go, or to whose order."""
    for name in ("consignee", "endorsee"):
        if name in parties:
            return _party(parties[name], f"documentParties.{name}")
    return None


def _party(party: dict[str, Any], path: str) -> TradeParty:
    codes = party.get("identifyingCodes", ())
    given = {
        "name": party["partyName"],
        "identifier": codes[0]["partyCode"] if codes else None,
        "code_list_provider": _text(codes[0], "codeListProvider") if codes else None,
        "address": _address(party["address"], f"{path}.address") if "address" in party else None,
    }
    return plain.make(TradeParty, given, path)


def _address(address: dict[str, Any], path: str) -> Address:
    street = " ".join(address[name] for name in ("street", "streetNumber") if name in address)
    country = address.get("countryCode")
    given = {
        "street": street or None,
        "city": address.get("city"),
        "postcode": address.get("postCode"),
        "region": address.get("stateRegion"),
        "country": None if country == UNKNOWN_COUNTRY else country,
    }
    return plain.make(Address, given, path)


def _place(place: dict[str, Any], path: str, named: str = "locationName") -> Location | None:
    given = {"code": place.get("UNLocationCode"), "name": place.get(named)}
    return plain.make(Location, given, path) if any(given.values()) else None


def _ucr(document: dict[str, Any]) -> str | None:
    for reference in document.get("customsReferences", ()):
        if reference["type"] == "UCR":
            return str(reference["values"][0])
    return None


def _goods(items: list[dict[str, Any]]) -> Iterator[Goods]:
    number = 0
    for item_index, item in enumerate(items):
        for index, cargo in enumerate(item["cargoItems"]):
            number += 1
            path, packed = f"consignmentItems.{item_index}.cargoItems.{index}", cargo["outerPackaging"]
            given = {
                "number": str(number),
                "description": "\n".join(item["descriptionOfGoods"]),
                "gross_mass": _measure(cargo, "cargoGrossWeight", path),
                "net_mass": _measure(cargo, "cargoNetWeight", path),
                "volume": _measure(cargo, "cargoGrossVolume", path),
                "hs_code": item["HSCodes"][0],
                "containers": (cargo["equipmentReference"],),
                "packages": packed["numberOfPackages"],
                "package_type": packed.get("packageCode"),
                "package_description": _text(packed, "description"),
            }
            yield plain.make(Goods, given, path)


def _measure(cargo: dict[str, Any], name: str, path: str) -> Measure | None:
    if name not in cargo:
        return None
    given = {"value": Decimal(str(cargo[name]["value"])), "unit": cargo[name]["unit"]}
    return plain.make(Measure, given, f"{path}.{name}")


def _containers(equipments: list[dict[str, Any]]) -> Iterator[Container]:
    for index, utilized in enumerate(equipments):
        equipment = utilized["equipment"]
        given = {
            "reference": equipment["equipmentReference"],
            "size_type": equipment.get("ISOEquipmentCode"),
            "seals": tuple(seal["number"] for seal in utilized["seals"]),
            "shipper_owned": utilized["isShipperOwned"],
        }
        yield plain.make(Container, given, f"utilizedTransportEquipments.{index}")
