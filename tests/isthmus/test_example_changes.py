"""The example that follows shipments with the generated client misses nothing when its connection breaks."""

import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphql_trade import departure
from whole_web import WholeWeb, whole_web

EXAMPLE = Path(__file__).parents[2] / "examples" / "python"
SHIPMENT = {
    "idempotencyKey": "MY-1",
    "reference": "MY-1",
    "ucr": "6TW24536806-1",
    "carrier": "carrier",
    "bookingReference": "B1",
    "origin": "TWKHH",
    "destination": "DEHAM",
    "bookedAt": "2026-05-10T00:00:00Z",
}
MAKE = "mutation ($i: CreateShipmentInput!) { createShipment(input: $i) { userErrors { code } } }"


class Broken(httpx.SyncByteStream):
    """What came of a stream until the first event was whole; then the connection is lost."""

    def __init__(self, told: httpx.SyncByteStream) -> None:
        self.told = told

    def __iter__(self) -> Iterator[bytes]:
        for part in self.told:
            yield part
            if b"event: next" in part:
                raise httpx.ReadError("the connection is lost")

    def close(self) -> None:
        self.told.close()


class Breaking(httpx.HTTPTransport):
    """Loses the first stream, and counts them."""

    streams = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.headers["accept"] == "text/event-stream":
            self.streams += 1
            if self.streams == 1:
                assert isinstance(answer.stream, httpx.SyncByteStream)
                answer.stream = Broken(answer.stream)
        return answer


@contextmanager
def sailing(web: WholeWeb) -> Iterator[None]:
    """Let the carrier tell of one port after the other, as long as somebody follows."""
    done = threading.Event()

    def tell() -> None:
        http, number = web.app.test_client(), 0
        while not done.wait(0.2):
            number += 1
            booking = [{"documentReferenceType": "BKG", "documentReferenceValue": "B1"}]
            kind = "ARRI" if number % 2 else "DEPA"
            told = departure(number, f"2026-05-11T08:{number % 60:02}:00Z", documentReferences=booking)
            told |= {"transportEventTypeCode": kind}
            http.post("/v2/events", json=[told], headers=web.bearer("carrier"))

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def await_server() -> None:
    """Wait until the server has seen that nobody listens any more, which it does when it tells the next."""
    end = time.monotonic() + 60
    while any("process_request_thread" in each.name for each in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_changes_are_followed_over_a_broken_connection(
    platform_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    example: Any = importlib.import_module("changes")
    monkeypatch.setattr(example, "PAUSE", 0.01)
    with whole_web(platform_url, tmp_path, redis_url) as web:
        transport = Breaking()
        with httpx.Client(headers=web.bearer("trader"), timeout=30, transport=transport) as http:
            made = http.post(f"{web.address}/graphql", json={"query": MAKE, "variables": {"i": SHIPMENT}})
            assert made.json() == {"data": {"createShipment": {"userErrors": []}}}
            client = example.IsthmusClient(f"{web.address}/graphql", http_client=http)
            with sailing(web):
                following = example.changes(client)
                told = [next(following) for _ in range(4)]
                following.close()
                again = example.changes(client, told[0].cursor)
                later = [next(again) for _ in range(3)]
                again.close()
                await_server()
    assert transport.streams == 3, "it came back by itself, and once more for the changes told before"
    assert {each.shipment.reference for each in told} == {"MY-1"}
    assert len({each.cursor for each in told}) == 4, "none twice"
    assert [each.cursor for each in later] == [each.cursor for each in told[1:]], "none missed"


def test_a_token_that_has_ended_is_told_as_the_client_tells_errors(
    platform_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    example: Any = importlib.import_module("changes")
    with whole_web(platform_url, tmp_path, redis_url) as web, httpx.Client() as http:
        client = example.IsthmusClient(f"{web.address}/graphql", http_client=http)
        with pytest.raises(example.GraphQLClientHttpError) as refused:
            next(example.changes(client))
        assert refused.value.status_code == 401
