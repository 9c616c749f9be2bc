"""Reading a request's body: of the right type and size, and strict JSON."""

import json
from typing import Any, NoReturn

import orjson
import structlog
from flask import request

from isthmus_platform.errors import TooLarge
from isthmus_platform.http.problems import Malformed, UnsupportedMediaType

MEBIBYTE = 1 << 20


def read(content_type: str, *, most: int = MEBIBYTE) -> bytes:
    """Return the body of the present request if it is ``content_type`` and at most ``most`` bytes.

    Raises :class:`UnsupportedMediaType` and :class:`TooLarge`; what is too long is not read.
    """
    if request.mimetype != content_type:
        raise UnsupportedMediaType(f"Send {content_type}.")
    if request.content_length is not None and request.content_length > most:
        raise TooLarge(f"The body may have {most} bytes.")
    request.max_content_length = None  # measured here, so that our own error answers
    body = request.stream.read(most + 1)
    if len(body) > most:
        raise TooLarge(f"The body may have {most} bytes.")
    return body


def read_json(*, most: int = MEBIBYTE) -> Any:
    """Return the JSON of the present request.

    Raises :class:`Malformed` (``malformed_json``) for what is not JSON in UTF-8, a member given twice, NaN or
    Infinity, and nesting beyond reason.
    """
    return parsed(read("application/json", most=most))


def parsed(body: bytes) -> Any:
    """Return the value of JSON, or raise :class:`Malformed`."""
    try:
        found = orjson.loads(body)
        if orjson.dumps(found) == body:  # as written out again, so nothing was given twice or changed
            return found
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # told below by the strict reader, which is several times as slow
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_each_member_once, parse_constant=_no_such_number
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Malformed(f"This is not JSON: {reason}", code="malformed_json") from None


def request_id() -> str:
    """Return the id that follows the present request through the logs."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


def _each_member_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(members)
    if len(held) != len(members):
        raise ValueError("a member is given twice")
    return held


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
