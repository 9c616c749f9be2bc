"""An insurer's tables of rates: each as a table, and publishing another."""

from functools import partial
from typing import Any

from flask import Blueprint, abort, render_template, url_for
from werkzeug.wrappers import Response

from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal import insurance_queries as queries
from isthmus_portal.face import Face, nodes, roles
from isthmus_portal.forms import Filled
from isthmus_portal.pages import paging
from isthmus_portal.pages import tariff_acts as acts
from isthmus_portal.pages.insurance_acts import WORDS
from isthmus_portal.pages.page import Page

Answer = Response | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the list of tables and the page of each; either publishes another."""

    @portal.get("/insurance/tariffs")
    def tariffs() -> str:
        return _tariffs(face)

    @portal.post("/insurance/tariffs")
    def tariff_published() -> Answer:
        page, back = partial(_tariffs, face), url_for("portal.tariffs")
        return forms.act(face, [acts.publish(face.clock())], page, back)

    @portal.get("/insurance/tariffs/<id>")
    def tariff(id: str) -> str:  # noqa: A002 (the route's word)
        return _tariff(face, _found(face, id))

    @portal.post("/insurance/tariffs/<id>")
    def tariff_followed(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _found(face, id)
        page, back = partial(_tariff, face, found), url_for("portal.tariff", id=id)
        return forms.act(face, [acts.publish(face.clock(), found)], page, back)


def _found(face: Face, id_: str) -> dict[str, Any]:
    """Return a table of the insurer's own; 404 where there is none, or the id is of another kind."""
    found: dict[str, Any] = face.ask(queries.TARIFF, id=id_)["node"] or abort(404)
    return found


def _tariffs(face: Face, filled: Filled | None = None) -> str:
    data = face.ask(queries.TARIFFS, **paging.position())["insuranceTariffs"]
    return render_template(
        "portal/tariffs.html",
        tariffs=nodes(data),
        links=paging.links(data),
        standing=partial(acts.standing, now=face.clock()),
        acts=[acts.publish(face.clock())] if PartyRole.INSURER in roles() else [],
        filled=filled,
    )


def _tariff(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    return render_template(
        "portal/tariff.html",
        tariff=found,
        standing=acts.standing(found, face.clock()),
        cells=acts.cells,
        acts=[acts.publish(face.clock(), found)],
        filled=filled,
    )


PAGE = Page(
    add,
    queries=(queries.TARIFFS, queries.TARIFF, queries.PUBLISH_TARIFF),
    words=WORDS,
    tones={"IN_FORCE": "good", "PLANNED": "warn"},
)
