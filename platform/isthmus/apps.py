"""The processes put together: each function returns an application that needs nothing but settings.

The sides import each other nowhere, and a process loads only its own: hence the imports inside the functions.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from celery import Celery
from flask import Flask

from isthmus import addresses, entrance, health, wco, worker
from isthmus.home import Home, home_of
from isthmus.keys import KeyFolder
from isthmus.settings import Process, Settings, check_production
from isthmus_platform import places
from isthmus_platform.clock import utc_now
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_protocol.keys import Holder

if TYPE_CHECKING:
    from isthmus_bridge.service import Bridge
    from isthmus_platform.crossings import BridgeClient


def _ground(settings: Settings, process: Process) -> tuple[Home, Settings, KeyFolder]:
    check_production(settings, process)
    home = home_of(settings.home)
    return home, addresses.located(home, settings), KeyFolder(home.keys)


def _platform(settings: Settings) -> Platform:
    engine = create_platform_engine(addresses.needed(settings.database_url, "DATABASE_URL"))
    return Platform(engine, wake=worker.waker(addresses.needed(settings.redis_url, "REDIS_URL")))


def _bridge_client(settings: Settings, keys: KeyFolder) -> "BridgeClient":
    from isthmus_platform.crossings import BridgeClient

    return BridgeClient(settings.bridge_address, keys.rotating_key(Holder.PLATFORM), keys.rotating_trust())


def _bridge(settings: Settings, keys: KeyFolder) -> "Bridge":
    from isthmus import bridge_worker
    from isthmus_bridge.database import create_bridge_engine
    from isthmus_bridge.service import Bridge, Patience

    return Bridge(
        engine=create_bridge_engine(addresses.needed(settings.bridge_database_url, "BRIDGE_DATABASE_URL")),
        keyring=keys.rotating_trust(),
        signing_key=keys.rotating_key(Holder.BRIDGE),
        log_key=keys.rotating_key(Holder.LOG),
        subject_key=keys.subject_key(),
        window_url=settings.window_address,
        platform_url=settings.platform_address,
        origin=settings.log_origin,
        witness_url=settings.witness_address,
        wake=bridge_worker.waker(addresses.needed(settings.bridge_redis_url, "BRIDGE_REDIS_URL")),
        speak=wco.speaker(settings),
        patience=Patience(time_limit=timedelta(hours=settings.delivery_hours)),
        hear=wco.bridge_listener(settings),
    )


def create_web(settings: Settings) -> Flask:
    """Return the platform's web: GraphQL, tokens, events, documents, the bridge's way in, the portal."""
    from isthmus import web

    home, settings, keys = _ground(settings, Process.WEB)
    platform = _platform(settings)
    places.prepare()
    app = Flask("isthmus", static_folder=None)
    web.furnish(app, settings, home, keys, platform, _bridge_client(settings, keys))
    health.add(
        app,
        health.look_at_database(platform.engine, "platform"),
        health.look_at_broker(addresses.needed(settings.redis_url, "REDIS_URL")),
    )
    return entrance.equip(app, body_limit=settings.body_limit, production=settings.production)


def create_bridge(settings: Settings) -> Flask:
    """Return the bridge's process."""
    from isthmus_bridge.financing import http as financing
    from isthmus_bridge.http import create_app

    _, settings, keys = _ground(settings, Process.BRIDGE)
    schemas = None if settings.standards is None else settings.standards / "efti" / "xsd"
    bridge = _bridge(settings, keys)
    app = create_app(bridge, schemas)
    app.register_blueprint(financing.blueprint(bridge, keys.financing_key()))
    return entrance.dress(app, production=settings.production)


def create_window(settings: Settings) -> Flask:
    """Return the reference single window's process; its clerks work in a thread of it."""
    from isthmus_window import work
    from isthmus_window.http import create_app
    from isthmus_window.service import Window

    home, settings, keys = _ground(settings, Process.WINDOW)
    window = Window(
        database_path=home.window_database,
        signing_key=keys.rotating_key(Holder.WINDOW),
        keyring=keys.rotating_trust(),
        bridge_url=settings.bridge_address,
        clock=utc_now,
        understand=wco.listener(settings),
        speak=wco.window_speaker(settings),
    )
    work.start(window)
    return entrance.dress(create_app(window), production=settings.production)


def create_worker(settings: Settings) -> Celery:
    """Return the platform's Celery application, for worker and beat."""
    from isthmus import duties

    home, settings, keys = _ground(settings, Process.WORKER)

    def connect() -> tuple[Platform, Mapping[str, worker.Handler]]:
        platform = _platform(settings)
        return platform, duties.handlers(platform, settings, home, keys, _bridge_client(settings, keys))

    url = addresses.needed(settings.redis_url, "REDIS_URL")
    return worker.create_worker(url, duties.TOPICS, connect, duties.chores(settings, home))


def create_bridge_worker(settings: Settings) -> Celery:
    """Return the bridge's Celery application."""
    from isthmus import bridge_worker

    _, settings, keys = _ground(settings, Process.BRIDGE_WORKER)
    url = addresses.needed(settings.bridge_redis_url, "BRIDGE_REDIS_URL")
    return bridge_worker.create_bridge_worker(url, lambda: _bridge(settings, keys))
