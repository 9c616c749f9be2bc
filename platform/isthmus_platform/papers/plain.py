"""Papers as JSON: camelCase names, decimals as strings, dates of ISO 8601; what is empty is left out.

What is read is held to it: an unknown member, another type or a missing one is refused with its place
(``lines.0.amount.currency``) and rule.
"""

import re
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.kinds import Paper, TransportDocument, kind_of
from isthmus_platform.papers.parts import wrong

LATER = frozenset(
    {"carriage", "code_list_provider", "loads", "package_description", "shipper_owned", "tare_mass"}
)
"""Members that papers issued before these were read do not say, though the document they came as may."""
DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Return a paper, or a part of one, as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        members = ((spelt(each.name), getattr(value, each.name)) for each in fields(value))
        return {name: to_json(inner) for name, inner in members if inner is not None and inner != ()}
    if isinstance(value, tuple):
        return [to_json(inner) for inner in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


def paper(code: str, value: object) -> Paper:
    """Return the paper of type ``code`` (UNTDID 1001) that ``value`` says; raises :class:`InvalidInput`."""
    kind = kind_of(code)
    if kind is TransportDocument and isinstance(value, dict):
        if value.get("type", code) != code:
            raise wrong("type", "contradiction", f"{code}, which the document is")
        value = {**value, "type": code}
    read: Paper = from_json(kind, value)
    return read


def from_json(kind: type[T], value: object, path: str = "") -> T:
    """Return the ``kind`` that ``value`` says; ``path`` is its place."""
    if not isinstance(value, dict):
        raise wrong(path or "data", "type", "an object")
    known = _members(kind)  # type: ignore[arg-type]  # a class can be hashed
    for name in value:
        if name not in known:
            raise wrong(_join(path, str(name)[:40]), "unknown_member", "no such member")
    given: dict[str, Any] = {}
    for name, (attribute, hint, required) in known.items():
        if value.get(name) is not None:
            given[attribute] = _value(hint, value[name], _join(path, name))
        elif required:
            raise wrong(_join(path, name), "missing", "a value")
    return make(kind, given, path)


def make(kind: type[T], given: dict[str, Any], path: str = "") -> T:
    """Return ``kind`` of these attributes; what it refuses names its place below ``path``."""
    try:
        return kind(**given)
    except InvalidInput as refusal:
        place = _join(path, refusal.field or "")
        raise InvalidInput(
            f"{place}: {refusal.message.removeprefix(f'{refusal.field}: ')}", field=place, code=refusal.code
        ) from None


def make_read(kind: type[T], given: dict[str, Any], path: str = "") -> T:
    """Return ``kind`` of what another form than JSON said; a missing member is refused with its place."""
    known = _members(kind)  # type: ignore[arg-type]  # a class can be hashed
    for name, (attribute, _, required) in known.items():
        if required and attribute not in given:
            raise wrong(_join(path, name), "missing", "a value")
    return make(kind, given, path)


def spelt(attribute: str) -> str:
    """Return the JSON name of an attribute."""
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def says_no_other(said: Any, found: Any) -> bool:
    """Return whether ``said``, a paper or a part of one, says what was ``found`` in the document it came as.

    That document (``beyond``) is not compared, and what is said :data:`LATER` may be missing.
    """
    if is_dataclass(said) and type(said) is type(found):
        named = [each.name for each in fields(said) if each.name != "beyond"]
        return all(
            (name in LATER and getattr(said, name) in (None, ()))
            or says_no_other(getattr(said, name), getattr(found, name))
            for name in named
        )
    if isinstance(said, tuple) and isinstance(found, tuple):
        return len(said) == len(found) and all(map(says_no_other, said, found))
    return bool(said == found)


@cache
def _members(kind: type[Any]) -> dict[str, tuple[str, Any, bool]]:
    hints = get_type_hints(kind)
    return {spelt(each.name): (each.name, hints[each.name], each.default is MISSING) for each in fields(kind)}


def _value(hint: Any, value: object, path: str) -> Any:
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise wrong(path, "type", "a list")
        return tuple(_value(get_args(hint)[0], each, f"{path}.{index}") for index, each in enumerate(value))
    if is_dataclass(hint):
        return from_json(hint, value, path)  # type: ignore[arg-type]  # a class, not an instance
    return _scalar(hint, value, path)


def _scalar(hint: type[Any], value: object, path: str) -> Any:
    if hint is Decimal:
        return decimal(value, path)
    if hint is date:
        return day(value, path)
    if hint is bool or isinstance(value, bool):
        if hint is not bool or not isinstance(value, bool):
            raise wrong(path, "type", "true or false" if hint is bool else "another type than true or false")
        return value
    if not isinstance(value, hint):
        raise wrong(path, "type", {int: "an integer", str: "a text"}[hint])
    return value


def decimal(value: object, path: str) -> Decimal:
    """Return the decimal number that ``value`` writes, with its decimals as written."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise wrong(path, "format", 'a decimal number as a text, such as "18450.5"')
    return Decimal(value)


def day(value: object, path: str) -> date:
    """Return the date that ``value`` writes (ISO 8601)."""
    if isinstance(value, str) and DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # a 30 February
    raise wrong(path, "format", "a date, such as 2026-06-01")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
