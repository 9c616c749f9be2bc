"""What parties say under a contract of insurance, signed by their keys in the protocol's form."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus_protocol import statements
from isthmus_protocol.canonical import canonical, digest
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey, thumbprint

STEP_TYPE = "isthmus-insurance-step+jws"
ARRIVAL_TYPE = "isthmus-arrival+jws"


@dataclass(frozen=True)
class Signed:
    """A statement: its digest, and where a party signed it the JWS and the public key it names."""

    digest: str
    token: str | None = None
    kid: str | None = None
    x: str | None = None


def sign(seed: bytes | None, payload: dict[str, Any], typ: str) -> Signed:
    """Return ``payload`` signed with a party's key; without one its digest alone."""
    said = digest(canonical(payload))
    if seed is None:
        return Signed(said)
    key = SigningKey(Holder.PARTY, Ed25519PrivateKey.from_private_bytes(seed))
    return Signed(said, statements.sign(key, payload, typ), key.kid, key.public.x)


def holds(payload: dict[str, Any], signed: Signed, typ: str) -> bool:
    """Return whether ``signed`` is of ``payload``: the digest, and the signature where there is one."""
    if digest(canonical(payload)) != signed.digest:
        return False
    if signed.token is None or signed.x is None:
        return signed.token is None
    key = TrustedKey(thumbprint(signed.x), Holder.PARTY, signed.x)
    try:
        return statements.verify(signed.token, Keyring([key]), typ, Holder.PARTY) == payload
    except SignatureError:
        return False
