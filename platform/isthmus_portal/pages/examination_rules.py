"""A bank's own examination rules: written, tried on past presentations with what came of it, on and off."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform import document_types
from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal.credits import rule_queries as queries
from isthmus_portal.face import Face, roles
from isthmus_portal.forms import Act, Field, Filled
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, and the page of a rule."""

    @portal.get("/examination-rules")
    def examination_rules() -> str:
        return _list(_asked_all(face))

    @portal.post("/examination-rules")
    def examination_rules_act() -> Answer:
        data = _asked_all(face)
        return forms.act(face, [_write()], partial(_list, data), url_for("portal.examination_rules"))

    @portal.get("/examination-rules/<id>")
    def examination_rule(id: str) -> str:  # noqa: A002 (the route's word)
        return _page(_asked(face, id))

    @portal.post("/examination-rules/<id>")
    def examination_rule_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        rule = _asked(face, id)
        back = url_for("portal.examination_rule", id=id)
        return forms.act(face, _every(rule), partial(_page, rule), back)


def _asked_all(face: Face) -> dict[str, Any]:
    if PartyRole.BANK not in roles():
        abort(403)
    return face.ask(queries.RULES)


def _asked(face: Face, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.RULE, id=id_)["node"]
    if not found:
        abort(404)
    return found


def _list(data: dict[str, Any], filled: Filled | None = None) -> str:
    return render_template(
        "portal/examination_rules.html",
        rules=data["examinationRules"],
        standing=[(each, _of(each)) for each in data["standingRules"]],
        acts=[_write()],
        filled=filled,
    )


def _of(rule: dict[str, Any]) -> str:
    return ", ".join(map(document_types.name_of, rule["documents"])) or "All documents"


def _page(rule: dict[str, Any], filled: Filled | None = None) -> str:
    return render_template(
        "portal/examination_rule.html",
        rule=rule,
        acts=forms.shown(_every(rule), _may(rule), filled),
        filled=filled,
        newest=next(iter(rule["trials"]), None),
    )


def _fields(rule: dict[str, Any]) -> tuple[Field, ...]:
    return (
        Field(
            "article", "What it rests on", value=rule.get("article", ""), hint="Bank policy 7", longest=200
        ),
        Field("says", "What it holds", value=rule.get("says", ""), longest=200),
        Field(
            "condition",
            "When there is a discrepancy (CEL)",
            "area",
            value=rule.get("condition", ""),
            hint="documents.exists(d, d.type == '705' && d.data.vessel == 'Meridian Aurora')",
        ),
    )


def _write() -> Act:
    return Act(
        "write",
        "Write a rule",
        queries.WRITE,
        "The rule is a draft: try it on past presentations next.",
        (Field("code", "Code", hint="Capitals, digits, underscores.", longest=40), *_fields({})),
        note="Of credit, presentation and documents. What has no answer is a discrepancy too.",
        then=lambda payload: url_for("portal.examination_rule", id=payload["rule"]["id"]),
    )


def _every(rule: dict[str, Any]) -> list[Act]:
    """Return all that is ever done to a rule; :func:`_may` says what may be done now."""
    fixed = {"rule": rule["id"]}
    return [
        Act(
            "try",
            "Try it on past presentations",
            queries.TRY,
            "It is tried; what it would have found is kept here.",
            fixed=fixed,
        ),
        Act(
            "on",
            "Turn it on",
            queries.SWITCH,
            "It is held in every examination from now on.",
            fixed={**fixed, "on": True},
        ),
        Act(
            "off",
            "Turn it off",
            queries.SWITCH,
            "It is held no more.",
            fixed={**fixed, "on": False},
            danger=True,
        ),
        Act(
            "write",
            "Write it anew",
            queries.WRITE,
            "It is a draft again: try it on past presentations next.",
            _fields(rule),
            fixed={"code": rule["code"]},
            note="It is not held until it is tried as it is written then, and turned on.",
        ),
    ]


def _may(rule: dict[str, Any]) -> tuple[str, ...]:
    if rule["state"] == "ON":
        return ("try", "off", "write")
    return ("try", "on", "write") if rule["triedAt"] else ("try", "write")


PAGE = Page(
    add,
    items=(Item("examination_rules", "Examination rules", BANKS, FINANCE),),
    queries=(queries.RULES, queries.RULE, queries.WRITE, queries.TRY, queries.SWITCH),
    tones={"ON": "good"},
)
