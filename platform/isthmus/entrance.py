"""What every HTTP entry has: a request id, an access line, safe headers, limits, problem documents."""

import re
import time
from collections.abc import Callable, Iterable
from secrets import token_hex
from types import TracebackType
from typing import TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Flask, Request, Response, jsonify, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException, InternalServerError

log = structlog.get_logger("isthmus.access")

Trouble: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
SILENT = frozenset({"/healthz", "/readyz"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
IN_PRODUCTION = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    408: "timed_out",
    413: "too_large",
    415: "unsupported_media_type",
    500: "internal",
    503: "unavailable",
}


class Observed:
    """WSGI middleware: binds the request's id for the logs, hands it on, and writes the access line.

    An id that is not plain is replaced: it goes into logs and databases.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else token_hex(12)
        environ["HTTP_X_REQUEST_ID"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: Trouble = None,
            /,
        ) -> Callable[[bytes], object]:
            path = environ.get("PATH_INFO", "")
            if path not in SILENT:
                log.info(
                    "request",
                    method=environ.get("REQUEST_METHOD"),
                    path=path,
                    status=int(status[:3]),
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        return self.application(environ, start)


class Dressed:
    """WSGI middleware: gives every answer safe headers; what a view set itself stays as it is."""

    def __init__(self, application: WSGIApplication, *, production: bool) -> None:
        self.application = application
        headers = HEADERS | (IN_PRODUCTION if production else {})
        self.headers = [(name.lower(), (name, value)) for name, value in headers.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: Trouble = None,
            /,
        ) -> Callable[[bytes], object]:
            held = {name.lower() for name, _ in headers}
            safe = [header for name, header in self.headers if name not in held]
            return start_response(status, headers + safe, exc_info)

        return self.application(environ, start)


class Sessions(SecureCookieSessionInterface):
    """Reads a session from where one was sent: machines send none, and pay for none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session that came with ``request``, or an empty one."""
        if self.get_cookie_name(app) not in request.headers.get("Cookie", ""):
            return self.session_class()
        return super().open_session(app, request)


def equip(app: Flask, *, body_limit: int, production: bool) -> Flask:
    """Give ``app`` what the platform's entries have and return it."""
    app.config["MAX_CONTENT_LENGTH"] = body_limit
    app.session_interface = Sessions()

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response | HTTPException:
        return error if _wants_page() else problem(error)

    dress(app, production=production)
    app.wsgi_app = Observed(app.wsgi_app)  # type: ignore[method-assign]  # Flask documents it so
    return app


def dress(app: Flask, *, production: bool) -> Flask:
    """Give the answers of ``app`` safe headers and return it."""
    app.wsgi_app = Dressed(app.wsgi_app, production=production)  # type: ignore[method-assign]
    return app


def problem(error: HTTPException) -> Response:
    """Return ``error`` as a problem document (RFC 9457) with a stable ``code``."""
    status = error.code or 500
    if isinstance(error, InternalServerError):
        detail = "Something went wrong here; the request id leads to it."
    else:
        detail = error.description or error.name
    response = jsonify(
        type="about:blank",
        title=error.name,
        status=status,
        detail=detail,
        code=CODES.get(status, error.name.lower().replace(" ", "_")),
        requestId=request.headers.get("X-Request-Id"),
    )
    response.status_code = status
    response.content_type = "application/problem+json"
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response


def _wants_page() -> bool:
    """Whether a browser asked: a machine gets a problem document even for ``*/*``."""
    return "text/html" in request.headers.get("Accept", "")
