"""A yes or no crosses and nothing else of the value; and no more of them than the budget allows."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterparts import KEYRING, KEYS, Neighbour, Signer
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.gate import Permitted, Question, Refused, Standing, decide
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction, Suspension, sign_suspension
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.evidence import Bundle, verify_bundle
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import Reason, payload_digest
from isthmus_protocol.predicates import Ask
from isthmus_protocol.records import Phase
from questions import (
    AT_LEAST,
    BITS,
    HOURS,
    VALUE,
    WEIGHT,
    Border,
    answer_agreement,
    ask,
    outcome,
    question_agreement,
)
from standing import StandingClock

AGREED = "AGREED"
SPENT = "LEAKAGE_BUDGET"
NOT_ASKED = "QUESTION_NOT_PERMITTED"
SECRET = 987_654_321
RANGE = 2**20
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def border(
    bridge: Bridge, as_platform: Signer, as_window: Signer, put_in_force: Callable[..., None]
) -> Border:
    put_in_force(question_agreement(), answer_agreement())
    return Border(bridge, as_platform, as_window, count())


class TestTheAnswer:
    """What crosses, and what it proves."""

    @pytest.mark.parametrize(("parameter", "truth"), [(SECRET, True), (SECRET + 1, False)])
    def test_a_question_is_answered_yes_or_no(
        self, border: Border, private: Neighbour, parameter: int, truth: bool
    ) -> None:
        assert outcome(border.ask_and_answer(SECRET, ask(parameter=parameter))) == AGREED
        deliver_due(border.bridge)
        assert private.bodies == [{"declaredValueMinor": truth}]

    def test_the_value_stays_at_the_gate(self, border: Border, bridge_url: str, private: Neighbour) -> None:
        border.ask_and_answer(SECRET, ask(parameter=5))
        while deliver_due(border.bridge):
            pass
        with psycopg.connect(bridge_url.replace("+psycopg", "")) as connection:
            tables = ["exchange", "log_entry", "question_asked", "answered"]
            for table in tables:
                rows = connection.execute(f"SELECT row_to_json(t)::text FROM {table} t").fetchall()
                assert rows
                assert str(SECRET) not in str(rows)
        assert str(SECRET) not in str([envelope.to_json() for envelope in private.received.values()])

    def test_the_evidence_proves_which_question_was_answered_and_not_how(
        self, border: Border, private: Neighbour, as_authority: Signer
    ) -> None:
        said = border.ask_and_answer(SECRET, ask(parameter=500), ask("present", None, WEIGHT))
        deliver_due(border.bridge)
        data = as_authority.get(f"/v1/exchanges/{said['exchange']}/evidence").data
        verdict = verify_bundle(data, KEYRING)
        assert verdict.passed, verdict.checks
        told = next(check.detail for check in verdict.checks if check.name == "decision")
        assert told.endswith("answered: /declaredValueMinor atLeast 500, /grossMassKg present")
        bundle = Bundle.from_bytes(data)
        envelope = private.received[said["exchange"]]
        assert envelope.body == {"declaredValueMinor": True, "grossMassKg": True}
        assert payload_digest(envelope.salt, envelope.body) == bundle.record.payload_digest, (
            "who holds it, proves it"
        )
        assert envelope.salt not in data.decode(), "who does not, cannot try yes and no"
        assert "500" not in json.dumps(bundle.record.to_json()["asked"])

    @pytest.mark.parametrize(
        "forge",
        [
            lambda asked: asked["asks"][0].update(parameter=501),
            lambda asked: asked["asks"][0].update(predicate="present"),
            lambda asked: asked.update(salt="00" * 32),
            lambda asked: asked["asks"].append({"field": WEIGHT, "predicate": "present"}),
        ],
        ids=["another-parameter", "another-predicate", "another-salt", "another-field"],
    )
    def test_no_other_question_can_be_shown_for_it(
        self, border: Border, as_authority: Signer, forge: Callable[[dict[str, Any]], None]
    ) -> None:
        said = border.ask_and_answer(SECRET, ask(parameter=500))
        bundle: dict[str, Any] = parse_object(
            as_authority.get(f"/v1/exchanges/{said['exchange']}/evidence").data
        )
        without = {name: member for name, member in bundle.items() if name != "asked"}
        assert not verify_bundle(canonical(without), KEYRING).passed
        forge(bundle["asked"])
        assert not verify_bundle(canonical(bundle), KEYRING).passed

    def test_no_byte_of_the_evidence_can_be_changed(self, border: Border, as_authority: Signer) -> None:
        said = border.ask_and_answer(SECRET, ask(parameter=500))
        data = as_authority.get(f"/v1/exchanges/{said['exchange']}/evidence").data
        chance = Random("evidence of an answer")
        start = data.index(b'"asked"')
        for at in [*range(start, start + 160), *(chance.randrange(len(data)) for _ in range(60))]:
            changed = bytearray(data)
            changed[at] ^= 1 << chance.randrange(7)
            assert not verify_bundle(bytes(changed), KEYRING).passed, at

    def test_what_was_agreed_crosses_under_a_version_that_permits_more_and_not_under_one_that_permits_less(
        self, border: Border, private: Neighbour, put_in_force: Callable[..., None]
    ) -> None:
        border.ask_and_answer(SECRET, ask(parameter=5))
        more = [AT_LEAST, {"name": "atMost", "operator": "atMost"}]
        put_in_force(answer_agreement(version=2, fields=[_answers(VALUE, *more)]))
        deliver_due(border.bridge)
        assert len(private.bodies) == 1
        border.ask_and_answer(SECRET, ask(parameter=5))
        put_in_force(answer_agreement(version=3, fields=[_answers(VALUE, AT_LEAST | {"values": [6]})]))
        deliver_due(border.bridge)
        assert len(private.bodies) == 1


def _answers(path: str, *predicates: dict[str, Any]) -> dict[str, Any]:
    return {"path": path, "transform": "answer", "predicates": list(predicates)}


class TestWhatIsNotAnswered:
    @pytest.mark.parametrize(
        "asks",
        [
            [],
            [ask(field=WEIGHT)],
            [ask("atMost")],
            [ask(parameter="many")],
            [ask(parameter=[1])],
            [ask(parameter=None)],
            [ask(), ask(parameter=2)],
            [ask() | {"more": 1}, {"field": 1}],
        ],
        ids=range(8),
    )
    def test_what_was_not_asked_or_may_not_be(self, border: Border, asks: list[dict[str, Any]]) -> None:
        said = border.reply(border.put(asks), {"declaredValueMinor": SECRET})
        assert (outcome(said), said["field"]) == (NOT_ASKED, VALUE)

    def test_a_question_about_another_consignment_than_it_is_counted_for(self, border: Border) -> None:
        """Else one consignment could be asked about under any number of names, each with a budget."""
        question = border.put([ask()], subject="UCR-2", payload={"ucr": "UCR-1", "asks": [ask()]})
        assert outcome(border.reply(question, {"declaredValueMinor": SECRET})) == NOT_ASKED

    def test_anything_under_a_suspended_agreement(self, border: Border) -> None:
        question = border.put([ask()])
        stop = sign_suspension(
            KEYS[Holder.AUTHORITY], Suspension("value-answer", None, "an audit", border.bridge.clock())
        )
        border.platform.post("/v1/suspensions", {"statement": stop})
        assert outcome(border.reply(question, {"declaredValueMinor": SECRET})) == "AGREEMENT_SUSPENDED"

    def test_fields_without_an_answer_cross_as_before_and_cost_nothing(self, border: Border) -> None:
        question = border.put([])
        for _ in range(BITS + 2):
            assert outcome(border.reply(question, {"mrn": "26TW1"}, ["/mrn"])) == AGREED
        assert outcome(border.ask_and_answer(SECRET)) == AGREED


class TestTheBudget:
    """Eight bits in twenty-four hours, to one asker about one subject."""

    def spend(self, border: Border, bits: int = BITS, **who: str) -> None:
        for _ in range(bits):
            assert outcome(border.ask_and_answer(SECRET, **who)) == AGREED

    def test_beyond_it_nothing_is_answered(self, border: Border) -> None:
        self.spend(border)
        assert outcome(border.ask_and_answer(SECRET)) == SPENT
        assert outcome(border.ask_and_answer(None, ask("present", None, WEIGHT))) == SPENT, "nor about others"

    def test_it_is_each_askers_own_and_about_each_subject(self, border: Border) -> None:
        self.spend(border)
        assert outcome(border.ask_and_answer(SECRET, party="insurer")) == AGREED
        assert outcome(border.ask_and_answer(SECRET, subject="UCR-2")) == AGREED
        assert outcome(border.ask_and_answer(SECRET)) == SPENT

    def test_each_answer_in_an_exchange_costs_and_one_that_does_not_fit_is_refused_whole(
        self, border: Border
    ) -> None:
        self.spend(border, BITS - 3)
        both = (ask(), ask(field=WEIGHT))
        assert outcome(border.ask_and_answer(SECRET, *both)) == AGREED
        assert outcome(border.ask_and_answer(SECRET, *both)) == SPENT
        assert outcome(border.ask_and_answer(SECRET)) == AGREED, "the refusal cost nothing"
        assert outcome(border.ask_and_answer(SECRET)) == SPENT

    def test_each_bit_comes_back_a_window_after_it_was_spent(
        self, border: Border, clock: StandingClock
    ) -> None:
        self.spend(border, 3)
        clock.advance(hours=HOURS / 2)
        self.spend(border, BITS - 3)
        clock.advance(hours=HOURS / 2, microseconds=-1)
        assert outcome(border.ask_and_answer(SECRET)) == SPENT
        clock.advance(microseconds=1)
        self.spend(border, 3)
        assert outcome(border.ask_and_answer(SECRET)) == SPENT

    def test_the_same_answer_repeated_costs_nothing_more(self, border: Border) -> None:
        question = border.put([ask()])
        for _ in range(BITS + 2):
            said = border.reply(question, {"declaredValueMinor": SECRET}, idempotencyKey="one")
            assert outcome(said) == AGREED
        self.spend(border, BITS - 1)
        assert outcome(border.ask_and_answer(SECRET)) == SPENT
        assert outcome(border.reply(question, {"declaredValueMinor": 1}, idempotencyKey="two")) == SPENT

    def test_a_new_version_does_not_begin_anew(
        self, border: Border, put_in_force: Callable[..., None]
    ) -> None:
        self.spend(border)
        put_in_force(answer_agreement(version=2))
        assert outcome(border.ask_and_answer(SECRET)) == SPENT
        put_in_force(answer_agreement(version=3, bits=BITS + 1))
        self.spend(border, 1)
        assert outcome(border.ask_and_answer(SECRET)) == SPENT

    def test_another_agreement_and_purpose_answer_out_of_the_same_budget(
        self, border: Border, put_in_force: Callable[..., None]
    ) -> None:
        put_in_force(
            question_agreement(id="other-question", purpose="CARGO_INSURANCE"),
            answer_agreement(id="other-answer", message="OTHER_ANSWER", purpose="CARGO_INSURANCE"),
        )
        self.spend(border)
        question = border.put([ask()], purpose="CARGO_INSURANCE")
        other = {"message": "OTHER_ANSWER", "purpose": "CARGO_INSURANCE"}
        assert outcome(border.reply(question, {"declaredValueMinor": SECRET}, **other)) == SPENT

    def test_eight_that_answer_at_once_spend_no_more_than_there_is(self, border: Border) -> None:
        self.spend(border, BITS - 3)
        questions = [border.put([ask()]) for _ in range(8)]
        together = Barrier(8)
        app = create_app(border.bridge)

        def answer(question: str) -> str:
            window = Signer(app.test_client(), KEYS[Holder.WINDOW], border.bridge.clock)
            together.wait()
            return outcome(replace(border, window=window).reply(question, {"declaredValueMinor": SECRET}))

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(answer, questions)) == [AGREED] * 3 + [SPENT] * 5

    def test_no_adversary_narrows_a_value_below_what_the_bits_allow(
        self, border: Border, private: Neighbour
    ) -> None:
        """Halving is the best there is: each answer rules out at most half, and a refusal nothing."""
        subjects = count()

        @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.integers(0, RANGE - 1))
        def play(value: int) -> None:
            adversary = Adversary(border, private, value, f"UCR-PLAY-{next(subjects)}")
            adversary.play()
            assert adversary.answers == BITS
            assert adversary.width == RANGE >> BITS
            assert adversary.low <= value < adversary.high
            assert [adversary.narrow() for _ in range(3)] == [SPENT] * 3
            assert adversary.width == RANGE >> BITS, "refusals taught it nothing"

        play()

    def test_in_the_next_window_the_adversary_gets_as_far_again(
        self, border: Border, private: Neighbour, clock: StandingClock
    ) -> None:
        adversary = Adversary(border, private, SECRET % RANGE, "UCR-1")
        adversary.play()
        clock.advance(hours=HOURS)
        adversary.play()
        assert (adversary.answers, adversary.width) == (2 * BITS, RANGE >> 2 * BITS)


class Adversary:
    """Knows that the value is from ``low`` until before ``high``, and asks for the half that it is in."""

    def __init__(self, border: Border, private: Neighbour, value: int, subject: str) -> None:
        self.border, self.private, self.value, self.subject = border, private, value, subject
        self.low, self.high = 0, RANGE
        self.answers = 0

    @property
    def width(self) -> int:
        return self.high - self.low

    def play(self) -> None:
        """Ask until nothing is answered any more."""
        while self.narrow() == AGREED:
            pass

    def narrow(self) -> str:
        middle = (self.low + self.high) // 2
        said = self.border.ask_and_answer(self.value, ask(parameter=middle), subject=self.subject)
        if outcome(said) == AGREED:
            while said["exchange"] not in self.private.received:
                deliver_due(self.border.bridge)
            if self.private.received[said["exchange"]].body["declaredValueMinor"]:
                self.low = middle
            else:
                self.high = middle
            self.answers += 1
        return outcome(said)


# The gate alone: whatever the payload, the outcome depends on nothing but the truth of what was asked.

scalars = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["5", "x", "", "2026-06-01"])
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
payloads = st.dictionaries(st.sampled_from(["declaredValueMinor", "grossMassKg", "margin"]), values)
questions = st.lists(
    st.builds(
        Ask,
        st.sampled_from([VALUE, WEIGHT]),
        st.sampled_from(["atLeast", "present", "unlisted"]),
        st.sampled_from([5, None, "x"]),
    ),
    max_size=2,
    unique_by=lambda put: put.field,
)


def decided(payload: JsonObject, asks: list[Ask], fields: list[str], spent: int) -> Permitted | Refused:
    question = Question(
        message="VALUE_ANSWER",
        direction=Direction.FROM_WINDOW,
        purpose="TRADE_FINANCE",
        party="bank",
        role="BANK",
        owner="trader",
        consents=(),
        fields=tuple(fields),
        asks=tuple(asks),
    )
    standing = Standing(answer_agreement(), answered_bits=spent)
    return decide(Phase.AGREED, standing, question, payload, NOW)


wanted = st.lists(st.sampled_from([VALUE, WEIGHT]), unique=True, min_size=1)
counts = st.sampled_from([0, BITS - 2, BITS - 1, BITS])


@settings(max_examples=300)
@given(payloads, payloads, questions, wanted, counts)
def test_the_outcome_depends_on_nothing_but_the_truth_of_what_was_asked(
    payload: JsonObject, other: JsonObject, asks: list[Ask], fields: list[str], spent: int
) -> None:
    one, two = (decided(each, asks, fields, spent) for each in (payload, other))
    if isinstance(one, Refused) or isinstance(two, Refused):
        assert one == two, "no refusal depends on the value"
        return
    assert one.terms == two.terms
    assert one.projection.keys() == two.projection.keys() == {path[1:] for path in fields}
    for answers in (one.projection, two.projection):
        assert all(type(answer) is bool for answer in answers.values())


@given(payloads, questions, wanted)
def test_a_spent_budget_is_told_before_anything_is_looked_at(
    payload: JsonObject, asks: list[Ask], fields: list[str]
) -> None:
    refused = decided(payload, asks, fields, BITS)
    assert isinstance(refused, Refused)
    assert refused.reason in (Reason.LEAKAGE_BUDGET, Reason.QUESTION_NOT_PERMITTED)


@given(payloads, questions, wanted)
def test_an_answer_passes_the_later_phases_and_no_other_question_does(
    payload: JsonObject, asks: list[Ask], fields: list[str]
) -> None:
    first = decided(payload, asks, fields, 0)
    if isinstance(first, Refused):
        return
    standing = Standing(answer_agreement(), answered_bits=BITS)
    question = Question(
        message="VALUE_ANSWER",
        direction=Direction.FROM_WINDOW,
        purpose="TRADE_FINANCE",
        party="bank",
        role="BANK",
        owner="trader",
        consents=(),
        fields=tuple(fields),
        terms=first.terms,
    )
    assert decide(Phase.SENT, standing, question, first.projection, NOW) == first
    narrower = answer_agreement(
        fields=[_answers(path, {"name": "other", "operator": "exists"}) for path in fields]
    )
    refused = decide(Phase.SENT, Standing(narrower), question, first.projection, NOW)
    assert isinstance(refused, Refused)
