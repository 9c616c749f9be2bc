"""Whatever is asked, sent, stopped or lost, in any order: nothing crosses that the log does not permit."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from counterparts import KEYRING, KEYS, Neighbour, Signer, agreement, declaration, signed
from isthmus_bridge import log
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import PATIENCE, Bridge
from isthmus_protocol import merkle
from isthmus_protocol.agreements import Suspension, sign_suspension
from isthmus_protocol.canonical import parse
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import NOT_DELIVERED, ExchangeState, Reason
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.records import Decision, LogRecord, Phase, read_record
from standing import StandingClock

BEYOND_THE_LIMIT = int(PATIENCE.time_limit.total_seconds()) + 1
LASTING = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2999-01-01T00:00:00Z"}
LISTED = ["/ucr", "/goods/hsCode"]
PERMITTED, REFUSED = Decision.PERMITTED, Decision.REFUSED
AGREED, SENT, DELIVERED = (Phase.AGREED, PERMITTED), (Phase.SENT, PERMITTED), (Phase.DELIVERED, PERMITTED)

# What the log may say of an exchange, in this order and no other, and the states that go with it.
HISTORIES: dict[tuple[tuple[Phase, Decision], ...], set[str]] = {
    ((Phase.AGREED, REFUSED),): {"REFUSED"},
    (AGREED,): {"AGREED"},
    (AGREED, (Phase.SENT, REFUSED)): {"TERMINATED", "FAILED"},
    (AGREED, SENT): {"SENT"},
    (AGREED, SENT, (Phase.SENT, REFUSED)): {"TERMINATED"},
    (AGREED, SENT, (Phase.DELIVERED, REFUSED)): {"TERMINATED", "FAILED"},
    (AGREED, SENT, DELIVERED): {"DELIVERED", "ACKNOWLEDGED"},
}


@dataclass(frozen=True)
class Ground:
    """The one bridge that all the machines run on, each with an agreement of its own."""

    bridge: Bridge
    platform: Signer
    window: Neighbour
    private: Neighbour
    clock: StandingClock
    url: str


class Crossings(RuleBasedStateMachine):
    """The bridge as seen from outside, beside what it must have come to."""

    ground: Ground
    runs = count()
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.run = next(self.runs)
        self.version = 0
        self.suspended = False
        self.keys = count()
        with self.ground.bridge.begin() as session:
            self.start = log.head(session)
        self.seen = self.start
        self.records: list[LogRecord] = []
        self.renew()

    # What may happen.

    @rule()
    def renew(self) -> None:
        self.version += 1
        self.suspended = False
        document = agreement(
            id=f"agreement-{self.run}",
            version=self.version,
            message=f"DECLARATION_{self.run}",
            fields=[{"path": path, "transform": "keep"} for path in LISTED],
            **LASTING,
        )
        response = self.ground.platform.post("/v1/agreements", signed(document).to_json())
        assert response.get_json()["status"] == "ACTIVE"

    @rule(by=st.sampled_from([Holder.OPERATOR, Holder.AUTHORITY]))
    def suspend(self, by: Holder) -> None:
        stop = Suspension(f"agreement-{self.run}", self.version, "an audit", self.ground.clock())
        statement = {"statement": sign_suspension(KEYS[by], stop)}
        assert self.ground.platform.post("/v1/suspensions", statement).status_code in (200, 201)
        self.suspended = True

    @rule(
        target=asked,
        fields=st.just(LISTED)
        | st.lists(st.sampled_from([*LISTED, "/invoice/bankAccount"]), min_size=1, unique=True),
        role=st.sampled_from(["FORWARDER", "FORWARDER", "FORWARDER", "BANK"]),
        subject=st.sampled_from("AB"),
    )
    def ask(self, fields: list[str], role: str, subject: str) -> dict[str, Any]:
        body = declaration(
            f"{self.run}-{next(self.keys)}",
            message=f"DECLARATION_{self.run}",
            fields=fields,
            role=role,
            subject=f"{self.run}-{subject}",
        )
        response = self.ground.platform.post("/v1/exchanges", body)
        assert response.status_code == 201, response.text
        answer = response.get_json()
        assert answer["reason"] == self._expected(fields, role)
        return {"body": body, "answer": answer}

    def _expected(self, fields: list[str], role: str) -> str | None:
        if self.suspended:
            return "AGREEMENT_SUSPENDED"
        if role == "BANK":
            return "AUDIENCE_NOT_PERMITTED"
        return "FIELD_NOT_PERMITTED" if set(fields) - set(LISTED) else None

    @rule(earlier=asked)
    def ask_again(self, earlier: dict[str, Any]) -> None:
        response = self.ground.platform.post("/v1/exchanges", earlier["body"])
        assert (response.status_code, response.get_json()) == (200, earlier["answer"])

    @rule(earlier=asked)
    def reuse_the_key(self, earlier: dict[str, Any]) -> None:
        response = self.ground.platform.post("/v1/exchanges", earlier["body"] | {"party": "carrier"})
        assert response.status_code == 409

    @rule()
    def ask_while_the_log_cannot_be_written(self) -> None:
        with psycopg.connect(self.ground.url) as owner:
            owner.execute("REVOKE INSERT ON log_entry FROM isthmus_bridge_app")
        try:
            body = declaration(f"{self.run}-{next(self.keys)}", message=f"DECLARATION_{self.run}")
            assert self.ground.platform.post("/v1/exchanges", body).status_code == 503
        finally:
            with psycopg.connect(self.ground.url) as owner:
                owner.execute("GRANT INSERT ON log_entry TO isthmus_bridge_app")

    @rule(script=st.lists(st.sampled_from(["ok", "drop", "forge", 500, 400]), max_size=3))
    def deliver(self, script: list[str | int]) -> None:
        self.ground.window.script.clear()
        self.ground.window.script.extend(script)
        deliver_due(self.ground.bridge)

    @rule(
        script=st.lists(st.sampled_from(["drop", 503]), min_size=1, max_size=3),
        seconds=st.sampled_from([400, BEYOND_THE_LIMIT]),
        answers=st.lists(st.sampled_from(["ok", "drop", 503, 500, "forge"]), max_size=3),
    )
    def lose_the_replies_for_long(
        self, script: list[str | int], seconds: int, answers: list[str | int]
    ) -> None:
        self.deliver(script)
        self.wait(seconds)
        self.ground.window.inquiry_script.clear()
        self.ground.window.inquiry_script.extend(answers)
        self.deliver([])

    @rule(seconds=st.sampled_from([1, 10, 400]))
    def wait(self, seconds: int) -> None:
        self.ground.clock.advance(seconds=seconds)

    @rule(earlier=asked)
    def prove(self, earlier: dict[str, Any]) -> None:
        evidence = self.ground.platform.get(f"/v1/exchanges/{earlier['answer']['exchange']}/evidence")
        assert verify_bundle(evidence.data, KEYRING).passed

    def exchanges(self) -> list[Exchange]:
        mine = select(Exchange).where(Exchange.message == f"DECLARATION_{self.run}")
        with self.ground.bridge.begin() as session:
            return list(session.scalars(mine))

    # What must hold at every moment.

    @invariant()
    def all_is_in_order(self) -> None:
        self.the_log_only_grows_and_proves_it()
        self.every_exchange_is_where_the_log_says()
        self.nothing_reaches_the_window_but_what_the_log_let_go()

    def the_log_only_grows_and_proves_it(self) -> None:
        with self.ground.bridge.begin() as session:
            head = log.head(session)
            new = log.entries(session, self.seen.size, 1000)
            if self.seen.size > 0:
                proof = log.consistency(session, self.seen.size, head.size)
                merkle.verify_consistency(self.seen.size, self.seen.root, head.size, head.root, proof)
            for index, text in new:
                record = read_record(parse(text.encode()))
                proof = log.inclusion(session, index, head.size)
                merkle.verify_inclusion(record.leaf_hash, index, head.size, proof, head.root)
                if isinstance(record, LogRecord):
                    self.records.append(record)
        self.seen = head

    def every_exchange_is_where_the_log_says(self) -> None:
        told: dict[str, list[tuple[Phase, Decision]]] = {}
        reasons: dict[str, Reason | None] = {}
        for record in self.records:
            told.setdefault(record.exchange, []).append((record.phase, record.decision))
            reasons[record.exchange] = record.reason
        found = self.exchanges()
        for exchange in found:
            assert exchange.state in HISTORIES[tuple(told[str(exchange.id)])]
            assert (exchange.state == "FAILED") == (reasons[str(exchange.id)] in NOT_DELIVERED)
            assert (exchange.body is not None) == (exchange.state in ("AGREED", "SENT"))
        assert {str(exchange.id) for exchange in found} == set(told), "no exchange without its entry"

    def nothing_reaches_the_window_but_what_the_log_let_go(self) -> None:
        sent = [record for record in self.records if (record.phase, record.decision) == SENT]
        released = {record.exchange: record.fields for record in sent}
        for exchange, envelope in self.ground.window.received.items():
            if envelope.message == f"DECLARATION_{self.run}":
                assert set(leaf_paths(envelope.body)) == set(released[exchange])
                assert set(released[exchange]) <= set(LISTED)

    def teardown(self) -> None:
        """Let everything come to its end: each ended exchange was told of once, and none is left."""
        self.ground.window.script.clear()
        self.ground.window.inquiry_script.clear()
        for _ in range(4):
            self.ground.clock.advance(minutes=6)
            deliver_due(self.ground.bridge)
        self.all_is_in_order()
        found = self.exchanges()
        ended = {str(exchange.id): exchange.state for exchange in found if exchange.state != "REFUSED"}
        assert set(ended.values()) <= {"ACKNOWLEDGED", "FAILED", "TERMINATED"}
        told = [notice["exchange"] for notice in self.ground.private.notices]
        assert sorted(str(exchange) for exchange in told if exchange in ended) == sorted(ended)
        for exchange in found:
            self.what_was_told_is_true(exchange)

    def what_was_told_is_true(self, exchange: Exchange) -> None:
        """Whatever was lost on the way: the originator is told of a receipt just where the window has it."""
        key, window = str(exchange.id), self.ground.window
        receipts = {notice["receipt"] for notice in self.ground.private.notices if notice["exchange"] == key}
        assert receipts <= {exchange.receipt}
        assert (exchange.receipt is not None) is (key in window.received)
        if exchange.state == ExchangeState.ACKNOWLEDGED:
            assert exchange.receipt is not None
        assert (exchange.non_receipt is not None) is (key in window.barred)


@pytest.mark.usefixtures("agreed")
def test_whatever_happens_nothing_crosses_that_the_log_does_not_permit(
    bridge: Bridge,
    bridge_url: str,
    as_platform: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    class Here(Crossings):
        ground = Ground(bridge, as_platform, window, private, clock, bridge_url)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
