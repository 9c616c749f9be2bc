"""The window tells a bridge that lost its reply whether it has a message; what it denies, it never takes."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.envelopes import Envelope
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.inquiries import Inquiry, open_non_receipt
from isthmus_protocol.keys import SigningKey
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.parcels import Kind, pack, read_answer
from isthmus_protocol.receipts import Receiver
from standing import StandingClock
from window_counterpart import Counterpart, declaration


def send(
    http: FlaskClient, counterpart: Counterpart, path: str, value: JsonObject, key: SigningKey | None = None
) -> Any:
    body, url = canonical(value), f"http://localhost{path}"
    headers = sign_request(key or counterpart.bridge_key, "POST", url, body, now=counterpart.clock())
    return http.post(path, data=body, headers=headers | {"Content-Type": "application/json"})


def inquiry(envelope: Envelope) -> JsonObject:
    return Inquiry(envelope.exchange, envelope.payload_digest, envelope.promise).to_json()


def test_what_was_taken_is_answered_with_the_very_receipt_that_was_lost(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    envelope = counterpart.envelope(declaration())
    lost = send(http, counterpart, "/v1/exchanges", envelope.to_json()).json
    clock.advance(hours=80)
    assert send(http, counterpart, "/v1/inquiries", inquiry(envelope)).json == lost


def test_what_was_not_taken_is_denied_for_ever_and_a_late_copy_refused(
    http: FlaskClient, counterpart: Counterpart, clock: StandingClock
) -> None:
    envelope = counterpart.envelope(declaration())
    first = send(http, counterpart, "/v1/inquiries", inquiry(envelope)).json
    said = open_non_receipt(first["nonReceipt"], counterpart.keyring, Receiver.WINDOW)
    assert (said.exchange, said.payload_digest, said.barred_at) == (
        envelope.exchange,
        envelope.payload_digest,
        clock(),
    )
    assert said.place.log_index == envelope.log_index
    late = send(http, counterpart, "/v1/exchanges", envelope.to_json())
    assert (late.status_code, late.json["code"]) == (409, "exchange_barred")
    parcel = pack([(Kind.ENVELOPE, "late", canonical(envelope.to_json()))])
    body, url = parcel, "http://localhost/v1/parcels"
    headers = sign_request(counterpart.bridge_key, "POST", url, body, now=clock())
    packed = http.post("/v1/parcels", data=body, headers=headers | {"Content-Type": "application/json"})
    assert [result.status for result in read_answer(packed.data, 1)] == [409]
    clock.advance(hours=1)
    assert send(http, counterpart, "/v1/inquiries", inquiry(envelope)).json == first, "and says the same"
    assert http.get("/declarations.json").json["declarations"] == []  # type: ignore[index]


def test_another_payload_than_was_taken_is_neither_received_nor_denied(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    envelope = counterpart.envelope(declaration())
    send(http, counterpart, "/v1/exchanges", envelope.to_json())
    other = inquiry(envelope) | {"payloadDigest": "sha-256:" + "0" * 64}
    answer = send(http, counterpart, "/v1/inquiries", other)
    assert (answer.status_code, answer.json["code"]) == (409, "exchange_reused")


def test_only_the_bridge_asks_and_only_for_what_the_log_has_promised(
    http: FlaskClient, counterpart: Counterpart
) -> None:
    envelope, other = counterpart.envelope(declaration()), counterpart.envelope(declaration())
    answer = send(http, counterpart, "/v1/inquiries", inquiry(envelope), counterpart.platform_key)
    assert (answer.status_code, answer.json["code"]) == (403, "caller_not_permitted")
    promised_another = inquiry(envelope) | {"promise": other.promise}
    answer = send(http, counterpart, "/v1/inquiries", promised_another)
    assert (answer.status_code, answer.json["code"]) == (422, "promise_refused")
    assert send(http, counterpart, "/v1/exchanges", envelope.to_json()).status_code == 200, (
        "nothing is barred"
    )


IDENTIFIERS = b'<consignment xmlns="http://efti.eu/v1/consignment/identifier"/>'


def announce(http: FlaskClient, counterpart: Counterpart, exchange: str) -> Any:
    """Announce a dataset to the gate in ``exchange``, as the eFTI interface has it."""
    url = "http://localhost/v0/consignments/d1"
    headers = sign_request(counterpart.bridge_key, "PUT", url, IDENTIFIERS, now=counterpart.clock()) | {
        "Content-Type": "application/xml",
        "Isthmus-Exchange": exchange,
        "Isthmus-Salt": "ab" * 32,
        "Isthmus-Promise": counterpart.promise(exchange, 7),
    }
    return http.put("/v0/consignments/d1", data=IDENTIFIERS, headers=headers)


@pytest.mark.parametrize("asked_first", [False, True])
def test_what_came_through_the_gates_own_interface_is_told_and_barred_alike(
    asked_first: bool, http: FlaskClient, counterpart: Counterpart
) -> None:
    held = {"datasetId": "d1", "consignment": IDENTIFIERS.decode()}
    exchange = "018f0000-0000-7000-8000-00000000000a"
    asked = Inquiry(exchange, payload_digest("ab" * 32, {**held}), counterpart.promise(exchange, 7)).to_json()
    if asked_first:
        assert "nonReceipt" in send(http, counterpart, "/v1/inquiries", asked).json
        late = announce(http, counterpart, exchange)
        assert (late.status_code, late.json["code"]) == (409, "exchange_barred")
    else:
        lost = announce(http, counterpart, exchange).json
        assert send(http, counterpart, "/v1/inquiries", asked).json == lost
        assert announce(http, counterpart, exchange).json == lost, "and comes again as the same"
