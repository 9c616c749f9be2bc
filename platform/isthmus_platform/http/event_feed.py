"""Where events are fetched: ``GET /v2/events`` and ``GET /v3/events`` of DCSA Track & Trace 2.2 and 3.0.

The answers are what the published OpenAPI documents declare, for the events the token's party may see. A
parameter that is not supported is refused by name, since ignoring it would widen the answer.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import Blueprint, Response, request

from isthmus_platform import dcsa_told, event_feed, shapes
from isthmus_platform.consignments import RecordedEvent
from isthmus_platform.database import Platform
from isthmus_platform.dcsa import Standard
from isthmus_platform.dcsa_shapes import EVENTS_2, TYPE_CODES_3
from isthmus_platform.errors import PlatformError
from isthmus_platform.event_feed import FeedFilter, Position
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.http.events import VERSIONS
from isthmus_platform.http.problems import Malformed
from isthmus_platform.tracking import event_of

DEFAULT = 100
PAGING = frozenset({"limit", "cursor"})
KNOWN_3 = PAGING | {
    "carrierBookingReference",
    "transportDocumentReference",
    "equipmentReference",
    "eventTypes",
    "eventUpdatedDateTimeMin",
    "eventUpdatedDateTimeMax",
}
CODES_2 = {f"{kind.lower()}EventTypeCode": kind for kind in EVENTS_2}
OPERATORS_2 = {
    "eventCreatedDateTime:gte": "at_least",
    "eventCreatedDateTime:gt": "after",
    "eventCreatedDateTime:lte": "at_most",
    "eventCreatedDateTime:lt": "before",
}
EXACTLY_2 = ("eventCreatedDateTime", "eventCreatedDateTime:eq")
KNOWN_2 = (
    PAGING
    | CODES_2.keys()
    | OPERATORS_2.keys()
    | event_feed.CALL.keys()
    | {
        *EXACTLY_2,
        "eventType",
        "documentTypeCode",
        "carrierBookingReference",
        "bookingReference",
        "transportDocumentReference",
        "equipmentReference",
        "UNLocationCode",
    }
)


def blueprint(platform: Platform, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with both feeds."""
    web = Blueprint("event_feed", __name__)
    problems.install(web)

    @web.get("/v3/events")
    def track_and_trace_3() -> Response:
        """Give a page of events of version 3.0; ``Next-Page-Cursor`` leads to the next."""
        return _answer(platform, authenticate, Standard.DCSA_3_0, _filter_3, refusal_3)

    @web.get("/v2/events")
    def track_and_trace_2() -> Response:
        """Give a page of events of version 2.2; ``Next-Page`` links to the next."""
        return _answer(platform, authenticate, Standard.DCSA_2_2, _filter_2, refusal_2)

    return web


def _answer(
    platform: Platform,
    authenticate: Authenticate,
    standard: Standard,
    wanted: Callable[[], FeedFilter],
    refusal: Callable[[PlatformError], Any],
) -> Response:
    headers = {"API-Version": VERSIONS[standard], "Cache-Control": "no-store"}
    try:
        actor = acting(authenticate)
        choice, first, after = wanted(), limit(), _position()
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            rows = event_feed.page(work, choice, after, first + 1)
            messages = [message for row in rows[:first] if (message := _told(standard, row)) is not None]
    except PlatformError as error:
        return refused(error, refusal, headers)
    following = _cursor(rows[first - 1]) if len(rows) > first else None
    if standard is Standard.DCSA_3_0:
        return _json({"events": messages}, headers | ({"Next-Page-Cursor": following} if following else {}))
    headers["Current-Page"] = request.full_path.rstrip("?")
    if following:
        onward = {**request.args.to_dict(), "cursor": following}
        headers["Next-Page"] = f"{request.path}?{urlencode(onward)}"
    return _json(messages, headers)


def refused(
    error: PlatformError, refusal: Callable[[PlatformError], Any], headers: dict[str, str]
) -> Response:
    """Return ``error`` as a version of the standard tells it; that knows no 422."""
    status = error.status if error.status != HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus.BAD_REQUEST
    answer = _json(refusal(error), headers, status)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = problems.of_error(error).headers["WWW-Authenticate"]
    return answer


def _told(standard: Standard, row: RecordedEvent) -> Any:
    return dcsa_told.told(standard, Standard(row.standard), event_of(row), row.content)


def _json(body: Any, headers: dict[str, str], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json", headers=headers)


def _filter_3() -> FeedFilter:
    _supported(KNOWN_3)
    return FeedFilter(
        booking_reference=request.args.get("carrierBookingReference"),
        transport_document=request.args.get("transportDocumentReference"),
        equipment_reference=request.args.get("equipmentReference"),
        kinds=_listed("eventTypes", frozenset(TYPE_CODES_3)),
        at_least=_time("eventUpdatedDateTimeMin"),
        at_most=_time("eventUpdatedDateTimeMax"),
    )


def _filter_2() -> FeedFilter:
    _supported(KNOWN_2)
    times = {name: _time(parameter) for parameter, name in OPERATORS_2.items()}
    for parameter in EXACTLY_2:
        if (exactly := _time(parameter)) is not None:
            times |= {"at_least": exactly, "at_most": exactly}
    codes = [(kind, _listed(name, dcsa_told.KINDS_2[kind])) for name, kind in CODES_2.items()]
    return FeedFilter(
        booking_reference=request.args.get("carrierBookingReference") or request.args.get("bookingReference"),
        transport_document=request.args.get("transportDocumentReference"),
        equipment_reference=request.args.get("equipmentReference"),
        place=request.args.get("UNLocationCode"),
        kinds=_listed("eventType", frozenset(EVENTS_2)) or tuple(EVENTS_2),
        codes=tuple((kind, found) for kind, found in codes if found),
        document_types=_listed("documentTypeCode", dcsa_told.DOCUMENTS_2),
        calls=tuple((name, request.args[name]) for name in event_feed.CALL if name in request.args),
        retracted=False,
        **times,
    )


def _supported(known: frozenset[str]) -> None:
    for name in request.args:
        if name not in known or len(request.args.getlist(name)) > 1:
            raise Malformed(
                f"The parameter {name[:50]!r} is not supported here, or given twice.",
                field=name[:50],
                code="unsupported_parameter",
            )


def _listed(name: str, codes: frozenset[str]) -> tuple[str, ...]:
    given = tuple(filter(None, request.args.get(name, "").split(",")))
    for each in given:
        shapes.code(codes)(each, name)
    return given


def _time(name: str) -> datetime | None:
    given = request.args.get(name)
    # A plus that was not encoded arrives as a blank.
    return None if given is None else shapes.as_instant(given.replace(" ", "+"), name)


def limit() -> int:
    """Return how many the present request asks for at most; raise :class:`Malformed` (``limit``)."""
    given = request.args.get("limit", str(DEFAULT))
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:10]) <= 2**31:
        raise Malformed("limit is a number from 1.", field="limit", code="limit")
    return min(int(given), event_feed.MOST)


def _cursor(row: RecordedEvent) -> str:
    place = f"{row.version_at.astimezone(UTC).isoformat()} {row.party_id} {row.source_event_id}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _position() -> Position | None:
    cursor = request.args.get("cursor")
    if cursor is None:
        return None
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, party, event_id = place.split(" ", 2)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is not None and "\0" not in event_id:
            return Position(moment, UUID(party), event_id)
    except (ValueError, binascii.Error):
        pass
    raise Malformed("This is not a cursor of this feed.", field="cursor", code="cursor")


def refusal_3(error: PlatformError) -> dict[str, Any]:
    """Return ``error`` as 3.0 declares it."""
    element = {"severity": "ERROR", "message": error.message, "code": error.code}
    return {"feedbackElements": [element | ({"propertyPath": error.field} if error.field else {})]}


def refusal_2(error: PlatformError) -> dict[str, Any]:
    """Return ``error`` as 2.2 declares it."""
    return {
        "httpMethod": request.method,
        "requestUri": request.url,
        "statusCode": error.status,
        "statusCodeText": HTTPStatus(error.status).phrase,
        "errors": [{"reason": error.code, "message": error.message}],
        "errorDateTime": datetime.now(UTC).isoformat(),
    }
