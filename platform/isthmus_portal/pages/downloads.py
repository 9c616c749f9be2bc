"""Files to a browser: a document, or the evidence of a crossing, opened for the actor by their services."""

import base64
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, g

from isthmus_portal.face import Download, Face


def add(portal: Blueprint, face: Face) -> None:
    """Add the two downloads."""

    @portal.get("/download/documents/<uuid:document>")
    def document(document: UUID) -> Response:
        return _attachment(face.document(g.actor, document))

    @portal.get("/download/evidence/<uuid:exchange>")
    def evidence(exchange: UUID) -> Response:
        return _attachment(face.evidence(g.actor, exchange))


def _attachment(file: Download) -> Response:
    """Return the file as an attachment; it is never shown within our own pages."""
    response = Response(file.chunks, mimetype=file.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.file_name, safe='')}"
    if file.size is not None:
        response.content_length = file.size
    if file.sha256 is not None:
        digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
        response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return response
