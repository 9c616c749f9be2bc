"""The window's eFTI gate keeps what platforms announce, and finds it again as the published cases say."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from isthmus_protocol.chains import Place
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.identifiers import EDELIVERY, IDENTIFIERS
from isthmus_protocol.keys import SigningKey
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.xml import faults, parse
from standards import STANDARDS
from window_counterpart import Counterpart

CASES = STANDARDS / "efti" / "identifier-queries" / "identifier-query-test-cases.xml"
GATE_SCHEMA = STANDARDS / "efti" / "xsd" / "edelivery" / "gate.xsd"
NS = "{http://efti.eu/v1/identifier-query-test-cases}"
ED = f"{{{EDELIVERY}}}"

here = pytest.mark.skipif(not CASES.exists(), reason="the published eFTI standards are not here")

TRUCK = f"""<consignment xmlns="{IDENTIFIERS}"><mainCarriageTransportMovement>
<usedTransportMeans><id>TRUCK-1</id></usedTransportMeans></mainCarriageTransportMovement></consignment>"""


def send(
    http: FlaskClient,
    counterpart: Counterpart,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    key: SigningKey | None = None,
) -> TestResponse:
    url = f"http://localhost{path}"
    signature = sign_request(key or counterpart.bridge_key, method, url, body, now=counterpart.clock())
    given = {"Content-Type": "application/xml", **signature, **(headers or {})}
    return http.open(path, method=method, data=body, headers=given)


def announce(http: FlaskClient, counterpart: Counterpart, dataset: str, document: bytes) -> None:
    answer = send(http, counterpart, "PUT", f"/v0/consignments/{dataset}", document)
    assert answer.status_code == 200, answer.data


def ask(http: FlaskClient, inside: str) -> etree._Element:
    query = f'<identifierQuery xmlns="{EDELIVERY}" requestId="q1">{inside}</identifierQuery>'
    answer = http.post("/v0/identifier-queries", data=query.encode(), content_type="application/xml")
    return parse(answer.data)


def found(answer: etree._Element) -> set[str]:
    return {str(each.text) for each in answer.iterfind(f"{ED}consignment/{ED}uil/{ED}datasetId")}


@here
@pytest.mark.parametrize("group", [0, 1])
def test_every_published_query_gets_the_published_result(
    http: FlaskClient, counterpart: Counterpart, group: int
) -> None:
    cases = parse(CASES.read_bytes()).findall(f"{NS}dataGroup")[group]
    for dataset in cases.findall(f"{NS}dataset"):
        (consignment,) = dataset.findall(f"{NS}consignment")
        consignment.tag = f"{{{IDENTIFIERS}}}consignment"
        announce(http, counterpart, str(dataset.findtext(f"{NS}id")), etree.tostring(consignment))
    for case in cases.findall(f"{NS}testCase"):
        (query,) = case.findall(f"{NS}query")
        inside = "".join(etree.tostring(child).decode() for child in query.iterchildren("*"))
        assert found(ask(http, inside)) == {str(each.text) for each in case.findall(f"{NS}result")}, inside


@here
def test_the_answer_is_as_the_gates_schema_has_it(http: FlaskClient, counterpart: Counterpart) -> None:
    document = (STANDARDS / "efti" / "xsd" / "examples" / "consignment-identifiers-two-legs.xml").read_bytes()
    announce(http, counterpart, "two-legs", document)
    identifier = parse(document).find(f".//{{{IDENTIFIERS}}}id")
    assert identifier is not None
    answer = ask(http, f"<identifier>{identifier.text}</identifier>")
    assert answer.get("requestId") == "q1"
    assert found(answer) == {"two-legs"}
    assert faults(etree.XMLSchema(etree.parse(str(GATE_SCHEMA))), answer) == []


def test_a_later_announcement_takes_the_place_of_the_earlier(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    announce(http, counterpart, "d1", TRUCK.encode())
    announce(http, counterpart, "d1", TRUCK.replace("TRUCK-1", "TRUCK-2").encode())
    assert found(ask(http, "<identifier>TRUCK-1</identifier>")) == set()
    assert found(ask(http, "<identifier>truck-2</identifier>")) == {"d1"}


def test_only_the_bridge_announces(http: FlaskClient, counterpart: Counterpart) -> None:
    unsigned = http.put("/v0/consignments/d1", data=TRUCK, content_type="application/xml")
    assert unsigned.status_code == 401
    stranger = send(
        http, counterpart, "PUT", "/v0/consignments/d1", TRUCK.encode(), key=counterpart.platform_key
    )
    assert stranger.status_code == 403
    assert found(ask(http, "<identifier>TRUCK-1</identifier>")) == set()


@pytest.mark.parametrize(
    "document", [b"", b"<a/>", b"<!DOCTYPE a><a/>", b'<consignment xmlns="urn:other"/>', b"\xff\xfe"]
)
def test_what_is_no_consignment_is_not_announced(
    http: FlaskClient, counterpart: Counterpart, document: bytes
) -> None:
    answer = send(http, counterpart, "PUT", "/v0/consignments/d1", document)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "not_announceable"


def test_a_caller_that_names_its_exchange_gets_a_receipt_for_what_it_sent(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    exchange, salt = str(uuid4()), "ab" * 32
    named = {
        "Isthmus-Exchange": exchange,
        "Isthmus-Salt": salt,
        "Isthmus-Promise": counterpart.promise(exchange, 7),
    }
    answer = send(http, counterpart, "PUT", "/v0/consignments/d1", TRUCK.encode(), named)
    assert answer.json is not None
    receipt = open_receipt(answer.json["receipt"], counterpart.keyring, Receiver.WINDOW)
    assert receipt.exchange == exchange
    assert receipt.payload_digest == payload_digest(salt, {"datasetId": "d1", "consignment": TRUCK})
    assert receipt.place == Place(7, 1, 3)


def test_an_announcement_that_the_log_has_not_promised_to_keep_is_not_taken(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    exchange = str(uuid4())
    for promise, refused in (
        ("", (422, "promise_refused")),
        (counterpart.promise(str(uuid4()), 7), (422, "promise_refused")),
        (Counterpart(counterpart.clock).promise(exchange, 7), (401, "promise_refused")),
    ):
        named = {"Isthmus-Exchange": exchange, "Isthmus-Salt": "ab" * 32, "Isthmus-Promise": promise}
        answer = send(http, counterpart, "PUT", "/v0/consignments/d1", TRUCK.encode(), named)
        assert (answer.status_code, (answer.json or {})["code"]) == refused
    assert send(http, counterpart, "PUT", "/v0/consignments/d1", TRUCK.encode()).json == {}


@pytest.mark.parametrize("body", [b"", b"<a/>", f'<identifierQuery xmlns="{EDELIVERY}"/>'.encode()])
def test_a_query_that_is_not_understood_is_refused(http: FlaskClient, body: bytes) -> None:
    answer = http.post("/v0/identifier-queries", data=body, content_type="application/xml")
    assert answer.status_code == 400
    assert parse(answer.data).get("status") == "400"


def test_a_platform_may_ask_who_it_is(http: FlaskClient, counterpart: Counterpart) -> None:
    answer = parse(send(http, counterpart, "GET", "/v0/whoami").data)
    assert (answer.tag, answer.findtext("appId"), answer.findtext("role")) == (
        "whoamiResponse",
        "isthmus",
        "PLATFORM",
    )
