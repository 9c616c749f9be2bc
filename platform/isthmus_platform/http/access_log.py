"""Who saw my data, as a file: ``GET /access-log?format=csv``, narrowed by who, what, how and when."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, Response, request

from isthmus_platform import access_export, parties
from isthmus_platform.access_log import AccessFilter, Action, Outcome
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import InvalidInput
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting

T = TypeVar("T")
KNOWN = frozenset({"format", "reader", "document", "shipment", "grant", "action", "outcome", "from", "until"})


def blueprint(platform: Platform, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``GET /access-log``."""
    web = Blueprint("access_log", __name__)
    problems.install(web)

    @web.get("/access-log")
    def export() -> Response:
        """Give the acting party's own log out, newest first."""
        return give_out(platform, acting(authenticate))

    return web


def give_out(platform: Platform, actor: Actor) -> Response:
    """Return the answer to the present request: the actor's log as its query wants it.

    ``format`` is ``csv`` or ``json``, ``reader`` a party's name, ``document``, ``shipment``, ``grant`` ids,
    ``from`` and ``until`` times with an offset. Raises :class:`InvalidInput` naming the parameter.
    """
    for name in request.args:
        if name not in KNOWN:
            raise InvalidInput("There is no such parameter.", field=name[:80], code="unknown_field")
    form = request.args.get("format", "json")
    if form not in access_export.FORMATS:
        raise InvalidInput("A format is csv or json.", field="format", code="format")
    wanted = _wanted(platform, actor)
    media_type, write = access_export.FORMATS[form]
    pages = access_export.rows(platform, actor, wanted, request_id=bodies.request_id())
    answer = Response(write(pages), content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=f"access-log.{form}")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _wanted(platform: Platform, actor: Actor) -> AccessFilter:
    reader = request.args.get("reader")
    if reader is not None:
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            reader_id = parties.by_name(work, reader, field="reader").id
    return AccessFilter(
        reader=None if reader is None else reader_id,
        document=_read("document", UUID, "an id"),
        shipment=_read("shipment", UUID, "an id"),
        grant=_read("grant", UUID, "an id"),
        action=_read("action", Action, f"one of {', '.join(Action)}"),
        outcome=_read("outcome", Outcome, f"one of {', '.join(Outcome)}"),
        since=_read("from", _time, "a time with an offset"),
        until=_read("until", _time, "a time with an offset"),
    )


def _read(name: str, parse: Callable[[str], T], expected: str) -> T | None:
    given = request.args.get(name)
    if given is None:
        return None
    try:
        return parse(given)
    except ValueError:
        raise InvalidInput(f"{name} is {expected}.", field=name, code="format") from None


def _time(given: str) -> datetime:
    time = datetime.fromisoformat(given)
    if time.tzinfo is None:
        raise ValueError("no offset")
    return time
