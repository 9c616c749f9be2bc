"""Where carriers send events: DCSA Track & Trace 2.2 and 3.0, as their publishers' consumers do."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from isthmus_platform import dcsa, idempotency, tracking
from isthmus_platform.database import Platform
from isthmus_platform.dcsa import Standard
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting

VERSIONS = {Standard.DCSA_2_2: "2.2.0", Standard.DCSA_3_0: "3.0.0"}


def blueprint(platform: Platform, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``POST /v2/events`` and ``POST /v3/events``.

    The answer tells what became of each event, in their order. With an ``Idempotency-Key`` header the first
    answer is given again; without one, sending twice is harmless all the same.
    """
    web = Blueprint("events", __name__)
    problems.install(web)

    @web.post("/v2/events")
    def track_and_trace_2() -> Response:
        """Take a list of events of version 2.2."""
        return _take(platform, authenticate, Standard.DCSA_2_2)

    @web.post("/v3/events")
    def track_and_trace_3() -> Response:
        """Take ``{"events": [...]}`` of version 3.0."""
        return _take(platform, authenticate, Standard.DCSA_3_0)

    return web


def _take(platform: Platform, authenticate: Authenticate, standard: Standard) -> Response:
    actor = acting(authenticate)
    messages = dcsa.events_in(standard, bodies.read_json())
    events = dcsa.parse(standard, messages, platform.clock())
    key = request.headers.get("Idempotency-Key")
    with platform.begin(actor, request_id=bodies.request_id()) as work:

        def write() -> dict[str, Any]:
            return {"outcomes": [_told(outcome) for outcome in tracking.record(work, standard, events)]}

        answer = (
            write()
            if key is None
            else idempotency.once(work, key, f"events {standard}", {"events": messages}, write)
        )
    return Response(
        orjson.dumps(answer), content_type="application/json", headers={"API-Version": VERSIONS[standard]}
    )


def _told(outcome: tracking.EventOutcome) -> dict[str, Any]:
    return {
        "eventId": outcome.event_id,
        "outcome": outcome.outcome.value,
        "shipment": outcome.shipment,
        "code": outcome.code,
        "message": outcome.message,
        **({"also": list(outcome.also)} if outcome.also else {}),
    }
