"""Titles: the list, one with its steps and what keeps it where it is, the next step, issue, lien and hold."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_portal import forms, queries, title_queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.forms import Act, Filled
from isthmus_portal.navigation import BANKS, SHIPPING, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages import title_acts as acts
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
Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, a title, its next step and its file."""

    @portal.get("/titles")
    def titles() -> str:
        return _list(face, _anew(face))

    @portal.post("/titles")
    def titles_act() -> Answer:
        every = _anew(face)
        return forms.act(face, every, partial(_list, face, every), url_for("portal.titles"))

    @portal.get("/titles/<id>")
    def title(id: str) -> str:  # noqa: A002 (the route's word)
        return _page(face, _asked(face, id))

    @portal.post("/titles/<id>")
    def step(id: str) -> Answer:  # noqa: A002 (the route's word)
        if "act" in request.form:
            found = _asked(face, id)
            every, back = acts.of_title(found), url_for("portal.title", id=id)
            return forms.act(face, every, partial(_page, face, found), back)
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
            return _page(face, _asked(face, id), refusal=errors[0]["message"]), 422
        return redirect(url_for("portal.title", id=id), 303)

    @portal.get("/download/titles/<uuid:key>")
    def title_file(key: UUID) -> Response:
        return face.files.title(g.actor, key)


def _anew(face: Face) -> list[Act]:
    """Return what is done beside the titles that there are; only who issues some is asked of what."""
    carried = face.ask(title_queries.CARRIED) if roles() & acts.ISSUERS.keys() else {}
    seen = {name: nodes(carried[name]) if carried else [] for name in ("shipments", "titles")}
    return acts.anew(seen, viewer(face)["party"]["name"])


def _list(face: Face, every: list[Act], filled: Filled | None = None) -> str:
    data = face.ask(queries.TITLES, **paging.position())
    return render_template(
        "portal/titles.html",
        titles=nodes(data["titles"]),
        links=paging.links(data["titles"]) if request.method == "GET" else {},
        acts=forms.shown(every, acts.may_anew(roles()), filled),
        filled=filled,
    )


def _asked(face: Face, title_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.TITLE, id=title_id)["title"]
    if found is None:
        abort(404)
    return found


def _page(face: Face, title: dict[str, Any], filled: Filled | None = None, refusal: str | None = None) -> str:
    who = viewer(face)
    return render_template(
        "portal/title.html",
        title=title,
        actions=_actions(title, who),
        refusal=refusal,
        acts=forms.shown(acts.of_title(title), acts.may_title(title, who["party"]["name"]), filled),
        filled=filled,
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
    items=(Item("titles", "Titles", SHIPPING | BANKS | acts.KEEPERS),),
    queries=(
        queries.TITLES,
        queries.TITLE,
        queries.TAKE_TITLE_STEP,
        title_queries.CARRIED,
        title_queries.ISSUE,
        title_queries.PLEDGE,
        title_queries.HOLD,
        title_queries.CLEAR,
        title_queries.SUSPEND,
        title_queries.READMIT,
    ),
)
