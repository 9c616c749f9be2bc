"""The bridge is killed at every point of a crossing, one after the other: each has its effect once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from counterparts import (
    KEYRING,
    KEYS,
    Neighbour,
    agreement,
    declaration,
    reply,
    serving,
    signed,
    status_agreement,
)
from isthmus_bridge import agreements, log
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.exchanges import TRANSITIONS
from isthmus_bridge.models import Exchange, LogEntry
from isthmus_protocol.agreements import Agreement, Suspension, sign_suspension
from isthmus_protocol.canonical import JsonObject, canonical, digest, parse
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder
from isthmus_protocol.merkle import root_of
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import LogRecord, read_record
from mortal import Died, Mortal, mortal
from standing import StandingClock

pytestmark = pytest.mark.faults

MOST_POINTS = 200
"""More than any crossing has; one that never comes to its end fails."""

AGREED, SENT, DELIVERED = "AGREED PERMITTED", "SENT PERMITTED", "DELIVERED PERMITTED"


@dataclass
class Crossing:
    """A bridge between two neighbours, that is killed and comes back."""

    bridge: Mortal
    engine: Engine
    window: Neighbour
    private: Neighbour
    clock: StandingClock
    deaths: Counter[str] = field(default_factory=Counter)

    def ask(self, holder: Holder, body: dict[str, Any]) -> JsonObject:
        """Ask the bridge to let ``body`` cross. Raises :class:`Died`."""
        content = canonical(body)
        url = f"{self.bridge.url}/v1/exchanges"
        headers = sign_request(KEYS[holder], "POST", url, content, now=self.clock())
        headers["Content-Type"] = "application/json"
        response = self.bridge.post("/v1/exchanges", content, headers)
        assert response.status_code in (200, 201), response.text
        answer: JsonObject = response.json()
        return answer

    def deliver(self) -> None:
        """Let the bridge deliver what is due. Raises :class:`Died`."""
        assert self.bridge.post("/deliver").status_code == 200

    def each_point(self, once: Callable[[int], str], check: Callable[[str], None]) -> None:
        """Take ``once`` to its end, killed at the first point, at the second and so on until none is left.

        What was asked of a killed bridge is asked again, after the lease of what it was doing has run out.
        """
        for at in range(1, MOST_POINTS):
            self.bridge.arm(at)
            try:
                exchange = once(at)
                self.bridge.arm(0)
                check(exchange)
                return
            except Died:
                self.deaths[self.bridge.death()] += 1
                self.clock.advance(seconds=61)
                self.bridge.begin(self.clock())
                check(once(at))
        raise AssertionError(f"after {MOST_POINTS} points it still goes on")

    def records(self, exchange: str) -> list[LogRecord]:
        """Return what the log holds of an exchange, after checking that the log is whole."""
        return [each for each in self.logged() if each.exchange == exchange]

    def logged(self) -> list[LogRecord]:
        """Return what the log holds of exchanges, after checking that it is whole."""
        with Session(self.engine) as session:
            rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index)).all()
            head = log.head(session)
        found = [read_record(parse(row.encode())) for row in rows]
        assert head.size == len(found)
        assert head.root == root_of([record.leaf_hash for record in found])
        return [each for each in found if isinstance(each, LogRecord)]

    def stop(self, agreement_id: str) -> None:
        """Have the authority suspend an agreement."""
        statement = Suspension(agreement_id, None, "an audit", self.clock())
        token = sign_suspension(KEYS[Holder.AUTHORITY], statement)
        with Session(self.engine) as session, session.begin():
            agreements.suspend(session, KEYRING, token, self.clock())

    def exchange(self, exchange: str) -> Exchange:
        with Session(self.engine) as session:
            return session.scalars(select(Exchange).where(Exchange.id == exchange)).one()


def put_in_force(engine: Engine, document: Agreement, clock: StandingClock) -> None:
    with Session(engine) as session, session.begin():
        agreements.store(session, KEYRING, signed(document), clock())


@pytest.fixture
def crossing(bridge_url: str, clock: StandingClock) -> Iterator[Crossing]:
    engine = create_bridge_engine(bridge_url, pool_size=2)
    for document in (agreement(), status_agreement()):
        put_in_force(engine, document, clock)
    window, private = Neighbour(Receiver.WINDOW, clock), Neighbour(Receiver.PLATFORM, clock)
    with (
        serving(window.app(), patience=0.2) as window_url,
        serving(private.app(), patience=0.2) as platform_url,
        mortal(bridge_url, window_url, platform_url, KEYS, KEYRING) as bridge,
    ):
        bridge.begin(clock())
        yield Crossing(bridge, engine, window, private, clock)
    engine.dispose()


def history(records: list[LogRecord]) -> list[str]:
    return [f"{record.phase} {record.decision}" for record in records]


def assert_delivered_once(
    crossing: Crossing, exchange: str, receiver: Neighbour, originator: Neighbour
) -> None:
    """Assert that what was sent was delivered and acknowledged, and that everybody says the same of it."""
    row, records = crossing.exchange(exchange), crossing.records(exchange)
    assert row.state == "ACKNOWLEDGED"
    assert row.body is None
    assert history(records) == [AGREED, SENT, DELIVERED], "each step is logged once"
    assert row.receipt is not None
    assert records[-1].receipt_digest == digest(row.receipt.encode())
    held = receiver.received[exchange]
    assert (held.payload_digest, held.log_index) == (row.payload_digest, row.decision_index)
    notices = [notice for notice in originator.notices if notice["exchange"] == exchange]
    assert notices, "the originator knows"
    assert all((notice["state"], notice["receipt"]) == ("DELIVERED", row.receipt) for notice in notices), (
        "however often it is told, it is told the same"
    )


EVERYWHERE = {
    "before a commit",
    "after a commit",
    "before replying",
    "before connecting",
    "before sending",
    "after receiving",
}


def test_a_declaration_crosses_once_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    asked: list[str] = []

    def once(at: int) -> str:
        body = declaration(f"key-{at}", subject=f"6TW12345678-2026-{at:04}")
        exchange = str(crossing.ask(Holder.PLATFORM, body)["exchange"])
        asked.append(exchange)
        crossing.deliver()
        return exchange

    crossing.each_point(
        once, lambda exchange: assert_delivered_once(crossing, exchange, crossing.window, crossing.private)
    )
    assert set(crossing.deaths) == EVERYWHERE
    assert sum(crossing.deaths.values()) >= 17, crossing.deaths
    with Session(crossing.engine) as session:
        states = session.scalars(select(Exchange.state)).all()
    sent, delivered = set(asked), set(crossing.window.received)
    assert sent == delivered
    assert states == ["ACKNOWLEDGED"] * len(sent)


def test_a_parcel_crosses_once_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    asked: list[str] = []

    def once(at: int) -> str:
        for number in range(3):
            body = declaration(f"key-{at}-{number}", subject=f"6TW12345678-2026-{at:04}-{number}")
            asked.append(str(crossing.ask(Holder.PLATFORM, body)["exchange"]))
        crossing.deliver()
        return asked[-1]

    def check(exchange: str) -> None:
        for each in asked[asked.index(exchange) - 2 :][:3]:
            assert_delivered_once(crossing, each, crossing.window, crossing.private)

    crossing.each_point(once, check)
    assert set(crossing.deaths) == EVERYWHERE
    assert {3} <= set(crossing.window.parcels), "they went together"
    assert set(crossing.window.received) == set(asked)


def test_a_status_from_the_window_crosses_once_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    declared = str(crossing.ask(Holder.PLATFORM, declaration())["exchange"])
    crossing.deliver()

    def once(at: int) -> str:
        exchange = str(crossing.ask(Holder.WINDOW, reply(declared, f"reply-{at}"))["exchange"])
        crossing.deliver()
        return exchange

    crossing.each_point(
        once, lambda exchange: assert_delivered_once(crossing, exchange, crossing.private, crossing.window)
    )
    assert set(crossing.deaths) == EVERYWHERE
    assert len(crossing.private.received) == sum(crossing.deaths.values()) + 1
    order = [crossing.exchange(exchange).decision_index or 0 for exchange in crossing.private.received]
    assert order == sorted(order), "all are about one consignment, and arrived in order"


def test_a_refusal_is_logged_once_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    def once(at: int) -> str:
        body = declaration(f"key-{at}", fields=["/invoice/bankAccount"])
        answer = crossing.ask(Holder.PLATFORM, body)
        assert (answer["state"], answer["reason"]) == ("REFUSED", "FIELD_NOT_PERMITTED")
        crossing.deliver()
        return str(answer["exchange"])

    def check(exchange: str) -> None:
        assert history(crossing.records(exchange)) == ["AGREED REFUSED"]
        assert crossing.exchange(exchange).state == "REFUSED"

    crossing.each_point(once, check)
    assert set(crossing.deaths) == {"before a commit", "after a commit", "before replying"}
    assert crossing.window.arrivals == []
    assert crossing.private.notices == []


def test_what_the_receiver_refuses_fails_once_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    def once(at: int) -> str:
        crossing.window.script.clear()
        crossing.window.script.extend([422] * 3)
        body = declaration(f"key-{at}", subject=f"6TW12345678-2026-{at:04}")
        exchange = str(crossing.ask(Holder.PLATFORM, body)["exchange"])
        crossing.deliver()
        return exchange

    def check(exchange: str) -> None:
        row, records = crossing.exchange(exchange), crossing.records(exchange)
        assert (row.state, row.reason, row.told_at is not None) == ("FAILED", "RECEIVER_REFUSED", True)
        assert history(records) == [AGREED, SENT, "DELIVERED REFUSED"]
        notices = [notice for notice in crossing.private.notices if notice["exchange"] == exchange]
        assert {(notice["state"], notice["reason"]) for notice in notices} == {("FAILED", "RECEIVER_REFUSED")}

    crossing.each_point(once, check)
    assert set(crossing.deaths) == EVERYWHERE
    assert crossing.window.received == {}


def test_what_the_gate_stops_before_it_is_sent_ends_once_wherever_the_bridge_is_killed(
    crossing: Crossing,
) -> None:
    def once(at: int) -> str:
        named = {"id": f"agreement-{at}", "message": f"DECLARATION_{at}"}
        put_in_force(crossing.engine, agreement(**named), crossing.clock)
        body = declaration(f"key-{at}", message=named["message"], subject=f"6TW12345678-2026-{at:04}")
        exchange = str(crossing.ask(Holder.PLATFORM, body)["exchange"])
        crossing.stop(named["id"])
        crossing.deliver()
        return exchange

    def check(exchange: str) -> None:
        row, records = crossing.exchange(exchange), crossing.records(exchange)
        assert (row.state, row.reason, row.told_at is not None) == ("TERMINATED", "AGREEMENT_SUSPENDED", True)
        assert history(records) == [AGREED, "SENT REFUSED"]
        notices = [notice for notice in crossing.private.notices if notice["exchange"] == exchange]
        assert {notice["state"] for notice in notices} == {"TERMINATED"}

    crossing.each_point(once, check)
    assert set(crossing.deaths) == EVERYWHERE
    assert crossing.window.arrivals == [], "nothing of it was ever sent"


def test_what_runs_out_of_time_ends_once_and_truly_wherever_the_bridge_is_killed(crossing: Crossing) -> None:
    """Four at a time: the window has one, never had one, has one that is suspended, and one was not sent."""
    asked: dict[int, dict[str, str]] = {}

    def acts(exchange: str) -> str | int:
        kinds = (kind for round_ in asked.values() for kind, each in round_.items() if each == exchange)
        return 503 if next(kinds) == "never" else "drop"

    crossing.window.acts = acts

    def lose(at: int) -> None:
        """Have three sent and their answers lost, and let the time of all be over; then arm the bridge."""
        crossing.bridge.arm(0)
        named = {"id": f"agreement-{at}", "message": f"DECLARATION_{at}"}
        put_in_force(crossing.engine, agreement(**named), crossing.clock)
        asked[at] = {}
        for kind in ("taken", "never", "stopped", "unsent"):
            message = {"message": named["message"]} if kind == "stopped" else {}
            body = declaration(f"{kind}-{at}", subject=f"6TW12345678-{kind}-{at:04}", **message)
            if kind == "unsent":
                crossing.deliver()
            asked[at][kind] = str(crossing.ask(Holder.PLATFORM, body)["exchange"])
        crossing.stop(named["id"])
        crossing.clock.advance(hours=73)
        crossing.bridge.set_clock(crossing.clock())
        crossing.bridge.arm(at)

    def once(at: int) -> str:
        if at not in asked:
            lose(at)
        crossing.deliver()
        return asked[at]["taken"]

    def check(exchange: str) -> None:
        round_ = next(each for each in asked.values() if each["taken"] == exchange)
        assert_delivered_once(crossing, exchange, crossing.window, crossing.private)
        logged = crossing.logged()
        last = {kind: [each for each in logged if each.exchange == round_[kind]][-1] for kind in round_}
        assert (last["taken"].late, last["stopped"].late) == (True, True)
        denied = crossing.window.barred[round_["never"]]
        assert last["never"].receipt_digest == digest(denied.encode())
        for kind, end, steps in (
            ("never", ("FAILED", "TIMED_OUT"), [AGREED, SENT, "DELIVERED REFUSED"]),
            ("stopped", ("TERMINATED", "AGREEMENT_SUSPENDED"), [AGREED, SENT, "DELIVERED REFUSED"]),
            ("unsent", ("FAILED", "TIMED_OUT"), [AGREED, "SENT REFUSED"]),
        ):
            row = crossing.exchange(round_[kind])
            assert (row.state, row.reason) == end
            assert history([each for each in logged if each.exchange == round_[kind]]) == steps
            notices = [each for each in crossing.private.notices if each["exchange"] == round_[kind]]
            assert {(each["state"], each["reason"], each["receipt"]) for each in notices} == {
                (*end, row.receipt)
            }

    crossing.each_point(once, check)
    assert set(crossing.deaths) == EVERYWHERE - {"before replying"}
    arrived = {round_[kind] for round_ in asked.values() for kind in ("taken", "stopped")}
    assert set(crossing.window.received) == arrived
    assert len(crossing.window.arrivals) == 3 * len(asked), "nothing is sent again"


TAKEN_IN = {
    "REQUESTED AGREED": test_a_declaration_crosses_once_wherever_the_bridge_is_killed,
    "REQUESTED REFUSED": test_a_refusal_is_logged_once_wherever_the_bridge_is_killed,
    "AGREED SENT": test_a_declaration_crosses_once_wherever_the_bridge_is_killed,
    "AGREED TERMINATED": test_what_the_gate_stops_before_it_is_sent_ends_once_wherever_the_bridge_is_killed,
    "AGREED FAILED": test_what_runs_out_of_time_ends_once_and_truly_wherever_the_bridge_is_killed,
    "SENT DELIVERED": test_a_status_from_the_window_crosses_once_wherever_the_bridge_is_killed,
    "SENT FAILED": test_what_the_receiver_refuses_fails_once_wherever_the_bridge_is_killed,
    "SENT TERMINATED": test_what_runs_out_of_time_ends_once_and_truly_wherever_the_bridge_is_killed,
    "DELIVERED ACKNOWLEDGED": test_a_declaration_crosses_once_wherever_the_bridge_is_killed,
}
"""Where the bridge is killed at every point of each step that an exchange can take."""


def test_no_step_of_an_exchange_is_left_out() -> None:
    assert set(TAKEN_IN) == {f"{state} {to}" for state, ends in TRANSITIONS.items() for to in ends}
