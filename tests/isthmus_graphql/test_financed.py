"""The register of financed invoices through GraphQL: for banks, once per key, each its own."""

import hashlib
from typing import Any

import pytest
from graphql import GraphQLObjectType
from graphql_relay import to_global_id

from graphql_client import Asker, nodes, serve
from held import as_owner
from isthmus_graphql.execution import GraphQL
from isthmus_platform import parties
from isthmus_platform.database import Actor, Duty, PartyRole, Platform, new_id
from standing import StandingClock

LISTED = "{ financings { edges { node { id registeredAt releasedAt disputedAt } } } }"
DISPUTED = "{ financingDisputes { edges { node { id reason raisedAt withdrawnAt } } } }"
FINANCING = "financing { id releasedAt }"


def mark(name: str) -> str:
    return hashlib.sha512(name.encode()).hexdigest()


MARKS = [mark("417"), mark("0147")]


def test_a_financing_from_registration_to_release(bank: Asker) -> None:
    assert bank.done("askFinanced", "financedBefore", marks=MARKS)["financedBefore"] is False
    made = bank.done("registerFinancing", FINANCING, marks=MARKS)["financing"]
    assert bank.done("askFinanced", "financedBefore", marks=MARKS[1:])["financedBefore"] is True
    raised = bank.done("disputeFinancing", "dispute { id reason }", marks=MARKS, reason="It is mine.")
    (listed,) = nodes(bank.data(LISTED)["financings"])
    assert (listed["id"], listed["disputedAt"] is None) == (made["id"], False)
    bank.done("withdrawFinancingDispute", "dispute { withdrawnAt }", dispute=raised["dispute"]["id"])
    assert bank.done("releaseFinancing", FINANCING, financing=made["id"])["financing"]["releasedAt"]
    (listed,) = nodes(bank.data(LISTED)["financings"])
    assert (listed["disputedAt"], bool(listed["releasedAt"])) == (None, True)
    assert bank.data("query ($id: ID!) { node(id: $id) { id } }", id=made["id"])["node"] == {"id": made["id"]}


def test_the_same_key_registers_once_and_answers_what_was_first_answered(bank: Asker) -> None:
    first = bank.done("registerFinancing", FINANCING, marks=MARKS, idempotencyKey="one")
    assert bank.done("registerFinancing", FINANCING, marks=MARKS, idempotencyKey="one") == first
    assert bank.refused("registerFinancing", FINANCING, marks=MARKS) == [("already_financed", "marks")]
    other = bank.refused("registerFinancing", FINANCING, marks=MARKS[:1], idempotencyKey="one")
    assert other == [("idempotency_key_reused", "idempotencyKey")]
    assert len(nodes(bank.data(LISTED)["financings"])) == 1


EVERYTHING = (
    "SELECT f::text FROM financing f UNION ALL SELECT m::text FROM financing_mark m"
    " UNION ALL SELECT d::text FROM financing_dispute d"
    " UNION ALL SELECT topic || payload::text FROM outbox ORDER BY 1"
)
"""What a change could leave behind, and what is metered."""
SAID = "It is mine."
CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "askFinanced": ("financedBefore", {"marks": MARKS}, {"marks": MARKS[:1]}),
    "releaseFinancing": (FINANCING, {}, {"financing": "another"}),
    "disputeFinancing": (
        "dispute { id raisedAt }",
        {"marks": MARKS, "reason": SAID},
        {"marks": MARKS, "reason": "Another reason."},
    ),
    "withdrawFinancingDispute": ("dispute { id withdrawnAt }", {}, {"dispute": "another"}),
}
"""Each change beside the registration: what is read of it, what it is given, what else under the same key."""


@pytest.mark.parametrize("mutation", CHANGES)
def test_the_same_key_changes_once_and_answers_what_was_first_answered(
    bank: Asker, platform: Platform, clock: StandingClock, mutation: str
) -> None:
    made = bank.done("registerFinancing", FINANCING, marks=MARKS)["financing"]["id"]
    selection, given, other = CHANGES[mutation]
    if mutation == "releaseFinancing":
        given = {"financing": made}
    elif mutation == "withdrawFinancingDispute":
        raised = bank.done("disputeFinancing", "dispute { id }", marks=MARKS, reason=SAID)
        given = {"dispute": raised["dispute"]["id"]}
    before = as_owner(platform, EVERYTHING)
    first = bank.done(mutation, selection, **given, idempotencyKey="one")
    after = as_owner(platform, EVERYTHING)
    assert after != before
    clock.advance(minutes=1)
    assert bank.done(mutation, selection, **given, idempotencyKey="one") == first
    reused = [("idempotency_key_reused", "idempotencyKey")]
    assert bank.refused(mutation, selection, **other, idempotencyKey="one") == reused
    assert as_owner(platform, EVERYTHING) == after


def test_every_change_of_the_register_is_tried_twice(graphql: GraphQL) -> None:
    mutations = graphql.schema.mutation_type
    assert mutations is not None
    ours = {name for name in mutations.fields if "Financ" in name}
    assert ours == CHANGES.keys() | {"registerFinancing"}


def test_a_question_answered_under_a_key_stays_answered_as_it_was(bank: Asker) -> None:
    def told(**key: str) -> bool:
        answer: bool = bank.done("askFinanced", "financedBefore", marks=MARKS, **key)["financedBefore"]
        return answer

    assert not told(idempotencyKey="one")
    bank.done("registerFinancing", FINANCING, marks=MARKS)
    assert not told(idempotencyKey="one")
    assert told()


@pytest.mark.parametrize("name", ["trader", "forwarder", "carrier", "insurer", "operator", "authority"])
def test_to_others_there_is_no_register(askers: dict[str, Asker], bank: Asker, name: str) -> None:
    made = bank.done("registerFinancing", FINANCING, marks=MARKS)["financing"]["id"]
    raised = bank.done("disputeFinancing", "dispute { id }", marks=MARKS, reason="Why?")["dispute"]["id"]
    other = askers[name]
    assert nodes(other.data(LISTED)["financings"]) == []
    assert nodes(other.data(DISPUTED)["financingDisputes"]) == []
    banks_only = [("role_required", None)]
    assert other.refused("askFinanced", "financedBefore", marks=MARKS) == banks_only
    assert other.refused("registerFinancing", FINANCING, marks=MARKS) == banks_only
    assert other.refused("disputeFinancing", "dispute { id }", marks=MARKS, reason="Why?") == banks_only
    absent = [to_global_id(kind, str(new_id())) for kind in ("Financing", "FinancingDispute")]
    for given in (made, absent[0]):
        assert other.refused("releaseFinancing", FINANCING, financing=given) == [("not_found", "financing")]
    for given in (raised, absent[1]):
        refused = other.refused("withdrawFinancingDispute", "dispute { id }", dispute=given)
        assert refused == [("not_found", "dispute")]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for given, nothing in zip((made, raised), absent, strict=True):
        assert other.ask(node, id=given) == other.ask(node, id=nothing)


def test_a_bank_lists_its_own_disputes_and_the_disputed_one_does_not(
    platform: Platform, graphql: GraphQL, cast: dict[str, Actor]
) -> None:
    with platform.begin(Duty("onboarding")) as work:
        second = parties.register(work, "other-bank", "Other Bank Ltd", "GB", [PartyRole.BANK])
    askers = serve(graphql, {**cast, "other-bank": parties.actor_of(second, "client:other-bank")})
    bank, other = askers["bank"], askers["other-bank"]
    for number in ("1", "2"):
        other.done("registerFinancing", FINANCING, marks=[mark(number)])
    raised = [
        bank.done("disputeFinancing", "dispute { id }", marks=[mark(number)], reason=number)["dispute"]["id"]
        for number in ("1", "2")
    ]
    bank.done("withdrawFinancingDispute", "dispute { id }", dispute=raised[0])
    listed = nodes(bank.data(DISPUTED)["financingDisputes"])
    assert [(each["id"], each["reason"], bool(each["withdrawnAt"])) for each in listed] == [
        (raised[1], "2", False),
        (raised[0], "1", True),
    ]
    first = bank.data("{ financingDisputes(first: 1) { edges { node { id } } pageInfo { endCursor } } }")
    rest = "query ($c: String) { financingDisputes(after: $c) { edges { node { id } } } }"
    behind = bank.data(rest, c=first["financingDisputes"]["pageInfo"]["endCursor"])
    assert nodes(behind["financingDisputes"]) == [{"id": raised[0]}]
    node = "query ($id: ID!) { node(id: $id) { id ... on FinancingDispute { reason } } }"
    assert bank.data(node, id=raised[1])["node"] == {"id": raised[1], "reason": "2"}
    assert nodes(other.data(DISPUTED)["financingDisputes"]) == []
    assert other.data(node, id=raised[1])["node"] is None
    assert {bool(each["disputedAt"]) for each in nodes(other.data(LISTED)["financings"])} == {True, False}
    told = graphql.schema.type_map["FinancingDispute"]
    assert isinstance(told, GraphQLObjectType)
    own = {"id", "reason", "raisedAt", "standsUntil", "stands", "withdrawnAt"}
    assert told.fields.keys() == own, "nothing of the register"


def test_both_banks_see_until_when_a_dispute_stands(bank: Asker, clock: StandingClock) -> None:
    bank.done("registerFinancing", FINANCING, marks=MARKS)
    bank.done("disputeFinancing", "dispute { id }", marks=MARKS, reason="It is mine.")
    raised = "{ financingDisputes { edges { node { standsUntil stands } } } }"
    until = "2026-07-01T09:00:00Z"  # 30 days after 1 June
    told = "{ financings { edges { node { disputedAt disputedUntil } } } }"
    assert nodes(bank.data(raised)["financingDisputes"]) == [{"standsUntil": until, "stands": True}]
    assert nodes(bank.data(told)["financings"]) == [
        {"disputedAt": "2026-06-01T09:00:00Z", "disputedUntil": until}
    ]
    clock.advance(days=30)
    assert nodes(bank.data(raised)["financingDisputes"]) == [{"standsUntil": until, "stands": False}]
    assert nodes(bank.data(told)["financings"]) == [{"disputedAt": None, "disputedUntil": None}]
    assert bank.refused("disputeFinancing", "dispute { id }", marks=MARKS, reason="Still.") == [
        ("already_disputed", "marks")
    ]
