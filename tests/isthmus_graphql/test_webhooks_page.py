"""What docs/webhooks.md shows works as it is written there."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from graphql_client import Asker, nodes, register_cast, serve
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import outbox, webhook_delivery, webhooks
from isthmus_platform.changes import Kind
from isthmus_platform.database import Platform
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_delivery import Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from standing import StandingClock

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
HERE = Outgoing(loopback=True)
SECRETS = SigningSecrets(b"m" * 32)


def block(language: str, number: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number])


@pytest.fixture
def askers(platform: Platform) -> dict[str, Asker]:
    return serve(GraphQL(platform, build(), push=(HERE, SECRETS)), register_cast(platform))


def test_the_receiver_of_the_page_takes_what_is_sent(
    platform: Platform,
    clock: StandingClock,
    trader: Asker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock.now = datetime.now(UTC)
    page: dict[str, Any] = {"__name__": "receiver"}
    server = make_server("127.0.0.1", 0, lambda *given: page["app"](*given))
    address = f"http://127.0.0.1:{server.server_port}/isthmus"
    registered = trader.data(block("graphql").replace("https://hooks.example.com/isthmus", address))
    monkeypatch.setenv("WEBHOOK_SECRET", registered["registerWebhook"]["secret"])
    exec(compile(block("python"), "docs/webhooks.md", "exec"), page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        ship(trader)
        outbox.drain(platform, webhook_delivery.CHANGE_TOPIC, lambda m: webhook_delivery.spread(platform, m))
        outbox.drain(platform, webhooks.TOPIC, Deliverer(platform, SECRETS, Caller(HERE)))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert "shipment.created KHH-HAM-1\n" in capsys.readouterr().out
    log = trader.data("{ webhookDeliveries { edges { node { messageId state } } } }")
    (delivery,) = nodes(log["webhookDeliveries"])
    assert delivery == {"messageId": next(iter(page["seen"])), "state": "DELIVERED"}
    assert nodes(trader.data(block("graphql", 1))["webhookDeliveries"]) == []


def test_the_page_names_every_type_of_event() -> None:
    assert [kind for kind in Kind if f"`{kind}`" not in PAGE] == []
