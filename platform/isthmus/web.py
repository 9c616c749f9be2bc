"""The platform's web, put together: tokens, events, documents, the bridge's way in, GraphQL, the portal."""

from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from typing import Any

import limits
import redis
from flask import Blueprint, Flask
from redis.backoff import NoBackoff
from redis.retry import Retry

from isthmus import addresses, entrance
from isthmus.demo import cast
from isthmus.errors import CannotRun
from isthmus.home import Home, local_secrets
from isthmus.keys import KeyFolder
from isthmus.settings import Settings
from isthmus_billing import http as stripe_http
from isthmus_graphql import http as graphql_http
from isthmus_graphql import schema
from isthmus_graphql.execution import Answer, GraphQL
from isthmus_graphql.front import Front
from isthmus_graphql.persisted import Operations, manifest
from isthmus_graphql.planner import Planner
from isthmus_graphql.streaming import StreamLimits
from isthmus_platform import access, window_messages
from isthmus_platform.crossings import BridgeClient, Inbox
from isthmus_platform.database import Actor, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.ended_sessions import EndedSessions
from isthmus_platform.http import (
    access_log,
    bodies,
    bridge_inbox,
    documents,
    event_feed,
    event_subscriptions,
    events,
    evidence,
    financing,
    imports,
    links,
    oauth,
    openapi,
    papers,
    patience,
    titles,
)
from isthmus_platform.http.bearer import ProofDesk, authenticator, still
from isthmus_platform.http.certificates import CertificateDesk
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.links import Door
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.papers import dcsa_ebl
from isthmus_platform.papers.signing import Desk
from isthmus_platform.papers.standing import Enquiries
from isthmus_platform.papers.ubl import Schemas
from isthmus_platform.proofs import Nonces
from isthmus_platform.quotas import Quotas
from isthmus_platform.tokens import TokenIssuer
from isthmus_platform.webhook_signing import SigningSecrets
from isthmus_portal import session
from isthmus_portal.blueprint import create_portal
from isthmus_portal.face import Invitation
from isthmus_portal.files import Files

IMPATIENT: dict[str, Any] = {
    "socket_timeout": 0.25,
    "socket_connect_timeout": 0.25,
    "retry": Retry(NoBackoff(), 0),
}
"""How Redis is asked for what can be done without."""


def furnish(
    app: Flask, settings: Settings, home: Home, keys: KeyFolder, platform: Platform, bridge: BridgeClient
) -> None:
    """Register everything that the platform serves on ``app``."""
    address = settings.web_address
    issuer = TokenIssuer(address, address, [key.to_pem() for key in keys.token_keys().values()])
    proofs = ProofDesk(Nonces(keys.nonce_secret(), platform.clock), address)
    turnstile = Turnstile(_quotas(settings))
    certificates = CertificateDesk([ip_network(each) for each in settings.certificate_proxies])
    authenticate = authenticator(platform, issuer, proofs, turnstile, certificates)
    vault = Vault(keys.master_key())
    desk = Desk(vault, bridge.signing_key, address, _ubl(settings), _dcsa(settings))
    push = (Outgoing(settings.webhook_loopback), SigningSecrets(keys.master_key()))
    graphql = GraphQL(
        platform,
        schema.build(),
        bridge=bridge,
        desk=desk,
        development=settings.shows_graphiql,
        planner=Planner(platform, schema.build()),
        push=push,
    )
    operations = _operations(settings)
    app.secret_key = addresses.needed(_session_key(settings, home), "ISTHMUS_SECRET_KEY")
    routes = [
        oauth.blueprint(platform, issuer, {f"{address}/oauth/token", address}, proofs, certificates),
        events.blueprint(platform, authenticate),
        event_feed.blueprint(platform, authenticate),
        event_subscriptions.blueprint(platform, authenticate, *push),
        imports.blueprint(platform, authenticate),
        documents.blueprint(platform, vault, authenticate, limit=settings.upload_limit),
        papers.blueprint(platform, desk, authenticate),
        access_log.blueprint(platform, authenticate),
        links.blueprint(Door(platform, vault), authenticate, partial(_visitor, platform)),
        evidence.blueprint(platform, bridge, authenticate),
        financing.blueprint(platform, bridge, authenticate),
        titles.blueprint(platform, desk, authenticate),
        bridge_inbox.blueprint(Inbox(platform, bridge, window_messages.INCOMING, window_messages.OUTGOING)),
        graphql_http.blueprint(
            graphql,
            authenticate,
            operations,
            turnstile,
            StreamLimits(total=settings.streams),
            still(platform, issuer),
        ),
        openapi.blueprint(),
        _portal(settings, home, platform, graphql, bridge, desk),
    ]
    if settings.stripe_webhook_secret is not None:
        secret = settings.stripe_webhook_secret.get_secret_value()
        routes.append(stripe_http.blueprint(platform, secret))
    for route in routes:
        app.register_blueprint(route)
    patience.install(app, settings.request_seconds)
    given = (graphql, issuer, operations, turnstile, settings.request_seconds)
    app.wsgi_app = Front(app.wsgi_app, *given)  # type: ignore[method-assign]  # Flask documents it so


def _quotas(settings: Settings) -> Quotas:
    url = settings.redis_url if _is_redis(settings.redis_url) else None
    quotas = {"requests": limits.parse(settings.request_quota), "cost": limits.parse(settings.cost_quota)}
    return Quotas(quotas, url)


def _operations(settings: Settings) -> Operations:
    url, listed = settings.redis_url, {}
    if settings.operations is not None:
        try:
            listed = manifest(settings.operations.read_bytes())
        except (OSError, ValueError) as error:
            raise CannotRun(f"ISTHMUS_OPERATIONS: {settings.operations}: {error}.") from None
    store = redis.Redis.from_url(url, **IMPATIENT) if url is not None and _is_redis(url) else None
    return Operations(listed, settings.only_listed_operations, store)


def _is_redis(url: str | None) -> bool:
    return url is not None and url.startswith(("redis://", "rediss://"))


def _ubl(settings: Settings) -> Schemas | None:
    return None if settings.standards is None else Schemas(settings.standards / "ubl-2.4" / "xsd")


def _dcsa(settings: Settings) -> dcsa_ebl.Schema | None:
    return None if settings.standards is None else dcsa_ebl.Schema(settings.standards / "dcsa" / "ebl")


def _session_key(settings: Settings, home: Home) -> str | None:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return None if settings.production else local_secrets(home)["secret_key"]


def _portal(
    settings: Settings, home: Home, platform: Platform, graphql: GraphQL, bridge: BridgeClient, desk: Desk
) -> Blueprint:
    def execute(actor: Actor, query: str, variables: dict[str, Any]) -> Answer:
        return graphql.execute(actor, query, variables, request_id=bodies.request_id())

    return create_portal(
        execute,
        lambda email, password: access.sign_in(platform, email, password),
        lambda subject: access.actor_of_subject(platform, subject),
        EndedSessions(platform),
        files=Files(
            document=partial(documents.give_out, platform, desk.vault),
            pages=partial(papers.give_out_pages, platform, desk),
            evidence=partial(evidence.give_out, platform, bridge),
            title=partial(titles.given, platform, desk),
            access_log=partial(access_log.give_out, platform),
        ),
        invitations=_invitations(home),
        production=settings.production,
        to_machines=entrance.problem,
        papers=Enquiries(platform, desk),
    )


def _visitor(platform: Platform) -> Actor | None:
    return session.recognise(
        lambda subject: access.actor_of_subject(platform, subject), EndedSessions(platform), platform.clock()
    )


def _invitations(home: Home) -> Callable[[], list[Invitation]]:
    return lambda: [
        Invitation(name, known.email, known.password, known.comes_for)
        for name, known in cast.sign_ins(home).items()
    ]
