"""A consumer of the standard fetches events as the published OpenAPI documents say, and only its own."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from isthmus_platform import dcsa, tracking
from isthmus_platform.database import Actor, Platform
from isthmus_platform.dcsa import Standard
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.http import event_feed
from standards import STANDARDS
from trade import CONTAINERS, Trade, open_trade
from voyage_events import booked, handled, moved, on, send

PUBLISHED = STANDARDS / "dcsa" / "tnt"
published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"the published DCSA documents are not in {STANDARDS}"
)
RECEIVED = {"v2": list, "v3": dict}


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


@pytest.fixture
def web(trade: Trade) -> FlaskClient:
    def authenticate(header: str) -> Actor:
        name = header.removeprefix("Bearer ")
        if name not in trade.actors:
            raise NotAuthenticated("Send a bearer token.", code="token_missing")
        return trade[name]

    app = Flask("test")
    app.register_blueprint(event_feed.blueprint(trade.platform, authenticate))
    return app.test_client()


def get(web: FlaskClient, path: str, by: str = "trader", **query: str) -> TestResponse:
    return web.get(path, headers={"Authorization": f"Bearer {by}"}, query_string=query)


def events(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    found: list[dict[str, Any]] = body["events"] if isinstance(body, dict) else body
    return found


def ids(answer: TestResponse) -> list[str]:
    return [event["eventID"] for event in events(answer)]


def check(answer: TestResponse) -> None:
    """Hold an answer to the document that its version publishes, whatever its status."""
    version = "TNT_v3.0.0.yaml" if answer.request.path.startswith("/v3") else "TNT_v2.2.0-resolved.yaml"
    document = yaml.safe_load((PUBLISHED / version).read_text())
    operation = document["paths"]["/events" if "/events" in document["paths"] else "/v2/events"]["get"]
    response = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
    schema = response["content"]["application/json"]["schema"]
    assert answer.mimetype == "application/json"
    assert answer.headers["API-Version"] in ("2.2.0", "3.0.0")
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.get_json())


def send_3(trade: Trade, *messages: Mapping[str, Any], by: str = "carrier") -> None:
    with trade.platform.begin(trade[by]) as work:
        tracking.record(work, Standard.DCSA_3_0, dcsa.parse(Standard.DCSA_3_0, messages, work.now))


TOLD_3: dict[str, Any] = {
    "eventID": "carrier-event-7",
    "eventDateTime": on(20).isoformat(),
    "eventUpdatedDateTime": on(20).isoformat(),
    "eventLocation": {"UNLocationCode": "DEHAM"},
    "eventClassification": {
        "eventTypeCode": "TRANSPORT",
        "eventClassifierCode": "EST",
        "transportEventTypeCode": "ARRI",
    },
    "shipmentDetails": {"documentReference": {"typeCode": "TRD", "reference": "BILL1"}},
    "transportDetails": {
        "transportCall": {
            "modeOfTransport": "VESSEL",
            "vesselTransport": {"vesselIMONumber": "9321483", "vesselName": "Meridian Aurora"},
        }
    },
}
MEASURED_3: dict[str, Any] = {
    "eventID": "reefer-1",
    "eventDateTime": on(3).isoformat(),
    "eventUpdatedDateTime": on(3).isoformat(),
    "eventClassification": {
        "eventTypeCode": "REEFER",
        "eventClassifierCode": "ACT",
        "reeferEventTypeCode": "MEAS",
    },
    "shipmentDetails": {"documentReference": {"typeCode": "BKG", "reference": "BOOKING1"}},
    "reeferDetails": {"temperatureUnit": "CEL", "internalSetpointTemperature": -18},
}


@published
@pytest.mark.parametrize("path", ["/v2/events", "/v3/events"])
def test_answers_and_refusals_are_as_published_whichever_version_the_events_came_in(
    trade: Trade, web: FlaskClient, path: str
) -> None:
    trade.ship()
    send(trade, moved("1", "DEPA", "TWKHH", 2), handled("2", "LOAD", "TWKHH", 1, CONTAINERS[0]))
    send_3(trade, TOLD_3, MEASURED_3)
    with trade.platform.begin(trade["carrier"]) as work:
        for standard, name in ((Standard.DCSA_2_2, "220"), (Standard.DCSA_3_0, "300")):
            sample = json.loads((PUBLISHED / f"tnt-{name}-response.json").read_text())
            received = dcsa.parse(standard, dcsa.events_in(standard, sample), work.now)
            tracking.record(work, standard, received)
    for by, at_least in (("trader", 3), ("carrier", 12)):
        answer = get(web, path, by)
        assert len(events(answer)) >= at_least
        check(answer)
    check(get(web, path, "nobody"))
    check(get(web, path, limit="0"))
    check(get(web, path, colour="red"))


def test_an_event_is_given_as_it_came_in_its_own_version_and_carried_over_to_the_other(
    trade: Trade, web: FlaskClient
) -> None:
    trade.ship()
    first = moved("1", "DEPA", "TWKHH", 2)
    send(trade, first)
    send_3(trade, TOLD_3, MEASURED_3)
    assert events(get(web, "/v2/events"))[0] == first
    in_3 = events(get(web, "/v3/events"))
    assert [in_3[1], in_3[2]] == [MEASURED_3, TOLD_3]
    carried = in_3[0]
    assert carried["eventClassification"] == {
        "eventTypeCode": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "transportEventTypeCode": "DEPA",
    }
    assert carried["shipmentDetails"]["documentReference"] == {"typeCode": "BKG", "reference": "BOOKING1"}
    (_, arrival) = events(get(web, "/v2/events"))
    assert arrival["transportCall"]["vessel"] == {
        "vesselIMONumber": "9321483",
        "vesselName": "Meridian Aurora",
    }
    assert arrival["documentReferences"] == [
        {"documentReferenceType": "TRD", "documentReferenceValue": "BILL1"}
    ]


@pytest.mark.parametrize("path", ["/v2/events", "/v3/events"])
def test_a_party_is_given_what_it_may_see_and_nothing_else(trade: Trade, web: FlaskClient, path: str) -> None:
    trade.ship()
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    send(trade, moved("2", "DEPA", "TWKHH", 2, documentReferences=booked("UNKNOWN")))
    assert ids(get(web, path)) == ["1"]
    assert len(ids(get(web, path, "carrier"))) == 2
    for other in ("stranger", "rival", "operator", "authority"):
        assert ids(get(web, path, other)) == []
        assert ids(get(web, path, other, carrierBookingReference="BOOKING1")) == []
    assert get(web, path, "nobody").status_code == 401


def test_filters_narrow_by_reference_type_and_time(trade: Trade, web: FlaskClient) -> None:
    trade.ship()
    send(trade, handled("1", "LOAD", "TWKHH", 1, CONTAINERS[0]), moved("2", "DEPA", "TWKHH", 2))
    for path in ("/v2/events", "/v3/events"):
        assert ids(get(web, path, carrierBookingReference="BOOKING1")) == ["1", "2"], "by container too"
        assert ids(get(web, path, transportDocumentReference="BILL1")) == ["1", "2"]
        assert ids(get(web, path, transportDocumentReference="OTHER")) == []
        assert ids(get(web, path, equipmentReference=CONTAINERS[0])) == ["1"]
    assert ids(get(web, "/v3/events", eventTypes="TRANSPORT,IOT")) == ["2"]
    assert ids(get(web, "/v3/events", eventUpdatedDateTimeMin=on(2).isoformat())) == ["2"]
    assert ids(get(web, "/v3/events", eventUpdatedDateTimeMax=on(1).isoformat())) == ["1"]
    assert ids(get(web, "/v2/events", eventType="EQUIPMENT")) == ["1"]
    assert ids(get(web, "/v2/events", transportEventTypeCode="DEPA", UNLocationCode="TWKHH")) == ["2"]
    assert ids(get(web, "/v2/events", shipmentEventTypeCode="CONF", equipmentEventTypeCode="LOAD")) == []
    assert ids(get(web, "/v2/events", **{"eventCreatedDateTime:gt": on(1).isoformat()})) == ["2"]
    assert ids(get(web, "/v2/events", eventCreatedDateTime=on(1).isoformat())) == ["1"]


def test_an_event_of_several_shipments_and_versions_is_given_once_in_its_newest(
    trade: Trade, web: FlaskClient
) -> None:
    trade.ship()
    trade.ship(reference="R2", ucr="U2", booking_reference="B2", bill_of_lading=None, equipment=())
    names: dict[str, Any] = {"documentReferences": booked("BOOKING1", "B2")}
    send(trade, moved("1", "DEPA", "TWKHH", 2, **names))
    newest = moved("1", "DEPA", "TWKHH", 2.5, told=3, **names)
    send(trade, newest)
    assert events(get(web, "/v2/events")) == [newest]
    assert ids(get(web, "/v3/events", carrierBookingReference="B2")) == ["1"]


@pytest.mark.parametrize(
    ("path", "header"), [("/v2/events", "Next-Page"), ("/v3/events", "Next-Page-Cursor")]
)
def test_pages_lead_on_until_all_was_given(trade: Trade, web: FlaskClient, path: str, header: str) -> None:
    trade.ship()
    send(trade, *(moved(str(n), "DEPA", "TWKHH", 2, told=2 + n // 2) for n in range(7)))
    seen: list[str] = []
    answer = get(web, path, limit="3", carrierBookingReference="BOOKING1")
    for expected in (3, 3, 1):
        assert len(ids(answer)) == expected
        seen += ids(answer)
        onward = answer.headers.get(header)
        assert (onward is not None) is (expected == 3)
        if onward is not None and path == "/v2/events":
            answer = web.get(onward, headers={"Authorization": "Bearer trader"})
        elif onward is not None:
            answer = get(web, path, limit="3", carrierBookingReference="BOOKING1", cursor=onward)
    assert sorted(seen) == [str(n) for n in range(7)]


@pytest.mark.parametrize("path", ["/v2/events", "/v3/events"])
@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "many"},
        {"cursor": "x"},
        {"cursor": "bm90IGEgcGxhY2U"},
        {"sort": "eventID:DESC"},
        {"eventUpdatedDateTimeMin": "yesterday", "eventCreatedDateTime": "yesterday"},
    ],
    ids=["zero", "negative", "word", "short", "forged", "sort", "time"],
)
def test_what_is_not_understood_is_refused_and_not_ignored(
    trade: Trade, web: FlaskClient, path: str, query: dict[str, str]
) -> None:
    answer = get(web, path, **query)
    assert answer.status_code == 400
    assert not isinstance(answer.get_json(), list)
    assert "events" not in answer.get_json()
