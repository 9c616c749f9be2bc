"""The bridge as the commands call it: each request is signed, each refusal told."""

from pathlib import Path
from typing import Any

import httpx

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.keys import KeyFolder
from isthmus.settings import load
from isthmus_bridge.service import utc_now
from isthmus_protocol.agreements import (
    Agreement,
    SignedAgreement,
    Suspension,
    sign_suspension,
    signed_at,
)
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage


def own_key(side: str, file: Path) -> SigningKey:
    """Return the key in ``file`` as ``side``'s; raises :class:`CannotRun` where it is another's."""
    try:
        key = SigningKey.from_pem(Holder(side.upper()), file.read_bytes())
    except (ValueError, TypeError) as error:
        raise CannotRun(f"{file} is not an Ed25519 key in PKCS #8 PEM: {error}.") from None
    folder = KeyFolder(home_of(load().home).keys)
    known = folder.trust().get(key.kid) if (folder.path / "trust.json").exists() else None
    if known is not None and known.holder is not key.holder:
        raise CannotRun(f"{file} is the key of the {known.holder.value}: it cannot sign for the {side}.")
    return key


def put(document: Agreement, tokens: list[str]) -> dict[str, Any]:
    """Put the document and its signatures to the bridge and return how it stands there."""
    return call("POST", "/v1/agreements", SignedAgreement(document, tuple(tokens)).to_json())


def suspend(signer: SigningKey, id_: str, version: int | None, reason: str) -> None:
    """Tell the bridge that ``signer``'s party stops an agreement, or one version of it."""
    try:
        stop = Suspension.from_json(Suspension(id_, version, reason, utc_now()).to_json())
    except MalformedMessage as error:
        raise CannotRun(f"This is no suspension: {error}.") from None
    call("POST", "/v1/suspensions", {"statement": sign_suspension(signer, stop)}, signer)


def listing() -> list[dict[str, Any]]:
    """Return every version that the bridge holds, by id and version."""
    versions: list[dict[str, Any]] = call("GET", "/v1/agreements")["agreements"]
    return versions


def in_force() -> list[Agreement]:
    """Return the versions by which the bridge lets cross, now or when they begin.

    Its word is not taken for the signatures: raises :class:`CannotRun` where they do not verify here.
    """
    trust = KeyFolder(home_of(load().home).keys).trust()
    found = []
    for version in listing():
        if version["status"] not in ("ACTIVE", "NOT_YET_VALID"):
            continue
        form = {name: version[name] for name in ("document", "signatures")}
        try:
            signed = SignedAgreement.from_json(form)
            signed.verify(trust, signed_at(version))
        except (MalformedMessage, SignatureError) as error:
            raise CannotRun(f"The bridge holds {version['id']} {version['version']}, and {error}.") from None
        found.append(signed.agreement)
    return found


def call(
    method: str, path: str, body: JsonObject | None = None, signer: SigningKey | None = None
) -> dict[str, Any]:
    """Call the bridge as ``signer``, or else as the platform of this home."""
    settings = load()
    caller = signer or KeyFolder(home_of(settings.home).keys).signing_key(Holder.PLATFORM)
    url = f"{settings.bridge_address}{path}"
    content = b"" if body is None else canonical(body)
    headers = sign_request(caller, method, url, content, now=utc_now())
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        answer = httpx.request(method, url, content=content, headers=headers, timeout=10, trust_env=False)
        told: dict[str, Any] = answer.json()
    except (httpx.TransportError, ValueError):
        raise CannotRun(f"No bridge answers at {settings.bridge_address}.") from None
    if not answer.is_success:
        raise CannotRun(f"The bridge refuses: {told.get('detail') or told.get('title')} ({told.get('code')})")
    return told
