"""What was agreed is delivered once in effect and in order, whatever the receiver does."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from counterparts import KEYS, Neighbour, Signer, agreement, at, declaration, reply
from isthmus_bridge.delivery import Deliverer, deliver_due
from isthmus_bridge.models import Exchange, LogEntry
from isthmus_bridge.sending import Answer, Sender
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Suspension, sign_suspension
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.keys import Holder
from standing import StandingClock

pytestmark = pytest.mark.usefixtures("agreed")


def ask(signer: Signer, key: str = "key-1", **changes: object) -> str:
    answer = signer.post("/v1/exchanges", declaration(key, **changes)).get_json()
    assert answer["state"] == "AGREED", answer
    return str(answer["exchange"])


def state(signer: Signer, exchange: str) -> str:
    return str(signer.get(f"/v1/exchanges/{exchange}").get_json()["state"])


def phases(bridge: Bridge) -> list[tuple[str, str, str]]:
    with bridge.begin() as session:
        rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index))
        records = [parse_object(row.encode()) for row in rows]
    return [
        (str(r["kind"]), str(r["phase"]), str(r["decision"])) for r in records if r["kind"] != "AGREEMENT"
    ]


def suspend(signer: Signer, clock: StandingClock, id_: str = "export-declaration") -> None:
    statement = Suspension(id_, None, "an audit", clock())
    token = sign_suspension(KEYS[Holder.AUTHORITY], statement)
    assert signer.post("/v1/suspensions", {"statement": token}).status_code == 201


def test_a_declaration_is_delivered_and_its_originator_told(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour
) -> None:
    exchange = ask(as_platform)
    assert deliver_due(bridge) == 2
    assert window.bodies == [
        {"ucr": "6TW12345678-2026-0001", "goods": [{"hsCode": "845811", "statisticalValueMinor": 12_300}]}
    ]
    (notice,) = private.notices
    assert (notice["exchange"], notice["state"]) == (exchange, "DELIVERED")
    assert notice["receipt"]
    assert state(as_platform, exchange) == "ACKNOWLEDGED"
    assert phases(bridge) == [
        ("DECISION", "AGREED", "PERMITTED"),
        ("DECISION", "SENT", "PERMITTED"),
        ("RECEIPT", "DELIVERED", "PERMITTED"),
    ]
    assert deliver_due(bridge) == 0


def test_what_was_released_is_forgotten_once_it_is_delivered_and_its_salt_kept(
    bridge: Bridge, as_platform: Signer
) -> None:
    ask(as_platform)
    deliver_due(bridge)
    with bridge.begin() as session:
        body, salt = session.execute(select(Exchange.body, Exchange.salt)).one()
    assert body is None
    assert salt is not None
    assert len(salt) == 32


def test_the_windows_reply_reaches_the_party_for_whom_was_asked(
    bridge: Bridge, as_platform: Signer, as_window: Signer, window: Neighbour, private: Neighbour
) -> None:
    asked = ask(as_platform)
    deliver_due(bridge)
    answer = as_window.post("/v1/exchanges", reply(asked)).get_json()
    assert answer["state"] == "AGREED", answer
    deliver_due(bridge)
    (envelope,) = private.received.values()
    assert envelope.body == {"status": "ACCEPTED", "mrn": "26TW000000001"}
    assert (envelope.party, envelope.owner, envelope.in_reply_to) == ("forwarder", "trader", asked)
    assert [notice["exchange"] for notice in window.notices] == [answer["exchange"]]


def test_the_request_id_goes_with_the_exchange(
    bridge: Bridge, as_platform: Signer, window: Neighbour
) -> None:
    headers = {"Content-Type": "application/json", "X-Request-Id": "from-the-web-1"}
    as_platform.send("POST", "/v1/exchanges", canonical(declaration()), headers)
    deliver_due(bridge)
    assert window.request_ids == ["from-the-web-1"]


@pytest.mark.parametrize("trouble", [500, 503, 429, "drop", "forge"])
def test_a_receiver_in_trouble_gets_it_again_and_holds_it_once(
    trouble: str | int,
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform)
    window.script.append(trouble)
    assert deliver_due(bridge) == 1
    assert state(as_platform, exchange) == "SENT"
    assert private.notices == []
    assert deliver_due(bridge) == 0, "it waits before it is tried again"
    clock.advance(seconds=2)
    deliver_due(bridge)
    assert len(window.arrivals) == 2
    assert list(window.received) == [exchange]
    assert state(as_platform, exchange) == "ACKNOWLEDGED"
    assert phases(bridge).count(("DECISION", "SENT", "PERMITTED")) == 1
    assert phases(bridge).count(("RECEIPT", "DELIVERED", "PERMITTED")) == 1


def test_the_wait_grows_with_every_attempt(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    ask(as_platform)
    waits = []
    for _ in range(6):
        window.script.append(500)
        deliver_due(bridge)
        with bridge.begin() as session:
            due_at = session.scalars(select(Exchange.due_at)).one()
        waits.append((due_at - clock()).total_seconds())
        clock.now = due_at
    for attempt, wait in enumerate(waits, start=1):
        assert 0.25 * 2**attempt <= wait <= 0.5 * 2**attempt


def test_a_receiver_that_will_not_take_it_ends_it_and_the_originator_learns_why(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    window.script.append(400)
    deliver_due(bridge)
    clock.advance(hours=1)
    deliver_due(bridge)
    assert len(window.arrivals) == 1
    assert window.received == {}
    (notice,) = private.notices
    assert (notice["state"], notice["reason"]) == ("FAILED", "RECEIVER_REFUSED")
    assert phases(bridge)[-1] == ("DECISION", "DELIVERED", "REFUSED")
    assert state(as_platform, exchange) == "FAILED"


def test_an_unreachable_receiver_loses_nothing(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    assert deliver_due(replace(bridge, window_url="http://127.0.0.1:9")) == 1
    assert state(as_platform, exchange) == "SENT"
    clock.advance(seconds=2)
    deliver_due(bridge)
    assert list(window.received) == [exchange]


class Killed(Exception):
    """The worker's process is gone."""


class KilledAfterSending(Sender):
    def post(self, url: str, body: bytes, *, request_id: str) -> Answer:
        super().post(url, body, request_id=request_id)
        raise Killed


def test_a_worker_that_died_after_sending_is_followed_by_another_when_its_lease_runs_out(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    sender = KilledAfterSending(bridge.signing_key, bridge.clock)
    with Deliverer(bridge, sender) as deliverer, pytest.raises(Killed):
        deliverer.deliver()
    assert deliver_due(bridge) == 0, "the claim still holds"
    clock.advance(seconds=61)
    deliver_due(bridge)
    assert window.arrivals == [exchange, exchange]
    assert list(window.received) == [exchange]
    assert state(as_platform, exchange) == "ACKNOWLEDGED"


def test_an_answer_that_comes_after_another_worker_took_over_settles_nothing(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    class Overtaken(Sender):
        def post(self, url: str, body: bytes, *, request_id: str) -> Answer:
            clock.advance(seconds=61)
            deliver_due(bridge)
            return Answer(400, {})

    exchange = ask(as_platform)
    with Deliverer(bridge, Overtaken(bridge.signing_key, bridge.clock)) as deliverer:
        deliverer.deliver()
    assert list(window.received) == [exchange]
    assert state(as_platform, exchange) == "ACKNOWLEDGED"


def test_exchanges_of_one_subject_arrive_in_order_even_when_the_first_is_delayed(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    first, second = ask(as_platform, "first"), ask(as_platform, "second")
    window.script.append(500)
    deliver_due(bridge)
    assert window.arrivals == [first], "the second may not overtake the first"
    other = ask(as_platform, "other", subject="6TW12345678-2026-0002")
    deliver_due(bridge)
    assert window.arrivals == [first, other], "another subject does not wait"
    clock.advance(seconds=3)
    deliver_due(bridge)
    assert list(window.received) == [other, first, second]


def test_a_slow_receiver_delays_nobody_else(
    bridge: Bridge, as_platform: Signer, as_window: Signer, window: Neighbour, private: Neighbour
) -> None:
    asked = ask(as_platform)
    deliver_due(bridge)
    for number in range(3):
        ask(as_platform, f"slow-{number}", subject=f"6TW12345678-2026-1{number:03}")
    window.script.extend([1.5, 0.1])
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(deliver_due, bridge)
        while len(window.arrivals) < 2:
            time.sleep(0.01)
        as_window.post("/v1/exchanges", reply(asked))
        while not private.received:
            time.sleep(0.01)
        assert len(window.received) == 1, "the same worker has delivered it while the window took its time"
        busy.result()
    assert len(window.received) == 4


def test_two_workers_side_by_side_deliver_each_exchange_once(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour
) -> None:
    asked = [ask(as_platform, f"key-{n}", subject=f"6TW12345678-2026-2{n // 2:03}") for n in range(24)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(deliver_due, [bridge, bridge]))
    while deliver_due(bridge):
        pass
    assert sorted(window.arrivals) == sorted(asked), "each arrived exactly once"
    assert sorted(str(notice["exchange"]) for notice in private.notices) == sorted(asked)
    arrived = window.arrivals
    for first, second in zip(asked[::2], asked[1::2], strict=True):
        assert arrived.index(first) < arrived.index(second)


def test_a_suspension_stops_what_was_agreed_and_nothing_is_sent(
    bridge: Bridge,
    as_platform: Signer,
    as_authority: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform)
    suspend(as_authority, clock)
    deliver_due(bridge)
    assert window.arrivals == []
    assert state(as_platform, exchange) == "TERMINATED"
    assert phases(bridge)[-1] == ("DECISION", "SENT", "REFUSED")
    (notice,) = private.notices
    assert (notice["state"], notice["reason"]) == ("TERMINATED", "AGREEMENT_SUSPENDED")
    with bridge.begin() as session:
        assert session.scalars(select(Exchange.body)).one() is None


def test_a_suspension_between_sending_and_receipt_ends_the_exchange_and_keeps_the_receipt(
    bridge: Bridge, as_platform: Signer, as_authority: Signer, window: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    window.script.append(0.5)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(deliver_due, bridge)
        while not window.arrivals:
            time.sleep(0.01)
        suspend(as_authority, clock)
        sending.result()
    view = as_platform.get(f"/v1/exchanges/{exchange}").get_json()
    assert (view["state"], view["reason"]) == ("TERMINATED", "AGREEMENT_SUSPENDED")
    assert view["receipt"], "that it arrived is not hidden"
    assert phases(bridge)[-1] == ("RECEIPT", "DELIVERED", "REFUSED")


def test_a_new_version_that_withdraws_a_field_stops_what_was_agreed_with_it(
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    put_in_force: Callable[..., None],
) -> None:
    exchange = ask(as_platform)
    put_in_force(agreement(version=2, fields=[{"path": "/ucr", "transform": "keep"}]))
    deliver_due(bridge)
    assert window.arrivals == []
    view = as_platform.get(f"/v1/exchanges/{exchange}").get_json()
    assert (view["state"], view["reason"], view["field"]) == (
        "TERMINATED",
        "FIELD_NOT_PERMITTED",
        "/goods/hsCode",
    )


def test_a_new_version_that_still_permits_it_lets_it_go_on(
    bridge: Bridge, as_platform: Signer, window: Neighbour, put_in_force: Callable[..., None]
) -> None:
    exchange = ask(as_platform)
    put_in_force(agreement(version=2, title="Export declarations, renewed"))
    deliver_due(bridge)
    assert list(window.received) == [exchange]


def test_a_consent_that_ends_before_sending_stops_it(
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    put_in_force: Callable[..., None],
    clock: StandingClock,
) -> None:
    put_in_force(agreement(version=2, consentRequired=True))
    consent = {
        "owner": "trader",
        "reader": "forwarder",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "validUntil": at(clock.now.replace(hour=10)),
        "grant": "grant-1",
    }
    exchange = ask(as_platform, consents=[consent])
    clock.advance(hours=1)
    deliver_due(bridge)
    assert window.arrivals == []
    assert as_platform.get(f"/v1/exchanges/{exchange}").get_json()["reason"] == "CONSENT_EXPIRED"


def test_a_released_body_that_was_tampered_with_in_the_database_is_not_sent(
    bridge: Bridge, as_platform: Signer, window: Neighbour
) -> None:
    ask(as_platform)
    with bridge.begin() as session:
        session.execute(update(Exchange).values(body='{"invoice":{"bankAccount":"DE02"},"ucr":"X"}'))
    deliver_due(bridge)
    assert window.arrivals == []
