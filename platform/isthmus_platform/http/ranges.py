"""Parts of contents over HTTP (RFC 9110 section 14): one range of bytes, so that what broke off goes on."""

import re

from flask import Blueprint, Response, request

from isthmus_platform.contents import Part
from isthmus_platform.errors import PlatformError
from isthmus_platform.http import problems

ONE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)


class RangeNotSatisfiable(PlatformError):
    """The range lies outside of the contents."""

    code = "range_not_satisfiable"
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The contents have {size} bytes.", field="Range")
        self.size = size


def asked(size: int, tag: str) -> Part | None:
    """Return the part of ``size`` bytes that the present request asks for; None for the whole.

    A ``Range`` of another form or of several parts is left unheard, as the standard lets a server do, and one
    whose ``If-Range`` names other contents than ``tag`` too. Raises :class:`RangeNotSatisfiable`.
    """
    found = ONE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        wanted = Part(max(size - int(last), 0), size - 1)
        satisfiable = int(last) > 0
    else:
        if last and int(last) < int(first):
            return None
        wanted = Part(int(first), min(int(last), size - 1) if last else size - 1)
        satisfiable = wanted.first < size
    if not satisfiable:
        raise RangeNotSatisfiable(size)
    return wanted


def install(web: Blueprint) -> None:
    """Let ``web`` tell how much there is where a range lies outside of it (RFC 9110 section 15.5.17)."""

    @web.errorhandler(RangeNotSatisfiable)
    def refuse(error: RangeNotSatisfiable) -> Response:
        answer = problems.of_error(error)
        answer.headers["Content-Range"] = f"bytes */{error.size}"
        return answer


def describe(answer: Response, part: Part, size: int) -> None:
    """Say in ``answer`` that it is a part; a digest of the whole (``Repr-Digest``) stays what it is."""
    answer.status_code = 206
    answer.headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    answer.headers["Content-Length"] = str(part.last - part.first + 1)
