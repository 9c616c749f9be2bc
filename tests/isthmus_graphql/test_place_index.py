"""Shipments are found by a place without a scan, whoever reads and however it is read."""

import re
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from both_ways import BothWays
from graphql_client import Asker, nodes
from graphql_trade import ship
from isthmus_graphql.execution import GraphQL
from isthmus_platform import searching
from isthmus_platform.consignments import Shipment
from isthmus_platform.database import Actor, Platform
from isthmus_platform.shipments import ShipmentFilter

QUERY = "query ($p: String) { shipments(filter: {place: $p}, first: 50) { edges { node { reference } } } }"
SEED = """
SET session_replication_role = replica;
INSERT INTO shipment (id, party_id, created_by, carrier_id, reference, ucr, origin, destination,
        transhipments, booked_at, created_at)
    SELECT gen_random_uuid(), CASE WHEN n %% 20 = 0 THEN %(party)s::uuid
            ELSE md5((n %% 20)::text)::uuid END, %(party)s::uuid, %(carrier)s::uuid, n::text, n::text,
        'TWKHH', 'P' || (n %% 1000), '{}', now(), now() FROM generate_series(1, 20000) n;
INSERT INTO shipment_call (shipment_id, place, party_id, carrier_id)
    SELECT id, destination, party_id, carrier_id FROM shipment;
INSERT INTO shipment_tracking (shipment_id, party_id, carrier_id, status, status_place, updated_at)
    SELECT id, party_id, carrier_id, 'BOOKED', destination, booked_at FROM shipment;
SET session_replication_role = origin;
ANALYZE shipment, shipment_call, shipment_tracking"""


@pytest.fixture
def seeded_trade(platform: Platform, cast: dict[str, Actor]) -> Platform:
    given = {"party": cast["trader"].party_id, "carrier": cast["carrier"].party_id}
    with psycopg.connect(platform.engine.url.set(drivername="postgresql").render_as_string(False)) as owner:
        for statement in SEED.split(";\n"):
            psycopg.ClientCursor(owner).execute(statement, given)
    return platform


def ordinary(platform: Platform, actor: Actor) -> str:
    """Return the plan of the ordinary executor's query."""
    with platform.begin(actor) as work:
        query = select(Shipment.id).where(*searching.conditions(work, ShipmentFilter(place="KRPUS")))
        dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]
        text = query.order_by(Shipment.id.desc()).limit(50)
        sql = str(text.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        return "\n".join(work.session.connection().exec_driver_sql(f"EXPLAIN {sql}").scalars())


def planned(platform: Platform, actor: Actor, graphql: GraphQL) -> str:
    """Return the plan of the planner's statement, prepared for any place as it is served."""
    told = BothWays(graphql).planned(actor, QUERY, p="KRPUS")
    assert told.by == "planner"
    [sql] = [each for each in told.why if "shipments_at" in each]
    kinds = dict(re.findall(r"\$(\d+)::(\w+)", sql))
    values = ", ".join("'KRPUS'" if kinds[n] == "text" else "50" for n in sorted(kinds, key=int))
    with platform.begin(actor) as work:
        run = work.session.connection().exec_driver_sql
        run("SET LOCAL plan_cache_mode = force_generic_plan")
        run(f"PREPARE asked AS {sql}".replace("%", "%%"))
        plan = "\n".join(run(f"EXPLAIN EXECUTE asked({values})").scalars())
        run("DEALLOCATE asked")
    return plan


@pytest.mark.parametrize("reader", ["trader", "carrier", "bank"])
def test_a_place_is_looked_up_by_index_for_owner_carrier_and_others(
    seeded_trade: Platform, graphql: GraphQL, cast: dict[str, Actor], reader: str
) -> None:
    for plan in (ordinary(seeded_trade, cast[reader]), planned(seeded_trade, cast[reader], graphql)):
        assert not re.search(r"Seq Scan on (shipment|shipment_call|shipment_tracking)\b", plan), plan
        for index in ("shipment_call_party_id_place", "shipment_tracking_party_id_status_place"):
            assert f"ix_{index}_shipment_id" in plan, plan
        for index in ("shipment_call_carrier_id_place", "shipment_tracking_carrier_id_status_place"):
            assert f"ix_{index}_shipment_id" in plan, plan


def test_a_place_finds_the_same_shipments_for_every_reader_both_ways(
    graphql: GraphQL, cast: dict[str, Actor], askers: dict[str, Asker]
) -> None:
    trader = askers["trader"]
    ids = [ship(trader, reference=f"R{n}", ucr=f"U{n}", equipment=[])["id"] for n in range(2)]
    granted = {"reader": "bank", "purpose": "TRADE_FINANCE", "validUntil": "2026-12-01T00:00:00Z"}
    trader.done("grantAccess", "grant { id }", shipment=ids[1], **granted)
    found = {}
    for reader in ("trader", "carrier", "bank", "rival"):
        told = BothWays(graphql).same(cast[reader], QUERY, p="DEHAM")
        found[reader] = [each["reference"] for each in nodes(told.body["data"]["shipments"])]
    assert found == {"trader": ["R1", "R0"], "carrier": ["R1", "R0"], "bank": ["R1"], "rival": []}
