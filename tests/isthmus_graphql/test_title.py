"""Title through GraphQL and its file over HTTP: every mutation once, and nothing of it to anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from graphql_relay import from_global_id, to_global_id

from graphql_client import Asker, serve
from graphql_trade import ship
from held import rows
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from isthmus_platform.http import titles
from isthmus_protocol.title_file import verify_title
from title_trade import BASIS, DESK, DIGEST, EVERYTHING, TRUST

STANDING = "title { id state holder { name } named { name } }"
HINDRANCES = "title { hindrances { kind by since reason } }"
ONE = "query ($id: ID!) { title(id: $id) { %s } }"
UCR = "6TW24536806-1"


@dataclass(frozen=True)
class Desk:
    """The parties' clients, and the carrier's title held by the trader."""

    askers: dict[str, Asker]
    shipment: str
    title: str

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def step(self, by: str, action: str, to: str | None = None, **more: Any) -> dict[str, Any]:
        given = {"title": self.title, "action": action, "recipient": to, **more}
        made: dict[str, Any] = self[by].done("takeTitleStep", STANDING, **given)["title"]
        return made

    def seen(self, by: str, selection: str) -> Any:
        return self[by].data(ONE % selection, id=self.title)["title"]


def issue(shipment: str, **changes: Any) -> dict[str, Any]:
    return {
        "shipment": shipment,
        "number": "MCLKHH2611042",
        "documentDigest": DIGEST,
        "form": "NEGOTIABLE",
        "recipient": "trader",
    } | changes


@pytest.fixture
def desk(platform: Platform, cast: dict[str, Actor]) -> Desk:
    schema = build()
    askers = serve(GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK), cast)
    shipment = ship(askers["trader"])["id"]
    made = askers["carrier"].done("issueTitle", STANDING, **issue(shipment))["title"]
    return Desk(askers, shipment, made["id"])


def test_a_title_passes_and_each_sees_its_part(desk: Desk) -> None:
    assert desk.step("trader", "ENDORSE_TO_ORDER", "bank")["named"] == {"name": "bank"}
    assert desk.step("trader", "TRANSFER", "bank")["holder"] == {"name": "bank"}
    assert desk.step("bank", "BLANK_ENDORSE")["named"] is None
    made = desk.step("bank", "TRANSFER", "rival")
    assert made == {"id": desk.title, "state": "HELD", "holder": None, "named": None}
    selection = "holder { name } steps { sequence action actor { name } recipient { name } } fileUrl"
    past = desk.seen("bank", selection)
    assert [step["sequence"] for step in past["steps"]] == [2, 3, 4, 5]
    assert past["fileUrl"] is None
    holder = desk.seen("rival", selection + " shipment { reference } number version form issuedAt since")
    assert [step["action"] for step in holder["steps"]] == [
        *("ISSUE", "ENDORSE_TO_ORDER", "TRANSFER", "BLANK_ENDORSE", "TRANSFER")
    ]
    assert holder["steps"][0]["actor"] == {"name": "carrier"}
    assert (holder["shipment"], holder["number"], holder["version"]) == (None, "MCLKHH2611042", 1)
    pages = "{ titles { edges { node { id } } } }"
    for name, count in {
        "carrier": 1,
        "trader": 1,
        "bank": 1,
        "rival": 1,
        "insurer": 0,
        "operator": 0,
    }.items():
        assert len(desk[name].data(pages)["titles"]["edges"]) == count, name


def test_a_blocked_step_says_which_and_who_clears_it(desk: Desk) -> None:
    pledge = {"title": desk.title, "inFavourOf": "bank", "reference": "LOAN-1"}
    desk["trader"].done("placeTitleLien", "title { id }", **pledge)
    desk["authority"].done("placeTitleHold", "titles { id }", ucr=UCR, legalBasis=BASIS, reason="Selected")
    transfer = {"title": desk.title, "action": "TRANSFER", "recipient": "rival"}
    (error,) = desk["trader"].change("takeTitleStep", STANDING, **transfer)["userErrors"]
    assert (error["code"], error["field"]) == ("title_hold", "title")
    assert "a lien of bank, who can clear it, since 20" in error["message"]
    assert "a customs hold of authority, who can clear it" in error["message"]
    told = desk.seen("trader", "hindrances { kind by reason }")["hindrances"]
    assert told == [
        {"kind": "LIEN", "by": "bank", "reason": "LOAN-1"},
        {"kind": "HOLD", "by": "authority", "reason": "Selected"},
    ]
    for name in ("bank", "authority"):
        desk[name].done("releaseTitle", "title { id }", title=desk.title)
    assert desk["trader"].done("takeTitleStep", STANDING, **transfer)["title"]["holder"] == {"name": "rival"}


def test_a_suspended_party_takes_no_step(desk: Desk) -> None:
    selection = "suspendedAt liftedAt"
    made = desk["operator"].done("suspendTitleMember", selection, party="trader", reason="Insolvent")
    assert (made["suspendedAt"] is None, made["liftedAt"]) == (False, None)
    given = {"title": desk.title, "action": "SIGN"}
    assert desk["trader"].refused("takeTitleStep", STANDING, **given) == [("party_suspended", "title")]
    assert desk["operator"].done("readmitTitleMember", selection, party="trader")["liftedAt"] is not None
    assert desk.step("trader", "SIGN")["state"] == "HELD"


def cases(title: str, shipment: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield who may make every mutation of titles, in an order in which each can be made, and its input."""
    yield "carrier", "issueTitle", STANDING, issue(shipment)
    yield "trader", "takeTitleStep", STANDING, {"title": title, "action": "SIGN"}
    yield "trader", "placeTitleLien", HINDRANCES, {"title": title, "inFavourOf": "bank", "reference": "L"}
    yield "bank", "releaseTitle", HINDRANCES, {"title": title}
    yield "authority", "placeTitleHold", "titles { id }", {"ucr": UCR, "legalBasis": BASIS, "reason": "S"}
    yield "operator", "suspendTitleMember", "suspendedAt", {"party": "rival", "reason": "Insolvent"}
    yield "operator", "readmitTitleMember", "liftedAt", {"party": "rival"}


def test_every_mutation_is_made_once_for_its_key(platform: Platform, desk: Desk) -> None:
    made = set()
    other = ship(desk["trader"], reference="R2", ucr="U2", bookingReference="B2")["id"]
    second = issue(other, number="MCLKHH2611042")
    assert desk["carrier"].refused("issueTitle", STANDING, **second) == [("title_exists", "shipment")]
    for by, mutation, selection, given in cases(desk.title, desk.shipment):
        if mutation == "issueTitle":
            third = ship(desk["trader"], reference="R3", ucr="U3", billOfLading=None)["id"]
            given = issue(third, number="BILL3")
        first = desk[by].done(mutation, selection, **given, idempotencyKey=mutation)
        after = rows(platform, EVERYTHING)
        assert desk[by].done(mutation, selection, **given, idempotencyKey=mutation) == first
        changed = {**given, next(iter(given)): "another"}
        assert desk[by].refused(mutation, selection, **changed, idempotencyKey=mutation) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert rows(platform, EVERYTHING) == after, mutation
        made.add(mutation)
    everything = set(build().mutation_type.fields)  # type: ignore[union-attr]
    assert {name for name in everything if "Title" in name} == made


def test_to_others_there_is_no_such_title(platform: Platform, desk: Desk) -> None:
    nothing = to_global_id("Title", str(uuid4()))
    nowhere = to_global_id("Shipment", str(uuid4()))
    none = {"title": nothing, "shipment": nowhere, "ucr": "NONE", "party": "nobody"}
    before = rows(platform, EVERYTHING)
    for stranger in ("rival", "bank", "insurer", "operator"):
        for by, mutation, selection, given in cases(desk.title, desk.shipment):
            if by == stranger == "operator":
                continue
            known = desk[stranger].change(mutation, selection, **given)
            swapped = {name: none.get(name, value) for name, value in given.items()}
            assert known == desk[stranger].change(mutation, selection, **swapped)
            assert known["userErrors"][0]["code"] in ("not_found", "role_required"), mutation
        for query in (ONE % "id", "query ($id: ID!) { node(id: $id) { id } }"):
            assert desk[stranger].ask(query, id=desk.title) == desk[stranger].ask(query, id=nothing)
    assert rows(platform, EVERYTHING) == before


def test_the_file_is_its_holders_and_its_issuers(
    platform: Platform, cast: dict[str, Actor], desk: Desk
) -> None:
    web = Flask(__name__)
    web.register_blueprint(
        titles.blueprint(platform, DESK, lambda header: cast[header.removeprefix("Bearer ")])
    )
    address = desk.seen("trader", "fileUrl")["fileUrl"]
    assert address == f"/titles/{from_global_id(desk.title).id}/file"

    def fetched(name: str, path: str = address) -> Any:
        return web.test_client().get(path, headers={"Authorization": f"Bearer {name}"})

    for name in ("trader", "carrier"):
        assert verify_title(fetched(name).data, TRUST)[0].passed
    desk.step("trader", "TRANSFER", "bank")
    assert (fetched("trader").status_code, fetched("trader").get_json()["code"]) == (403, "not_holder")
    assert fetched("rival").status_code == 404
    assert (
        fetched("rival").get_json()["code"]
        == fetched("rival", f"/titles/{UUID(int=1)}/file").get_json()["code"]
    )
