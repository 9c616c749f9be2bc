"""What a member may do about risk, and the party that a finding is about: the forms of their pages."""

from typing import Any

from flask import url_for

from isthmus_portal import risk_queries as queries
from isthmus_portal.forms import Act, Field, coded

ABOUT = ("SHIPMENT", "DOCUMENT", "OWNER", "CARRIER", "FORWARDER")
CATEGORIES = ("PRICE", "ROUTE", "NEW_PARTY", "INVOICES", "WEIGHTS", "MONEY", "OTHER")
WORDS = {"LODGED": "Appealed", "NEW_PARTY": "New party"}
TONES = {"SIMULATED": "warn", "LODGED": "warn"}
REASON = Field("reason", "Why", "area", longest=500)
_SEP = "."


def write() -> Act:
    """Return the writing of a rule."""
    return Act(
        "write",
        "Write a rule",
        queries.WRITE,
        "The rule is a draft: run it on your history next.",
        (
            Field(
                "code",
                "Code",
                hint="Capitals, digits, underscores. A known one: its next version.",
                longest=40,
            ),
            Field("about", "Findings are about", "choice", options=coded(ABOUT, WORDS)),
            Field("category", "Category", "choice", options=coded(CATEGORIES, WORDS)),
            Field("says", "What it holds", longest=200),
            Field("condition", "When it catches (CEL)", "area", hint="price.known && price.deviation > 3.5"),
        ),
        then=lambda payload: url_for("portal.risk_rule", id=payload["rule"]["id"]),
    )


def of_rule(rule: dict[str, Any]) -> list[Act]:
    """Return what may be done with a version of a rule now."""
    fixed = {"rule": rule["id"]}
    running = any(run["finishedAt"] is None for run in rule["simulations"])
    simulate = Act(
        "simulate",
        "Run it on your history",
        queries.SIMULATE,
        "It runs: look again to see how far it is.",
        (Field("reviewCost", "What one review costs you", "price", hint="25.00 USD"),),
        fixed=fixed,
    )
    activate = Act(
        "activate", "Activate", queries.ACTIVATE, "From now on, what it catches is a finding.", fixed=fixed
    )
    retire = Act("retire", "Retire", queries.RETIRE, "It is retired.", fixed=fixed, danger=True)
    return [
        *([simulate] if rule["state"] in ("DRAFT", "SIMULATED") and not running else []),
        *([activate] if rule["state"] == "SIMULATED" else []),
        *([retire] if rule["state"] != "RETIRED" else []),
    ]


def of_screen(screen: dict[str, Any]) -> list[Act]:
    """Return what may be done about a shipment now: look again, decide open findings, answer appeals."""
    looked = "Your active rules were held against it."
    acts = [
        Act(
            "assess",
            "Hold your rules against it",
            queries.ASSESS,
            looked,
            fixed={"shipment": screen["shipment"]["id"]},
        )
    ]
    for each in screen["findings"]:
        acts += _of_finding(each)
    return acts


def _of_finding(found: dict[str, Any]) -> list[Act]:
    fixed = {"finding": found["id"]}
    if found["state"] == "OPEN":
        return [
            Act(
                name_of(verb, found),
                said,
                queries.DECIDE,
                done,
                (REASON,),
                fixed={**fixed, "confirm": confirm},
            )
            for verb, said, done, confirm in (
                ("confirm", "Confirm", "The finding is confirmed.", True),
                ("dismiss", "Dismiss", "The finding is dismissed.", False),
            )
        ]
    if found["appeal"] and found["appeal"]["state"] == "LODGED":
        return [
            Act(
                name_of(verb, found), said, queries.REVIEW, done, (REASON,), fixed={**fixed, "uphold": uphold}
            )
            for verb, said, done, uphold in (
                ("uphold", "Uphold the finding", "The finding stands.", True),
                ("withdraw", "Withdraw the finding", "The finding is withdrawn.", False),
            )
        ]
    return []


def name_of(verb: str, found: dict[str, Any]) -> str:
    """Return the name of the act that decides of a finding, or answers the appeal against it."""
    return f"{verb}{_SEP}{found['id']}"


def verbs_of(acts: list[Act], found: dict[str, Any]) -> list[Act]:
    """Return those of ``acts`` that are about a finding."""
    return [each for each in acts if each.name.endswith(f"{_SEP}{found['id']}")]


def of_notices(notices: list[dict[str, Any]]) -> list[Act]:
    """Return the appeal against a confirmed finding, if there is any that was not appealed."""
    open_ones = [one for one in notices if one["state"] == "CONFIRMED" and not one["appeal"]]
    if not open_ones:
        return []
    return [
        Act(
            "appeal",
            "Appeal against a finding",
            queries.APPEAL,
            "Your appeal is with the member whose finding it is; somebody else there looks again.",
            (
                Field(
                    "notice",
                    "Finding about you",
                    "choice",
                    options=tuple(
                        (one["id"], f"{one['category'].capitalize()}, {one['openedAt'][:10]}")
                        for one in open_ones
                    ),
                ),
                Field("statement", "What you say", "area"),
            ),
        )
    ]
