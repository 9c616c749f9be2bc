"""Bearer tokens in the ``Authorization`` header (RFC 6750); nowhere else are they looked for."""

from collections.abc import Callable
from typing import TypeAlias

from flask import request

from isthmus_platform import access
from isthmus_platform.database import Actor, Platform
from isthmus_platform.tokens import TokenIssuer, refused

Authenticate: TypeAlias = Callable[[str], Actor]


def authenticator(platform: Platform, issuer: TokenIssuer) -> Authenticate:
    """Return the function that makes an ``Authorization`` header's value into an actor.

    It raises :class:`~isthmus_platform.errors.NotAuthenticated` with a code: ``token_missing`` or one of
    :meth:`~isthmus_platform.tokens.TokenIssuer.verify`.
    """
    return lambda authorization: access.actor_of_token(platform, issuer, token_in(authorization))


def token_in(authorization: str) -> str:
    """Return the token in an ``Authorization`` header's value."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refused("token_missing", "Send an access token: Authorization: Bearer <token>.")
    return token.strip()


def acting(authenticate: Authenticate) -> Actor:
    """Return who sends the present request."""
    return authenticate(request.headers.get("Authorization", ""))
