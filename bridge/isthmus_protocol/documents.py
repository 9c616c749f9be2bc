"""A document signed by its issuer, in a file that verifies itself: JSON of format ``isthmus-document/1``.

``document`` is an SD-JWT by the issuing party's key, ``issuer`` the platform's word that the key is that
party's, ``status`` the list of what was revoked as it stood when the file was made, ``keys`` the platform's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from isthmus_protocol import disclosure, statements, status_list
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.disclosure import Shown
from isthmus_protocol.evidence import Check, Verdict
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey
from isthmus_protocol.shapes import MalformedMessage, Members

FORMAT = "isthmus-document/1"
DOCUMENT_TYPE = "isthmus-document+sd-jwt"
ISSUER_TYPE = "isthmus-issuer+jws"
LONGEST = 16 * 1_048_576
T = TypeVar("T")


@dataclass(frozen=True)
class Claims:
    """What a document always shows: who issued it and when, which document and version, of which type.

    ``type`` is a UNTDID 1001 code; ``status`` its place in the status list published at ``status_uri``.
    """

    issuer: str
    document: str
    version: int
    type: str
    issued_at: datetime
    status: int
    status_uri: str

    def to_json(self) -> JsonObject:
        """Return the claims under their registered names (RFC 7519, Token Status List)."""
        return {
            "iss": self.issuer,
            "iat": int(self.issued_at.timestamp()),
            "jti": self.document,
            "version": self.version,
            "type": self.type,
            "status": {"status_list": {"idx": self.status, "uri": self.status_uri}},
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Claims":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        status = Members(members.take("status"), "/status")
        place = Members(status.take("status_list"), "/status/status_list")
        claims = cls(
            members.text("iss"),
            members.text("jti"),
            members.integer("version"),
            members.text("type", 3),
            datetime.fromtimestamp(members.integer("iat"), UTC),
            place.integer("idx"),
            place.text("uri", 500),
        )
        for each in (place, status, members):
            each.end()
        return claims


@dataclass(frozen=True)
class SignedDocument:
    """The parts of the file."""

    token: str
    issuer: str
    keys: tuple[TrustedKey, ...]
    status: str | None = None

    def to_bytes(self) -> bytes:
        """Return the file."""
        return canonical(
            {
                "format": FORMAT,
                "document": self.token,
                "issuer": self.issuer,
                "keys": [key.to_json() for key in self.keys],
                "status": self.status,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "SignedDocument":
        """Read the file; raises :class:`MalformedJson` or :class:`MalformedMessage`."""
        found = parse(data, max_bytes=LONGEST)
        if canonical(found) != data:
            raise MalformedMessage("/", "not_canonical")
        members = Members(found)
        if members.take("format") != FORMAT:
            raise MalformedMessage("/format", "unknown")
        token, issuer, status = (members.take(name) for name in ("document", "issuer", "status"))
        if not isinstance(token, str) or not isinstance(issuer, str):
            raise MalformedMessage("/document", "not_a_string")
        if not isinstance(status, str | None):
            raise MalformedMessage("/status", "not_a_string")
        keys = members.each("keys", lambda entry, item: TrustedKey.from_json(entry.take(item)))
        members.end()
        return cls(token, issuer, tuple(keys), status)


def vouch(platform: SigningKey, party: str, key: TrustedKey, at: datetime) -> str:
    """Return the platform's word that ``key`` is the party's: a JWS over its name and the key."""
    payload: JsonObject = {"iat": int(at.timestamp()), "key": key.to_json(), "party": party}
    return statements.sign(platform, payload, ISSUER_TYPE)


def sign(key: SigningKey, claims: Claims, data: JsonObject) -> str:
    """Return the SD-JWT of a document with all of ``data`` shown, by the party's ``key``."""
    return disclosure.issue(key, DOCUMENT_TYPE, claims.to_json(), data)


def is_signed_document(data: bytes) -> bool:
    """Return whether ``data`` claims to be a signed document (which says nothing of its truth)."""
    try:
        found = parse(data, max_bytes=LONGEST)
    except MalformedJson:
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def open_document(signed: SignedDocument, trust: Keyring | None = None) -> tuple[Claims, Shown]:
    """Return what a document shows once its signatures hold, or raise :class:`SignatureError`.

    Without ``trust`` the platform's key is the one in the file. Whether it was revoked is not looked at.
    """
    platform = Keyring(signed.keys) if trust is None else trust
    vouched = statements.verify(signed.issuer, platform, ISSUER_TYPE, Holder.PLATFORM)
    try:
        key = TrustedKey.from_json(vouched.get("key"))
        shown = disclosure.open_token(signed.token, Keyring([key]), DOCUMENT_TYPE, Holder.PARTY)
        claims = Claims.from_json(shown.claims)
    except MalformedMessage as error:
        raise SignatureError(f"the document is malformed: {error}") from error
    used = {statements.signer(token, platform).kid for token in (signed.issuer, signed.status) if token}
    if used != {each.kid for each in signed.keys}:
        raise SignatureError("the keys in the file are not those that signed it")
    if vouched.get("party") != claims.issuer:
        raise SignatureError("the key is another party's than the issuer's")
    return claims, shown


def verify_document(data: bytes, trust: Keyring | None) -> tuple[Verdict, JsonObject | None]:
    """Check the file ``data`` and return the verdict, and what the document says if it holds."""
    try:
        signed = SignedDocument.from_bytes(data)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), ()), None
    opened, found = _checked("signature", lambda: open_document(signed, trust))
    if opened is None:
        return Verdict((found,), ()), None
    claims, shown = opened
    said = f"{claims.issuer} issued {claims.type} {claims.document} on {claims.issued_at:%Y-%m-%d}"
    part = f"{shown.hidden} members not shown" if shown.hidden else "shown whole"
    checks = (
        Check("signature", passed=True, detail=said),
        Check("fields", passed=True, detail=f"{len(shown.data)} shown as they were signed, {part}"),
        _status(signed, claims, trust),
    )
    fingerprints = tuple(f"{key.holder} {key.kid}" for key in signed.keys)
    verdict = Verdict(checks, fingerprints)
    return verdict, shown.data if verdict.passed else None


def _status(signed: SignedDocument, claims: Claims, trust: Keyring | None) -> Check:
    token = signed.status
    if token is None:
        return Check("status", passed=True, detail=f"not in the file: ask {claims.status_uri}")
    keys = Keyring(signed.keys) if trust is None else trust

    def look() -> tuple[datetime, bool]:
        listed = status_list.open_list(token, keys)
        if listed.subject != claims.status_uri:
            raise SignatureError("the status list is another than the document names")
        return listed.at, listed.revoked(claims.status)

    found, failed = _checked("status", look)
    if found is None:
        return failed
    at, revoked = found
    word = "REVOKED by its issuer" if revoked else "not revoked"
    return Check("status", passed=not revoked, detail=f"{word}, as of {at:%Y-%m-%d %H:%M} UTC")


def _checked(name: str, look: Callable[[], T]) -> tuple[T | None, Check]:
    try:
        return look(), Check(name, passed=True, detail="")
    except SignatureError as error:
        return None, Check(name, passed=False, detail=str(error))
