"""Where a bank has the marks of its invoices evaluated by the bridge; only blinded elements pass through."""

import orjson
from flask import Blueprint, Response

from isthmus_platform import parties
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import PartyRole, Platform
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.http.problems import Malformed

LARGEST = 16_384


def blueprint(platform: Platform, bridge: BridgeClient, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``POST /financing/evaluations``, for banks.

    ``{"blinded": [...]}`` in hexadecimal gives ``{"evaluated": [...], "key": JWS}`` (see
    :mod:`isthmus_protocol.financing`). The bridge counts what each bank asks: 429 says that it asked enough.
    """
    web = Blueprint("financing", __name__)
    problems.install(web)

    @web.post("/financing/evaluations")
    def evaluate() -> Response:
        """Pass a bank's question on, in its name."""
        actor = acting(authenticate)
        actor.require(PartyRole.BANK)
        asked = bodies.read_json(most=LARGEST)
        if not isinstance(asked, dict) or asked.keys() != {"blinded"}:
            raise Malformed("Send an object with the one member blinded.", field="/", code="shape")
        blinded = asked["blinded"]
        if not isinstance(blinded, list) or not all(isinstance(each, str) for each in blinded):
            raise Malformed("blinded is a list of texts.", field="/blinded", code="shape")
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            name = parties.get(work, actor.party_id).name
        answer = bridge.evaluate(name, blinded, request_id=bodies.request_id())
        return Response(orjson.dumps(answer), content_type="application/json")

    return web
