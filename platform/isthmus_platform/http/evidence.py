"""Evidence of a crossing: the bridge's bundle, passed through byte for byte."""

from uuid import UUID

from flask import Blueprint, Response

from isthmus_platform import crossings
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Actor, PartyRole, Platform
from isthmus_platform.errors import NotFound
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting


def blueprint(platform: Platform, bridge: BridgeClient, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``GET /crossings/<exchange>/evidence``.

    It is for an authority, and for the owner, its agents and the requester of the crossing; for others there
    is no such crossing.
    """
    web = Blueprint("evidence", __name__)
    problems.install(web)

    @web.get("/crossings/<uuid:exchange>/evidence")
    def evidence(exchange: UUID) -> Response:
        """Give the bundle out."""
        return give_out(platform, bridge, acting(authenticate), exchange)

    return web


def give_out(platform: Platform, bridge: BridgeClient, actor: Actor, exchange: UUID) -> Response:
    """Return the answer that holds the bundle; raises :class:`NotFound` where the actor may not see it."""
    if not _may_see(platform, actor, exchange):
        raise NotFound("There is no such crossing.", field="exchange")
    answer = Response(
        bridge.evidence(exchange, request_id=bodies.request_id()), content_type="application/json"
    )
    answer.headers.set("Content-Disposition", "attachment", filename=f"evidence-{exchange}.json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _may_see(platform: Platform, actor: Actor, exchange: UUID) -> bool:
    """Return whether the crossing is the actor's to see; an authority sees also what is unknown here."""
    if PartyRole.AUTHORITY in actor.roles:
        return True
    with platform.begin(actor) as work:
        return crossings.by_exchange(work, exchange) is not None
