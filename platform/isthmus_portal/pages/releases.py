"""Releases of cargo: the verdict of each shipment condition by condition, its holds and delivery orders."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import deadlines, forms, insurance_queries
from isthmus_portal import logistics_queries as queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.forms import Filled
from isthmus_portal.navigation import LOGISTICS, OWNERS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages import release_acts as acts
from isthmus_portal.pages.page import Page

PARTIES = OWNERS | {PartyRole.CARRIER, PartyRole.TERMINAL, PartyRole.AUTHORITY}
Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, and the page of a release."""

    @portal.get("/releases")
    def releases() -> str:
        return _list(face, face.ask(queries.RELEASES, **paging.position()))

    @portal.post("/releases")
    def releases_act() -> Answer:
        data = face.ask(queries.RELEASES, **paging.position())
        every = [
            *acts.anew(nodes(data["shipments"]), _me(face), face.clock()),
            *acts.lifts(nodes(data["cargoHolds"])),
        ]
        return forms.act(face, every, partial(_list, face, data), url_for("portal.releases"))

    @portal.get("/releases/<id>")
    def release(id: str) -> str:  # noqa: A002 (the route's word)
        return _release(face, _asked(face, id))

    @portal.post("/releases/<id>")
    def release_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _asked(face, id)
        every = acts.of_release(found, face.clock())
        return forms.act(face, every, partial(_release, face, found), url_for("portal.release", id=id))


def _asked(face: Face, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.RELEASE, id=id_)["cargoRelease"]
    if found is None:
        abort(404)
    return found


def _me(face: Face) -> str:
    name: str = viewer(face)["party"]["name"]
    return name


def _list(face: Face, data: dict[str, Any], filled: Filled | None = None) -> str:
    me, now = _me(face), face.clock()
    shipments, holds = nodes(data["shipments"]), nodes(data["cargoHolds"])
    every = acts.anew(shipments, me, now)
    return render_template(
        "portal/releases.html",
        releases=nodes(data["cargoReleases"]),
        links=paging.links(data["cargoReleases"]),
        acts=forms.shown(every, acts.may_anew(roles()), filled),
        holds=holds,
        lifts={each.name: each for each in acts.lifts(holds)},
        lift_of=acts.lift_of,
        may_lift=acts.may_lift(holds, me),
        filled=filled,
        ago=partial(deadlines.ago, now=now),
        left=partial(deadlines.left, now=now),
    )


def _release(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    me, now = _me(face), face.clock()
    every = acts.of_release(found, now)
    own = [each for each in every if not each.name.startswith(acts.LIFT)]
    return render_template(
        "portal/release.html",
        release=found,
        acts=forms.shown(own, acts.may_release(found, me), filled),
        lifts={each.name: each for each in every},
        lift_of=acts.lift_of,
        may_lift=acts.may_lift(found["holds"], me),
        filled=filled,
        ago=partial(deadlines.ago, now=now),
        left=partial(deadlines.left, now=now),
    )


PAGE = Page(
    add,
    items=(Item("releases", "Releases", PARTIES, LOGISTICS),),
    queries=(
        queries.RELEASES,
        queries.RELEASE,
        queries.OPEN_RELEASE,
        queries.STATE_FREIGHT,
        queries.HOLD_CARGO,
        queries.HOLD_FOR_CUSTOMS,
        queries.LIFT_HOLD,
        queries.ISSUE_ORDER,
        queries.REVOKE_ORDER,
        queries.RECORD_PICK_UP,
        insurance_queries.TELL_ARRIVAL,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
