"""Parcels: many envelopes, notices and inquiries in one signed request, each of them treated by itself.

A parcel saves requests and signatures, and means nothing of its own: its answer holds for each of its items,
in order, the status and the body that the item's own request would have been answered with. Every receipt in
it is signed by itself, so that evidence of one exchange needs no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from isthmus_protocol.canonical import JsonObject, JsonValue, canonical, parse
from isthmus_protocol.shapes import MalformedMessage, Members

MOST = 64
"""Items in a parcel."""
LARGEST = 1_000_000
"""Bytes of all items together; a receiver takes 1 MiB at once."""
LARGEST_BODY = 1_048_576
DEEPEST = 32 + 3
"""How deep a parcel nests: as deep as a message may, three levels down."""


class Kind(StrEnum):
    """What an item is."""

    ENVELOPE = "envelope"
    NOTICE = "notice"
    INQUIRY = "inquiry"


@dataclass(frozen=True)
class Item:
    """One message: ``content`` is what its own request would hold, ``request_id`` follows it through logs."""

    kind: Kind
    request_id: str
    content: JsonValue


@dataclass(frozen=True)
class Result:
    """What an item is answered: the status and the JSON body that its own request would get."""

    status: int
    body: JsonObject


def pack(items: Iterable[tuple[Kind, str, bytes]]) -> bytes:
    """Return the parcel of ``items``: kind, request id and the message, which is canonical JSON already."""
    written = (
        b'{"%s":%s,"requestId":%s}' % (kind.value.encode(), content, orjson.dumps(request_id))
        for kind, request_id, content in items
    )
    return b'{"items":[%s]}' % b",".join(written)


def open_parcel(body: bytes) -> list[Item]:
    """Return the items of a parcel.

    Raises :class:`~isthmus_protocol.canonical.MalformedJson` and :class:`MalformedMessage` for what is none;
    of an item, that is only whether it names its kind.
    """
    members = Members(parse(body, max_bytes=LARGEST_BODY, max_depth=DEEPEST))
    items = members.each("items", lambda entry, item: _item(entry.members(item)), most=MOST)
    members.end()
    return list(items)


def _item(members: Members) -> Item:
    request_id = members.text("requestId", 128)
    kind = next(filter(members.has, Kind), Kind.NOTICE)
    item = Item(kind, request_id, members.take(kind.value))
    members.end()
    return item


def answer(results: Sequence[Result]) -> bytes:
    """Return the answer to a parcel: one result for each of its items, in their order."""
    return canonical({"results": [{"status": each.status, "body": each.body} for each in results]})


def read_answer(body: bytes, count: int) -> list[Result]:
    """Return the results for a parcel of ``count`` items.

    Raises :class:`~isthmus_protocol.canonical.MalformedJson`, and :class:`MalformedMessage` for an answer of
    another form or to another number of items.
    """
    members = Members(parse(body, max_bytes=LARGEST_BODY))
    results = members.each("results", lambda entry, item: _result(entry.members(item)), most=MOST)
    members.end()
    if len(results) != count:
        raise MalformedMessage("/results", "length")
    return list(results)


def _result(members: Members) -> Result:
    result = Result(members.integer("status", 200, 599), members.object("body"))
    members.end()
    return result
