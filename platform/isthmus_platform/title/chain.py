"""The steps of a title, signed and exported in the protocol's form, which needs no platform.

The rules are :mod:`isthmus_protocol.titles`: what the register lets pass is what ``isthmus verify`` replays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus_platform.papers.signing import Desk
from isthmus_protocol import documents, title_file, titles
from isthmus_protocol.canonical import MalformedJson
from isthmus_protocol.keys import Holder, SigningKey, TrustedKey, thumbprint
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.title_file import Head, TitleFile
from isthmus_protocol.title_steps import Action, Form, Kind, Reason, Replaced, Step, Terms
from isthmus_protocol.titles import NotAllowed, Phase, Rule, Title, begin, take

__all__ = [
    "WORDS",
    "Action",
    "Form",
    "Kind",
    "NotAllowed",
    "Phase",
    "Reason",
    "Replaced",
    "Rule",
    "SignedStep",
    "Step",
    "Terms",
    "Title",
    "begin",
    "export",
    "malformed",
    "sign",
    "take",
]

WORDS: Mapping[Rule, str] = titles.WORDS
MEDIA_TYPE = "application/vnd.isthmus.title+json"


@dataclass(frozen=True)
class SignedStep:
    """A step as the register keeps it: the JWS, its digest, and the public key that it names."""

    token: str
    digest: str
    kid: str
    x: str


def sign(seed: bytes, step: Step) -> SignedStep:
    """Return ``step`` signed by the key of its actor."""
    key = SigningKey(Holder.PARTY, Ed25519PrivateKey.from_private_bytes(seed))
    token = title_file.sign_step(key, step)
    return SignedStep(token, title_file.digest_of(token), key.kid, key.public.x)


def malformed(step: Step) -> str | None:
    """Return the JSON pointer of the member that the protocol would not read again, or None."""
    try:
        Step.from_json(step.to_json())
    except (MalformedMessage, MalformedJson) as error:
        return error.field if isinstance(error, MalformedMessage) else "/"
    return None


def export(
    desk: Desk, title_id: str, steps: Sequence[SignedStep], owners: Iterable[tuple[str, str]], at: datetime
) -> bytes:
    """Return the file of a title; ``owners`` are (public key, party) of every key that signed a step."""
    platform = desk.platform_key.current
    keys = {}
    for x, party in owners:
        key = TrustedKey(thumbprint(x), Holder.PARTY, x)
        keys[key.kid] = documents.vouch(platform, party, key, at)
    head = Head(title_id, len(steps), steps[-1].digest, at)
    return TitleFile(
        tuple(step.token for step in steps),
        tuple(keys[kid] for kid in sorted(keys)),
        title_file.sign_head(platform, head),
        (platform.public,),
    ).to_bytes()
