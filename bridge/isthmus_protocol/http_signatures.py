"""Signed HTTP requests between platform, bridge and window (RFC 9421, with Content-Digest of RFC 9530).

Covered are the method, authority, path, query and the digest of the body, so that a request cannot be sent to
another server, as another call or with another body. A receiver also keeps ``(keyid, nonce)`` until the
signature expires and refuses it a second time; that store is the receiver's, for this module does no I/O.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey

COVERED = ("@method", "@authority", "@path", "@query", "content-digest")
PARAMETERS = {"created", "expires", "nonce", "keyid", "alg", "tag"}
TAG = "isthmus-bridge"
LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True)
class Caller:
    """Who signed a request, and what the receiver keeps to refuse it a second time."""

    kid: str
    holder: Holder
    nonce: str
    created: datetime
    expires: datetime


@dataclass
class _Request:
    """A request as the signature library reads it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, *, own: SigningKey | None = None, keyring: Keyring | None = None) -> None:
        self._own = own
        self._keyring = keyring

    def resolve_private_key(self, key_id: str) -> Any:
        if self._own is None or self._own.kid != key_id:
            raise KeyError(key_id)
        return self._own.private_key

    def resolve_public_key(self, key_id: str) -> Any:
        key = self._keyring.get(key_id) if self._keyring is not None else None
        return None if key is None else key.public_key


class _Verifier(HTTPMessageVerifier):
    """Leaves the times to :func:`verify_request`, which judges them by the injected clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Accept any: the caller checks."""


def sign_request(
    key: SigningKey, method: str, url: str, body: bytes, *, now: datetime, nonce: str | None = None
) -> dict[str, str]:
    """Return the headers that sign a request for 60 seconds from ``now``.

    ``url`` is absolute, as it goes on the wire. The nonce is random unless given.
    """
    request = _Request(method.upper(), url)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(own=key))
    created = now.astimezone(UTC).replace(microsecond=0)
    signer.sign(
        request,
        key_id=key.kid,
        created=created,
        expires=created + LIFETIME,
        nonce=nonce or secrets.token_urlsafe(18),
        label="isthmus",
        tag=TAG,
        covered_component_ids=COVERED[:-1],
        body=body,
    )
    return request.headers


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

    There must be one signature, of a key in ``keyring``, over exactly what :func:`sign_request` covers, made
    no more than ``window`` before or after ``now`` and for no longer than ``window``. ``headers`` may spell
    names in any case. The caller still has to refuse a nonce that was used before.
    """
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(keyring=keyring))
    try:
        results = verifier.verify(
            _Request(method.upper(), url, dict(headers)),
            max_age=None,
            expect_tag=TAG,
            require_components=COVERED,
            body=body,
        )
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise SignatureError(f"the request's signature is refused: {error}") from error
    if len(results) != 1:
        raise SignatureError("a request carries one signature")
    parameters = results[0].parameters
    if parameters.keys() != PARAMETERS or len(results[0].covered_components) != len(COVERED) + 1:
        raise SignatureError("a signature covers and says exactly what was agreed")
    caller = _caller(keyring, parameters)
    _check_times(caller, now, window)
    return caller


def _caller(keyring: Keyring, parameters: Mapping[str, int | str]) -> Caller:
    key = keyring.get(str(parameters["keyid"]))
    if key is None:
        raise SignatureError("the request is signed by an unknown key")
    nonce = str(parameters["nonce"])
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
