"""What is claimed of agreements is proven for every request, or broken by one that the gate permits."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from counterparts import agreement
from isthmus_bridge import agreements as bridge_agreements
from isthmus_bridge.gate import Permitted, Refused
from isthmus_bridge.prover.cases import Case, Kind
from isthmus_bridge.prover.claims import Claim, read_claims, tells_no_more
from isthmus_bridge.prover.compiler import PERMITTED, REASONS, UNLISTED, Symbols, compiled, values_of
from isthmus_bridge.prover.flows import gained, in_words
from isthmus_bridge.prover.proof import Finding, prove
from isthmus_bridge.prover.questions import representatives
from isthmus_protocol.agreements import Agreement, Direction, Field, Role, Transform
from isthmus_protocol.messages import Consent, Reason
from isthmus_protocol.predicates import Operator, Predicate
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage
from leaks import (
    AT_LEAST,
    BUDGET,
    FORMS,
    LEAKS,
    MESSAGES,
    PURPOSES,
    Leak,
    at_random,
    budget_of,
    claims_of_all,
    plant,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = [BEGIN + timedelta(days=days) for days in range(0, 100, 20)]
PATHS = ["/ucr", "/goods", "/goods/value", "/goods/hsCode", "/at"]
TICK = timedelta(microseconds=1)


@st.composite
def documents(draw: st.DrawFn, number: int, version: int) -> Agreement:
    start, end = sorted(draw(st.lists(st.sampled_from(MOMENTS), min_size=2, max_size=2, unique=True)))
    listed = draw(st.lists(st.sampled_from(PATHS), unique=True))
    leaves = [path for path in listed if not any(path.startswith(f"{other}/") for other in listed)]
    fields = tuple(Field(path, *draw(st.sampled_from(FORMS))) for path in leaves)
    return replace(
        agreement(),
        id=f"agreement-{number}",
        version=version,
        message=MESSAGES[number],
        direction=Direction.TO_WINDOW,
        purpose=PURPOSES[0],
        audience=tuple(draw(st.lists(st.sampled_from([Role.BANK, Role.TRADER]), unique=True))),
        fields=fields,
        leakage_budget=replace(BUDGET, bits=draw(st.integers(1, 3))) if budget_of(fields) else None,
        consent_required=draw(st.booleans()),
        valid_from=start,
        valid_until=end,
        rate_per_hour=draw(st.integers(1, 2)),
    )


@st.composite
def sets(draw: st.DrawFn) -> list[Agreement]:
    """Two agreements on two messages, each in one or two versions."""
    return [
        draw(documents(number, version))
        for number in range(2)
        for version in range(1, draw(st.integers(1, 2)) + 1)
    ]


boundaries = st.sampled_from([at + by for at in MOMENTS for by in (-TICK, timedelta(0), TICK)])
names = st.sampled_from(["party-1", "party-2"])
consents = st.builds(Consent, names, names, st.sampled_from(PURPOSES[:2]), boundaries, st.just("grant"))


@st.composite
def cases(draw: st.DrawFn, known: list[Agreement]) -> Case:
    about = draw(st.sampled_from(known))
    listed = sorted(about.paths)
    strays = st.lists(st.sampled_from([*PATHS, UNLISTED]), max_size=1)
    asked = (
        {*draw(st.lists(st.sampled_from(listed))), *(draw(strays) if draw(st.booleans()) else [])}
        if listed
        else set()
    )
    kinds = {path: draw(st.sampled_from(Kind)) for path in [*PATHS, UNLISTED]}
    if any(kinds[path] is not Kind.ABSENT for path in ("/goods/value", "/goods/hsCode")):
        kinds["/goods"] = Kind.OBJECT
    versions = [(each.id, each.version) for each in known]
    questions = representatives(known).values()
    asks = [draw(st.sampled_from([None, *about_one, *about_one])) for about_one in questions]
    return Case(
        message=draw(st.sampled_from([about.message, about.message, "OTHERWISE"])),
        direction=draw(st.sampled_from([Direction.TO_WINDOW, Direction.TO_WINDOW, Direction.FROM_WINDOW])),
        purpose=draw(st.sampled_from([*[about.purpose] * 3, PURPOSES[1]])),
        party=draw(st.sampled_from([None, "party-1", "party-1", "party-2"])),
        role=draw(st.sampled_from([None, *about.audience, *about.audience, Role.BANK])),
        owner=draw(st.sampled_from([None, "party-2", "party-2"])),
        consents=tuple(draw(st.lists(consents, max_size=3))),
        asked=tuple(asked),
        kinds=kinds,
        agreed_last_hour=draw(st.integers(0, 2)),
        now=draw(boundaries),
        suspended=frozenset(draw(st.lists(st.sampled_from(versions), max_size=1))),
        asks=tuple(ask for ask in asks if ask is not None),
        answered_bits=draw(st.integers(0, 3)),
    )


def true(formula: z3.BoolRef, values: list[tuple[z3.ExprRef, z3.ExprRef]]) -> bool:
    told = z3.simplify(z3.substitute(formula, *values))
    assert z3.is_true(told) or z3.is_false(told), told
    return bool(z3.is_true(told))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_formulas_and_the_gate_agree_on_any_request(data: st.DataObject) -> None:
    known = data.draw(sets())
    case = data.draw(cases(known))
    symbols = Symbols(known, consents=3)
    values = values_of(case, symbols)
    if len(case.consents) == 3:
        assert true(symbols.well_formed, values)
    for part in compiled(symbols, known):
        document = part.agreement
        versions = [bridge_agreements.Version(each, (), BEGIN) for each in known if each.id == document.id]
        current = bridge_agreements.in_force(versions, case.now)
        assert current is not None
        assert true(part.in_force, values) == (current.agreement == document)
        outcome = case.put_to_gate(document)
        code = z3.simplify(z3.substitute(part.outcome, *values)).as_long()
        if isinstance(outcome, Permitted):
            assert code == PERMITTED
        else:
            assert REASONS[code - 1] is outcome.reason
        released = leaf_paths(outcome.projection) if isinstance(outcome, Permitted) else []
        if current.agreement == document:
            foretold = [
                field.path for field in document.fields if true(part.releases(field, symbols), values)
            ]
            assert sorted(foretold) == released
    assert true(symbols.has_consent, values) == case.has_consent


def test_what_no_agreement_lists_is_refused_by_its_reason_in_both() -> None:
    known = [agreement()]
    case = Case(
        message=known[0].message,
        direction=known[0].direction,
        purpose=known[0].purpose,
        party="party-1",
        role=known[0].audience[0],
        owner=None,
        consents=(),
        asked=("/seals",),
        kinds={},
        agreed_last_hour=0,
        now=known[0].valid_from,
    )
    symbols = Symbols(known)
    (part,) = compiled(symbols, known)
    outcome = case.put_to_gate(known[0])
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.FIELD_NOT_PERMITTED
    code = z3.simplify(z3.substitute(part.outcome, *values_of(case, symbols))).as_long()
    assert REASONS[code - 1] is outcome.reason


def broken(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.holds]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_every_planted_leak_is_found_and_reproduced_by_the_gate(leak: Leak) -> None:
    """Sixteen of each of the eighteen kinds: 288 leaks."""
    planted = 0
    for seed in range(400):
        chance = Random(f"{leak.__name__} {seed}")
        sound = [at_random(chance, number) for number in range(chance.randint(1, 3))]
        claims = claims_of_all(sound)
        leaking = plant(leak, sound, chance)
        if leaking is None:
            continue
        planted += 1
        assert broken(prove(sound, claims)) == [], "no false alarm"
        found = broken(prove(leaking, claims))
        assert found, (seed, leaking)
        for finding in found:
            example = finding.example
            assert example is not None
            assert isinstance(example.case.put_to_gate(example.agreement), Permitted)
            assert example.field.path in leaf_paths(example.released)
        changed = {each.id for each in leaking if each not in sound}
        before = [each for each in sound if each.id in changed]
        after = [each for each in leaking if each.id in changed]
        assert gained(before, after), "the difference is told in words, too"
        if planted == 16:
            return
    pytest.fail(f"only {planted} leaks planted")


DEMO = Path(__file__).parents[2] / "platform" / "isthmus" / "demo"


def in_use() -> tuple[list[Agreement], tuple[Claim, ...]]:
    """Return the demonstration's agreements and what is claimed of them."""
    files = sorted((DEMO / "agreements").glob("*.json"))
    claims = read_claims(json.loads((DEMO / "claims.json").read_bytes()))
    return [Agreement.from_json(json.loads(file.read_bytes())) for file in files], claims


def test_what_is_claimed_of_the_agreements_in_use_is_true() -> None:
    assert broken(prove(*in_use())) == []


def test_leaks_planted_in_the_agreements_in_use_break_the_claims_beside_them() -> None:
    known, claims = in_use()
    planted = 0
    for leak in LEAKS:
        for seed in range(3):
            chance = Random(f"in use {leak.__name__} {seed}")
            leaking = plant(leak, known, chance)
            if leaking is not None:
                planted += 1
                assert broken(prove(leaking, claims)), (leak.__name__, seed)
    assert planted == 3 * len(LEAKS), "there is room for all kinds"


BANK_ASKS = agreement(
    id="value-to-bank",
    message="DECLARATION_ANSWER",
    direction="FROM_WINDOW",
    purpose="TRADE_FINANCE",
    audience=["BANK"],
    consentRequired=True,
    fields=[
        {"path": "/goods/value", "transform": "round", "argument": 1000},
        {"path": "/invoice/bankAccount", "transform": "mask", "argument": 4},
    ],
)


def claim(**never: Any) -> Claim:
    (only,) = read_claims({"format": "isthmus-claims/1", "claims": [{"says": "It is so", "never": never}]})
    return only


def finding(never: dict[str, Any], *documents: Agreement) -> Finding:
    (only,) = prove(documents, [claim(**never)])
    return only


UNLESS = "/claims/0/never/unless/0"
VALUE_NEEDS_CONSENT: dict[str, Any] = {"role": "BANK", "field": "/goods/value", "unless": "consent"}


class TestClaims:
    def test_a_claim_that_holds_is_proven(self) -> None:
        assert finding(VALUE_NEEDS_CONSENT, BANK_ASKS).holds

    def test_a_claim_that_fails_comes_with_a_plain_request_that_crosses(self) -> None:
        without = replace(BANK_ASKS, consent_required=False)
        example = finding(VALUE_NEEDS_CONSENT, without).example
        assert example is not None
        assert (example.case.role, example.case.asked, example.case.consents) == (
            "BANK",
            ("/goods/value",),
            (),
        )
        assert example.released == {"goods": {"value": 12_000}}
        assert BANK_ASKS.valid_from <= example.case.now < BANK_ASKS.valid_until

    def test_a_claim_on_a_branch_covers_all_below_it(self) -> None:
        assert not finding({"field": "/goods"}, BANK_ASKS).holds
        assert finding({"field": "/good"}, BANK_ASKS).holds

    def test_a_form_makes_right_what_tells_no_more(self) -> None:
        masked = {"field": "/invoice/bankAccount", "unless": {"transform": "mask", "argument": 4}}
        assert finding(masked, BANK_ASKS).holds
        kept = replace(BANK_ASKS, fields=(Field("/invoice/bankAccount"),))
        assert not finding(masked, kept).holds

    def test_either_of_several_conditions_will_do(self) -> None:
        either = {"field": "/invoice", "unless": ["consent", {"transform": "mask", "argument": 4}]}
        assert finding(either, replace(BANK_ASKS, consent_required=False)).holds
        assert finding(either, replace(BANK_ASKS, fields=(Field("/invoice/bankAccount"),))).holds

    def test_a_time_bounds_a_claim(self) -> None:
        assert finding({"from": "2027-01-01T00:00:00Z"}, BANK_ASKS).holds
        assert not finding({"from": "2026-12-31T23:59:59.999999Z"}, BANK_ASKS).holds
        assert finding({"until": "2026-01-01T00:00:00Z"}, BANK_ASKS).holds
        assert not finding({"until": "2026-01-01T00:00:00.000001Z"}, BANK_ASKS).holds

    def test_a_claim_that_nothing_comes_near_is_told_from_one_that_a_condition_keeps(self) -> None:
        assert not finding(VALUE_NEEDS_CONSENT, BANK_ASKS).idle
        assert finding({"direction": "TO_WINDOW", "purpose": "MARKETING"}, BANK_ASKS).idle

    def test_a_later_version_cannot_be_hidden_behind_the_present_one(self) -> None:
        later = replace(
            BANK_ASKS, version=2, consent_required=False, valid_from=datetime(2026, 6, 1, tzinfo=UTC)
        )
        example = finding(VALUE_NEEDS_CONSENT, BANK_ASKS, later).example
        assert example is not None
        assert (example.agreement.version, example.case.now >= later.valid_from) == (2, True)

    def test_an_earlier_version_that_leaked_is_no_matter_once_superseded(self) -> None:
        leaked = replace(BANK_ASKS, consent_required=False)
        mended = replace(BANK_ASKS, version=2)
        assert finding(VALUE_NEEDS_CONSENT, leaked, mended).holds

    @pytest.mark.parametrize(
        ("never", "field", "rule"),
        [
            ({}, "/claims/0/never", "missing"),
            ({"unless": "consent"}, "/claims/0/never", "missing"),
            ({"rôle": "BANK"}, "/claims/0/never/rôle", "unknown_member"),
            ({"role": "BANKER"}, "/claims/0/never/role", "unknown_code"),
            ({"role": []}, "/claims/0/never/role", "length"),
            ({"role": {"otherThan": [1]}}, "/claims/0/never/role/otherThan", "not_a_string"),
            ({"field": "/goods/0"}, "/claims/0/never/field", "path"),
            ({"message": "lower"}, "/claims/0/never/message", "pattern"),
            ({"role": "BANK", "unless": "grace"}, "/claims/0/never/unless/0", "unknown_code"),
            (
                {"role": "BANK", "unless": {"transform": "mask"}},
                "/claims/0/never/unless/0/argument",
                "missing",
            ),
        ],
    )
    def test_a_claim_that_is_not_understood_is_refused(
        self, never: dict[str, Any], field: str, rule: str
    ) -> None:
        with pytest.raises(MalformedMessage) as refused:
            claim(**never)
        assert (refused.value.field, refused.value.rule) == (field, rule)


ANSWERED = replace(
    BANK_ASKS,
    fields=(Field("/goods/value", Transform.ANSWER, predicates=(AT_LEAST,)),),
    leakage_budget=BUDGET,
)


class TestAnswers:
    """What is told as a yes or no is told apart from the value, and from other questions."""

    def test_a_claim_may_let_pass_any_answer_or_those_to_some_questions(self) -> None:
        value: dict[str, Any] = {"role": "BANK", "field": "/goods/value"}
        assert not finding(value, ANSWERED).holds
        assert finding(value | {"unless": {"transform": "answer"}}, ANSWERED).holds
        assert not finding(value | {"unless": {"transform": "answer"}}, BANK_ASKS).holds
        some = {"transform": "answer", "predicates": [AT_LEAST.to_json()]}
        assert finding(value | {"unless": some}, ANSWERED).holds
        fewer = {"transform": "answer", "predicates": [AT_LEAST.to_json() | {"values": [1000]}]}
        assert not finding(value | {"unless": fewer}, ANSWERED).holds

    def test_an_example_names_the_question_and_releases_the_answer(self) -> None:
        example = finding({"role": "BANK"}, ANSWERED).example
        assert example is not None
        assert [(ask.field, ask.predicate) for ask in example.case.asks] == [("/goods/value", "atLeast")]
        assert example.case.answered_bits == 0
        assert example.released in ({"goods": {"value": True}}, {"goods": {"value": False}})

    def test_a_question_more_is_told_and_one_less_is_not_new(self) -> None:
        thousand = replace(AT_LEAST, values=(1000,))
        narrow = replace(ANSWERED, fields=(replace(ANSWERED.fields[0], predicates=(thousand,)),))
        more, less = in_words(gained([narrow], [ANSWERED])), in_words(gained([ANSWERED], [narrow]))
        assert (len(more), less) == (1, [])
        assert "/goods/value as a yes or no to atLeast (atLeast what is asked)" in more[0]

    def test_another_question_by_the_same_name_is_new(self) -> None:
        most = Predicate("atLeast", Operator.AT_MOST)
        other = replace(ANSWERED, fields=(replace(ANSWERED.fields[0], predicates=(most,)),))
        assert gained([ANSWERED], [other])
        assert gained([other], [ANSWERED])


class TestDifferences:
    def told(self, old: Agreement, new: Agreement) -> tuple[list[str], list[str]]:
        return in_words(gained([old], [new])), in_words(gained([new], [old]))

    def test_the_same_again_differs_in_nothing(self) -> None:
        assert self.told(BANK_ASKS, replace(BANK_ASKS, version=2, title="Another title")) == ([], [])

    def test_a_consent_dropped_is_told(self) -> None:
        more, less = self.told(BANK_ASKS, replace(BANK_ASKS, version=2, consent_required=False))
        assert (less, len(more)) == ([], 2)
        assert more[1] == (
            "BANK for TRADE_FINANCE, in DECLARATION_ANSWER from the window: /goods/value rounded to 1000,"
            " without the owner's consent, from 2026-01-01 until 2027-01-01"
        )

    def test_a_role_let_in_and_a_longer_term_are_told_each_by_its_time(self) -> None:
        wider = replace(BANK_ASKS, fields=BANK_ASKS.fields[:1], valid_until=datetime(2028, 1, 1, tzinfo=UTC))
        narrow = replace(BANK_ASKS, fields=BANK_ASKS.fields[:1])
        more, less = self.told(narrow, replace(wider, audience=(Role.BANK, Role.INSURER)))
        assert less == []
        assert [line.split(" for ")[0] for line in more] == ["INSURER", "BANK"]
        assert more[0].endswith("with the owner's consent, from 2026-01-01 until 2028-01-01")
        assert more[1].endswith("with the owner's consent, from 2027-01-01 until 2028-01-01")

    def test_a_field_shown_more_plainly_is_new_and_its_disguise_is_not_missed(self) -> None:
        plain = replace(BANK_ASKS, fields=(BANK_ASKS.fields[0], Field("/invoice/bankAccount")))
        more, less = self.told(BANK_ASKS, plain)
        assert (len(more), less) == (1, [])
        assert "/invoice/bankAccount as it is" in more[0]

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_a_request_alone_is_released_by_the_new_and_not_the_old_only_if_told(
        self, data: st.DataObject
    ) -> None:
        old, new = data.draw(documents(0, 1)), data.draw(documents(0, 2))
        flows = gained([old], [new])
        case = data.draw(cases([old, new]))
        for field in new.fields:
            alone = replace(case, asked=(field.path,), agreed_last_hour=0, suspended=frozenset())
            before, after = alone.put_to_gate(old), alone.put_to_gate(new)
            if isinstance(after, Permitted) and not isinstance(before, Permitted):
                assert any(
                    (flow.role, flow.field) == (alone.role, field)
                    and flow.consent in (None, alone.has_consent)
                    and any(start <= alone.now < end for start, end in flow.spans)
                    for flow in flows
                ), (old, new, alone)


FORM_FIELDS = [Field("/a", *form) for form in FORMS]


def test_what_tells_no_more_than_another_form_is_an_order() -> None:
    for a in FORM_FIELDS:
        assert tells_no_more(a, a)
        assert tells_no_more(a, Field("/a"))
        assert not tells_no_more(Field("/a"), a) or a.transform is Transform.KEEP
        for b in FORM_FIELDS:
            for c in FORM_FIELDS:
                assert not (tells_no_more(a, b) and tells_no_more(b, c)) or tells_no_more(a, c)
