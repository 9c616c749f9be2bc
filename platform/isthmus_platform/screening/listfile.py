"""Lists as the operator has them: CSV or JSON, read strictly; what breaks a rule is told with its line.

The published form of the JSON is ``list.schema.json`` beside this module (``isthmus screening schema`` prints
it).
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import orjson
import pycountry
from stdnum import imo as imo_number

from isthmus_platform.errors import InvalidInput, PlatformError
from isthmus_platform.screening import normal
from isthmus_platform.screening.index import KINDS

LARGEST = 64 * 1024 * 1024
MOST_ENTRIES = 200_000
MOST_TOLD = 20
THRESHOLDS = {"PARTY": 85, "VESSEL": 85, "GOODS": 85}
COLUMNS = ("reference", "kind", "names", "countries", "imo", "hsPrefixes", "keywords", "programme", "remarks")
HEADER = ("list", "title", "effectiveFrom", "thresholds", "entries")
MEMBERS: Mapping[str, Mapping[str, int]] = {
    "PARTY": {"names": 1, "countries": 0},
    "VESSEL": {"names": 0, "imo": 0, "countries": 0},
    "GOODS": {"hsPrefixes": 0, "keywords": 0},
}
"""What an entry of each kind may say of the thing, and how many of it there must be."""
MANY = ("names", "countries", "hsPrefixes", "keywords")
MOST_OF_EACH = 100
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
PREFIX = re.compile(r"[0-9]{2,10}")


class BadLine(InvalidInput):
    """One thing that is wrong with a list; ``line`` counts from 1."""

    def __init__(self, line: int, field: str, code: str, message: str) -> None:
        super().__init__(f"Line {line}, {field}: {message}", field=field, code=code)
        self.line = line


class BadList(InvalidInput):
    """The list is not taken: each wrong line is told, the first 20 of them. Nothing was changed."""

    code = "bad_list"

    def __init__(self, lines: Sequence[BadLine]) -> None:
        super().__init__(str(lines[0]), field="list", code=self.code)
        self.lines = lines

    @property
    def reasons(self) -> Sequence[PlatformError]:
        """Each wrong line for itself."""
        return self.lines


@dataclass(frozen=True)
class ListDraft:
    """A list as it was read: entries by reference, each with its content and the content's digest."""

    code: str
    title: str
    effective_from: datetime
    thresholds: dict[str, int]
    entries: dict[str, tuple[str, dict[str, Any]]]
    sha256: str
    """Of the file."""


def schema() -> str:
    """Return the published JSON Schema of a list."""
    return resources.files("isthmus_platform.screening").joinpath("list.schema.json").read_text()


def read_json(body: bytes) -> ListDraft:
    """Return the list in a JSON file; raises :class:`BadList`."""
    text = _text(body)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadList([BadLine(error.lineno, "file", "syntax", error.msg)]) from None
    except RecursionError:
        raise BadList([BadLine(1, "file", "syntax", "The file is nested too deeply.")]) from None
    if not isinstance(found, dict):
        raise BadList([BadLine(1, "file", "type", "A list is one JSON object.")])
    wrong = [
        BadLine(1, name[:40], "unknown_member", "There is no such member.")
        for name in found
        if name not in HEADER
    ]
    entries = found.get("entries")
    if not isinstance(entries, list):
        raise BadList([*wrong, BadLine(1, "entries", "required", "A list has an array of entries.")])
    return _list(body, found, zip(_lines(text), entries, strict=False), wrong)


def read_csv(body: bytes, header: Mapping[str, Any]) -> ListDraft:
    """Return the list in a CSV file (RFC 4180, with a first row of :data:`COLUMNS`, several values by ``|``).

    ``header`` says what JSON says beside its entries. Raises :class:`BadList`.
    """
    rows = csv.reader(io.StringIO(_text(body), newline=""), strict=True)
    try:
        columns = tuple(next(rows, ()))
        unknown = [each for each in columns if each not in COLUMNS]
        if "reference" not in columns or "kind" not in columns or unknown or len({*columns}) < len(columns):
            message = (
                f"The first row names columns among {', '.join(COLUMNS)}, reference and kind for certain."
            )
            raise BadList([BadLine(1, "columns", "columns", message)])
        entries = [(rows.line_num, _row(columns, row)) for row in rows if row]
    except csv.Error as error:
        raise BadList([BadLine(rows.line_num, "file", "syntax", f"{error}.")]) from None
    return _list(body, {**header, "entries": ()}, entries, [])


def _text(body: bytes) -> str:
    if len(body) > LARGEST:
        raise BadList([BadLine(1, "file", "too_large", f"At most {LARGEST} bytes.")])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise BadList([BadLine(line, "file", "encoding", "The file is not UTF-8.")]) from None


def _row(columns: Sequence[str], row: Sequence[str]) -> dict[str, Any] | None:
    """Return a row as JSON would say it; None where it has another number of cells than there are columns."""
    if len(row) != len(columns):
        return None
    said: dict[str, Any] = {}
    for name, cell in zip(columns, row, strict=True):
        values = [each.strip() for each in cell.split("|")] if name in MANY else cell.strip()
        if cell.strip():
            said[name] = values
    return said


def _lines(text: str) -> Iterator[int]:
    """Yield the line on which each entry of a JSON list begins, walking over its values."""
    decoder, blank = json.JSONDecoder(), re.compile(r"[\s,]*")
    found = re.search(r'"entries"\s*:\s*\[', text)
    at, line, counted = (found.end() if found else len(text)), 1, 0
    while True:
        skipped = blank.match(text, at)
        at = skipped.end() if skipped else at
        line, counted = line + text.count("\n", counted, at), at
        yield line
        if text[at : at + 1] in ("", "]"):
            continue
        _, at = decoder.raw_decode(text, at)


def _list(
    body: bytes, header: Mapping[str, Any], entries: Iterable[tuple[int, Any]], wrong: list[BadLine]
) -> ListDraft:
    code, title = header.get("list"), header.get("title")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        wrong.append(BadLine(1, "list", "format", "A slug: lower-case letters, digits, hyphens, at most 40."))
    if not isinstance(title, str) or not 0 < len(title.strip()) <= 200 or not title.isprintable():
        wrong.append(BadLine(1, "title", "length", "One line of 1 to 200 characters."))
    effective, thresholds = _instant(header, wrong), _thresholds(header, wrong)
    kept: dict[str, tuple[str, dict[str, Any]]] = {}
    for number, (line, said) in enumerate(entries):
        if number == MOST_ENTRIES:
            wrong.append(BadLine(line, "entries", "too_many", f"At most {MOST_ENTRIES} entries."))
        if len(wrong) >= MOST_TOLD or number == MOST_ENTRIES:
            break
        entry, problems = _entry(line, said)
        wrong += problems
        if entry is None:
            continue
        reference = entry["reference"]
        if reference in kept:
            wrong.append(BadLine(line, "reference", "repeated", f"{reference} is there already."))
        kept[reference] = digest_of(entry), entry
    if not kept and not wrong:
        wrong.append(BadLine(1, "entries", "required", "A list has at least one entry."))
    if wrong or effective is None:
        raise BadList(wrong[:MOST_TOLD])
    sha256 = hashlib.sha256(body).hexdigest()
    return ListDraft(str(code), str(title).strip(), effective, thresholds, kept, sha256)


def digest_of(entry: Mapping[str, Any]) -> str:
    """Return the digest of all that an entry says: another digest is a changed entry."""
    return hashlib.sha256(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _instant(header: Mapping[str, Any], wrong: list[BadLine]) -> datetime | None:
    try:
        found = datetime.fromisoformat(header["effectiveFrom"])
        if found.tzinfo is not None:
            return found
    except (KeyError, TypeError, ValueError):
        pass
    wrong.append(BadLine(1, "effectiveFrom", "format", "A time with its offset, as 2026-01-31T00:00:00Z."))
    return None


def _thresholds(header: Mapping[str, Any], wrong: list[BadLine]) -> dict[str, int]:
    given = header.get("thresholds", {})
    if not isinstance(given, dict) or not given.keys() <= THRESHOLDS.keys():
        wrong.append(BadLine(1, "thresholds", "type", f"Whole numbers for {', '.join(THRESHOLDS)}."))
        return THRESHOLDS
    if not all(type(each) is int and 60 <= each <= 100 for each in given.values()):
        wrong.append(BadLine(1, "thresholds", "range", "Whole numbers from 60 to 100."))
    return THRESHOLDS | given


def _entry(line: int, said: Any) -> tuple[dict[str, Any] | None, list[BadLine]]:
    """Return an entry with its values in order and in one spelling, or what is wrong with it."""
    if not isinstance(said, dict):
        return None, [BadLine(line, "entry", "type", "One object, or one cell for each column.")]
    reference, kind = said.get("reference"), said.get("kind")
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        message = "1 to 64 letters, digits and . _ / -, the first a letter or digit."
        return None, [BadLine(line, "reference", "format", message)]
    if kind not in KINDS:
        return None, [BadLine(line, "kind", "unknown", f"An entry is of kind {', '.join(KINDS)}.")]
    members = MEMBERS[kind]
    wrong = [
        BadLine(line, name[:40], "unknown_member", f"An entry of kind {kind} does not say this.")
        for name in said
        if name not in members and name not in ("reference", "kind", "programme", "remarks")
    ]
    wrong += [*_lists(line, said, members), *_texts(line, said), *_together(line, said, kind)]
    if wrong:
        return None, wrong
    entry = {"reference": reference, "kind": kind}
    entry |= {name: sorted({*said[name]}) for name in MANY if said.get(name)}
    entry |= {name: said[name].strip() for name in ("programme", "remarks") if said.get(name)}
    if said.get("imo"):
        entry["imo"] = normal.digits(said["imo"])
    return entry, []


def _lists(line: int, said: Mapping[str, Any], members: Mapping[str, int]) -> Iterator[BadLine]:
    for name in MANY:
        values = said.get(name, [])
        if name not in members:
            continue
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            yield BadLine(line, name, "type", "An array of texts.")
        elif not members[name] <= len(values) <= MOST_OF_EACH:
            yield BadLine(line, name, "number", f"There are {members[name]} to {MOST_OF_EACH} of them.")
        else:
            yield from (found for each in values if (found := _value(line, name, each)) is not None)


def _value(line: int, name: str, value: str) -> BadLine | None:
    if name == "countries":
        if len(value) != 2 or not value.isupper() or pycountry.countries.get(alpha_2=value) is None:
            return BadLine(line, name, "unknown_country", f"{value[:20]!r} is no ISO 3166-1 alpha-2 code.")
    elif name == "hsPrefixes":
        if not PREFIX.fullmatch(value):
            return BadLine(line, name, "format", f"{value[:20]!r} is not 2 to 10 digits of an HS code.")
    elif not 0 < len(value) <= 300 or not value.isprintable():
        return BadLine(line, name, "length", "One line of 1 to 300 characters.")
    elif normal.words(value).size < 3:
        return BadLine(line, name, "too_short", f"{value!r} has fewer than 3 letters or digits to compare.")
    return None


def _texts(line: int, said: Mapping[str, Any]) -> Iterator[BadLine]:
    for name in ("programme", "remarks"):
        value = said.get(name, "")
        if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
            yield BadLine(line, name, "length", "One line of at most 1000 characters.")


def _together(line: int, said: Mapping[str, Any], kind: str) -> Iterator[BadLine]:
    """Yield what is wrong with an IMO number, and with an entry that says nothing to compare."""
    number = said.get("imo")
    given = kind == "VESSEL" and "imo" in said
    if given and not (isinstance(number, str) and imo_number.is_valid(number)):
        yield BadLine(
            line, "imo", "check_digit", "An IMO number has 7 digits, the last of which is its check digit."
        )
    if kind == "VESSEL" and not said.get("names") and not number:
        yield BadLine(line, "names", "required", "A vessel has a name or an IMO number.")
    if kind == "GOODS" and not said.get("hsPrefixes") and not said.get("keywords"):
        yield BadLine(line, "keywords", "required", "Goods have prefixes of HS codes or keywords.")
