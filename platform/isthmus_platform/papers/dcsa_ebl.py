"""Transport documents as DCSA Bill of Lading 3.0 JSON: read, held to the published schema, given out.

A transport document of DCSA says much that a paper's members do not (terms and conditions, who pays where):
the paper keeps all of it (``beyond``), and what is given out is what was read, equal as JSON. A paper whose
members and ``beyond`` differ is refused.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain
from isthmus_platform.papers.kinds import Paper, TransportDocument
from isthmus_platform.papers.parts import Address, Container, Goods, Location, Measure, TradeParty
from isthmus_platform.papers.ubl import SETTING, SchemasMissing

FILE = "EBL_v3.0.0.yaml"
TYPES = {"BOL": "705", "SWB": "710"}
FREIGHT = {"PRE": "PREPAID", "COL": "COLLECT"}
UNKNOWN_COUNTRY = "ZZ"
LONGEST_SAID = 200

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(len(value) == 10 and dt.date.fromisoformat(value))


@dataclass(frozen=True)
class Schema:
    """The folder of DCSA's OpenAPI document of Bill of Lading 3.0.0; threads may share it."""

    folder: Path

    def check(self, document: object) -> None:
        """Raise :class:`InvalidInput` (``dcsa_schema``) with the place of the first fault."""
        faults = _validator(self.folder.resolve()).iter_errors(document)
        fault = min(faults, key=lambda each: [str(step) for step in each.absolute_path], default=None)
        if fault is not None:
            place = ".".join(str(step) for step in fault.absolute_path)
            raise InvalidInput(
                f"{place or 'The document'}: {fault.message[:LONGEST_SAID]}", field="dcsa", code="dcsa_schema"
            )


@cache
def _validator(folder: Path) -> Draft202012Validator:
    file = folder / FILE
    if not file.is_file():
        raise SchemasMissing(f"{SETTING} holds no {FILE}.", field="dcsa")
    document = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (safe)
    return Draft202012Validator(
        {"$ref": "#/components/schemas/TransportDocument", "components": document["components"]},
        format_checker=_formats,
    )


def read(document: object, schema: Schema) -> Paper:
    """Return the paper that a transport document of DCSA says.

    Raises :class:`InvalidInput`: ``dcsa_schema`` for one that breaks its schema, else the code and place of
    the member at fault (a container's check digit, a place that is not in UN/LOCODE).
    """
    schema.check(document)
    if not isinstance(document, dict):  # the schema says so too
        raise InvalidInput("A transport document is an object.", field="dcsa", code="dcsa_schema")
    return replace(_of(document), beyond=orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())


def is_kept(paper: Paper) -> bool:
    """Return whether ``paper`` came as DCSA's JSON."""
    return paper.beyond is not None and paper.beyond.startswith("{")


def write(paper: Paper) -> dict[str, Any]:
    """Return ``paper`` as DCSA's JSON.

    Raises :class:`InvalidInput`: ``no_dcsa`` for a paper that did not come so, since DCSA wants what no other
    form says, ``contradiction`` for one that says otherwise than the document it came from.
    """
    if paper.beyond is None or not is_kept(paper):
        raise InvalidInput(
            "It was not issued as DCSA eBL 3.0, which wants more than its members say.",
            field="format",
            code="no_dcsa",
        )
    try:
        document = orjson.loads(paper.beyond)
        same = replace(_of(document), beyond=paper.beyond) == paper
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError):
        same = False
    if not same:
        raise InvalidInput(
            "What it came as says otherwise than its members.", field="beyond", code="contradiction"
        )
    found: dict[str, Any] = document
    return found


def _of(document: dict[str, Any]) -> TransportDocument:
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
        "goods": tuple(_goods(items)),
        "containers": tuple(_containers(document["utilizedTransportEquipments"])),
    }
    return plain.make(TransportDocument, given)


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


def _place(place: dict[str, Any], path: str) -> Location | None:
    given = {"code": place.get("UNLocationCode"), "name": place.get("locationName")}
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
        }
        yield plain.make(Container, given, f"utilizedTransportEquipments.{index}")
