"""Subscriptions through the production server: real sockets, real threads, clients that just go away."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx
import orjson
import pytest

from graphql_trade import SHIPMENT
from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

ALL = "subscription { shipmentsChanged { kind shipment { reference } } }"
MOST = 4


@contextmanager
def streaming(client: httpx.Client) -> Iterator[httpx.Response]:
    asked = {"query": ALL}
    with client.stream("POST", "/graphql", json=asked, headers={"Accept": "text/event-stream"}) as answer:
        yield answer


def ship(client: httpx.Client, reference: str) -> None:
    made = "mutation ($i: CreateShipmentInput!) { createShipment(input: $i) { userErrors { code field } } }"
    given = {**SHIPMENT, "idempotencyKey": reference, "reference": reference, "ucr": f"6TW1-{reference}"}
    del given["bookingReference"], given["billOfLading"]
    answer = client.post("/graphql", json={"query": made, "variables": {"i": given}}).json()
    assert answer["data"]["createShipment"]["userErrors"] == [], answer


def test_streams_of_the_production_server_are_told_bounded_and_given_back(isthmus: Installation) -> None:
    reference = f"STREAM-{uuid4().hex[:8].upper()}"
    with isthmus.client("forwarder") as client:
        with ExitStack() as open_streams:
            streams = [open_streams.enter_context(streaming(client)) for _ in range(MOST)]
            lines = [stream.iter_lines() for stream in streams]
            assert [next(line) for line in lines] == ["retry: 1000"] * MOST
            with streaming(client) as refused:
                assert refused.status_code == 429
            ship(client, reference)
            for line in lines:
                data = next(each for each in line if each.startswith("data: {"))
                told = orjson.loads(data.removeprefix("data: "))["data"]["shipmentsChanged"]
                assert told == {"kind": "shipment.created", "shipment": {"reference": reference}}
        end = time.monotonic() + 120
        while True:  # their places are free again once the server finds that nobody listens
            with streaming(client) as again:
                if again.status_code == 200:
                    break
            assert time.monotonic() < end, "streams that nobody listens to keep their places"
            time.sleep(0.2)
