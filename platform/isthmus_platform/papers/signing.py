"""Signing papers and showing them in part, in the protocol's form, which needs no platform."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from isthmus_platform.encryption import Corrupt, Vault
from isthmus_platform.papers import dcsa_ebl
from isthmus_platform.papers.ubl import Schemas
from isthmus_protocol import disclosure, documents, pdf, status_list
from isthmus_protocol.canonical import MalformedJson
from isthmus_protocol.documents import Claims, SignedDocument
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage

MEDIA_TYPE = "application/vnd.isthmus.document+json"


@dataclass(frozen=True)
class Desk:
    """What issuing needs: the vault, the platform's key that vouches for parties' keys, our own address.

    ``schemas`` are the published UBL schemas and ``dcsa`` is DCSA's, without which neither is read.
    """

    vault: Vault
    platform_key: SigningKey = field(repr=False)
    address: str = ""
    schemas: Schemas | None = None
    dcsa: dcsa_ebl.Schema | None = None

    @property
    def status_uri(self) -> str:
        """Where the status list is published."""
        return f"{self.address}/documents/status"


@dataclass(frozen=True)
class Issue:
    """What is signed beside the data: who issues which version of which document, when."""

    issuer: str
    version_id: str
    number: int
    type: str
    at: datetime
    status: int


def new_seed() -> tuple[bytes, str]:
    """Return a new Ed25519 key of a party, as 32 bytes, and its ``kid``."""
    key = SigningKey.generate(Holder.PARTY)
    return key.private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()), key.kid


def sign(desk: Desk, seed: bytes, issue: Issue, data: dict[str, Any]) -> bytes:
    """Return the file of a document signed by a party's key, all of it shown."""
    key = SigningKey(Holder.PARTY, Ed25519PrivateKey.from_private_bytes(seed))
    claims = Claims(
        issue.issuer, issue.version_id, issue.number, issue.type, issue.at, issue.status, desk.status_uri
    )
    return SignedDocument(
        documents.sign(key, claims, data),
        documents.vouch(desk.platform_key, issue.issuer, key.public, issue.at),
        (desk.platform_key.public,),
    ).to_bytes()


def narrowed(file: bytes, fields: Collection[str] | None, status: str | None = None) -> bytes:
    """Return the file showing ``fields`` alone (all for None), with a ``status`` list put in."""
    signed = _opened(file)
    token = signed.token if fields is None else disclosure.present(signed.token, fields)
    return SignedDocument(token, signed.issuer, signed.keys, status).to_bytes()


def said(file: bytes, fields: Collection[str] | None = None) -> dict[str, Any]:
    """Return what the file says, of ``fields`` alone unless None; else :class:`Corrupt`."""
    try:
        _, shown = documents.open_document(SignedDocument.from_bytes(narrowed(file, fields)))
    except SignatureError as error:
        raise Corrupt(f"The signed document does not hold: {error}") from None
    return shown.data


def said_whole(file: bytes) -> tuple[Claims, dict[str, Any], int]:
    """Return who issued what, what the file shows, and how many members it does not; else ``Corrupt``."""
    try:
        claims, shown = documents.open_document(SignedDocument.from_bytes(file))
    except SignatureError as error:
        raise Corrupt(f"The signed document does not hold: {error}") from None
    return claims, shown.data, shown.hidden


@dataclass(frozen=True)
class Verified:
    """What looking at a file gave: each check by name, whether it held and how, and what the file says."""

    checks: tuple[tuple[str, bool, str], ...]
    type: str | None = None
    data: dict[str, Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether all holds."""
        return all(held for _, held, _ in self.checks)


def verified(desk: Desk, file: bytes, status: str) -> Verified:
    """Return whether a file that somebody brings, or the PDF that carries it, is of ours and stands today.

    ``status`` is the list of today; the file's own, which may be older, is not looked at.
    """
    try:
        carried = pdf.signed_document(file) if pdf.is_pdf(file) else file
        today = replace(SignedDocument.from_bytes(carried), status=status).to_bytes()
    except (MalformedJson, MalformedMessage) as error:
        return Verified((("form", False, str(error)),))
    verdict, data = documents.verify_document(today, Keyring([desk.platform_key.public]))
    checks = tuple((check.name, check.passed, check.detail) for check in verdict.checks)
    type_code = None if data is None else said_whole(today)[0].type
    return Verified(checks, type_code, data)


def fields_of(file: bytes) -> list[str]:
    """Return the fields that the file shows, each as a grant names it."""
    return disclosure.paths(_opened(file).token)


def status_of(desk: Desk, at: datetime, revoked: Iterable[int], size: int) -> str:
    """Return the signed status list."""
    return status_list.sign_list(desk.platform_key, desk.status_uri, at, revoked, size)


def _opened(file: bytes) -> SignedDocument:
    try:
        return SignedDocument.from_bytes(file)
    except (MalformedJson, MalformedMessage) as error:
        raise Corrupt(f"The signed document cannot be read: {error}") from None
