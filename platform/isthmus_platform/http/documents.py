"""Documents over HTTP: bodies stream in and out, a chunk at a time, encrypted before they touch a disk."""

import base64
import mimetypes
import re
from collections.abc import Iterator
from itertools import chain
from uuid import UUID

import orjson
import structlog
from flask import Blueprint, Response, request

from isthmus_platform import contents, documents, reading, uploads
from isthmus_platform.access_log import Action
from isthmus_platform.database import Actor, Platform, Work
from isthmus_platform.documents import Document, DocumentVersion
from isthmus_platform.encryption import CHUNK, Corrupt, Vault
from isthmus_platform.errors import InvalidInput
from isthmus_platform.http import bodies, problems, ranges
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.uploads import Stored, Upload

log = structlog.get_logger(__name__)

LIMIT = 50 * bodies.MEBIBYTE
"""Bytes that a document has at most, unless the installation says otherwise."""


def blueprint(
    platform: Platform, vault: Vault, authenticate: Authenticate, *, limit: int = LIMIT
) -> Blueprint:
    """Return the blueprint that takes documents of at most ``limit`` bytes, and gives them out.

    ``POST /shipments/<reference>/documents?type=380&title=…`` stores a new document and ``POST
    /documents/<id>/versions`` a further version, each with an ``Idempotency-Key`` header and the contents as
    body. ``GET /documents/<id>/content[?version=]`` gives contents out.
    """
    web = Blueprint("documents", __name__)
    problems.install(web)
    ranges.install(web)

    @web.post("/shipments/<reference>/documents")
    def store(reference: str) -> Response:
        """Store a new document."""
        actor, given = acting(authenticate), _query("type", "title")
        if "type" not in given:
            raise InvalidInput("Say what the document is: ?type=380.", field="type", code="required")

        def begin(work: Work) -> Upload:
            return uploads.begin_upload(
                work,
                vault,
                reference,
                type_code=given["type"],
                title=given.get("title"),
                media_type=request.headers.get("Content-Type", ""),
            )

        return _receive(platform, actor, limit, begin)

    @web.post("/documents/<uuid:document_id>/versions")
    def store_version(document_id: UUID) -> Response:
        """Store a further version of a document."""
        actor = acting(authenticate)
        _query()

        def begin(work: Work) -> Upload:
            media_type = request.headers.get("Content-Type", "")
            return uploads.begin_version(work, vault, document_id, media_type=media_type)

        with reading.attempt(platform, actor, Action.METADATA, request_id=bodies.request_id()):
            return _receive(platform, actor, limit, begin)

    @web.get("/documents/<uuid:document_id>/content")
    def content(document_id: UUID) -> Response:
        """Give the contents of a version out, the newest unless ``version`` says otherwise."""
        actor, number = acting(authenticate), _number(_query("version").get("version"))
        return give_out(platform, vault, actor, document_id, number)

    return web


def _receive(platform: Platform, actor: Actor, limit: int, begin: uploads.Begin) -> Response:
    """Take the present request's body: may it be, encrypt it as it comes, write it all at once."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise InvalidInput("Send an Idempotency-Key.", field="Idempotency-Key", code="required")
    declared = request.content_length
    if declared is not None and declared > limit:
        raise uploads.too_large(limit)
    with platform.begin(actor, request_id=bodies.request_id()) as work:
        upload = begin(work)
    request.max_content_length = limit + 2 * CHUNK  # measured in receive, so that our own error answers
    with upload.receive(request.stream.read, limit) as received:
        if declared is not None and received.size != declared:
            raise InvalidInput("The body ended early.", field="body", code="incomplete")
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            stored = uploads.store(work, upload, received, idempotency_key=key)
    return _stored(stored)


def _stored(stored: Stored) -> Response:
    version = stored.version
    answer = {
        "id": str(stored.document_id),
        "version": version.number,
        "sha256": version.sha256,
        "size": version.size,
    }
    return Response(
        orjson.dumps(answer),
        200 if stored.repeated else 201,
        content_type="application/json",
        headers={"Location": f"/documents/{stored.document_id}/content?version={version.number}"},
    )


def give_out(
    platform: Platform, vault: Vault, actor: Actor, document_id: UUID, number: int | None = None
) -> Response:
    """Return the answer to the present GET or HEAD: a version's contents, the newest unless ``number``.

    Of a GET with one ``Range`` that part alone, which is a read in the owner's log like any other.

    Raises what :func:`reading.open_contents` raises; a refusal is in the owner's access log by then.
    """
    action = Action.METADATA if request.method == "HEAD" else Action.CONTENT
    request_id = bodies.request_id()
    with (
        reading.attempt(platform, actor, action, request_id=request_id),
        platform.begin(actor, request_id=request_id) as work,
    ):
        if action is Action.METADATA:
            document = reading.look(work, document_id)
            return _described(document, documents.version(work, document_id, number))
        opened = reading.open_contents(work, vault, document_id, number)
        size = opened.version.size
        wanted = ranges.asked(size, _tag(opened.version))
    answer = _described(opened.document, opened.version)
    if wanted is None:
        pieces = contents.contents(platform, actor, opened.version, opened.key)
    else:
        pieces = contents.part(platform, actor, opened.version, opened.key, wanted)
        ranges.describe(answer, wanted, size)
    first = next(pieces)  # what is corrupt from the start is answered with a problem
    answer.response = _watched(chain([first], pieces), opened.version)
    return answer


def _tag(version: DocumentVersion) -> str:
    """Return the strong validator of a version's contents (RFC 9110 section 8.8.3): their digest."""
    return f'"{version.sha256}"'


def _described(document: Document, version: DocumentVersion) -> Response:
    """Return an answer without a body that says what the contents are (Repr-Digest: RFC 9530)."""
    answer = Response(content_type=version.media_type)
    digest = base64.b64encode(bytes.fromhex(version.sha256)).decode("ascii")
    answer.headers.set("Content-Disposition", "attachment", filename=_file_name(document, version))
    answer.headers.update(
        {
            "Content-Length": str(version.size),
            "Repr-Digest": f"sha-256=:{digest}:",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
            "Accept-Ranges": "bytes",
            "ETag": _tag(version),
        }
    )
    return answer


def _watched(pieces: Iterator[bytes], version: DocumentVersion) -> Iterator[bytes]:
    """Yield ``pieces``; what is corrupt further on cuts the connection short of its declared length."""
    try:
        yield from pieces
    except Corrupt as error:
        log.error("document.corrupt", version_id=str(version.id), problem=error.message)
        raise


def _file_name(document: Document, version: DocumentVersion) -> str:
    """Return a name that no file system or header takes for anything else."""
    plain = re.sub(r"[^\w-]+", "-", document.title)[:80].strip("-_") or "document"
    xml = version.media_type.endswith(("/xml", "+xml"))
    ending = ".xml" if xml else mimetypes.guess_extension(version.media_type) or ""
    return f"{plain}-v{version.number}{ending}"


def _query(*known: str) -> dict[str, str]:
    """Return the query's parameters, each known and given once."""
    for name, values in request.args.lists():
        if name not in known:
            raise InvalidInput("There is no such parameter.", field=name[:80], code="unknown_field")
        if len(values) > 1:
            raise InvalidInput("The parameter is given more than once.", field=name, code="repeated")
    return request.args.to_dict()


def _number(value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 9 and int(value) > 0):
        raise InvalidInput("A version is a number from 1.", field="version", code="format")
    return int(value)
