"""The key behind the marks of invoices: the bridge evaluates what it cannot see, so often a day and no more.

Whoever may ask without end could still try a dictionary, one guess at a time. So each party has a budget, and
what it used is kept. See :mod:`isthmus_protocol.financing`.
"""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isthmus_bridge.authentication import authenticate
from isthmus_bridge.database import new_id
from isthmus_bridge.models import EvaluationMade
from isthmus_bridge.problems import problem
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.financing import BLINDED, MOST_BLINDED, Evaluator
from isthmus_protocol.keys import Holder
from isthmus_protocol.shapes import MalformedMessage, Members

BUDGET = 1_500
"""Elements that one party may have evaluated in any 24 hours: the marks of 500 invoices."""
WINDOW = timedelta(hours=24)
LOCK = 0x1A55E55
"""Of the advisory lock that puts a party's requests in order."""


class BudgetSpent(Exception):
    """The party has had as many evaluations as it may; ``left`` is how many it still may have now."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"{BUDGET} elements in 24 hours are what a party may have evaluated; {left} are left."
        )
        self.left = left


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


def spend(session: Session, party: str, elements: int, now: datetime) -> None:
    """Count ``elements`` against the budget of ``party``; raises :class:`BudgetSpent`, counting none."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK, func.hashtext(party))))
    used = session.scalar(
        select(func.coalesce(func.sum(EvaluationMade.elements), 0)).where(
            EvaluationMade.party == party, EvaluationMade.at > now - WINDOW
        )
    )
    left = BUDGET - int(used or 0)
    if elements > left:
        raise BudgetSpent(left)
    session.add(EvaluationMade(id=new_id(), party=party, elements=elements, at=now))


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
