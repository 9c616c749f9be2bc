"""Shipments as rows of a file: CSV with a header, or a JSON list by our names or DCSA's.

A row that cannot be read is told by its number and the field at fault; the others do not wait for it.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isthmus_platform import shapes
from isthmus_platform.drafts import EquipmentDraft, ShipmentDraft
from isthmus_platform.errors import InvalidInput

MOST_ROWS = 10_000
UNKEPT = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL keeps in no text."""
COLUMNS = {
    "reference": "reference",
    "ucr": "ucr",
    "origin": "origin",
    "destination": "destination",
    "onBehalfOf": "on_behalf_of",
    "carrier": "carrier",
    "transhipments": "transhipments",
    "bookingReference": "booking_reference",
    "billOfLading": "bill_of_lading",
    "bookedAt": "booked_at",
    "incoterm": "incoterm",
    "vessel": "vessel",
    "consigneeName": "consignee_name",
    "consigneeCountry": "consignee_country",
    "equipment": "equipment",
}
REQUIRED = ("reference", "ucr", "origin", "destination")
LISTS = frozenset({"transhipments", "equipment"})
DCSA = {
    "carrierBookingReference": "bookingReference",
    "transportDocumentReference": "billOfLading",
    "shipmentReference": "reference",
    "UCR": "ucr",
    "placeOfReceipt": "origin",
    "placeOfDelivery": "destination",
    "vesselName": "vessel",
    "incoTerms": "incoterm",
    "equipmentReferences": "equipment",
}
"""DCSA's names of what our columns hold."""


@dataclass(frozen=True)
class Row:
    """A row as it came: its number from 1, and its members as texts."""

    number: int
    values: dict[str, str]


def read_csv(body: bytes) -> list[Row]:
    """Return the rows of a CSV (RFC 4180, UTF-8) with a header; lists are separated by blanks.

    Raises :class:`InvalidInput` for the file as a whole: ``encoding``, ``header``, ``too_many``, ``empty``.
    """
    try:
        text = body.decode("utf-8-sig")
        if UNKEPT.search(text):
            raise InvalidInput("The file holds NUL.", field="file", code="malformed_csv")
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(lines, [])
        _check_header(header)
        rows = [Row(number, _members(header, line)) for number, line in enumerate(_filled(lines), start=1)]
    except UnicodeDecodeError:
        raise InvalidInput("The file is not UTF-8.", field="file", code="encoding") from None
    except csv.Error as error:
        raise InvalidInput(f"This is not CSV: {error}.", field="file", code="malformed_csv") from None
    return _counted(rows)


def read_json(body: bytes) -> list[Row]:
    """Return the rows of a JSON list of objects, by our names or DCSA's; raises as :func:`read_csv` does."""
    try:
        given = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidInput("This is not JSON in UTF-8.", field="file", code="malformed_json") from None
    items = given.get("shipments") if isinstance(given, dict) else given
    if not isinstance(items, list):
        raise InvalidInput("A list of shipments is expected.", field="shipments", code="type")
    return _counted([Row(number, _texts(item)) for number, item in enumerate(items, start=1)])


def draft(row: Row) -> ShipmentDraft:
    """Return the shipment that a row asks for; raises :class:`InvalidInput` naming the column at fault."""
    for name in row.values:
        if name not in COLUMNS:
            raise InvalidInput(f"There is no column {name[:50]!r}.", field=name[:50], code="unknown_field")
    for name in REQUIRED:
        if not row.values.get(name):
            raise InvalidInput(f"{name} is required.", field=name, code="required")
    given: dict[str, Any] = {}
    for name, value in row.values.items():
        if not value:
            continue
        if name == "equipment":
            given["equipment"] = tuple(EquipmentDraft(each) for each in value.split())
        elif name == "transhipments":
            given["transhipments"] = tuple(value.split())
        elif name == "bookedAt":
            given["booked_at"] = shapes.as_instant(value, name)
        else:
            given[COLUMNS[name]] = value
    return ShipmentDraft(**given)


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in header]
    if unknown or missing or len(set(header)) != len(header):
        at_fault = (unknown or missing or header)[0][:50]
        raise InvalidInput(
            f"The header must name {', '.join(REQUIRED)} and may name {', '.join(COLUMNS)}, each once.",
            field=at_fault,
            code="header",
        )


def _filled(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (line for line in lines if line)


def _members(header: list[str], line: list[str]) -> dict[str, str]:
    """Return a line by column; a line of another length names the surplus, so that it is refused."""
    values = {name: value.strip() for name, value in zip(header, line, strict=False)}
    return values | ({f"column {len(header) + 1}": line[len(header)]} if len(line) > len(header) else {})


def _texts(item: Any) -> dict[str, str]:
    """Return an object's members as texts by our names; what is none is kept to be refused by name."""
    if not isinstance(item, dict):
        return {"(not an object)": ""}
    values: dict[str, str] = {}
    for given, value in item.items():
        name = DCSA.get(str(given), str(given))
        if (
            name in LISTS
            and isinstance(value, list)
            and all(isinstance(each, str) and UNKEPT.search(each) is None for each in value)
        ):
            values[name] = " ".join(value)
        elif isinstance(value, str) and UNKEPT.search(value) is None:
            values[name] = value.strip()
        elif value is not None:
            values[f"{given} (not a text)"] = ""
    return values


def _counted(rows: list[Row]) -> list[Row]:
    if not rows:
        raise InvalidInput("The file holds no shipment.", field="file", code="empty")
    if len(rows) > MOST_ROWS:
        raise InvalidInput(f"At most {MOST_ROWS} shipments at a time.", field="file", code="too_many")
    return rows
