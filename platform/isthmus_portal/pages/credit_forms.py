"""The two long forms of credits: the application for one, and the presentation of documents under one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform import document_types
from isthmus_platform.credit.case import CAPACITIES
from isthmus_platform.errors import InvalidInput
from isthmus_portal.credits import presenting, queries, terms
from isthmus_portal.entered import minor, text
from isthmus_portal.face import Face, nodes, viewer
from isthmus_portal.formats import document_of
from isthmus_portal.pages.documentary_credits import one
from isthmus_portal.pages.page import Page

USUAL = {
    "currency": "USD",
    "availableBy": "SIGHT",
    "availableWith": "ISSUING",
    "partialShipments": "no",
    "transhipment": "no",
    "insurancePercent": "110",
    "presentationDays": "21",
    "originals-380": "1",
    "originals-705": "3",
    "originals-271": "1",
}
"""What an application holds before it is filled in."""
BESIDE = {
    "issuing": "issuingBank",
    "advising": "advisingBank",
    "amountMinor": "amount",
    "applicant": "applicantLines",
}
"""Fields of the form by what the schema calls them."""
PARTY_CODES = ("unknown_party", "wrong_role", "same_party")

Errors = list[dict[str, Any]]


def add(portal: Blueprint, face: Face) -> None:
    """Add both forms."""

    @portal.get("/credits/apply")
    def credit_apply() -> str:
        party = viewer(face)["party"]
        return _application(USUAL | {"applicantLines": (party["legalName"] or party["name"])[:35]}, [])

    @portal.post("/credits/apply")
    def credit_applied() -> AnyResponse | tuple[str, int]:
        form = request.form.to_dict()
        names = {name: form.get(name, "").strip() for name in ("issuingBank", "advisingBank")}
        values = names | {"beneficiary": form.get("beneficiaryName", "").strip()}
        values["idempotencyKey"] = form["once"]
        try:
            said: dict[str, Any]
            message = form.get("mt700", "").strip()
            said = {"mt700": _lines(message)} if message else {"terms": terms.from_form(form)}
        except InvalidInput as refusal:
            return _application(form, _said(refusal)), 422
        payload, errors = face.change(queries.APPLY, values | said)
        if errors:
            return _application(form, errors), 422
        flash("The bank has your application.", "good")
        return redirect(url_for("portal.credit", id=payload["credit"]["id"]), 303)

    @portal.get("/credits/<id>/present")
    def credit_present(id: str) -> str:  # noqa: A002 (the route's word)
        return _presentation(face, id, {}, [])

    @portal.post("/credits/<id>/present")
    def credit_presented(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002
        form, chosen = request.form.to_dict(), request.form.getlist("documents")
        currency = one(face, id)["terms"]["currency"]
        try:
            amount = minor(text(form, "amount"), currency, "amount")
            documents = [presenting.document(face, g.actor, _key(key), form) for key in chosen]
            documents += presenting.from_elsewhere(form.get("elsewhere", ""))
        except InvalidInput as refusal:
            return _presentation(face, id, form, _said(refusal)), 422
        values = {
            "credit": id,
            "reference": form.get("reference", "").strip(),
            "amount": {"amountMinor": amount, "currency": currency},
            "documents": documents,
            "ucr": text(form, "ucr") or None,
            "idempotencyKey": form["once"],
        }
        _, errors = face.change(queries.PRESENT, values)
        if errors:
            return _presentation(face, id, form, presenting.placed(errors, chosen)), 422
        flash("The documents are presented; the bank has five banking days.", "good")
        return redirect(url_for("portal.credit", id=id), 303)


def _application(entered: Mapping[str, str], errors: Errors) -> str:
    return render_template(
        "portal/credit_apply.html",
        entered=entered,
        errors={_beside(error, entered): error["message"] for error in reversed(errors)},
        required=[(code, document_types.name_of(code)) for code in terms.REQUIRED],
        available_by=list(terms.AVAILABLE_BY.items()),
        available_with=list(terms.AVAILABLE_WITH.items()),
    )


def _beside(error: Mapping[str, Any], entered: Mapping[str, str]) -> str:
    """Return the field of the application beside which an error stands; empty for the form as a whole."""
    if entered.get("mt700", "").strip() and error["field"] not in ("issuing", "advising", "beneficiary"):
        return "mt700"
    field = (error["field"] or "").removeprefix("terms.").partition(".")[0]
    if field == "beneficiary":
        return "beneficiaryName" if error.get("code") in PARTY_CODES else "beneficiaryLines"
    field = BESIDE.get(field, field)
    return field if field in entered or field == "documents" else ""


def _presentation(face: Face, credit_id: str, entered: Mapping[str, str], errors: Errors) -> str:
    shipments = [each["reference"] for each in nodes(face.ask(queries.OWN_SHIPMENTS)["shipments"])]
    chosen = entered.get("shipment") or request.args.get("shipment") or next(iter(shipments), "")
    found = face.ask(queries.OWN_DOCUMENTS, reference=chosen)["shipment"] if chosen else None
    signed = (
        [it for it in nodes(found["documents"]) if it["issuedAt"] and not it["revokedAt"]] if found else []
    )
    keys = [document_of(it["contentUrl"]) for it in signed]
    return render_template(
        "portal/credit_present.html",
        credit=one(face, credit_id),
        shipments=shipments,
        chosen=chosen,
        documents=signed,
        taken=request.form.getlist("documents"),
        capacities=sorted(CAPACITIES),
        entered={"ucr": found["ucr"] if found else "", **entered},
        errors={
            field if field in ("reference", "amount", "ucr", "elsewhere", *keys) else "": error["message"]
            for error in reversed(errors)
            for field in [error["field"]]
        },
    )


def _key(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        abort(400)


def _lines(message: str) -> str:
    """Return a message as it was copied, with the line ends that a form makes of it made single."""
    return "\n".join(message.splitlines())


def _said(refusal: InvalidInput) -> Errors:
    return [{"code": refusal.code, "field": refusal.field, "message": refusal.message}]


PAGE = Page(add, queries=(queries.APPLY, queries.OWN_SHIPMENTS, queries.OWN_DOCUMENTS, queries.PRESENT))
