"""What a transport document of DCSA Bill of Lading 3.0 says, as a paper's members; its schema is held."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from isthmus_platform.papers import plain
from isthmus_platform.papers.carriage import CARGO_MOVEMENTS, LONGEST_CLAUSES, MOST, Carriage, Contact
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import (
    Address,
    Container,
    Goods,
    Load,
    Location,
    Measure,
    TradeParty,
    total_of,
)

TYPES = {"BOL": "705", "SWB": "710"}
FREIGHT = {"PRE": "PREPAID", "COL": "COLLECT"}
UNKNOWN_COUNTRY = "ZZ"
"""DCSA's word for a country that is not known."""


def paper_of(document: dict[str, Any], *, carriage: bool = True, together: bool = True) -> TransportDocument:
    """Return the paper that ``document`` says, its ``carriage`` too unless that is not wanted.

    ``together`` is that of :func:`goods_of`.

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
        "issued_on": day_of(document, "issueDate"),
        "shipper": party_of(parties["shipper"], "documentParties.shipper"),
        "carrier": party_of(parties["issuingParty"], "documentParties.issuingParty"),
        "consignee": consignee_of(parties),
        "notify": party_of(notified[0], "documentParties.notifyParties.0") if notified else None,
        "to_order": document["isToOrder"],
        "ucr": ucr_of(document),
        "booking_reference": bookings.pop() if len(bookings) == 1 else None,
        "vessel": vessel["vesselName"],
        "voyage": vessel["carrierExportVoyageNumber"],
        "loading": place_of(transports["portOfLoading"], "transports.portOfLoading"),
        "discharge": place_of(transports["portOfDischarge"], "transports.portOfDischarge"),
        "freight": FREIGHT.get(document.get("freightPaymentTermCode", "")),
        "shipped_on": day_of(document, "shippedOnBoardDate"),
        "carriage": _carriage(document, transports) if carriage else None,
        "goods": tuple(goods_of(items, together=together)),
        "containers": tuple(containers_of(document["utilizedTransportEquipments"])),
    }
    return plain.make(TransportDocument, given)


def _carriage(document: dict[str, Any], transports: dict[str, Any]) -> Carriage:
    given: dict[str, Any] = {
        "terms_and_conditions": text_of(document, "termsAndConditions"),
        "carrier_code": document["carrierCode"],
        "carrier_code_list_provider": document["carrierCodeListProvider"],
        "electronic": document["isElectronic"],
        "receipt_type_at_origin": document["receiptTypeAtOrigin"],
        "delivery_type_at_destination": document["deliveryTypeAtDestination"],
        "cargo_movement_type_at_origin": _movement(document, "cargoMovementTypeAtOrigin"),
        "cargo_movement_type_at_destination": _movement(document, "cargoMovementTypeAtDestination"),
        "place_of_receipt": place_of(transports.get("placeOfReceipt", {}), "transports.placeOfReceipt"),
        "place_of_delivery": place_of(transports.get("placeOfDelivery", {}), "transports.placeOfDelivery"),
        "planned_departure_on": day_of(transports, "plannedDepartureDate"),
        "planned_arrival_on": day_of(transports, "plannedArrivalDate"),
        "received_on": day_of(document, "receivedForShipmentDate"),
        "freight_payable_at": place_of(document["invoicePayableAt"], "invoicePayableAt", "freeText"),
        "place_of_issue": place_of(document.get("placeOfIssue", {}), "placeOfIssue"),
        "number_of_originals_with_charges": document.get("numberOfOriginalsWithCharges"),
        "number_of_originals_without_charges": document.get("numberOfOriginalsWithoutCharges"),
        "service_contract": text_of(document, "serviceContractReference"),
        "carrier_clauses": _clauses(document),
        "contacts": tuple(contacts_of(document["partyContactDetails"])),
    }
    return plain.make(Carriage, given)


def _clauses(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the carrier's clauses; where there are more than a paper takes, none of them is a member."""
    clauses = tuple(document.get("carrierClauses", ()))
    fits = len(clauses) <= MOST and sum(map(len, clauses)) <= LONGEST_CLAUSES
    return clauses if fits else ()


def contacts_of(contacts: list[dict[str, Any]]) -> Iterator[Contact]:
    """Yield whom to ask about a document."""
    for index, contact in enumerate(contacts):
        given = {name: contact.get(name) for name in ("name", "phone", "email")}
        yield plain.make(Contact, given, f"partyContactDetails.{index}")


def text_of(document: dict[str, Any], name: str) -> str | None:
    """Return a text that DCSA allows to be empty; an empty one says nothing."""
    text: str = document.get(name, "")
    return text if text.strip() else None


def _movement(document: dict[str, Any], name: str) -> str | None:
    """Return a code of which DCSA tells two and allows others; of these our paper says nothing."""
    code: str = document[name]
    return code if code in CARGO_MOVEMENTS else None


def day_of(document: dict[str, Any], name: str) -> dt.date | None:
    """Return a day, if it is said."""
    return plain.day(document[name], name) if name in document else None


def consignee_of(parties: dict[str, Any]) -> TradeParty | None:
    """Return to whom the goods go, or to whose order."""
    for name in ("consignee", "endorsee"):
        if name in parties:
            return party_of(parties[name], f"documentParties.{name}")
    return None


def party_of(party: dict[str, Any], path: str) -> TradeParty:
    """Return a party with the first of its codes."""
    codes = party.get("identifyingCodes", ())
    given = {
        "name": party["partyName"],
        "identifier": codes[0]["partyCode"] if codes else None,
        "code_list_provider": text_of(codes[0], "codeListProvider") if codes else None,
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


def place_of(place: dict[str, Any], path: str, named: str = "locationName") -> Location | None:
    """Return a place by its code and its name, which the member ``named`` has."""
    given = {"code": place.get("UNLocationCode"), "name": place.get(named)}
    return plain.make(Location, given, path) if any(given.values()) else None


def ucr_of(document: dict[str, Any]) -> str | None:
    """Return the unique consignment reference among the customs references."""
    for reference in document.get("customsReferences", ()):
        if reference["type"] == "UCR":
            return str(reference["values"][0])
    return None


def goods_of(items: list[dict[str, Any]], *, together: bool = True) -> Iterator[Goods]:
    """Yield the goods of consignment items: one kind an item, unless its cargo items are unlike each other.

    Without ``together`` each cargo item is a kind of goods, as papers said it that were issued before.
    """
    number = 0
    for item_index, item in enumerate(items):
        path, cargoes = f"consignmentItems.{item_index}", item["cargoItems"]
        loads = _loads(cargoes, path) if together else ()
        for index, cargo in enumerate(cargoes[:1] if loads else cargoes):
            number += 1
            within = f"{path}.cargoItems.{index}"
            packed = cargo.get("outerPackaging", {})
            given = {
                "number": str(number),
                "description": "\n".join(item["descriptionOfGoods"]),
                "gross_mass": measure_of(cargo, "cargoGrossWeight", within),
                "net_mass": measure_of(cargo, "cargoNetWeight", within),
                "volume": measure_of(cargo, "cargoGrossVolume", within),
                "hs_code": item["HSCodes"][0],
                "containers": (cargo["equipmentReference"],),
                "packages": packed.get("numberOfPackages"),
                "package_type": packed.get("packageCode"),
                "package_description": text_of(packed, "description"),
            }
            yield plain.make(Goods, given | _spread(loads), within)


def _loads(cargoes: list[dict[str, Any]], path: str) -> tuple[Load, ...]:
    """Return what each container has of one kind of goods; none where the cargo items are of several kinds.

    DCSA has a cargo item for each container, since none is split across containers.
    """
    kinds = {(packed.get("packageCode"), packed.get("description")) for packed in map(_packed, cargoes)}
    if len(cargoes) < 2 or len(kinds) > 1:
        return ()
    if len({cargo["equipmentReference"] for cargo in cargoes}) < len(cargoes):
        return ()
    loads = tuple(_load(cargo, f"{path}.cargoItems.{index}") for index, cargo in enumerate(cargoes))
    measures = ([getattr(load, name) for load in loads] for name in ("gross_mass", "net_mass", "volume"))
    alike = all(total_of(each) is not None or set(each) == {None} for each in measures)
    return loads if alike and len({load.packages is None for load in loads}) == 1 else ()


def _packed(cargo: dict[str, Any]) -> dict[str, Any]:
    packed: dict[str, Any] = cargo.get("outerPackaging", {})
    return packed


def _load(cargo: dict[str, Any], path: str) -> Load:
    given = {
        "container": cargo["equipmentReference"],
        "gross_mass": measure_of(cargo, "cargoGrossWeight", path),
        "net_mass": measure_of(cargo, "cargoNetWeight", path),
        "volume": measure_of(cargo, "cargoGrossVolume", path),
        "packages": _packed(cargo).get("numberOfPackages"),
    }
    return plain.make(Load, given, path)


def _spread(loads: tuple[Load, ...]) -> dict[str, Any]:
    """Return the members of goods that their loads say."""
    if not loads:
        return {}
    packages = [load.packages for load in loads if load.packages is not None]
    return {
        "gross_mass": total_of([load.gross_mass for load in loads]),
        "net_mass": total_of([load.net_mass for load in loads]),
        "volume": total_of([load.volume for load in loads]),
        "packages": sum(packages) if packages else None,
        "containers": tuple(load.container for load in loads),
        "loads": loads,
    }


def measure_of(cargo: dict[str, Any], name: str, path: str) -> Measure | None:
    """Return a measure, with its decimals as JSON wrote them."""
    if name not in cargo:
        return None
    given = {"value": Decimal(str(cargo[name]["value"])), "unit": cargo[name]["unit"]}
    return plain.make(Measure, given, f"{path}.{name}")


def containers_of(equipments: list[dict[str, Any]]) -> Iterator[Container]:
    """Yield the containers that are used; of the carrier's own an instruction tells the number alone."""
    for index, utilized in enumerate(equipments):
        path = f"utilizedTransportEquipments.{index}"
        equipment = utilized.get("equipment") or {"equipmentReference": utilized["equipmentReference"]}
        given = {
            "reference": equipment["equipmentReference"],
            "size_type": equipment.get("ISOEquipmentCode"),
            "seals": tuple(seal["number"] for seal in utilized["seals"]),
            "shipper_owned": utilized["isShipperOwned"],
            "tare_mass": measure_of(equipment, "tareWeight", f"{path}.equipment"),
        }
        yield plain.make(Container, given, path)
