"""Conditions: checked when written, bounded when run, and dependent on nothing but the facts."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.conditions import (
    BOOL,
    INSTANT,
    INT,
    LONGEST,
    RECORDS,
    TEXT,
    ConditionFailed,
    Vocabulary,
)
from isthmus_platform.errors import InvalidInput

WORDS = Vocabulary(amount=INT, currency=TEXT, at=INSTANT, paid=BOOL, papers=RECORDS)
FACTS: dict[str, Any] = {
    "amount": 120_000,
    "currency": "USD",
    "at": datetime(2026, 2, 28, 23, 59, tzinfo=UTC),
    "paid": False,
    "papers": [{"type": "invoice", "total": 120_000}, {"type": "packing list"}],
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("amount > 100000 && currency == 'USD'", True),
        ("papers.exists(p, p.type == 'invoice' && p.total > amount)", False),
        ("at < timestamp('2026-03-01T00:00:00Z')", True),
        ("papers.all(p, !has(p.total) || p.total == amount)", True),
        ("paid || currency.matches('^U.D$')", True),
    ],
)
def test_a_condition_says_what_holds_of_the_facts(text: str, answer: bool) -> None:
    assert WORDS.condition(text).holds(FACTS) is answer


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("amount >", "condition_syntax", "Syntax error"),
        ("ammount > 1", "condition_syntax", "undeclared reference to 'ammount'"),
        ("amount + currency == 1", "condition_syntax", "no matching overload"),
        ("amount + 1", "condition_type", "of type int"),
        ("true || " * LONGEST + "true", "condition_too_long", str(LONGEST)),
        ("(" * 500 + "paid" + ")" * 500, "condition_syntax", "limit"),
    ],
    ids=["cut off", "misspelt", "mixed types", "no statement", "long", "deep"],
)
def test_what_cannot_be_a_condition_is_refused_when_it_is_written(text: str, code: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        WORDS.condition(text, field="rule")
    assert (refusal.value.code, refusal.value.field) == (code, "rule")
    assert told in refusal.value.message


@pytest.mark.parametrize(
    "text",
    ["papers[1].total > 1", "papers[7].type == 'invoice'", "amount * 9223372036854775807 > 1"],
    ids=["missing member", "out of range", "overflow"],
)
def test_a_condition_that_cannot_be_answered_says_so(text: str) -> None:
    with pytest.raises(ConditionFailed):
        WORDS.condition(text).holds(FACTS)


def test_a_condition_ends_whatever_it_nests() -> None:
    many = [{"n": n} for n in range(3_000)]
    nested = WORDS.condition("papers.all(a, papers.all(b, a.n + b.n >= 0))")
    with pytest.raises(ConditionFailed, match="Iteration"):
        nested.holds(FACTS | {"papers": many})


def test_a_fact_that_was_not_told_is_no_answer() -> None:
    with pytest.raises(ConditionFailed):
        WORDS.condition("amount > 1").holds({"currency": "USD"})


@given(st.text(max_size=80) | st.text("amount<>=&|!()'1 papers.exists", max_size=40))
def test_any_text_is_a_condition_or_is_refused(text: str) -> None:
    with suppress(InvalidInput, ConditionFailed):
        assert WORDS.condition(text).holds(FACTS) in (True, False)
