"""Documentary credits: the list, one with its life, balance and presentations, and its parties' steps."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform import document_types
from isthmus_platform.credit.days import Calendar, Weekday
from isthmus_platform.database import PartyRole
from isthmus_platform.errors import InvalidInput
from isthmus_portal.credits import balance, queries, standing, terms
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

STEPS = ("ISSUE", "DECLINE", "ADVISE", "CLOSE")
SETTLING = ("WAIVE", "RETURN", "ACCEPT", "PAY", "REIMBURSE", "REPAY")
DISPOSALS = {
    "HOLD": "We hold the documents pending your instructions",
    "RETURN": "We return the documents",
    "NOTIFY": "We hold the documents until the applicant waives, and we agree",
}
"""What a notice of refusal says of the documents (UCP 600 article 16 c iii)."""
MESSAGES = ("mt700", "mt707", "mt734")
LIFE = {
    "APPLY": "Applied for",
    "ISSUE": "Issued",
    "DECLINE": "Declined",
    "ADVISE": "Advised to the beneficiary",
    "CLOSE": "Closed",
    "AMEND": "Amendment proposed",
    "ACCEPT_AMENDMENT": "Amendment accepted",
    "REFUSE_AMENDMENT": "Amendment refused",
    "PRESENT": "Documents presented",
    "EXAMINE": "Documents examined",
    "PRECLUDE": "Not examined in five banking days: it can no longer be refused",
    "WAIVE": "Discrepancies waived",
    "RETURN": "Documents returned",
    "ACCEPT": "Accepted, to be paid at maturity",
    "PAY": "Paid",
    "REIMBURSE": "Reimbursed",
}
PARTS = {
    "APPLICANT": "Applicant",
    "ISSUING": "Issuing bank",
    "ADVISING": "Advising bank",
    "BENEFICIARY": "Beneficiary",
    "RETURNED": "Returned",
}
TONES = {
    "ADVISED": "good",
    "DECLINED": "bad",
    "PRESENTED": "warn",
    "COMPLYING": "good",
    "DISCREPANT": "bad",
    "WAIVED": "warn",
    "RETURNED": "bad",
    "ACCEPTED": "good",
    "REIMBURSED": "good",
}


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, a credit, its steps and its messages."""

    @portal.get("/credits")
    def documentary_credits() -> str:
        data = face.ask(queries.CREDITS, **paging.position())
        me, today = viewer(face)["party"]["name"], face.clock().date()
        rows = [_row(credit, me, today) for credit in nodes(data["credits"])]
        return render_template(
            "portal/credits.html",
            rows=rows,
            links=paging.links(data["credits"]),
            may_apply=PartyRole.TRADER in roles(),
        )

    @portal.get("/credits/<id>")
    def credit(id: str) -> str:  # noqa: A002 (the route's word)
        return show(face, id)

    @portal.get("/download/credits/<id>/<any(mt700, mt707, mt734):kind>")
    def credit_message(id: str, kind: str) -> Response:  # noqa: A002
        found = face.ask(queries.MESSAGES, id=id)["node"] or {}
        text = found.get(kind)
        if text is None:
            abort(404)
        said = str(found.get("reference") or found["number"])
        name = "".join(letter for letter in said if letter.isalnum() or letter == "-")
        answer = Response(text, content_type="text/plain; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{kind}-{name}.txt"'
        return answer

    _add_changes(portal, face)


def _add_changes(portal: Blueprint, face: Face) -> None:
    @portal.post("/credits/<id>/step")
    def credit_step(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        values = {"credit": id, "step": _one_of(STEPS, "step")}
        return _made(face, id, queries.STEP, values | _message("mt700"))

    @portal.post("/credits/<id>/amendments")
    def credit_amend(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        found = one(face, id)
        if "mt707" in request.form:
            return _made(face, id, queries.AMEND, {"credit": id} | _message("mt707"))
        try:
            changes = terms.changes_from_form(request.form, found["terms"]["currency"])
        except InvalidInput as refusal:
            return show(face, id, refusal.message), 422
        return _made(face, id, queries.AMEND, {"credit": id, "changes": changes})

    @portal.post("/credits/<id>/amendments/answer")
    def credit_answer(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        accept = _one_of(("yes", "no"), "accept") == "yes"
        values = {"amendment": request.form["amendment"], "accept": accept}
        return _made(face, id, queries.ANSWER, values)

    @portal.post("/credits/<id>/examination")
    def credit_examine(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        values = {"presentation": request.form["presentation"]} | _message("mt734")
        if "mt734" not in values:
            values["disposal"] = _one_of(tuple(DISPOSALS), "disposal")
        return _made(face, id, queries.EXAMINE, values)

    @portal.post("/credits/<id>/settlement")
    def credit_settle(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        values = {"presentation": request.form["presentation"], "step": _one_of(SETTLING, "step")}
        return _made(face, id, queries.SETTLE, values)


def one(face: Face, credit_id: str) -> dict[str, Any]:
    """Return a credit that the party sees; 404 where there is none."""
    found: dict[str, Any] | None = face.ask(queries.CREDIT, id=credit_id)["credit"]
    if found is None:
        abort(404)
    return found


def show(face: Face, credit_id: str, refusal: str | None = None) -> str:
    """Return the page of a credit."""
    found, me, now = one(face, credit_id), viewer(face)["party"]["name"], face.clock()
    turns = standing.every(found, now.date())
    calendar = _calendar(face)
    presentations = [
        {
            **presentation,
            "turns": _mine(standing.of_presentation(found, presentation, now.date()), me),
            "daysLeft": standing.days_left(presentation["examineBy"], now.date(), calendar),
            "papers": _papers(presentation),
        }
        for presentation in reversed(found["presentations"])
    ]
    amendments = [
        {
            **amendment,
            "changed": terms.changed(amendment["changes"], found["terms"]["currency"]),
            "turns": _mine(standing.of_amendment(found, amendment), me),
        }
        for amendment in reversed(found["amendments"])
    ]
    return render_template(
        "portal/credit.html",
        credit=found,
        me=me,
        mine=standing.parts(found, me),
        facts=terms.facts(found["terms"]),
        required=terms.required(found["terms"]),
        chart=balance.chart(found, now),
        life=LIFE,
        turns=_mine(standing.of_credit(found, now.date()), me),
        awaited=standing.by_party(turns),
        presentations=presentations,
        amendments=amendments,
        disposals=DISPOSALS,
        counted="banking day" if PartyRole.BANK in roles() else "weekday",
        refusal=refusal,
        entered=request.form if refusal else {},
    )


def _row(credit: dict[str, Any], me: str, today: date) -> dict[str, Any]:
    turns = standing.every(credit, today)
    return {
        "credit": credit,
        "parts": standing.parts(credit, me),
        "awaited": standing.by_party(turn for turn in turns if turn.party["name"] == me),
    }


def _mine(turns: list[standing.Turn], me: str) -> list[str]:
    return [turn.action.value for turn in turns if turn.party["name"] == me]


def _calendar(face: Face) -> Calendar:
    """Return the banking days of the bank that looks; those of other banks are not told."""
    if PartyRole.BANK not in roles():
        return standing.WEEKDAYS
    told = face.ask(queries.HOLIDAYS)
    holidays = (date.fromisoformat(each["day"]) for each in told["bankHolidays"])
    return Calendar.of(holidays, map(Weekday, told["bankRestDays"]))


def _papers(presentation: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Return each presented document: its name, its number, how many originals and copies."""
    return [
        (
            document_types.name_of(it["type"]),
            it["data"].get("number", ""),
            it["face"].get("originals", 1),
            it["face"].get("copies", 0),
        )
        for it in presentation["documents"]
    ]


def _message(tag: str) -> dict[str, str]:
    """Return the SWIFT text that was handed in as ``tag``, its line ends made single; nothing of none."""
    text = "\n".join(request.form.get(tag, "").strip().splitlines())
    return {tag: text} if text else {}


def _one_of(known: tuple[str, ...], field: str) -> str:
    value = request.form.get(field, "")
    if value not in known:
        abort(400)
    return value


def _made(face: Face, credit_id: str, change: str, values: dict[str, Any]) -> AnyResponse | tuple[str, int]:
    _, errors = face.change(change, values | {"idempotencyKey": request.form["once"]})
    if errors:
        return show(face, credit_id, errors[0]["message"]), 422
    flash("Done, and in the history below.", "good")
    return redirect(url_for("portal.credit", id=credit_id), 303)


PAGE = Page(
    add,
    items=(Item("documentary_credits", "Documentary credits", BANKS | {PartyRole.TRADER}, FINANCE),),
    queries=(
        queries.CREDITS,
        queries.CREDIT,
        queries.HOLIDAYS,
        queries.MESSAGES,
        queries.STEP,
        queries.AMEND,
        queries.ANSWER,
        queries.EXAMINE,
        queries.SETTLE,
    ),
    words=PARTS,
    tones=TONES,
)
