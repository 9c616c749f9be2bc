"""Files to a browser: a document, or the evidence of a crossing, each given out by its service."""

from uuid import UUID

from flask import Blueprint, Response, g

from isthmus_portal.face import Face
from isthmus_portal.pages.page import Page


def add(portal: Blueprint, face: Face) -> None:
    """Add the downloads."""

    @portal.get("/download/documents/<uuid:document>")
    def document(document: UUID) -> Response:
        return face.files.document(g.actor, document)

    @portal.get("/download/documents/<uuid:document>/pdf")
    def document_pages(document: UUID) -> Response:
        return face.files.pages(g.actor, document)

    @portal.get("/download/evidence/<uuid:exchange>")
    def evidence(exchange: UUID) -> Response:
        return face.files.evidence(g.actor, exchange)


def as_file(text: str, name: str) -> Response:
    """Return JSON text of the schema as a file to be taken along."""
    given = Response(text, content_type="application/json")
    given.headers.set("Content-Disposition", "attachment", filename=name)
    return given


PAGE = Page(add)
