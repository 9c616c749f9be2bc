"""JSON is read strictly, and written in the one form that RFC 8785 gives it."""

import json
from contextlib import suppress
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from isthmus_protocol.canonical import (
    LARGEST_INTEGER,
    MalformedJson,
    _read_canonical,
    _read_strictly,
    canonical,
    parse,
    parse_object,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.text(st.characters(codec="utf-8"), max_size=12)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


def test_members_are_sorted_by_utf16_code_units() -> None:
    # RFC 8785 section 3.2.3
    given_members: dict[str, Any] = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(parse_object(canonical(given_members)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_and_literals_are_written_as_in_the_standard() -> None:
    # RFC 8785 sections 3.2.2 and 3.2.4, without the floats, which we refuse
    text = (
        rb'{"string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'
    )
    expected = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(parse(text)) == expected.encode()


@given(json_values)
@example({"\ufb33": 1, "\U0001f600": 2})
@example({"a": '\x00\x1f\x7f\u2028\\"/'})
def test_the_fast_form_is_that_of_the_reference_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(json_values)
def test_what_is_written_is_read_back_and_written_the_same(value: Any) -> None:
    written = canonical(value)
    assert parse(written) == value
    assert canonical(parse(written)) == written


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


@given(any_json, st.booleans(), st.booleans(), st.integers(0, 60), st.sampled_from(["", " ", ",0", '"', "]"]))
def test_what_is_read_quickly_is_what_is_read_strictly(
    value: Any, in_order: bool, compact: bool, place: int, addition: str
) -> None:
    separators = (",", ":") if compact else None
    text = json.dumps(value, ensure_ascii=False, sort_keys=in_order, separators=separators)
    data = (text[:place] + addition + text[place:]).encode("utf-8", "surrogatepass")
    quickly = _read_canonical(data, 3)
    if quickly is not None:
        strictly = _read_strictly(data, 3)
        assert strictly == quickly
        assert canonical(strictly) == data


@pytest.mark.parametrize(
    "text",
    [b'{"a":1,"a":1}', b'{"b":1,"a":1}', b"[1.5]", b"[1e3]", b"[-0]", b"[9007199254740992]", b"[[[[1]]]]"],
)
def test_the_quick_reader_leaves_what_it_cannot_vouch_for(text: bytes) -> None:
    assert _read_canonical(text, 3) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b'{"a":1,"a":1}', "duplicate_member"),
        (b'{"b":{"a":1,"\\u0061":2}}', "duplicate_member"),
        (b"1.0", "float"),
        (b"1e3", "float"),
        (b'{"a":-0.0}', "float"),
        (b"NaN", "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"-Infinity", "not_a_number"),
        (b"9007199254740992", "integer_out_of_range"),
        (b"-9007199254740992", "integer_out_of_range"),
        (b"1" * 100_000, "integer_out_of_range"),
        (b'"\\ud800"', "lone_surrogate"),
        (b'{"\\udfff":1}', "lone_surrogate"),
        (b'"\xed\xa0\x80"', "invalid_utf8"),
        (b'"\xff"', "invalid_utf8"),
        (b'"\xc0\xaf"', "invalid_utf8"),
        (b"\xff\xfe1\x00", "invalid_utf8"),
        (b"\xef\xbb\xbf1", "syntax"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b"[" * 200_000, "too_deep"),
        (b"", "syntax"),
        (b"{}x", "syntax"),
        (b"[1,]", "syntax"),
        (b"01", "syntax"),
        (b"'a'", "syntax"),
        (b'"a\nb"', "syntax"),
        (b" " * 1_048_577, "too_large"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: bytes, rule: str) -> None:
    with pytest.raises(MalformedJson) as refusal:
        parse(text)
    assert refusal.value.rule == rule


def test_the_largest_depth_is_taken() -> None:
    assert parse(b"[" * 32 + b"]" * 32)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_with_a_rule(data: bytes) -> None:
    with suppress(MalformedJson):
        canonical(parse(data))


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), {1: "a"}, [2**53], "\ud800", {"\ud800": 1}, b"bytes", {"a": {1, 2}}]
)
def test_what_has_no_canonical_form_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedJson):
        canonical(value)


def test_an_object_is_asked_for_by_name() -> None:
    with pytest.raises(MalformedJson, match="not_an_object"):
        parse_object(b"[]")
