"""The published schema and the reader of agreements take the same documents, and refuse the same."""

import json
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from isthmus_protocol.agreements import Agreement, Direction, Role, Transform
from isthmus_protocol.shapes import MalformedMessage

SCHEMA = json.loads(resources.files("isthmus_protocol").joinpath("agreement.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA)
DEMO = Path(__file__).parents[2] / "platform" / "isthmus" / "demo" / "agreements"

BETWEEN_MEMBERS = {"before_valid_from", "leaf_above_leaf", "duplicate", "time"}
"""What no schema of single members can say; the schema's own description says it in words."""

texts = st.text(
    st.characters(exclude_characters="\x7f", exclude_categories=("Cc", "Cs")), min_size=1, max_size=9
)
codes = st.from_regex(r"[A-Z][A-Z0-9_]{0,9}", fullmatch=True)
paths = st.from_regex(r"(/[A-Za-z][A-Za-z0-9]{0,3}){1,3}", fullmatch=True)
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
plain = [Transform.KEEP, Transform.YEAR, Transform.DIGEST]
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", fullmatch=True)
moments = st.dates().map(lambda day: day.isoformat()) | times
compared: dict[str, st.SearchStrategy[Any] | None] = {
    "exists": None,
    "equals": st.booleans() | st.integers(-9, 9) | texts,
    "oneOf": st.booleans() | st.integers(-9, 9) | texts,
    "atLeast": numbers,
    "atMost": numbers,
    "before": moments,
    "after": moments,
}


def predicates_with(
    operator: str, values: st.SearchStrategy[Any] | None
) -> st.SearchStrategy[dict[str, Any]]:
    named = {
        "name": st.from_regex(r"[a-z][A-Za-z0-9]{0,9}", fullmatch=True),
        "operator": st.just(operator),
    }
    given = st.none() if values is None else st.none() | st.lists(values, min_size=1, max_size=3)
    return st.fixed_dictionaries(named, optional={"values": given})


predicates = st.one_of([predicates_with(operator, values) for operator, values in compared.items()])
fields = st.one_of(
    st.fixed_dictionaries(
        {"path": paths, "transform": st.sampled_from(plain)}, optional={"argument": st.none()}
    ),
    st.fixed_dictionaries(
        {
            "path": paths,
            "transform": st.sampled_from([Transform.MASK, Transform.ROUND]),
            "argument": st.integers(1, 10**12),
        }
    ),
    st.fixed_dictionaries(
        {
            "path": paths,
            "transform": st.just(Transform.ANSWER),
            "predicates": st.lists(predicates, min_size=1, max_size=3),
        },
        optional={"argument": st.none()},
    ),
)


def with_the_budget_it_needs(document: dict[str, Any]) -> dict[str, Any]:
    if all(field["transform"] is not Transform.ANSWER for field in document["fields"]):
        document.pop("leakageBudget", None)
    else:
        document.setdefault("leakageBudget", {"bits": 8, "windowHours": 24})
    return document


documents: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,9}", fullmatch=True),
        "version": st.integers(1, 9),
        "title": texts,
        "message": codes,
        "direction": st.sampled_from(list(Direction)),
        "purpose": codes,
        "legalBasis": st.fixed_dictionaries({"citation": texts, "text": texts}),
        "audience": st.lists(st.sampled_from(list(Role)), unique=True),
        "fields": st.lists(fields, max_size=4),
        "consentRequired": st.booleans(),
        "validFrom": times,
        "validUntil": times,
        "ratePerHour": st.integers(1, 10**9),
        "retentionDays": st.integers(1, 36_525),
    },
    optional={
        "leakageBudget": st.fixed_dictionaries(
            {"bits": st.integers(1, 10**6), "windowHours": st.integers(1, 87_660)}
        )
    },
).map(with_the_budget_it_needs)

# What a hand or a tool may put where it does not belong.
strange: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 36_525, 36_526, 10**9, 10**9 + 1, 10**12, 10**12 + 1, 2**53 - 1, 2**53]),
    st.sampled_from(
        ["", "a\n", "A\n", "/a\n", "A" * 64, "A" * 65, "a" * 128, "a" * 129, "x" * 200, "x" * 201, "x" * 501]
    ),
    st.sampled_from(
        ["x" * 5000, "x" * 5001, "\x00", "\x7f", "\x85", "é", "𐐀", "/a/" + "b" * 65, "/a" * 8, "/a" * 9]
    ),
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", "2026-13-01T00:00:00Z"]),
    st.sampled_from(["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.1234567Z"]),
    st.sampled_from(
        ["0000-01-01T00:00:00Z", "2026-01-01T00:00:60Z", "٢026-01-01T00:00:00Z", "keep", "mask", "round"]
    ),
    st.sampled_from(["BANK", "bank", "TO_WINDOW", "/goods/0", "/goods/*", "goods", "/", "/goods/hs-code"]),
    st.sampled_from([[], {}, [[]], ["BANK", "BANK"], ["BANK", 1], [{"path": "/a", "transform": "keep"}]]),
    st.sampled_from(
        [[{"path": "/a", "transform": "mask"}], [{"path": "/a", "transform": "keep", "argument": 1}]]
    ),
    texts,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container in ``value`` with each of its keys."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]
    return []


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    document = deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, 2))):
        container, key = draw(st.sampled_from(places(document)))
        act = draw(st.sampled_from(["put", "put", "put", "drop", "add"]))
        if act == "put":
            container[key] = deepcopy(draw(strange))
        elif act == "drop":
            del container[key]
        elif isinstance(container, dict):
            container[draw(texts)] = deepcopy(draw(strange))
        else:
            container.append(deepcopy(draw(strange)))
    return document


def read(document: dict[str, Any]) -> str | None:
    """Return the rule that the reader finds broken, or None."""
    try:
        Agreement.from_json(document)
    except MalformedMessage as error:
        return error.rule
    return None


def agree_on(document: dict[str, Any]) -> None:
    by_schema = VALIDATOR.is_valid(document)
    broken = read(document)
    if broken is None:
        assert by_schema, [error.message for error in VALIDATOR.iter_errors(document)]
    elif by_schema:
        assert broken in BETWEEN_MEMBERS


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted(DEMO.glob("*.json")), ids=lambda file: file.stem)
def test_the_agreements_in_use_are_valid(file: Path) -> None:
    VALIDATOR.validate(json.loads(file.read_bytes()))


@given(documents)
def test_schema_and_reader_agree_on_well_formed_documents(document: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(document)
    assert read(document) in {None, *BETWEEN_MEMBERS}


@given(mutated())
def test_schema_and_reader_agree_on_documents_with_something_strange_in_them(
    document: dict[str, Any],
) -> None:
    agree_on(document)


@given(documents.filter(lambda document: read(document) is None))
def test_what_is_written_is_valid_by_the_schema(document: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(Agreement.from_json(document).to_json())
