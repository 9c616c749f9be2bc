"""The schema says of every value what it means: choices, clocks, units and deprecated parts."""

import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

from isthmus_graphql.schema import build, sdl

FIELDED = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Whole numbers of things, of which the name says what they are.
COUNTS = re.compile(
    "replays|number|status|[qQ]uantity|logIndex|version|sequence|packages|first"
    "|Version|entries|added|changed|removed|done|opened|unexamined"
)
UNITS = re.compile(
    r"[mM]inor unit|basis points|kilogram|[hH]ours?|[bB]ytes|[mM]illiseconds|[sS]econds|[dD]egrees"
    r"|[cC]alendar months|[mM]etres|[gG]rams|thousandths|[pP]oints|The number\."
)


def kinds() -> dict[str, Any]:
    return {name: kind for name, kind in build().type_map.items() if not name.startswith("__")}


def fields() -> Iterator[tuple[str, str, Any]]:
    """Yield each field and input field with its place and the name of its type."""
    for name, kind in kinds().items():
        if isinstance(kind, FIELDED):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", get_named_type(field.type).name, field


def test_every_choice_union_and_scalar_says_what_it_means() -> None:
    silent = []
    for name, kind in kinds().items():
        if isinstance(kind, GraphQLEnumType | GraphQLUnionType | GraphQLScalarType) and not kind.description:
            silent.append(name)
        if isinstance(kind, GraphQLEnumType):
            silent += [f"{name}.{each}" for each, value in kind.values.items() if not value.description]
    assert silent == []


def test_every_time_that_is_told_says_its_clock() -> None:
    told = [(place, field) for place, kind, field in fields() if kind == "DateTime"]
    inputs = tuple(name for name, kind in kinds().items() if isinstance(kind, GraphQLInputObjectType))
    vague = [
        place
        for place, field in told
        if not place.startswith(tuple(f"{name}." for name in inputs)) and "UTC" not in field.description
    ]
    assert vague == []


def test_every_quantity_says_its_unit() -> None:
    vague = [
        place
        for place, kind, field in fields()
        if kind in ("Int", "Float", "Long", "Decimal")
        and not COUNTS.search(place.partition(".")[2])
        and not UNITS.search(field.description)
        and not UNITS.search(place)
    ]
    assert vague == []


def dateless(schema: Any) -> list[str]:
    """Return the deprecated fields, arguments, input fields and choices that do not say since when."""
    found = []
    for name, kind in schema.type_map.items():
        parts: dict[str, Any] = {}
        if isinstance(kind, FIELDED):
            parts = dict(kind.fields)
            for field_name, field in kind.fields.items():
                arguments = getattr(field, "args", {})
                parts |= {f"{field_name}({argument})": each for argument, each in arguments.items()}
        elif isinstance(kind, GraphQLEnumType):
            parts = dict(kind.values)
        for part, each in parts.items():
            if each.deprecation_reason and not DATE.search(each.deprecation_reason):
                found.append(f"{name}.{part}")
    return found


def test_whatever_is_deprecated_carries_the_date_from_which_it_may_go() -> None:
    assert dateless(build_schema(sdl())) == []
    bad = '@deprecated(reason: "old")'
    good = '@deprecated(reason: "2027-01-01: see b")'
    old = build_schema(
        f"type Query {{ a(x: Int {bad}, y: Int {good}): E {bad} b: E {good} }} enum E {{ V {bad} W {good} }}"
        f" input I {{ i: Int {bad} j: Int {good} }}"
    )
    assert dateless(old) == ["Query.a", "Query.a(x)", "E.V", "I.i"]
