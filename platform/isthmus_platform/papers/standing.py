"""How a document stands: what the QR code on its page leads to, for anybody who holds the page.

The address names a version and its type, with a code that only this platform can make (HMAC-SHA-256): who
does not hold a page cannot ask whether a document exists. It tells what the page's foot tells, who issued it
and when, and whether it was revoked since; never what it says.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from isthmus_platform import parties
from isthmus_platform.database import Duty, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import NotFound
from isthmus_platform.papers import issuing, signing
from isthmus_platform.papers.issuing import STATUS, IssuedPaper
from isthmus_platform.papers.signing import Desk, Verified

NAMED = 16 + 3
"""Bytes of a version's id and its type."""
CODE = 14


@dataclass(frozen=True)
class Standing:
    """How one version of a document stands."""

    type: str
    """UNTDID 1001."""
    issuer: str
    """The legal name of who signed it."""
    version: int
    issued_at: datetime
    revoked_at: datetime | None
    kid: str


def address(desk: Desk, type_code: str, version_id: UUID) -> str:
    """Return where a version's standing is told."""
    named = version_id.bytes + type_code.encode().ljust(3)
    return f"{desk.address}/verify/{_written(named + _code(desk.vault, named))}"


def look(platform: Platform, desk: Desk, word: str) -> Standing:
    """Return how the document stands that ``word``, the last part of its address, names.

    Raises :class:`NotFound` for a word that is not ours.
    """
    given = _read(word)
    named = given[:NAMED]
    if len(given) != NAMED + CODE or not hmac.compare_digest(given[NAMED:], _code(desk.vault, named)):
        raise NotFound("There is no such document.", field="document")
    with platform.begin(Duty(STATUS)) as work:
        issued = work.session.get(IssuedPaper, UUID(bytes=named[:16]))
        if issued is None:
            raise NotFound("There is no such document.", field="document")
        issuer = parties.get(work, issued.issuer_id).legal_name
    return Standing(
        named[16:].decode().strip(), issuer, issued.number, issued.issued_at, issued.revoked_at, issued.kid
    )


@dataclass(frozen=True)
class Enquiries:
    """What anybody may ask of a document who holds its page or its file."""

    platform: Platform
    desk: Desk

    def standing(self, word: str) -> Standing:
        """Return how the document stands that ``word`` names; see :func:`look`."""
        return look(self.platform, self.desk, word)

    def verify(self, file: bytes) -> Verified:
        """Return whether a signed file, or the PDF that carries it, was issued here and stands today."""
        return signing.verified(self.desk, file, issuing.status_list(self.platform, self.desk))


def _code(vault: Vault, named: bytes) -> bytes:
    return hmac.digest(vault.secret("document standing"), named, hashlib.sha256)[:CODE]


def _written(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _read(word: str) -> bytes:
    try:
        value = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
    return value if _written(value) == word else b""
