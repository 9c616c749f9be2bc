"""The release of cargo through GraphQL: each change once for its key, and nothing of it to anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from release_trade import BASIS, ReleaseTrade, open_release_trade
from title_trade import DESK, UCR

LATER = "2026-06-03T09:00:00Z"
RELEASE = "release { id state consignee { name } terminal { name } freightPaidAt }"
ORDER = "order { id number state token expiresAt releaseTo { name } }"
HOLD = "hold { id kind reason by { name } liftedAt }"
VERDICT = "query ($id: ID!) { cargoRelease(id: $id) { verdict { releasable findings { condition holds says"
VERDICT += " clearedBy since source } } holds { kind } orders { state token } shipment { reference } } }"
MUTATIONS = {
    "openCargoRelease",
    "stateFreight",
    "holdCargo",
    "holdCargoForCustoms",
    "liftCargoHold",
    "issueDeliveryOrder",
    "revokeDeliveryOrder",
    "recordPickUp",
}


@dataclass(frozen=True)
class Gate:
    """The parties' clients, and what stands behind them."""

    trade: ReleaseTrade
    askers: dict[str, Asker]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def opened(self) -> dict[str, Any]:
        return {
            "shipment": to_global_id("Shipment", str(self.trade.titles.shipment)),
            "consignee": "consignee",
            "terminal": "terminal",
            "document": "BILL_OF_LADING",
        }


@pytest.fixture
def gate(platform: Platform) -> Gate:
    trade = open_release_trade(platform)
    schema = build()
    graphql = GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK)
    return Gate(trade, serve(graphql, trade.titles.papers.trade.actors))


def test_an_order_is_refused_with_each_missing_condition_and_then_issued(gate: Gate) -> None:
    release = gate["carrier"].done("openCargoRelease", RELEASE, **gate.opened())["release"]["id"]
    order = {"release": release, "expiresAt": LATER}
    assert gate["carrier"].refused("issueDeliveryOrder", ORDER, **order) == [
        (code, "release") for code in ("title_not_surrendered", "customs_not_released", "freight_unpaid")
    ]
    gate.trade.surrender(gate.trade.titles.issue())
    gate.trade.declare()
    gate.trade.customs_say("RELEASED")
    gate["carrier"].done("stateFreight", RELEASE, release=release, paid=True, reference="Wire 7")
    made = gate["carrier"].done("issueDeliveryOrder", ORDER, **order)["order"]
    assert made["releaseTo"] == {"name": "consignee"}
    told = {
        name: gate[name].data(VERDICT, id=release)["cargoRelease"]
        for name in ("carrier", "consignee", "terminal", "trader")
    }
    assert {name: one["orders"][0]["token"] for name, one in told.items()} == {
        "carrier": made["token"],
        "consignee": made["token"],
        "terminal": None,
        "trader": None,
    }
    assert {name: one["shipment"] is None for name, one in told.items()} == {
        "carrier": False,
        "consignee": True,
        "terminal": True,
        "trader": False,
    }
    assert all(one["verdict"]["releasable"] for one in told.values())
    assert [one["condition"] for one in told["terminal"]["verdict"]["findings"]] == [
        *("TITLE_SURRENDERED", "CUSTOMS_RELEASED", "FREIGHT_PAID", "BANK_CONSENT", "NO_HOLDS")
    ]
    done = gate["terminal"].done("recordPickUp", ORDER, order=made["id"], token=made["token"])["order"]
    assert (done["state"], done["token"]) == ("USED", None)
    (listed,) = nodes(
        gate["terminal"].data("{ cargoReleases { edges { node { state } } } }")["cargoReleases"]
    )
    assert listed == {"state": "PICKED_UP"}


def cases(gate: Gate, made: dict[str, str]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield every change with who may make it, in an order in which each can be made."""
    yield "carrier", "openCargoRelease", RELEASE, gate.opened()
    yield "carrier", "stateFreight", RELEASE, {"release": made["release"], "paid": True}
    yield "terminal", "holdCargo", HOLD, {"release": made["release"], "reason": "Storage"}
    yield "terminal", "liftCargoHold", HOLD, {"hold": made["hold"]}
    customs = {"ucr": UCR, "legalBasis": BASIS, "reason": "X-ray"}
    yield "authority", "holdCargoForCustoms", "holds { id }", customs
    yield "authority", "liftCargoHold", HOLD, {"hold": made["hold"]}
    order = {"release": made["release"], "expiresAt": LATER}
    yield "carrier", "issueDeliveryOrder", ORDER, order
    yield "carrier", "revokeDeliveryOrder", ORDER, {"order": made["order"], "reason": "Error"}
    yield "carrier", "issueDeliveryOrder", ORDER, order
    yield "terminal", "recordPickUp", ORDER, {"order": made["order"], "token": made["token"]}


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(gate: Gate) -> None:
    gate.trade.surrender(gate.trade.titles.issue())
    gate.trade.declare()
    gate.trade.customs_say("RELEASED")
    made = dict.fromkeys(("release", "hold", "order", "token"), "")
    tried = set()
    count = len(list(cases(gate, made)))
    for number in range(count):
        by, mutation, selection, given = list(cases(gate, made))[number]
        key = f"{number}"
        nobody(gate, mutation, selection, given)
        first = gate[by].done(mutation, selection, **given, idempotencyKey=key)
        after = gate.trade.rows()
        assert gate[by].done(mutation, selection, **given, idempotencyKey=key) == first
        changed = {**given, next(iter(given)): "another"}
        assert gate[by].refused(mutation, selection, **changed, idempotencyKey=key) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert gate.trade.rows() == after, mutation
        for kind in ("release", "hold", "order"):
            made[kind] = (first.get(kind) or {}).get("id", made[kind])
        made["hold"] = first["holds"][0]["id"] if "holds" in first else made["hold"]
        made["token"] = (first.get("order") or {}).get("token") or made["token"]
        tried.add(mutation)
    assert tried == MUTATIONS


def nobody(gate: Gate, mutation: str, selection: str, given: dict[str, Any]) -> None:
    """Hold that to others this change is refused as if nothing were there, and changes nothing."""
    kinds = {
        "shipment": "Shipment",
        "release": "CargoRelease",
        "hold": "ReleaseHold",
        "order": "DeliveryOrder",
    }
    swapped = {
        name: to_global_id(kinds[name], str(uuid4())) if name in kinds else value
        for name, value in given.items()
    }
    before = gate.trade.rows()
    for stranger in ("stranger", "rival", "bank", "insurer", "operator"):
        known = gate[stranger].change(mutation, selection, **given)
        assert known == gate[stranger].change(mutation, selection, **swapped)
        assert known["userErrors"][0]["code"] in ("not_found", "role_required"), mutation
    assert gate.trade.rows() == before


def test_to_others_nothing_of_it_can_be_read(gate: Gate) -> None:
    release = gate["carrier"].done("openCargoRelease", RELEASE, **gate.opened())["release"]["id"]
    hold = gate["carrier"].done("holdCargo", HOLD, release=release, reason="Demurrage")["hold"]["id"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for stranger in ("stranger", "rival", "bank", "insurer", "operator", "authority"):
        assert (
            nodes(gate[stranger].data("{ cargoReleases { edges { node { id } } } }")["cargoReleases"]) == []
        )
        for given, kind in ((release, "CargoRelease"), (hold, "ReleaseHold")):
            assert gate[stranger].ask(node, id=given) == gate[stranger].ask(
                node, id=to_global_id(kind, str(uuid4()))
            )
    assert gate["trader"].data(node, id=hold)["node"] == {"id": hold}
