"""Requests to cross, answered before Flask: its machinery takes longer than verifying and deciding do.

Only what is decided is answered here. For everything else (another path, a request that cannot be read or is
not believed, a log that cannot be written) Flask is asked, which has one way to tell of a failure.
"""

import re
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_input_stream

from isthmus_bridge.authentication import NotPermitted, identify
from isthmus_bridge.database import new_id
from isthmus_bridge.service import Bridge
from isthmus_bridge.submission import Submitted, submit
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeRequest

PATH = "/v1/exchanges"
LARGEST_BODY = 1_048_576
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
FAILED = "isthmus.failed"
"""The member of the WSGI environment with the exception that Flask is to tell of."""

ORIGINATOR = {Direction.TO_WINDOW: Holder.PLATFORM, Direction.FROM_WINDOW: Holder.WINDOW}

events = structlog.get_logger(__name__)


class Front:
    """WSGI middleware before the bridge's Flask application."""

    def __init__(self, behind: WSGIApplication, bridge: Bridge) -> None:
        self._behind = behind
        self._bridge = bridge

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != PATH:
            return self._behind(environ, start_response)
        began = time.perf_counter()
        environ["HTTP_X_REQUEST_ID"] = id_ = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=id_)
        try:
            submitted = _submitted(self._bridge, environ, id_)
        except Exception as failure:  # noqa: BLE001 (Flask raises it again)
            environ[FAILED] = failure
            return self._behind(environ, start_response)
        body = canonical(submitted.answer.to_json())
        status = "200 OK" if submitted.repeated else "201 Created"
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "X-Request-Id": id_}
        start_response(status, [*headers.items()])
        took = round((time.perf_counter() - began) * 1000, 1)
        events.info("request", method="POST", path=PATH, status=int(status[:3]), ms=took)
        return [body]


def request_id(given: str) -> str:
    """Return the id that a request's logs carry: the caller's own where it sent a good one."""
    return given if REQUEST_ID.fullmatch(given) else str(new_id())


def _submitted(bridge: Bridge, environ: WSGIEnvironment, id_: str) -> Submitted:
    body = get_input_stream(environ, max_content_length=LARGEST_BODY).read()
    caller = identify(bridge, environ, body, Holder.PLATFORM, Holder.WINDOW)
    if parse_options_header(environ.get("CONTENT_TYPE"))[0].lower() != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    asked = ExchangeRequest.from_json(bridge.hear(parse_object(body, max_bytes=LARGEST_BODY)))
    if ORIGINATOR[asked.direction] is not caller.holder:
        raise NotPermitted(f"{asked.direction} is not the direction of the {caller.holder}.")
    return submit(bridge, caller.holder, asked, request_id=id_, signed=caller)
