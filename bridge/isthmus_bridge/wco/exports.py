"""The body of an EXPORT_DECLARATION as a declaration of the WCO Data Model, and back, with nothing lost.

The body is what the gate let through. Where the UK profile has no element of its own for a member, its place
is said here: the place of discharge goes as country and region of destination (the profile has no unloading),
the bill of lading as a previous document of type 705 (UNTDID 1001), the vessel by its name (mode 1: sea).
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from isthmus_bridge.wco.declaration import Declaration, MetaData
from isthmus_bridge.wco.documents import UCR, PreviousDocument
from isthmus_bridge.wco.goods import (
    Classification,
    Commodity,
    Destination,
    GoodsMeasure,
    GovernmentAgencyGoodsItem,
    Origin,
    Packaging,
)
from isthmus_bridge.wco.parties import Address, Party, Trader
from isthmus_bridge.wco.shipment import GoodsShipment, TradeTerms
from isthmus_bridge.wco.transport import (
    BorderTransportMeans,
    Consignment,
    LoadingLocation,
    TransportEquipment,
)
from isthmus_bridge.wco.values import Amount, Quantity
from isthmus_protocol.canonical import JsonObject, JsonValue

ORIGINAL = "9"
"""UNTDID 1225: an original message."""

TYPES = {"EX": "EXA"}
"""DE 1/1 with DE 1/2: an export to a third country, by a standard declaration."""

COMBINED_NOMENCLATURE = "TSP"
BILL_OF_LADING = ("Z", "705")
VESSEL_BY_NAME = ("11", "1")


class NotMappable(Exception):
    """A body, or a declaration, of which something would be lost: ``field`` is its JSON pointer."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field} has no place in the other form")


def to_declaration(body: JsonObject, reference: str | None = None) -> MetaData:
    """Return the declaration that ``body`` makes, with the sender's ``reference`` (DE 2/5).

    Raises :class:`NotMappable` for what would not come back as it went in.
    """
    try:
        document = _document(body, reference)
        returned = _body(document.declaration)
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise NotMappable("/") from error
    _same(body, returned)
    return document


def to_body(document: MetaData) -> JsonObject:
    """Return the body that ``document`` came from. Raises :class:`NotMappable` for any other declaration."""
    try:
        body = _body(document.declaration)
        returned = _document(body, document.declaration.functional_reference_id)
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise NotMappable("/") from error
    if returned != document:
        raise NotMappable("/")
    return body


def _document(body: dict[str, Any], reference: str | None) -> MetaData:
    goods = body.get("goods", [])
    transport = body.get("transport", {})
    return MetaData(
        wco_data_model_version_code="3.6",
        wco_type_name="DEC",
        declaration=Declaration(
            function_code=ORIGINAL,
            functional_reference_id=reference,
            type_code=TYPES[body["type"]] if "type" in body else None,
            goods_item_quantity=Quantity(Decimal(len(goods))),
            border_transport_means=_means(transport.get("vessel")),
            declarant=_trader(body.get("declarant")),
            exporter=_trader(body.get("exporter")),
            goods_shipment=_shipment(body, transport),
        ),
    )


def _shipment(body: dict[str, Any], transport: dict[str, Any]) -> GoodsShipment:
    bill = transport.get("billOfLading")
    discharge = transport.get("dischargePlace")
    incoterm = body.get("invoice", {}).get("incoterm")
    category, kind = BILL_OF_LADING
    return GoodsShipment(
        consignee=_party(body.get("consignee")),
        consignment=_consignment(body.get("equipment", []), transport.get("loadingPlace")),
        destination=discharge and Destination(country_code=discharge[:2], region_id=discharge[2:]),
        government_agency_goods_item=tuple(_item(each) for each in body.get("goods", [])),
        previous_document=(PreviousDocument(category_code=category, id=bill, type_code=kind),)
        if bill
        else (),
        trade_terms=incoterm and TradeTerms(condition_code=incoterm),
        ucr=UCR(trader_assigned_reference_id=body["ucr"]) if "ucr" in body else None,
    )


def _consignment(equipment: list[dict[str, Any]], loading: str | None) -> Consignment:
    return Consignment(
        container_code="1" if equipment else "0",
        loading_location=LoadingLocation(id=loading) if loading else None,
        transport_equipment=tuple(
            TransportEquipment(sequence_numeric=Decimal(number), id=each["reference"])
            for number, each in enumerate(equipment, 1)
        ),
    )


def _means(vessel: str | None) -> BorderTransportMeans | None:
    kind, mode = VESSEL_BY_NAME
    return BorderTransportMeans(id=vessel, identification_type_code=kind, mode_code=mode) if vessel else None


def _trader(party: dict[str, Any] | None) -> Trader | None:
    return None if party is None else Trader(name=party.get("name"), address=_address(party))


def _party(party: dict[str, Any] | None) -> Party | None:
    return None if party is None else Party(name=party.get("name"), address=_address(party))


def _address(party: dict[str, Any]) -> Address | None:
    return Address(country_code=party["country"]) if "country" in party else None


def _item(goods: dict[str, Any]) -> GovernmentAgencyGoodsItem:
    value, code = goods.get("statisticalValueMinor"), goods.get("hsCode")
    return GovernmentAgencyGoodsItem(
        sequence_numeric=Decimal(goods["sequence"]),
        statistical_value_amount=None if value is None else Amount.of_minor(value, goods["currency"]),
        commodity=Commodity(
            description=goods.get("description"),
            classification=(Classification(id=code, identification_type_code=COMBINED_NOMENCLATURE),)
            if code
            else (),
            goods_measure=GoodsMeasure(
                gross_mass_measure=_mass(goods.get("grossMassKg")),
                net_net_weight_measure=_mass(goods.get("netMassKg")),
            ),
        ),
        origin=(Origin(country_code=goods["originCountry"]),) if "originCountry" in goods else (),
        packaging=(
            Packaging(
                sequence_numeric=Decimal(1),
                quantity_quantity=Quantity(Decimal(goods["packages"])) if "packages" in goods else None,
                type_code=goods.get("packageType"),
            ),
        ),
    )


def _mass(kilograms: str | None) -> Quantity | None:
    return None if kilograms is None else Quantity(Decimal(kilograms))


def _body(declaration: Declaration) -> JsonObject:
    shipment = declaration.goods_shipment or GoodsShipment()
    consignment = shipment.consignment or Consignment()
    means, loading, destination = (
        declaration.border_transport_means,
        consignment.loading_location,
        shipment.destination,
    )
    types = {code: name for name, code in TYPES.items()}
    body = {
        "ucr": shipment.ucr and shipment.ucr.trader_assigned_reference_id,
        "type": declaration.type_code and types[declaration.type_code],
        "exporter": _named(declaration.exporter),
        "consignee": _named(shipment.consignee),
        "declarant": _named(declaration.declarant),
        "transport": _present(
            {
                "loadingPlace": loading and loading.id,
                "dischargePlace": destination
                and f"{destination.country_code or ''}{destination.region_id or ''}",
                "billOfLading": next((each.id for each in shipment.previous_document), None),
                "vessel": means and means.id,
            }
        ),
        "equipment": [{"reference": each.id} for each in consignment.transport_equipment],
        "goods": [_goods(each) for each in shipment.government_agency_goods_item],
        "invoice": _present({"incoterm": shipment.trade_terms and shipment.trade_terms.condition_code}),
    }
    return _present(body)


def _named(party: Trader | Party | None) -> JsonObject | None:
    if party is None:
        return None
    return _present({"name": party.name, "country": party.address and party.address.country_code})


def _goods(item: GovernmentAgencyGoodsItem) -> JsonObject:
    commodity = item.commodity or Commodity()
    measure = commodity.goods_measure or GoodsMeasure()
    value = item.statistical_value_amount
    (packaging,) = item.packaging
    return _present(
        {
            "sequence": int(item.sequence_numeric),
            "description": commodity.description,
            "hsCode": next((each.id for each in commodity.classification), None),
            "grossMassKg": _kilograms(measure.gross_mass_measure),
            "netMassKg": _kilograms(measure.net_net_weight_measure),
            "packages": packaging.quantity_quantity and int(packaging.quantity_quantity.value),
            "packageType": packaging.type_code,
            "originCountry": next((each.country_code for each in item.origin), None),
            "statisticalValueMinor": value and value.minor,
            "currency": value and value.currency,
        }
    )


def _kilograms(mass: Quantity | None) -> str | None:
    return None if mass is None else format(mass.value, "f")


def _present(members: dict[str, Any]) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None and value not in ({}, [])}


def _same(given: JsonObject, returned: JsonObject) -> None:
    """Raise :class:`NotMappable` at the first place where the two differ."""
    place = next(_differences(given, returned, ""), None)
    if place is not None:
        raise NotMappable(place)


def _differences(given: JsonValue, returned: JsonValue, where: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(returned, dict):
        for name in sorted({*given, *returned}):
            yield from _differences(given.get(name), returned.get(name), f"{where}/{name}")
    elif isinstance(given, list) and isinstance(returned, list) and len(given) == len(returned):
        for position, (one, other) in enumerate(zip(given, returned, strict=True)):
            yield from _differences(one, other, f"{where}/{position}")
    elif given != returned or type(given) is not type(returned):
        yield where or "/"
