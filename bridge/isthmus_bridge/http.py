"""The bridge over HTTP: canonical JSON in and out, every caller known by the signature of the request."""

import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog
from flask import Flask, Response, abort, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from isthmus_bridge import (
    agreements,
    dead_letters,
    evidence,
    exchanges,
    front,
    in_doubt,
    log,
    speaking,
    witnessing,
)
from isthmus_bridge.authentication import authenticate
from isthmus_bridge.efti import http as efti
from isthmus_bridge.front import LARGEST_BODY
from isthmus_bridge.models import Exchange
from isthmus_bridge.problems import problem, register
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction, SignedAgreement
from isthmus_protocol.canonical import LARGEST_INTEGER, JsonObject, canonical, parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeState, Reason
from isthmus_protocol.shapes import MalformedMessage, Members, format_time
from isthmus_protocol.statements import LONGEST

LONGEST_LISTING = 200

events = structlog.get_logger(__name__)


def create_app(bridge: Bridge, freight_schemas: Path | None = None) -> Flask:
    """Return the WSGI application of ``bridge``; ``freight_schemas`` is the folder of the eFTI schemas."""
    app = Flask("isthmus_bridge", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    register(app)
    _follow_requests(app)
    _exchanges(app, bridge)
    _waiting(app, bridge)
    _agreements(app, bridge)
    _log(app, bridge)
    _health(app, bridge)
    app.register_blueprint(efti.blueprint(bridge, freight_schemas))
    app.wsgi_app = front.Front(app.wsgi_app, bridge)  # type: ignore[method-assign]  # Flask documents it so
    return app


def _follow_requests(app: Flask) -> None:
    """Give every request an id that its logs carry, the caller's own where it sent a good one."""

    @app.before_request
    def begin() -> None:
        g.request_id = front.request_id(request.headers.get("X-Request-Id", ""))
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        if not request.path.endswith("z"):
            took = round((time.perf_counter() - g.started) * 1000, 1)
            events.info(
                "request", method=request.method, path=request.path, status=response.status_code, ms=took
            )
        return response


def _exchanges(app: Flask, bridge: Bridge) -> None:
    @app.post(front.PATH)
    def ask() -> Response:
        """Tell why a request was not decided; those that are have been answered before Flask."""
        raise request.environ[front.FAILED]

    @app.get("/v1/exchanges/<uuid:exchange_id>")
    def exchange(exchange_id: UUID) -> Response:
        caller = authenticate(bridge, request, Holder.PLATFORM, Holder.WINDOW, Holder.AUTHORITY)
        with bridge.begin() as session:
            found = session.get(Exchange, exchange_id)
            if found is None or (caller.holder is Holder.WINDOW and not _seen_by_window(found)):
                abort(404, "There is no such exchange.")
            return _json(_view(found))

    @app.get("/v1/exchanges/<uuid:exchange_id>/evidence")
    def bundle(exchange_id: UUID) -> Response:
        authenticate(bridge, request, Holder.PLATFORM, Holder.AUTHORITY)
        found = evidence.bundle(bridge, exchange_id)
        if found is None:
            abort(404, "There is no such exchange.")
        return Response(found, content_type="application/json")


def _seen_by_window(exchange: Exchange) -> bool:
    """Say whether the window asked for it or it was sent there; what was refused elsewhere is not its own."""
    return exchange.caller == Holder.WINDOW.value or ExchangeState(exchange.state) in exchanges.CROSSED


def _view(exchange: Exchange) -> JsonObject:
    """Return how far an exchange has come."""

    def moment(at: datetime | None) -> str | None:
        return None if at is None else format_time(at)

    named = exchange.agreement_id is not None
    return {
        "exchange": str(exchange.id),
        "state": exchange.state,
        "inDoubt": in_doubt.is_in_doubt(exchange),
        "reason": exchange.reason,
        "detail": exchange.detail,
        "field": exchange.field,
        "message": exchange.message,
        "direction": exchange.direction,
        "purpose": exchange.purpose,
        "party": exchange.party,
        "role": exchange.role,
        "owner": exchange.owner,
        "inReplyTo": None if exchange.in_reply_to is None else str(exchange.in_reply_to),
        "agreement": {"id": exchange.agreement_id, "version": exchange.agreement_version} if named else None,
        "fields": sorted(field["path"] for field in exchange.terms),
        "payloadDigest": exchange.payload_digest,
        "logIndex": exchange.decision_index,
        "promise": exchange.promise,
        "receipt": exchange.receipt,
        "nonReceipt": exchange.non_receipt,
        "acknowledgement": exchange.acknowledgement,
        "createdAt": moment(exchange.created_at),
        "sentAt": moment(exchange.sent_at),
        "toldAt": moment(exchange.told_at),
    }


def _waiting(app: Flask, bridge: Bridge) -> None:
    """Let either signatory of the agreements see what waits, never its contents, and make it due at once."""

    def view(session: Session, exchange: Exchange) -> JsonObject:
        return _view(exchange) | _patience_of(session, bridge, exchange)

    @app.get("/v1/waiting")
    def waiting() -> Response:
        authenticate(bridge, request, Holder.OPERATOR, Holder.AUTHORITY)
        only, start, limit = _number("setAside", 0), _number("start", 0), _number("limit", 100)
        with bridge.begin() as session:
            found = dead_letters.listing(
                session, only_set_aside=only > 0, start=start, limit=min(limit, LONGEST_LISTING)
            )
            counted = dead_letters.count(session)
            listed: JsonObject = {
                "waiting": counted.waiting,
                "setAside": counted.set_aside,
                "inDoubt": counted.in_doubt,
                "exchanges": [view(session, exchange) for exchange in found],
            }
        return _json(listed)

    @app.get("/v1/waiting/<uuid:exchange_id>")
    def one(exchange_id: UUID) -> Response:
        authenticate(bridge, request, Holder.OPERATOR, Holder.AUTHORITY)
        with bridge.begin() as session:
            found = session.get(Exchange, exchange_id)
            if found is None:
                abort(404, "There is no such exchange.")
            return _json(view(session, found))

    @app.post("/v1/waiting/<uuid:exchange_id>/resume")
    def resume(exchange_id: UUID) -> Response:
        caller = authenticate(bridge, request, Holder.OPERATOR, Holder.AUTHORITY)
        with bridge.begin() as session:
            found = session.get(Exchange, exchange_id, with_for_update=True)
            if found is None:
                abort(404, "There is no such exchange.")
            if not dead_letters.is_waiting(found):
                return problem(409, "not_waiting", f"The exchange is {found.state}: nothing of it waits.")
            dead_letters.resume(found, bridge.clock())
            shown = view(session, found)
        events.info("exchange.resumed", exchange=str(exchange_id), by=caller.kid)
        bridge.wake()
        return _json(shown)

    @app.post("/v1/waiting/resume")
    def resume_all() -> Response:
        caller = authenticate(bridge, request, Holder.OPERATOR, Holder.AUTHORITY)
        with bridge.begin() as session:
            resumed = dead_letters.resume_all(session, bridge.clock())
        events.info("exchange.all_resumed", count=resumed, by=caller.kid)
        bridge.wake()
        return _json({"resumed": resumed})


def _patience_of(session: Session, bridge: Bridge, exchange: Exchange) -> JsonObject:
    """Return what is known of a wait: what went wrong, how often, when it is tried next and given up."""
    ends = dead_letters.ends_at(exchange, bridge.patience)
    ahead = dead_letters.ahead_of(session, exchange)
    tried = dead_letters.is_waiting(exchange) and exchange.set_aside_at is None
    return {
        "attempts": exchange.attempts,
        "faults": exchange.faults,
        "problem": exchange.last_error,
        "nextTry": format_time(exchange.due_at) if tried else None,
        "setAsideAt": None if exchange.set_aside_at is None else format_time(exchange.set_aside_at),
        "endsAt": None if ends is None else format_time(ends),
        "behind": None if ahead is None else str(ahead.id),
    }


def _agreements(app: Flask, bridge: Bridge) -> None:
    @app.post("/v1/agreements")
    def sign() -> Response:
        authenticate(bridge, request)
        signed = SignedAgreement.from_json(_body())
        with bridge.begin() as session:
            status, news = agreements.store(session, bridge.keyring, signed, bridge.clock())
        agreement = signed.agreement
        answer: JsonObject = {
            "id": agreement.id,
            "version": agreement.version,
            "digest": agreement.digest,
            "status": status.value,
        }
        if status is agreements.Status.PROPOSED:
            return _json(answer, 202)
        return _json(answer, 201 if news else 200)

    @app.post("/v1/suspensions")
    def suspend() -> Response:
        authenticate(bridge, request)
        members = Members(_body())
        token = members.text("statement", LONGEST)
        members.end()
        with bridge.begin() as session:
            suspension, news = agreements.suspend(session, bridge.keyring, token, bridge.clock())
        bridge.wake()
        return _json(suspension.to_json(), 201 if news else 200)

    @app.get("/v1/agreements")
    def listing() -> Response:
        authenticate(bridge, request)
        with bridge.begin() as session:
            return _json({"agreements": [*agreements.listing(session, bridge.keyring, bridge.clock())]})

    @app.get("/v1/agreements/active")
    def active() -> Response:
        authenticate(bridge, request)
        now = bridge.clock()
        asked = Members(dict(request.args.items()))
        message, purpose = asked.code("message"), asked.code("purpose")
        direction = asked.one_of("direction", Direction)
        asked.end()
        with bridge.begin() as session:
            found = speaking.active(session, bridge.keyring, message, direction, purpose, now)
        if isinstance(found, Reason):
            return problem(404, found.value, "No agreement lets this message cross now.")
        return _json(found)


def _log(app: Flask, bridge: Bridge) -> None:
    @app.get("/v1/log/checkpoint")
    def checkpoint() -> Response:
        """Give the newest cosigned checkpoint; ``?cosigned=false`` the newest of all, by the log alone."""
        wanted = request.args.get("cosigned", "true") != "false"
        with bridge.begin() as session:
            head = log.head(session)
            note = witnessing.cosigned(session, bridge.keyring) if wanted else None
        return Response(
            note or log.checkpoint(head, bridge.origin, bridge.log_key),
            content_type="text/plain; charset=utf-8",
        )

    @app.get("/v1/log/entries")
    def entries() -> Response:
        authenticate(bridge, request, Holder.PLATFORM, Holder.AUTHORITY, Holder.LOG)
        start, limit = _number("start", 0), _number("limit", 100)
        with bridge.begin() as session:
            page = log.entries(session, start, limit)
            size = log.head(session).size
        listed: JsonObject = {
            "size": size,
            "entries": [{"index": index, "record": parse_object(record.encode())} for index, record in page],
        }
        return _json(listed)

    @app.get("/v1/log/inclusion")
    def inclusion() -> Response:
        index, size = _number("index"), _number("size")
        with bridge.begin() as session:
            proof = log.inclusion(session, index, size)
        return _json({"index": index, "size": size, "proof": [sibling.hex() for sibling in proof]})

    @app.get("/v1/log/consistency")
    def consistency() -> Response:
        earlier, later = _number("from"), _number("to")
        with bridge.begin() as session:
            proof = log.consistency(session, earlier, later)
        return _json({"from": earlier, "to": later, "proof": [sibling.hex() for sibling in proof]})


def _health(app: Flask, bridge: Bridge) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    def readyz() -> Response:
        try:
            with bridge.begin() as session:
                counted = dead_letters.count(session)
                log.probe(session)
                witnessed = str(witnessing.standing(session))
        except (log.LogUnavailable, DBAPIError) as error:
            events.error("log.unavailable", problem=str(error))
            return _json({"status": "not_ready", "log": "cannot be written"}, 503)
        # Facts, no conditions: nothing that crosses waits for the witness, or for another exchange.
        known: JsonObject = {
            "waiting": counted.waiting,
            "setAside": counted.set_aside,
            "inDoubt": counted.in_doubt,
        }
        witness = "none is set" if bridge.witness_url is None else witnessed
        ready: JsonObject = {"status": "ready", "log": "can be written", "witness": witness}
        return _json(ready | {"exchanges": known})


def _body() -> JsonObject:
    """Return the request's JSON object, read strictly."""
    if request.mimetype != "application/json":
        abort(415, "Send application/json.")
    return parse_object(request.get_data(), max_bytes=LARGEST_BODY)


def _number(name: str, default: int | None = None) -> int:
    """Return a number from the query, 0 to 2**53-1."""
    text = request.args.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise MalformedMessage(f"?{name}", "missing")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= LARGEST_INTEGER):
        raise MalformedMessage(f"?{name}", "not_an_integer")
    return int(text)


def _json(value: JsonObject, status: int = 200) -> Response:
    return Response(canonical(value), status, content_type="application/json")
