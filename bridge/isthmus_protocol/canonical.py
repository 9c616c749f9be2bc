"""JSON as both sides of the bridge read and write it: strict when read, canonical (RFC 8785) when written.

There are no floating-point numbers: money is integer minor units, a mass is a decimal string. What two
parties sign must mean the same to both, and a float is the one JSON value on which parsers differ.
"""

import hashlib
import json
from typing import Any, NoReturn, TypeAlias

import orjson
import rfc8785

JsonValue: TypeAlias = bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None
JsonObject: TypeAlias = dict[str, JsonValue]

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 8259 section 6)."""
DEEPEST = 200
_SCALARS = frozenset({str, int, bool, type(None)})
_CONTAINERS = frozenset({dict, list})
_PLAIN = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class MalformedJson(ValueError):
    """The bytes are not the JSON we take; ``rule`` says which rule they break and ``where`` the place."""

    def __init__(self, rule: str, where: str = "") -> None:
        super().__init__(f"{rule} at {where}" if where else rule)
        self.rule = rule
        self.where = where


def canonical(value: JsonValue | dict[str, Any]) -> bytes:
    """Return the canonical form of ``value`` (RFC 8785).

    Raises :class:`MalformedJson` for what has none here: a float, an integer beyond 2**53-1, a key that is no
    string, a lone surrogate.
    """
    # Without floats and with ASCII keys, whose order is the same in UTF-16, what the fast encoders write is
    # the canonical form; a test holds them together.
    plain = _written(value, DEEPEST)
    if plain is not None:
        return plain
    if _check(value, "", 0, DEEPEST):
        return _ENCODER.encode(value).encode()
    return rfc8785.dumps(value)


def digest(data: bytes) -> str:
    """Return ``sha-256:`` and the hexadecimal digest of ``data``."""
    return "sha-256:" + hashlib.sha256(data).hexdigest()


def parse(data: bytes, *, max_bytes: int = 1_048_576, max_depth: int = 32) -> JsonValue:
    """Return the JSON value in ``data``, or raise :class:`MalformedJson`.

    Refused beyond bad syntax (RFC 8259, and RFC 7493 for what must be interoperable): more than
    ``max_bytes``, nesting deeper than ``max_depth``, a member given twice, a float, NaN or Infinity, an
    integer that a double cannot hold, invalid UTF-8, a lone surrogate.
    """
    if len(data) > max_bytes:
        raise MalformedJson("too_large", f"byte {max_bytes}")
    read = _read_canonical(data, max_depth)
    return _read_strictly(data, max_depth) if read is None else read


def _read_canonical(data: bytes, max_depth: int) -> JsonValue:
    """Return the value in ``data`` where that is plain and canonical, and None in every other case.

    Our own senders write nothing else. What is written back byte for byte as it came holds no member twice
    and no number in another form, so that a quick reader, which would let those pass, may read it.
    """
    try:
        value: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if _written(value, max_depth) == data else None


def _read_strictly(data: bytes, max_depth: int) -> JsonValue:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson("invalid_utf8", f"byte {error.start}") from error
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_members,
            parse_float=_no_float,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson("syntax", f"character {error.pos}") from error
    except RecursionError as error:
        raise MalformedJson("too_deep") from error
    if _written(value, max_depth) is None:
        _check(value, "", 0, max_depth)
    return value


def parse_object(data: bytes, *, max_bytes: int = 1_048_576, max_depth: int = 32) -> JsonObject:
    """Return the JSON object in ``data``, as :func:`parse` does; anything else than an object is refused."""
    value = parse(data, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise MalformedJson("not_an_object", "/")
    return value


def _members(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedJson("duplicate_member", name)
            seen.add(name)
    return members


def _no_float(literal: str) -> NoReturn:
    raise MalformedJson("float", literal[:40])


def _no_constant(literal: str) -> NoReturn:
    raise MalformedJson("not_a_number", literal)


def _integer(literal: str) -> int:
    # Before int(): a number of a million digits costs time that grows with its square.
    if len(literal) > len(str(-LARGEST_INTEGER)):
        raise MalformedJson("integer_out_of_range", literal[:40])
    return int(literal)


def _written(value: Any, deepest: int) -> bytes | None:
    """Return the canonical form of ``value`` if it is of the simplest kind: ASCII text, no large integers.

    Nearly all that crosses is, and this costs a small part of :func:`_check`, which judges the others. The
    encoder refuses by itself integers that are too large, keys that are no strings and lone surrogates.
    """
    if not _is_of_json(value, deepest):
        return None
    try:
        written = orjson.dumps(value, option=_PLAIN)
    except TypeError:
        return None
    return written if written.isascii() else None


def _is_of_json(value: Any, deepest: int) -> bool:
    """Say whether ``value`` holds no types but JSON's own without floats, in no more than ``deepest`` layers.

    Layer by layer: the types in each object and array are looked at together, not one by one.
    """
    layer = [value] if type(value) in _CONTAINERS else []
    if not layer and type(value) not in _SCALARS:
        return False
    for _ in range(deepest):
        if not layer:
            return True
        below: list[Any] = []
        for container in layer:
            items = container.values() if type(container) is dict else container
            if not _SCALARS.issuperset(map(type, items)):
                below += [item for item in items if type(item) not in _SCALARS]
        if not _CONTAINERS.issuperset(map(type, below)):
            return False
        layer = below
    return not layer


def _check(value: object, where: str, depth: int, deepest: int) -> bool:
    """Return whether all keys in ``value`` are ASCII; raise unless it is JSON that has a canonical form."""
    if isinstance(value, str):
        _check_text(value, where)
        return True
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise MalformedJson("integer_out_of_range", where)
        return True
    if not isinstance(value, (dict, list, tuple)):
        raise MalformedJson("float" if isinstance(value, float) else "not_json", where)
    if depth >= deepest:
        raise MalformedJson("too_deep", where)
    if isinstance(value, dict):
        return _check_members(value, where, depth + 1, deepest)
    ascii_keys = True
    for position, item in enumerate(value):
        ascii_keys &= _check(item, f"{where}/{position}", depth + 1, deepest)
    return ascii_keys


def _check_members(members: dict[Any, Any], where: str, depth: int, deepest: int) -> bool:
    ascii_keys = True
    for name, item in members.items():
        if not isinstance(name, str):
            raise MalformedJson("member_name", where)
        _check_text(name, where)
        ascii_keys &= _check(item, f"{where}/{name}", depth, deepest) and name.isascii()
    return ascii_keys


def _check_text(text: str, where: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedJson("lone_surrogate", where) from error
