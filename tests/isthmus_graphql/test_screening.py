"""The review queue through GraphQL: each change once for its key, and nothing of it to anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from screening_trade import CONSIGNEE, GOODS, VESSEL, Screening, screened
from trade import open_trade

HIT = "hit { id state decision reason proposedBy decidedBy }"
QUEUE = (
    "query ($states: [ScreeningState!], $shipment: ID, $first: Int, $after: String) {"
    " screeningHits(states: $states, shipment: $shipment, first: $first, after: $after) {"
    " pageInfo { hasNextPage endCursor } edges {"
    " node { id state score place subject list listVersion"
    " reference shipment { reference } about { name }"
    " explanation { kind given listed rule score threshold scoring"
    " pairs { given listed score } takenOff { rule points } } history { action by score } } } } }"
)


@dataclass(frozen=True)
class Desk:
    """The parties' clients; ``first`` and ``second`` are people of the trader, the others machines."""

    screening: Screening
    askers: dict[str, Asker]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def queue(self, name: str = "first", **wanted: Any) -> list[dict[str, Any]]:
        return nodes(self[name].data(QUEUE, **wanted)["screeningHits"])


@pytest.fixture
def desk(platform: Platform, platform_url: str) -> Desk:
    screening = screened(open_trade(platform), platform_url)
    actors = dict(screening.trade.actors)
    for name in ("first", "second"):
        actors[name] = replace(actors["trader"], subject=f"user:{name}")
    actors["curious"] = replace(actors["stranger"], subject="user:curious")
    schema = build()
    screening.load(CONSIGNEE, GOODS, VESSEL)
    screening.trade.ship()
    screening.work()
    return Desk(screening, serve(GraphQL(platform, schema, planner=Planner(platform, schema)), actors))


def test_the_queue_shows_each_hit_with_its_explanation(desk: Desk) -> None:
    (goods,) = [hit for hit in desk.queue() if hit["subject"] == "SHIPMENT" and hit["place"] == "goods.1"]
    assert goods["explanation"] == {
        "kind": "GOODS",
        "given": "Machining centre",
        "listed": "machining centre",
        "rule": "hs+keyword",
        "score": 100,
        "threshold": 85,
        "scoring": "1",
        "pairs": [
            {"given": "845710", "listed": "8457", "score": 100},
            {"given": "machining", "listed": "machining", "score": 100},
            {"given": "centre", "listed": "centre", "score": 100},
        ],
        "takenOff": [],
    }
    assert (goods["shipment"], goods["about"]) == ({"reference": "KHH-HAM-1"}, None)
    assert goods["history"] == [{"action": "OPENED", "by": "platform", "score": 100}]


def test_the_queue_is_a_connection_by_state_and_shipment(desk: Desk) -> None:
    whole = [hit["id"] for hit in desk.queue()]
    first = desk["first"].data(QUEUE, first=2)["screeningHits"]
    rest = desk.queue(first=2, after=first["pageInfo"]["endCursor"])
    assert [each["id"] for each in [*nodes(first), *rest]] == whole
    assert len(whole) == 3
    assert desk.queue(states=["RELEASED"]) == []
    (shipment,) = {hit.shipment_id for hit in desk.screening.hits()}
    assert len(desk.queue(shipment=to_global_id("Shipment", str(shipment)))) == 3
    assert desk.queue(shipment=to_global_id("Shipment", str(uuid4()))) == []


def test_lists_are_told_to_everybody_and_progress_to_their_operator(desk: Desk) -> None:
    query = (
        "{ screeningLists { edges { node { list version title entries added loadedBy signature"
        " beganAt progress { done opened finishedAt } } } } }"
    )
    (theirs,) = nodes(desk["stranger"].data(query)["screeningLists"])
    (own,) = nodes(desk["operator"].data(query)["screeningLists"])
    assert (theirs["list"], theirs["version"], theirs["entries"], theirs["loadedBy"]) == (
        "sample",
        1,
        3,
        "Ada Byron",
    )
    assert theirs["progress"] is None
    assert own["progress"]["finishedAt"] is not None


def cases(hit: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every change with who may make it, in an order in which each can be made."""
    yield "first", "proposeScreeningDecision", {"hit": hit, "decision": "CONFIRM", "reason": "Same address"}
    yield "second", "sendBackScreeningDecision", {"hit": hit, "reason": "The address differs"}
    yield "second", "proposeScreeningDecision", {"hit": hit, "decision": "RELEASE", "reason": "Other address"}
    yield "first", "approveScreeningDecision", {"hit": hit, "decision": "RELEASE"}


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(desk: Desk) -> None:
    hit = desk.queue()[0]["id"]
    for number, (by, mutation, given) in enumerate(cases(hit)):
        nobody(desk, mutation, given)
        first = desk[by].done(mutation, HIT, **given, idempotencyKey=str(number))
        after = desk.screening.rows()
        assert desk[by].done(mutation, HIT, **given, idempotencyKey=str(number)) == first
        other = {**given, "hit": desk.queue()[1]["id"]}
        assert desk[by].refused(mutation, HIT, **other, idempotencyKey=str(number)) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert desk.screening.rows() == after, mutation
    assert first["hit"] == {
        "id": hit,
        "state": "RELEASED",
        "decision": "RELEASE",
        "reason": "Other address",
        "proposedBy": "user:second",
        "decidedBy": "user:first",
    }


def nobody(desk: Desk, mutation: str, given: dict[str, Any]) -> None:
    """Hold that to others this change is refused as if nothing were there, and changes nothing."""
    before = desk.screening.rows()
    absent = {**given, "hit": to_global_id("ScreeningHit", str(uuid4()))}
    for stranger in ("curious", "stranger", "carrier", "operator", "authority", "forwarder"):
        known = desk[stranger].change(mutation, HIT, **given)
        assert known == desk[stranger].change(mutation, HIT, **absent)
        assert known["userErrors"][0]["code"] == "not_found"
    assert desk["trader"].refused(mutation, HIT, **given) == [("person_required", "hit")]
    assert desk.screening.rows() == before


def test_who_proposed_does_not_approve(desk: Desk) -> None:
    hit = desk.queue()[0]["id"]
    desk["first"].done("proposeScreeningDecision", HIT, hit=hit, decision="RELEASE", reason="Another")
    assert desk["first"].refused("approveScreeningDecision", HIT, hit=hit, decision="RELEASE") == [
        ("same_person", "hit")
    ]


def test_to_others_nothing_of_it_can_be_read(desk: Desk) -> None:
    hit = desk.queue()[0]["id"]
    node = "query ($id: ID!) { node(id: $id) { id } screeningHit(id: $id) { id } }"
    for stranger in ("curious", "stranger", "carrier", "operator", "authority", "forwarder"):
        assert desk.queue(stranger) == []
        absent = desk[stranger].ask(node, id=to_global_id("ScreeningHit", str(uuid4())))
        assert desk[stranger].ask(node, id=hit) == absent
    assert desk["first"].data(node, id=hit) == {"node": {"id": hit}, "screeningHit": {"id": hit}}
