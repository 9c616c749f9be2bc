"""Subscriptions for the generated client: ``ariadne-codegen`` knows web sockets alone, Isthmus sends events.

GraphQL over server-sent events, distinct connections mode: https://github.com/graphql/graphql-over-http
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from isthmus_client import IsthmusClient
from isthmus_client.exceptions import GraphQLClientHttpError
from isthmus_client.fragments import Tracked

OPERATIONS = Path(__file__).with_name("operations.graphql").read_text()
FOLLOW = """
subscription ShipmentsChanged($after: String) {
  shipmentsChanged(after: $after) { kind cursor shipment { ...Tracked } }
}
""" + OPERATIONS[OPERATIONS.index("fragment Tracked ") :]
PAUSE = 1.0
"""Seconds before coming back: a connection is lost, or ended by the server after a quarter of an hour."""


@dataclass(frozen=True)
class Change:
    """What changed, such as ``shipment.status_changed``; keep ``cursor`` to go on behind it another day."""

    kind: str
    cursor: str
    shipment: Tracked


def changes(client: IsthmusClient, after: str | None = None) -> Iterator[Change]:
    """Yield every change of your shipments, from ``after`` on, and come back when the connection ends.

    It ends when the server says that it is complete. Raises what the generated client raises, such as
    ``GraphQLClientGraphQLMultiError`` when your token has ended.
    """
    complete = False
    while not complete:
        try:
            for name, data in _events(client, after):
                complete = name == "complete"
                if name == "next":
                    change = _change(client, data)
                    after = change.cursor
                    yield change
        except httpx.TransportError:
            pass  # whatever came since is told first when we are back
        if not complete:
            time.sleep(PAUSE)


def _events(client: IsthmusClient, after: str | None) -> Iterator[tuple[str, str]]:
    """Yield the name and data of each event of one connection."""
    if not isinstance(client.http_client, httpx.Client):
        raise TypeError("a stream needs httpx.Client")
    asked = {"query": FOLLOW, "variables": {"after": after}}
    with client.http_client.stream(
        "POST",
        client.url,
        json=asked,
        headers={"Accept": "text/event-stream"},
        timeout=httpx.Timeout(10, read=60),
    ) as told:
        if not told.is_success:
            told.read()
            raise GraphQLClientHttpError(status_code=told.status_code, response=told)
        name = data = ""
        for line in told.iter_lines():
            field, _, value = line.partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                data += value.strip()
            elif not line and name:
                yield name, data
                name = data = ""


def _change(client: IsthmusClient, data: str) -> Change:
    body: dict[str, Any] = client.get_data(httpx.Response(200, text=data))
    change = body["shipmentsChanged"]
    return Change(change["kind"], change["cursor"], Tracked.model_validate(change["shipment"]))
