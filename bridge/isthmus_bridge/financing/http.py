"""The bridge evaluates what it cannot see: for the platform's banks, each within its budget."""

from flask import Blueprint, Response, request

from isthmus_bridge.authentication import authenticate
from isthmus_bridge.financing.budget import BudgetSpent, spend
from isthmus_bridge.problems import problem
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.financing import BLINDED, MOST_BLINDED, Evaluator
from isthmus_protocol.keys import Holder
from isthmus_protocol.shapes import MalformedMessage, Members


def blueprint(bridge: Bridge, seed: bytes) -> Blueprint:
    """Return ``POST /v1/evaluations`` and ``GET /v1/evaluations/key``; ``seed`` (32 bytes) is the secret."""
    web = Blueprint("evaluations", __name__)
    evaluator = Evaluator(seed, bridge.signing_key)

    @web.post("/v1/evaluations")
    def evaluate() -> Response:
        authenticate(bridge, request, Holder.PLATFORM)
        party, blinded = _asked(request.get_data())
        with bridge.begin() as session:
            spend(session, party, len(blinded), bridge.clock())
            evaluation = evaluator.evaluate(blinded)  # inside: what is no element costs nothing
        return _json(canonical(evaluation.to_json()))

    @web.get("/v1/evaluations/key")
    def key() -> Response:
        return _json(canonical({"key": evaluator.signed_key()}))

    @web.errorhandler(BudgetSpent)
    def spent(error: BudgetSpent) -> Response:
        return problem(429, "evaluation_budget", str(error), field="/blinded")

    return web


def _asked(body: bytes) -> tuple[str, tuple[str, ...]]:
    members = Members(parse_object(body))
    party = members.name("party")
    blinded = members.each("blinded", lambda one, name: one.matching(name, BLINDED), MOST_BLINDED)
    members.end()
    if not blinded:
        raise MalformedMessage("/blinded", "length")
    return party, blinded


def _json(body: bytes) -> Response:
    return Response(body, content_type="application/json")
