"""When a bank is closed: its days of rest of each week, and its holidays."""

from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.credit.days import Weekday
from isthmus_platform.credit.terms import FIRST_DAY, LAST_DAY
from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal.credits import day_queries as queries
from isthmus_portal.face import Face, roles
from isthmus_portal.forms import Act, Field, Filled, coded, row_fault
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]
LONGEST_NAME = 100


def add(portal: Blueprint, face: Face) -> None:
    """Add the page."""

    @portal.get("/banking-days")
    def banking_days() -> str:
        return _page(face, _asked(face))

    @portal.post("/banking-days")
    def banking_days_act() -> Answer:
        data = _asked(face)
        return forms.act(face, acts(data), partial(_page, face, data), url_for("portal.banking_days"))


def _asked(face: Face) -> dict[str, Any]:
    if PartyRole.BANK not in roles():
        abort(403)
    return face.ask(queries.DAYS)


def _page(face: Face, data: dict[str, Any], filled: Filled | None = None) -> str:
    today = face.clock().date().isoformat()
    return render_template(
        "portal/banking_days.html",
        rest=data["bankRestDays"],
        ahead=[each for each in data["bankHolidays"] if each["day"] >= today],
        past=[each for each in reversed(data["bankHolidays"]) if each["day"] < today],
        acts=acts(data),
        filled=filled,
    )


def acts(data: dict[str, Any]) -> list[Act]:
    """Return how a bank says when it is closed, given when it said so far."""
    return [
        Act(
            "rest",
            "Set the days of rest",
            queries.SET_REST_DAYS,
            "Your days of rest are set.",
            (
                Field(
                    "days",
                    "Closed each week on",
                    "choices",
                    required=False,
                    value=" ".join(data["bankRestDays"]),
                    options=coded(Weekday, {}),
                ),
            ),
            note="What was presented before keeps the day by which it must be examined.",
            shape=lambda given: {"days": given.get("days", [])},
        ),
        Act(
            "holidays",
            "Add holidays",
            queries.ADD_HOLIDAYS,
            "The holidays are added.",
            (
                Field(
                    "holidays",
                    "Holidays, a line each",
                    "lines",
                    cells=("day", "name"),
                    hint="2026-12-25, Christmas Day",
                    longest=50_000,
                ),
            ),
            note="A day that is given stays: it may have moved the day by which somebody must be answered.",
            shape=_by_day,
        ),
    ]


def _by_day(given: dict[str, Any]) -> dict[str, Any]:
    """Return the holidays as the schema takes them: each day with its name."""
    found: dict[str, str] = {}
    for number, row in enumerate(given["holidays"], start=1):
        try:
            day = date.fromisoformat(row.get("day", ""))
        except ValueError:
            raise row_fault("holidays", number, "A day such as 2028-02-29, then its name.") from None
        name, written = row.get("name", ""), day.isoformat()
        if not FIRST_DAY <= day <= LAST_DAY:
            raise row_fault("holidays", number, f"A day from {FIRST_DAY} to {LAST_DAY}.")
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise row_fault("holidays", number, f"The name of the day, at most {LONGEST_NAME} characters.")
        if written in found:
            raise row_fault("holidays", number, f"{written} stands in another row too.")
        found[written] = name
    return {"holidays": found}


PAGE = Page(
    add,
    items=(Item("banking_days", "Banking days", BANKS, FINANCE),),
    queries=(queries.DAYS, queries.ADD_HOLIDAYS, queries.SET_REST_DAYS),
)
