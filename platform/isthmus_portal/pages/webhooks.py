"""Webhooks: addresses that are told of changes, their secrets shown once, and what was delivered to them."""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal import webhook_queries as queries
from isthmus_portal.face import Face, nodes
from isthmus_portal.forms import Act, Filled
from isthmus_portal.navigation import ACCOUNT, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages import webhook_acts as acts
from isthmus_portal.pages.page import Page

STATES = ("WAITING", "DELIVERED", "DEAD", "WITHHELD", "CANCELLED")
Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the page."""

    @portal.get("/webhooks")
    def webhooks() -> str:
        return _page(face)

    @portal.post("/webhooks")
    def webhooks_act() -> Answer:
        every = _every(_asked(face))
        chosen = next((each for each in every if each.name == request.form.get("act")), None)
        if chosen is not None and acts.tells_secret(chosen.name):
            return _with_secret(face, chosen)
        return forms.act(face, every, lambda filled: _page(face, filled), url_for("portal.webhooks"))


def _asked(face: Face) -> dict[str, Any]:
    state = request.args.get("state")
    if state not in (None, *STATES):
        abort(404)
    return face.ask(queries.WEBHOOKS, **paging.position(), **paging.place("log"), state=state)


def _every(data: dict[str, Any]) -> list[Act]:
    return [
        acts.register(),
        *(act for each in nodes(data["webhooks"]) for act in acts.of_webhook(each)),
        *(act for each in nodes(data["webhookDeliveries"]) for act in acts.of_delivery(each)),
    ]


def _with_secret(face: Face, chosen: Act) -> Answer:
    """Do what answers with a secret, and show the page with it: nothing else keeps it, not the session."""
    given, faults = forms.read(chosen, request.form)
    if not faults:
        sent = {**given, **chosen.fixed, "idempotencyKey": request.form["once"]}
        payload, errors = face.change(chosen.change, sent)
        faults = forms.beside(chosen, errors)
        if not faults:
            return _page(face, told=payload), 200
    return _page(face, Filled(chosen.name, request.form, faults)), 422


def _page(face: Face, filled: Filled | None = None, told: dict[str, Any] | None = None) -> str:
    data = _asked(face)
    return render_template(
        "portal/webhooks.html",
        webhooks=nodes(data["webhooks"]),
        links=paging.links(data["webhooks"]),
        log=nodes(data["webhookDeliveries"]),
        log_links=paging.links(data["webhookDeliveries"], "log"),
        states=STATES,
        state=request.args.get("state"),
        register=acts.register(),
        of_webhook=acts.of_webhook,
        of_delivery=acts.of_delivery,
        filled=filled,
        told=told,
    )


PAGE = Page(
    add,
    items=(Item("webhooks", "Webhooks", frozenset(PartyRole), ACCOUNT),),
    queries=(queries.WEBHOOKS, queries.REGISTER, queries.ROTATE, queries.REMOVE, queries.REPLAY),
    words={
        "DEAD": "Given up",
        "WITHHELD": "Withheld",
        "gone": "Ended: it answered 410",
        "removed": "Removed",
    },
    tones={"DEAD": "bad", "WITHHELD": "warn"},
)
