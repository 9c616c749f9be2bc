"""A bridge on a fresh database, between two neighbours that listen on the loopback."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from counterparts import KEYRING, KEYS, Neighbour, Signer, agreement, serving, signed, status_agreement
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.keys import Holder
from isthmus_protocol.receipts import Receiver
from standing import StandingClock


@pytest.fixture
def window(clock: StandingClock) -> Neighbour:
    return Neighbour(Receiver.WINDOW, clock)


@pytest.fixture
def private(clock: StandingClock) -> Neighbour:
    return Neighbour(Receiver.PLATFORM, clock)


@pytest.fixture
def bridge(bridge_url: str, clock: StandingClock, window: Neighbour, private: Neighbour) -> Iterator[Bridge]:
    engine = create_bridge_engine(bridge_url, pool_size=12)
    with serving(window.app()) as window_url, serving(private.app()) as platform_url:
        yield Bridge(
            engine=engine,
            keyring=KEYRING,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url=window_url,
            platform_url=platform_url,
            origin="bridge.test/log",
            clock=clock,
        )
    engine.dispose()


@pytest.fixture
def put_in_force(bridge: Bridge) -> Callable[..., None]:
    """Store agreements with both signatures."""

    def store(*documents: Agreement) -> None:
        for document in documents:
            with bridge.begin() as session:
                agreements.store(session, bridge.keyring, signed(document), bridge.clock())

    return store


@pytest.fixture
def agreed(put_in_force: Callable[..., None]) -> None:
    """Have declarations and their status agreed on."""
    put_in_force(agreement(), status_agreement())


@pytest.fixture
def client(bridge: Bridge) -> FlaskClient:
    return create_app(bridge).test_client()


@pytest.fixture
def as_platform(client: FlaskClient, clock: StandingClock) -> Signer:
    return Signer(client, KEYS[Holder.PLATFORM], clock)


@pytest.fixture
def as_window(client: FlaskClient, clock: StandingClock) -> Signer:
    return Signer(client, KEYS[Holder.WINDOW], clock)


@pytest.fixture
def as_authority(client: FlaskClient, clock: StandingClock) -> Signer:
    return Signer(client, KEYS[Holder.AUTHORITY], clock)
