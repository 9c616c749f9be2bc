"""What is asked of a leaf is answered yes or no, exactly, and nothing else can be told."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreed import agreement
from isthmus_protocol.agreements import Agreement, Field, MalformedField, Transform, project
from isthmus_protocol.asked import Asked, as_term, asked_by, question_salt
from isthmus_protocol.predicates import Ask, LeakageBudget, Operator, Predicate, read_asks
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage

PATH = "/goods/value"
BUDGET = LeakageBudget(8, 24)

scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def answering(*predicates: Predicate, beside: tuple[str, ...] = ()) -> Agreement:
    fields = (Field(PATH, Transform.ANSWER, predicates=predicates), *(Field(path) for path in beside))
    return agreement(fields=fields, leakage_budget=BUDGET)


def answer(operator: Operator, parameter: Any, *found: Any) -> bool:
    """Return the answer about a payload that holds ``found`` at the leaf."""
    document = answering(Predicate("it", operator))
    payload: dict[str, Any] = {"goods": [{"value": each} for each in found]}
    released = project(document, [PATH], payload, [Ask(PATH, "it", parameter)])
    goods = released["goods"]
    assert isinstance(goods, dict)
    assert leaf_paths(released) == [PATH]
    truth = goods["value"]
    assert isinstance(truth, bool)
    return truth


@pytest.mark.parametrize(
    ("operator", "parameter", "value", "holds"),
    [
        (Operator.EXISTS, None, 0, True),
        (Operator.EXISTS, None, None, False),
        (Operator.EQUALS, 1, 1, True),
        (Operator.EQUALS, 1, True, False),
        (Operator.EQUALS, "1", 1, False),
        (Operator.EQUALS, "DE", "DE", True),
        (Operator.ONE_OF, ("DE", "FR"), "FR", True),
        (Operator.ONE_OF, ("DE", "FR"), "TW", False),
        (Operator.ONE_OF, (0, 1), False, False),
        (Operator.AT_LEAST, 100, 100, True),
        (Operator.AT_LEAST, 100, 99, False),
        (Operator.AT_LEAST, "12.5", "12.50", True),
        (Operator.AT_LEAST, "0.1", "0.0999999999999999999999999999", False),
        (Operator.AT_LEAST, 1, True, False),
        (Operator.AT_LEAST, 1, "one", False),
        (Operator.AT_MOST, 100, 100, True),
        (Operator.AT_MOST, 100, "100.01", False),
        (Operator.AT_MOST, 100, {"more": 1}, False),
        (Operator.BEFORE, "2026-06-01", "2026-05-31", True),
        (Operator.BEFORE, "2026-06-01", "2026-06-01", False),
        (Operator.BEFORE, "2026-06-01T00:00:00.000001Z", "2026-06-01", True),
        (Operator.AFTER, "2026-06-01", "2026-06-01T00:00:00.000001Z", True),
        (Operator.AFTER, "2026-06-01", "2026-02-30", False),
        (Operator.AFTER, "2026-06-01", "soon", False),
    ],
)
def test_a_value_is_compared_exactly_and_what_cannot_be_compared_is_a_no(
    operator: Operator, parameter: Any, value: Any, holds: bool
) -> None:
    assert answer(operator, parameter, value) is holds


def test_among_several_values_one_that_satisfies_is_enough() -> None:
    assert answer(Operator.AT_LEAST, 100, 1, 200, 3)
    assert not answer(Operator.AT_LEAST, 100, 1, 20, 3)
    assert not answer(Operator.EXISTS, None)


@given(values)
def test_every_payload_has_an_answer_to_every_question(value: Any) -> None:
    for operator, parameter in (
        (Operator.EXISTS, None),
        (Operator.EQUALS, "x"),
        (Operator.ONE_OF, (1, "x")),
        (Operator.AT_LEAST, 5),
        (Operator.AT_MOST, "5.5"),
        (Operator.BEFORE, "2026-06-01"),
        (Operator.AFTER, "2026-06-01T09:00:00Z"),
    ):
        document = answering(Predicate("it", operator))
        asks = [Ask(PATH, "it", parameter)]
        places: list[Any] = [value, {"value": value}, [{"value": value}]]
        for place in places:
            payload = {"goods": place}
            released = project(document, [PATH], payload, asks)
            assert released in ({"goods": {"value": True}}, {"goods": {"value": False}})


def test_beside_values_that_cross_the_one_answer_stands_in_each_entry() -> None:
    document = answering(Predicate("atLeast", Operator.AT_LEAST), beside=("/goods/hsCode",))
    payload: dict[str, Any] = {
        "goods": [{"hsCode": "1", "value": 5}, {"hsCode": "2", "value": 500}, {"value": 7}]
    }
    released = project(document, [PATH, "/goods/hsCode"], payload, [Ask(PATH, "atLeast", 100)])
    assert released == {"goods": [{"hsCode": "1", "value": True}, {"hsCode": "2", "value": True}]}


def test_what_was_not_asked_is_not_answered() -> None:
    document = answering(Predicate("atLeast", Operator.AT_LEAST))
    for asks in ([], [Ask("/goods/weight", "atLeast", 1)], [Ask(PATH, "atMost", 1)], [Ask(PATH, "atLeast")]):
        with pytest.raises(MalformedField):
            project(document, [PATH], {"goods": {"value": 1}}, asks)


@pytest.mark.parametrize(
    ("predicate", "parameter", "permitted"),
    [
        (Predicate("p", Operator.AT_LEAST), 1, True),
        (Predicate("p", Operator.AT_LEAST), "1.5", True),
        (Predicate("p", Operator.AT_LEAST), "1e5", False),
        (Predicate("p", Operator.AT_LEAST), True, False),
        (Predicate("p", Operator.AT_LEAST), (1,), False),
        (Predicate("p", Operator.AT_LEAST), None, False),
        (Predicate("p", Operator.AT_LEAST, (100, 200)), 200, True),
        (Predicate("p", Operator.AT_LEAST, (100, 200)), 201, False),
        (Predicate("p", Operator.EXISTS), None, True),
        (Predicate("p", Operator.EXISTS), 1, False),
        (Predicate("p", Operator.ONE_OF), ("a", 1), True),
        (Predicate("p", Operator.ONE_OF), (), False),
        (Predicate("p", Operator.ONE_OF), "a", False),
        (Predicate("p", Operator.ONE_OF, ("a", 1)), ("a",), True),
        (Predicate("p", Operator.ONE_OF, ("a", 1)), ("a", True), False),
        (Predicate("p", Operator.BEFORE), "2026-06-01", True),
        (Predicate("p", Operator.BEFORE), "2026-02-30", False),
    ],
)
def test_only_what_the_agreement_permits_may_be_asked(
    predicate: Predicate, parameter: Any, permitted: bool
) -> None:
    assert predicate.permits(Ask(PATH, "p", parameter)) is permitted
    assert not predicate.permits(Ask(PATH, "q", parameter))


def test_a_predicate_covers_one_with_fewer_values() -> None:
    free, two, one = (Predicate("p", Operator.EQUALS, values) for values in (None, (1, 2), (1,)))
    truth = Predicate("p", Operator.EQUALS, (True,))
    assert free.covers(two)
    assert two.covers(one)
    assert not one.covers(two)
    assert not two.covers(free)
    assert not two.covers(truth)
    assert not free.covers(Predicate("p", Operator.AT_LEAST))


@pytest.mark.parametrize(
    ("field", "where", "rule"),
    [
        ({"transform": "answer"}, "/fields/0/predicates", "missing"),
        ({"transform": "answer", "predicates": []}, "/fields/0/predicates", "length"),
        ({"predicates": [{"name": "p", "operator": "exists"}]}, "/fields/0/predicates", "unexpected"),
        (
            {"transform": "answer", "predicates": [{"name": "p", "operator": "like"}]},
            "/fields/0/predicates/0/operator",
            "unknown_code",
        ),
        (
            {"transform": "answer", "predicates": [{"name": "p", "operator": "exists", "values": [1]}]},
            "/fields/0/predicates/0/values",
            "unexpected",
        ),
        (
            {"transform": "answer", "predicates": [{"name": "p", "operator": "atLeast", "values": ["x"]}]},
            "/fields/0/predicates/0/values/0",
            "not_comparable",
        ),
        (
            {"transform": "answer", "predicates": [{"name": "p", "operator": "equals", "values": [1, 1]}]},
            "/fields/0/predicates/0/values",
            "duplicate",
        ),
        (
            {"transform": "answer", "predicates": [{"name": "p", "operator": "exists"}] * 2},
            "/fields/0/predicates",
            "duplicate",
        ),
    ],
)
def test_a_predicate_that_breaks_a_rule_is_refused_by_its_place(
    field: dict[str, Any], where: str, rule: str
) -> None:
    document = agreement("/ucr").to_json() | {"fields": [{"path": "/a", "transform": "keep"} | field]}
    with pytest.raises(MalformedMessage) as refused:
        Agreement.from_json(document)
    assert (refused.value.field, refused.value.rule) == (where, rule)


def test_a_budget_is_there_where_something_is_answered_and_nowhere_else() -> None:
    document = answering(Predicate("p", Operator.EXISTS))
    assert Agreement.from_json(document.to_json()) == document
    with pytest.raises(MalformedMessage, match="/leakageBudget: missing"):
        replace(document, leakage_budget=None)
    with pytest.raises(MalformedMessage, match="/leakageBudget: unexpected"):
        agreement("/ucr", leakage_budget=BUDGET)
    assert "leakageBudget" not in agreement("/ucr").to_json(), "other agreements keep their text"


@pytest.mark.parametrize(
    "asks",
    [
        "all",
        [{"field": PATH}],
        [{"field": PATH, "predicate": "p", "more": 1}],
        [{"field": PATH, "predicate": "p", "parameter": {"a": 1}}],
        [{"field": PATH, "predicate": "p", "parameter": [[1]]}],
        [{"field": PATH, "predicate": "p"}, {"field": PATH, "predicate": "q"}],
        [{"field": f"/a/b{number}", "predicate": "p"} for number in range(101)],
    ],
    ids=range(7),
)
def test_questions_that_cannot_be_read_are_refused_whole(asks: Any) -> None:
    with pytest.raises(MalformedMessage):
        read_asks({"asks": asks})


def test_questions_are_read_as_they_were_put() -> None:
    asks = (Ask("/a", "p"), Ask("/b", "q", (1, True, "x")), Ask("/c", "r", "12.5"))
    assert read_asks({"asks": [ask.to_json() for ask in reversed(asks)]}) == asks
    assert read_asks({"ucr": "x"}) == ()


def test_the_question_answered_can_be_shown_and_no_other() -> None:
    salt = "ab" * 32
    field = Field(PATH, Transform.ANSWER, predicates=(Predicate("among", Operator.ONE_OF),))
    term = as_term(field, Ask(PATH, "among", (1, True, 1)))
    assert field.covers(term)
    asked = asked_by([Field("/ucr"), Field.from_json(term.to_json())], salt)
    assert asked == Asked(question_salt(salt), (Ask(PATH, "among", (1, True)),))
    assert asked is not None
    assert Asked.from_json(asked.to_json()) == asked
    assert replace(asked, asks=(Ask(PATH, "among", (1,)),)).digest != asked.digest
    assert salt not in str(asked.to_json())
    assert asked_by([Field("/ucr")], salt) is None
