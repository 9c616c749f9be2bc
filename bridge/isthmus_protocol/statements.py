"""Signed statements: JWS in compact form (RFC 7515) over canonical JSON, with Ed25519 (RFC 8037).

The header says ``alg``, ``kid`` and ``typ`` and nothing else. The ``typ`` keeps a statement of one kind from
being taken for another, and the holder of the key keeps one party from making another's.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, parse_object
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    UntrustedKey,
    decode_base64url,
    encode_base64url,
)

LONGEST = 262_144


@dataclass(frozen=True)
class Statement:
    """What was said, and whose key signed it."""

    payload: JsonObject
    key: TrustedKey


def sign(key: SigningKey, payload: JsonObject, typ: str) -> str:
    """Return ``payload`` as a compact JWS of type ``typ``, signed by ``key``."""
    now = key.current
    said = f"{_header(now.kid, typ)}.{encode_base64url(canonical(payload))}"
    return f"{said}.{encode_base64url(now.sign(said.encode()))}"


@lru_cache(maxsize=256)
def _header(kid: str, typ: str) -> str:
    """Return the first segment of what the key ``kid`` signs as ``typ``: always the same."""
    return encode_base64url(canonical({"alg": "EdDSA", "kid": kid, "typ": typ}))


def open_statement(
    token: str, keyring: Keyring, typ: str, *holders: Holder | str, at: datetime | None = None
) -> Statement:
    """Return what ``token`` says and who signed it, or raise :class:`SignatureError`.

    The key must be in ``keyring``, held by one of ``holders``, and in force at ``at``: when the statement was
    made, by a clock that its signer does not set (ours as it comes in, or the log's). If nobody can say when,
    a revoked key does not count at all. Exactly one token says one thing: base64url must be canonical, header
    and payload canonical JSON, and the header's members ``alg``, ``kid``, ``typ``.
    """
    if len(token) > LONGEST:
        raise SignatureError("the statement is too long")
    header, payload, signature = _parts(token)
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != "EdDSA":
        raise SignatureError("the header must hold exactly alg EdDSA, kid and typ")
    if header["typ"] != typ:
        raise SignatureError(f"the statement is of another type than {typ}")
    key = _key_of(header, keyring)
    if key.holder not in holders:
        raise SignatureError(f"the {key.holder} key may not sign {typ}")
    key.demand_in_force(at)
    key.verify(signature, token.rpartition(".")[0].encode())
    return Statement(payload, key)


def verify(
    token: str, keyring: Keyring, typ: str, *holders: Holder | str, at: datetime | None = None
) -> JsonObject:
    """Return the payload of ``token``; see :func:`open_statement`."""
    return open_statement(token, keyring, typ, *holders, at=at).payload


def payload_unverified(token: str) -> JsonObject:
    """Return what ``token`` says, whoever signed it; raises :class:`SignatureError` for what is no token."""
    return _parts(token)[1]


def signer(token: str, keyring: Keyring) -> TrustedKey:
    """Return the key that ``token`` names, unverified; raises :class:`SignatureError` if unknown."""
    return _key_of(_parts(token)[0], keyring)


def _key_of(header: dict[str, Any], keyring: Keyring) -> TrustedKey:
    kid = header.get("kid")
    key = keyring.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise UntrustedKey("the statement is signed by an unknown key")
    return key


def unverified(token: str) -> JsonObject:
    """Return what ``token`` says, whoever signed it; raises :class:`SignatureError` for what is no token."""
    return _parts(token)[1]


def _parts(token: str) -> tuple[dict[str, Any], JsonObject, bytes]:
    """Return header and payload of ``token``, both held to their canonical form, and its signature."""
    segments = token.split(".")
    if len(segments) != 3:
        raise SignatureError("a compact JWS has three segments")
    try:
        header_bytes, payload_bytes, signature = (decode_base64url(segment) for segment in segments)
        header, payload = parse_object(header_bytes), parse_object(payload_bytes)
    except MalformedJson as error:
        raise SignatureError(f"the statement is not strict JSON: {error}") from error
    except ValueError as error:
        raise SignatureError("a segment is not canonical base64url") from error
    if canonical(header) != header_bytes or canonical(payload) != payload_bytes:
        raise SignatureError("the statement is not in canonical form")
    return header, payload, signature
