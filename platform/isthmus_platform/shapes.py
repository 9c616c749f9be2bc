"""The shape of a JSON message, declared as values; a check names the path, the rule and what was expected.

A member that a shape does not declare is refused: what is not understood is not taken.
"""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from isthmus_platform import places
from isthmus_platform.drafts import check_equipment_reference
from isthmus_platform.errors import InvalidInput

Check: TypeAlias = Callable[[object, str], None]

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")
DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?")
ISO_6346 = re.compile(r"[A-Z]{4}\d{7}")
EQUIPMENT = re.compile(r"[A-Z0-9]{4,15}")
SURROGATES = re.compile("[\ud800-\udfff]")
LARGEST = 1_000_000_000


def wrong(path: str, code: str, expected: str) -> InvalidInput:
    """Return the error that says what was expected at ``path``."""
    return InvalidInput(f"{path}: expected {expected}.", field=path, code=code)


def text(longest: int = 500, pattern: str | None = None, meaning: str = "") -> Check:
    """Accept a text of 1 to ``longest`` characters that matches ``pattern``, of whole characters, no NUL."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: object, path: str) -> None:
        written = as_text(value, path)
        if len(written) > longest:
            raise wrong(path, "too_long", f"a text of at most {longest} characters")
        if compiled and not compiled.fullmatch(written):
            raise wrong(path, "format", meaning or "another format")

    return check


def as_text(value: object, path: str) -> str:
    """Return ``value`` if it is a text that can be kept."""
    if not isinstance(value, str):
        raise wrong(path, "type", "a text")
    if not value.strip():
        raise wrong(path, "empty", "a text that is not empty")
    if "\0" in value or not (value.isascii() or SURROGATES.search(value) is None):
        raise wrong(path, "format", "Unicode text")
    return value


def code(codes: str | Collection[str]) -> Check:
    """Accept one of ``codes`` (separated by blanks, or a collection)."""
    listed = frozenset(codes.split() if isinstance(codes, str) else codes)

    def check(value: object, path: str) -> None:
        if isinstance(value, str) and value in listed:
            return
        if as_text(value, path) not in listed:
            raise wrong(path, "unknown_code", "one of " + ", ".join(sorted(listed)))

    return check


def number(value: object, path: str) -> None:
    """Accept a number of a size that a measurement has."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        raise wrong(path, "type", "a number")


def integer(value: object, path: str) -> None:
    """Accept an integer that fits 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -LARGEST <= value <= LARGEST:
        raise wrong(path, "type", "an integer")


def boolean(value: object, path: str) -> None:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise wrong(path, "type", "true or false")


def instant(value: object, path: str) -> None:
    """Accept an RFC 3339 timestamp with its offset."""
    as_instant(value, path)


def as_instant(value: object, path: str) -> datetime:
    """Return an RFC 3339 timestamp in UTC; without an offset it is no instant and is refused."""
    found = _instant(value) if isinstance(value, str) else None
    if isinstance(found, datetime):
        return found
    as_text(value, path)
    if found == "no_offset":
        raise wrong(path, found, "a timestamp with its offset from UTC")
    raise wrong(path, "date_time", "a timestamp as in RFC 3339")


@lru_cache(maxsize=8192)  # a message's times are checked first and read later, and events share theirs
def _instant(written: str) -> datetime | str:
    """Return the instant, or the code of the rule that the text breaks."""
    match = INSTANT.fullmatch(written)
    if match is None:
        return "date_time"
    if match[3] is None:
        return "no_offset"
    try:
        return datetime.fromisoformat(match[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return "date_time"


def day(value: object, path: str) -> None:
    """Accept an ISO 8601 date."""
    try:
        date.fromisoformat(as_text(value, path))
    except ValueError:
        raise wrong(path, "date", "a date, YYYY-MM-DD") from None


def place(value: object, path: str) -> None:
    """Accept a UN/LOCODE that is listed."""
    if not (isinstance(value, str) and places.known(value)):
        places.find(as_text(value, path), field=path)


def degrees(value: object, path: str) -> None:
    """Accept decimal degrees written as a text."""
    if not DEGREES.fullmatch(as_text(value, path)):
        raise wrong(path, "format", "decimal degrees")


def equipment(value: object, path: str) -> None:
    """Accept an equipment reference; one that looks like ISO 6346 must have the right check digit."""
    reference = as_text(value, path)
    if ISO_6346.fullmatch(reference):
        check_equipment_reference(reference, path)
    elif not EQUIPMENT.fullmatch(reference):
        raise wrong(path, "format", "an equipment reference of 4 to 15 capital letters and digits")


def a_list(value: object, path: str) -> None:
    """Accept a list, whatever it holds."""
    if not isinstance(value, list):
        raise wrong(path, "type", "a list")


def several(item: Check, most: int = 100) -> Check:
    """Accept a list of at most ``most`` of ``item``."""

    def check(value: object, path: str) -> None:
        if not isinstance(value, list):
            raise wrong(path, "type", "a list")
        if len(value) > most:
            raise wrong(path, "too_many", f"at most {most}")
        for index, element in enumerate(value):
            item(element, f"{path}[{index}]")

    return check


def members(required: str = "", /, **shapes: Check) -> Check:
    """Accept an object with these members only, of which those named in ``required`` must be there."""
    needed, known = required.split(), shapes.keys()

    def check(value: object, path: str) -> None:
        held = as_object(value, path)
        if not held.keys() <= known:
            name = next(name for name in held if name not in known)
            raise wrong(_below(path, name[:60]), "unknown_field", "no such member")
        for name in needed:
            if name not in held:
                raise wrong(_below(path, name), "required", "this member")
        below = f"{path}." if path else ""
        for name, member in held.items():
            shapes[name](member, below + name)

    return check


def as_object(value: object, path: str) -> dict[str, Any]:
    """Return ``value`` if it is an object."""
    if not isinstance(value, dict):
        raise wrong(path, "type", "an object")
    return value


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
