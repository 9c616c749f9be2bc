"""Customs says what it decides in DMS notifications; the gate judges what they say, and nothing invalid."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import cds
from border import documented
from counterparts import KEYRING, KEYS, Neighbour, Signer, declaration, reply, serving
from isthmus_bridge import log
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_bridge.wco import envelopes, statuses
from isthmus_bridge.wco.schemas import Schemas
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.keys import Holder
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window import work
from isthmus_window.http import create_app as create_window
from isthmus_window.service import Window
from standing import StandingClock

pytestmark = cds.needed

SCHEMAS = Schemas(cds.SCHEMAS)
MRN = "26TW1234567890ABC1"
AT = "2026-06-01T09:00:00Z"
PAYLOAD: dict[str, Any] = {
    "ucr": "6TW12345678-2026-0001",
    "type": "EX",
    "exporter": {"name": "Trader Ltd", "country": "TW"},
    "consignee": {"name": "Importer Ltd", "country": "GB"},
    "declarant": {"name": "Trader Ltd", "country": "TW"},
    "transport": {"loadingPlace": "TWKHH", "dischargePlace": "GBFXT"},
    "equipment": [{"reference": "MSKU9070323"}],
    "goods": [
        {
            "sequence": 1, "description": "Lathes", "hsCode": "845811", "grossMassKg": "12480.5",
            "netMassKg": "12000", "packages": 4, "packageType": "CT", "originCountry": "TW",
            "statisticalValueMinor": 1_234_567, "currency": "USD",
        }
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Meeting:
    """A bridge and the reference window that speak WCO XML to each other, and what the window sent."""

    bridge: Bridge
    window: Window
    clock: StandingClock
    platform: Signer
    customs: Signer
    wire: list[dict[str, Any]] = field(default_factory=list)

    def declare(self, payload: dict[str, Any]) -> str:
        """Let a declaration cross, and return its exchange."""
        asked = declaration(fields=leaf_paths(payload), payload=payload)
        answer = self.platform.post("/v1/exchanges", asked).get_json()
        assert answer["state"] == "AGREED", answer
        deliver_due(self.bridge)
        return str(answer["exchange"])

    def work(self, rounds: int = 20) -> None:
        """Let the window take its steps, and the bridge deliver what it says of them."""
        for _ in range(rounds):
            self.clock.advance(seconds=5)
            work.run_due(self.window)
            deliver_due(self.bridge)


@pytest.fixture
def meeting(
    bridge: Bridge, clock: StandingClock, tmp_path: Path, put_in_force: Callable[..., None]
) -> Iterator[Meeting]:
    put_in_force(documented("export-declaration"), documented("declaration-status"))
    front = Flask("bridge", static_folder=None)
    with serving(front) as bridge_url:
        window = Window(
            tmp_path / "window.sqlite", KEYS[Holder.WINDOW], KEYRING, bridge_url, clock, timedelta(seconds=1),
            partial(envelopes.as_json, schemas=SCHEMAS), partial(statuses.as_xml, schemas=SCHEMAS),
        )  # fmt: skip
        with serving(create_window(window)) as window_url:
            spoken = replace(
                bridge,
                window_url=window_url,
                speak=partial(envelopes.as_xml, schemas=SCHEMAS),
                hear=partial(statuses.as_json, schemas=SCHEMAS),
            )
            app = create_app(spoken)
            client = app.test_client()
            platform, customs = (
                Signer(client, KEYS[each], clock) for each in (Holder.PLATFORM, Holder.WINDOW)
            )
            opened = Meeting(spoken, window, clock, platform, customs)
            front.wsgi_app = _recording(app, opened.wire)  # type: ignore[method-assign, assignment]
            yield opened
        window.close()


def _recording(app: Flask, wire: list[dict[str, Any]]) -> WSGIApplication:
    """Return ``app`` as it is, noting what statuses come to it."""

    def noted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if environ["PATH_INFO"] == "/v1/exchanges" and b"DECLARATION_STATUS" in body:
            wire.append(json.loads(body))
        return app.wsgi_app(environ, start_response)

    return noted


def spoken_as_xml(sent: dict[str, Any]) -> bool:
    return set(sent["payload"]) == {"profile", "xml"}


def test_a_declarations_life_is_told_in_valid_notifications(meeting: Meeting, private: Neighbour) -> None:
    exchange = meeting.declare(PAYLOAD)
    meeting.work()
    told = [body["status"] for body in private.bodies]
    assert told[0] == "ACCEPTED"
    assert told[-1] == "RELEASED"
    assert "DUTY_ASSESSED" in told
    notifications = [sent for sent in meeting.wire if spoken_as_xml(sent)]
    assert len(notifications) >= 3
    for sent in notifications:
        document = etree.fromstring(sent["payload"]["xml"].encode())
        assert cds.judge("notification").validate(document)
        assert exchange.replace("-", "") in sent["payload"]["xml"]
        assert "ucr" not in json.dumps(sent)
    accepted = next(body for body in private.bodies if body["status"] == "ACCEPTED")
    assert len(str(accepted["mrn"])) == 18
    duty = next(body for body in private.bodies if body["status"] == "DUTY_ASSESSED")
    assert isinstance(duty["duty"], dict)
    assert duty["duty"]["currency"] == "USD"


def test_why_a_declaration_is_rejected_arrives_in_words(meeting: Meeting, private: Neighbour) -> None:
    goods = [PAYLOAD["goods"][0] | {"hsCode": "999"}]
    meeting.declare(PAYLOAD | {"goods": goods})
    meeting.work(rounds=4)
    (body,) = private.bodies
    assert body["status"] == "REJECTED"
    assert isinstance(body["errors"], list)
    assert "HS_CODE_MALFORMED /goods/0/hsCode" in str(body["errors"][0])
    assert spoken_as_xml(meeting.wire[0])


STATUSES: list[dict[str, Any]] = [
    {"status": "ACCEPTED", "mrn": MRN, "at": AT},
    {"status": "CHANNEL_ASSIGNED", "channel": "RED", "mrn": MRN, "at": AT},
    {"status": "CHANNEL_ASSIGNED", "channel": "YELLOW", "mrn": MRN, "at": AT},
    {"status": "DUTY_ASSESSED", "duty": {"amountMinor": 12_345, "currency": "USD"}, "mrn": MRN, "at": AT},
    {"status": "DUTY_ASSESSED", "duty": {"amountMinor": 0, "currency": "JPY"}, "mrn": MRN, "at": AT},
    {"status": "RELEASED", "mrn": MRN, "at": AT},
]


def asked(status: dict[str, Any]) -> JsonObject:
    return reply("0190-1", fields=leaf_paths(status), payload=status)


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: "-".join(map(str, [*status.values()][:2])))
def test_a_status_is_said_in_xml_and_understood_as_it_was(status: dict[str, Any]) -> None:
    said = statuses.as_xml(asked(status), SCHEMAS)
    assert set(said["payload"]) == {"profile", "xml"}  # type: ignore[arg-type]
    assert statuses.as_json(said, SCHEMAS) == asked(status)


def test_what_is_known_from_before_is_not_said_again_and_no_field_asked_for_is_missing() -> None:
    status = STATUSES[-1] | {"ucr": "6TW1", "channel": "GREEN", "duty": {"amountMinor": 1, "currency": "USD"}}
    heard = statuses.as_json(statuses.as_xml(asked(status), SCHEMAS), SCHEMAS)
    assert heard["payload"] == STATUSES[-1]
    assert heard["fields"] == leaf_paths(STATUSES[-1])


@pytest.mark.parametrize(
    "status",
    [
        {"status": "CHANNEL_ASSIGNED", "channel": "GREEN", "at": AT},
        {"status": "LPCO_REQUESTED", "lpco": {"agency": "BAPHIQ"}, "at": AT},
        {"status": "DUTY_ASSESSED", "at": AT},
        {"status": "DUTY_ASSESSED", "duty": {"amountMinor": 1, "currency": "ZZZ"}, "at": AT},
        {"status": "RELEASED", "at": "soon"},
    ],
    ids=["green", "licence", "no-duty", "no-currency", "no-time"],
)
def test_what_dms_has_no_word_for_goes_as_json(status: dict[str, Any]) -> None:
    assert statuses.as_xml(asked(status), SCHEMAS) == asked(status)


def test_other_requests_pass_unchanged() -> None:
    other = asked(STATUSES[0]) | {"message": "DECLARATION_ANSWER"}
    assert statuses.as_xml(other, SCHEMAS) == other
    assert statuses.as_json(other, SCHEMAS) == other
    assert statuses.as_json(asked(STATUSES[0]), SCHEMAS) == asked(STATUSES[0])


VALID = str(statuses.as_xml(asked(STATUSES[0]), SCHEMAS)["payload"]["xml"]) if SCHEMAS.folder.is_dir() else ""  # type: ignore[index, call-overload]
REFUSED = {
    "empty": ("", "not_well_formed"),
    "not-xml": ("hello", "not_well_formed"),
    "bomb": ("<!DOCTYPE a [<!ENTITY b 'b'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>", "doctype"),
    "external": ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "doctype"),
    "inclusion": ("<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>", "xinclude"),
    "deep": ("<a>" * 500 + "</a>" * 500, "too_deep"),
    "wrong-encoding": (VALID.replace("UTF-8", "UTF-16"), "encoding"),
    "other-document": ("<a/>", "not_a_notification"),
    "invalid": (VALID.replace("<res:Declaration>", "<res:Odd>1</res:Odd><res:Declaration>"), "not_valid"),
    "unknown-function": (VALID.replace(">01<", ">77<"), "not_a_notification"),
    "silent-function": (VALID.replace(">01<", ">02<"), "no_status"),
    "no-text": (7, "not_a_document"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_notification_is_refused_by_its_rule_and_leaves_no_trace(
    meeting: Meeting, name: str
) -> None:
    exchange = meeting.declare(PAYLOAD)
    with meeting.bridge.begin() as session:
        before = log.head(session).size
    xml, rule = REFUSED[name]
    payload = {"profile": statuses.PROFILE, "xml": xml}
    answer = meeting.customs.post("/v1/exchanges", reply(exchange, payload=payload))
    assert (answer.status_code, answer.json and answer.json["code"]) == (422, rule)
    assert answer.json is not None
    assert answer.json["field"] == "/payload/xml"
    with meeting.bridge.begin() as session:
        assert log.head(session).size == before


def test_the_gate_judges_what_the_notification_says(meeting: Meeting, private: Neighbour) -> None:
    exchange = meeting.declare(PAYLOAD)
    sent = statuses.as_xml(reply(exchange, fields=["/status"], payload=STATUSES[0]), SCHEMAS)
    beyond = meeting.customs.post("/v1/exchanges", sent | {"fields": ["/status", "/risk"]})
    assert (beyond.json and beyond.json["reason"], beyond.json and beyond.json["field"]) == (
        "FIELD_NOT_PERMITTED",
        "/risk",
    )
    agreed = meeting.customs.post("/v1/exchanges", sent | {"idempotencyKey": "k2", "fields": ["/status"]})
    assert agreed.json is not None
    assert agreed.json["state"] == "AGREED"
    deliver_due(meeting.bridge)
    assert private.bodies == [{"status": "ACCEPTED"}]


@given(st.binary(max_size=200) | st.text(alphabet="<>!-?&;[]ab'\" =/x#0", max_size=60).map(str.encode))
def test_any_text_is_understood_or_refused(document: bytes) -> None:
    text = document.decode("latin-1")
    payload: JsonObject = {"profile": statuses.PROFILE, "xml": text}
    with pytest.raises(MalformedMessage):
        statuses.as_json(asked({}) | {"payload": payload}, SCHEMAS)
