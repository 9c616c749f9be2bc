"""The leaves that an agreement lets cross: their paths, and what becomes of each.

A path is made of member names (``/goods/hsCode``). Arrays on the way are mapped over: there are no indices.
There are no wildcards either, since what is not known by name must not cross.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.predicates import Ask, Predicate
from isthmus_protocol.shapes import MalformedMessage, Members

PATH = re.compile(r"(/[A-Za-z][A-Za-z0-9]{0,63}){1,8}")
MOST_PREDICATES = 100


class Transform(StrEnum):
    """What becomes of a leaf when it crosses; see :mod:`isthmus_protocol.projection`."""

    KEEP = "keep"
    MASK = "mask"
    YEAR = "year"
    ROUND = "round"
    DIGEST = "digest"
    ANSWER = "answer"


@dataclass(frozen=True)
class Field:
    """A leaf that may cross. ``argument``: ``mask`` how many last characters stay, ``round`` the step.

    Of a leaf to ``answer`` about, nothing crosses but whether one of its ``predicates`` holds that was asked.
    """

    path: str
    transform: Transform = Transform.KEEP
    argument: int | None = None
    predicates: tuple[Predicate, ...] = ()

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` for a path or an argument that breaks the rules."""
        check_path(self.path, "/path")
        wanted = self.transform in (Transform.MASK, Transform.ROUND)
        if wanted != (self.argument is not None):
            raise MalformedMessage("/argument", "missing" if wanted else "unexpected")
        least = 1 if self.transform is Transform.ROUND else 0
        if self.argument is not None and not least <= self.argument <= 10**12:
            raise MalformedMessage("/argument", "range")
        if (self.transform is Transform.ANSWER) != bool(self.predicates):
            raise MalformedMessage("/predicates", "unexpected" if self.predicates else "missing")
        if len(self.predicates) > MOST_PREDICATES:
            raise MalformedMessage("/predicates", "length")
        if len({predicate.name for predicate in self.predicates}) != len(self.predicates):
            raise MalformedMessage("/predicates", "duplicate")

    def __hash__(self) -> int:
        """Return the path's hash: it tells fields apart well enough, and is known already."""
        return hash(self.path)

    def predicate_for(self, ask: Ask) -> Predicate | None:
        """Return the predicate with which ``ask`` may be put about this leaf, or None where it may not."""
        if ask.field != self.path:
            return None
        return next((each for each in self.predicates if each.permits(ask)), None)

    def covers(self, other: "Field") -> bool:
        """Say whether this field lets cross all that ``other`` does, in the same form."""
        if self.transform is not Transform.ANSWER or other.transform is not Transform.ANSWER:
            return self == other
        return self.path == other.path and all(
            any(mine.covers(each) for mine in self.predicates) for each in other.predicates
        )

    def to_json(self) -> JsonObject:
        """Return ``{"path", "transform"}``, with ``"argument"`` or ``"predicates"`` where there are."""
        value: JsonObject = {"path": self.path, "transform": self.transform.value}
        if self.argument is not None:
            value["argument"] = self.argument
        if self.predicates:
            value["predicates"] = [predicate.to_json() for predicate in self.predicates]
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "Field":
        """Read a field; raises :class:`MalformedMessage`."""
        members = Members(value)
        predicates = members.optional("predicates", lambda name: members.each(name, _predicate))
        if predicates == ():
            raise MalformedMessage("/predicates", "length")
        field = cls(
            members.text("path", 600),
            members.one_of("transform", Transform),
            members.optional("argument", members.integer),
            predicates or (),
        )
        members.end()
        return field


def _predicate(entry: Members, item: str) -> Predicate:
    return entry.nested(item, Predicate.from_json)


def check_path(path: str, where: str) -> str:
    """Return ``path``, or raise :class:`MalformedMessage` unless it is plain member names."""
    if PATH.fullmatch(path) is None:
        raise MalformedMessage(where, "path")
    return path


def check_leaves(paths: list[str], where: str) -> None:
    """Raise :class:`MalformedMessage` for a path given twice, or one that leads through another's leaf."""
    known = set(paths)
    if len(known) != len(paths):
        raise MalformedMessage(where, "duplicate")
    for path in paths:
        parts = path.split("/")
        if any("/".join(parts[:end]) in known for end in range(2, len(parts))):
            raise MalformedMessage(where, "leaf_above_leaf")
