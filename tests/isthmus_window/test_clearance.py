"""What becomes of a declaration, from its delivery to its release."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_window import mrn, work
from isthmus_window.service import Window
from isthmus_window.views import money
from standing import StandingClock
from window_counterpart import Counterpart, declaration, goods_item

URL = "http://localhost/v1/exchanges"


def deliver(http: FlaskClient, counterpart: Counterpart, body: dict[str, Any]) -> str:
    envelope = counterpart.envelope(body)
    data, headers = counterpart.signed("POST", URL, envelope.to_json())
    response = http.post("/v1/exchanges", data=data, headers=headers)
    assert response.status_code == 200, response.text
    receipt = open_receipt(response.json["receipt"], counterpart.keyring, Receiver.WINDOW)  # type: ignore[index]
    assert (receipt.exchange, receipt.payload_digest) == (envelope.exchange, envelope.payload_digest)
    return envelope.exchange


def clear(window: Window, clock: StandingClock, *, seconds: int = 20) -> None:
    for _ in range(seconds):
        clock.advance(seconds=1)
        work.run_due(window)


def told(counterpart: Counterpart, exchange: str) -> dict[str, Any]:
    """Return the last notification about ``exchange``."""
    return [sent for sent in counterpart.received if sent.in_reply_to == exchange][-1].payload


def shown(http: FlaskClient, exchange: str) -> dict[str, Any]:
    listed = http.get("/declarations.json").json["declarations"]  # type: ignore[index]
    found: dict[str, Any] = next(entry for entry in listed if entry["exchange"] == exchange)
    return found


def test_machine_tools_are_released_without_another_agency(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(http, counterpart, declaration())
    clear(window, clock)
    assert counterpart.statuses(exchange) == ["ACCEPTED", "CHANNEL_ASSIGNED", "DUTY_ASSESSED", "RELEASED"]
    last = told(counterpart, exchange)
    assert last["channel"] == "GREEN"
    assert mrn.is_valid(last["mrn"])
    assert last["mrn"].startswith("26TWKHH")
    assert last["duty"] == {"amountMinor": 7460 + 3888, "currency": "USD"}
    assert "lpco" not in last
    assert "errors" not in last


def test_each_notification_asks_for_exactly_the_fields_it_has_and_names_what_it_answers(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(http, counterpart, declaration())
    clear(window, clock)
    for sent in counterpart.received:
        assert list(sent.fields) == leaf_paths(sent.payload)
        assert sent.in_reply_to == exchange
        assert (sent.party, sent.role, sent.owner, sent.subject) == (None, None, None, None)


def test_the_window_shows_exactly_what_it_was_given(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    body = declaration()
    exchange = deliver(http, counterpart, body)
    assert shown(http, exchange)["body"] == body
    assert shown(http, exchange)["fields"] == leaf_paths(body)
    assert shown(http, exchange)["status"] == "RECEIVED"


def test_food_waits_for_the_sanitary_agency(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(http, counterpart, declaration(goods=[goods_item(hsCode="030389")]))
    clear(window, clock)
    assert counterpart.statuses(exchange) == [
        "ACCEPTED",
        "CHANNEL_ASSIGNED",
        "LPCO_REQUESTED",
        "LPCO_GRANTED",
        "DUTY_ASSESSED",
        "RELEASED",
    ]
    assert told(counterpart, exchange)["channel"] == "YELLOW"
    assert told(counterpart, exchange)["lpco"]["agency"] == "SANITARY"
    assert told(counterpart, exchange)["lpco"]["reference"].startswith("SAN-2026-")


def test_goods_of_two_agencies_need_both(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    body = declaration(goods=[goods_item(hsCode="030389"), goods_item(sequence=2, hsCode="930320")])
    exchange = deliver(http, counterpart, body)
    clear(window, clock, seconds=40)
    assert counterpart.statuses(exchange).count("LPCO_GRANTED") == 2
    assert counterpart.statuses(exchange)[-1] == "RELEASED"


def test_arms_to_an_embargoed_destination_are_denied_and_never_released(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    body = declaration(consignee={"name": "X", "country": "KP"}, goods=[goods_item(hsCode="930320")])
    exchange = deliver(http, counterpart, body)
    clear(window, clock, seconds=60)
    assert counterpart.statuses(exchange)[-1] == "LPCO_DENIED"
    assert told(counterpart, exchange)["channel"] == "RED"
    assert "reference" not in told(counterpart, exchange)["lpco"]
    assert "duty" not in told(counterpart, exchange)


def test_a_red_consignment_is_opened_before_it_goes(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(http, counterpart, declaration(goods=[goods_item(hsCode="840120")]))
    clear(window, clock, seconds=10)
    assert counterpart.statuses(exchange)[-1] == "DUTY_ASSESSED"
    clear(window, clock, seconds=10)
    assert counterpart.statuses(exchange)[-1] == "RELEASED"


def test_a_second_declaration_of_a_consignment_is_rejected_and_the_first_goes_on(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    body = declaration()
    first, second = deliver(http, counterpart, body), deliver(http, counterpart, body)
    clear(window, clock)
    assert counterpart.statuses(first)[-1] == "RELEASED"
    assert counterpart.statuses(second) == ["REJECTED"]
    assert told(counterpart, second)["errors"][0]["code"] == "UCR_DUPLICATE"
    assert "mrn" not in told(counterpart, second)


def test_a_rejected_declaration_can_be_corrected_and_filed_again(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    body = declaration()
    deliver(http, counterpart, body | {"type": "IM"})
    clear(window, clock, seconds=3)
    second = deliver(http, counterpart, body)
    clear(window, clock)
    assert counterpart.statuses(second)[-1] == "RELEASED"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("released", {"exists": True, "released": True}),
        ("waiting", {"exists": True, "released": False}),
        ("rejected", {"exists": False, "released": False}),
        ("unknown", {"exists": False, "released": False}),
        ("another's", {"exists": False, "released": False}),
    ],
)
def test_a_question_is_answered_with_two_words_and_no_more_is_asked_to_cross(
    asked: str,
    answer: dict[str, bool],
    http: FlaskClient,
    window: Window,
    counterpart: Counterpart,
    clock: StandingClock,
) -> None:
    body = declaration(ucr="THE-UCR", type="IM" if asked == "rejected" else "EX")
    if asked != "unknown":
        deliver(http, counterpart, body)
        clear(window, clock, seconds=20 if asked == "released" else 2)
    envelope = counterpart.envelope({"ucr": "THE-UCR"}, message="DECLARATION_QUERY", purpose="TRADE_FINANCE")
    envelope = replace(envelope, owner="stranger" if asked == "another's" else "trader")
    data, headers = counterpart.signed("POST", URL, envelope.to_json())
    assert http.post("/v1/exchanges", data=data, headers=headers).status_code == 200
    work.run_due(window)
    sent = counterpart.received[-1]
    assert (sent.message, sent.purpose) == ("DECLARATION_ANSWER", "TRADE_FINANCE")
    assert sent.in_reply_to == envelope.exchange
    assert sent.fields == ("/exists", "/released")
    assert {name: sent.payload[name] for name in ("exists", "released")} == answer


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(11348, "USD", "113.48 USD"), (11348, "JPY", "11,348 JPY"), (5, "KWD", "0.005 KWD")],
)
def test_an_amount_is_shown_with_the_digits_of_its_currency(minor: int, currency: str, shown: str) -> None:
    assert money({"amountMinor": minor, "currency": currency}) == shown


def test_pages_show_declarations_and_escape_what_they_hold(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(
        http, counterpart, declaration(exporter={"name": "<script>x</script>", "country": "TW"})
    )
    clear(window, clock)
    for path in ("/", "/declarations", f"/declarations/{exchange}"):
        response = http.get(path)
        assert response.status_code == 200
        assert "<script>" not in response.text
        assert "released" in response.text
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert http.get("/declarations/none").status_code == 404
