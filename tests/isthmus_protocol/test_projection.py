"""What crosses is a copy of the permitted leaves; nothing else can matter."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreed import agreement
from isthmus_protocol.agreements import Field, MalformedField, Transform, project
from isthmus_protocol.canonical import JsonObject, canonical, digest
from isthmus_protocol.projection import Outline, copy_fields, leaf_paths
from isthmus_protocol.shapes import MalformedMessage

NAMES = ("a", "b", "c")
SCALARS = st.integers(-5, 5) | st.booleans() | st.sampled_from(["", "x", "2026-06-01", "12.5"])
PAYLOADS = st.dictionaries(
    st.sampled_from(NAMES),
    st.recursive(
        SCALARS | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=3,
)
PATHS = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    max_size=5,
    unique=True,
).map(
    lambda paths: [
        path for path in paths if not any(path.startswith(other + "/") for other in paths if other != path)
    ]
)


def outcome_of(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except MalformedField as malformed:
        return malformed.field


def outcome(paths: list[str], requested: list[str], payload: dict[str, Any]) -> Any:
    return outcome_of(lambda: project(agreement(*paths), requested, payload))


def scrambled(value: Any, path: str, permitted: set[str], junk: st.DataObject) -> Any:
    """Return ``value`` with all outside the permitted leaves changed, removed or added to."""
    if path in permitted:
        return deepcopy(value)
    if isinstance(value, dict) and any(leaf.startswith(path + "/") for leaf in permitted):
        changed: dict[str, Any] = {}
        for name in NAMES:
            below = f"{path}/{name}"
            leads = any(leaf == below or leaf.startswith(below + "/") for leaf in permitted)
            if leads and name in value:
                changed[name] = scrambled(value[name], below, permitted, junk)
            elif not leads and junk.draw(st.booleans()):
                changed[name] = junk.draw(SCALARS | PAYLOADS)
        return changed | {"unheard": junk.draw(SCALARS | PAYLOADS)}
    if isinstance(value, list) and any(leaf.startswith(path + "/") for leaf in permitted):
        kept = [scrambled(item, path, permitted, junk) for item in value]
        return [*kept, junk.draw(SCALARS), {"unheard": junk.draw(SCALARS)}]
    return junk.draw(SCALARS | st.none())


@given(PATHS, PATHS, PAYLOADS, st.data())
def test_what_is_released_depends_on_nothing_but_permitted_fields(
    paths: list[str], requested: list[str], payload: dict[str, Any], data: st.DataObject
) -> None:
    permitted = set(paths) & set(requested)
    other = scrambled(payload, "", permitted, data) if permitted else data.draw(PAYLOADS)
    assert outcome(paths, requested, other) == outcome(paths, requested, payload)


@given(PATHS, PATHS, PAYLOADS)
def test_only_permitted_and_requested_leaves_are_released(
    paths: list[str], requested: list[str], payload: dict[str, Any]
) -> None:
    released = outcome(paths, requested, payload)
    if isinstance(released, dict):
        assert set(leaf_paths(released)) <= set(paths) & set(requested)


def values_at(value: Any, parts: list[str]) -> list[Any]:
    """Return the scalars that ``parts`` lead to, read in the plainest way."""
    if isinstance(value, list):
        return [found for item in value for found in values_at(item, parts)]
    if parts:
        return values_at(value.get(parts[0]), parts[1:]) if isinstance(value, dict) else []
    return [] if value is None else [value]


@given(PATHS, PAYLOADS)
def test_every_permitted_leaf_is_released_as_it_is(paths: list[str], payload: dict[str, Any]) -> None:
    released = outcome(paths, paths, payload)
    if isinstance(released, dict):
        for path in paths:
            parts = path.split("/")[1:]
            assert values_at(released, parts) == values_at(payload, parts)


@given(PATHS, PAYLOADS)
def test_a_payload_is_never_changed(paths: list[str], payload: dict[str, Any]) -> None:
    before = deepcopy(payload)
    outcome(paths, paths, payload)
    assert payload == before


TRANSFORMS = st.sampled_from(
    [(Transform.KEEP, None), (Transform.MASK, 1), (Transform.YEAR, None), (Transform.ROUND, 2)]
)


@given(PATHS, PAYLOADS, st.data())
def test_an_outline_copies_what_the_fields_release(
    paths: list[str], payload: dict[str, Any], data: st.DataObject
) -> None:
    fields = [Field(path, *data.draw(TRANSFORMS)) for path in paths]

    def interpreted() -> Any:
        copied = copy_fields(fields, payload)
        return copied, set(leaf_paths(copied))

    assert outcome_of(lambda: Outline(fields).copy(payload)) == outcome_of(interpreted)


def test_an_empty_list_permits_nothing() -> None:
    assert project(agreement(), ["/ucr"], {"ucr": "x"}) == {}
    assert project(agreement("/ucr"), [], {"ucr": "x"}) == {}


def test_arrays_on_the_way_are_mapped_over_and_leave_no_trace_of_what_did_not_cross() -> None:
    payload: JsonObject = {
        "goods": [{"secret": 1}, {"hsCode": "845710", "price": 7}, "text", None, {"hsCode": "845811"}]
    }
    released = project(agreement("/goods/hsCode"), ["/goods/hsCode"], payload)
    assert released == {"goods": [{"hsCode": "845710"}, {"hsCode": "845811"}]}


@pytest.mark.parametrize("value", [{}, {"x": 1}, [{"x": 1}], [1, {"x": 1}], [[1]]])
def test_a_permitted_leaf_that_holds_more_than_a_scalar_is_refused_by_name(value: Any) -> None:
    with pytest.raises(MalformedField) as malformed:
        project(agreement("/a/b"), ["/a/b"], {"a": {"b": value}})
    assert malformed.value.field == "/a/b"


@pytest.mark.parametrize(
    ("field", "value", "crosses"),
    [
        (Field("/a"), "x", "x"),
        (Field("/a"), [1, None, True], [1, True]),
        (Field("/a", Transform.MASK, 4), "DE89370400440532013000", "****3000"),
        (Field("/a", Transform.MASK, 4), "3000", "****"),
        (Field("/a", Transform.MASK, 0), "secret", "****"),
        (Field("/a", Transform.YEAR), "2026-06-01", "2026"),
        (Field("/a", Transform.YEAR), "2026-06-01T09:00:00Z", "2026"),
        (Field("/a", Transform.ROUND, 1000), 1499, 1000),
        (Field("/a", Transform.ROUND, 1000), 1500, 2000),
        (Field("/a", Transform.ROUND, 1000), -1500, -1000),
        (Field("/a", Transform.ROUND, 100), "18450.75", "18500"),
        (Field("/a", Transform.DIGEST), "secret", digest(canonical("secret"))),
    ],
)
def test_a_transform_hides_what_it_should(field: Field, value: Any, crosses: Any) -> None:
    assert project(agreement(fields=(field,)), ["/a"], {"a": value}) == {"a": crosses}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field("/a", Transform.MASK, 4), 1234567),
        (Field("/a", Transform.YEAR), "June 2026"),
        (Field("/a", Transform.YEAR), 2026),
        (Field("/a", Transform.ROUND, 10), "about 12"),
        (Field("/a", Transform.ROUND, 10), True),
        (Field("/a", Transform.ROUND, 8), 2**53 - 1),
    ],
)
def test_a_value_that_its_transform_cannot_take_does_not_cross(field: Field, value: Any) -> None:
    with pytest.raises(MalformedField):
        project(agreement(fields=(field,)), ["/a"], {"a": value})


@pytest.mark.parametrize(
    "path", ["", "/", "a", "/a/", "//a", "/*", "/a/0", "/a b", "/a/../b", "/a~1b", "/é", "/a" * 9]
)
def test_a_path_with_an_index_a_wildcard_or_a_gap_is_no_path(path: str) -> None:
    with pytest.raises(MalformedMessage, match="path"):
        Field(path)


@pytest.mark.parametrize("paths", [("/a", "/a"), ("/a", "/a/b"), ("/a/b/c", "/a/b")])
def test_no_leaf_lies_above_another(paths: tuple[str, ...]) -> None:
    with pytest.raises(MalformedMessage):
        agreement(*paths)
