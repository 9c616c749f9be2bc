"""Financeable truth: what a bank with a grant may know of a consignment, by parts, each with its proof."""

from typing import Any

from flask import Blueprint, render_template, request

from isthmus_portal.entered import marks, text
from isthmus_portal.face import Face
from isthmus_portal.formats import money
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages.page import Page

TRUTH = """
query PortalFinanceableTruth($ucr: String!, $marks: [String!]) {
  financeableTruth(ucr: $ucr, marks: $marks) {
    ucr at
    declaration { ...Part exists released }
    balance { ...Part left { amountMinor currency } }
    duplicate { ...Part byAnother byYou }
    title { ...Part title holder { name legalName } state free }
    insurance { ...Part insured number insurer amount currency clauses }
  }
}
fragment Part on TruthPart { known why source at proof { kind value sequence kid url } }
"""
PARTS = {
    "declaration": "The declaration",
    "balance": "Not financed yet",
    "duplicate": "This invoice",
    "title": "The title",
    "insurance": "The insurance",
}


def add(portal: Blueprint, face: Face) -> None:
    """Add the page; a question is posted, since each is metered and told to the owner."""

    @portal.route("/truth", methods=["GET", "POST"])
    def truth() -> str | tuple[str, int]:
        ucr = text(request.form, "ucr")
        if request.method == "GET":
            return render_template("portal/truth.html", ucr="", marks="", told=None, refusal=None)
        found = face.ask(TRUTH, ucr=ucr, marks=marks(request.form) or None)["financeableTruth"]
        refusal = None if found else "There is no such consignment, or its owner has not granted it to you."
        page = render_template(
            "portal/truth.html",
            ucr=ucr,
            marks=request.form.get("marks", ""),
            told=found and [(label, found[name], _said(name, found[name])) for name, label in PARTS.items()],
            refusal=refusal,
        )
        return page if found else (page, 422)


def _said(name: str, part: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a part says as labels and words; nothing of a part that is not known."""
    return _SAYS[name](part) if part["known"] else []


def _yes(holds: bool | None) -> str:  # noqa: FBT001 (a word of the schema)
    return "—" if holds is None else "Yes" if holds else "No"


def _declaration(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Exists", _yes(part["exists"])), ("Released", _yes(part["released"]))]


def _balance(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Left to finance", money(each)) for each in part["left"]]


def _duplicate(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [("Financed by another bank", _yes(part["byAnother"])), ("Financed by you", _yes(part["byYou"]))]


def _title(part: dict[str, Any]) -> list[tuple[str, str]]:
    holder = part["holder"] or {}
    return [
        ("Holder", holder.get("legalName") or holder.get("name") or "Not told"),
        ("State", (part["state"] or "—").replace("_", " ").capitalize()),
        ("Free of liens and holds", _yes(part["free"])),
    ]


def _insurance(part: dict[str, Any]) -> list[tuple[str, str]]:
    worth = " ".join(filter(None, (part["amount"], part["currency"])))
    rows = [("Certificate", part["number"]), ("Insurer", part["insurer"]), ("For", worth)]
    told = [("Insured", _yes(part["insured"])), *rows, ("Clauses", part["clauses"])]
    return [(label, said) for label, said in told if said]


_SAYS = {
    "declaration": _declaration,
    "balance": _balance,
    "duplicate": _duplicate,
    "title": _title,
    "insurance": _insurance,
}

PAGE = Page(add, items=(Item("truth", "Financeable truth", BANKS, FINANCE),), queries=(TRUTH,))
