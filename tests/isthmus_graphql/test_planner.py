"""The planner answers as the ordinary executor does, and says when it did."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from graphql import GraphQLObjectType
from graphql_relay import from_global_id, to_global_id

from both_ways import BothWays
from graphql_client import Asker, nodes, serve
from graphql_trade import departure, ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.planner.map import KINDS
from isthmus_graphql.schema import build
from isthmus_platform import pipeline
from isthmus_platform.database import Actor, Duty, Platform, create_platform_engine, new_id
from isthmus_platform.freight import MOST_MESSAGES, FreightMessage

LATER = "2026-12-01T00:00:00Z"
LEGS = [
    {"mode": "VESSEL", "origin": "TWKHH", "destination": "NLRTM", "carrier": "carrier"},
    {"mode": "RAIL", "origin": "NLRTM", "destination": "DEHAM", "bookingReference": "LEG1"}
    | {"plannedDeparture": "2026-06-19T00:00:00Z"},
]
PAGE = """query ($first: Int, $after: String, $filter: ShipmentFilter) {
  shipments(first: $first, after: $after, filter: $filter) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node {
      id reference ucr bookingReference billOfLading bookedAt vessel incoterm createdAt
      owner { id name legalName country roles } forwarder { name } carrier { name }
      consignee { name country }
      origin { code name country latitude longitude } destination { ...P } transhipments { ...P }
      status { code description at place { ...P } } eta
      exceptions { code description since until hours place { ...P } equipmentReference }
      legs { sequence mode origin { ...P } destination { code } carrier { name } bookingReference
        transportDocument conveyance plannedDeparture plannedArrival }
      equipment { reference isoCode }
      goods { sequence description hsCode grossMassKg netMassKg packages packageType originCountry
        value { amountMinor currency } }
      timeline(first: 10) { pageInfo { hasNextPage endCursor } edges { cursor node {
        id at kind code classifier title place { ...P } equipmentReference source sourceEventId correction
        receivedAt } } }
      documents(first: 2) { edges { node { id type typeName title version sha256 size mediaType
        owner { name } shipmentReference ucr createdAt contentUrl versions { version sha256 }
        grants { reader { name } purpose documents { title } } } } }
      declaration { mrn status channel duty { amountMinor currency } releasedAt createdAt }
      crossings { edges { node { id direction message state party owner decision fields at
        agreement { id version } shipment { reference equipment { reference } } } } }
    } }
  }
}
fragment P on Place { code name }"""


@pytest.fixture
def both(graphql: GraphQL) -> BothWays:
    return BothWays(graphql)


@pytest.fixture
def trade(platform: Platform, trader: Asker, forwarder: Asker, carrier: Asker, bank: Asker) -> None:
    """Make shipments with events, documents that the bank was granted and read, and declarations."""
    trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    for n in range(3):
        given = {"reference": f"S{n}", "ucr": f"U{n}", "bookingReference": f"B{n}", "billOfLading": f"L{n}"}
        ship(forwarder, onBehalfOf="trader", legs=LEGS if n == 1 else [], **given)
        upload(platform, trader, reference=f"S{n}")
        booked = [{"documentReferenceType": "BKG", "documentReferenceValue": f"B{n}"}]
        events = [
            departure(20 * n + k, f"2026-05-{20 + k}T06:00:00Z", documentReferences=booked)
            for k in range(4 * n)
        ]
        carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=events)
    late = departure(70, "2026-06-20T06:00:00Z", transportEventTypeCode="ARRI", eventClassifierCode="PLN")
    late |= {"transportCall": late["transportCall"] | {"UNLocationCode": "DEHAM"}}
    late |= {"eventCreatedDateTime": "2026-05-20T00:00:00Z", "documentReferences": booked}
    later = late | {"eventID": late["eventID"][:-1] + "1", "eventClassifierCode": "EST"}
    later |= {"eventDateTime": "2026-06-22T06:00:00Z", "eventCreatedDateTime": "2026-05-21T00:00:00Z"}
    carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=[late, later])
    forwarder.done("submitDeclaration", "crossing { id }", shipment="S1")
    shipment = trader.data('{ shipment(reference: "S1") { id documents { edges { node { id } } } } }')
    [document] = nodes(shipment["shipment"]["documents"])
    granted = {"reader": "bank", "purpose": "TRADE_FINANCE", "validUntil": LATER}
    trader.done("grantAccess", "grant { id }", documents=[document["id"]], **granted)
    trader.done("grantAccess", "grant { id }", shipment=shipment["shipment"]["id"], **granted)
    bank.data("query ($id: ID!) { document(id: $id) { id } }", id=document["id"])


@pytest.mark.usefixtures("trade")
@pytest.mark.parametrize(
    "variables",
    [
        {"first": 2},
        {"first": 50},
        {},
        {"filter": {"reference": "S1"}},
        {"filter": {"equipmentReference": "MCLU4200170", "ucr": "U2"}, "first": 1},
        {"filter": None},
        {"filter": {"reference": None, "origin": "XXXXX"}},
        {"filter": {"status": "DEPARTED", "etaFrom": "2026-05-01T00:00:00+02:00"}},
        {"filter": {"status": "BOOKED", "etaUntil": None, "place": "TWKHH"}},
        {"filter": {"etaUntil": "2026-06-20T06:00:00Z"}},
        {"filter": {"exception": "DELAYED"}},
        {"filter": {"place": "NLRTM"}},
        {"filter": {"anyReference": "LEG1"}, "first": 1},
        {"filter": {"anyReference": "MCLU4200170"}},
        {"filter": {"mrn": "26TW1"}},
    ],
    ids=str,
)
def test_a_page_of_shipments_is_planned(
    both: BothWays, cast: dict[str, Actor], variables: dict[str, Any]
) -> None:
    for name, actor in cast.items():
        told = both.same(actor, PAGE, **variables)
        assert told.by == "planner", (name, told.why)
    assert nodes(both.planned(cast["trader"], PAGE).body["data"]["shipments"])


@pytest.mark.usefixtures("trade")
def test_pages_follow_one_another(both: BothWays, cast: dict[str, Actor]) -> None:
    after, seen = None, []
    for _ in range(3):
        told = both.same(cast["trader"], PAGE, first=1, after=after)
        assert told.by == "planner"
        page = told.body["data"]["shipments"]
        seen += [node["reference"] for node in nodes(page)]
        after = page["pageInfo"]["endCursor"]
    assert seen == ["S2", "S1", "S0"]
    assert not page["pageInfo"]["hasNextPage"]


@pytest.mark.usefixtures("trade")
def test_a_filter_by_a_partys_name(both: BothWays, cast: dict[str, Actor]) -> None:
    for owner, by in (("trader", "planner"), ("rival", "executor"), ("nobody", "executor")):
        told = both.same(cast["trader"], PAGE, filter={"owner": owner, "carrier": "carrier"})
        assert told.by == by, told.why


SHIPMENT = "{ id reference status { code } timeline { edges { node { code } } } equipment { reference } }"


@pytest.mark.usefixtures("trade")
@pytest.mark.parametrize(
    ("query", "by"),
    [
        (f'{{ shipment(reference: "S1") {SHIPMENT} }}', "planner"),
        (f'{{ shipment(reference: "NO-SUCH") {SHIPMENT} }}', "planner"),
        ("{ viewer { subject party { id name } __typename } a: viewer { subject } __typename }", "planner"),
        (
            "{ grants { edges { node { id purpose shipment { reference } documents { title } } } } }",
            "planner",
        ),
        ("{ delegations { edges { node { principal { name } agent { name } revokedAt } } } }", "planner"),
        ("{ accessLog { edges { node { reader { name } document { title } outcome } } } }", "planner"),
        (
            "{ crossings { edges { node { message state shipment { reference goods { hsCode } } } } } }",
            "planner",
        ),
        ('{ shipments(filter: {status: "BOOKED"}) { edges { node { reference } } } }', "planner"),
        ('{ shipments(filter: {place: "NO-SUCH"}) { edges { node { reference } } } }', "executor"),
        ("{ shipments { edges { node { reference milestones { code } } } } }", "executor"),
        ('{ shipments(after: "forged") { edges { node { reference } } } }', "executor"),
        ('{ usage(period: "2026-06") { total { amountMinor } } viewer { subject } }', "executor"),
        ("{ __schema { queryType { name } } }", "executor"),
    ],
)
def test_what_is_planned_and_what_is_not(both: BothWays, cast: dict[str, Actor], query: str, by: str) -> None:
    assert both.same(cast["trader"], query).by == by
    for actor in cast.values():
        both.same(actor, query)


@pytest.mark.usefixtures("trade")
def test_a_node_of_each_type(both: BothWays, cast: dict[str, Actor], trader: Asker) -> None:
    found = trader.data("""{ shipments(first: 1) { edges { node { id } } } viewer { party { id } }
      grants(first: 1) { edges { node { id } } } delegations { edges { node { id } } }
      crossings(first: 1) { edges { node { id } } } }""")
    ids = [nodes(found[name])[0]["id"] for name in ("shipments", "grants", "delegations", "crossings")]
    query = """query ($id: ID!) { node(id: $id) { __typename id ... on Shipment { reference owner { name } }
      ... on Grant { purpose } ... on Party { name } ...C } } fragment C on Crossing { state message }"""
    for given in [*ids, found["viewer"]["party"]["id"]]:
        told = both.same(cast["trader"], query, id=given)
        assert (told.by, told.body["data"]["node"]["id"]) == ("planner", given)
        for name in ("rival", "bank", "carrier", "operator", "authority"):
            both.same(cast[name], query, id=given)


@pytest.mark.usefixtures("trade")
def test_nothing_of_a_trade_is_told_to_others(both: BothWays, cast: dict[str, Actor]) -> None:
    for name in ("rival", "insurer", "operator"):
        told = both.planned(cast[name], PAGE, first=50)
        assert (told.by, nodes(told.body["data"]["shipments"])) == ("planner", [])
        single = both.planned(cast[name], f'{{ shipment(reference: "S1") {SHIPMENT} }}')
        assert (single.by, single.body) == ("planner", {"data": {"shipment": None}})


@pytest.mark.usefixtures("trade")
def test_a_revoked_grant_holds_from_the_next_read(
    both: BothWays, cast: dict[str, Actor], trader: Asker
) -> None:
    query = "{ shipments { edges { node { reference timeline { edges { node { id } } } } } } }"
    told = both.planned(cast["bank"], query)
    assert told.by == "planner"
    assert [node["reference"] for node in nodes(told.body["data"]["shipments"])] == ["S1"]
    for grant in nodes(trader.data("{ grants { edges { node { id } } } }")["grants"]):
        trader.done("revokeAccess", "grant { id }", grant=grant["id"])
    assert nodes(both.same(cast["bank"], query).body["data"]["shipments"]) == []


def test_a_document_is_left_to_the_executor_which_tells_its_owner(
    both: BothWays, cast: dict[str, Actor], platform: Platform, trader: Asker
) -> None:
    ship(trader)
    document = upload(platform, trader)
    query = "query ($id: ID!) { node(id: $id) { id } document(id: $id) { title } }"
    told = both.planned(cast["bank"], query, id=to_global_id("Document", str(document)))
    assert told.by == "executor"
    log = trader.data("{ accessLog { edges { node { reader { name } outcome } } } }")["accessLog"]
    assert nodes(log)[0] == {"reader": {"name": "bank"}, "outcome": "REFUSED"}


def test_what_each_source_and_an_authority_said_is_in_the_timeline(
    both: BothWays, cast: dict[str, Actor], platform: Platform, trader: Asker, carrier: Asker
) -> None:
    key = UUID(from_global_id(ship(trader)["id"]).id)
    carrier.done(
        "recordEvents",
        "outcomes { outcome }",
        standard="DCSA_2_2",
        events=[departure(1, "2026-05-20T06:00:00Z")],
    )
    with platform.begin(Duty("bridge-inbox")) as work:
        work.session.add_all(
            FreightMessage(
                id=new_id(),
                party_id=cast["trader"].party_id,
                shipment_id=key,
                exchange=new_id(),
                text=f"Weight\nis missing {n} {'x' * 200}",
                received_at=work.now,
            )
            for n in range(MOST_MESSAGES + 2)
        )
    query = """query ($first: Int) { shipments { edges { node { timeline(first: $first) { edges { node {
      kind code title source sourceEventId at receivedAt } } pageInfo { hasNextPage endCursor } } } } } }"""
    for name in ("trader", "carrier", "forwarder"):
        for first in (2, 100):
            assert both.same(cast[name], query, first=first).by == "planner"
    assert [
        (node["kind"], node["source"])
        for node in nodes(
            nodes(both.planned(cast["trader"], query, first=2).body["data"]["shipments"])[0]["timeline"]
        )
    ] == [("FREIGHT", "eFTI gate")] * 2


def test_a_shipment_whose_standing_is_not_written_yet_is_left_to_the_executor(
    both: BothWays, cast: dict[str, Actor], trader: Asker, platform_url: str
) -> None:
    ship(trader)
    query = "{ shipments { edges { node { reference status { code } eta } } } }"
    assert both.same(cast["trader"], query).by == "planner"
    with psycopg.connect(platform_url) as owner:
        owner.execute("DELETE FROM shipment_tracking")
    told = both.same(cast["trader"], query)
    assert told.by == "executor"
    assert nodes(told.body["data"]["shipments"])[0]["status"] == {"code": "BOOKED"}


def test_explanations_are_for_development(graphql: GraphQL, cast: dict[str, Actor]) -> None:
    asked = {"query": "{ viewer { party { name } } }", "extensions": {"explain": True}}
    production: Any = serve(graphql, cast)["trader"].post(asked).json
    assert production == {"data": {"viewer": {"party": {"name": "trader"}}}}
    development: Any = serve(replace(graphql, development=True), cast)["trader"].post(asked).json
    explained = development["extensions"]["explain"]
    assert explained["by"] == "planner"
    assert any("FROM party" in sql for sql in explained["sql"])


def test_the_database_gone_is_told_by_the_executor(unreached: Asker) -> None:
    schema = build()
    platform = Platform(create_platform_engine("postgresql://nobody@127.0.0.1:9/none"))
    served = GraphQL(platform, schema, planner=Planner(platform, schema))
    answer = served.execute(unreached.actor, "{ viewer { party { name } } }")
    assert [(error.extensions or {})["code"] for error in answer.errors or ()] == ["UNAVAILABLE"]
    platform.engine.dispose()


def test_a_statement_that_takes_too_long_is_ended_and_not_tried_again(
    both: BothWays, cast: dict[str, Actor], platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LONGEST", 0.05)
    with psycopg.connect(platform_url) as other:
        other.execute("LOCK TABLE shipment IN ACCESS EXCLUSIVE MODE")
        body = both.planned(cast["trader"], "{ shipments { edges { node { id } } } }").body
    assert body["data"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["DEADLINE"]
    assert both.planned(cast["trader"], "{ shipments { edges { node { id } } } }").by == "planner"


def test_a_connection_that_was_cut_off_is_replaced(
    both: BothWays, cast: dict[str, Actor], platform_url: str
) -> None:
    query = "{ viewer { party { name } } }"
    assert both.planned(cast["trader"], query).by == "planner"
    with psycopg.connect(platform_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'isthmus-reader' AND datname = current_database()"
        )
    assert both.planned(cast["trader"], query).by == "planner"


def test_every_mapped_field_is_one_of_the_schema() -> None:
    schema = build()
    for name, kind in KINDS.items():
        defined = schema.get_type(name)
        assert isinstance(defined, GraphQLObjectType)
        assert set(kind.fields) <= set(defined.fields), name


def test_every_way_a_shipment_is_visible_is_followed(platform_url: str) -> None:
    """A policy more on the table needs a way more in the map."""
    with psycopg.connect(platform_url) as connection:
        rows = connection.execute(
            "SELECT policyname, qual FROM pg_policies WHERE tablename = 'shipment' AND cmd = 'SELECT'"
        ).fetchall()
    seen = {
        name: re.findall(r"(party_id = ANY|carrier_id =|duty\(\)|access_grant)", text) for name, text in rows
    }
    by_parties = {name for name, found in seen.items() if set(found) != {"duty()"}}  # no duty reads by plan
    assert by_parties == {"visible", "granted"}
    assert set(seen["visible"]) <= {"party_id = ANY", "carrier_id =", "duty()"}
    assert len(KINDS["Shipment"].ways) == 3
