"""What may be asked about a leaf that is never shown: predicates, the questions put with them, their truth.

A question in a payload stands under ``asks``, one for each leaf that it is about::

    {"asks": [{"field": "/declaredValueMinor", "predicate": "atLeast", "parameter": 500000}]}

Its answer is yes where some value at the leaf satisfies the predicate, and no in every other case: also where
there is no value, or one that the operator cannot compare. Hence nothing but the truth can be told from it.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.shapes import MalformedMessage, Members

Scalar: TypeAlias = bool | int | str

ASKS = "asks"
"""The member of a payload that holds its questions."""
MOST_ASKS = 100
MOST_VALUES = 1000
LONGEST_TEXT = 200
MOST_WINDOW_HOURS = 87_660

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?Z)?", re.ASCII)


class Operator(StrEnum):
    """How a value is compared; ``exists`` asks only whether there is one."""

    EXISTS = "exists"
    EQUALS = "equals"
    ONE_OF = "oneOf"
    AT_LEAST = "atLeast"
    AT_MOST = "atMost"
    BEFORE = "before"
    AFTER = "after"


NUMBERS = (Operator.AT_LEAST, Operator.AT_MOST)
"""They compare integers and decimal strings, exactly."""
DATES = (Operator.BEFORE, Operator.AFTER)
"""They compare dates and times (RFC 3339, UTC with a ``Z``); a date is its midnight."""


@dataclass(frozen=True)
class Ask:
    """One question: whether ``predicate`` holds of the leaf ``field``, for ``parameter``.

    ``parameter`` is what the value is compared with: None for ``exists``, some scalars for ``oneOf``.
    """

    field: str
    predicate: str
    parameter: Scalar | tuple[Scalar, ...] | None = None

    @property
    def compared(self) -> tuple[Scalar, ...]:
        """The scalars that the value is compared with."""
        if self.parameter is None:
            return ()
        return self.parameter if isinstance(self.parameter, tuple) else (self.parameter,)

    def to_json(self) -> JsonObject:
        """Return ``{"field", "predicate"}``, with ``"parameter"`` where there is one."""
        value: JsonObject = {"field": self.field, "predicate": self.predicate}
        if isinstance(self.parameter, tuple):
            value["parameter"] = list(self.parameter)
        elif self.parameter is not None:
            value["parameter"] = self.parameter
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "Ask":
        """Read a question; raises :class:`MalformedMessage`."""
        members = Members(value)
        ask = cls(
            members.text("field", 600),
            members.name("predicate"),
            members.optional("parameter", lambda name: members.nested(name, _parameter)),
        )
        members.end()
        return ask


@dataclass(frozen=True)
class Predicate:
    """A predicate that an agreement permits, by ``name``.

    ``values`` are the only ones that may be compared with; where they are None the asker chooses freely.
    """

    name: str
    operator: Operator
    values: tuple[Scalar, ...] | None = None

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` for values that the operator cannot compare with."""
        if self.values is None:
            return
        if self.operator is Operator.EXISTS:
            raise MalformedMessage("/values", "unexpected")
        if not 1 <= len(self.values) <= MOST_VALUES:
            raise MalformedMessage("/values", "length")
        for position, value in enumerate(self.values):
            if not comparable(self.operator, value):
                dated = isinstance(value, str) and self.operator in DATES and _DATE.fullmatch(value)
                raise MalformedMessage(f"/values/{position}", "time" if dated else "not_comparable")
        if len(set(_told_apart(self.values))) != len(self.values):
            raise MalformedMessage("/values", "duplicate")

    def permits(self, ask: Ask) -> bool:
        """Say whether ``ask`` is a question with this predicate that may be put."""
        if ask.predicate != self.name:
            return False
        if self.operator is Operator.EXISTS:
            return ask.parameter is None
        many = isinstance(ask.parameter, tuple)
        if many != (self.operator is Operator.ONE_OF) or not 1 <= len(ask.compared) <= MOST_VALUES:
            return False
        if not all(comparable(self.operator, value) for value in ask.compared):
            return False
        return self.values is None or set(_told_apart(ask.compared)) <= set(_told_apart(self.values))

    def covers(self, other: "Predicate") -> bool:
        """Say whether all that may be asked with ``other`` may be asked with this predicate."""
        if (self.name, self.operator) != (other.name, other.operator):
            return False
        if self.values is None or other.values is None:
            return self.values is None
        return set(_told_apart(other.values)) <= set(_told_apart(self.values))

    def holds(self, ask: Ask, found: Iterable[Scalar]) -> bool:
        """Say whether it holds of one of the values ``found`` at the leaf. Never raises."""
        if self.operator is Operator.EXISTS:
            return any(True for _ in found)
        return any(_compare(self.operator, value, other) for value in found for other in ask.compared)

    def to_json(self) -> JsonObject:
        """Return ``{"name", "operator"}``, with ``"values"`` where the asker may not choose freely."""
        value: JsonObject = {"name": self.name, "operator": self.operator.value}
        if self.values is not None:
            value["values"] = list(self.values)
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "Predicate":
        """Read a predicate; raises :class:`MalformedMessage`."""
        members = Members(value)
        predicate = cls(
            members.name("name"),
            members.one_of("operator", Operator),
            members.optional("values", lambda name: members.nested(name, _scalars)),
        )
        members.end()
        return predicate


@dataclass(frozen=True)
class LeakageBudget:
    """At most ``bits`` answers to one asker about one subject in any ``window_hours``."""

    bits: int
    window_hours: int

    def to_json(self) -> JsonObject:
        """Return ``{"bits", "windowHours"}``."""
        return {"bits": self.bits, "windowHours": self.window_hours}

    @classmethod
    def from_json(cls, value: JsonValue) -> "LeakageBudget":
        """Read a budget; raises :class:`MalformedMessage`."""
        members = Members(value)
        budget = cls(
            members.integer("bits", 1, 1_000_000), members.integer("windowHours", 1, MOST_WINDOW_HOURS)
        )
        members.end()
        return budget


def read_asks(payload: JsonObject) -> tuple[Ask, ...]:
    """Return the questions in ``payload``, by the leaf they are about; none where nothing is asked.

    Raises :class:`MalformedMessage` for one that cannot be read, and for two about the same leaf.
    """
    if payload.get(ASKS) is None:
        return ()
    members = Members({ASKS: payload[ASKS]})
    asks = members.each(ASKS, lambda entry, item: entry.nested(item, Ask.from_json), most=MOST_ASKS)
    if len({ask.field for ask in asks}) != len(asks):
        raise MalformedMessage(f"/{ASKS}", "duplicate")
    return tuple(sorted(asks, key=lambda ask: ask.field))


def comparable(operator: Operator, value: JsonValue) -> bool:
    """Say whether ``operator`` can compare with ``value``."""
    if operator in NUMBERS:
        return _number(value) is not None
    if operator in DATES:
        return _moment(value) is not None
    return operator is not Operator.EXISTS and isinstance(value, (bool, int, str))


def _compare(operator: Operator, value: Scalar, other: Scalar) -> bool:
    if operator in NUMBERS:
        number, bound = _number(value), _number(other)
        if number is None or bound is None:
            return False
        return number >= bound if operator is Operator.AT_LEAST else number <= bound
    if operator in DATES:
        moment, limit = _moment(value), _moment(other)
        if moment is None or limit is None:
            return False
        return moment < limit if operator is Operator.BEFORE else moment > limit
    return type(value) is type(other) and value == other


def _number(value: JsonValue) -> Decimal | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _moment(value: JsonValue) -> datetime | None:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _told_apart(values: Collection[Scalar]) -> list[tuple[type, Scalar]]:
    """Return the values with their types: true is not 1."""
    return [(type(value), value) for value in values]


def _scalar(value: JsonValue) -> Scalar:
    if isinstance(value, str):
        return Members({"item": value}).text("item", LONGEST_TEXT)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Members({"item": value}).integer("item", 1 - 2**53)
    raise MalformedMessage("/", "not_a_scalar")


def _scalars(value: JsonValue) -> tuple[Scalar, ...]:
    members = Members({"items": value})
    return members.each("items", lambda entry, item: entry.nested(item, _scalar), most=MOST_VALUES)


def _parameter(value: JsonValue) -> Scalar | tuple[Scalar, ...]:
    return _scalars(value) if isinstance(value, list) else _scalar(value)
