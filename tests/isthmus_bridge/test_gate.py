"""The gate permits what an agreement names, refuses all else, and is not swayed by what it may not read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterparts import agreement, declaration
from isthmus_bridge.gate import Permitted, Question, Refused, Standing, decide
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.messages import Consent, Reason
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.records import Phase

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
STANDING = Standing(agreement())
PATHS = ("/ucr", "/goods/hsCode", "/goods/statisticalValueMinor")
QUESTION = Question(
    message="EXPORT_DECLARATION",
    direction=Direction.TO_WINDOW,
    purpose="CUSTOMS_EXPORT_CLEARANCE",
    party="forwarder",
    role="FORWARDER",
    owner="trader",
    consents=(),
    fields=PATHS,
)
PAYLOAD: JsonObject = declaration()["payload"]
CONSENT = Consent("trader", "forwarder", "CUSTOMS_EXPORT_CLEARANCE", NOW + timedelta(days=1), "grant-1")

scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
names = st.sampled_from(
    ["ucr", "goods", "hsCode", "statisticalValueMinor", "margin", "invoice", "bankAccount"]
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=25,
)
payloads = st.dictionaries(names | st.text(max_size=4), values, max_size=6)

# What lies beside the permitted leaves: in the payload, beside goods, within each of the goods.
goods = st.fixed_dictionaries(
    {}, optional={"hsCode": st.text(max_size=6), "statisticalValueMinor": st.integers(0, 10**9)}
)
others = st.dictionaries(st.sampled_from(["margin", "bankAccount", "x", "y"]), values, max_size=4)


def payload_with(
    ucr: str, items: list[dict[str, Any]], beside: dict[str, Any], within: list[Any]
) -> JsonObject:
    filled = [{**other, **item} for item, other in zip(items, within, strict=False)]
    return {**beside, "ucr": ucr, "goods": [*filled, *items[len(filled) :]]}


def reason_of(outcome: Permitted | Refused) -> Reason:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


@given(
    st.text(min_size=1, max_size=9),
    st.lists(goods, max_size=3),
    others,
    others,
    st.lists(others),
    st.lists(others),
)
def test_two_payloads_that_agree_on_permitted_fields_give_the_same_bytes(
    ucr: str,
    items: list[dict[str, Any]],
    beside: dict[str, Any],
    beside_else: dict[str, Any],
    within: list[Any],
    within_else: list[Any],
) -> None:
    outcomes = [
        decide(Phase.AGREED, STANDING, QUESTION, payload, NOW)
        for payload in (
            payload_with(ucr, items, beside, within),
            payload_with(ucr, items, beside_else, within_else),
        )
    ]
    one, other = outcomes
    assert one == other
    if isinstance(one, Permitted) and isinstance(other, Permitted):
        assert canonical(one.projection) == canonical(other.projection)


@given(payloads)
def test_whatever_the_payload_only_listed_leaves_come_out_and_it_never_raises(payload: JsonObject) -> None:
    outcome = decide(Phase.AGREED, STANDING, QUESTION, payload, NOW)
    if isinstance(outcome, Permitted):
        released = leaf_paths(outcome.projection)
        assert released
        assert set(released) <= set(PATHS)
        assert {field.path for field in outcome.terms} == set(released)


@given(payloads, st.sets(st.sampled_from(PATHS)))
def test_only_what_was_asked_for_comes_out(payload: JsonObject, asked: set[str]) -> None:
    outcome = decide(Phase.AGREED, STANDING, replace(QUESTION, fields=tuple(asked)), payload, NOW)
    if isinstance(outcome, Permitted):
        assert set(leaf_paths(outcome.projection)) <= asked


@given(payloads)
def test_what_was_released_once_passes_the_later_phases_under_the_same_agreement(payload: JsonObject) -> None:
    first = decide(Phase.AGREED, STANDING, QUESTION, payload, NOW)
    if isinstance(first, Permitted):
        later = replace(QUESTION, fields=tuple(f.path for f in first.terms), terms=first.terms)
        for phase in (Phase.SENT, Phase.DELIVERED):
            assert decide(phase, STANDING, later, first.projection, NOW) == first


@given(payloads, st.sampled_from(Phase))
def test_without_an_agreement_nothing_crosses(payload: JsonObject, phase: Phase) -> None:
    assert reason_of(decide(phase, None, QUESTION, payload, NOW)) is Reason.NO_AGREEMENT


@given(payloads, st.sampled_from(Phase))
def test_an_agreement_that_lists_nothing_permits_nothing(payload: JsonObject, phase: Phase) -> None:
    empty = Standing(agreement(fields=[]))
    assert isinstance(decide(phase, empty, replace(QUESTION, fields=()), payload, NOW), Refused)


@pytest.mark.parametrize(
    "other",
    [{"message": "IMPORT_DECLARATION"}, {"direction": Direction.FROM_WINDOW}, {"purpose": "TRADE_FINANCE"}],
)
def test_an_agreement_speaks_for_its_own_message_direction_and_purpose_alone(other: dict[str, Any]) -> None:
    outcome = decide(Phase.AGREED, STANDING, replace(QUESTION, **other), PAYLOAD, NOW)
    assert reason_of(outcome) is Reason.NO_AGREEMENT


@pytest.mark.parametrize("phase", list(Phase))
def test_a_suspended_agreement_permits_nothing_at_any_phase(phase: Phase) -> None:
    stopped = replace(STANDING, suspended=True)
    assert reason_of(decide(phase, stopped, QUESTION, PAYLOAD, NOW)) is Reason.AGREEMENT_SUSPENDED


def test_an_agreement_holds_from_its_first_moment_and_ends_at_its_last() -> None:
    first, last = STANDING.agreement.valid_from, STANDING.agreement.valid_until
    moment = timedelta(microseconds=1)
    assert (
        reason_of(decide(Phase.AGREED, STANDING, QUESTION, PAYLOAD, first - moment)) is Reason.NOT_YET_VALID
    )
    assert isinstance(decide(Phase.AGREED, STANDING, QUESTION, PAYLOAD, first), Permitted)
    assert isinstance(decide(Phase.AGREED, STANDING, QUESTION, PAYLOAD, last - moment), Permitted)
    assert reason_of(decide(Phase.AGREED, STANDING, QUESTION, PAYLOAD, last)) is Reason.EXPIRED


@pytest.mark.parametrize("who", [{"role": "BANK"}, {"role": None}, {"party": None}])
def test_only_the_audience_is_served(who: dict[str, Any]) -> None:
    outcome = decide(Phase.AGREED, STANDING, replace(QUESTION, **who), PAYLOAD, NOW)
    assert reason_of(outcome) is Reason.AUDIENCE_NOT_PERMITTED


def test_a_field_that_the_agreement_does_not_list_is_refused_by_name_the_first_in_order() -> None:
    greedy = replace(QUESTION, fields=(*PATHS, "/invoice/discountMinor", "/invoice/bankAccount"))
    outcome = decide(Phase.AGREED, STANDING, greedy, PAYLOAD, NOW)
    assert outcome == Refused(Reason.FIELD_NOT_PERMITTED, "/invoice/bankAccount")


def test_an_object_in_the_place_of_a_permitted_leaf_is_refused() -> None:
    outcome = decide(Phase.AGREED, STANDING, QUESTION, {"ucr": {"smuggled": "goods"}}, NOW)
    assert outcome == Refused(Reason.FIELD_MALFORMED, "/ucr")


def test_a_payload_without_any_permitted_field_is_refused() -> None:
    outcome = decide(Phase.AGREED, STANDING, QUESTION, {"invoice": {"bankAccount": "DE02"}}, NOW)
    assert reason_of(outcome) is Reason.NOTHING_TO_CROSS


def test_no_more_crosses_in_an_hour_than_was_agreed() -> None:
    standing = Standing(agreement(ratePerHour=3), agreed_last_hour=2)
    assert isinstance(decide(Phase.AGREED, standing, QUESTION, PAYLOAD, NOW), Permitted)
    full = replace(standing, agreed_last_hour=3)
    assert reason_of(decide(Phase.AGREED, full, QUESTION, PAYLOAD, NOW)) is Reason.RATE_EXCEEDED


class TestConsent:
    """Where an agreement asks for the owner's consent."""

    standing = Standing(agreement(consentRequired=True))

    def decide(self, *consents: Consent, now: datetime = NOW) -> Permitted | Refused:
        return decide(Phase.AGREED, self.standing, replace(QUESTION, consents=consents), PAYLOAD, now)

    def test_it_must_be_there(self) -> None:
        assert reason_of(self.decide()) is Reason.CONSENT_MISSING

    @pytest.mark.parametrize("of", [{"owner": "other"}, {"reader": "bank"}, {"purpose": "TRADE_FINANCE"}])
    def test_it_must_be_the_owners_to_this_reader_for_this_purpose(self, of: dict[str, str]) -> None:
        assert reason_of(self.decide(replace(CONSENT, **of))) is Reason.CONSENT_MISSING  # type: ignore[arg-type]

    def test_it_holds_until_it_ends(self) -> None:
        assert isinstance(self.decide(CONSENT), Permitted)
        assert reason_of(self.decide(CONSENT, now=CONSENT.valid_until)) is Reason.CONSENT_EXPIRED

    def test_one_that_holds_is_enough(self) -> None:
        ended = replace(CONSENT, valid_until=NOW)
        assert isinstance(self.decide(ended, CONSENT), Permitted)

    def test_nobody_consents_for_an_owner_that_is_not_named(self) -> None:
        question = replace(QUESTION, owner=None, consents=(CONSENT,))
        outcome = decide(Phase.AGREED, self.standing, question, PAYLOAD, NOW)
        assert reason_of(outcome) is Reason.CONSENT_MISSING


class TestLaterPhases:
    """What was released, asked about again under the agreement as it stands then."""

    terms = tuple(STANDING.agreement.fields)
    question = replace(QUESTION, terms=terms)
    released: ClassVar[JsonObject] = {
        "ucr": "U",
        "goods": [{"hsCode": "845811", "statisticalValueMinor": 100}],
    }

    def test_a_transform_that_changed_stops_it(self) -> None:
        masked = [{"path": "/ucr", "transform": "mask", "argument": 4}]
        rest = [field.to_json() for field in self.terms if field.path != "/ucr"]
        outcome = decide(
            Phase.SENT, Standing(agreement(fields=masked + rest)), self.question, self.released, NOW
        )
        assert outcome == Refused(Reason.FIELD_NOT_PERMITTED, "/ucr")

    def test_more_than_was_released_does_not_pass(self) -> None:
        more: JsonObject = {**self.released, "invoice": {"bankAccount": "DE02"}}
        outcome = decide(Phase.SENT, STANDING, self.question, more, NOW)
        assert outcome == Refused(Reason.FIELD_NOT_PERMITTED, "/invoice/bankAccount")

    def test_what_was_never_agreed_does_not_pass(self) -> None:
        outcome = decide(Phase.SENT, STANDING, replace(self.question, terms=None, fields=()), {}, NOW)
        assert reason_of(outcome) is Reason.NOTHING_TO_CROSS

    def test_the_rate_is_not_counted_against_what_was_agreed_within_it(self) -> None:
        full = replace(STANDING, agreed_last_hour=1000)
        assert isinstance(decide(Phase.SENT, full, self.question, self.released, NOW), Permitted)
