"""Where the bridge delivers: what comes from the window, and word of how our own exchanges ended."""

from wsgiref.util import request_uri

import orjson
from flask import Blueprint, Response, request

from isthmus_platform.crossings import Inbox, inquiries, parcels
from isthmus_platform.http import bodies, problems


def blueprint(inbox: Inbox) -> Blueprint:
    """Return the blueprint with ``POST /bridge/exchanges``, ``/receipts``, ``/inquiries`` and ``/parcels``.

    All are signed (RFC 9421). A 4xx is meant for good, a 5xx to be tried again.
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
        """Take word of how an exchange ended and answer with our acknowledgement."""
        acknowledgement = inbox.note(_admitted(inbox), request_id=bodies.request_id())
        return Response(orjson.dumps({"acknowledgement": acknowledgement}), content_type="application/json")

    @web.post("/bridge/inquiries")
    def tell() -> Response:
        """Answer whether we have taken a delivery."""
        told = inquiries.tell(inbox, _admitted(inbox), request_id=bodies.request_id())
        return Response(orjson.dumps(told), content_type="application/json")

    @web.post("/bridge/parcels")
    def take() -> Response:
        """Take many of all these at once and answer each."""
        return Response(parcels.take(inbox, _admitted(inbox)), content_type="application/json")

    return web


def _admitted(inbox: Inbox) -> bytes:
    """Return the body of the present request, which the bridge signed."""
    body = bodies.read("application/json")
    inbox.admit(request.method, request_uri(request.environ), dict(request.headers.items()), body)
    return body
