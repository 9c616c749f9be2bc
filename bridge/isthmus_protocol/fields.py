"""The leaves that an agreement lets cross: their paths, and what becomes of each.

A path is made of member names (``/goods/hsCode``). Arrays on the way are mapped over: there are no indices.
There are no wildcards either, since what is not known by name must not cross.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.shapes import MalformedMessage, Members

PATH = re.compile(r"(/[A-Za-z][A-Za-z0-9]{0,63}){1,8}")


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
    """A leaf that may cross. ``argument``: ``mask`` how many last characters stay, ``round`` the step."""

    path: str
    transform: Transform = Transform.KEEP
    argument: int | None = None

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` for a path or an argument that breaks the rules."""
        check_path(self.path, "/path")
        wanted = self.transform in (Transform.MASK, Transform.ROUND)
        if wanted != (self.argument is not None):
            raise MalformedMessage("/argument", "missing" if wanted else "unexpected")
        least = 1 if self.transform is Transform.ROUND else 0
        if self.argument is not None and not least <= self.argument <= 10**12:
            raise MalformedMessage("/argument", "range")

    def to_json(self) -> JsonObject:
        """Return ``{"path", "transform"}``, with ``"argument"`` where there is one."""
        value: JsonObject = {"path": self.path, "transform": self.transform.value}
        if self.argument is not None:
            value["argument"] = self.argument
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "Field":
        """Read a field; raises :class:`MalformedMessage`."""
        members = Members(value)
        field = cls(
            members.text("path", 600),
            members.one_of("transform", Transform),
            members.optional("argument", members.integer),
        )
        members.end()
        return field


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
