"""What asks for too much is refused before any resolver runs, with a code that says which limit."""

import time
from contextlib import suppress

import pytest
from graphql import validate
from hypothesis import given
from hypothesis import strategies as st

from graphql_client import Asker
from isthmus_graphql.limits import LimitExceeded, Limits, check_reach, read
from isthmus_graphql.schema import build

SCHEMA = build()


def doubling(count: int) -> str:
    """Return a document of ``count`` fragments, each spreading the next twice."""
    chain = " ".join(
        f"fragment F{i} on Query {{ a: viewer {{ subject }} ...F{i + 1} ...F{i + 1} }}" for i in range(count)
    )
    return "{ ...F0 } " + chain + f" fragment F{count} on Query {{ viewer {{ subject }} }}"


REFUSED = {
    "10,000 aliases": ("{" + " ".join(f"a{i}:viewer{{subject}}" for i in range(10_000)) + "}", "TOKENS"),
    "aliases": ("{" + " ".join(f"a{i}:viewer{{subject}}" for i in range(51)) + "}", "ALIASES"),
    "roots": ("{" + " ".join(f"a{i}:viewer{{subject}}" for i in range(21)) + "}", "ROOTS"),
    "depth 300": ("{ viewer " * 300 + "}" * 300, "DEPTH"),
    "depth 16": ("{ viewer { party " + "{ node " * 15 + "{ id }" + "}" * 17, "DEPTH"),
    "40 doubling fragments": (doubling(40), "ROOTS"),
    "a page of 100,000": ("{ delegations(first: 100000) { edges { cursor } } }", "PAGE_SIZE"),
    "a page of 101": ("{ delegations(first: 101) { edges { cursor } } }", "PAGE_SIZE"),
    "a page of 0": ("{ delegations(first: 0) { edges { cursor } } }", "PAGE_SIZE"),
    "a page of -1": ("{ delegations(first: -1) { edges { cursor } } }", "PAGE_SIZE"),
    "a page of null": ("{ delegations(first: null) { edges { cursor } } }", "PAGE_SIZE"),
    "a default": ("query ($n: Int = 1000) { delegations(first: $n) { edges { cursor } } }", "PAGE_SIZE"),
    "a circle": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "FRAGMENT_CYCLE"),
    "directives": ("{ viewer { subject " + "@include(if: true) " * 51 + "} }", "DIRECTIVES"),
    "comments": ("# one\n" * 600 + "{ viewer { subject } }", "TOKENS"),
    "NUL": ('{ node(id: "a\\u0000") { id } }', "CHARACTER"),
    "introspection": ("{ __schema { types { name } } }", "INTROSPECTION"),
    "half a document": ("{ viewer {", "PARSE_FAILED"),
    "a subscription": ("subscription { shipmentsChanged { kind } }", "OPERATION"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_document_over_a_limit_is_refused_at_once_and_nothing_is_read(
    unreached: Asker, document: str, code: str
) -> None:
    began = time.monotonic()
    body = unreached.ask(document)
    assert time.monotonic() - began < 5
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert "data" not in body


def test_cost_multiplies_pages_inside_pages() -> None:
    inner = "{ edges { node { principal { legalName country } agent { legalName country } } } }"
    many = " ".join(f"d{i}: delegations(first: 100) {inner}" for i in range(15))
    generous = Limits(cost=15 * (1 + 100 * (1 + 1 + 6)))
    document = read("{" + many + "}", generous)
    check_reach(SCHEMA, document, {}, generous)
    with pytest.raises(LimitExceeded) as refused:
        check_reach(SCHEMA, document, {}, Limits(cost=generous.cost - 1))
    assert refused.value.extensions == {"code": "COST", "limit": generous.cost - 1}


@pytest.mark.parametrize("size", [None, 0, -1, 101, 2**40])
def test_a_page_size_in_a_variable_is_judged_like_one_in_the_document(
    unreached: Asker, size: int | None
) -> None:
    query = "query ($n: Int) { delegations(first: $n) { edges { cursor } } }"
    assert unreached.codes(query, n=size) == ["PAGE_SIZE"]


def test_a_page_size_of_another_type_is_refused_as_such(unreached: Asker) -> None:
    query = "query ($n: Int) { delegations(first: $n) { edges { cursor } } }"
    assert unreached.codes(query, n="many") == ["INPUT"]
    assert unreached.codes(query.replace("$n)", '"many")').replace("($n: Int)", "")) == ["VALIDATION_FAILED"]


def test_variables_nested_too_deep_or_with_nul_are_refused(unreached: Asker) -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert unreached.codes(query, id=deep) == ["VARIABLE_DEPTH"]
    for text in ("a\0", "\ud800", {"\udfff": 1}):
        assert unreached.codes(query, id=text) == ["CHARACTER"]
    assert unreached.codes("{ viewer { subject } } # \ud800") == ["CHARACTER"]


def test_unknown_names_are_refused_without_suggesting_others(unreached: Asker) -> None:
    for document in (
        "{ viewr { subject } }",
        "{ viewer }",
        '{ node(di: "x") { id } }',
        "{ viewer { subjct } }",
        '{ node(id: "x") { ... on Shipmnt { id } } }',
    ):
        body = unreached.ask(document)
        assert {error["extensions"]["code"] for error in body["errors"]} == {"VALIDATION_FAILED"}
        assert "Did you mean" not in str(body)


@given(
    st.recursive(
        st.sampled_from(["viewer { subject }", "...A", "...B", "__typename", "nothing { at { all } }"]),
        lambda inner: st.lists(inner, min_size=1, max_size=4).map(
            lambda parts: "... on Query { " + " ".join(parts) + " }"
        ),
        max_leaves=30,
    ),
    st.sampled_from(["...B", "viewer { subject }", "...A"]),
)
def test_any_document_is_either_within_the_limits_or_refused_with_a_code(body: str, fragment: str) -> None:
    limits = Limits()
    source = (
        f"{{ {body} }} fragment A on Query {{ {fragment} }} fragment B on Query {{ viewer {{ subject }} }}"
    )
    document = read(source, limits)
    with suppress(LimitExceeded):
        check_reach(SCHEMA, document, {}, limits)
        list(validate(SCHEMA, document))


@given(
    st.recursive(
        st.sampled_from(["a", "on", "b: c", "d(e: {f: 1, g: [2]})", "...A", "... on T { h }", "i @j(k: 1)"]),
        lambda inner: st.lists(inner, min_size=1, max_size=5).map(
            lambda parts: "l { " + " ".join(parts) + " }"
        ),
        max_leaves=20,
    )
)
def test_what_is_too_wide_as_written_is_too_wide_as_measured(body: str) -> None:
    narrow, source = (
        Limits(width=2, roots=2),
        f"query Q($v: V = {{w: 1}}) {{ {body} }} fragment A on T {{ h }}",
    )
    with suppress(LimitExceeded):
        read(source, narrow)
        return
    with pytest.raises(LimitExceeded):
        check_reach(SCHEMA, read(source, Limits()), {}, narrow)
