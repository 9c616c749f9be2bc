"""What the bridge answers when it does not do as asked: problem details (RFC 9457) with a stable code."""

from collections.abc import Callable

import orjson
import structlog
from flask import Flask, Response
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.http import HTTP_STATUS_CODES

from isthmus_bridge.agreements import AgreementConflict
from isthmus_bridge.authentication import NotAuthenticated, NotPermitted
from isthmus_bridge.log import LogUnavailable, NoSuchEntry
from isthmus_bridge.submission import KeyReused
from isthmus_protocol.canonical import MalformedJson
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.shapes import MalformedMessage

events = structlog.get_logger(__name__)


def problem(status: int, code: str, detail: str, *, field: str | None = None) -> Response:
    """Return an application/problem+json answer; ``field`` is the JSON pointer of what is at fault."""
    body = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "field": field,
    }
    response = Response(orjson.dumps(body), status, content_type="application/problem+json")
    if status == 401:
        # RFC 9110 wants a challenge; Accept-Signature would say more than a stranger needs.
        response.headers["WWW-Authenticate"] = "Signature"
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def register(app: Flask) -> None:
    """Make ``app`` answer every refusal and every failure as a problem."""

    def on(kind: type[Exception], answer: Callable[[Exception], Response]) -> None:
        app.register_error_handler(kind, answer)

    on(NotAuthenticated, lambda error: problem(401, "not_authenticated", str(error)))
    on(NotPermitted, lambda error: problem(403, "not_permitted", str(error)))
    on(NoSuchEntry, lambda error: problem(404, "not_found", str(error)))
    on(SignatureError, lambda error: problem(422, "signature", str(error)))
    on(LogUnavailable, _log_unavailable)
    for kind in (OperationalError, InterfaceError, InternalError):
        on(kind, _database_unavailable)
    on(
        KeyReused,
        lambda error: problem(409, "idempotency_key_reused", str(error), field="/idempotencyKey"),
    )
    app.register_error_handler(AgreementConflict, lambda error: problem(409, error.code, str(error)))
    app.register_error_handler(
        MalformedJson, lambda error: problem(400, error.rule, str(error), field=error.where or None)
    )
    app.register_error_handler(
        MalformedMessage, lambda error: problem(422, error.rule, str(error), field=error.field)
    )
    app.register_error_handler(HTTPException, _http)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, InternalServerError):
        return problem(status, "internal", "The bridge failed; nothing was changed.")
    code = HTTP_STATUS_CODES[status].lower().replace(" ", "_")
    response = problem(status, code, error.description or "")
    if status == 405:
        response.headers.extend([pair for pair in error.get_headers() if pair[0] == "Allow"])
    return response


def _log_unavailable(error: Exception) -> Response:
    events.error("log.unavailable", problem=str(error))
    return problem(503, "log_unavailable", "The log cannot be written, so nothing crosses. Try again.")


def _database_unavailable(error: Exception) -> Response:
    events.error("database.unavailable", problem=str(error))
    return problem(503, "database_unavailable", "The bridge's database does not answer. Try again.")
