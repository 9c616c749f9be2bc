"""Documentary credit through GraphQL: every mutation once, and nothing of it to anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from credit_case import DOCUMENTS, TERMS, spoiled
from credit_trade import TABLES, VAULT
from graphql_client import Asker, serve
from held import rows
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform import parties
from isthmus_platform.credit.case import documents_json
from isthmus_platform.credit.messages import Issue, write_700
from isthmus_platform.credit.notices import Refusal, write_734
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.papers import plain
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, SigningKey
from standing import StandingClock

DESK = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")
CREDIT = "credit { id state balance { amountMinor currency } }"
PRESENTATION = (
    "presentation { id state drawn { amountMinor } findings { rule article document field found expected } }"
)
AMENDMENT = "amendment { id state }"
CLAIM = {"amountMinor": TERMS.amount_minor, "currency": "USD"}
FAULTY = documents_json(spoiled("705", {"freight": "COLLECT"}, {"endorsed_by": None}))
RULE = {
    "code": "NO_AURORA",
    "article": "Bank policy 7",
    "says": "another vessel",
    "condition": "documents.exists(d, d.type == '705' && d.data.vessel == 'Meridian Aurora')",
}


@dataclass(frozen=True)
class Desks:
    """The parties' clients: the trader sells, the buyer applies; the bank issues, the adviser advises."""

    askers: dict[str, Asker]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def applied(self, reference: str) -> str:
        given = application(terms=plain.to_json(replace(TERMS, reference=reference)))
        made: str = self["buyer"].done("applyForCredit", CREDIT, **given)["credit"]["id"]
        return made

    def advised(self, reference: str) -> str:
        made = self.applied(reference)
        for by, step in (("bank", "ISSUE"), ("adviser", "ADVISE")):
            self[by].done("takeCreditStep", CREDIT, credit=made, step=step)
        return made

    def presented(self, credit: str, reference: str) -> str:
        given = {"credit": credit, "reference": reference, "amount": CLAIM, "documents": FAULTY}
        made: str = self["trader"].done("presentDocuments", PRESENTATION, **given)["presentation"]["id"]
        return made


def application(**changes: Any) -> dict[str, Any]:
    return {
        "issuingBank": "bank",
        "advisingBank": "adviser",
        "beneficiary": "trader",
        "terms": plain.to_json(TERMS),
    } | changes


@pytest.fixture
def desks(platform: Platform, cast: dict[str, Actor]) -> Desks:
    with platform.begin(Duty("onboarding")) as work:
        for name, role in (("buyer", PartyRole.TRADER), ("adviser", PartyRole.BANK)):
            cast[name] = parties.actor_of(parties.register(work, name, f"{name} Ltd", "DE", [role]), name)
    schema = build()
    return Desks(serve(GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK), cast))


def test_a_credit_from_application_to_payment(desks: Desks) -> None:
    credit = desks.advised("LC-1")
    presentation = desks.presented(credit, "P-1")
    selection = PRESENTATION.replace("state", "state mt734")
    examined = desks["bank"].done("examinePresentation", selection, presentation=presentation)["presentation"]
    assert examined["state"] == "DISCREPANT"
    assert ":77B:/HOLD/" in examined["mt734"]
    assert examined["findings"] == [
        {
            "rule": "BILL_ENDORSED",
            "article": "ISBP 821 para. E13",
            "document": "705 BILL1",
            "field": "endorsedBy",
            "found": "none",
            "expected": "Formosa Precision Machinery",
        },
        {
            "rule": "BILL_FREIGHT",
            "article": "ISBP 821 para. E26",
            "document": "705 BILL1",
            "field": "freight",
            "found": "COLLECT",
            "expected": "PREPAID",
        },
    ]
    for by, step in (("buyer", "WAIVE"), ("bank", "PAY")):
        desks[by].done("settlePresentation", PRESENTATION, presentation=presentation, step=step)
    query = (
        "query ($id: ID!) { credit(id: $id) { state balance { amountMinor } mt700 beneficiary { name }"
        " history { action actor { name } drawn { amountMinor } balance { amountMinor } }"
        " presentations { state paidBy { name } claimed { currency } documents presentedOn examineBy } } }"
    )
    seen = desks["trader"].data(query, id=credit)["credit"]
    assert seen["balance"] == {"amountMinor": 0}
    assert ":32B:USD186500,00" in seen["mt700"]
    assert seen["history"][-1] == {
        "action": "PAY",
        "actor": {"name": "bank"},
        "drawn": {"amountMinor": TERMS.amount_minor},
        "balance": {"amountMinor": 0},
    }
    (one,) = seen["presentations"]
    assert (one["state"], one["paidBy"], one["documents"]) == ("PAID", {"name": "bank"}, FAULTY)
    asked = "query ($id: ID!) { credit(id: $id) { presentations { debt { state amount { amountMinor } } } } }"
    owed = {"state": "OWED", "amount": {"amountMinor": TERMS.amount_minor}}
    for by, told in (("buyer", owed), ("bank", owed), ("trader", None), ("adviser", None)):
        assert desks[by].data(asked, id=credit)["credit"]["presentations"] == [{"debt": told}], by
    repaid = {"presentation": presentation, "step": "REPAY"}
    assert desks["trader"].refused("settlePresentation", PRESENTATION, **repaid) == [
        ("wrong_part", "presentation")
    ]
    done = desks["bank"].done("settlePresentation", "presentation { debt { state repaidAt } }", **repaid)
    assert done["presentation"]["debt"]["state"] == "REPAID"
    pages = "{ credits { edges { node { id } } } }"
    for name, asker in desks.askers.items():
        count = 1 if name in ("buyer", "trader", "bank", "adviser") else 0
        assert len(asker.data(pages)["credits"]["edges"]) == count, name


def test_terms_and_amendments_come_as_swift_text_too(desks: Desks) -> None:
    text = write_700(Issue(TERMS, TERMS.expires_on))
    given = {**application(terms=None), "mt700": text}
    credit = desks["buyer"].done("applyForCredit", "credit { id terms }", **given)["credit"]
    assert credit["terms"] == plain.to_json(TERMS)
    bad = {**given, "mt700": text.replace(":32B:USD186500,00", ":32B:JPY186500,50")}
    assert desks["buyer"].refused("applyForCredit", CREDIT, **bad) == [("decimals", "32B")]
    both = {**given, "terms": plain.to_json(TERMS)}
    assert desks["buyer"].refused("applyForCredit", CREDIT, **both) == [("one_of", "terms")]
    for by, step in (("bank", "ISSUE"), ("adviser", "ADVISE")):
        desks[by].done("takeCreditStep", CREDIT, credit=credit["id"], step=step)
    amendment = desks["bank"].done(
        "proposeCreditAmendment", "amendment { id mt707 }", credit=credit["id"], changes={"increaseMinor": 5}
    )["amendment"]
    assert ":32B:USD0,05" in amendment["mt707"]
    desks["trader"].done("answerCreditAmendment", AMENDMENT, amendment=amendment["id"], accept=False)
    again = {"credit": credit["id"], "mt707": amendment["mt707"]}
    assert desks["bank"].refused("proposeCreditAmendment", AMENDMENT, **again) == [("other_amendment", "26E")]
    again["mt707"] = amendment["mt707"].replace(":26E:1", ":26E:2")
    assert (
        desks["bank"].done("proposeCreditAmendment", AMENDMENT, **again)["amendment"]["state"] == "PROPOSED"
    )
    other = {"credit": credit["id"], "mt707": amendment["mt707"].replace("LC-2026", "LC-2025")}
    assert desks["bank"].refused("proposeCreditAmendment", AMENDMENT, **other) == [("other_credit", "20")]


def test_a_bank_issues_and_refuses_by_messages_of_its_own(desks: Desks) -> None:
    credit = desks["buyer"].done("applyForCredit", CREDIT, **application())["credit"]["id"]
    today = StandingClock().now.date()
    issue = {"credit": credit, "step": "ISSUE", "mt700": write_700(Issue(TERMS, today))}
    wrong = {**issue, "mt700": issue["mt700"].replace("USD186500,00", "USD186500,01")}
    assert desks["bank"].refused("takeCreditStep", CREDIT, **wrong) == [("other_terms", "32B")]
    assert desks["bank"].refused("takeCreditStep", CREDIT, **{**issue, "step": "DECLINE"}) == [
        ("not_an_issue", "mt700")
    ]
    assert desks["bank"].done("takeCreditStep", CREDIT, **issue)["credit"]["state"] == "ISSUED"
    desks["adviser"].done("takeCreditStep", CREDIT, credit=credit, step="ADVISE")
    presentation = desks.presented(credit, "P-1")
    said = Refusal(TERMS.reference, "P-1", today, TERMS.amount_minor, "USD", ("signed by nobody",), "RETURN")
    notice = {"presentation": presentation, "mt734": write_734(said)}
    other = {**notice, "mt734": notice["mt734"].replace(":21:P-1", ":21:P-2")}
    assert desks["bank"].refused("examinePresentation", PRESENTATION, **other) == [
        ("other_presentation", "21")
    ]
    selection = PRESENTATION.replace("state", "state mt734")
    examined = desks["bank"].done("examinePresentation", selection, **notice)["presentation"]
    assert (examined["state"], examined["mt734"]) == ("DISCREPANT", notice["mt734"])
    assert [one["rule"] for one in examined["findings"]] == ["STATED"]


def test_bad_amounts_and_documents_are_refused_with_their_place(desks: Desks) -> None:
    credit = desks.advised("LC-1")
    given = {"credit": credit, "reference": "P-1", "amount": CLAIM, "documents": documents_json(DOCUMENTS)}
    for changes, refusal in (
        ({"amount": {**CLAIM, "amountMinor": -1}}, ("amount_range", "amountMinor")),
        ({"amount": {**CLAIM, "amountMinor": 2**53 - 1}}, ("amount_range", "amountMinor")),
        ({"amount": {**CLAIM, "currency": "JPY"}}, ("other_currency", "amount")),
        ({"documents": "all"}, ("count", "documents")),
        ({"documents": [{"type": "380", "data": {}}]}, ("missing", "documents.0.data.number")),
    ):
        assert desks["trader"].refused("presentDocuments", PRESENTATION, **{**given, **changes}) == [refusal]
    terms = {**plain.to_json(TERMS), "amountMinor": -1, "reference": "NEW"}
    assert desks["buyer"].refused("applyForCredit", CREDIT, **application(terms=terms)) == [
        ("amount_range", "amountMinor")
    ]


def test_a_rule_is_tried_and_then_turned_on(desks: Desks) -> None:
    credit = desks.advised("LC-1")
    desks["bank"].done("examinePresentation", PRESENTATION, presentation=desks.presented(credit, "P-1"))
    desks.presented(credit, "P-2")
    rule = desks["bank"].done("writeExaminationRule", "rule { id state }", **RULE)["rule"]["id"]
    assert desks["bank"].refused("switchExaminationRule", "rule { id }", rule=rule, on=True) == [
        ("rule_untried", "rule")
    ]
    answer = "unexamined trials { credit presentation finds says }"
    tried = desks["bank"].done("tryExaminationRule", answer, rule=rule)
    says = "the condition holds"
    assert (tried["trials"], tried["unexamined"]) == (
        [{"credit": "LC-1", "presentation": "P-1", "finds": True, "says": says}],
        1,
    )
    desks["bank"].done("switchExaminationRule", "rule { id }", rule=rule, on=True)
    shown = desks["bank"].data("{ examinationRules { code state } standingRules { code article } }")
    assert shown["examinationRules"] == [{"code": "NO_AURORA", "state": "ON"}]
    assert len(shown["standingRules"]) >= 30
    assert desks["adviser"].data("{ examinationRules { code } }") == {"examinationRules": []}
    desks["bank"].done("addBankHolidays", "holidays { day }", holidays={"2028-02-29": "Leap day"})
    bad = {"holidays": {"2027-02-29": "No such day"}}
    assert desks["bank"].refused("addBankHolidays", "holidays { day }", **bad) == [("format", "holidays")]
    assert desks["bank"].data("{ bankHolidays { day name } }")["bankHolidays"] == [
        {"day": "2028-02-29", "name": "Leap day"}
    ]


def test_a_bank_says_on_which_days_of_the_week_it_rests(desks: Desks) -> None:
    assert desks["bank"].data("{ bankRestDays }") == {"bankRestDays": ["SATURDAY", "SUNDAY"]}
    said = desks["bank"].done("setBankRestDays", "days", days=["SATURDAY", "FRIDAY"])
    assert said["days"] == ["FRIDAY", "SATURDAY"]
    assert desks["bank"].data("{ bankRestDays }") == {"bankRestDays": ["FRIDAY", "SATURDAY"]}
    assert desks["adviser"].data("{ bankRestDays }") == {"bankRestDays": ["SATURDAY", "SUNDAY"]}
    twice = desks["bank"].refused("setBankRestDays", "days", days=["FRIDAY", "FRIDAY"])
    assert twice == [("repeated", "days")]
    assert desks["buyer"].refused("setBankRestDays", "days", days=[]) == [("role_required", None)]


def cases(desks: Desks) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield who may make every mutation, in an order in which each can be made, and its input."""
    advised = desks.advised("LC-2")
    given = {"credit": advised, "reference": "P-1", "amount": CLAIM, "documents": FAULTY}
    yield "buyer", "applyForCredit", CREDIT, application()
    yield "bank", "takeCreditStep", CREDIT, {"credit": desks.applied("LC-3"), "step": "ISSUE"}
    changes = {"credit": advised, "changes": {"increaseMinor": 5}}
    yield "bank", "proposeCreditAmendment", AMENDMENT, changes
    other = desks.advised("LC-4")
    proposed = desks["bank"].done(
        "proposeCreditAmendment", AMENDMENT, credit=other, changes={"increaseMinor": 5}
    )["amendment"]["id"]
    yield "trader", "answerCreditAmendment", AMENDMENT, {"amendment": proposed, "accept": True}
    yield "trader", "presentDocuments", PRESENTATION, given
    presentation = desks.presented(other, "P-1")
    yield "bank", "examinePresentation", PRESENTATION, {"presentation": presentation}
    yield "buyer", "settlePresentation", PRESENTATION, {"presentation": presentation, "step": "WAIVE"}
    yield "bank", "addBankHolidays", "holidays { day }", {"holidays": {"2026-12-25": "Christmas"}}
    yield "bank", "setBankRestDays", "days", {"days": ["FRIDAY", "SATURDAY"]}
    yield "bank", "writeExaminationRule", "rule { id }", RULE
    rule = desks["bank"].data("{ examinationRules { id } }")["examinationRules"][0]["id"]
    yield "bank", "tryExaminationRule", "trials { finds }", {"rule": rule}
    yield "bank", "switchExaminationRule", "rule { state }", {"rule": rule, "on": True}


def test_every_mutation_is_made_once_for_its_key_and_to_others_there_is_no_such_thing(
    platform: Platform, desks: Desks
) -> None:
    made = set()
    kinds = {
        "credit": "Credit",
        "amendment": "CreditAmendment",
        "presentation": "Presentation",
        "rule": "ExaminationRule",
    }
    for by, mutation, selection, given in cases(desks):
        made.add(mutation)
        named = next((name for name in kinds if name in given), None)
        if named is not None:
            before = rows(platform, TABLES)
            nothing = {**given, named: to_global_id(kinds[named], str(uuid4()))}
            for stranger in ("rival", "insurer", "operator", "authority"):
                known = desks[stranger].change(mutation, selection, **given)
                assert known == desks[stranger].change(mutation, selection, **nothing)
                assert known["userErrors"][0]["code"] == "not_found", (mutation, stranger)
            assert rows(platform, TABLES) == before, mutation
        first = desks[by].done(mutation, selection, **given, idempotencyKey=mutation)
        after = rows(platform, TABLES)
        assert desks[by].done(mutation, selection, **given, idempotencyKey=mutation) == first
        place = next(name for name in given if isinstance(given[name], str | dict | list))
        others: dict[type, Any] = {str: "another", dict: {"another": "input"}, list: []}
        other = others[type(given[place])]
        assert desks[by].refused(mutation, selection, **{**given, place: other}, idempotencyKey=mutation) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert rows(platform, TABLES) == after, mutation
    everything = set(build().mutation_type.fields)  # type: ignore[union-attr]
    words = ("Credit", "Presentation", "presentDocuments", "BankHolidays", "BankRestDays", "ExaminationRule")
    assert {name for name in everything if any(word in name for word in words)} == made


def test_an_id_of_a_credit_answers_strangers_as_an_id_of_nothing(desks: Desks) -> None:
    credit = desks.advised("LC-1")
    presentation = desks.presented(credit, "P-1")
    for kind, given in (("Credit", credit), ("Presentation", presentation)):
        nothing = to_global_id(kind, str(uuid4()))
        for query in (
            "query ($id: ID!) { node(id: $id) { id } }",
            "query ($id: ID!) { credit(id: $id) { id } presentation(id: $id) { id } }",
        ):
            assert desks["trader"].ask(query, id=given) != desks["trader"].ask(query, id=nothing)
            for stranger in ("rival", "insurer", "operator", "authority"):
                assert desks[stranger].ask(query, id=given) == desks[stranger].ask(query, id=nothing)
