"""Where the bridge delivers: what comes from the window, and word of how our own exchanges ended."""

import orjson
from flask import Blueprint, Response, request

from isthmus_platform.crossings import Inbox
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.http import bodies, problems


def blueprint(inbox: Inbox) -> Blueprint:
    """Return the blueprint with ``POST /bridge/exchanges`` and ``POST /bridge/receipts`` (RFC 9421 signed).

    A 4xx is meant for good, a 5xx to be tried again.
    """
    web = Blueprint("bridge_inbox", __name__)
    problems.install(web)

    @web.post("/bridge/exchanges")
    def deliver() -> Response:
        """Take a delivery and answer with our receipt."""
        receipt = inbox.deliver(_admitted(inbox), request_id=bodies.request_id())
        return Response(orjson.dumps({"receipt": receipt}), content_type="application/json")

    @web.post("/bridge/receipts")
    def note() -> Response:
        """Take word of how an exchange ended."""
        inbox.note(_admitted(inbox), request_id=bodies.request_id())
        return Response(status=204)

    return web


def _admitted(inbox: Inbox) -> bytes:
    """Return the body of the present request, which the bridge signed."""
    body = bodies.read("application/json")
    inbox.admit(request.method, _address(), dict(request.headers.items()), body)
    return body


def _address() -> str:
    """Return the address as it went over the wire, which is what was signed."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    if not target.startswith("/"):
        raise NotAuthenticated("The request's target must be a path.", code="signature")
    return f"{request.scheme}://{request.host}{target}"
