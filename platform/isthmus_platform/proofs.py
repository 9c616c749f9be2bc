"""Proof of possession (DPoP, RFC 9449): a token is of no use to whoever lacks the key it was issued to.

A proof is a JWT that the client signs for one request: method, address, the access token's hash, a nonce of
ours and an id that is good once. The ids are kept in PostgreSQL, which every web process shares and without
which nobody is let in anyway; a proof is used up in the transaction that looks its client up.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import jwt
from sqlalchemy import ForeignKey, Index, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.clock import Clock, utc_now
from isthmus_platform.database import Base, Work
from isthmus_platform.tokens import ALGORITHMS, refused, thumbprint

TYPE = "dpop+jwt"
LONGEST = 4096
LONGEST_JTI = 200
OLDEST = timedelta(seconds=120)
CLOCKS_MAY_DIFFER = timedelta(seconds=30)
NONCE_EVERY = 60  # seconds
NONCES_TAKEN = 5  # the present one and those before it
PORTS = {"http": 80, "https": 443}


class UsedProof(Base):
    """A proof that was used; ``digest`` is the SHA-256 of its ``jti``, whatever that holds."""

    __tablename__ = "used_proof"
    __table_args__ = (Index("ix_used_proof_expires_at", "expires_at"),)

    thumbprint: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    expires_at: Mapped[datetime]


@dataclass(frozen=True)
class Proof:
    """What a valid proof says: which key signed (RFC 7638), and what is remembered of it until when."""

    thumbprint: str
    digest: str
    expires_at: datetime


@dataclass(frozen=True)
class Nonces:
    """The nonces that proofs must carry: a new one each minute, good for five.

    They are made from a secret that all web processes hold, so that none needs to be stored.
    """

    secret: bytes
    clock: Clock = utc_now

    def current(self) -> str:
        """Return the nonce of this minute."""
        return self._nonce(self._minute())

    def takes(self, nonce: object) -> bool:
        """Tell whether ``nonce`` is one of the last five minutes'."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        minute = self._minute()
        known = [self._nonce(minute - age) for age in range(NONCES_TAKEN)]
        return any(hmac.compare_digest(nonce, each) for each in known)

    def _minute(self) -> int:
        return int(self.clock().timestamp()) // NONCE_EVERY

    def _nonce(self, minute: int) -> str:
        return _base64url(hmac.digest(self.secret, b"dpop-nonce %d" % minute, "sha256")[:18])


@dataclass(frozen=True)
class Target:
    """The request that a proof must be for: its method and address, and the access token it carries."""

    method: str
    address: str
    token: str | None = None


def read(proof: str, target: Target, nonces: Nonces) -> Proof:
    """Return what ``proof`` says of the request ``target`` (RFC 9449 section 4.3).

    Raises :class:`NotAuthenticated` with the code ``proof_invalid``, ``proof_method``, ``proof_address``,
    ``proof_token``, ``proof_expired``, ``proof_not_yet_valid`` or ``proof_nonce``. That it was not used
    before is for :func:`use_up` to say.
    """
    key, algorithm = _key(proof)
    try:
        claims = jwt.decode(
            proof,
            jwt.PyJWK(key, algorithm),
            algorithms=[algorithm],
            options={
                "require": ["jti", "htm", "htu", "iat"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        raise refused("proof_invalid", "The DPoP proof is not signed by the key it names.") from None
    _check_target(claims, target)
    now = nonces.clock()
    issued_at = _time(claims["iat"])
    if issued_at < now - OLDEST:
        raise refused("proof_expired", f"The DPoP proof is older than {OLDEST.seconds} seconds.")
    if issued_at > now + CLOCKS_MAY_DIFFER:
        raise refused("proof_not_yet_valid", "The DPoP proof is dated in the future.")
    if not nonces.takes(claims.get("nonce")):
        raise refused("proof_nonce", "Put the value of the header DPoP-Nonce into the DPoP proof.")
    if not 0 < len(claims["jti"]) <= LONGEST_JTI:
        raise refused("proof_invalid", f"jti is a text of 1 to {LONGEST_JTI} characters.")
    digest = hashlib.sha256(claims["jti"].encode("utf-8", "surrogatepass")).hexdigest()
    return Proof(thumbprint(key), digest, issued_at + OLDEST)


def use_up(work: Work, proof: Proof, party_id: UUID) -> None:
    """Remember ``proof`` until it expires (needs the duty ``sign-in``); one that is remembered is refused.

    What a crash of the server could lose of it is less than its restart takes.
    """
    work.session.execute(text("SET LOCAL synchronous_commit = off"))
    if proof.digest.startswith("0"):  # one in sixteen clears up
        work.session.execute(delete(UsedProof).where(UsedProof.expires_at < work.now))
    first: str | None = work.session.scalar(
        insert(UsedProof)
        .values(
            thumbprint=proof.thumbprint,
            digest=proof.digest,
            party_id=party_id,
            expires_at=proof.expires_at,
        )
        .on_conflict_do_nothing()
        .returning(UsedProof.digest)
    )
    if first is None:
        raise refused("proof_replayed", "The DPoP proof was used before.")


def token_hash(token: str) -> str:
    """Return ``ath``, the hash of an access token that a proof carries (RFC 9449 section 4.2)."""
    return _base64url(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


def _key(proof: str) -> tuple[dict[str, Any], str]:
    """Return the public key that the proof names, and what it signs with."""
    try:
        header = jwt.get_unverified_header(proof) if len(proof) <= LONGEST else {}
    except jwt.PyJWTError:
        header = {}
    jwk = header.get("jwk")
    if header.get("typ") != TYPE or not isinstance(jwk, Mapping) or "crit" in header:
        raise refused("proof_invalid", f"A DPoP proof is a JWT of the type {TYPE} that names its key.")
    kind, curve = jwk.get("kty"), jwk.get("crv")
    known = isinstance(kind, str) and isinstance(curve, str)
    algorithm = ALGORITHMS.get((str(kind), str(curve))) if known else None
    if algorithm is None or header["alg"] != algorithm or "d" in jwk:
        raise refused("proof_invalid", "A DPoP proof is signed with a key of Ed25519 or P-256.")
    key = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    if not all(isinstance(value, str) for value in key.values()):
        raise refused("proof_invalid", "The key of the DPoP proof is not a public key.")
    return key, algorithm


def _check_target(claims: Mapping[str, Any], target: Target) -> None:
    if claims["htm"] != target.method:
        raise refused("proof_method", "The DPoP proof is for another method (htm).")
    if not isinstance(claims["htu"], str) or _place(claims["htu"]) != _place(target.address):
        raise refused("proof_address", "The DPoP proof is for another address (htu).")
    expected = None if target.token is None else token_hash(target.token)
    if claims.get("ath") != expected:
        raise refused("proof_token", "The DPoP proof is for another access token (ath).")


def _place(address: str) -> tuple[object, ...] | None:
    """Return what two addresses must share, without query and fragment; None for what is no address."""
    try:
        parts = urlsplit(address)
        scheme, port = parts.scheme.lower(), parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return None
    return scheme, parts.hostname, port or PORTS.get(scheme), unquote(parts.path) or "/"


def _time(value: object) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise refused("proof_invalid", "iat is not a time.")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
