"""What of a payload crosses: a copy of the permitted leaves, and nothing else is looked at.

The outcome depends on the permitted leaves alone. A member outside them is not read, an object or an entry of
an array without a permitted leaf leaves no trace (not even by its position), and null counts as absent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from isthmus_protocol.canonical import LARGEST_INTEGER, JsonObject, JsonValue, canonical, digest
from isthmus_protocol.fields import Field, Transform
from isthmus_protocol.predicates import Ask, Scalar

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_SCALARS = {bool, int, str}
_SCALARS_OR_NULL = {*_SCALARS, type(None)}
_Tree: TypeAlias = "dict[str, _Tree | Field]"


class MalformedField(Exception):
    """A permitted leaf holds what cannot cross there (an object, or a value its transform cannot take)."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def copy_fields(fields: Iterable[Field], payload: JsonObject) -> JsonObject:
    """Return the leaves of ``payload`` that ``fields`` name, transformed; no leaf may lie above another.

    Raises :class:`MalformedField` for a leaf that holds an object, an array with anything but scalars, or a
    value that its transform cannot take.
    """
    return _copy_object(_tree(fields), payload)


def _tree(fields: Iterable[Field]) -> _Tree:
    """Return the fields by the member names that lead to them."""
    tree: _Tree = {}
    for field in fields:
        *way, leaf = field.path.split("/")[1:]
        node = tree
        for name in way:
            below = node.setdefault(name, {})
            if isinstance(below, Field):
                raise MalformedField(below.path)
            node = below
        node[leaf] = field
    return tree


class _Unusual(Exception):
    """A payload that an outline does not copy."""


@dataclass(frozen=True)
class _Branch:
    """An object on the way to leaves: which of them stay as they are, what becomes of others, what follows.

    ``place`` is its number in the outline, ``paths`` are those of its leaves by their names.
    """

    place: int
    kept: tuple[str, ...]
    changed: tuple[tuple[str, Field], ...]
    below: "tuple[tuple[str, _Branch], ...]"
    paths: Mapping[str, str]


class Outline:
    """What of a payload some fields release, worked out once: most payloads under an agreement are alike.

    Scalars in objects and in arrays of objects are copied here, an object's leaves together. The others are
    rare, as are payloads that are refused: :func:`copy_fields` judges those. A test holds the two together.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        """Take the fields, of which none lies above another; raises :class:`MalformedField`."""
        self._fields = tuple(fields)
        self._branches: list[_Branch] = []
        self._top = self._branch(_tree(self._fields))

    def _branch(self, tree: _Tree) -> _Branch:
        below = tuple(
            (name, self._branch(node)) for name, node in tree.items() if not isinstance(node, Field)
        )
        leaves = {name: node for name, node in tree.items() if isinstance(node, Field)}
        kept = tuple(name for name, field in leaves.items() if field.transform is Transform.KEEP)
        changed = tuple((name, field) for name, field in leaves.items() if name not in kept)
        paths = {name: field.path for name, field in leaves.items()}
        branch = _Branch(len(self._branches), kept, changed, below, paths)
        self._branches.append(branch)
        return branch

    def copy(self, payload: JsonObject) -> tuple[JsonObject, frozenset[str]]:
        """Return what :func:`copy_fields` returns, and the paths of the leaves that it holds."""
        held: list[set[str]] = [set() for _ in self._branches]
        try:
            copied = _copy_branch(self._top, payload, held)
        except (_Unusual, MalformedField):
            copied = copy_fields(self._fields, payload)
            return copied, frozenset(leaf_paths(copied))
        named = zip(self._branches, held, strict=True)
        return copied, frozenset(branch.paths[name] for branch, names in named for name in names)


def _copy_branch(branch: _Branch, value: JsonObject, held: list[set[str]]) -> JsonObject:
    copied = {name: value[name] for name in branch.kept if name in value}
    kinds = set(map(type, copied.values()))
    if not kinds <= _SCALARS:
        if not kinds <= _SCALARS_OR_NULL:
            raise _Unusual
        copied = {name: item for name, item in copied.items() if item is not None}
    for name, field in branch.changed:
        item = value.get(name)
        if isinstance(item, (dict, list)):
            raise _Unusual
        if item is not None:
            copied[name] = _transform(field, item)
    held[branch.place].update(copied)
    for name, below in branch.below:
        copy = _copy_below(below, value.get(name), held)
        if copy:
            copied[name] = copy
    return copied


def _copy_below(branch: _Branch, value: JsonValue, held: list[set[str]]) -> JsonValue:
    if isinstance(value, dict):
        return _copy_branch(branch, value, held)
    if not isinstance(value, list):
        return None
    copies: list[JsonValue] = []
    for entry in value:
        if isinstance(entry, list):
            raise _Unusual
        if isinstance(entry, dict) and (copy := _copy_branch(branch, entry, held)):
            copies.append(copy)
    return copies


def place_answers(
    fields: Iterable[Field], asks: Iterable[Ask], payload: JsonObject, released: JsonObject
) -> JsonObject:
    """Return ``released`` with a yes or no at each of ``fields``, to the one of ``asks`` that is about it.

    Of ``payload`` no more is told than that. Where an array is released on the way to the leaf, the one
    answer stands in each of its entries, so that nothing can be told from where it stands. Raises
    :class:`MalformedField` for a leaf about which nothing was asked that may be.
    """
    put = {ask.field: ask for ask in asks}
    for field in fields:
        ask = put.get(field.path)
        predicate = None if ask is None else field.predicate_for(ask)
        if ask is None or predicate is None:
            raise MalformedField(field.path)
        way = field.path.split("/")[1:]
        _place(released, way, truth=predicate.holds(ask, _found(payload, way)))
    return released


def _found(value: JsonValue, way: list[str]) -> Iterator[Scalar]:
    """Yield every scalar at the end of ``way``, arrays on it mapped over."""
    if isinstance(value, list):
        for item in value:
            yield from _found(item, way)
    elif isinstance(value, dict):
        if way and way[0] in value:
            yield from _found(value[way[0]], way[1:])
    elif not way and value is not None:
        yield value


def _place(node: JsonValue, way: list[str], *, truth: bool) -> None:
    if isinstance(node, list):
        for item in node:
            _place(item, way, truth=truth)
    elif isinstance(node, dict):
        if len(way) == 1:
            node[way[0]] = truth
        else:
            _place(node.setdefault(way[0], {}), way[1:], truth=truth)


def leaf_paths(body: JsonValue) -> list[str]:
    """Return the paths of the leaves in ``body``, sorted: the fields that a projection released."""
    found: dict[str, dict[str, str]] = {}
    _collect(body, "", found)
    return sorted({path for below in found.values() for path in below.values()})


def _collect(value: JsonValue, path: str, found: dict[str, dict[str, str]]) -> None:
    """Gather the leaves below ``path``, by the path of the object and the member's name: most come often."""
    if isinstance(value, dict):
        below = found.setdefault(path, {})
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                _collect(item, f"{path}/{name}", found)
            elif item is not None and name not in below:
                below[name] = f"{path}/{name}"
    elif isinstance(value, list):
        for item in value:
            _collect(item, path, found)
    elif value is not None:
        found.setdefault("", {})[path] = path


def _copy_object(tree: _Tree, value: JsonObject) -> JsonObject:
    copied: JsonObject = {}
    for name, below in tree.items():
        if name in value:
            item = value[name]
            copy = _copy_leaf(below, item) if isinstance(below, Field) else _copy(below, item)
            if copy is not None:
                copied[name] = copy
    return copied


def _copy(tree: _Tree, value: JsonValue) -> JsonValue:
    """Return what is permitted below ``value``, or None where nothing is."""
    if isinstance(value, dict):
        return _copy_object(tree, value) or None
    if isinstance(value, list):
        copies: list[JsonValue] = [copy for item in value if (copy := _copy(tree, item)) is not None]
        return copies or None
    return None


def _copy_leaf(field: Field, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        raise MalformedField(field.path)
    if isinstance(value, list):
        scalars: list[JsonValue] = []
        for item in value:
            if isinstance(item, (dict, list)):
                raise MalformedField(field.path)
            if item is not None:
                scalars.append(_transform(field, item))
        return scalars or None
    return None if value is None else _transform(field, value)


def _transform(field: Field, value: Scalar) -> JsonValue:
    match field.transform:
        case Transform.KEEP:
            return value
        case Transform.MASK:
            return _mask(field, value)
        case Transform.YEAR:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return value[:4]
        case Transform.ROUND:
            return _round(field, value)
        case Transform.DIGEST:
            return digest(canonical(value))
    raise MalformedField(field.path)


def _mask(field: Field, value: Scalar) -> str:
    """Return a fixed four asterisks, so that the length stays hidden, and the last ``argument`` characters.

    Of a value no longer than that, nothing is shown.
    """
    if not isinstance(value, str):
        raise MalformedField(field.path)
    shown = field.argument or 0
    return "****" + (value[-shown:] if 0 < shown < len(value) else "")


def _round(field: Field, value: Scalar) -> JsonValue:
    """Return ``value``, an integer or a decimal string, at the nearest multiple of the step; ties go up."""
    step = field.argument or 1
    if isinstance(value, bool):
        raise MalformedField(field.path)
    if isinstance(value, int):
        rounded = (2 * value + step) // (2 * step) * step
        if abs(rounded) > LARGEST_INTEGER:
            raise MalformedField(field.path)
        return rounded
    if _DECIMAL.fullmatch(value) is None:
        raise MalformedField(field.path)
    return str(_round_decimal(Decimal(value), step))


def _round_decimal(value: Decimal, step: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return (2 * numerator + step * denominator) // (2 * step * denominator) * step
