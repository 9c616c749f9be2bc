"""A real bridge that evaluates the marks of invoices, and the platform's client of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from counterparts import KEYRING, KEYS, serving
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.financing import http as financing_http
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_platform.crossings import BridgeClient
from isthmus_protocol.keys import Holder
from standing import StandingClock


@contextmanager
def marking_bridge(bridge_url: str, clock: StandingClock) -> Iterator[BridgeClient]:
    """Serve a bridge on its own database, for the while."""
    bridge = Bridge(
        engine=create_bridge_engine(bridge_url, pool_size=4),
        keyring=KEYRING,
        signing_key=KEYS[Holder.BRIDGE],
        log_key=KEYS[Holder.LOG],
        subject_key=b"s" * 32,
        window_url="http://127.0.0.1:9",
        platform_url="http://127.0.0.1:9",
        origin="bridge.test/log",
        clock=clock,
    )
    app = create_app(bridge)
    app.register_blueprint(financing_http.blueprint(bridge, b"f" * 32))
    try:
        with serving(app) as address:
            yield BridgeClient(address, KEYS[Holder.PLATFORM], KEYRING, clock)
    finally:
        bridge.engine.dispose()
