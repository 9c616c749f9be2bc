"""A declaration crosses to the window as WCO XML: after the gate, held to the same digest, and understood."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import request
from lxml import etree

import cds
from border import documented
from counterparts import KEYRING, KEYS, Neighbour, Signer, declaration, serving
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.service import Bridge, Unspeakable
from isthmus_bridge.wco import envelopes
from isthmus_bridge.wco.schemas import Schemas
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.envelopes import Envelope
from isthmus_protocol.keys import Holder
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window import views
from isthmus_window.database import reading
from isthmus_window.http import create_app
from isthmus_window.service import Window
from standing import StandingClock

pytestmark = cds.needed

SCHEMAS = Schemas(cds.SCHEMAS)
PAYLOAD: dict[str, Any] = {
    "ucr": "6TW12345678-2026-0001",
    "type": "EX",
    "exporter": {"name": "Trader Ltd", "country": "TW"},
    "consignee": {"name": "Importer Ltd", "country": "GB"},
    "transport": {"loadingPlace": "TWKHH", "dischargePlace": "GBFXT"},
    "equipment": [{"reference": "MSKU9070323"}],
    "goods": [
        {
            "sequence": 1, "description": "Lathes", "hsCode": "845811", "grossMassKg": "12480.5",
            "packages": 4, "packageType": "CT", "originCountry": "TW",
            "statisticalValueMinor": 1_234_567, "currency": "USD",
        }
    ],
}  # fmt: skip
HELD_BACK = {"invoice": {"bankAccount": "GB33BUKB20201555555555", "discountMinor": 4711}}


@dataclass(frozen=True)
class Meeting:
    """A bridge and the reference window, which speak WCO XML, and what went over the wire."""

    bridge: Bridge
    window: Window
    wire: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def meeting(bridge: Bridge, clock: StandingClock, tmp_path: Path) -> Iterator[Meeting]:
    window = Window(
        tmp_path / "window.sqlite", KEYS[Holder.WINDOW], KEYRING, "http://127.0.0.1:9", clock, timedelta(1),
        partial(envelopes.as_json, schemas=SCHEMAS),
    )  # fmt: skip
    app = create_app(window)
    wire: list[dict[str, Any]] = []
    app.before_request_funcs[None].append(lambda: wire.append(json.loads(request.get_data())))
    with serving(app) as url:
        spoken = replace(bridge, window_url=url, speak=partial(envelopes.as_xml, schemas=SCHEMAS))
        yield Meeting(spoken, window, wire)
    window.close()


def test_a_declaration_crosses_as_valid_xml_and_the_window_takes_it(
    meeting: Meeting, as_platform: Signer, private: Neighbour, put_in_force: Callable[..., None]
) -> None:
    put_in_force(documented("export-declaration"))
    asked = declaration(fields=leaf_paths(PAYLOAD), payload=PAYLOAD | HELD_BACK)
    exchange = as_platform.post("/v1/exchanges", asked).get_json()["exchange"]
    assert deliver_due(meeting.bridge) == 2
    (sent,) = meeting.wire
    assert set(sent["body"]) == {"profile", "xml"}
    assert cds.judge("declaration").validate(etree.fromstring(sent["body"]["xml"].encode()))
    with reading(meeting.window.engine) as session:
        (held,) = views.declarations(session)
    assert held["body"] == PAYLOAD
    assert held["errors"] == []
    assert not any(secret in json.dumps(sent) for secret in ("GB33BUKB", "4711"))
    (notice,) = private.notices
    assert (notice["exchange"], notice["state"]) == (exchange, "DELIVERED")


def test_a_declaration_that_xml_cannot_hold_fails_and_nothing_is_sent(
    meeting: Meeting, as_platform: Signer, private: Neighbour, put_in_force: Callable[..., None]
) -> None:
    put_in_force(documented("export-declaration"))
    payload = PAYLOAD | {"exporter": {"name": "x" * 71, "country": "TW"}}
    asked = as_platform.post("/v1/exchanges", declaration(fields=leaf_paths(payload), payload=payload))
    deliver_due(meeting.bridge)
    assert meeting.wire == []
    (notice,) = private.notices
    assert (notice["state"], notice["reason"]) == ("FAILED", "UNDELIVERABLE")
    held = as_platform.get(f"/v1/exchanges/{asked.get_json()['exchange']}").get_json()
    assert "Name" in held["detail"]


@pytest.fixture
def envelope(clock: StandingClock) -> JsonObject:
    from window_counterpart import Counterpart

    return Counterpart(clock).envelope(PAYLOAD).to_json()


def test_the_digest_of_the_json_holds_the_xml(envelope: JsonObject) -> None:
    spoken = envelopes.as_xml(envelope, SCHEMAS)
    assert envelopes.as_json(spoken, SCHEMAS) == envelope
    Envelope.from_json(envelopes.as_json(spoken, SCHEMAS)).check_digest()
    body: Any = spoken["body"]
    forged = spoken | {"body": body | {"xml": body["xml"].replace("Trader Ltd", "Another Ltd")}}
    with pytest.raises(MalformedMessage):
        Envelope.from_json(envelopes.as_json(forged, SCHEMAS)).check_digest()


@pytest.mark.parametrize("xml", ["", "<a/>", "<!DOCTYPE a><a/>", 7, None])
def test_xml_that_is_no_declaration_is_refused_with_its_place(envelope: JsonObject, xml: Any) -> None:
    with pytest.raises(MalformedMessage, match="/body/xml"):
        envelopes.as_json(envelope | {"body": {"profile": envelopes.PROFILE, "xml": xml}}, SCHEMAS)


def test_other_messages_and_json_bodies_pass_unchanged(envelope: JsonObject) -> None:
    assert envelopes.as_json(envelope, SCHEMAS) == envelope
    query = envelope | {"message": "DECLARATION_QUERY"}
    assert envelopes.as_xml(query, SCHEMAS) == query
    with pytest.raises(Unspeakable):
        envelopes.as_xml(envelope | {"body": {"unheard": 1}}, SCHEMAS)
