"""Ed25519 keys (RFC 8032), who holds them, and which of them are trusted.

A key is named by its RFC 7638 thumbprint over the JWK form of RFC 8037, so a ``kid`` cannot name another key.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from isthmus_protocol.canonical import JsonObject, JsonValue, canonical
from isthmus_protocol.shapes import MalformedMessage, Members, format_time


class Holder(StrEnum):
    """Who holds a key, which says what it may sign."""

    OPERATOR = "OPERATOR"
    AUTHORITY = "AUTHORITY"
    PLATFORM = "PLATFORM"
    BRIDGE = "BRIDGE"
    WINDOW = "WINDOW"
    LOG = "LOG"
    WITNESS = "WITNESS"
    PARTY = "PARTY"
    """A party, for its documents; the platform vouches for which."""


class SignatureError(Exception):
    """A signature, or what it must cover, is not in order; the message says what, never a secret."""


class UntrustedKey(SignatureError):
    """The key is unknown, or not in force then: whoever signs anew with the one that follows is believed."""


def encode_base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Return the bytes of ``text``; raises ValueError unless it is exactly what encoding them gives."""
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def thumbprint(x: str) -> str:
    """Return the RFC 7638 thumbprint of the Ed25519 public key ``x`` (base64url, RFC 8037)."""
    members: JsonObject = {"crv": "Ed25519", "kty": "OKP", "x": x}
    return encode_base64url(hashlib.sha256(canonical(members)).digest())


@dataclass(frozen=True)
class TrustedKey:
    """A public key: ``kid`` is its thumbprint, ``x`` its 32 bytes in base64url.

    It counts from ``not_before`` until before ``revoked_at``; None means that there is no such bound.
    """

    kid: str
    holder: Holder
    x: str
    not_before: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` unless ``x`` is a key and ``kid`` its thumbprint."""
        try:
            length = len(decode_base64url(self.x))
        except ValueError as error:
            raise MalformedMessage("/x", "base64url") from error
        if length != 32:
            raise MalformedMessage("/x", "length")
        if thumbprint(self.x) != self.kid:
            raise MalformedMessage("/kid", "thumbprint")

    @cached_property
    def raw(self) -> bytes:
        """The 32 bytes of the public key."""
        return decode_base64url(self.x)

    @cached_property
    def public_key(self) -> Ed25519PublicKey:
        """The key as the cryptography library wants it."""
        return Ed25519PublicKey.from_public_bytes(self.raw)

    @cached_property
    def _verifier(self) -> VerifyKey:
        return VerifyKey(self.raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is this key's over ``data``."""
        # libsodium takes half the time of OpenSSL, and a crossing waits for three signatures to be verified.
        try:
            self._verifier.verify(data, signature)
        except (BadSignatureError, ValueError) as error:
            raise SignatureError(f"the signature is not that of the {self.holder} key {self.kid}") from error

    @property
    def bare(self) -> "TrustedKey":
        """The key without its times: what it is, not for how long somebody trusts it."""
        return TrustedKey(self.kid, self.holder, self.x)

    def in_force(self, at: datetime | None) -> bool:
        """Say whether what this key signed at ``at`` counts; if nobody knows when, a revoked key does not."""
        if at is None:
            return self.revoked_at is None
        begun = self.not_before is None or self.not_before <= at
        return begun and (self.revoked_at is None or at < self.revoked_at)

    def demand_in_force(self, at: datetime | None) -> None:
        """Raise :class:`SignatureError`, saying when the key was revoked, unless it is in force ``at``."""
        if self.in_force(at):
            return
        if at is None or (self.revoked_at is not None and at >= self.revoked_at):
            raise UntrustedKey(f"the {self.holder} key {self.kid} was revoked at {self.revoked_at:%FT%TZ}")
        raise UntrustedKey(f"the {self.holder} key {self.kid} counts from {self.not_before:%FT%TZ} on")

    def to_json(self) -> JsonObject:
        """Return ``{"kid", "holder", "x"}``, and ``notBefore`` and ``revokedAt`` where they are set."""
        written: JsonObject = {"kid": self.kid, "holder": self.holder.value, "x": self.x}
        for name, moment in (("notBefore", self.not_before), ("revokedAt", self.revoked_at)):
            if moment is not None:
                written[name] = format_time(moment)
        return written

    @classmethod
    def from_json(cls, value: JsonValue) -> "TrustedKey":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        key = cls(
            members.text("kid"),
            members.one_of("holder", Holder),
            members.text("x"),
            members.optional("notBefore", members.time),
            members.optional("revokedAt", members.time),
        )
        members.end()
        return key


@dataclass(frozen=True)
class SigningKey:
    """A private key and who holds it; its representation shows no secret."""

    holder: Holder
    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, holder: Holder | str) -> "SigningKey":
        """Return a new key."""
        return cls(Holder(holder), Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, holder: Holder | str, pem: bytes) -> "SigningKey":
        """Read an unencrypted PKCS #8 key; raises ValueError when it is not an Ed25519 key."""
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("not an Ed25519 key")
        return cls(Holder(holder), key)

    def to_pem(self) -> bytes:
        """Return the key as PKCS #8 PEM, unencrypted: the file it goes to must be 0600."""
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def current(self) -> "SigningKey":
        """The key itself: what signs takes this once, so that one signature is of one key throughout."""
        return self

    @cached_property
    def public(self) -> TrustedKey:
        """The public half."""
        raw = self.private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = encode_base64url(raw)
        return TrustedKey(thumbprint(x), self.holder, x)

    @property
    def kid(self) -> str:
        """The key's name: its thumbprint."""
        return self.public.kid

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature over ``data``."""
        return self.private_key.sign(data)


class Keyring:
    """The public keys that somebody trusts, by ``kid``: of one holder several, while one follows another."""

    def __init__(self, keys: Iterable[TrustedKey]) -> None:
        self._keys = {key.kid: key for key in sorted(keys, key=lambda key: key.kid)}

    def get(self, kid: str) -> TrustedKey | None:
        """Return the key named ``kid``, or None."""
        return self._keys.get(kid)

    def held_by(self, *holders: Holder | str) -> list[TrustedKey]:
        """Return the keys of ``holders``, by ``kid``."""
        return [key for key in self._keys.values() if key.holder in holders]

    @property
    def bare(self) -> "Keyring":
        """The same keys without their times: for what was signed whenever, and is held to something else."""
        return Keyring(key.bare for key in self)

    def __iter__(self) -> Iterator[TrustedKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Keyring) and self._keys == other._keys

    __hash__ = None  # type: ignore[assignment]

    def to_json(self) -> JsonObject:
        """Return ``{"keys": [...]}``, sorted by ``kid``."""
        return {"keys": [key.to_json() for key in self]}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Keyring":
        """Read what :meth:`to_json` wrote; a key given twice is refused with :class:`MalformedMessage`."""
        members = Members(value)
        keys = members.each("keys", lambda entry, item: TrustedKey.from_json(entry.take(item)))
        members.end()
        if len({key.kid for key in keys}) != len(keys):
            raise MalformedMessage("/keys", "duplicate")
        return cls(keys)


class RotatingKey(SigningKey):
    """A holder's signing key as it is now: ``read`` is asked at each use, so that a process need not end."""

    def __init__(self, holder: Holder, read: Callable[[], SigningKey]) -> None:
        object.__setattr__(self, "holder", holder)
        object.__setattr__(self, "_read", read)

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        read: Callable[[], SigningKey] = self.__dict__["_read"]
        return read()

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """The private half of the key that signs now."""
        return self.current.private_key

    @property
    def public(self) -> TrustedKey:
        """The public half of the key that signs now."""
        return self.current.public

    def __repr__(self) -> str:
        return f"RotatingKey({self.holder})"


class RotatingKeyring(Keyring):
    """The keys that are trusted now: ``read`` is asked at each use."""

    def __init__(self, read: Callable[[], Keyring]) -> None:
        self._read = read

    @property
    def _keys(self) -> dict[str, TrustedKey]:  # type: ignore[override]  # read only here
        return self._read()._keys  # noqa: SLF001 (of a keyring, as this is)
