"""The texts of a page: each member of a paper's data as people write it, in the box where it belongs.

Made of the JSON that a reader gets and not of a paper: a reader to whom some fields are open gets a page of
these alone. No member is left out: what has no box of its own stands at the foot.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from isthmus_platform.papers.pages.faces import FACES, Column, Face, Told

UNITS = {"KGM": "kg", "TNE": "t", "GRM": "g", "LBR": "lb", "MTQ": "m³", "LTR": "l", "C62": "pcs"}
"""Units of UNECE Recommendation 20 that people write otherwise."""
WORDS = {"PREPAID": "Prepaid", "COLLECT": "Collect"}
LOADED = {"packages": "packages", "grossMass": "gross", "netMass": "net", "volume": "cube"}
"""Members of a load, and by which words they are told."""
APART = {"number", "issuedOn", "type"}
NOT_PRINTED = {"beyond"}


@dataclass(frozen=True)
class Box:
    """A box with its label and lines."""

    label: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table across the page: a text of lines for each column of each row."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Sheet:
    """All texts of a document's pages."""

    title: str
    number: str
    issued_on: str
    parties: tuple[Box, ...]
    references: tuple[Box, ...]
    carriage: tuple[Box, ...]
    tables: tuple[Table, ...]
    totals: tuple[Box, ...]
    free: tuple[Box, ...]
    authenticated: tuple[Box, ...]


def sheet(code: str, data: dict[str, Any]) -> Sheet:
    """Return the texts of a paper of type ``code`` (UNTDID 1001) whose open members are ``data``."""
    face, data = FACES[code], _apart(data)
    tables = [_table(face.columns, data.get(face.table or "", ()))] if face.table else []
    if data.get("containers"):
        tables.append(_table(EQUIPMENT, data["containers"]))
    known = _named(face) | APART | NOT_PRINTED | {face.table, "containers"}
    left = [name for name in sorted(data) if name not in known]
    agreed = tuple(f"{_spaced(name)}: {_joined(data[name])}" for name in left if name.startswith("carriage."))
    rest = [Box(_spaced(name), _lines(data[name])) for name in left if not name.startswith("carriage.")]
    return Sheet(
        face.title,
        _joined(data.get("number")),
        _joined(data.get("issuedOn")),
        _boxes(face.parties, data),
        _boxes(face.references, data),
        _boxes(face.carriage, data),
        tuple(tables),
        tuple(box for box in _boxes(face.totals, data) if box.lines),
        tuple(box for box in (Box("Carriage", agreed), *_boxes(face.free, data), *rest) if box.lines),
        tuple(Box(box.label, box.lines[:1]) for box in _boxes(face.authenticated, data)),
    )


EQUIPMENT = (
    Column("Container", ("reference",), 46),
    Column("Size, type, tare", ("sizeType", "tareMass"), 36),
    Column("Shipper's own", ("shipperOwned",), 30),
    Column("Seals", ("seals",), 70.88),
)


def leaves(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each member of a paper's data by its name as words, and its text."""
    return [(_spaced(name), "; ".join(_lines(value))) for name, value in data.items() if name != "beyond"]


def _apart(data: dict[str, Any]) -> dict[str, Any]:
    """Return members with those of the carriage among them: each has a box (``carriage.placeOfReceipt``)."""
    agreed = data.get("carriage", {})
    rest = {name: value for name, value in data.items() if name != "carriage"}
    return rest | {f"carriage.{name}": value for name, value in agreed.items()}


def _named(face: Face) -> set[str]:
    parts: Iterable[Sequence[Told]] = (face.parties, face.references, face.carriage, face.totals, face.free)
    return {name for part in (*parts, face.authenticated) for _, name in part}


def _boxes(told: Sequence[Told], data: dict[str, Any]) -> tuple[Box, ...]:
    return tuple(Box(label, _lines(data.get(name))) for label, name in told)


def _table(columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> Table:
    return Table(columns, [[_cell(column, row) for column in columns] for row in rows])


def _cell(column: Column, row: dict[str, Any]) -> str:
    if column.members[:1] == ("loads",) and row.get("loads"):  # they name the containers
        return "\n".join(line for load in row["loads"] for line in _load(load))
    if column.members[:2] == ("packages", "packageType"):
        first = " ".join(_joined(row.get(name)) for name in column.members[:2]).strip()
        return "\n".join((first, *(line for name in column.members[2:] for line in _lines(row.get(name)))))
    return "\n".join(line for name in column.members for line in _lines(row.get(name)))


def _joined(value: Any) -> str:
    return ", ".join(_lines(value))


def _lines(value: Any) -> tuple[str, ...]:
    """Return a value as the lines of a box; none for what is not there."""
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, list):
        return tuple(line for each in value for line in _lines(each))
    if isinstance(value, dict):
        return _part(value)
    text = WORDS.get(value, str(value)) if isinstance(value, str) else f"{value:,}"
    return tuple(text.splitlines())


def _part(value: dict[str, Any]) -> tuple[str, ...]:
    if "value" in value or "currency" in value or "unit" in value:
        number = f"{Decimal(value['value']):,f}" if "value" in value else ""
        unit = UNITS.get(value.get("unit", ""), value.get("unit", ""))
        return (" ".join(each for each in (value.get("currency", ""), number, unit) if each),)
    if "code" in value:
        return (f"{value['name']} ({value['code']})" if "name" in value else value["code"],)
    if "name" in value or "identifier" in value or "address" in value:
        listed = f" ({value['codeListProvider']})" if "codeListProvider" in value else ""
        known = (f"No. {value['identifier']}{listed}",) if "identifier" in value else ()
        reached = [value[name] for name in ("phone", "email") if name in value]
        return (*_lines(value.get("name")), *_address(value.get("address", {})), *known, *reached)
    return tuple(f"{_spaced(name)}: {_joined(inner)}" for name, inner in value.items())


def _load(load: dict[str, Any]) -> tuple[str, ...]:
    """Return what one container carries of the goods, by its number."""
    said = (f"{word} {_joined(load[name])}" for name, word in LOADED.items() if name in load)
    return (load.get("container", ""), *said)


def _address(address: dict[str, Any]) -> tuple[str, ...]:
    city = " ".join(address[name] for name in ("postcode", "city") if name in address)
    last = ", ".join(address[name] for name in ("region", "country") if name in address)
    return tuple(line for line in (address.get("street", ""), city, last) if line)


def _spaced(name: str) -> str:
    """Return a member's name as words: ``goodsDescription`` is "Goods description"."""
    words = re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name.rpartition(".")[2])
    return words.capitalize()
