"""To ask for another's thing does the same work as to ask for nothing: time tells no more than the answer.

Changes are held to it in ``test_every_pair``.
"""

from uuid import uuid4

import pytest
from graphql_relay import from_global_id, to_global_id

from both_ways import BothWays
from graphql_client import Asker
from graphql_trade import ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from same_work import listening

LATER = "2026-12-01T00:00:00Z"
SCHEMA = build()
BY_ID = [name for name, field in SCHEMA.query_type.fields.items() if "id" in field.args]  # type: ignore[union-attr]


@pytest.fixture
def theirs(platform: Platform, trader: Asker) -> list[str]:
    """Return ids of the trader's."""
    shipment = ship(trader)["id"]
    document = to_global_id("Document", str(upload(platform, trader)))
    given = {"reader": "insurer", "documents": [document], "purpose": "INSURANCE", "validUntil": LATER}
    grant = trader.done("grantAccess", "grant { id }", **given)["grant"]["id"]
    crossing = trader.done("submitDeclaration", "crossing { id }", shipment="KHH-HAM-1")["crossing"]["id"]
    return [shipment, document, grant, crossing]


def absent(given: str) -> str:
    return to_global_id(from_global_id(given).type, str(uuid4()))


def test_a_query_by_anothers_id_does_what_one_by_no_id_does(
    platform: Platform, theirs: list[str], graphql: GraphQL, cast: dict[str, Actor], rival: Asker
) -> None:
    assert {"node", "document", "crossing"} <= set(BY_ID)
    for field in BY_ID:
        query = f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        for known in theirs:
            done, planned = [], []
            for each in (known, absent(known)):
                with listening(platform) as sent:
                    rival.ask(query, id=each)
                done.append(sent)
                told = BothWays(graphql).planned(cast["rival"], query, id=each)
                planned.append((told.by, told.why))
            assert done[0] == done[1], (field, from_global_id(known).type)
            assert planned[0] == planned[1], "planned by the same statements"


def test_a_list_by_anothers_reference_does_what_one_by_no_reference_does(
    platform: Platform, theirs: list[str], graphql: GraphQL, cast: dict[str, Actor], rival: Asker
) -> None:
    query = "query ($f: ShipmentFilter) { shipments(filter: $f) { edges { node { id } } } }"
    for known in ({"reference": "KHH-HAM-1"}, {"anyReference": "MCLU4200170"}, {"place": "DEHAM"}):
        nothing = {name: "MCLU4200185X" if name != "place" else "USNYC" for name in known}
        both = BothWays(graphql)
        told = [both.same(cast["rival"], query, f=each) for each in (known, nothing)]
        assert (told[0].body, told[0].why) == (told[1].body, told[1].why)
        assert told[0].by == "planner"
