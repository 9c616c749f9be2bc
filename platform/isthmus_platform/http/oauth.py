"""Tokens for machine clients: RFC 6749 section 4.4 (client credentials) with RFC 7523 client assertions.

With a DPoP proof (RFC 9449 section 5) the token is bound to the proof's key, and otherwise, where the client
came with a certificate, to that (RFC 8705 section 3).
"""

from collections.abc import Collection
from urllib.parse import parse_qsl

import orjson
from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from isthmus_platform import assertions, scopes
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput, NotAuthenticated, PlatformError
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import ProofDesk
from isthmus_platform.http.certificates import CertificateDesk
from isthmus_platform.proofs import Proof
from isthmus_platform.tokens import LIFETIME, TokenIssuer

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST = 16 * 1024


class OAuthError(Exception):
    """A refusal in the words of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def blueprint(
    platform: Platform,
    issuer: TokenIssuer,
    audiences: Collection[str],
    desk: ProofDesk | None = None,
    certificates: CertificateDesk | None = None,
) -> Blueprint:
    """Return the blueprint with ``POST /oauth/token`` and ``GET /.well-known/jwks.json``.

    ``audiences`` are the values of ``aud`` that an assertion may have: this token endpoint's address and the
    issuer's. Tokens are bound to keys where there is a ``desk`` to read proofs, and to certificates where
    there is one to read those.
    """
    web = Blueprint("oauth", __name__)
    problems.install(web)
    web.register_error_handler(OAuthError, _refusal)

    @web.post("/oauth/token")
    def token() -> Response:
        """Exchange an assertion for an access token."""
        form = _form()
        assertion, wanted = _assertion(form), _scopes(form)
        proof = None if desk is None else _proof(desk)
        try:
            certificate = None if proof or certificates is None else certificates.thumbprint()
            actor = assertions.accept(platform, assertion, audiences, proof, certificate)
        except NotAuthenticated as error:
            raise _of_client(error) from None
        if wanted is not None and actor.scopes is not None and not wanted <= actor.scopes:
            raise OAuthError("invalid_scope", "The client does not have all of these scopes.")
        scope = scopes.written(scopes.narrowed(actor.scopes, wanted))
        bound = None if proof is None else proof.thumbprint
        issued = issuer.issue(
            actor.party_id, actor.subject, scope=scope, thumbprint=bound, certificate=certificate
        )
        return _answer(
            {
                "access_token": issued,
                "token_type": "Bearer" if proof is None else "DPoP",
                "expires_in": int(LIFETIME.total_seconds()),
                **({} if scope is None else {"scope": scope}),
            }
        )

    @web.get("/.well-known/jwks.json")
    def keys() -> Response:
        """Return the public keys that access tokens are signed with."""
        answer = Response(orjson.dumps(issuer.jwks()), content_type="application/jwk-set+json")
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return web


def _form() -> MultiDict[str, str]:
    """Return the form of the present request; the token endpoint takes no query and no other type."""
    if "Authorization" in request.headers:
        raise OAuthError(
            "invalid_request", "Authenticate with client_assertion alone (RFC 6749 section 2.3)."
        )
    try:
        body = bodies.read("application/x-www-form-urlencoded", most=MOST).decode("utf-8")
        return MultiDict(parse_qsl(body, keep_blank_values=True, strict_parsing=True, errors="strict"))
    except PlatformError as error:
        raise OAuthError("invalid_request", error.message, error.status) from None
    except ValueError:
        raise OAuthError("invalid_request", "The body is not a form.") from None


def _assertion(form: MultiDict[str, str]) -> str:
    for name, values in form.lists():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"{name[:60]} is given twice.")
    if "grant_type" not in form:
        raise OAuthError("invalid_request", "grant_type is missing.")
    if form["grant_type"] != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Only client_credentials is supported.")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_request", f"client_assertion_type is {ASSERTION_TYPE}.")
    if not form.get("client_assertion"):
        raise OAuthError("invalid_request", "client_assertion is missing.")
    return form["client_assertion"]


def _scopes(form: MultiDict[str, str]) -> frozenset[str] | None:
    """Return the scopes that are asked for; None for all that the client has."""
    if "scope" not in form:
        return None
    try:
        asked = scopes.checked(form["scope"].split(" "))
    except InvalidInput as error:
        raise OAuthError("invalid_scope", error.message) from None
    return frozenset(asked)


def _proof(desk: ProofDesk) -> Proof | None:
    try:
        return desk.proof()
    except NotAuthenticated as error:
        raise _of_proof(error) from None


def _of_proof(error: NotAuthenticated) -> OAuthError:
    return OAuthError(problems.PROOF_ERRORS.get(error.code, "invalid_dpop_proof"), error.message)


def _of_client(error: NotAuthenticated) -> OAuthError:
    """Return the refusal of a client; a proof that it lacks or sent twice is told as the proof's fault."""
    if error.code in ("proof_required", "proof_replayed"):
        return OAuthError("invalid_dpop_proof", f"{error.message} ({error.code})")
    return OAuthError("invalid_client", f"{error.message} ({error.code})", 401)


def _refusal(error: OAuthError) -> Response:
    return _answer({"error": error.error, "error_description": error.description}, error.status)


def _answer(body: dict[str, object], status: int = 200) -> Response:
    answer = Response(orjson.dumps(body), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Pragma"] = "no-cache"
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="isthmus"'
    return answer
