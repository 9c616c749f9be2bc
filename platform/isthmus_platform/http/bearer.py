"""Access tokens in the ``Authorization`` header; nowhere else are they looked for.

``Bearer`` (RFC 6750) for tokens that whoever holds them may use and for those that are bound to a client
certificate (RFC 8705), ``DPoP`` (RFC 9449) for those that are bound to a key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from flask import Response, after_this_request, request

from isthmus_platform import access, proofs
from isthmus_platform.database import Actor, Platform
from isthmus_platform.http import reach
from isthmus_platform.http.certificates import CertificateDesk
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.proofs import Nonces, Proof, Target
from isthmus_platform.tokens import TokenIssuer, refused

Authenticate: TypeAlias = Callable[[str], Actor]


@dataclass(frozen=True)
class ProofDesk:
    """Where the present request's DPoP proof is read; ``address`` is where clients reach us, without path."""

    nonces: Nonces
    address: str

    def proof(self, token: str | None = None) -> Proof | None:
        """Return the proof of the present request for ``token``; None when it carries none.

        Every answer tells the nonce to use next. Raises what :func:`proofs.read` raises.
        """
        after_this_request(self._tell_nonce)
        given = request.headers.get("DPoP")
        if given is None:
            return None
        return proofs.read(
            given, Target(request.method, self.address + quote(request.path), token), self.nonces
        )

    def _tell_nonce(self, answer: Response) -> Response:
        answer.headers["DPoP-Nonce"] = self.nonces.current()
        return answer


def authenticator(
    platform: Platform,
    issuer: TokenIssuer,
    desk: ProofDesk | None = None,
    turnstile: Turnstile | None = None,
    certificates: CertificateDesk | None = None,
) -> Authenticate:
    """Return the function that makes an ``Authorization`` header's value into an actor.

    It raises :class:`~isthmus_platform.errors.NotAuthenticated` with a code: ``token_missing``, one of
    :meth:`~isthmus_platform.tokens.TokenIssuer.verify` or of :func:`~isthmus_platform.proofs.read`; and
    :class:`~isthmus_platform.errors.NotPermitted` where the token's scopes do not reach. Tokens bound to a
    key are taken where there is a ``desk`` to read proofs, to a certificate where there is one to read
    ``certificates``. A ``turnstile`` counts each request.
    """

    def authenticate(authorization: str) -> Actor:
        scheme, token = token_in(authorization)
        proof = None
        if scheme == "dpop":
            proof = desk.proof(token) if desk is not None else None
            if proof is None:
                raise refused("proof_missing", "Send a DPoP proof with the token, in the header DPoP.")
        certificate = None if certificates is None else certificates.thumbprint()
        actor = access.actor_of_token(platform, issuer, token, proof, certificate)
        if turnstile is not None:
            turnstile.admit(actor)
        reach.check(actor, request.endpoint)
        return actor

    return authenticate


def still(platform: Platform, issuer: TokenIssuer) -> Authenticate:
    """Return the function that says whom a header stands for while a long answer goes on.

    There is no request then, and its proof is used up: only the token is looked at again.
    """
    return lambda authorization: access.actor_still_of_token(platform, issuer, token_in(authorization)[1])


def token_in(authorization: str) -> tuple[str, str]:
    """Return the scheme, in lower case, and the token of an ``Authorization`` header's value."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not token.strip():
        raise refused(
            "token_missing", "Send an access token: Authorization: Bearer <token>, or DPoP <token>."
        )
    return scheme.lower(), token.strip()


def acting(authenticate: Authenticate) -> Actor:
    """Return who sends the present request."""
    return authenticate(request.headers.get("Authorization", ""))
