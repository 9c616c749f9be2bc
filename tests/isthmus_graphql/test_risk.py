"""Risk through GraphQL: every mutation once for its key, one screen a shipment, nothing of it to others."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import from_global_id, to_global_id

from credit_case import spoiled
from credit_trade import open_credit_trade
from graphql_client import Asker, nodes, serve
from graphql_trade import SHIPMENT, ship
from held import rows
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import outbox, risk
from isthmus_platform.database import Actor, Platform
from isthmus_platform.risk import simulating
from risk_trade import TABLES
from screening_trade import CONSIGNEE, screened
from title_trade import DESK as CREDIT_DESK
from trade import Trade, open_trade

RULE = "rule { id code version state simulations { id } }"
FINDING = "finding { id state decidedBy reason appeal { state reason } }"
NOTICE = "notice { id category state appeal { state statement reason } }"
RUN = "simulation { id total done finishedAt reviewCost { amountMinor currency } }"
DEAR: dict[str, Any] = {
    "code": "DEAR_GOODS",
    "about": "OWNER",
    "category": "PRICE",
    "says": "Goods above two million a line",
    "condition": "goods.exists(one, one.valueMinor > 2000000.0)",
}
COST = {"amountMinor": 2_500, "currency": "USD"}
SCREEN = """query ($id: ID!) { shipmentRisk(shipment: $id) {
    shipment { reference } assessedAt
    readings { name standsOut says facts evidence { source place value against document event } }
    findings { state says rule { code version } party { name } evidence { place } reason appeal { state } }
} }"""


@pytest.fixture
def desk(graphql: GraphQL, cast: dict[str, Actor]) -> dict[str, Asker]:
    """Return the parties' clients, with another person of the carrier's."""
    more = {**cast, "carrier's other": replace(cast["carrier"], subject="user:another")}
    return serve(graphql, more)


def work_off(platform: Platform) -> None:
    handle = partial(risk.handle, platform, None)
    while outbox.drain(platform, simulating.TOPIC, handle):
        pass


Case = tuple[str, str, str, dict[str, Any]]


def cases(platform: Platform, desk: dict[str, Asker], shipment: str) -> Iterator[Case]:
    """Yield who may make every mutation, in an order in which each can be made, and its input."""
    carrier = desk["carrier"]
    yield "carrier", "writeRiskRule", RULE, DEAR
    [rule] = [
        one["id"] for one in nodes(carrier.data("{ riskRules { edges { node { id } } } }")["riskRules"])
    ]
    yield "carrier", "simulateRiskRule", RUN, {"rule": rule, "reviewCost": COST}
    work_off(platform)
    yield "carrier", "activateRiskRule", RULE, {"rule": rule}
    yield "carrier", "assessShipment", "opened { id state }", {"shipment": shipment}
    [finding] = nodes(carrier.data("{ riskFindings { edges { node { id } } } }")["riskFindings"])
    decided = {"finding": finding["id"], "confirm": True, "reason": "So it is"}
    yield "carrier", "decideRiskFinding", FINDING, decided
    [notice] = nodes(desk["trader"].data("{ riskNotices { edges { node { id } } } }")["riskNotices"])
    yield "trader", "appealRiskFinding", NOTICE, {"notice": notice["id"], "statement": "It is not"}
    review = {"finding": finding["id"], "uphold": False, "reason": "Indeed"}
    yield "carrier's other", "reviewRiskAppeal", FINDING, review
    yield "carrier", "retireRiskRule", RULE, {"rule": rule}


def test_every_mutation_is_made_once_for_its_key(platform: Platform, desk: dict[str, Asker]) -> None:
    made = set()
    for by, mutation, selection, given in cases(platform, desk, ship(desk["trader"])["id"]):
        first = desk[by].done(mutation, selection, **given, idempotencyKey=mutation)
        after = rows(platform, TABLES)
        assert desk[by].done(mutation, selection, **given, idempotencyKey=mutation) == first
        changed = {**given, next(iter(given)): "another"}
        assert desk[by].refused(mutation, selection, **changed, idempotencyKey=mutation) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert rows(platform, TABLES) == after, mutation
        made.add(mutation)
    everything = set(build().mutation_type.fields)  # type: ignore[union-attr]
    assert {name for name in everything if "Risk" in name} | {"assessShipment"} == made


PARTY = """query ($name: String!) { partyRisk(party: $name) {
    party { name } shipments recent ageDays rush { standsOut says } invoices alike presented refused
    prices { heading currency lines median lowest highest widest }
    offers { state number } findings { state number } appeals { state number }
} }"""


def test_a_partys_profile_is_the_members_own_and_of_who_it_trades_with(
    platform: Platform, desk: dict[str, Asker]
) -> None:
    for by, mutation, selection, given in cases(platform, desk, ship(desk["trader"])["id"]):
        desk[by].done(mutation, selection, **given)
    told = desk["carrier"].data(PARTY, name="trader")["partyRisk"]
    assert (told["party"], told["shipments"], told["recent"]) == ({"name": "trader"}, 1, 1)
    assert told["findings"] == [{"state": "WITHDRAWN", "number": 1}]
    assert told["appeals"] == [{"state": "WITHDRAWN", "number": 1}]
    assert {price["lines"] for price in told["prices"]} == {1}
    assert desk["trader"].data(PARTY, name="carrier")["partyRisk"]["findings"] == []
    for by, name in (("rival", "trader"), ("bank", "trader"), ("trader", "rival"), ("trader", "no-one")):
        assert desk[by].data(PARTY, name=name)["partyRisk"] is None, (by, name)


def test_to_others_there_is_no_such_thing(platform: Platform, desk: dict[str, Asker]) -> None:
    for by, mutation, selection, given in cases(platform, desk, ship(desk["trader"])["id"]):
        for stranger in ("rival", "bank", "operator", "authority", "trader"):
            place = next(iter(given))
            if (
                stranger == by
                or mutation == "writeRiskRule"
                or (mutation, stranger) == ("assessShipment", "trader")
            ):
                continue
            absent = {**given, place: to_global_id(from_global_id(given[place]).type, str(uuid4()))}
            before = rows(platform, TABLES)
            known = desk[stranger].change(mutation, selection, **given)
            assert known == desk[stranger].change(mutation, selection, **absent), (mutation, stranger)
            assert known["userErrors"][0]["code"] in ("not_found", "role_required"), (mutation, stranger)
            assert rows(platform, TABLES) == before
        desk[by].done(mutation, selection, **given)
    ids = [row[1].split(",")[0].strip("(") for row in rows(platform, TABLES) if "DEAR_GOODS" in row[1]]
    for stranger in ("rival", "trader", "operator", "authority"):
        for kind in ("RiskRule", "RiskSimulation", "RiskFinding"):
            for field in ("riskRules", "riskFindings"):
                assert (
                    nodes(desk[stranger].data(f"{{ {field} {{ edges {{ node {{ id }} }} }} }}")[field]) == []
                )
            query = "query ($id: ID!) { node(id: $id) { id } }"
            assert desk[stranger].data(query, id=to_global_id(kind, ids[0]))["node"] is None


def test_one_screen_shows_all_findings_with_evidence_and_what_was_decided(
    platform: Platform, desk: dict[str, Asker]
) -> None:
    shipment = ship(desk["trader"])["id"]
    for by, mutation, selection, given in cases(platform, desk, shipment):
        desk[by].done(mutation, selection, **given)
    screen = desk["carrier"].data(SCREEN, id=shipment)["shipmentRisk"]
    assert screen["shipment"] == {"reference": "KHH-HAM-1"}
    assert screen["assessedAt"] is not None
    [found] = screen["findings"]
    assert (found["state"], found["reason"], found["appeal"]) == (
        "WITHDRAWN",
        "So it is",
        {"state": "WITHDRAWN"},
    )
    assert found["rule"] == {"code": "DEAR_GOODS", "version": 1}
    assert found["party"] == {"name": "trader"}
    assert [one["name"] for one in screen["readings"]] == [
        "price",
        "route",
        "owner",
        "consignee",
        "invoices",
        "weights",
        "money",
        "credit",
    ]


def test_the_screen_is_the_askers_own(platform: Platform, desk: dict[str, Asker]) -> None:
    shipment = ship(desk["trader"])["id"]
    for by, mutation, selection, given in cases(platform, desk, shipment):
        desk[by].done(mutation, selection, **given)
    assert desk["trader"].data(SCREEN, id=shipment)["shipmentRisk"]["findings"] == []
    for stranger in ("rival", "bank", "operator", "authority"):
        nothing = to_global_id("Shipment", str(uuid4()))
        assert desk[stranger].ask(SCREEN, id=shipment) == desk[stranger].ask(SCREEN, id=nothing)
        assert desk[stranger].data(SCREEN, id=shipment)["shipmentRisk"] is None


def test_an_indicator_that_stands_out_shows_its_evidence(desk: dict[str, Asker]) -> None:
    heavy = [{**SHIPMENT["goods"][0], "grossMassKg": "28301"}]
    boxes = [{"reference": "MCLU4200170", "isoCode": "22G1"}]
    shipment = ship(desk["trader"], goods=heavy, equipment=boxes)["id"]
    told = desk["trader"].data(SCREEN, id=shipment)["shipmentRisk"]["readings"]
    [weights] = [one for one in told if one["name"] == "weights"]
    assert weights["standsOut"]
    assert weights["facts"] == {"impossible": 1, "overPayload": True, "netAboveGross": False}
    assert weights["evidence"] == [
        {
            "source": "FIELD",
            "place": "goods.grossMass",
            "value": "28301 kg",
            "against": "28300 kg in MCLU4200170 22G1",
            "document": None,
            "event": None,
        }
    ]


def test_a_simulation_shows_progress_share_and_cost(platform: Platform, desk: dict[str, Asker]) -> None:
    for number in range(4):
        dear = {
            **SHIPMENT["goods"][0],
            "value": {"amountMinor": 3_000_000 * (number == 3), "currency": "USD"},
        }
        ship(
            desk["trader"],
            reference=f"S-{number}",
            ucr=f"U-{number}",
            bookingReference=f"B-{number}",
            goods=[dear],
        )
    rule = desk["trader"].done("writeRiskRule", RULE, **DEAR)["rule"]["id"]
    begun = desk["trader"].done("simulateRiskRule", RUN, rule=rule, reviewCost=COST)["simulation"]
    assert (begun["total"], begun["done"], begun["finishedAt"]) == (4, 0, None)
    work_off(platform)
    query = """query ($id: ID!) { riskSimulation(id: $id) { done share caught unanswered confirmed dismissed
        reviewsPerThousand costPerThousand { amountMinor currency } cost { amountMinor currency }
        since until startedBy
        catches(first: 5) { edges { node { shipment { reference } says earlier evidence { place } } } } } }"""
    told = desk["trader"].data(query, id=begun["id"])["riskSimulation"]
    assert (told["done"], told["caught"], told["share"], told["unanswered"]) == (4, 1, 0.25, 0)
    assert told["reviewsPerThousand"] == 250
    assert told["costPerThousand"] == {"amountMinor": 625_000, "currency": "USD"}
    assert told["cost"] == {"amountMinor": 2_500, "currency": "USD"}, "one review"
    assert told["startedBy"] == desk["trader"].actor.subject
    made = desk["trader"].data("{ shipments(first: 10) { edges { node { createdAt } } } }")["shipments"]
    times = [one["createdAt"] for one in nodes(made)]
    assert (told["since"], told["until"]) == (min(times), max(times))
    [caught] = nodes(told["catches"])
    assert (caught["shipment"], caught["earlier"]) == ({"reference": "S-3"}, None)


def test_hits_of_the_screening_are_on_the_owners_screen_and_on_no_others(
    platform: Platform, platform_url: str
) -> None:
    screening = screened(open_trade(platform), platform_url)
    screening.load(CONSIGNEE)
    shipment = to_global_id("Shipment", str(screening.trade.ship()))
    screening.work()
    clients = serve(GraphQL(platform, build()), screening.trade.actors)
    query = """query ($id: ID!) { shipmentRisk(shipment: $id) {
        screenedAt screeningHits { state place score shipment { reference } history { action } } } }"""
    told = clients["trader"].data(query, id=shipment)["shipmentRisk"]
    assert told["screenedAt"] is not None
    assert [(one["place"], one["state"]) for one in told["screeningHits"]] == [("consignee", "OPEN")]
    others = clients["carrier"].data(query, id=shipment)["shipmentRisk"]
    assert others == {"screenedAt": None, "screeningHits": []}


def test_findings_of_an_examination_are_on_the_screen_of_the_parties_to_the_credit(
    platform: Platform,
) -> None:
    credits_ = open_credit_trade(platform)
    ids = {}
    for party in ("seller", "stranger"):  # two shipments of the same UCR
        made = Trade(platform, credits_.actors).ship(party, carrier=None)
        ids[party] = to_global_id("Shipment", str(made))
    presented = credits_.present(credits_.advised(), documents=spoiled("705", {"freight": "COLLECT"}, {}))
    clients = serve(GraphQL(platform, build(), desk=CREDIT_DESK), credits_.actors)
    query = """query ($id: ID!) { shipmentRisk(shipment: $id) { presentations {
        reference state claimed { amountMinor } findings { rule article document found expected } } } }"""

    def told(by: str) -> list[Any]:
        found = clients[by].data(query, id=ids[by])["shipmentRisk"]["presentations"]
        return list(found)

    assert [(one["state"], one["findings"]) for one in told("seller")] == [("PRESENTED", [])]
    credits_.examine(presented)
    (one,) = told("seller")
    assert one["state"] == "DISCREPANT"
    assert ("COLLECT", "705") in [(each["found"], each["document"][:3]) for each in one["findings"]]
    assert told("stranger") == []
    assert clients["bank"].data(query, id=ids["seller"])["shipmentRisk"] is None


@pytest.mark.parametrize("amount", [-1, 10**12 + 1, 2**53 - 1])
def test_a_cost_that_cannot_be_is_refused(desk: dict[str, Asker], amount: int) -> None:
    rule = desk["trader"].done("writeRiskRule", RULE, **DEAR)["rule"]["id"]
    given = {"rule": rule, "reviewCost": {"amountMinor": amount, "currency": "USD"}}
    assert desk["trader"].refused("simulateRiskRule", RUN, **given) == [("out_of_range", "reviewCost")]
