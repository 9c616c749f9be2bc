"""Risk: a member's rules with their runs on history, the one screen of a shipment, findings about oneself."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal import risk_queries as queries
from isthmus_portal.face import Face, nodes, viewer
from isthmus_portal.forms import Filled
from isthmus_portal.navigation import RISK, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages import risk_acts as acts
from isthmus_portal.pages.page import Page

MEMBERS = frozenset(PartyRole) - {PartyRole.OPERATOR, PartyRole.AUTHORITY}
WIDTH = 100.0
"""Of the chart, in its own units."""
Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the lists, and the pages of a rule and of a shipment."""

    @portal.get("/risk")
    def risk() -> Answer | str:
        if request.args.get("reference"):
            return redirect(url_for("portal.risk_shipment", reference=request.args["reference"].strip()), 303)
        return _lists(face.ask(queries.LISTS, **paging.position()))

    @portal.post("/risk")
    def risk_act() -> Answer:
        data = face.ask(queries.LISTS, **paging.position())
        every = [acts.write(), *acts.of_notices(nodes(data["riskNotices"]))]
        return forms.act(face, every, partial(_lists, data), url_for("portal.risk"))

    @portal.get("/risk/rules/<id>")
    def risk_rule(id: str) -> str:  # noqa: A002 (the route's word)
        return _rule(_asked_rule(face, id))

    @portal.post("/risk/rules/<id>")
    def risk_rule_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        rule = _asked_rule(face, id)
        back = url_for("portal.risk_rule", id=id)
        return forms.act(face, acts.of_rule(rule), partial(_rule, rule), back)

    @portal.get("/risk/shipments/<reference>")
    def risk_shipment(reference: str) -> str:
        return _screen(_asked_screen(face, reference))

    @portal.get("/risk/parties/<name>")
    def risk_party(name: str) -> str:
        found = face.ask(queries.PARTY, name=name)["partyRisk"]
        return render_template("portal/risk_party.html", it=found or abort(404))

    @portal.post("/risk/shipments/<reference>")
    def risk_shipment_act(reference: str) -> Answer:
        screen = _asked_screen(face, reference)
        back = url_for("portal.risk_shipment", reference=reference)
        return forms.act(face, acts.of_screen(screen), partial(_screen, screen), back)


def _asked_rule(face: Face, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.RULE, id=id_)["riskRule"]
    if found is None:
        abort(404)
    return found


def _asked_screen(face: Face, reference: str) -> dict[str, Any]:
    """Return the screen; papers are compared for their owner alone, for others' reads are in its log."""
    shipment = face.ask(queries.SHIPMENT, reference=reference)["shipment"] or abort(404)
    own = shipment["owner"]["name"] == viewer(face)["party"]["name"]
    found: dict[str, Any] | None = face.ask(queries.SCREEN, id=shipment["id"], own=own)["shipmentRisk"]
    return found or abort(404)


def _lists(data: dict[str, Any], filled: Filled | None = None) -> str:
    notices = nodes(data["riskNotices"])
    return render_template(
        "portal/risk.html",
        rules=nodes(data["riskRules"]),
        links=paging.links(data["riskRules"]),
        findings=nodes(data["riskFindings"]),
        notices=notices,
        acts=[acts.write(), *acts.of_notices(notices)],
        filled=filled,
        chart=chart,
    )


def _rule(rule: dict[str, Any], filled: Filled | None = None) -> str:
    runs = rule["simulations"]
    caught = nodes(runs[0]["catches"]) if runs else []
    return render_template(
        "portal/risk_rule.html",
        rule=rule,
        runs=runs,
        caught=caught,
        acts=acts.of_rule(rule),
        filled=filled,
        chart=chart,
    )


def _screen(screen: dict[str, Any], filled: Filled | None = None) -> str:
    every = acts.of_screen(screen)
    return render_template(
        "portal/risk_shipment.html",
        screen=screen,
        titles={each["id"]: each["title"] for each in nodes(screen["shipment"]["documents"])},
        acts=[each for each in every if each.name == "assess"],
        of=partial(acts.verbs_of, every),
        filled=filled,
    )


def chart(run: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return the parts of a run's bar: class, where it begins, how wide it is, of :data:`WIDTH`.

    What was confirmed before, what was dismissed before, what else is caught, and what is not.
    """
    if not run["done"]:
        return []
    decided = run["confirmed"] + run["dismissed"]
    parts = (
        ("confirmed", run["confirmed"]),
        ("dismissed", run["dismissed"]),
        ("caught", run["caught"] - decided),
        ("rest", run["done"] - run["caught"]),
    )
    found, begins = [], 0.0
    for name, count in parts:
        width = WIDTH * count / run["done"]
        if count:
            found.append((name, round(begins, 3), round(width, 3)))
        begins += width
    return found


PAGE = Page(
    add,
    items=(Item("risk", "Risk rules", MEMBERS, RISK),),
    queries=(
        queries.LISTS,
        queries.RULE,
        queries.SHIPMENT,
        queries.SCREEN,
        queries.PARTY,
        queries.WRITE,
        queries.SIMULATE,
        queries.ACTIVATE,
        queries.RETIRE,
        queries.ASSESS,
        queries.DECIDE,
        queries.REVIEW,
        queries.APPEAL,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
