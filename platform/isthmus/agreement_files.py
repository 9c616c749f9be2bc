"""Agreements, claims and signatures in files, read strictly, and what may be said against them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from isthmus.errors import CannotRun
from isthmus_bridge.prover.claims import Claim
from isthmus_bridge.prover.claims import read_claims as parse_claims
from isthmus_bridge.service import utc_now
from isthmus_protocol.agreements import Agreement, Role
from isthmus_protocol.canonical import JsonValue, MalformedJson, parse
from isthmus_protocol.keys import decode_base64url
from isthmus_protocol.shapes import MalformedMessage

LONG = timedelta(days=5 * 366)
BY_CONSENT = (Role.BANK, Role.INSURER)
"""Roles that usually learn of somebody else's goods only if that owner consents."""


@dataclass(frozen=True)
class Remark:
    """What is said against a file: something wrong, or something to think about."""

    file: Path
    text: str
    wrong: bool = True


def read(file: Path) -> Agreement:
    """Return the agreement in ``file``; raises :class:`CannotRun` naming the place and the rule."""
    try:
        return Agreement.from_json(_json(file))
    except (MalformedJson, MalformedMessage) as error:
        raise CannotRun(f"{file} is no agreement: {error}.") from None


def read_claims(file: Path) -> tuple[Claim, ...]:
    """Return the claims in ``file``; raises :class:`CannotRun` naming the place and the rule."""
    try:
        return parse_claims(_json(file))
    except (MalformedJson, MalformedMessage) as error:
        raise CannotRun(f"{file} is no file of claims: {error}.") from None


def read_signature(file: Path) -> str:
    """Return the signature (JWS) in ``file``, not verified."""
    token = file.read_text(errors="replace").strip()
    signer_of(token, str(file))
    return token


def signer_of(token: str, where: str = "the signature") -> str:
    """Return the ``kid`` that ``token`` names; raises :class:`CannotRun` for what is no JWS."""
    try:
        header = json.loads(decode_base64url(token.split(".")[0]))
        return str(header["kid"])
    except (ValueError, KeyError, TypeError):
        raise CannotRun(f"{where} is no signature: isthmus agreement sign makes one.") from None


def lint(files: Sequence[Path]) -> list[Remark]:
    """Return what is to be said against the agreements in ``files``."""
    remarks: list[Remark] = []
    known: list[tuple[Path, Agreement]] = []
    for file in files:
        try:
            known.append((file, Agreement.from_json(_json(file))))
        except MalformedJson as error:
            remarks.append(Remark(file, f"no strict JSON: {error}"))
        except MalformedMessage as error:
            remarks.append(Remark(file, str(error)))
    for file, agreement in known:
        remarks += [Remark(file, text, wrong=False) for text in _thoughts(agreement)]
    for one, other in combinations(known, 2):
        contradiction = _contradiction(one[1], other[1])
        if contradiction is not None:
            remarks.append(Remark(other[0], f"{contradiction} ({one[0]})"))
    return remarks


def _json(file: Path) -> JsonValue:
    return parse(file.read_bytes())


def _thoughts(agreement: Agreement) -> list[str]:
    thoughts = []
    if not agreement.audience:
        thoughts.append("/audience is empty: it permits nothing")
    if not agreement.fields:
        thoughts.append("/fields is empty: it permits nothing")
    if not agreement.consent_required:
        thoughts += [
            f"/consentRequired is false: {role} learns of others' goods without their consent"
            for role in BY_CONSENT
            if role in agreement.audience
        ]
    if agreement.valid_until - agreement.valid_from > LONG:
        thoughts.append("/validUntil is more than five years after /validFrom")
    if agreement.valid_until <= utc_now():
        thoughts.append("/validUntil has passed: it permits nothing any more")
    return thoughts


def _contradiction(one: Agreement, other: Agreement) -> str | None:
    """Return why the bridge would not hold both."""
    subject = (one.message, one.direction, one.purpose)
    same_subject = subject == (other.message, other.direction, other.purpose)
    if one.id == other.id:
        if not same_subject:
            return "/message, /direction or /purpose is not that of another version"
        return "/version is taken by another text" if one.version == other.version else None
    overlap = one.valid_from < other.valid_until and other.valid_from < one.valid_until
    return (
        "/message is spoken for by another agreement at the same time" if same_subject and overlap else None
    )
