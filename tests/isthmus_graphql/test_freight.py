"""Freight data is published, and authorities' messages on it read, through the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freight_border import AGREEMENTS, SCHEMAS, FreightBorder, open_freight_border
from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from pages import Page
from paperwork import open_paperwork
from standing import StandingClock
from trade import DRAFT

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the published eFTI schemas are not here")

CROSSING = "crossing { id message purpose state reason legalBasis shipment { reference } }"
TOLD = """query ($reference: String!) { shipment(reference: $reference) {
  freightMessages { text exchange receivedAt }
  timeline(first: 5) { edges { node { kind code title source } } }
  crossings(first: 5) { edges { node { message direction state fields exchange } } }
} }"""


@pytest.fixture
def border(
    platform: Platform, bridge_url: str, clock: StandingClock, tmp_path: Path
) -> Iterator[FreightBorder]:
    papers = open_paperwork(platform)
    papers.trade.ship()
    with open_freight_border(papers, bridge_url, clock, tmp_path) as opened:
        opened.agree(*AGREEMENTS)
        yield opened


@pytest.fixture
def askers(border: FreightBorder, platform: Platform) -> dict[str, Asker]:
    return serve(GraphQL(platform, build()), border.papers.trade.actors)


def asked(**changes: Any) -> dict[str, Any]:
    """Return the input of ``publishFreightData``."""
    return {
        "shipment": DRAFT.reference,
        "mainCarriage": {
            "mode": "ROAD",
            "dangerousGoods": False,
            "meansOfTransport": "HH-IS 417",
            "registrationCountry": "DE",
        },
        "equipmentCountry": "TW",
        **changes,
    }


def test_the_forwarder_publishes_and_reads_what_an_authority_wrote(
    border: FreightBorder, askers: dict[str, Asker]
) -> None:
    border.papers.trade.delegate()
    forwarder = askers["forwarder"]
    published = forwarder.done("publishFreightData", CROSSING, **asked())["crossing"]
    assert published["message"] == "EFTI_IDENTIFIERS"
    assert (published["state"], published["purpose"]) == ("REQUESTED", "FREIGHT_INFORMATION")
    border.drain()
    border.deliver()
    (dataset,) = border.ask("HH-IS 417")
    assert border.see(dataset, "EU01").status_code == 200
    assert border.tell(dataset, "Weight is missing").status_code == 200
    border.deliver()
    told = forwarder.data(TOLD, reference=DRAFT.reference)["shipment"]
    (message,) = told["freightMessages"]
    assert message["text"] == "Weight is missing"
    (entry,) = [node for node in nodes(told["timeline"]) if node["kind"] == "FREIGHT"]
    assert entry["title"].endswith("Weight is missing")
    follow_up, announcement = nodes(told["crossings"])
    assert (follow_up["message"], follow_up["exchange"]) == ("EFTI_FOLLOW_UP", message["exchange"])
    assert (announcement["state"], announcement["fields"]) == ("DELIVERED", ["/consignment", "/datasetId"])


def test_the_carrier_who_sees_the_shipment_sees_no_message(
    border: FreightBorder, askers: dict[str, Asker]
) -> None:
    askers["trader"].done("publishFreightData", CROSSING, **asked())
    border.drain()
    border.deliver()
    (dataset,) = border.ask("HH-IS 417")
    border.see(dataset, "EU01")
    border.tell(dataset, "Weight is missing")
    border.deliver()
    seen = askers["carrier"].data(TOLD, reference=DRAFT.reference)["shipment"]
    assert seen["freightMessages"] == []
    assert [node["kind"] for node in nodes(seen["timeline"])] == []


def test_the_same_key_publishes_once(border: FreightBorder, askers: dict[str, Asker]) -> None:
    trader = askers["trader"]
    first = trader.done("publishFreightData", CROSSING, idempotencyKey="k", **asked())
    assert trader.done("publishFreightData", CROSSING, idempotencyKey="k", **asked()) == first
    assert border.drain() == 1
    other = asked(equipmentCountry="DE")
    assert trader.refused("publishFreightData", CROSSING, idempotencyKey="k", **other) == [
        ("idempotency_key_reused", "idempotencyKey")
    ]


def test_what_is_wrong_is_a_user_error(border: FreightBorder, askers: dict[str, Asker]) -> None:
    trader = askers["trader"]
    assert trader.refused("publishFreightData", CROSSING, **asked(equipmentCountry=None)) == [
        ("required", "equipmentCountry")
    ]
    assert trader.refused("publishFreightData", CROSSING, **asked(shipment="NONE")) == [
        ("not_found", "shipment")
    ]
    assert askers["carrier"].refused("publishFreightData", CROSSING, **asked()) == [("not_owner", "shipment")]
    assert border.drain() == 0


def test_the_mutation_of_the_page_publishes(border: FreightBorder, askers: dict[str, Asker]) -> None:
    border.papers.trade.ship(reference="KHH-HAM-0417", ucr="6TW24536806-0417")
    published = askers["trader"].data(Page("docs/efti.md").block("graphql"))["publishFreightData"]
    assert published["userErrors"] == []
    assert published["crossing"]["state"] == "REQUESTED"
    assert border.drain() == 1
