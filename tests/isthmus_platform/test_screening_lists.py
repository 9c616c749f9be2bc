"""Lists as files: what is not as the rules say is refused with its line and rule."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.screening import listfile
from isthmus_platform.screening.listfile import BadList
from screening_trade import CONSIGNEE, GOODS, VESSEL, body

HEADER = {"list": "sample", "title": "A sample", "effectiveFrom": "2026-01-01T00:00:00Z"}
SCHEMA = jsonschema.Draft202012Validator(json.loads(listfile.schema()))


def problems(read: Callable[[], Any]) -> list[tuple[int, str | None, str]]:
    with pytest.raises(BadList) as caught:
        read()
    return [(each.line, each.field, each.code) for each in caught.value.lines]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"reference": ""}, "reference", "format"),
        ({"reference": "a b"}, "reference", "format"),
        ({"reference": 7}, "reference", "format"),
        ({"kind": "PERSON"}, "kind", "unknown"),
        ({"names": []}, "names", "number"),
        ({"names": "Nordwind"}, "names", "type"),
        ({"names": ["Nordwind", 7]}, "names", "type"),
        ({"names": ["x" * 301]}, "names", "length"),
        ({"names": ["a\nb c d"]}, "names", "length"),
        ({"names": ["??!"]}, "names", "too_short"),
        ({"names": ["Nordwind"] * 101}, "names", "number"),
        ({"countries": ["XX"]}, "countries", "unknown_country"),
        ({"countries": ["de"]}, "countries", "unknown_country"),
        ({"imo": "9074729"}, "imo", "unknown_member"),
        ({"remarks": "x" * 1001}, "remarks", "length"),
        ({"remarks": 3}, "remarks", "length"),
    ],
    ids=lambda value: json.dumps(value)[:30] if isinstance(value, dict) else value,
)
def test_a_bad_entry_is_refused_with_its_line(changes: dict[str, Any], field: str, code: str) -> None:
    file = body(GOODS, CONSIGNEE | changes)
    line = 1 + file[: file.index(b"{", file.index(b"G-1"))].count(b"\n")
    assert problems(lambda: listfile.read_json(file)) == [(line, field, code)]


@pytest.mark.parametrize(
    ("entry", "field", "code"),
    [
        (VESSEL | {"imo": "9321484"}, "imo", "check_digit"),
        (VESSEL | {"imo": 9321483}, "imo", "check_digit"),
        (VESSEL | {"imo": ""}, "imo", "check_digit"),
        ({"reference": "V", "kind": "VESSEL"}, "names", "required"),
        (GOODS | {"hsPrefixes": ["8"]}, "hsPrefixes", "format"),
        (GOODS | {"hsPrefixes": ["84.57"]}, "hsPrefixes", "format"),
        ({"reference": "G", "kind": "GOODS"}, "keywords", "required"),
        ([], "entry", "type"),
    ],
    ids=["digit", "number", "empty", "no name", "short", "points", "nothing", "array"],
)
def test_what_a_vessel_or_goods_must_say(entry: Any, field: str, code: str) -> None:
    assert problems(lambda: listfile.read_json(body(entry)))[0][1:] == (field, code)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"list": "No slug"}, "list", "format"),
        ({"title": " "}, "title", "length"),
        ({"effectiveFrom": "2026-01-01T00:00:00"}, "effectiveFrom", "format"),
        ({"effectiveFrom": "2026-02-29T00:00:00Z"}, "effectiveFrom", "format"),
        ({"effectiveFrom": None}, "effectiveFrom", "format"),
        ({"thresholds": {"PARTY": 59}}, "thresholds", "range"),
        ({"thresholds": {"PARTY": 85.5}}, "thresholds", "range"),
        ({"thresholds": {"PARTY": True}}, "thresholds", "range"),
        ({"thresholds": {"PEOPLE": 90}}, "thresholds", "type"),
        ({"thresholds": []}, "thresholds", "type"),
        ({"more": 1}, "more", "unknown_member"),
        ({"entries": {}}, "entries", "required"),
        ({"entries": []}, "entries", "required"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_a_bad_header_is_refused(changes: dict[str, Any], field: str, code: str) -> None:
    file = json.dumps(HEADER | {"entries": [GOODS]} | changes).encode()
    assert [each[1:] for each in problems(lambda: listfile.read_json(file))] == [(field, code)]


@pytest.mark.parametrize(
    ("file", "line", "code"),
    [
        (b"", 1, "syntax"),
        (b'{\n"list": "a",\n}', 3, "syntax"),
        (b"[]", 1, "type"),
        (b'{"list":\n"\xff"}', 2, "encoding"),
        (b"[" * 100_000, 1, "syntax"),
    ],
    ids=["empty", "comma", "array", "encoding", "deep"],
)
def test_what_is_no_json_is_refused(file: bytes, line: int, code: str) -> None:
    found = problems(lambda: listfile.read_json(file))
    assert (found[0][0], found[0][2]) == (line, code)


def test_a_repeated_reference_is_refused_at_its_second_place() -> None:
    file = body(GOODS, CONSIGNEE, GOODS)
    ((line, field, code),) = problems(lambda: listfile.read_json(file))
    assert (field, code) == ("reference", "repeated")
    assert b"{" in file.split(b"\n")[line - 1], "the line on which the second begins"
    assert file.count(b'"G-1"', 0, len(b"\n".join(file.split(b"\n")[:line]))) == 1


def test_at_most_twenty_wrong_lines_are_told() -> None:
    wrong = [CONSIGNEE | {"reference": f"P {number}"} for number in range(100)]
    assert len(problems(lambda: listfile.read_json(body(*wrong)))) == 20


CSV = b"reference,kind,names,countries,imo\n"


@pytest.mark.parametrize(
    ("file", "line", "field", "code"),
    [
        (b"reference,sort\n", 1, "columns", "columns"),
        (b"reference,kind,kind\n", 1, "columns", "columns"),
        (b"", 1, "columns", "columns"),
        (CSV + b"P-1,PARTY,Nordwind,GB\n", 2, "entry", "type"),
        (CSV + b'P-1,PARTY,"Nord\nwind",GB,\nP-2,PARTY,Ost,XX,\n', 3, "names", "length"),
        (CSV + b'P-1,PARTY,"Nordwind,GB,\n', 2, "file", "syntax"),
        (CSV + b"V-1,VESSEL,Black Petrel,,9074728\n", 2, "imo", "check_digit"),
        (CSV, 1, "entries", "required"),
    ],
    ids=["unknown column", "twice", "empty", "cells", "line end", "quote", "digit", "no entry"],
)
def test_a_bad_row_is_refused_with_its_line(file: bytes, line: int, field: str, code: str) -> None:
    assert problems(lambda: listfile.read_csv(file, HEADER))[0] == (line, field, code)


def test_csv_and_json_say_the_same() -> None:
    rows = b"V-1,VESSEL,Meridian Aurora,,9321483\nP-1,PARTY, Nordwind | Nordwynd ,GB|DE,\n"
    named = {
        "reference": "P-1",
        "kind": "PARTY",
        "names": ["Nordwynd", "Nordwind"],
        "countries": ["DE", "GB"],
    }
    one, other = listfile.read_csv(CSV + rows, HEADER), listfile.read_json(body(VESSEL, named))
    assert one.entries == other.entries
    assert (one.code, one.title, one.effective_from) == (other.code, other.title, other.effective_from)


SOME = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 200),
    st.sampled_from(["PARTY", "VESSEL", "GOODS", "8457", "845", "DE", "Nordwind", "9321483", "a b", ""]),
    st.lists(st.sampled_from(["8457", "DE", "Nordwind Shipping"]), max_size=2),
)
MEMBERS = ("reference", "kind", "names", "countries", "imo", "hsPrefixes", "keywords", "remarks", "more")


@given(
    st.sampled_from([CONSIGNEE, VESSEL, GOODS]),
    st.dictionaries(st.sampled_from(MEMBERS), SOME, max_size=3),
    st.sets(st.sampled_from(MEMBERS), max_size=2),
)
def test_what_is_taken_fits_the_published_schema(
    entry: dict[str, Any], changes: dict[str, Any], dropped: set[str]
) -> None:
    changed = {name: value for name, value in (entry | changes).items() if name not in dropped}
    said = HEADER | {"entries": [changed]}
    try:
        taken = bool(listfile.read_json(json.dumps(said).encode()))
    except BadList:
        taken = False
    assert not taken or SCHEMA.is_valid(said), "what the schema refuses is refused"
