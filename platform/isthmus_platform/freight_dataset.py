"""A shipment as a consignment dataset of eFTI (Regulation (EU) 2020/1056), as far as the platform knows it.

The schema is consignment-common.xsd: the elements of a type stand in alphabetical order, and only the
outermost is required. Pure: what is said here is what the shipment and its events say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from lxml import etree

from isthmus_platform.parties import Party
from isthmus_platform.places import Place
from isthmus_platform.places import known as place
from isthmus_platform.shipments import GoodsItem, Shipment
from isthmus_platform.tracking import TimelineEntry

NAMESPACE = "http://efti.eu/v1/consignment/common"
MODES: Mapping[str, str] = MappingProxyType(
    {"MARITIME": "1", "RAIL": "2", "ROAD": "3", "AIR": "4", "INLAND_WATERWAY": "8"}
)
"""UNECE Recommendation 19, revision 2: codes of modes of transport."""

BILL_OF_LADING = "705"
"""UNTDID 1001."""
UNIQUE_CONSIGNMENT_REFERENCE = "UCN"
"""UNTDID 1153."""
CONTAINER = "CN"
"""UNTDID 8053, transport equipment type."""
LONGEST_NAME, LONGEST_TEXT = 70, 512

_UNPREFIXED: dict[str, str] = {None: NAMESPACE}  # type: ignore[dict-item]  # lxml's word for no prefix


@dataclass(frozen=True)
class MainCarriage:
    """The movement that authorities ask for: its mode, its means (plate, wagon, IMO number), and whose.

    ``country`` is where the means is registered, ``equipment_country`` where the containers are.
    """

    mode: str
    dangerous_goods: bool
    means: str
    country: str
    equipment_country: str | None = None


@dataclass(frozen=True)
class Consignment:
    """What a dataset is made from; ``events`` are the carrier's entries of the shipment's timeline."""

    shipment: Shipment
    carriage: MainCarriage
    consignor: Party
    forwarder: Party | None = None
    carrier: Party | None = None
    events: Sequence[TimelineEntry] = ()


@dataclass(frozen=True)
class _Node:
    """An element: its text or what stands in it, and its attributes."""

    content: "str | Mapping[str, _Said]"
    attributes: Mapping[str, str] = field(default_factory=dict)


_Said = _Node | Sequence[_Node] | None


def document(consignment: Consignment) -> str:
    """Return the dataset as XML; what is not known is not said."""
    root = etree.Element(f"{{{NAMESPACE}}}consignment", nsmap=_UNPREFIXED)
    _write(root, _consignment(consignment))
    return etree.tostring(root, encoding="unicode")


def _write(parent: etree._Element, members: "Mapping[str, _Said]") -> None:
    for name in sorted(members):
        said = members[name]
        for node in () if said is None else (said,) if isinstance(said, _Node) else said:
            element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", dict(node.attributes))
            if isinstance(node.content, str):
                element.text = node.content
            else:
                _write(element, node.content)


def _consignment(given: Consignment) -> dict[str, _Said]:
    shipment, events = given.shipment, given.events
    goods = shipment.goods
    maritime = given.carriage.mode == "MARITIME"
    sea = {**_moves(shipment, events), "modeCode": _Node(MODES["MARITIME"])}
    means = _vessel(shipment) | _registered(given.carriage)
    main = {} if not maritime else sea
    return {
        "associatedDocument": _Node(
            {"id": _Node(shipment.ucr), "referenceTypeCode": _Node(UNIQUE_CONSIGNMENT_REFERENCE)}
        ),
        "carrier": _member(given.carrier),
        "carrierAcceptanceDateTime": _time(_first(events, "GTIN", shipment.origin)),
        "carrierAcceptanceLocation": _location(shipment.origin),
        "consignee": _party(shipment.consignee_name, shipment.consignee_country),
        "consigneeReceiptLocation": _location(shipment.destination),
        "consignor": _member(given.consignor),
        "deliveryEvent": _event(_last(events, "GTOT", shipment.destination), shipment.destination),
        "freightForwarder": _member(given.forwarder),
        "grossWeight": _kilograms(item.gross_mass_kg for item in goods),
        "includedConsignmentItem": [
            _Node({"goodsUnitQuantity": _Node(str(item.packages))}) for item in goods
        ],
        "mainCarriageTransportMovement": _Node(
            main
            | {
                "dangerousGoodsIndicator": _Node("true" if given.carriage.dangerous_goods else "false"),
                "modeCode": _Node(MODES[given.carriage.mode]),
                "usedTransportMeans": _Node(means if maritime else _registered(given.carriage)),
            }
        ),
        "natureIdentificationCargo": _cargo(goods) if goods else None,
        "netWeight": _kilograms(item.net_mass_kg for item in goods),
        "numberOfPackages": _Node(str(sum(item.packages for item in goods))) if goods else None,
        "preCarriageTransportMovement": (
            None if maritime else _Node(sea | {"usedTransportMeans": _Node(_vessel(shipment))})
        ),
        "transportContractDocument": _bill_of_lading(shipment),
        "transportEquipmentQuantity": _Node(str(len(shipment.equipment))) if shipment.equipment else None,
        "transportPackage": [
            _Node({"itemQuantity": _Node(str(item.packages)), "typeCode": _Node(item.package_type)})
            for item in goods
        ],
        "transshipmentLocation": [
            location for code in shipment.transhipments if (location := _location(code)) is not None
        ],
        "usedTransportEquipment": list(_equipment(shipment, given.carriage)),
    }


def _equipment(shipment: Shipment, carriage: MainCarriage) -> Iterator[_Node]:
    for unit in shipment.equipment:
        yield _Node(
            {
                "categoryCode": _Node(CONTAINER),
                "id": _Node(unit.reference),
                "registrationCountry": _country(carriage.equipment_country),
                "sequenceNumber": _Node(str(unit.sequence)),
                "sizeTypeCode": _Node(unit.iso_code) if unit.iso_code else None,
            }
        )


def _vessel(shipment: Shipment) -> dict[str, _Said]:
    return {"name": _Node(shipment.vessel) if shipment.vessel else None}


def _registered(carriage: MainCarriage) -> dict[str, _Said]:
    return {"id": _Node(carriage.means), "registrationCountry": _country(carriage.country)}


def _country(code: str | None) -> _Node | None:
    return None if code is None else _Node({"code": _Node(code)})


def _bill_of_lading(shipment: Shipment) -> _Node | None:
    if shipment.bill_of_lading is None:
        return None
    return _Node({"id": _Node(shipment.bill_of_lading), "typeCode": _Node(BILL_OF_LADING)})


def _cargo(goods: Sequence[GoodsItem]) -> _Node:
    """Describe the goods; the schema has room for one commodity code, so several go with the texts."""
    codes = {item.hs_code for item in goods}
    alike = len(codes) == 1
    texts = [item.description if alike else f"{item.hs_code} {item.description}" for item in goods]
    return _Node(
        {
            "identificationText": [_Node(piece) for text in texts for piece in _pieces(text, LONGEST_TEXT)],
            "statisticalClassificationCode": _Node(codes.pop()) if alike else None,
        }
    )


def _member(party: Party | None) -> _Node | None:
    return None if party is None else _party(party.legal_name, party.country)


def _party(name: str | None, country: str | None) -> _Node | None:
    if name is None:
        return None
    return _Node(
        {
            "name": [_Node(piece) for piece in _pieces(name, LONGEST_NAME)],
            "postalAddress": _Node({"countryCode": _Node(country)}) if country else None,
        }
    )


def _pieces(text: str, longest: int) -> list[str]:
    """Return ``text`` in pieces that the schema has room for: its element may be repeated."""
    return [text[start : start + longest] for start in range(0, len(text), longest)]


def _location(code: str) -> _Node | None:
    found: Place | None = place(code)
    name = None if found is None else _Node(found.name)
    return _Node({"id": _Node(code, {"schemeAgencyId": "6"}), "name": name})


def _kilograms(masses: Iterable[Decimal]) -> _Node | None:
    total = sum(masses, Decimal())
    return _Node(format(total.normalize(), "f"), {"unitId": "KGM"}) if total else None


def _moves(shipment: Shipment, events: Sequence[TimelineEntry]) -> dict[str, _Said]:
    """Return loading, departure, arrival and unloading of the voyage, as the carrier told them."""
    return {
        "arrivalEvent": _event(_last(events, "ARRI", shipment.destination), shipment.destination),
        "departureEvent": _event(_first(events, "DEPA", shipment.origin), shipment.origin),
        "loadingEvent": _event(_first(events, "LOAD", shipment.origin), shipment.origin),
        "unloadingEvent": _event(_last(events, "DISC", shipment.destination), shipment.destination),
    }


def _event(at: datetime | None, place_code: str) -> _Node:
    return _Node({"actualOccurrenceDateTime": _time(at), "occurrenceLocation": _location(place_code)})


def _first(events: Sequence[TimelineEntry], code: str, where: str) -> datetime | None:
    return min(_actual(events, code, where), default=None)


def _last(events: Sequence[TimelineEntry], code: str, where: str) -> datetime | None:
    return max(_actual(events, code, where), default=None)


def _actual(events: Sequence[TimelineEntry], code: str, where: str) -> list[datetime]:
    """Return when events of this code truly happened at this place."""
    return [
        event.at
        for event in events
        if event.code == code
        and event.classifier == "ACT"
        and event.place is not None
        and event.place.code == where
    ]


def _time(at: datetime | None) -> _Node | None:
    """Return a time in UTC in format 205 of UN/EDIFACT code list 2379 (CCYYMMDDHHMMZHHMM)."""
    return None if at is None else _Node(f"{at.astimezone(UTC):%Y%m%d%H%M}+0000", {"formatId": "205"})
