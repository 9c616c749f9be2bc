"""A document as pages to read and to print: a PDF that carries the signed data and leads to verification.

The pages show what is open to the reader and no more; the read is in the owner's access log.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.papers import issuing, signing, standing
from isthmus_platform.papers.pages.drawing import Colophon, draw
from isthmus_platform.papers.pages.sheet import Sheet, sheet
from isthmus_platform.papers.signing import Desk

COPY = "This page is a copy. The document is the signed data attached to this file."


@dataclass(frozen=True)
class Print:
    """What is on the pages, drawn when no transaction is open any more."""

    sheet: Sheet
    colophon: Colophon

    def pdf(self) -> bytes:
        """Return the PDF/A-3."""
        return draw(self.sheet, self.colophon)


def printed(work: Work, desk: Desk, document_id: UUID) -> Print:
    """Return the newest signed version of a document as pages.

    Raises what :func:`issuing.signed_file` raises.
    """
    file = issuing.signed_file(work, desk, document_id)
    issued = issuing.newest(work, [document_id])[document_id]
    claims, data, hidden = signing.said_whole(file)
    issuer = parties.get(work, issued.issuer_id).legal_name
    state = "Not revoked" if issued.revoked_at is None else "REVOKED by its issuer"
    said = [
        f"Signed by {issuer}",
        f"{_when(issued.issued_at)}, key {issued.kid[:16]}",
        f"{state} as of {_when(work.now)}",
        *([f"In part: {hidden} members of it are not shown to this reader."] if hidden else ()),
        COPY,
    ]
    return Print(
        sheet(claims.type, data),
        Colophon(
            f"Isthmus document {document_id}, version {issued.number}",
            standing.address(desk, claims.type, issued.version_id),
            said,
            issued.issued_at,
            file,
        ),
    )


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
