"""A parcel has the effect of its items sent one by one, whatever is among them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.envelopes import DeliveryNotice
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.parcels import Kind, Result, pack, read_answer
from isthmus_window import service
from isthmus_window.http import create_app
from isthmus_window.service import Window
from standing import StandingClock
from window_counterpart import Counterpart, declaration

Message = tuple[Kind, JsonObject]
PATHS = {Kind.ENVELOPE: "/v1/exchanges", Kind.NOTICE: "/v1/receipts"}


@contextmanager
def opened(counterpart: Counterpart) -> Iterator[FlaskClient]:
    """Open a window on a file of its own."""
    with TemporaryDirectory() as folder:
        window = Window(
            Path(folder) / "window.sqlite",
            counterpart.window_key,
            counterpart.keyring,
            "http://nowhere.test",
            counterpart.clock,
            timedelta(seconds=1),
        )
        yield create_app(window).test_client()
        window.close()


def send(http: FlaskClient, counterpart: Counterpart, path: str, body: bytes) -> Any:
    url = f"http://localhost{path}"
    headers = sign_request(counterpart.bridge_key, "POST", url, body, now=counterpart.clock())
    return http.post(path, data=body, headers=headers | {"Content-Type": "application/json"})


def one_by_one(
    http: FlaskClient, counterpart: Counterpart, messages: Sequence[Message]
) -> list[tuple[int, Any]]:
    sent = [send(http, counterpart, PATHS[kind], canonical(content)) for kind, content in messages]
    return [(answer.status_code, answer.json) for answer in sent]


def together(
    http: FlaskClient, counterpart: Counterpart, messages: Sequence[Message]
) -> list[tuple[int, Any]]:
    parcel = pack((kind, "request-1", canonical(content)) for kind, content in messages)
    answer = send(http, counterpart, "/v1/parcels", parcel)
    assert answer.status_code == 200, answer.text
    return [(each.status, each.body) for each in read_answer(answer.data, len(messages))]


def held(http: FlaskClient) -> Any:
    """Return what the window keeps, without what the moment gave it."""
    return sorted(
        (each["ucr"], each["status"])
        for each in http.get("/declarations.json").json["declarations"]  # type: ignore[index]
    )


def messages(counterpart: Counterpart) -> dict[str, Message]:
    """Return one message of every fate, each of its own exchange or of that of another."""
    good, same = counterpart.envelope(declaration()), counterpart.envelope(declaration())
    other = counterpart.envelope(declaration(), exchange=same.exchange)
    notice = DeliveryNotice("e-1", ExchangeState.FAILED, "HTTP 422", None, counterpart.promise("e-1", 8))
    otherwise = DeliveryNotice("e-1", ExchangeState.FAILED, "HTTP 422", None, counterpart.promise("e-1", 9))
    query = counterpart.envelope({}, message="DECLARATION_QUERY", purpose="TRADE_FINANCE")
    return {
        "good": (Kind.ENVELOPE, good.to_json()),
        "another": (Kind.ENVELOPE, counterpart.envelope(declaration()).to_json()),
        "first of two": (Kind.ENVELOPE, same.to_json()),
        "second of two": (Kind.ENVELOPE, other.to_json()),
        "not taken here": (Kind.ENVELOPE, counterpart.envelope({}, message="SOMETHING_ELSE").to_json()),
        "refused halfway": (Kind.ENVELOPE, query.to_json()),
        "another body": (Kind.ENVELOPE, good.to_json() | {"body": {"ucr": "another"}}),
        "unknown member": (Kind.ENVELOPE, good.to_json() | {"surprise": 1}),
        "empty": (Kind.ENVELOPE, {}),
        "forged promise": (Kind.ENVELOPE, good.to_json() | {"promise": "a.b.c"}),
        "end": (Kind.NOTICE, notice.to_json()),
        "promised otherwise": (Kind.NOTICE, otherwise.to_json()),
        "no notice": (Kind.NOTICE, {"exchange": "e-1"}),
    }


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_a_parcel_of_any_mix_is_answered_and_kept_as_its_items_one_by_one(chosen: list[int]) -> None:
    counterpart = Counterpart(StandingClock())
    every = list(messages(counterpart).values())
    mixed = [every[number] for number in chosen]
    with opened(counterpart) as alone, opened(counterpart) as packed:
        assert together(packed, counterpart, mixed) == one_by_one(alone, counterpart, mixed)
        assert held(packed) == held(alone)


def test_an_item_that_the_window_fails_at_is_to_come_again_and_leaves_the_others_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counterpart = Counterpart(StandingClock())
    every = messages(counterpart)
    takes: dict[str, Callable[[service.Arrival], None]] = {
        **service._TAKES,
        "EFTI_CONSIGNMENT": lambda _: 1 // 0,  # type: ignore[dict-item]
    }
    monkeypatch.setattr(service, "_TAKES", takes)
    failing = counterpart.envelope({}, message="EFTI_CONSIGNMENT")
    mixed = [every["good"], (Kind.ENVELOPE, failing.to_json()), every["another"]]
    with opened(counterpart) as http:
        assert [status for status, _ in together(http, counterpart, mixed)] == [200, 500, 200]
        assert len(held(http)) == 2
        monkeypatch.setitem(takes, "EFTI_CONSIGNMENT", lambda _: None)
        again = together(http, counterpart, mixed)
        assert [status for status, _ in again] == [200, 200, 200], "nothing of it had been kept"


def test_a_parcel_is_taken_once_and_only_from_the_bridge() -> None:
    counterpart = Counterpart(StandingClock())
    body = pack([(Kind.ENVELOPE, "r", canonical(messages(counterpart)["good"][1]))])
    url = "http://localhost/v1/parcels"
    with ExitStack() as stack:
        http = stack.enter_context(opened(counterpart))
        headers = sign_request(counterpart.bridge_key, "POST", url, body, now=counterpart.clock())
        headers |= {"Content-Type": "application/json"}
        answers = [http.post("/v1/parcels", data=body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 401]
        forged = sign_request(counterpart.platform_key, "POST", url, body, now=counterpart.clock())
        forged |= {"Content-Type": "application/json"}
        assert http.post("/v1/parcels", data=body, headers=forged).status_code == 403
        assert send(http, counterpart, "/v1/parcels", b'{"items":1}').status_code == 422
        assert parse_object(answers[0].data)["results"]
        assert read_answer(answers[0].data, 1)[0] != Result(200, {})
