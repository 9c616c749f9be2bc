"""Parcels as the window takes them: each item by itself, all in one transaction."""

from collections.abc import Callable, Mapping, Sequence

import structlog
from sqlalchemy.orm import Session

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.inquiries import Inquiry
from isthmus_protocol.parcels import Item, Kind, Result
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window import inquiries, service
from isthmus_window.database import writing
from isthmus_window.problems import problem
from isthmus_window.service import Refused, Window

log = structlog.get_logger(__name__)


def take(window: Window, items: Sequence[Item]) -> list[Result]:
    """Return what each item would be answered alone; one that is not taken leaves the others as they are."""
    with writing(window.engine) as session:
        return [_result(window, session, item) for item in items]


def _result(window: Window, session: Session, item: Item) -> Result:
    try:
        with session.begin_nested():
            return Result(200, TREAT[item.kind](window, session, item))
    except Refused as error:
        return Result(error.status, problem(error.status, error.code, error.detail, error.field))
    except MalformedMessage as error:
        return Result(422, problem(422, error.rule, str(error), error.field))
    except Exception:
        log.exception("window.item_failed", request_id=item.request_id)
        return Result(500, problem(500, "internal_server_error", "Something went wrong on our side."))


def envelope(window: Window, session: Session, item: Item) -> JsonObject:
    """Take an envelope and return the answer with its receipt; raises what refuses it."""
    opened = Envelope.from_json(window.understand(item.content))
    opened.check_digest()
    return {"receipt": service.receive(window, session, opened, item.request_id)}


def notice(window: Window, session: Session, item: Item) -> JsonObject:
    """Take a notice and return the answer with our acknowledgement; raises what refuses it."""
    told = DeliveryNotice.from_json(item.content)
    return {"acknowledgement": service.note(window, session, told)}


def inquiry(window: Window, session: Session, item: Item) -> JsonObject:
    """Return the receipt of what is asked for, or our word that we never take it; raises what refuses it."""
    return inquiries.tell(window, session, Inquiry.from_json(item.content))


TREAT: Mapping[Kind, Callable[[Window, Session, Item], JsonObject]] = {
    Kind.ENVELOPE: envelope,
    Kind.NOTICE: notice,
    Kind.INQUIRY: inquiry,
}
