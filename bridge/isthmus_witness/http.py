"""The witness over HTTP: C2SP tlog-witness, its last checkpoint, and whether it can work. Plain WSGI."""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from isthmus_witness.submission import LONGEST_BODY, Malformed, Submission
from isthmus_witness.witness import (
    Inconsistent,
    NotTheLogs,
    OtherSize,
    RecordLost,
    UnknownLog,
    Witness,
)

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
STATUS: dict[type[Exception], HTTPStatus] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    UnknownLog: HTTPStatus.NOT_FOUND,
    NotTheLogs: HTTPStatus.FORBIDDEN,
    Inconsistent: HTTPStatus.UNPROCESSABLE_ENTITY,
    RecordLost: HTTPStatus.SERVICE_UNAVAILABLE,
}

Answer = tuple[HTTPStatus, str, str]
View = Callable[[Witness, WSGIEnvironment], Answer]

events = structlog.get_logger(__name__)


def create_app(witness: Witness) -> WSGIApplication:
    """Return the WSGI application of ``witness``."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, kind, text = _answer(witness, environ)
        body = text.encode()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", VIEWS[environ["PATH_INFO"]][0]))
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return application


def _answer(witness: Witness, environ: WSGIEnvironment) -> Answer:
    path = environ.get("PATH_INFO", "")
    if path not in VIEWS:
        return HTTPStatus.NOT_FOUND, TEXT_TYPE, "There is nothing here.\n"
    method, view = VIEWS[path]
    if environ["REQUEST_METHOD"] != method:
        return HTTPStatus.METHOD_NOT_ALLOWED, TEXT_TYPE, f"This wants {method}.\n"
    try:
        return view(witness, environ)
    except tuple(STATUS) as refusal:
        status = STATUS[type(refusal)]
        events.warning("witness.refused", status=status.value, reason=str(refusal))
        return status, TEXT_TYPE, f"{refusal}\n"


def _add_checkpoint(witness: Witness, environ: WSGIEnvironment) -> Answer:
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()):
        return HTTPStatus.LENGTH_REQUIRED, TEXT_TYPE, "Send the body with its length.\n"
    if len(length) > 9 or int(length) > LONGEST_BODY:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TEXT_TYPE, "The request is too long.\n"
    try:
        submission = Submission.from_body(environ["wsgi.input"].read(int(length)))
        line = witness.add_checkpoint(submission)
    except OtherSize as conflict:
        events.info("witness.other_size", size=conflict.size)
        return HTTPStatus.CONFLICT, SIZE_TYPE, f"{conflict.size}\n"
    events.info("witness.cosigned", checkpoint=submission.note.text)
    return HTTPStatus.OK, TEXT_TYPE, line


def _checkpoint(witness: Witness, _: WSGIEnvironment) -> Answer:
    note = witness.last_note()
    if note is None:
        return HTTPStatus.NOT_FOUND, TEXT_TYPE, "Nothing has been cosigned yet.\n"
    return HTTPStatus.OK, TEXT_TYPE, note


def _healthz(_: Witness, __: WSGIEnvironment) -> Answer:
    return _json(HTTPStatus.OK, {"status": "alive"})


def _readyz(witness: Witness, _: WSGIEnvironment) -> Answer:
    try:
        note = witness.last_note()
    except RecordLost as lost:
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not_ready", "record": str(lost)})
    size = 0 if note is None else int(note.split("\n")[1])
    return _json(HTTPStatus.OK, {"status": "ready", "log": witness.origin, "cosigned": size})


def _json(status: HTTPStatus, members: dict[str, str | int]) -> Answer:
    return status, "application/json", json.dumps(members)


VIEWS: dict[str, tuple[str, View]] = {
    "/add-checkpoint": ("POST", _add_checkpoint),
    "/checkpoint": ("GET", _checkpoint),
    "/healthz": ("GET", _healthz),
    "/readyz": ("GET", _readyz),
}
