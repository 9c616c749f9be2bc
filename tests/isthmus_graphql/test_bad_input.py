"""What asks for the impossible is refused with its code, before the database is asked, and at little cost."""

import time
from typing import Any

import pytest

from graphql_client import Asker

ALLOWED = 0.05  # seconds of CPU
PAGE = "{ edges { cursor } }"


def composite(count: int) -> str:
    """Return a document with one composite field ``count`` times under the same name, which merge."""
    return "{ viewer { " + "party { name } " * count + "} }"


def doubling(count: int, field: str) -> str:
    fragments = " ".join(
        f"fragment F{i} on Party {{ {field} ...F{i + 1} ...F{i + 1} }}" for i in range(count)
    )
    return "{ viewer { party { ...F0 } } } " + fragments + f" fragment F{count} on Party {{ {field} }}"


PAGES_IN_PAGES = """
{ shipments(first: 100) { edges { node { timeline(first: 100) { edges { node { ...T } } } } } } }
fragment T on TimelineEntry { id at kind code title source }
"""
DOCUMENTS = {
    "10,000 aliases": ("{" + " ".join(f"a{i}: viewer {{ subject }}" for i in range(10_000)) + "}", "TOKENS"),
    "51 aliases": ("{ viewer {" + " ".join(f"a{i}: subject" for i in range(51)) + "} }", "ALIASES"),
    "1,000 repeated composite fields": (composite(1_000), "WIDTH"),
    "1,000 repeated composite fields at the root": ("{" + "viewer { subject } " * 1_000 + "}", "ROOTS"),
    "depth 300": ("{ viewer " * 300 + "}" * 300, "DEPTH"),
    "40 doubling fragments": (doubling(40, "name"), "WIDTH"),
    "a page of 100,000": (f"{{ shipments(first: 100000) {PAGE} }}", "PAGE_SIZE"),
    "a page of null": (f"{{ shipments(first: null) {PAGE} }}", "PAGE_SIZE"),
    "pages in pages": (PAGES_IN_PAGES, "COST"),
    "directives without end": ("{ viewer " + "@skip(if: false) " * 600 + "{ subject } }", "DIRECTIVES"),
    "introspection": ("{ __schema { types { fields { type { fields { name } } } } } }", "INTROSPECTION"),
    "a name nearly right": ("{ viewr { subject } }", "VALIDATION_FAILED"),
}  # fmt: skip


def cost(asker: Asker, document: str, code: str) -> float:
    """Return the CPU seconds in which ``document``, refused with ``code``, was answered; nothing else ran."""
    began = time.thread_time()
    answer = asker.post({"query": document})
    took = time.thread_time() - began
    body = answer.get_json()
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert "data" not in body
    assert "Did you mean" not in str(body)
    return took


@pytest.mark.parametrize(("document", "code"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_without_measure_is_refused_with_its_code_in_50_ms_of_cpu(
    unreached: Asker, document: str, code: str
) -> None:
    """Another text each time, so that nothing is remembered; the least of them, on a machine in use."""
    assert min(cost(unreached, f"{document} # {n}", code) for n in range(8)) < ALLOWED


WIDE = " ".join(f"f{n}" for n in range(201))


def test_width_as_written_counts_fields_alone(unreached: Asker) -> None:
    """What is refused before it is parsed is refused by the measure of what was parsed too."""
    assert unreached.codes(f"{{ viewer {{ {WIDE} }} }}") == ["WIDTH"]
    assert unreached.codes(f"{{ {WIDE} }}") == ["ROOTS"]
    most = " ".join(WIDE.split()[:200])
    assert set(unreached.codes(f"{{ viewer {{ {most} }} }}")) == {"VALIDATION_FAILED"}
    listed = ", ".join(f"f{n}: {{a: [1, 2]}}" for n in range(140))
    assert set(unreached.codes(f"{{ viewer {{ party(a: {{{listed}}}) {{ name }} }} }}")) == {
        "VALIDATION_FAILED"
    }
    spread = "{ viewer { " + "... on Viewer { subject } " * 101 + "} }"
    assert unreached.codes(spread) == []


@pytest.mark.parametrize("size", [100_000, None, 1e999, 2**70, True], ids=str)
def test_a_page_size_in_a_variable_is_judged_too(unreached: Asker, size: Any) -> None:
    query = f"query ($n: Int) {{ shipments(first: $n) {PAGE} }}"
    answer = unreached.post(
        data=f'{{"query": "{query}", "variables": {{"n": {_json(size)}}}}}'.encode(),
        content_type="application/json",
    )
    code = "INPUT" if size is True else "PAGE_SIZE"
    assert [each["extensions"]["code"] for each in answer.get_json()["errors"]] == [code]


def _json(value: Any) -> str:
    return {None: "null", True: "true"}.get(value, "1e999" if value == 1e999 else str(value))


@pytest.mark.parametrize("count", [0, 1, 10, 1_000])
def test_a_batch_is_refused_whatever_its_length(unreached: Asker, count: int) -> None:
    batch = b"[" + b",".join([b'{"query": "{ viewer { subject } }"}'] * count) + b"]"
    answer = unreached.post(data=batch, content_type="application/json")
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (400, "malformed")


CONNECTIONS = ["shipments", "crossings", "accessLog", "grants", "delegations"]


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("cursor", ["forged", "", "bnVsbA==", "x" * 5_000, "🚢", "WzEsMl0="])
def test_a_forged_cursor_is_refused_on_every_connection(trader: Asker, connection: str, cursor: str) -> None:
    query = f"query ($c: String) {{ {connection}(after: $c) {PAGE} }}"
    assert trader.codes(query, c=cursor) == ["cursor"]
