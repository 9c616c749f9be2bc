"""What crossed the bridge: for the authority the bridge's own log, for others the crossings about them."""

from typing import Any

from flask import Blueprint, abort, render_template, request

from isthmus_portal import queries
from isthmus_portal.face import Face, nodes
from isthmus_portal.navigation import CROSSERS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

DECISIONS = ("PERMITTED", "REFUSED")


def add(portal: Blueprint, face: Face) -> None:
    """Add the log and one crossing."""

    @portal.get("/log")
    def crossings() -> str:
        decision = request.args.get("decision")
        chosen: dict[str, Any] | None = {"decision": decision} if decision in DECISIONS else None
        data = face.ask(queries.CROSSINGS, **paging.position(), filter=chosen)
        return render_template(
            "portal/crossings.html",
            crossings=nodes(data["crossings"]),
            decision=decision,
            links=paging.links(data["crossings"]),
        )

    @portal.get("/log/<id>")
    def crossing(id: str) -> str:  # noqa: A002 (the route's word)
        found = face.ask(queries.CROSSING, id=id)["crossing"]
        if found is None:
            abort(404)
        return render_template("portal/crossing.html", crossing=found)


PAGE = Page(
    add,
    items=(Item("crossings", "Crossings", CROSSERS),),
    queries=(
        queries.CROSSINGS,
        queries.CROSSING,
    ),
)
