"""Verifying a document: how it stands, by the code on its page, and whether a file is what was signed.

Open to anybody: who holds a page or a file has read it already.
"""

from flask import Blueprint, render_template, request

from isthmus_platform import document_types
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.pages.sheet import leaves
from isthmus_portal.face import Face
from isthmus_portal.pages.page import Page

LARGEST = 16 * 1_048_576
"""Bytes of a file."""

LARGEST_FORM = LARGEST + 65_536
"""Bytes of the form that brings one, so that a file which is a little larger is told so."""


def add(portal: Blueprint, face: Face) -> None:
    """Add where a page's QR code leads, and the form for a file."""

    @portal.get("/verify/<word>")
    def standing(word: str) -> str:
        found = face.standing(word)
        return render_template(
            "portal/verify.html", standing=found, name=document_types.name_of(found.type), verified=None
        )

    @portal.route("/verify", methods=["GET", "POST"])
    def verify() -> str | tuple[str, int]:
        if request.method == "GET":
            return render_template("portal/verify.html", standing=None, verified=None)
        file = request.files.get("file")
        data = file.stream.read(LARGEST + 1) if file is not None else b""
        if not 0 < len(data) <= LARGEST:
            raise InvalidInput(
                "Choose a PDF or a signed file of at most 16 MiB.", field="file", code="length"
            )
        found = face.verify(data)
        said = leaves(found.data or {})
        name = None if found.type is None else document_types.name_of(found.type)
        page = render_template("portal/verify.html", standing=None, verified=found, said=said, name=name)
        return page, 200 if found.passed else 422


PAGE = Page(add)
