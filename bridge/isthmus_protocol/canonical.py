"""JSON as both sides of the bridge read and write it: strict when read, canonical (RFC 8785) when written.

There are no floating-point numbers: money is integer minor units, a mass is a decimal string. What two
parties sign must mean the same to both, and a float is the one JSON value on which parsers differ.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

import orjson
import rfc8785

JsonValue: TypeAlias = bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None
JsonObject: TypeAlias = dict[str, JsonValue]

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 8259 section 6)."""
DEEPEST = 200
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
    if _is_plain(value, DEEPEST):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
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
    if not _is_plain(value, max_depth):
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


def _is_plain(value: Any, deepest: int) -> bool:
    """Return whether ``value`` is of the simplest kind: all its text and keys ASCII, its integers small.

    Nearly all that crosses is, and this look costs a small part of :func:`_check`, which judges the others.
    """
    kind = type(value)
    if kind is dict:
        return deepest > 0 and _are_plain_names(value) and _are_plain(value.values(), deepest - 1)
    if kind is list:
        return deepest > 0 and _are_plain(value, deepest - 1)
    if kind is int:
        return bool(-LARGEST_INTEGER <= value <= LARGEST_INTEGER)
    return value is None or kind is bool or (kind is str and value.isascii())


def _are_plain(items: Iterable[Any], deepest: int) -> bool:
    for item in items:
        if type(item) is str:
            if not item.isascii():
                return False
        elif not _is_plain(item, deepest):
            return False
    return True


def _are_plain_names(members: dict[Any, Any]) -> bool:
    try:
        return "".join(members).isascii()
    except TypeError:
        return False


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
