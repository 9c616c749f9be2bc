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


PAGE = Page(add)
