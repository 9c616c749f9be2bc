"""What the window says arrives in order, once in effect, however the bridge fails meanwhile."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from isthmus_protocol.messages import Reason
from isthmus_window import outgoing, work
from isthmus_window.service import Window
from standing import StandingClock
from window_counterpart import Counterpart, declaration

URL = "http://localhost/v1/exchanges"
WHOLE = ["ACCEPTED", "CHANNEL_ASSIGNED", "DUTY_ASSESSED", "RELEASED"]


def deliver(http: FlaskClient, counterpart: Counterpart) -> str:
    envelope = counterpart.envelope(declaration())
    data, headers = counterpart.signed("POST", URL, envelope.to_json())
    assert http.post("/v1/exchanges", data=data, headers=headers).status_code == 200
    return envelope.exchange


def notifications(http: FlaskClient) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = http.get("/declarations.json").json["declarations"][0]["notifications"]  # type: ignore[index]
    return shown


def run(window: Window, clock: StandingClock, seconds: int) -> None:
    for _ in range(seconds):
        clock.advance(seconds=1)
        work.run_due(window)


@pytest.mark.parametrize("status", [500, 502, 503, 401, 408, 425, 429])
def test_a_passing_failure_is_tried_again_and_nothing_overtakes(
    status: int, http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    counterpart.failures = [status] * 3
    exchange = deliver(http, counterpart)
    run(window, clock, 30)
    assert counterpart.statuses(exchange) == WHOLE
    assert counterpart.attempts[:4] == [f"{exchange}:1:ACCEPTED"] * 4


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    counterpart.lose_answers = 2
    exchange = deliver(http, counterpart)
    run(window, clock, 30)
    assert counterpart.statuses(exchange) == WHOLE
    assert len(counterpart.attempts) == len(WHOLE) + 2


def test_a_bridge_that_is_away_is_waited_for(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    exchange = deliver(http, counterpart)
    there = window.bridge_url
    object.__setattr__(window, "bridge_url", "http://127.0.0.1:9")
    run(window, clock, 10)
    assert counterpart.attempts == []
    assert notifications(http)[0]["state"] == "WAITING"
    object.__setattr__(window, "bridge_url", there)
    run(window, clock, 90)
    assert counterpart.statuses(exchange) == WHOLE


def test_waits_grow_to_a_minute_and_no_further(clock: StandingClock) -> None:
    waits = [(outgoing.later(clock.now, attempts) - clock.now).total_seconds() for attempts in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[0] == 0.5
    assert waits[-1] == 60


def test_a_refusal_by_the_gate_is_kept_with_its_reason_and_the_next_goes_on(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    counterpart.refuse = Reason.AGREEMENT_SUSPENDED
    exchange = deliver(http, counterpart)
    run(window, clock, 1)
    assert notifications(http)[0] | {"exchange": None} == {
        "message": "DECLARATION_STATUS",
        "fields": ["/at", "/mrn", "/status", "/ucr"],
        "payload": notifications(http)[0]["payload"],
        "state": "REFUSED",
        "reason": "AGREEMENT_SUSPENDED",
        "exchange": None,
        "attempts": 1,
    }
    counterpart.refuse = None
    run(window, clock, 20)
    assert counterpart.statuses(exchange) == WHOLE[1:]


def test_a_lasting_failure_is_kept_and_not_tried_again(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    counterpart.failures = [422]
    exchange = deliver(http, counterpart)
    run(window, clock, 20)
    assert notifications(http)[0]["state"] == "FAILED"
    assert "422" in notifications(http)[0]["reason"]
    assert counterpart.attempts.count(f"{exchange}:1:ACCEPTED") == 1
    assert counterpart.statuses(exchange) == WHOLE[1:]


def test_one_consignment_that_waits_holds_up_no_other(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    first, second = deliver(http, counterpart), deliver(http, counterpart)
    counterpart.failures = [503]
    run(window, clock, 1)
    assert counterpart.statuses(first) == []
    assert counterpart.statuses(second) == ["ACCEPTED"]


def test_the_request_id_goes_with_what_follows_from_the_request(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    deliver(http, counterpart)
    run(window, clock, 20)
    assert counterpart.request_ids == {"request-1"}


def test_the_thread_does_by_itself_what_is_due(
    http: FlaskClient, window: Window, counterpart: Counterpart, clock: StandingClock
) -> None:
    object.__setattr__(window, "pace", window.pace * 0)
    exchange = deliver(http, counterpart)
    worker = work.start(window)
    try:
        for _ in range(100):
            if counterpart.statuses(exchange) == WHOLE:
                break
            worker.stopped.wait(0.05)
    finally:
        worker.stop()
    assert counterpart.statuses(exchange) == WHOLE
    assert not worker.thread.is_alive()
