"""Refusals over HTTP: problem details (RFC 9457) with our stable ``code`` and the ``field`` at fault."""

from http import HTTPStatus

import orjson
import structlog
from flask import Blueprint, Flask, Response, request
from flask.sansio.scaffold import Scaffold
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.errors import PlatformError, StorageFull

log = structlog.get_logger(__name__)

CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}

QUERY_CANCELED = "57014"
DISK_FULL = "53100"
UNHOLDABLE = frozenset({"22021", "22P05"})
PROOF_ALGORITHMS = "EdDSA ES256"
PROOF_ERRORS = {
    "proof_nonce": "use_dpop_nonce",
    "proof_required": "invalid_token",
    "proof_wrong_key": "invalid_token",
}


class UnsupportedMediaType(PlatformError):
    """The body is of a type that this entry does not take."""

    code = "unsupported_media_type"
    status = 415


class Malformed(PlatformError):
    """The body is not what its type says."""

    code = "malformed"
    status = 400


def problem(status: int, code: str, detail: str, *, field: str | None = None) -> Response:
    """Return a refusal; ``field`` is left out where none is at fault. Nobody may keep it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body["code"] = code
    if field is not None:
        body["field"] = field
    answer = Response(orjson.dumps(body), status, content_type="application/problem+json")
    answer.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED or code == "insufficient_scope":
        answer.headers["WWW-Authenticate"] = _challenge(code, detail)
    return answer


def of_error(error: PlatformError) -> Response:
    """Return what ``error`` says as a problem."""
    return problem(error.status, error.code, error.message, field=error.field)


def install(target: Flask | Blueprint) -> None:
    """Answer every error of ``target`` with a problem; what was not foreseen is logged and not told."""
    scaffold: Scaffold = target
    scaffold.register_error_handler(PlatformError, of_error)
    scaffold.register_error_handler(HTTPException, _of_http)
    scaffold.register_error_handler(OperationalError, _of_database)
    scaffold.register_error_handler(DataError, _of_data)
    scaffold.register_error_handler(UnicodeEncodeError, lambda _: of_error(_unholdable()))
    scaffold.before_request(_check_characters)
    scaffold.register_error_handler(Exception, _unforeseen)


def _of_http(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return Response(status=error.code or 500, headers=error.get_headers())
    answer = problem(error.code, CODES.get(error.code, "refused"), error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _of_database(error: OperationalError) -> Response:
    """Return the problem behind what PostgreSQL broke off: the time was up, or its disk is full."""
    state = getattr(error.orig, "sqlstate", None)
    if state == QUERY_CANCELED:
        return of_error(DeadlinePassed())
    if state == DISK_FULL:
        log.error("http.disk_full")
        return of_error(StorageFull())
    return _unforeseen(error)


def _of_data(error: DataError) -> Response:
    """Return the problem behind what PostgreSQL cannot hold: U+0000, in a text or in JSON."""
    unholdable = "NUL" in str(error.orig) or getattr(error.orig, "sqlstate", None) in UNHOLDABLE
    return of_error(_unholdable()) if unholdable else _unforeseen(error)


def _unholdable() -> Malformed:
    return Malformed("A text holds the character U+0000 or half a surrogate pair.", code="character")


def _check_characters() -> None:
    """Refuse U+0000 in an address before anything is asked of the database, which cannot hold it."""
    if "%00" in request.full_path or "\0" in request.path or "\0" in "".join(request.args.values()):
        raise _unholdable()


def _unforeseen(error: Exception) -> Response:
    log.error("http.unforeseen", exc_info=error)
    return problem(500, "internal", "Something went wrong on our side; nothing was changed.")


def _challenge(code: str, detail: str) -> str:
    """Return how to authenticate (RFC 6750, RFC 9449 section 7.1): an error only for a token shown."""
    if code == "token_missing":
        return f'Bearer realm="isthmus", DPoP algs="{PROOF_ALGORITHMS}"'
    plain = detail.replace("\\", "").replace('"', "'")
    if code.startswith("proof_"):
        error = PROOF_ERRORS.get(code, "invalid_dpop_proof")
        return f'DPoP error="{error}", error_description="{plain}", algs="{PROOF_ALGORITHMS}"'
    error = code if code == "insufficient_scope" else "invalid_token"
    return f'Bearer realm="isthmus", error="{error}", error_description="{plain}"'
