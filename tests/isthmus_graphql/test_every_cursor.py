"""A cursor that is forged, or of another list, is refused on every list of the schema, wherever it stands."""

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, is_required_argument

from billing_cast import BillingCast
from graphql_client import Asker
from graphql_trade import ship
from isthmus_graphql.pagination import cursor
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform

SCHEMA: GraphQLSchema = build()
ASKED = "{ edges { cursor } }"
AT_ONCE = 15  # fields at the root of one document
# The arguments that a list cannot do without.
NEEDED = {"accesses": "filter: {}", "gateSlots": 'terminal: "carrier"'}
# Lists inside of something: where that is read.
INSIDE = {
    ("Shipment", "timeline"): '{ shipment(reference: "KHH-HAM-1") { %s } }',
    ("Shipment", "documents"): '{ shipment(reference: "KHH-HAM-1") { %s } }',
    ("Shipment", "crossings"): '{ shipment(reference: "KHH-HAM-1") { %s } }',
    ("RiskSimulation", "catches"): "{ riskRules { edges { node { simulations { %s } } } } }",
    ("InvoiceLine", "usageEvents"): "{ invoices { edges { node { lines { %s } } } } }",
}
assert SCHEMA.query_type is not None
QUERY: GraphQLObjectType = SCHEMA.query_type
LISTS = sorted(name for name, field in QUERY.fields.items() if "after" in field.args)
RISK = {
    "code": "DEAR_GOODS",
    "about": "OWNER",
    "category": "PRICE",
    "says": "Dear goods",
    "condition": "shipment.valueMinor > 1",
}
COST = {"amountMinor": 1, "currency": "USD"}
FORGED = {
    "words": "forged",
    "nothing": "",
    "null in base64": "bnVsbA==",
    "very long": "x" * 5_000,
    "a ship": "🚢",
    "numbers in base64": "WzEsMl0=",
}


def test_no_list_is_left_out() -> None:
    inside = {
        (kind.name, name)
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType) and kind not in (QUERY, SCHEMA.subscription_type)
        for name, field in kind.fields.items()
        if "after" in field.args
    }
    assert inside == INSIDE.keys(), "say where the list is read"
    needing = {each for each in LISTS if any(map(is_required_argument, QUERY.fields[each].args.values()))}
    assert needing == NEEDED.keys(), "say what the list needs"


def forged_for(party: Actor) -> dict[str, str]:
    return FORGED | {"another list's": cursor(party.party_id, "no-such-list", 1)}


def test_a_forged_cursor_is_refused_on_every_list(trader: Asker, cast: dict[str, Actor]) -> None:
    assert len(LISTS) > 30
    for what, forged in forged_for(cast["trader"]).items():
        for first in range(0, len(LISTS), AT_ONCE):
            asked = LISTS[first : first + AT_ONCE]
            fields = " ".join(f"{each}(after: $c {NEEDED.get(each, '')}) {ASKED}" for each in asked)
            told = trader.ask(f"query ($c: String) {{ {fields} }}", c=forged)
            refused = {error["path"][0]: error["extensions"]["code"] for error in told["errors"]}
            assert refused == dict.fromkeys(asked, "cursor"), what


@pytest.fixture
def trade(platform: Platform, cast: dict[str, Actor], trader: Asker, operator: Asker) -> None:
    """Give the trader a shipment, a rule that was tried, and an invoice of what it used."""
    ship(trader)
    made = trader.done("writeRiskRule", "rule { id }", **RISK)["rule"]["id"]
    trader.done("simulateRiskRule", "simulation { id }", rule=made, reviewCost=COST)
    billing = BillingCast(platform, cast["operator"], cast["authority"], cast["forwarder"], cast["bank"])
    billing.in_force()
    billing.use(cast["trader"], "shipment.created", 1, shipment="s")
    billing.meter()
    operator.done("closeBillingPeriod", "invoices { id }", period="2026-06")


@pytest.mark.usefixtures("trade")
def test_nor_is_it_taken_on_a_list_inside_of_something(trader: Asker, cast: dict[str, Actor]) -> None:
    for (_, name), place in INSIDE.items():
        for what, forged in forged_for(cast["trader"]).items():
            query = (place % f"{name}(after: $c) {ASKED}").replace("{", "query ($c: String) {", 1)
            assert set(trader.codes(query, c=forged)) == {"cursor"}, (name, what)
        assert trader.codes(place % f"{name} {ASKED}") == []
