"""Who is asking, and who may act for whom."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from graphql_relay import to_global_id

from graphql_client import Asker, nodes

LATER = "2027-06-01T00:00:00Z"
DELEGATIONS = "{ delegations { edges { node { id agent { name } } } } }"


def test_a_viewer_learns_who_it_is(trader: Asker) -> None:
    seen = trader.data("{ viewer { subject party { id name legalName country roles } } }")["viewer"]
    assert seen["subject"] == "client:trader"
    assert seen["party"] == {
        "id": to_global_id("Party", str(trader.actor.party_id)),
        "name": "trader",
        "legalName": "Trader Ltd",
        "country": "GB",
        "roles": ["TRADER"],
    }
    again = "query ($id: ID!) { node(id: $id) { id ... on Party { name } } }"
    assert trader.data(again, id=seen["party"]["id"])["node"] == {"id": seen["party"]["id"], "name": "trader"}


def test_a_principal_records_and_ends_a_delegation_which_both_see_and_nobody_else(
    trader: Asker, forwarder: Asker, rival: Asker
) -> None:
    made = trader.done(
        "recordDelegation",
        "delegation { id principal { name } agent { name } validUntil revokedAt }",
        agent="forwarder",
        validUntil="2027-06-01T02:00:00+02:00",
    )["delegation"]
    assert made["principal"]["name"] == "trader"
    assert made["agent"]["name"] == "forwarder"
    assert (made["validUntil"], made["revokedAt"]) == (LATER, None)
    look = "query ($id: ID!) { node(id: $id) { id } }"
    assert trader.data(look, id=made["id"])["node"] == {"id": made["id"]}
    assert forwarder.data(look, id=made["id"])["node"] == {"id": made["id"]}
    assert rival.data(look, id=made["id"])["node"] is None
    for other in (rival, forwarder):
        assert other.refused("revokeDelegation", "delegation { id }", delegation=made["id"]) == [
            ("not_found", "delegation")
        ]
    assert nodes(rival.data(DELEGATIONS)["delegations"]) == []
    ended = trader.done("revokeDelegation", "delegation { revokedAt }", delegation=made["id"])["delegation"]
    assert ended["revokedAt"] == "2026-06-01T09:00:00Z"


def test_an_id_that_is_malformed_or_of_another_type_answers_like_an_absent_one(trader: Asker) -> None:
    absent = to_global_id("Delegation", str(uuid4()))
    strange = [
        to_global_id("Party", str(trader.actor.party_id)),
        to_global_id("Query", str(uuid4())),
        to_global_id("Delegation", "7"),
        absent + "=",
        "%%%",
        "é",
        "",
        "x" * 5_000,
    ]
    for given in [absent, *strange]:
        assert trader.refused("revokeDelegation", "delegation { id }", delegation=given) == [
            ("not_found", "delegation")
        ]
    for given in [absent, *strange[1:]]:
        assert trader.data("query ($id: ID!) { node(id: $id) { id } }", id=given)["node"] is None


def test_a_refusal_names_code_and_field_and_leaves_nothing(trader: Asker) -> None:
    def refused(agent: str, until: str) -> list[tuple[str, str | None]]:
        return trader.refused("recordDelegation", "delegation { id }", agent=agent, validUntil=until)

    assert refused("nobody", LATER) == [("unknown_party", "agent")]
    assert refused("trader", LATER) == [("own_party", "agent")]
    assert refused("forwarder", "2026-06-01T09:00:00Z") == [("not_in_future", "validUntil")]
    assert nodes(trader.data(DELEGATIONS)["delegations"]) == []


def test_a_key_used_again_answers_the_same_and_with_another_input_is_refused(trader: Asker) -> None:
    def send(**given: str) -> dict[str, object]:
        return trader.change("recordDelegation", "delegation { id }", idempotencyKey="once", **given)

    first = send(agent="forwarder", validUntil=LATER)
    assert send(agent="forwarder", validUntil="2027-06-01T02:00:00+02:00") == first, (
        "the same time, spelt anew"
    )
    other = send(agent="bank", validUntil=LATER)
    assert other["delegation"] is None
    assert [e["code"] for e in other["userErrors"]] == ["idempotency_key_reused"]  # type: ignore[attr-defined]
    made = nodes(trader.data(DELEGATIONS)["delegations"])
    assert [delegation["agent"]["name"] for delegation in made] == ["forwarder"]
    for key in ("", "k" * 201):
        assert trader.refused(
            "recordDelegation", "delegation { id }", idempotencyKey=key, agent="bank", validUntil=LATER
        ) == [("length", "idempotencyKey")]


def test_one_key_in_two_threads_makes_one_change(trader: Asker) -> None:
    def send(_: int) -> str:
        made = trader.done(
            "recordDelegation",
            "delegation { id }",
            idempotencyKey="race",
            agent="forwarder",
            validUntil=LATER,
        )
        return str(made["delegation"]["id"])

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(send, range(8)))) == 1
    assert len(nodes(trader.data(DELEGATIONS)["delegations"])) == 1


def test_an_unknown_input_field_is_refused_and_nothing_changed(trader: Asker) -> None:
    mutation = (
        "mutation ($input: RecordDelegationInput!) { recordDelegation(input: $input) { delegation { id } } }"
    )
    given = {"idempotencyKey": "k", "agent": "forwarder", "validUntil": LATER, "unlimited": True}
    assert trader.codes(mutation, input=given) == ["INPUT"]
    assert nodes(trader.data(DELEGATIONS)["delegations"]) == []


def test_two_mutations_in_one_request_are_two_transactions_in_order(trader: Asker) -> None:
    one = 'recordDelegation(input: {idempotencyKey: "%s", agent: "%s", validUntil: "2027-06-01T00:00:00Z"})'
    chosen = "{ delegation { agent { name } } userErrors { code } }"
    both = f"mutation {{ a: {one % ('1', 'forwarder')} {chosen} b: {one % ('2', 'nobody')} {chosen} }}"
    assert trader.data(both) == {
        "a": {"delegation": {"agent": {"name": "forwarder"}}, "userErrors": []},
        "b": {"delegation": None, "userErrors": [{"code": "unknown_party"}]},
    }
    assert len(nodes(trader.data(DELEGATIONS)["delegations"])) == 1


def test_pages_follow_each_other_newest_first_without_gap_or_repeat(trader: Asker) -> None:
    for agent in ("forwarder", "bank", "carrier", "rival", "operator"):
        trader.done("recordDelegation", "delegation { id }", agent=agent, validUntil=LATER)
    query = (
        "query ($after: String) { delegations(first: 2, after: $after) {"
        " edges { cursor node { agent { name } } }"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    seen: list[str] = []
    after = None
    for count in (2, 2, 1):
        page = trader.data(query, after=after)["delegations"]
        seen += [node["agent"]["name"] for node in nodes(page)]
        assert len(page["edges"]) == count
        assert page["pageInfo"] == {
            "hasNextPage": count == 2,
            "hasPreviousPage": after is not None,
            "startCursor": page["edges"][0]["cursor"],
            "endCursor": page["edges"][-1]["cursor"],
        }
        after = page["pageInfo"]["endCursor"]
    assert seen == ["operator", "rival", "carrier", "bank", "forwarder"]
    assert trader.data(query, after=after)["delegations"]["edges"] == []


def test_a_forged_cursor_is_refused(trader: Asker) -> None:
    query = "query ($after: String) { delegations(after: $after) { edges { cursor } } }"
    for forged in ("", "x", "%%%", "ZGVsZWdhdGlvbg", "c2hpcG1lbnQgMQ", "é", "A" * 9_999):
        body = trader.ask(query, after=forged)
        assert body["data"] == {"delegations": None}
        assert [error["extensions"] for error in body["errors"]] == [{"code": "cursor", "field": "after"}]
