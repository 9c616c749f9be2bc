"""Proofs of delivery signed and put into a file in the protocol's form, which needs no platform."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus_platform.papers.signing import Desk
from isthmus_protocol import delivery_file
from isthmus_protocol.deliveries import Answer, Evidence, Irregular, Lacking, Proof, Standing
from isthmus_protocol.keys import Holder, SigningKey

__all__ = [
    "MEDIA_TYPE",
    "Answer",
    "Evidence",
    "Irregular",
    "Lacking",
    "Proof",
    "Signed",
    "Standing",
    "digest_of",
    "export",
    "sign_answer",
    "sign_proof",
]

MEDIA_TYPE = "application/vnd.isthmus.delivery+json"
digest_of = delivery_file.digest_of


@dataclass(frozen=True)
class Signed:
    """A statement as a JWS, and the public key that signed it."""

    token: str
    x: str


def _key(seed: bytes) -> SigningKey:
    return SigningKey(Holder.PARTY, Ed25519PrivateKey.from_private_bytes(seed))


def sign_proof(seed: bytes, proof: Proof) -> Signed:
    """Return ``proof`` signed by its recorder's key."""
    key = _key(seed)
    return Signed(delivery_file.sign_proof(key, proof), key.public.x)


def sign_answer(seed: bytes, answer: Answer) -> Signed:
    """Return ``answer`` signed by the recipient's key."""
    key = _key(seed)
    return Signed(delivery_file.sign_answer(key, answer), key.public.x)


def export(
    desk: Desk,
    proof: str,
    answer: str | None,
    standing: Standing,
    owners: Iterable[tuple[str, str]],
    at: datetime,
) -> bytes:
    """Return the file; ``owners`` are (public key, party) of the keys that signed."""
    return delivery_file.make_file(desk.platform_key, proof, answer, standing, owners, at)
