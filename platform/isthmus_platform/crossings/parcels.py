"""Parcels from the bridge: each item by itself, all in one transaction."""

import structlog
from sqlalchemy.exc import OperationalError

from isthmus_platform.crossings import inquiries
from isthmus_platform.crossings.inbox import Delivery, Inbox, Word, malformed, not_json
from isthmus_platform.crossings.records import BRIDGE
from isthmus_platform.database import Work
from isthmus_platform.errors import PlatformError
from isthmus_protocol import parcels
from isthmus_protocol.canonical import JsonObject, MalformedJson
from isthmus_protocol.parcels import Item, Kind, Result
from isthmus_protocol.shapes import MalformedMessage

log = structlog.get_logger(__name__)


def take(inbox: Inbox, body: bytes) -> bytes:
    """Return the answer to a parcel: to each item what it would be answered alone.

    An item that is not taken leaves the others as they are. Raises
    :class:`~isthmus_platform.errors.InvalidInput` for what is no parcel.
    """
    try:
        items = parcels.open_parcel(body)
    except MalformedJson as error:
        raise not_json(error) from error
    except MalformedMessage as error:
        raise malformed(error) from error
    read = [_read(inbox, item) for item in items]  # it may ask the bridge: not within the transaction
    with inbox.platform.begin(BRIDGE) as work:
        taken = [_taken(work, *each) for each in zip(items, read, strict=True)]
    return parcels.answer([_answer(each) for each in taken])


Read = Delivery | Word | inquiries.Asked | Result
"""An item that is in order, or what it is answered because it is not."""


def _read(inbox: Inbox, item: Item) -> Read:
    try:
        if item.kind is Kind.ENVELOPE:
            return inbox.read_delivery(item.content)
        if item.kind is Kind.INQUIRY:
            return inquiries.read(inbox, item.content)
        return inbox.read_word(item.content)
    except PlatformError as error:
        return _refused(error)


def _taken(work: Work, item: Item, read: Read) -> Read:
    if isinstance(read, Result):
        return read
    work.request_id = item.request_id
    try:
        with work.session.begin_nested():
            read.take(work)
    except PlatformError as error:
        return _refused(error)
    except OperationalError as error:
        log.warning("parcel.item_later", request_id=item.request_id, problem=str(error.orig))
        return Result(503, {"status": 503, "code": "unavailable"})
    except Exception:
        log.exception("parcel.item_failed", request_id=item.request_id)
        return Result(500, {"status": 500, "code": "internal"})
    return read


def _answer(taken: Read) -> Result:
    if isinstance(taken, Result):
        return taken
    try:
        if isinstance(taken, inquiries.Asked):
            return Result(200, taken.answer())
        name = "receipt" if isinstance(taken, Delivery) else "acknowledgement"
        return Result(200, {name: taken.answer()})
    except PlatformError as error:
        return _refused(error)


def _refused(error: PlatformError) -> Result:
    said: JsonObject = {"status": error.status, "code": error.code, "detail": error.message}
    return Result(error.status, said if error.field is None else said | {"field": error.field})
