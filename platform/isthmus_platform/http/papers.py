"""Signed documents over HTTP: the file that verifies itself, as UBL and as pages, and what was revoked."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import orjson
from flask import Blueprint, Response, request

from isthmus_platform import documents as stored
from isthmus_platform import reading
from isthmus_platform.access_log import Action
from isthmus_platform.database import Actor, Platform, Work
from isthmus_platform.errors import InvalidInput, NotPermitted
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.papers import dcsa_ebl, issuing, plain, printing, signing, ubl
from isthmus_platform.papers.kinds import Paper
from isthmus_platform.papers.signing import Desk


def blueprint(platform: Platform, desk: Desk, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint of signed documents.

    ``GET /documents/<id>/signed[?fields=total,lines.amount]``, ``/ubl``, ``/dcsa`` and ``/pdf`` give one out,
    ``GET /documents/status`` is the signed list of what was revoked, for anybody.
    """
    web = Blueprint("papers", __name__)
    problems.install(web)

    @contextmanager
    def _reading() -> Iterator[Work]:
        actor, request_id = acting(authenticate), bodies.request_id()
        with (
            reading.attempt(platform, actor, Action.CONTENT, request_id=request_id),
            platform.begin(actor, request_id=request_id) as work,
        ):
            yield work

    @web.get("/documents/<uuid:document_id>/signed")
    def signed(document_id: UUID) -> Response:
        """Give the signed file out, showing what is open to the reader, or some fields of it."""
        fields = _fields()
        with _reading() as work:
            file = issuing.signed_file(work, desk, document_id, fields)
        return _given(file, signing.MEDIA_TYPE, f"document-{document_id}.json")

    @web.get("/documents/<uuid:document_id>/ubl")
    def as_ubl(document_id: UUID) -> Response:
        """Give the data out as UBL 2.4, where all of it is open to the reader."""
        with _reading() as work:
            _, paper = _whole(work, desk, document_id)
            file = ubl.write(paper)
        return _given(file, "application/xml", f"document-{document_id}.xml")

    @web.get("/documents/<uuid:document_id>/dcsa")
    def as_dcsa(document_id: UUID) -> Response:
        """Give a transport document out as DCSA eBL 3.0, where all of it is open to the reader."""
        with _reading() as work:
            said, paper = _whole(work, desk, document_id)
            status = dcsa_ebl.ISSUED if said.issued.revoked_at is None else dcsa_ebl.VOIDED
            file = orjson.dumps(dcsa_ebl.write(paper, desk.dcsa, status=status))
        return _given(file, "application/json", f"document-{document_id}.json")

    @web.get("/documents/<uuid:document_id>/pdf")
    def as_pdf(document_id: UUID) -> Response:
        """Give pages out to read, which carry the signed data of what is open to the reader."""
        return give_out_pages(platform, desk, acting(authenticate), document_id)

    @web.get("/documents/status")
    def status() -> Response:
        """Give the status list out (Token Status List), to be kept for an hour."""
        answer = Response(issuing.status_list(platform, desk), content_type="application/statuslist+jwt")
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return answer

    return web


def give_out_pages(platform: Platform, desk: Desk, actor: Actor, document_id: UUID) -> Response:
    """Return the answer to the present GET: the document as pages; a refusal is in the owner's log."""
    request_id = bodies.request_id()
    with (
        reading.attempt(platform, actor, Action.CONTENT, request_id=request_id),
        platform.begin(actor, request_id=request_id) as work,
    ):
        pages = printing.printed(work, desk, document_id)
    return _given(pages.pdf(), "application/pdf", f"document-{document_id}.pdf")


def _whole(work: Work, desk: Desk, document_id: UUID) -> tuple[issuing.Said, Paper]:
    """Return a document that is open whole to the reader, and its paper; the read is recorded."""
    row = stored.get(work, document_id)
    said = issuing.said(work, desk.vault, [row]).get(document_id)
    if said is None:
        raise InvalidInput("The document is a file; it has no data.", field="document", code="no_data")
    if not said.whole:
        raise NotPermitted("You were granted some of its fields.", code="fields_only")
    return said, plain.paper(row.type, said.data)


def _fields() -> list[str] | None:
    given = request.args.get("fields")
    return None if given is None else [each for each in given.split(",")[:100] if each]


def _given(file: bytes, media_type: str, name: str) -> Response:
    answer = Response(file, content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
