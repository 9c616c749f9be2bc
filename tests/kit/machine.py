"""A party's machine with keys of its own: it signs assertions and DPoP proofs, and obtains tokens."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from isthmus_platform import tokens
from isthmus_platform.database import Platform
from isthmus_platform.http import oauth
from isthmus_platform.http.bearer import Authenticate, ProofDesk, authenticator
from isthmus_platform.http.certificates import CertificateDesk
from isthmus_platform.proofs import Nonces
from isthmus_platform.tokens import TokenIssuer
from standing import StandingClock

ADDRESS = "https://isthmus.example"
SECRET = b"nonces"
TOKEN_KEY = Ed25519PrivateKey.generate()


@dataclass(frozen=True)
class Machine:
    """One client of the web behind ``http``; ``proving`` is the key that its tokens are bound to."""

    http: FlaskClient
    clock: StandingClock
    client_id: str
    signing: Ed25519PrivateKey
    proving: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def nonce(self) -> str:
        return Nonces(SECRET, self.clock).current()

    def assertion(self, **changes: Any) -> str:
        """Return a client assertion; a change to None takes a claim out, ``kid`` names the key."""
        headers = {"kid": changes.pop("kid")} if "kid" in changes else {}
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{ADDRESS}/oauth/token",
            "jti": str(uuid4()),
            "exp": int(self.clock().timestamp()) + 60,
        } | changes
        return jwt.encode(claims, self.signing, "EdDSA", headers=headers)

    def proof(self, method: str, path: str, token: str | None = None, **changes: Any) -> str:
        """Return a proof for one request; None takes a claim out, ``header`` changes the header."""
        header = {"typ": "dpop+jwt", "jwk": tokens.public_jwk(self.proving)} | changes.pop("header", {})
        key = changes.pop("key", self.proving)
        claims: dict[str, Any] = {
            "jti": str(uuid4()),
            "htm": method,
            "htu": ADDRESS + path,
            "iat": int(self.clock().timestamp()),
            "nonce": self.nonce,
        }
        if token is not None:
            claims["ath"] = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(kept, key, "EdDSA", headers=header)

    def request_token(
        self, proof: str | None = None, headers: Mapping[str, str] | None = None, **given: str
    ) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": oauth.ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        } | given
        sent = {**(headers or {}), **({} if proof is None else {"DPoP": proof})}
        return self.http.post("/oauth/token", data=form, headers=sent)

    def token(self, **given: str) -> str:
        """Return a token that is bound to the proving key."""
        answer = self.request_token(self.proof("POST", "/oauth/token"), None, **given)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["token_type"] == "DPoP"
        token: str = answer.get_json()["access_token"]
        return token

    def send(
        self, method: str, path: str, token: str, proof: str | None = None, **request: Any
    ) -> TestResponse:
        """Send a request with a bound token, and the proof that belongs to it unless another is given."""
        plain = path.partition("?")[0]
        headers = {
            "Authorization": f"DPoP {token}",
            "DPoP": self.proof(method, plain, token) if proof is None else proof,
            **request.pop("headers", {}),
        }
        return self.http.open(path, method=method, headers=headers, **request)


def token_issuer(clock: StandingClock) -> TokenIssuer:
    """Return who issues the tokens of :func:`door`."""
    pem = TOKEN_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TokenIssuer(ADDRESS, ADDRESS, [pem], clock)


def door(
    platform: Platform, clock: StandingClock, certificates: CertificateDesk | None = None
) -> tuple[Flask, Authenticate]:
    """Return a web with a token endpoint, and the authenticator that belongs to it."""
    issuer = token_issuer(clock)
    desk = ProofDesk(Nonces(SECRET, clock), ADDRESS)
    web = Flask("door", static_folder=None)
    audiences = [f"{ADDRESS}/oauth/token", ADDRESS]
    web.register_blueprint(oauth.blueprint(platform, issuer, audiences, desk, certificates))
    return web, authenticator(platform, issuer, desk, None, certificates)
