"""What parties say under a contract of insurance, signed by their keys in the protocol's form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus_protocol import insurance_file, policy_periods, statements
from isthmus_protocol.canonical import canonical, digest
from isthmus_protocol.insurance_chain import Kind
from isthmus_protocol.insurance_file import Head, Party
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey, thumbprint

ARRIVAL_TYPE = insurance_file.ARRIVAL_TYPE
STEP_TYPE = insurance_file.STEP_TYPE
period_at, period_begins = policy_periods.number_at, policy_periods.begins


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


@dataclass(frozen=True)
class Between:
    """A cover or claim, its insurer and its insured, each party with its id and name."""

    kind: Literal["COVER", "CLAIM"]
    subject: UUID
    insurer: tuple[UUID, str]
    insured: tuple[UUID, str]


def export(
    platform: SigningKey,
    between: Between,
    steps: Sequence[str | dict[str, Any]],
    reports: Sequence[str],
    owners: Iterable[tuple[str, UUID]],
    last: str,
    at: datetime,
) -> bytes:
    """Return the file of a cover or claim that verifies itself.

    ``steps`` are tokens, or what the platform noted itself; ``reports`` the words of a delay's sources;
    ``owners`` (public key, party) of every key that signed; ``last`` the digest of the last step.
    """
    insurer, insured = (Party(str(key), name) for key, name in (between.insurer, between.insured))
    head = Head(Kind(between.kind), str(between.subject), insurer, insured, len(steps), last, at)
    named = [(x, str(party)) for x, party in owners]
    return insurance_file.make_file(platform, head, steps, reports, named)
