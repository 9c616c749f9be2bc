"""Who steals a bound token has nothing, at any entry of the whole web."""

import base64
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import TestResponse

from isthmus_platform import tokens
from isthmus_platform.http import reach
from whole_web import WholeWeb, entries, whole_web

OWNER, THIEF = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
STREAM = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Door:
    """One entry of the web, and the nonce that it told last."""

    web: WholeWeb
    method: str
    path: str
    headers: dict[str, str]

    def send(self, **headers: str) -> TestResponse:
        body: dict[str, Any] = {"json": {"query": "{ viewer { subject } }"}} if self.method == "POST" else {}
        given = {**self.headers, **headers}
        answer = self.web.app.test_client().open(self.path, method=self.method, headers=given, **body)
        answer.close()
        return answer

    def prove(self, token: str, key: Ed25519PrivateKey, nonce: str) -> TestResponse:
        """Send a request with a proof that is right, if ``key`` is."""
        digest = hashlib.sha256(token.encode()).digest()
        claims = {
            "jti": str(uuid4()),
            "iat": int(time.time()),
            "htm": self.method,
            "htu": self.web.address + self.path,
            "nonce": nonce,
            "ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        header = {"typ": "dpop+jwt", "jwk": tokens.public_jwk(key)}
        proof = jwt.encode(claims, key, "EdDSA", headers=header)
        return self.send(Authorization=f"DPoP {token}", DPoP=proof)


def doors(web: WholeWeb) -> list[Door]:
    """Return every entry that takes tokens; GraphQL's with streams too."""
    found = [Door(web, method, path, {}) for name, method, path in entries(web.app) if _takes_tokens(name)]
    streams = [Door(web, method, "/graphql", STREAM) for method in ("GET", "POST")]
    assert len(found) > len(reach.NEEDS)
    return found + streams


def _takes_tokens(endpoint: str) -> bool:
    return endpoint in reach.NEEDS or endpoint in reach.BY_CONTENT


def test_a_stolen_token_without_its_key_is_401_at_every_entry(
    platform_url: str, tmp_path: Path, redis_url: str
) -> None:
    with whole_web(platform_url, tmp_path, redis_url) as web:
        actor = web.cast["trader"]
        owner = tokens.thumbprint(tokens.public_jwk(OWNER))
        bound = web.issuer.issue(actor.party_id, actor.subject, thumbprint=owner)
        certified = web.issuer.issue(actor.party_id, actor.subject, certificate=owner)
        for door in doors(web):
            nonce = door.send(Authorization=f"DPoP {bound}", DPoP="none").headers["DPoP-Nonce"]
            for refused in (
                door.send(Authorization=f"DPoP {bound}"),
                door.send(Authorization=f"Bearer {bound}"),
                door.prove(bound, THIEF, nonce),
                door.send(Authorization=f"Bearer {certified}"),
                door.send(Authorization=f"Bearer {certified}", **{"Client-Cert": ":AAAA:"}),
            ):
                assert refused.status_code == 401, door
                assert "WWW-Authenticate" in refused.headers
            assert door.prove(bound, OWNER, nonce).status_code != 401, door
