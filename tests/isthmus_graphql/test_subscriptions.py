"""Subscriptions by GraphQL over SSE (distinct connections mode): told what is seen, ended when it is not."""

import argparse
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask
from graphql_relay import to_global_id

from graphql_client import Asker
from graphql_trade import departure, ship, upload
from isthmus_graphql import pagination
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.http import blueprint
from isthmus_graphql.schema import build
from isthmus_graphql.streaming import StreamLimits
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import NotAuthenticated
from pages import Page

SCHEMA = build()
ALL = "subscription { shipmentsChanged { kind cursor shipment { reference status { code } } } }"
ONE = (
    "subscription ($r: String!, $a: String)"
    " { shipmentChanged(reference: $r, after: $a) { kind cursor shipment { reference } } }"
)
DEPARTED = departure(1, "2026-05-20T08:00:00+08:00")
LATER = "2026-12-01T00:00:00Z"


@dataclass(frozen=True)
class Event:
    name: str
    id: str | None
    data: Any


@dataclass
class Listener:
    """An open stream; :meth:`next` waits for its next event, heartbeats passed over."""

    parts: Iterator[bytes]
    status: int

    def next(self) -> Event:
        for part in self.parts:
            lines = dict(line.split(": ", 1) for line in part.decode().splitlines() if ": " in line)
            if "event" in lines:
                data = lines.get("data")
                return Event(lines["event"], lines.get("id"), orjson.loads(data) if data else None)
            if part.startswith(b"event: complete"):
                return Event("complete", None, None)
        return Event("end", None, None)

    def told(self) -> dict[str, Any]:
        """Return what the next event tells of its one field."""
        event = self.next()
        assert event.name == "next"
        assert "errors" not in event.data, event.data
        (value,) = event.data["data"].values()
        return {**value, "id": event.id}

    def code(self) -> str:
        """Return the code of the error that the next event tells."""
        event = self.next()
        assert event.name == "next"
        code: str = event.data["errors"][0]["extensions"]["code"]
        return code


@dataclass
class Wire:
    """The served schema; ``tokens`` may be taken away while streams are open."""

    app: Flask
    tokens: dict[str, Actor]

    def post(self, party: str, query: str, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        given = {"Authorization": f"Bearer {party}", "Accept": "text/event-stream", **(headers or {})}
        body = {"query": query, "variables": variables}
        return self.app.test_client().post("/graphql", json=body, headers=given)

    @contextmanager
    def listen(
        self, party: str, query: str, headers: dict[str, str] | None = None, **variables: Any
    ) -> Iterator[Listener]:
        answer = self.post(party, query, headers, **variables)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "text/event-stream"
        try:
            yield Listener(iter(answer.response), answer.status_code)
        finally:
            answer.close()


def wire_of(graphql: GraphQL, cast: dict[str, Actor], limits: StreamLimits) -> Wire:
    tokens = dict(cast)

    def authenticate(header: str) -> Actor:
        actor = tokens.get(header.removeprefix("Bearer "))
        if actor is None:
            raise NotAuthenticated("Send a bearer token.")
        return actor

    app = Flask(__name__)
    app.register_blueprint(blueprint(graphql, authenticate, stream_limits=limits))
    return Wire(app, tokens)


QUICK = StreamLimits(look=0.02, heartbeat=0.1, life=60)


@pytest.fixture
def wire(graphql: GraphQL, cast: dict[str, Actor]) -> Wire:
    return wire_of(graphql, cast, QUICK)


def test_a_party_is_told_of_its_shipments_as_they_change(wire: Wire, trader: Asker) -> None:
    with wire.listen("trader", ALL) as listener:
        ship(trader)
        told = listener.told()
        assert told["kind"] == "shipment.created"
        assert told["shipment"] == {"reference": "KHH-HAM-1", "status": {"code": "BOOKED"}}
        assert told["id"] == told["cursor"]


def test_nobody_is_told_of_what_they_do_not_see(wire: Wire, trader: Asker, rival: Asker) -> None:
    with wire.listen("rival", ALL) as listener:
        ship(trader)
        ship(rival, reference="OWN", ucr="6GB1-OWN")
        assert listener.told()["shipment"]["reference"] == "OWN"


def test_one_shipment_is_followed_by_its_reference(wire: Wire, trader: Asker, carrier: Asker) -> None:
    ship(trader)
    with wire.listen("trader", ONE, r="KHH-HAM-1") as listener:
        ship(trader, reference="KHH-HAM-2", ucr="6TW24536806-2")
        assert next(listener.parts).startswith(b"retry:")
        carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=[DEPARTED])
        told = [listener.told(), listener.told()]
        if told[0]["kind"] == "shipment.created":  # a stream begins before what is under way in the cluster
            told = [told[1], listener.told()]
        assert {each["kind"] for each in told} == {"shipment.events_recorded", "shipment.status_changed"}
        assert {each["shipment"]["reference"] for each in told} == {"KHH-HAM-1"}
    with wire.listen("rival", ONE, r="KHH-HAM-1") as stranger:
        refused = stranger.code()
        assert (refused, stranger.next().name) == ("not_found", "complete")
    with wire.listen("rival", ONE, r="NONE") as absent:
        assert absent.code() == refused


def test_a_stream_goes_on_where_the_last_one_ended(wire: Wire, trader: Asker) -> None:
    with wire.listen("trader", ALL) as listener:
        ship(trader)
        last = listener.told()["cursor"]
    ship(trader, reference="KHH-HAM-2", ucr="6TW24536806-2")
    for headers, after in (({"Last-Event-ID": last}, ""), ({}, f'(after: "{last}")')):
        with wire.listen("trader", ALL.replace("Changed ", f"Changed{after} ", 1), headers) as listener:
            assert listener.told()["shipment"]["reference"] == "KHH-HAM-2"
    assert wire.post("trader", ALL, {"Last-Event-ID": "forged"}).get_json()["code"] == "cursor"


FORGED = ["forged", "", "bnVsbA==", "x" * 5_000, "WzEsMl0="]


@pytest.mark.parametrize("forged", FORGED, ids=["words", "nothing", "null", "long", "numbers"])
def test_a_forged_cursor_begins_no_stream(wire: Wire, trader: Asker, forged: str) -> None:
    ship(trader)
    begins_no_stream(wire, forged)


def test_nor_does_one_of_another_list(wire: Wire, trader: Asker, cast: dict[str, Actor]) -> None:
    ship(trader)
    begins_no_stream(wire, pagination.cursor(cast["trader"].party_id, "no-such-list", 1, 2))


def begins_no_stream(wire: Wire, cursor: str, party: str = "trader", reference: str = "KHH-HAM-1") -> None:
    for query in (ALL.replace("Changed ", "Changed(after: $a) ", 1), ONE):
        query = query.replace("subscription {", "subscription ($a: String) {")
        with wire.listen(party, query, a=cursor, r=reference) as listener:
            assert (listener.code(), listener.next().name) == ("cursor", "complete")


def test_a_cursor_of_another_party_begins_no_stream_and_tells_nothing_of_it(
    wire: Wire, trader: Asker, rival: Asker
) -> None:
    with wire.listen("trader", ALL) as listener:
        ship(trader)
        theirs = listener.told()["cursor"]
    ship(rival, reference="OWN", ucr="6GB1-OWN")
    for reference in ("KHH-HAM-1", "NONE", "OWN"):
        begins_no_stream(wire, theirs, "rival", reference)
    assert wire.post("rival", ALL, {"Last-Event-ID": theirs}).get_json()["code"] == "cursor"


def test_another_partys_id_follows_nothing_as_none_does(wire: Wire, trader: Asker) -> None:
    """No argument of a subscription takes an id; one that is given as the reference is none."""
    subscription = SCHEMA.subscription_type
    assert subscription is not None
    taken = {name: set(field.args) for name, field in subscription.fields.items()}
    assert taken == {"shipmentChanged": {"reference", "after"}, "shipmentsChanged": {"after"}}
    told = []
    for given in (ship(trader)["id"], to_global_id("Shipment", str(uuid4()))):
        with wire.listen("rival", ONE, r=given) as listener:
            told.append((listener.next().data, listener.next().name))
    assert told[0] == told[1]


def test_a_grant_that_is_revoked_ends_the_stream(wire: Wire, trader: Asker) -> None:
    shipment = ship(trader)["id"]
    grant = trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        shipment=shipment,
        purpose="TRADE_FINANCE",
        validUntil=LATER,
    )["grant"]["id"]
    with wire.listen("bank", ONE, r="KHH-HAM-1") as listener:
        assert next(listener.parts).startswith(b"retry:")
        trader.done("revokeAccess", "grant { id }", grant=grant)
        assert (listener.code(), listener.next().name) == ("not_found", "complete")


def test_a_revoked_token_ends_the_stream(wire: Wire, trader: Asker) -> None:
    with wire.listen("trader", ALL) as listener:
        assert next(listener.parts).startswith(b"retry:")
        del wire.tokens["trader"]
        ship(trader)
        assert (listener.code(), listener.next().name) == ("not_authenticated", "complete")
        assert listener.next().name == "end"


def test_a_stream_ends_after_its_life_without_complete(graphql: GraphQL, cast: dict[str, Actor]) -> None:
    wire = wire_of(graphql, cast, StreamLimits(look=0.01, life=0.05))
    with wire.listen("trader", ALL) as listener:
        assert listener.next().name == "end"


def test_idle_streams_say_that_they_live(wire: Wire) -> None:
    with wire.listen("trader", ALL) as listener:
        assert [next(listener.parts), next(listener.parts)] == [b"retry: 1000\n:\n\n", b":\n\n"]


def test_streams_are_bounded_for_each_client_and_in_all(graphql: GraphQL, cast: dict[str, Actor]) -> None:
    wire = wire_of(graphql, cast, StreamLimits(total=3, per_client=2))
    with wire.listen("trader", ALL), wire.listen("trader", ALL):
        refused = wire.post("trader", ALL)
        assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_streams")
        with wire.listen("rival", ALL):
            assert wire.post("bank", ALL).status_code == 429
        with wire.listen("bank", ALL):
            pass
    with wire.listen("trader", ALL), wire.listen("trader", ALL):
        pass


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "PARSE_FAILED"),
        ("subscription { nothing }", "VALIDATION_FAILED"),
        ("subscription { shipmentsChanged { kind } b: shipmentsChanged { kind } }", "VALIDATION_FAILED"),
        ("subscription { shipmentsChanged @skip(if: true) { kind } }", "OPERATION"),
        ("subscription { shipmentsChanged(after: 1) { kind } }", "VALIDATION_FAILED"),
        (ALL.replace("kind", " ".join(f"a{n}: kind" for n in range(60))), "ALIASES"),
        (
            "subscription { shipmentsChanged { shipment { timeline(first: 101) { edges { cursor } } } } }",
            "PAGE_SIZE",
        ),
        ("subscription ($r: String!) { shipmentChanged(reference: $r) { kind } }", "INPUT"),
    ],
    ids=["syntax", "field", "two-roots", "skipped", "type", "aliases", "page-size", "variable"],
)
def test_what_is_refused_before_a_stream_begins(wire: Wire, query: str, code: str) -> None:
    answer = wire.post("trader", query)
    if answer.status_code == 200:
        assert Listener(iter(answer.response), 200).code() == code
    else:
        assert answer.status_code == 400
        assert orjson.loads(answer.data)["errors"][0]["extensions"]["code"] == code


def test_without_a_token_there_is_no_stream(wire: Wire) -> None:
    assert wire.post("nobody", ALL).status_code == 401


def test_a_subscription_that_asks_for_no_stream_is_told_how(trader: Asker) -> None:
    assert trader.codes(ALL) == ["OPERATION"]


def test_a_query_is_answered_once(wire: Wire, trader: Asker) -> None:
    ship(trader)
    with wire.listen("trader", '{ shipment(reference: "KHH-HAM-1") { reference } }') as listener:
        event = listener.next()
        assert event.data == {"data": {"shipment": {"reference": "KHH-HAM-1"}}}
        assert [listener.next().name, listener.next().name] == ["complete", "end"]


def test_what_is_about_documents_is_not_told_of_shipments(
    wire: Wire, platform: Platform, trader: Asker
) -> None:
    with wire.listen("trader", ALL) as listener:
        ship(trader)
        upload(platform, trader)
        ship(trader, reference="KHH-HAM-2", ucr="6TW24536806-2")
        assert [listener.told()["kind"] for _ in range(2)] == ["shipment.created"] * 2


def test_the_command_of_the_page_is_told_of_changes(wire: Wire, trader: Asker) -> None:
    curl = argparse.ArgumentParser(prog="curl")
    curl.add_argument("-N", action="store_true", required=True)  # not kept back until there is more
    curl.add_argument("-H", action="append")
    curl.add_argument("-d")
    curl.add_argument("url")
    line = Page("docs/webhooks.md").block("sh").replace("\\\n", "").replace("$TOKEN", "trader")
    given = curl.parse_args(shlex.split(line)[1:])
    assert given.url.endswith("/graphql")
    headers = dict(each.split(": ", 1) for each in given.H)
    assert headers.pop("Content-Type") == "application/json"
    with wire.listen("nobody", **orjson.loads(given.d), headers=headers) as listener:
        ship(trader)
        told = listener.told()
    assert (told["kind"], told["shipment"]["reference"]) == ("shipment.created", "KHH-HAM-1")
