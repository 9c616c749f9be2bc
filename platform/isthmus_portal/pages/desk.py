"""The document desk of a bank or insurer: what owners opened to it, and what the single window answers it."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from isthmus_platform.errors import InvalidInput
from isthmus_portal import queries, window_questions
from isthmus_portal.face import Face, nodes
from isthmus_portal.formats import moment
from isthmus_portal.navigation import BANKS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

PURPOSE = "TRADE_FINANCE"
_PENDING = {"REQUESTED", "AGREED", "SENT", "DELIVERED"}


def add(portal: Blueprint, face: Face) -> None:
    """Add the desk and its question to the single window."""

    @portal.get("/desk")
    def desk() -> str:
        return _page(face)

    @portal.post("/desk/ask")
    def ask() -> Response | tuple[str, int]:
        ucr = request.form["ucr"].strip()
        values: dict[str, Any] = {"ucr": ucr, "purpose": PURPOSE, "idempotencyKey": request.form["once"]}
        try:
            asks = window_questions.from_form(request.form)
        except InvalidInput as refusal:
            return _page(face, ucr=ucr, refusal=refusal.message), 422
        payload, errors = face.change(queries.ASK_WINDOW, values | ({"asks": asks} if asks else {}))
        if errors:
            return _page(face, ucr=ucr, refusal=errors[0]["message"]), 422
        return redirect(url_for("portal.desk", asked=payload["crossing"]["id"], _anchor="asked"), 303)


def _page(face: Face, ucr: str = "", refusal: str | None = None) -> str:
    data = face.ask(queries.DESK, **paging.position())
    questions = [crossing for crossing in nodes(data["crossings"]) if crossing["direction"] == "TO_WINDOW"]
    asked = request.args.get("asked")
    return render_template(
        "portal/desk.html",
        rows=_granted(face, nodes(data["grants"])),
        links=paging.links(data["grants"]),
        questions=questions,
        asked=asked,
        waiting=any(is_waiting(crossing) for crossing in questions if crossing["id"] == asked),
        is_waiting=is_waiting,
        in_words=window_questions.in_words,
        bounds=window_questions.BOUNDS,
        ucr=ucr,
        entered=request.form,
        refusal=refusal,
    )


def is_waiting(crossing: dict[str, Any]) -> bool:
    """Tell a question whose answer may still come."""
    return crossing["answer"] is None and (
        crossing["state"] in _PENDING or crossing["state"] == "ACKNOWLEDGED"
    )


def _granted(face: Face, grants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each granted document, those that may be read now first."""
    now = face.clock()
    rows = [
        {
            "document": document,
            "owner": grant["owner"],
            "purpose": grant["purpose"],
            "until": grant["validUntil"],
            "open": not grant["revokedAt"] and moment(grant["validUntil"]) > now,
            "revoked": bool(grant["revokedAt"]),
        }
        for grant in grants
        for document in _documents(grant)
    ]
    return sorted(rows, key=lambda row: (not row["open"], row["document"]["shipmentReference"]))


def _documents(grant: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the documents a grant names, or all those of the shipment it opens whole."""
    return grant["documents"] or (nodes(grant["shipment"]["documents"]) if grant["shipment"] else [])


PAGE = Page(
    add,
    items=(Item("desk", "Document desk", BANKS),),
    queries=(
        queries.DESK,
        queries.ASK_WINDOW,
    ),
)
