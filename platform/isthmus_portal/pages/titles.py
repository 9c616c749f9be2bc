"""Titles: the list, one with its steps and what keeps it where it is, and the next step of its holder."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_portal import queries
from isthmus_portal.face import Face, nodes, viewer
from isthmus_portal.navigation import BANKS, SHIPPING, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

HOLDERS = (
    "TRANSFER",
    "ENDORSE_TO_ORDER",
    "ENDORSE",
    "BLANK_ENDORSE",
    "SIGN",
    "SURRENDER_FOR_DELIVERY",
    "SURRENDER_FOR_AMENDMENT",
)
"""What a holder may do; the register says whether it may now."""
ISSUERS = ("SACC", "SREJ")
ENDORSEMENTS = frozenset({"ENDORSE_TO_ORDER", "ENDORSE", "BLANK_ENDORSE"})


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, a title, its next step and its file."""

    @portal.get("/titles")
    def titles() -> str:
        data = face.ask(queries.TITLES, **paging.position())
        return render_template(
            "portal/titles.html", titles=nodes(data["titles"]), links=paging.links(data["titles"])
        )

    @portal.get("/titles/<id>")
    def title(id: str) -> str:  # noqa: A002 (the route's word)
        return _page(face, id)

    @portal.post("/titles/<id>")
    def step(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002 (the route's word)
        given = {name: request.form.get(name, "").strip() or None for name in ("recipient", "reason")}
        values = {
            "title": id,
            "action": request.form["action"],
            "idempotencyKey": request.form["once"],
            **given,
        }
        if values["action"] not in HOLDERS + ISSUERS or given["reason"] not in (None, "SWTP", "COD", "SWI"):
            abort(400)
        _, errors = face.change(queries.TAKE_TITLE_STEP, values)
        if errors:
            return _page(face, id, refusal=errors[0]["message"]), 422
        return redirect(url_for("portal.title", id=id), 303)

    @portal.get("/download/titles/<uuid:key>")
    def title_file(key: UUID) -> Response:
        return face.files.title(g.actor, key)


def _page(face: Face, title_id: str, refusal: str | None = None) -> str:
    found = face.ask(queries.TITLE, id=title_id)["title"]
    if found is None:
        abort(404)
    return render_template(
        "portal/title.html", title=found, actions=_actions(found, viewer(face)), refusal=refusal
    )


def _actions(title: dict[str, Any], who: dict[str, Any]) -> tuple[str, ...]:
    """Return what the form offers: to the holder its steps, to the issuer the answers to a surrender."""
    me = who["party"]["name"]
    if title["state"] in ("DELIVERY_REQUESTED", "AMENDMENT_REQUESTED"):
        return ISSUERS if title["issuer"]["name"] == me else ()
    if title["state"] != "HELD" or (title["holder"] or {}).get("name") != me:
        return ()
    if title["form"] == "STRAIGHT":
        return tuple(action for action in HOLDERS if action not in ENDORSEMENTS)
    return HOLDERS


PAGE = Page(
    add,
    items=(Item("titles", "Titles", SHIPPING | BANKS),),
    queries=(
        queries.TITLES,
        queries.TITLE,
        queries.TAKE_TITLE_STEP,
    ),
)
