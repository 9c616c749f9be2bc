"""What the page for banks says works, word for word, against a served platform."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import limits
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from graphql_relay import to_global_id

from counterparts import serving
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.http import blueprint
from isthmus_graphql.schema import build
from isthmus_platform import access, tokens
from isthmus_platform.database import Duty, Platform, create_platform_engine
from isthmus_platform.http import documents, oauth
from isthmus_platform.http.bearer import ProofDesk, authenticator
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.proofs import Nonces
from isthmus_platform.quotas import Quotas
from isthmus_platform.scopes import SCOPES
from isthmus_platform.tokens import TokenIssuer
from paperwork import Paperwork, open_paperwork

PAGE = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
SIGNING, TOKENS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CLIENT_ID = "bank-1"


@pytest.fixture
def papers(platform_url: str) -> Iterator[Paperwork]:
    """Yield a trade of today, for the page's machine goes by its own clock."""
    engine = create_platform_engine(platform_url, pool_size=4)
    papers = open_paperwork(Platform(engine))
    papers.trade.ship()
    with papers.platform.begin(Duty("onboarding")) as work:
        held = ["read:shipments", "read:documents"]
        access.add_client(
            work, "bank", CLIENT_ID, [tokens.public_jwk(SIGNING)], scopes=held, demands_proof=True
        )
    yield papers
    engine.dispose()


@pytest.fixture
def address(papers: Paperwork, redis_url: str) -> Iterator[str]:
    app = Flask("bank", static_folder=None)
    with serving(app) as address:
        pem = TOKENS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        issuer = TokenIssuer(address, address, [pem])
        desk = ProofDesk(Nonces(b"secret"), address)
        quotas = {name: limits.parse("100000/minute") for name in ("requests", "cost")}
        turnstile = Turnstile(Quotas(quotas, redis_url))
        authenticate = authenticator(papers.platform, issuer, desk, turnstile)
        graphql = GraphQL(papers.platform, build())
        app.register_blueprint(oauth.blueprint(papers.platform, issuer, [f"{address}/oauth/token"], desk))
        app.register_blueprint(documents.blueprint(papers.platform, papers.vault, authenticate))
        app.register_blueprint(blueprint(graphql, authenticate, None, turnstile))
        yield address


def test_the_page_obtains_a_token_asks_a_query_and_fetches_a_document(
    papers: Paperwork, address: str
) -> None:
    stored = papers.store(b"the invoice")
    papers.grant(stored.document_id)
    known: dict[str, Any] = {
        "ADDRESS": address,
        "CLIENT_ID": CLIENT_ID,
        "SIGNING_KEY": SIGNING,
        "DOCUMENT": to_global_id("Document", str(stored.document_id)),
    }
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for block in blocks:
        exec(block, known)
    try:
        assert known["contents"] == b"the invoice"
        assert len(blocks) == 3
        last = known["answer"].headers
        assert re.fullmatch(r'"requests";r=\d+;t=\d+, "cost";r=\d+;t=\d+', last["RateLimit"])
        assert '"cost";q=100000;w=60;qu="fields"' in last["RateLimit-Policy"]
    finally:
        known["http"].close()


def test_the_page_names_every_scope() -> None:
    assert set(re.findall(r"`((?:read|write):\w+)`", PAGE)) == SCOPES.keys()
