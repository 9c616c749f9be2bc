"""Access tokens: JWTs (RFC 9068) that we sign with EdDSA and verify with our own keys only.

A token says which party acts and through whom; what the party may do is asked of the database each time.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from isthmus_platform.clock import Clock, utc_now
from isthmus_platform.errors import NotAuthenticated

LIFETIME = timedelta(minutes=15)
LONGEST = 4096
REMEMBERED = 4096
TYPE = "at+jwt"
JKT, X5T = "jkt", "x5t#S256"
REQUIRED = ["iss", "aud", "exp", "iat", "jti", "sub", "party", "token_use"]
CLOCKS_MAY_DIFFER = timedelta(seconds=30)
# What a client may sign with; the algorithm follows from the key, never from what a signature claims.
ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}


@dataclass(frozen=True)
class Claims:
    """What a valid token says: the party, the subject (``user:<id>``, ``client:<id>``), and until when.

    ``scopes`` narrows what the subject may do (None does not). ``thumbprint`` is the key whose holder alone
    may use the token (RFC 9449 section 6.1), ``certificate`` the certificate (RFC 8705 section 3.1), if it is
    bound to one.
    """

    party_id: UUID
    subject: str
    issued_at: datetime
    expires_at: datetime
    scopes: frozenset[str] | None = None
    thumbprint: str | None = None
    certificate: str | None = None


class TokenIssuer:
    """Issues and verifies the access tokens of one installation.

    ``keys`` are PKCS8 PEM files of Ed25519 keys, oldest first: the newest signs and all verify, so that a key
    is rotated by adding one and, a quarter of an hour later, taking the old one away.
    """

    def __init__(self, issuer: str, audience: str, keys: Sequence[bytes], clock: Clock = utc_now) -> None:
        if not keys:
            raise ValueError("access tokens need at least one key")
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        held = [_private_key(pem) for pem in keys]
        self._signing_key, self._signing_kid = held[-1], thumbprint(public_jwk(held[-1]))
        self._public = {thumbprint(public_jwk(key)): key.public_key() for key in held}
        self._jwks = [public_jwk(key) for key in held]
        # A check costs 100 µs; what was found in a token stays true until it expires.
        self._read = lru_cache(maxsize=REMEMBERED)(self._decode)

    def issue(
        self,
        party_id: UUID,
        subject: str,
        *,
        scope: str | None = None,
        thumbprint: str | None = None,
        certificate: str | None = None,
    ) -> str:
        """Return a token for ``party_id`` acting through ``subject``, good for :data:`LIFETIME`.

        ``scope`` narrows it, ``thumbprint`` binds it to the holder of a key, ``certificate`` to that of a
        certificate (its ``x5t#S256``).
        """
        now = self.clock()
        narrowing = {} if scope is None else {"scope": scope}
        confirmed = {JKT: thumbprint, X5T: certificate}
        held = {name: value for name, value in confirmed.items() if value is not None}
        binding = {"cnf": held} if held else {}
        return jwt.encode(
            {
                **narrowing,
                **binding,
                "iss": self.issuer,
                "aud": self.audience,
                "sub": subject,
                "party": str(party_id),
                "token_use": "access",
                "jti": str(uuid4()),
                "iat": now,
                "exp": now + LIFETIME,
            },
            self._signing_key,
            algorithm="EdDSA",
            headers={"kid": self._signing_kid, "typ": TYPE},
        )

    def verify(self, token: str) -> Claims:
        """Return what ``token`` says.

        Raises :class:`NotAuthenticated` with the code ``token_invalid``, ``token_unsigned``,
        ``token_unknown_key``, ``token_audience``, ``token_issuer``, ``token_claim_missing``, ``token_use``,
        ``token_expired`` or ``token_not_yet_valid``.
        """
        if len(token) > LONGEST:
            raise refused("token_invalid", "The token is too long.")
        claims = self._read(token)
        now = self.clock()
        if claims.expires_at <= now:
            raise refused("token_expired", "The token has expired.")
        if claims.issued_at > now + CLOCKS_MAY_DIFFER:
            raise refused("token_not_yet_valid", "The token was issued in the future.")
        return claims

    def jwks(self) -> dict[str, Any]:
        """Return our public keys as a JWK set (RFC 7517)."""
        return {"keys": [{**key, "kid": thumbprint(key), "use": "sig", "alg": "EdDSA"} for key in self._jwks]}

    def _decode(self, token: str) -> Claims:
        """Check everything that time does not change; PyJWT would ask the machine's clock, not ours."""
        key = self._key(token)
        try:
            found = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self.audience,
                issuer=self.issuer,
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            claims = Claims(
                UUID(found["party"]),
                found["sub"],
                datetime.fromtimestamp(found["iat"], UTC),
                datetime.fromtimestamp(found["exp"], UTC),
                frozenset(found["scope"].split()) if "scope" in found else None,
                *_binding(found.get("cnf")),
            )
        except jwt.MissingRequiredClaimError as error:
            raise refused("token_claim_missing", f"The token lacks the claim {error.claim}.") from None
        except jwt.InvalidAudienceError:
            raise refused("token_audience", "The token was issued for another audience.") from None
        except jwt.InvalidIssuerError:
            raise refused("token_issuer", "The token was issued by another.") from None
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
            raise refused("token_invalid", "The token is not one of ours.") from None
        if found["token_use"] != "access":  # noqa: S105 (not a password)
            raise refused("token_use", "The token is not an access token.")
        return claims

    def _key(self, token: str) -> Any:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise refused("token_invalid", "This is not a token.") from None
        if str(header.get("alg", "none")).lower() == "none":
            raise refused("token_unsigned", "The token is not signed.")
        if header["alg"] != "EdDSA" or header.get("typ") != TYPE:
            raise refused("token_invalid", "The token is not an access token of ours.")
        key = self._public.get(header.get("kid", ""))
        if key is None:
            raise refused("token_unknown_key", "The token was signed with a key that is not ours.")
        return key


def _binding(confirmation: Mapping[str, str] | None) -> tuple[str | None, str | None]:
    """Return the thumbprints in ``cnf``, of a key and of a certificate; what binds to neither is not ours."""
    if confirmation is None:
        return None, None
    if not confirmation.keys() & {JKT, X5T}:
        raise KeyError(JKT)
    return confirmation.get(JKT), confirmation.get(X5T)


def refused(code: str, message: str) -> NotAuthenticated:
    """Return the refusal of a caller's proof."""
    return NotAuthenticated(message, code=code)


def algorithm_of(key: Mapping[str, Any]) -> str:
    """Return the algorithm that a client's key signs with."""
    return ALGORITHMS[key["kty"], key["crv"]]


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the RFC 7638 thumbprint of a public key (OKP or EC)."""
    needed = {name: jwk[name] for name in ("crv", "kty", "x", "y") if name in jwk}
    return _base64url(hashlib.sha256(orjson.dumps(needed, option=orjson.OPT_SORT_KEYS)).digest())


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """Return the public half of ``key`` as a JWK (RFC 8037)."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_key().public_bytes_raw())}


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("access tokens are signed with Ed25519 keys")
    return key


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
