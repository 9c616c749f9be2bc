"""A party's shipments, and one of them with all that belongs to it."""

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from isthmus_portal import queries, voyage
from isthmus_portal.chart import route_map
from isthmus_portal.face import Face, nodes, viewer
from isthmus_portal.formats import moment
from isthmus_portal.navigation import SHIPPING, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

STATUSES = (
    "BOOKED",
    "GATED_IN",
    "LOADED",
    "DEPARTED",
    "AT_TRANSHIPMENT",
    "ARRIVED",
    "DISCHARGED",
    "DELIVERED",
)
GRANT_PURPOSES = ("TRADE_FINANCE", "INSURANCE", "LOGISTICS", "CUSTOMS")
ENDED = {"REJECTED", "REFUSED", "FAILED"}
GRANT_DAYS = 30


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, the shipment, and what its owner does there."""

    @portal.get("/shipments")
    def shipments() -> str:
        chosen = {
            name: value for name in ("reference", "status") if (value := request.args.get(name, "").strip())
        }
        data = face.ask(queries.SHIPMENTS, **paging.position(), filter=chosen or None)
        found = nodes(data["shipments"])
        return render_template(
            "portal/shipments.html",
            shipments=[(shipment, voyage.stops(shipment)) for shipment in found],
            chosen=chosen,
            statuses=STATUSES,
            links=paging.links(data["shipments"]),
        )

    @portal.get("/shipments/<reference>")
    def shipment(reference: str) -> str:
        return _page(face, reference)

    @portal.post("/shipments/<reference>/declaration")
    def declare(reference: str) -> Response:
        payload, errors = face.change(
            queries.SUBMIT_DECLARATION, {"shipment": reference, "idempotencyKey": request.form["once"]}
        )
        if errors:
            flash(errors[0]["message"], "bad")
        elif payload["crossing"] and payload["crossing"]["decision"] == "REFUSED":
            flash("The bridge refused the declaration; the reason is below.", "bad")
        else:
            flash("The declaration is on its way to the single window.", "good")
        return redirect(url_for("portal.shipment", reference=reference, _anchor="customs"), 303)

    @portal.post("/shipments/<reference>/grants")
    def grant(reference: str) -> Response | tuple[str, int]:
        values, errors = _grant_input(request.form.to_dict(flat=True), request.form.getlist("documents"))
        if not errors:
            _, errors = face.change(queries.GRANT_ACCESS, values)
        if errors:
            return _page(face, reference, entered=request.form.to_dict(), errors=errors), 422
        flash("Access granted. It can be revoked at any time.", "good")
        return redirect(url_for("portal.shipment", reference=reference, _anchor="access"), 303)

    @portal.post("/shipments/<reference>/grants/revoke")
    def revoke(reference: str) -> Response:
        _, errors = face.change(
            queries.REVOKE_ACCESS, {"grant": request.form["grant"], "idempotencyKey": request.form["once"]}
        )
        flash(
            *((errors[0]["message"], "bad") if errors else ("Access revoked, from the next read on.", "good"))
        )
        return redirect(url_for("portal.shipment", reference=reference, _anchor="access"), 303)


def _page(
    face: Face,
    reference: str,
    entered: dict[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> str:
    data = face.ask(queries.SHIPMENT, reference=reference)
    shipment = data["shipment"]
    if shipment is None:
        abort(404)
    now = face.clock()
    documents = nodes(shipment["documents"])
    party = viewer(face)["party"]
    return render_template(
        "portal/shipment.html",
        shipment=shipment,
        stops=voyage.stops(shipment),
        map=route_map(
            [shipment["origin"], *shipment["transhipments"], shipment["destination"]],
            legs_done=voyage.legs_sailed(shipment),
        ),
        timeline=voyage.timeline(nodes(shipment["timeline"])),
        documents=documents,
        crossings=nodes(shipment["crossings"]),
        grants=_grants(documents, now),
        owned=party["name"] in (shipment["owner"]["name"], (shipment["forwarder"] or {}).get("name")),
        purposes=GRANT_PURPOSES,
        may_declare=not shipment["declaration"] or shipment["declaration"]["status"] in ENDED,
        entered=entered or {"validUntil": (now + timedelta(days=GRANT_DAYS)).date().isoformat()},
        errors={_beside(error["field"]): error["message"] for error in errors or ()},
    )


def _beside(field: str | None) -> str:
    """Return the field of the form beside which an error stands; empty for the form as a whole."""
    name = (field or "").partition(".")[0]
    return name if name in ("reader", "documents", "validUntil") else ""


def _grants(documents: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return the grants of these documents, each once, those in force first."""
    given = {grant["id"]: grant for document in documents for grant in document["grants"]}
    about = [{**grant, "standing": _standing(grant, now)} for grant in given.values()]
    return sorted(about, key=lambda grant: bool(grant["standing"] != "in force"))


def _standing(grant: dict[str, Any], now: datetime) -> str:
    if grant["revokedAt"]:
        return "revoked"
    return "in force" if moment(grant["validUntil"]) > now else "run out"


def _grant_input(form: dict[str, str], documents: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the mutation's input from the form, or what the form lacks."""
    try:
        last_day = datetime.combine(datetime.fromisoformat(form["validUntil"]).date(), time(23, 59, 59))
    except ValueError:
        return {}, [{"field": "validUntil", "message": "Choose the last day of the access."}]
    if not documents and not form.get("shipment"):
        return {}, [{"field": "documents", "message": "Choose at least one document, or the whole shipment."}]
    values = {
        "reader": form["reader"].strip(),
        "purpose": form["purpose"],
        "validUntil": last_day.isoformat() + "Z",
        "idempotencyKey": form["once"],
    }
    whole = form.get("shipment")
    return values | ({"shipment": whole} if whole else {"documents": documents}), []


PAGE = Page(
    add,
    items=(Item("shipments", "Shipments", SHIPPING),),
    queries=(
        queries.SHIPMENTS,
        queries.SHIPMENT,
        queries.SUBMIT_DECLARATION,
        queries.GRANT_ACCESS,
        queries.REVOKE_ACCESS,
    ),
)
