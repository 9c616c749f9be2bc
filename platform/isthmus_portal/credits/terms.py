"""The terms of a credit on a page: as facts to read, and as a form to fill in."""

from collections.abc import Mapping
from typing import Any

from isthmus_platform import document_types
from isthmus_portal.entered import lines, minor, text, whole
from isthmus_portal.formats import day, money

AVAILABLE_BY = {
    "SIGHT": "payment at sight",
    "ACCEPTANCE": "acceptance",
    "DEFERRED": "deferred payment",
    "NEGOTIATION": "negotiation",
}
AVAILABLE_WITH = {"ISSUING": "the issuing bank", "ADVISING": "the advising bank"}
REQUIRED = ("380", "705", "710", "520", "271", "861")
"""Types of documents that the form of an application offers."""
CHANGES = {
    "increaseMinor": "Increase",
    "decreaseMinor": "Decrease",
    "expiresOn": "Expires",
    "expiresAt": "Expires in",
    "latestShipment": "Latest shipment",
    "partialShipments": "Partial shipments",
    "transhipment": "Transhipment",
    "loading": "From",
    "discharge": "To",
    "goods": "Goods",
    "presentationDays": "Days to present after shipment",
}


def facts(terms: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the terms as labels and what stands beside them."""
    amount = {"amountMinor": terms["amountMinor"], "currency": terms["currency"]}
    plus, minus = terms.get("tolerancePlus", 0), terms.get("toleranceMinus", 0)
    tolerance = f", {plus} % more or {minus} % less" if plus or minus else ""
    rows = [
        ("Amount", money(amount) + tolerance),
        ("Available", _available(terms)),
        ("Expires", f"{day(terms['expiresOn'])}, {terms['expiresAt']}"),
        ("Latest shipment", day(terms["latestShipment"]) if terms.get("latestShipment") else ""),
        ("From", _place(terms.get("loading"))),
        ("To", _place(terms.get("discharge"))),
        ("Partial shipments", _allowed(terms.get("partialShipments", True))),
        ("Transhipment", _allowed(terms.get("transhipment", True))),
        ("Trade term", " ".join(terms[name] for name in ("incoterm", "incotermPlace") if terms.get(name))),
        ("Presentation", f"within {terms.get('presentationDays', 21)} days of shipment"),
        ("Bill of lading to", terms.get("billTo")),
        ("Notify", terms.get("notify")),
        ("Freight", (terms.get("freight") or "").capitalize()),
        ("Insurance", _insurance(terms)),
    ]
    return [(label, said) for label, said in rows if said]


def required(terms: Mapping[str, Any]) -> list[str]:
    """Return the documents that are required, in words."""
    return [
        document_types.name_of(one["type"])
        + "".join(
            f", {count} {what}{'' if count == 1 or what == 'copies' else 's'}"
            for what, count in (("original", one.get("originals", 1)), ("copies", one.get("copies", 0)))
            if count
        ).replace(", 1 copies", ", 1 copy")
        + (f"; {one['wording']}" if one.get("wording") else "")
        for one in terms["documents"]
    ]


def changed(changes: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """Return what an amendment changes, as labels and what is to stand beside them."""
    found = [(name, label) for name, label in CHANGES.items() if name in changes]
    return [(label, _change(name, changes[name], currency)) for name, label in found]


def _change(name: str, value: Any, currency: str) -> str:
    if name.endswith("creaseMinor"):
        return money({"amountMinor": value, "currency": currency})
    if isinstance(value, bool):
        return _allowed(value)
    if name in ("expiresOn", "latestShipment"):
        return day(value)
    return _place(value) if isinstance(value, dict) else str(value)


def _allowed(value: bool) -> str:  # noqa: FBT001 (a term of the credit)
    return "allowed" if value else "not allowed"


def _place(place: Mapping[str, Any] | None) -> str:
    return " ".join(place[name] for name in ("name", "code") if place.get(name)) if place else ""


def _available(terms: Mapping[str, Any]) -> str:
    said = f"with {AVAILABLE_WITH[terms.get('availableWith', 'ISSUING')]}"
    said += f", by {AVAILABLE_BY[terms.get('availableBy', 'SIGHT')]}"
    if terms.get("tenorDays"):
        said += f", {terms['tenorDays']} days after {terms['tenorFrom'].lower()}"
    return said


def _insurance(terms: Mapping[str, Any]) -> str:
    clauses = f", {terms['insuranceClauses']}" if terms.get("insuranceClauses") else ""
    return f"{terms.get('insurancePercent', 110)} %{clauses}"


def from_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the terms that a form says, as ``applyForCredit`` reads them; what is left empty is left out."""
    currency = text(form, "currency").upper()
    terms: dict[str, Any] = {
        "reference": text(form, "reference"),
        "currency": currency,
        "amountMinor": minor(form.get("amount", ""), currency, "amount"),
        "applicant": lines(form, "applicantLines"),
        "beneficiary": lines(form, "beneficiaryLines"),
        "documents": _documents(form),
        "partialShipments": form.get("partialShipments") == "yes",
        "transhipment": form.get("transhipment") == "yes",
        "conditions": lines(form, "conditions"),
    }
    for name in ("tenorDays", "tolerancePlus", "toleranceMinus", "insurancePercent", "presentationDays"):
        if text(form, name):
            terms[name] = whole(form, name)
    for name in _TEXTS:
        if text(form, name):
            terms[name] = " ".join(form[name].split())
    return terms | _places(form)


_TEXTS = (
    "expiresOn",
    "expiresAt",
    "goods",
    "availableWith",
    "availableBy",
    "tenorFrom",
    "latestShipment",
    "incoterm",
    "incotermPlace",
    "billTo",
    "notify",
    "freight",
    "insuranceClauses",
)


def changes_from_form(form: Mapping[str, str], currency: str) -> dict[str, Any]:
    """Return what a form changes, as ``proposeCreditAmendment`` reads it; what is left empty stays."""
    changes: dict[str, Any] = {}
    for name in ("increase", "decrease"):
        if text(form, name):
            changes[f"{name}Minor"] = minor(form[name], currency, name)
    for name in ("expiresOn", "expiresAt", "latestShipment", "goods"):
        if text(form, name):
            changes[name] = " ".join(form[name].split())
    for name in ("partialShipments", "transhipment"):
        if text(form, name):
            changes[name] = form[name] == "yes"
    if text(form, "presentationDays"):
        changes["presentationDays"] = whole(form, "presentationDays")
    return changes | _places(form)


def _places(form: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name in ("loading", "discharge"):
        given = {"code": text(form, name).upper(), "name": text(form, f"{name}Name")}
        if given["code"]:
            found[name] = {key: value for key, value in given.items() if value}
    return found


def _documents(form: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for code in REQUIRED:
        counts = {what: text(form, f"{what}-{code}") or "0" for what in ("originals", "copies")}
        if any(count.strip("0") for count in counts.values()):
            numbers = {what: whole({what: count}, what) for what, count in counts.items()}
            found.append({"type": code, **numbers})
    return found
