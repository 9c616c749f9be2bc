"""Every query and every id in a change, for every pair of parties: another's thing answers as none does."""

import json
from itertools import permutations, product
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLSchema, get_named_type, is_required_argument
from graphql_relay import from_global_id, to_global_id

from changes_by_id import CHANGES, JWKS, LATER
from graphql_client import Asker, register_cast, serve
from graphql_trade import ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_signing import SigningSecrets
from same_work import listening

SCHEMA: GraphQLSchema = build()
# Who is let see what another party owns; everybody else is not.
SEES = {
    "carrier": {"Shipment"},
    "insurer": {"Document", "Grant"},
    "authority": {"Crossing"},
    "forwarder": {"Delegation"},
}
NOTHING = to_global_id("Document", "01a205ac-0fd0-70c4-b698-45e83c182b33")


@pytest.fixture
def askers(platform: Platform) -> dict[str, Asker]:
    push = (Outgoing(loopback=True), SigningSecrets(b"m" * 32))
    return serve(
        GraphQL(platform, SCHEMA, planner=Planner(platform, SCHEMA), push=push), register_cast(platform)
    )


@pytest.fixture
def owned(platform: Platform, askers: dict[str, Asker]) -> dict[str, list[str]]:
    """Return the global ids of what each party owns: one of each kind that it can."""
    found = {}
    for name, asker in askers.items():
        made = asker.done("registerClient", "client { id }", name="desk", jwks=JWKS)["client"]
        hook = asker.done("registerWebhook", "webhook { id }", url="http://127.0.0.1:8099/hook")["webhook"]
        found[name] = [made["id"], hook["id"]]
    trader = askers["trader"]
    shipment = ship(trader)["id"]
    document = to_global_id("Document", str(upload(platform, trader)))
    given = {"reader": "insurer", "documents": [document], "purpose": "INSURANCE", "validUntil": LATER}
    grant = trader.done("grantAccess", "grant { id }", **given)["grant"]["id"]
    crossing = trader.done("submitDeclaration", "crossing { id }", shipment="KHH-HAM-1")["crossing"]["id"]
    delegated = {"agent": "forwarder", "validUntil": LATER}
    other = askers["rival"].done("recordDelegation", "delegation { id }", **delegated)["delegation"]["id"]
    found["trader"] += [shipment, document, grant, crossing]
    found["rival"].append(other)
    return found


def hidden(stranger: str, ids: list[str]) -> list[str]:
    return [each for each in ids if from_global_id(each).type not in SEES.get(stranger, set())]


def absent(given: str) -> str:
    return to_global_id(from_global_id(given).type, str(uuid4()))


def by_id(field: str, ids: list[str]) -> str:
    """Return a document that asks for each id through a field of the query type."""
    asked = (f"n{number}: {field}(id: {json.dumps(given)}) {{ id }}" for number, given in enumerate(ids))
    return "{ " + " ".join(asked) + " }"


def test_an_id_of_another_party_answers_as_an_id_of_nothing(
    askers: dict[str, Asker], owned: dict[str, list[str]]
) -> None:
    assert SCHEMA.query_type is not None
    fields = [name for name, field in SCHEMA.query_type.fields.items() if "id" in field.args]
    for (owner, stranger), field in product(permutations(askers, 2), fields):
        ids = hidden(stranger, owned[owner])
        told = askers[stranger].ask(by_id(field, ids))
        assert told == askers[stranger].ask(by_id(field, [absent(each) for each in ids])), (owner, stranger)
        assert set(told["data"].values()) == {None}
        assert "errors" not in told
    for owner, ids in owned.items():
        for each in ids:
            found = askers[owner].data("query ($id: ID!) { node(id: $id) { id } }", id=each)
            assert found["node"] == {"id": each}, "its owner finds it"


def edges(asker: Asker, query: str, name: str) -> list[dict[str, Any]]:
    """Return what a list shows; the authority's crossings are the bridge's, which is not here."""
    body = asker.ask(query)
    if (asker.name, name) == ("authority", "crossings"):
        return []
    assert "errors" not in body, body
    found: list[dict[str, Any]] = body["data"][name]["edges"]
    return found


def test_no_list_shows_what_is_anothers_nor_goes_on_from_anothers_cursor(
    askers: dict[str, Asker], owned: dict[str, list[str]]
) -> None:
    assert SCHEMA.query_type is not None
    lists = [
        name
        for name, field in SCHEMA.query_type.fields.items()
        if "after" in field.args and not any(is_required_argument(each) for each in field.args.values())
    ]
    assert len(lists) >= 8
    for name in lists:
        edge = get_named_type(get_named_type(SCHEMA.query_type.fields[name].type).fields["edges"].type)
        shown = "id" if "id" in get_named_type(edge.fields["node"].type).fields else "id: __typename"
        asked = f"edges {{ cursor node {{ {shown} }} }}"
        query = f"query ($c: String) {{ {name}(first: 100, after: $c) {{ {asked} }} }}"
        pages = {party: edges(asker, query, name) for party, asker in askers.items()}
        for owner, stranger in permutations(askers, 2):
            foreign = set(hidden(stranger, owned[owner]))
            assert not foreign & {edge["node"]["id"] for edge in pages[stranger]}, (name, owner, stranger)
            for last in pages[owner]:
                refused = askers[stranger].codes(query, c=last["cursor"])
                assert refused == ["cursor"], (name, owner, stranger)


def test_every_change_that_takes_an_id_is_known_here() -> None:
    assert SCHEMA.mutation_type is not None
    taking = {
        name
        for name, field in SCHEMA.mutation_type.fields.items()
        for each in get_named_type(field.args["input"].type).fields.values()
        if get_named_type(each.type).name == "ID"
    }
    assert taking == CHANGES.keys(), "say what else its input needs"


def listed(kind: object, given: str) -> str | list[str]:
    return [given] if str(kind).startswith("[") else given


def test_a_change_of_anothers_thing_answers_as_one_of_nothing_and_changes_nothing(
    platform: Platform, askers: dict[str, Asker], owned: dict[str, list[str]]
) -> None:
    """Nor does it do other work, so that its time tells no more than its answer."""
    assert SCHEMA.mutation_type is not None
    theirs = owned["trader"]
    for mutation, rest in CHANGES.items():
        given = get_named_type(SCHEMA.mutation_type.fields[mutation].args["input"].type)
        places = {n: e.type for n, e in given.fields.items() if get_named_type(e.type).name == "ID"}
        needed = {place: NOTHING for place, kind in places.items() if str(kind).endswith("!")}
        stranger = "rival"
        for place, kind in places.items():
            for known in hidden(stranger, theirs):
                answers, work = [], []
                for each in (known, absent(known)):
                    asked = rest | needed | {place: listed(kind, each)}
                    with listening(platform) as sent:
                        answers.append(askers[stranger].change(mutation, "__typename", **asked))
                    work.append(sent)
                assert answers[0] == answers[1], (mutation, stranger, from_global_id(known).type)
                assert work[0] == work[1], (mutation, stranger, from_global_id(known).type)
                assert answers[0]["userErrors"], (mutation, stranger)
