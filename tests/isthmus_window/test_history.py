"""Whatever happens, and whenever the window dies, a declaration takes a legal way and each step is told."""

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from isthmus_protocol.envelopes import Envelope
from isthmus_window import mrn, processing, work
from isthmus_window.database import reading, writing
from isthmus_window.http import create_app
from isthmus_window.processing import NEXT, Status
from isthmus_window.service import Window
from isthmus_window.views import declarations, queries
from standing import StandingClock
from window_counterpart import Counterpart, declaration, goods_item, serving

URL = "http://localhost/v1/exchanges"
GOODS = {
    "machines": [goods_item()],
    "food": [goods_item(hsCode="030389")],
    "arms": [goods_item(hsCode="930320")],
    "both": [goods_item(hsCode="930320"), goods_item(hsCode="030389")],
    "nothing": [],
}
ENDS = {Status.REJECTED, Status.LPCO_DENIED, Status.RELEASED}


class Killed(Exception):
    """Stands for the death of the process: what was not committed is gone."""


class Clearance(RuleBasedStateMachine):
    """A window, its bridge, and everything that may happen to both."""

    exchanges: Bundle[Envelope] = Bundle("exchanges")

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.clock = StandingClock()
        self.counterpart = self.opened.enter_context(serving(Counterpart(self.clock)))
        self.folder = Path(self.opened.enter_context(tempfile.TemporaryDirectory()))
        self.receipts: dict[str, str] = {}
        self.window = self.open()

    def open(self) -> Window:
        return Window(
            self.folder / "window.sqlite",
            self.counterpart.window_key,
            self.counterpart.keyring,
            self.counterpart.url,
            self.clock,
            timedelta(seconds=1),
        )

    def post(self, envelope: Envelope) -> None:
        data, headers = self.counterpart.signed("POST", URL, envelope.to_json())
        response = create_app(self.window).test_client().post("/v1/exchanges", data=data, headers=headers)
        assert response.status_code == 200
        assert response.json is not None
        receipt = response.json["receipt"]
        assert self.receipts.setdefault(envelope.exchange, receipt) == receipt

    @rule(
        target=exchanges,
        kind=st.sampled_from(sorted(GOODS)),
        country=st.sampled_from(["DE", "KP", "YE"]),
        ucr=st.sampled_from(["UCR-1", "UCR-2", "UCR-3"]),
    )
    def a_declaration_comes(self, kind: str, country: str, ucr: str) -> Envelope:
        body = declaration(ucr=ucr, goods=GOODS[kind], consignee={"name": "Someone", "country": country})
        envelope = self.counterpart.envelope(body)
        self.post(envelope)
        return envelope

    @rule(target=exchanges, ucr=st.sampled_from(["UCR-1", "UCR-2", "UCR-9"]))
    def a_question_comes(self, ucr: str) -> Envelope:
        body: dict[str, Any] = {"ucr": ucr}
        envelope = self.counterpart.envelope(body, message="DECLARATION_QUERY", purpose="TRADE_FINANCE")
        self.post(envelope)
        return envelope

    @rule(envelope=exchanges)
    def it_comes_again(self, envelope: Envelope) -> None:
        self.post(envelope)

    @rule(seconds=st.integers(1, 15))
    def time_passes_and_the_window_works(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(seconds=1)
            work.run_due(self.window)

    @rule(status=st.sampled_from([500, 503, 429]), times=st.integers(1, 3))
    def the_bridge_fails(self, status: int, times: int) -> None:
        self.counterpart.failures = [status] * times

    @rule(times=st.integers(1, 2))
    def answers_get_lost(self, times: int) -> None:
        self.counterpart.lose_answers = times

    @rule()
    def the_window_restarts(self) -> None:
        self.window.close()
        self.window = self.open()

    @rule()
    def the_window_dies_in_a_step(self) -> None:
        self.clock.advance(seconds=1)
        try:
            with writing(self.window.engine) as session:
                processing.advance_due(session, self.clock(), self.window.pace)
                raise Killed
        except Killed:
            self.the_window_restarts()

    @precondition(lambda self: len(self.receipts) > 0)
    @rule()
    def the_window_dies_before_it_hears_the_answer(self) -> None:
        self.window.client.close()
        self.counterpart.lose_answers += 1
        self.the_window_restarts()
        work.run_due(self.window)

    @invariant()
    def every_way_is_legal(self) -> None:
        with reading(self.window.engine) as session:
            shown = declarations(session)
        for entry in shown:
            way = [Status(step["status"]) for step in entry["steps"]]
            assert way[0] is Status.RECEIVED
            assert all(after in NEXT[before] for before, after in pairwise(way))
            assert way[-1] == entry["status"]
            assert (entry["mrn"] is not None) == (Status.ACCEPTED in way)
            assert bool(entry["errors"]) == (Status.REJECTED in way)
            assert (entry["duty"] is not None) == (Status.DUTY_ASSESSED in way)
            assert (entry["channel"] is not None) == (Status.CHANNEL_ASSIGNED in way)

    @invariant()
    def what_was_told_is_what_happened_in_order_and_once(self) -> None:
        with reading(self.window.engine) as session:
            shown = declarations(session)
        for entry in shown:
            way = [step["status"] for step in entry["steps"]][1:]
            told = self.counterpart.statuses(entry["exchange"])
            assert told == way[: len(told)]
        keys = [sent.idempotency_key for sent in self.counterpart.received]
        assert len(keys) == len(set(keys))

    @invariant()
    def no_two_consignments_share_a_number_and_no_ucr_stands_twice(self) -> None:
        with reading(self.window.engine) as session:
            shown = declarations(session)
        numbers = [entry["mrn"] for entry in shown if entry["mrn"]]
        assert len(numbers) == len(set(numbers))
        assert all(mrn.is_valid(number) for number in numbers)
        standing = [
            entry["ucr"]
            for entry in shown
            if entry["status"] not in {Status.RECEIVED, Status.REJECTED, Status.LPCO_DENIED}
        ]
        assert len(standing) == len(set(standing))

    def nothing_waits(self) -> bool:
        with reading(self.window.engine) as session:
            shown, asked = declarations(session), queries(session)
        sent = [told for entry in shown for told in entry["notifications"]] + [
            query["answer"] for query in asked
        ]
        return all(entry["status"] in ENDS for entry in shown) and all(
            told["state"] != "WAITING" for told in sent
        )

    def teardown(self) -> None:
        """In the end everything received has ended, and every word of it was taken by the bridge."""
        self.counterpart.failures, self.counterpart.lose_answers = [], 0
        for _ in range(90):
            self.clock.advance(seconds=2)
            if not work.run_due(self.window) and self.nothing_waits():
                break
        with reading(self.window.engine) as session:
            shown, asked = declarations(session), queries(session)
        for entry in shown:
            assert entry["status"] in ENDS
            assert (
                self.counterpart.statuses(entry["exchange"])
                == [step["status"] for step in entry["steps"]][1:]
            )
        assert all(query["answer"]["state"] == "SENT" for query in asked)
        assert len(shown) + len(asked) == len(self.receipts)
        self.window.close()
        self.opened.close()


TestClearance = Clearance.TestCase
TestClearance.settings = settings(max_examples=8, stateful_step_count=16, deadline=None)
