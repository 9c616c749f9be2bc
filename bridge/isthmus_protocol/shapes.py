"""Strict reading of JSON objects into typed values: a member is known and right, or the whole is refused."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from isthmus_protocol.canonical import JsonObject, JsonValue

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

DIGEST = re.compile(r"sha-256:[0-9a-f]{64}")
HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


class MalformedMessage(ValueError):
    """A member breaks a rule; ``field`` is its JSON pointer, ``rule`` a stable code."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


def format_time(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 in UTC with a ``Z``; raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


class Members:
    """The members of one JSON object, each taken once; :meth:`end` refuses what nobody took."""

    def __init__(self, value: JsonValue, where: str = "") -> None:
        """Raise :class:`MalformedMessage` unless ``value``, found at ``where``, is an object."""
        if not isinstance(value, dict):
            raise MalformedMessage(where or "/", "not_an_object")
        self._left = dict(value)
        self._where = where

    def _at(self, name: str) -> str:
        return f"{self._where}/{name}"

    def take(self, name: str) -> JsonValue:
        """Return the member ``name``, which must be present (it may be null)."""
        if name not in self._left:
            raise MalformedMessage(self._at(name), "missing")
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Say whether the member ``name`` is there and was not taken."""
        return name in self._left

    def maybe(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return ``read(name)``, or None where the member is null; it must be present."""
        if name in self._left and self._left[name] is None:
            del self._left[name]
            return None
        return read(name)

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return ``read(name)``, or None where the member is absent or null."""
        return self.maybe(name, read) if name in self._left else None

    def text(self, name: str, longest: int = 200) -> str:
        """Return a string of 1 to ``longest`` characters without control characters."""
        value = self.take(name)
        if not isinstance(value, str):
            raise MalformedMessage(self._at(name), "not_a_string")
        if not 1 <= len(value) <= longest:
            raise MalformedMessage(self._at(name), "length")
        if _CONTROL.search(value):
            raise MalformedMessage(self._at(name), "control_character")
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        """Return a string that ``pattern`` matches whole."""
        value = self.text(name)
        if pattern.fullmatch(value) is None:
            raise MalformedMessage(self._at(name), "pattern")
        return value

    def code(self, name: str) -> str:
        """Return a code in capitals (``TRADE_FINANCE``)."""
        return self.matching(name, CODE)

    def name(self, name: str) -> str:
        """Return a name or identifier: letters, digits and ``._:@-``."""
        return self.matching(name, NAME)

    def digest(self, name: str) -> str:
        """Return a ``sha-256:`` digest."""
        return self.matching(name, DIGEST)

    def hexadecimal(self, name: str) -> str:
        """Return 32 bytes in hexadecimal."""
        return self.matching(name, HEX_DIGEST)

    def time(self, name: str) -> datetime:
        """Return a time given as RFC 3339 in UTC with a ``Z``."""
        value = self.text(name)
        if _TIME.fullmatch(value) is None:
            raise MalformedMessage(self._at(name), "time")
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise MalformedMessage(self._at(name), "time") from error

    def integer(self, name: str, least: int = 0, most: int = 2**53 - 1) -> int:
        """Return an integer from ``least`` to ``most``."""
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise MalformedMessage(self._at(name), "not_an_integer")
        if not least <= value <= most:
            raise MalformedMessage(self._at(name), "range")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise MalformedMessage(self._at(name), "not_a_boolean")
        return value

    def one_of(self, name: str, choices: type[E]) -> E:
        """Return a member of the enumeration ``choices``."""
        value = self.take(name)
        if not isinstance(value, str):
            raise MalformedMessage(self._at(name), "unknown_code")
        try:
            return choices(value)
        except ValueError as error:
            raise MalformedMessage(self._at(name), "unknown_code") from error

    def object(self, name: str) -> JsonObject:
        """Return a JSON object as it is."""
        value = self.take(name)
        if not isinstance(value, dict):
            raise MalformedMessage(self._at(name), "not_an_object")
        return value

    def members(self, name: str) -> "Members":
        """Return the members of the object ``name``, to be taken in turn."""
        return Members(self.take(name), self._at(name))

    def each(self, name: str, read: Callable[["Members", str], T], most: int = 1000) -> tuple[T, ...]:
        """Return ``read(holder, "item")`` of each entry of the array ``name``, at most ``most``."""
        value = self.take(name)
        if not isinstance(value, list):
            raise MalformedMessage(self._at(name), "not_an_array")
        if len(value) > most:
            raise MalformedMessage(self._at(name), "length")
        return tuple(
            read(_Entry(entry, f"{self._at(name)}/{position}"), "item")
            for position, entry in enumerate(value)
        )

    def nested(self, name: str, read: Callable[[JsonValue], T]) -> T:
        """Return ``read`` of the member; the place of what it refuses is put under this member's."""
        value = self.take(name)
        try:
            return read(value)
        except MalformedMessage as error:
            below = "" if error.field == "/" else error.field
            raise MalformedMessage(self._at(name) + below, error.rule) from error

    def fixed(self, name: str, value: JsonValue) -> None:
        """Take a member that must have exactly ``value``."""
        found = self.take(name)
        if type(found) is not type(value) or found != value:
            raise MalformedMessage(self._at(name), "fixed_value")

    def end(self) -> None:
        """Raise :class:`MalformedMessage` when a member is left: what is unknown is refused."""
        if self._left:
            raise MalformedMessage(self._at(min(self._left)), "unknown_member")


class _Entry(Members):
    """One entry of an array, read as if it were the only member of an object."""

    def __init__(self, value: JsonValue, where: str) -> None:
        super().__init__({"item": value}, where)

    def _at(self, name: str) -> str:  # noqa: ARG002 (an entry has no name)
        return self._where
