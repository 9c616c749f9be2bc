"""Tokens for machine clients: RFC 6749 section 4.4 (client credentials) with RFC 7523 client assertions."""

from collections.abc import Collection
from urllib.parse import parse_qsl

import orjson
from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from isthmus_platform import assertions
from isthmus_platform.database import Platform
from isthmus_platform.errors import NotAuthenticated, PlatformError
from isthmus_platform.http import bodies, problems
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


def blueprint(platform: Platform, issuer: TokenIssuer, audiences: Collection[str]) -> Blueprint:
    """Return the blueprint with ``POST /oauth/token`` and ``GET /.well-known/jwks.json``.

    ``audiences`` are the values of ``aud`` that an assertion may have: this token endpoint's address and the
    issuer's.
    """
    web = Blueprint("oauth", __name__)
    problems.install(web)
    web.register_error_handler(OAuthError, _refusal)

    @web.post("/oauth/token")
    def token() -> Response:
        """Exchange an assertion for an access token."""
        assertion = _assertion(_form())
        try:
            actor = assertions.accept(platform, assertion, audiences)
        except NotAuthenticated as error:
            raise OAuthError("invalid_client", f"{error.message} ({error.code})", 401) from None
        issued = issuer.issue(actor.party_id, actor.subject)
        return _answer(
            {
                "access_token": issued,
                "token_type": "Bearer",
                "expires_in": int(LIFETIME.total_seconds()),
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
    if "scope" in form:
        raise OAuthError("invalid_scope", "There are no scopes; a party's rights are its own.")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_request", f"client_assertion_type is {ASSERTION_TYPE}.")
    if not form.get("client_assertion"):
        raise OAuthError("invalid_request", "client_assertion is missing.")
    return form["client_assertion"]


def _refusal(error: OAuthError) -> Response:
    return _answer({"error": error.error, "error_description": error.description}, error.status)


def _answer(body: dict[str, object], status: int = 200) -> Response:
    answer = Response(orjson.dumps(body), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Pragma"] = "no-cache"
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="isthmus"'
    return answer
