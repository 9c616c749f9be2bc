"""Signed HTTP requests between platform, bridge and window (RFC 9421, with Content-Digest of RFC 9530).

Covered are the method, authority, path, query and the digest of the body, so that a request cannot be sent to
another server, as another call or with another body. A receiver also keeps ``(keyid, nonce)`` until the
signature expires and refuses it a second time; that store is the receiver's, for this module does no I/O.

Only this one profile of the standard is spoken, in a tenth of the time that a whole implementation of it
takes (docs/decisions/0009-group-commit.md); a property test holds it to such an implementation.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, UntrustedKey

COVERED = ("@method", "@authority", "@path", "@query", "content-digest")
PARAMETERS = {"created", "expires", "nonce", "keyid", "alg", "tag"}
TAG = "isthmus-bridge"
LABEL = "isthmus"
HEADERS = ("content-digest", "signature-input", "signature")
"""The headers that sign a request."""
LIFETIME = timedelta(seconds=60)

_NAME = re.compile(r'"([a-z@-]+)"')
_PARAMETER = re.compile(r';(?:(created|expires)=(\d{1,12})|(keyid|alg|nonce|tag)="([!#-\[\]-~ ]*)")')
_INPUT = re.compile(
    r"([a-z][a-z0-9_.*-]{0,63})="
    r'(\(("[a-z@-]+"(?: "[a-z@-]+")*)\)'
    r'((?:;[a-z]+=(?:\d{1,12}|"[!#-\[\]-~ ]*"))+))'
)
_EACH = re.compile(r";[a-z]+=")
_SIGNATURE = re.compile(r"([a-z][a-z0-9_.*-]{0,63})=:([A-Za-z0-9+/]{86}==):")


@dataclass(frozen=True)
class Caller:
    """Who signed a request, and what the receiver keeps to refuse it a second time."""

    kid: str
    holder: Holder
    nonce: str
    created: datetime
    expires: datetime


def sign_request(
    key: SigningKey, method: str, url: str, body: bytes, *, now: datetime, nonce: str | None = None
) -> dict[str, str]:
    """Return the headers that sign a request for 60 seconds from ``now``.

    ``url`` is absolute, as it goes on the wire. The nonce is random unless given.
    """
    key = key.current
    created = int(now.timestamp())
    expires = created + int(LIFETIME.total_seconds())
    said = (
        f"({' '.join(map(_quoted, COVERED))});created={created}"
        f';keyid="{key.kid}";alg="ed25519";expires={expires}'
        f';nonce="{nonce or secrets.token_urlsafe(18)}";tag="{TAG}"'
    )
    held = content_digest(body)
    signature = key.sign(_base(COVERED, said, _components(method, url, held)))
    return {
        "Content-Digest": held,
        "Signature-Input": f"{LABEL}={said}",
        "Signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
    }


def content_digest(body: bytes) -> str:
    """Return the ``Content-Digest`` of ``body`` (RFC 9530, section 2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def verify_request(
    keyring: Keyring,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    window: timedelta = LIFETIME,
) -> Caller:
    """Return who signed the request, or raise :class:`SignatureError`.

    There must be one signature, of a key in ``keyring`` that is in force now, over exactly what
    :func:`sign_request` covers, made no more than ``window`` before or after ``now`` and for no longer than
    ``window``. ``headers`` may spell names in any case. The caller still has to refuse a nonce that was used
    before.
    """
    given = {name.lower(): value for name, value in headers.items()}
    label, said, covered, parameters = _read_input(given.get("signature-input", ""))
    if parameters.keys() != PARAMETERS or sorted(covered) != sorted(COVERED):
        raise SignatureError("a signature covers and says exactly what was agreed")
    if (parameters["alg"], parameters["tag"]) != ("ed25519", TAG):
        raise SignatureError("the signature is of another kind or for another use")
    if given.get("content-digest") != content_digest(body):
        raise SignatureError("the body is another than was signed")
    caller = _caller(keyring, parameters, now)
    key = keyring.get(caller.kid)
    if key is None:
        raise SignatureError("the request is signed by an unknown key")
    base = _base(covered, said, _components(method, url, given["content-digest"]))
    key.verify(_read_signature(given.get("signature", ""), label), base)
    _check_times(caller, now, window)
    return caller


def _components(method: str, url: str, held: str) -> dict[str, str]:
    """Return the values of what is covered (RFC 9421, 2.2), ``url`` being absolute."""
    parts = urlsplit(url)
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return {
        "@method": method.upper(),
        "@authority": parts.netloc.lower().removesuffix(default),
        "@path": parts.path or "/",
        "@query": f"?{parts.query}",
        "content-digest": held,
    }


def _base(covered: Sequence[str], said: str, values: Mapping[str, str]) -> bytes:
    """Return the signature base (RFC 9421, 2.5)."""
    lines = [f"{_quoted(name)}: {values[name]}" for name in covered]
    return "\n".join([*lines, f'"@signature-params": {said}']).encode()


def _quoted(name: str) -> str:
    return f'"{name}"'


def _read_input(header: str) -> tuple[str, str, list[str], dict[str, str]]:
    """Return label, signed parameters as they stand, covered components and parameters of one signature.

    Anything but the one form in which RFC 8941 writes such a dictionary of one is refused.
    """
    found = _INPUT.fullmatch(header)
    if found is None:
        raise SignatureError("a request carries one signature, and it is written as RFC 9421 writes it")
    label, said, covered, parameters = found.groups()
    pairs = [(time or name, moment or text) for time, moment, name, text in _PARAMETER.findall(parameters)]
    if len(dict(pairs)) != len(pairs) or len(pairs) != len(_EACH.findall(parameters)):
        raise SignatureError("a signature says each thing once, and nothing else")
    return label, said, _NAME.findall(covered), dict(pairs)


def _read_signature(header: str, label: str) -> bytes:
    found = _SIGNATURE.fullmatch(header)
    if found is None or found[1] != label:
        raise SignatureError("a request carries one signature, and it is written as RFC 9421 writes it")
    return base64.b64decode(found[2])


def _caller(keyring: Keyring, parameters: Mapping[str, str], now: datetime) -> Caller:
    key = keyring.get(parameters["keyid"])
    if key is None:
        raise UntrustedKey("the request is signed by an unknown key")
    key.demand_in_force(now)
    nonce = parameters["nonce"]
    if not 8 <= len(nonce) <= 200:
        raise SignatureError("a nonce has 8 to 200 characters")
    try:
        created = datetime.fromtimestamp(int(parameters["created"]), UTC)
        expires = datetime.fromtimestamp(int(parameters["expires"]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("the signature's times are not in order") from error
    return Caller(key.kid, key.holder, nonce, created, expires)


def _check_times(caller: Caller, now: datetime, window: timedelta) -> None:
    if not timedelta(0) < caller.expires - caller.created <= window:
        raise SignatureError("the signature's times are not in order")
    if caller.created > now + window:
        raise SignatureError("the request was signed in the future")
    if now >= caller.expires or now - caller.created > window:
        raise SignatureError("the request's signature has expired")
