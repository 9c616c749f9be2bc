"""The platform's web put together as it is served, in one process: all entries, tokens, limits, headers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, url_for
from pydantic import SecretStr
from sqlalchemy import Engine
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, UUIDConverter

from counterparts import serving
from graphql_client import register_cast
from isthmus import entrance, keys, web
from isthmus.home import home_of
from isthmus.settings import Settings
from isthmus_platform import access, tokens
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Actor, Duty, Platform, create_platform_engine
from isthmus_platform.tokens import TokenIssuer
from isthmus_protocol.keys import Holder

SECRET = SecretStr("-".join(str(number) for number in range(40)))
NOBODY = UUID("01a205ac-0fd0-70c4-b698-45e83c182b33")
UNBOUNDED = "1000000000/minute"


@dataclass(frozen=True)
class WholeWeb:
    """A web, where it is reached, and the parties that may come in."""

    app: Flask
    platform: Platform
    address: str
    cast: dict[str, Actor]
    issuer: TokenIssuer

    def bearer(self, party: str) -> dict[str, str]:
        """Return the header that lets ``party`` in for a quarter of an hour."""
        actor = self.cast[party]
        return {"Authorization": f"Bearer {self.issuer.issue(actor.party_id, actor.subject)}"}

    def client(self, party: str) -> httpx.Client:
        """Return a client that comes as ``party``."""
        return httpx.Client(base_url=self.address, headers=self.bearer(party), timeout=30)


@contextmanager
def whole_web(platform_url: str, folder: Path, redis_url: str, **changes: Any) -> Iterator[WholeWeb]:
    """Serve the whole web on a fresh database, by the machine's clock; ``changes`` are settings.

    It is as in production unless ``env`` says otherwise; only what production demands of addresses is not
    asked, for it is reached on this machine.
    """
    home = home_of(folder)
    home.prepare()
    held = keys.make_missing(home)
    engine = create_platform_engine(platform_url, pool_size=4)
    platform = Platform(engine)
    app = Flask("isthmus", static_folder=None)
    with disposed(engine), serving(app) as address:
        given = {
            "home": folder,
            "env": "production",
            "secret_key": SECRET,
            "redis_url": redis_url,
            "public_url": address,
            "request_quota": UNBOUNDED,
            "cost_quota": UNBOUNDED,
            **changes,
        }
        settings = Settings(**given)
        bridge = BridgeClient(
            settings.bridge_address, held.rotating_key(Holder.PLATFORM), held.rotating_trust()
        )
        web.furnish(app, settings, home, held, platform, bridge)
        entrance.equip(app, body_limit=settings.body_limit, production=settings.production)
        cast = _clients(platform, register_cast(platform))
        issuer = TokenIssuer(address, address, [key.to_pem() for key in held.token_keys().values()])
        yield WholeWeb(app, platform, address, cast, issuer)


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """Yield the address of a database made from ``template``, for the tests of a whole file."""
    name = f"platform_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        yield server.rsplit("/", 1)[0] + "/" + name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def disposed(engine: Engine) -> Iterator[None]:
    """Close the connections of ``engine`` in the end."""
    try:
        yield
    finally:
        engine.dispose()


def _clients(platform: Platform, cast: dict[str, Actor]) -> dict[str, Actor]:
    """Register a machine client for each party, and return them as who acts."""
    found = {}
    with platform.begin(Duty("onboarding")) as work:
        for name, actor in cast.items():
            added: UUID = access.add_client(work, name, f"{name}-machine", [_public_key()])
            found[name] = Actor(actor.party_id, actor.roles, f"client:{added}")
    return found


def _public_key() -> dict[str, str]:
    return tokens.public_jwk(Ed25519PrivateKey.generate())


def entries(app: Flask) -> list[tuple[str, str, str]]:
    """Return each entry's endpoint, method and a path of it, whose things nobody has."""
    found = []
    for rule in app.url_map.iter_rules():
        values: dict[str, Any] = {name: _nothing(kind) for name, kind in rule._converters.items()}
        with app.test_request_context():
            path = url_for(rule.endpoint, **values)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(rule.endpoint, method, path) for method in sorted(methods)]
    return found


def _nothing(converter: BaseConverter) -> object:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    if isinstance(converter, UUIDConverter):
        return NOBODY
    return 1 if isinstance(converter, IntegerConverter) else "none"
