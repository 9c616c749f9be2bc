"""The window's HTTP: the bridge delivers here, and an authority's officer looks."""

from uuid import uuid4
from wsgiref.util import request_uri

import structlog
from flask import Flask, Response, abort, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from isthmus_protocol.canonical import MalformedJson, parse
from isthmus_protocol.parcels import Item, Kind, answer, open_parcel
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window import efti_gate, efti_inquiries, parcels, service, views
from isthmus_window.database import reading, writing
from isthmus_window.problems import problem
from isthmus_window.service import Refused, Window

LARGEST_BODY = 1_048_576
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


def create_app(window: Window) -> Flask:
    """Return the WSGI application of ``window``. The steps are taken by :mod:`isthmus_window.work`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    _add_bridge(app, window)
    _add_pages(app, window)
    _add_health(app, window)
    app.register_blueprint(efti_gate.blueprint(window))
    app.register_blueprint(efti_inquiries.blueprint(window))
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(MalformedJson, _malformed_json)
    app.register_error_handler(MalformedMessage, _malformed_message)
    app.register_error_handler(HTTPException, _http_error)

    @app.before_request
    def bind_request_id() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=_request_id())

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app


def _add_bridge(app: Flask, window: Window) -> None:
    @app.post("/v1/exchanges")
    def receive() -> Response:
        return _alone(window, Kind.ENVELOPE)

    @app.post("/v1/receipts")
    def note() -> Response:
        return _alone(window, Kind.NOTICE)

    @app.post("/v1/inquiries")
    def tell() -> Response:
        return _alone(window, Kind.INQUIRY)

    @app.post("/v1/parcels")
    def take() -> Response:
        results = parcels.take(window, open_parcel(_signed_body(window)))
        return Response(answer(results), content_type="application/json")


def _alone(window: Window, kind: Kind) -> Response:
    """Take the one message that the present request holds."""
    item = Item(kind, _request_id(), parse(_signed_body(window)))
    with writing(window.engine) as session:
        return jsonify(parcels.TREAT[kind](window, session, item))


def _add_pages(app: Flask, window: Window) -> None:
    app.add_template_filter(views.money)

    @app.get("/")
    def home() -> str:
        with reading(window.engine) as session:
            listed, asked = views.declarations(session), views.queries(session)
        return render_template("home.html", declarations=listed, queries=asked, counts=views.counts(listed))

    @app.get("/declarations")
    def declarations() -> str:
        with reading(window.engine) as session:
            listed = views.declarations(session)
        return render_template("declarations.html", declarations=listed)

    @app.get("/declarations/<exchange>")
    def declaration(exchange: str) -> str:
        with reading(window.engine) as session:
            found = views.declaration(session, exchange)
        if found is None:
            abort(404)
        return render_template("declaration.html", declaration=found)

    @app.get("/declarations.json")
    def as_json() -> Response:
        with reading(window.engine) as session:
            return jsonify(declarations=views.declarations(session), queries=views.queries(session))


def _add_health(app: Flask, window: Window) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> Response:
        service.check_ready(window)
        return jsonify(status="ready")


def _signed_body(window: Window) -> bytes:
    """Return the body of a request that the bridge signed; raises :class:`Refused`."""
    if request.mimetype != "application/json":
        raise Refused(415, "wrong_content_type", "The body must be application/json.")
    body = request.get_data(cache=False)
    service.authenticate(window, request.method, request_uri(request.environ), dict(request.headers), body)
    return body


def _request_id() -> str:
    given = request.headers.get("X-Request-Id", "")
    if "request_id" not in request.environ:
        sound = 1 <= len(given) <= 128 and given.isascii() and given.isprintable()
        request.environ["request_id"] = given if sound else uuid4().hex
    return str(request.environ["request_id"])


def _problem(status: int, code: str, detail: str, field: str | None = None) -> Response:
    """Return a problem of RFC 9457."""
    response = make_response(jsonify(problem(status, code, detail, field)), status)
    response.mimetype = "application/problem+json"
    return response


def _refused(error: Refused) -> Response:
    return _problem(error.status, error.code, error.detail, error.field)


def _malformed_json(error: MalformedJson) -> Response:
    return _problem(400, f"json_{error.rule}", str(error), error.where or None)


def _malformed_message(error: MalformedMessage) -> Response:
    return _problem(422, error.rule, str(error), error.field)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _problem(
        status, (error.name or "error").lower().replace(" ", "_"), error.description or error.name
    )
