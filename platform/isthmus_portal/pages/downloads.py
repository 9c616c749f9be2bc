"""Files to a browser: a document, or the evidence of a crossing, each given out by its service."""

from uuid import UUID

from flask import Blueprint, Response, abort, g

from isthmus_portal.face import Face


def add(portal: Blueprint, face: Face) -> None:
    """Add the downloads."""

    @portal.get("/download/documents/<uuid:document>")
    def document(document: UUID) -> Response:
        return face.document(g.actor, document)

    @portal.get("/download/documents/<uuid:document>/pdf")
    def document_pages(document: UUID) -> Response:
        if face.pages is None:
            abort(404)
        return face.pages(g.actor, document)

    @portal.get("/download/evidence/<uuid:exchange>")
    def evidence(exchange: UUID) -> Response:
        return face.evidence(g.actor, exchange)
