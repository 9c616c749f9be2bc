"""Has it been financed before: a bank asks, registers, releases and disputes, by marks that it made itself.

An invoice is never entered here: its marks are made on the bank's own machine, with the bridge, so that
neither the platform nor the bridge learns which invoice it is (docs/financing.md).
"""

from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from isthmus_portal.entered import marks
from isthmus_portal.face import Face, nodes
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

FINANCINGS = """
query PortalFinancings($first: Int!, $after: String, $disputesAfter: String) {
  financings(first: $first, after: $after) {
    edges { node { id registeredAt releasedAt disputedAt disputedUntil } }
    pageInfo { hasNextPage endCursor }
  }
  financingDisputes(first: $first, after: $disputesAfter) {
    edges { node { id reason raisedAt standsUntil stands withdrawnAt } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

ASK = """
mutation PortalAskFinanced($input: AskFinancedInput!) {
  askFinanced(input: $input) { financedBefore userErrors { code field message } }
}
"""

REGISTER = """
mutation PortalRegisterFinancing($input: RegisterFinancingInput!) {
  registerFinancing(input: $input) { financing { id } userErrors { code field message } }
}
"""

RELEASE = """
mutation PortalReleaseFinancing($input: ReleaseFinancingInput!) {
  releaseFinancing(input: $input) { financing { id } userErrors { code field message } }
}
"""

DISPUTE = """
mutation PortalDisputeFinancing($input: DisputeFinancingInput!) {
  disputeFinancing(input: $input) { dispute { id } userErrors { code field message } }
}
"""

WITHDRAW = """
mutation PortalWithdrawFinancingDispute($input: WithdrawFinancingDisputeInput!) {
  withdrawFinancingDispute(input: $input) { dispute { id } userErrors { code field message } }
}
"""

Errors = list[dict[str, Any]]
DISPUTES_AFTER = "disputesAfter"


def add(portal: Blueprint, face: Face) -> None:
    """Add the register as a bank sees it, and what it does there."""

    @portal.get("/financed")
    def financed() -> str:
        return _page(face)

    @portal.post("/financed")
    def financed_asked() -> Response | str | tuple[str, int]:
        act = request.form.get("act")
        values: dict[str, Any] = {"marks": marks(request.form), "idempotencyKey": request.form["once"]}
        if act == "ask":
            payload, errors = face.change(ASK, values)
            return _refused(face, errors) if errors else _page(face, answer=payload["financedBefore"])
        if act != "register":
            abort(400)
        _, errors = face.change(REGISTER, values)
        return _done(face, errors, "Registered: from now on every bank that asks about it is told yes.")

    @portal.post("/financed/disputes")
    def financing_disputed() -> Response | tuple[str, int]:
        given = {"marks": marks(request.form), "reason": request.form.get("reason", "").strip()}
        _, errors = face.change(DISPUTE, given | {"idempotencyKey": request.form["once"]})
        return _done(face, errors, "Disputed; the other bank is told that it is, and not by whom.")

    @portal.post("/financed/disputes/withdraw")
    def financing_dispute_withdrawn() -> Response | tuple[str, int]:
        values = {"dispute": request.form["dispute"], "idempotencyKey": request.form["once"]}
        _, errors = face.change(WITHDRAW, values)
        return _done(face, errors, "The dispute is withdrawn.")

    @portal.post("/financed/release")
    def financing_released() -> Response | tuple[str, int]:
        values = {"financing": request.form["financing"], "idempotencyKey": request.form["once"]}
        _, errors = face.change(RELEASE, values)
        return _done(face, errors, "Released: another bank may finance it now.")


def _done(face: Face, errors: Errors, said: str) -> Response | tuple[str, int]:
    if errors:
        return _refused(face, errors)
    flash(said, "good")
    return redirect(url_for("portal.financed"), 303)


def _refused(face: Face, errors: Errors) -> tuple[str, int]:
    return _page(face, errors), 422


def _page(face: Face, errors: Errors | None = None, *, answer: bool | None = None) -> str:
    data = face.ask(FINANCINGS, **paging.position(), **paging.place(DISPUTES_AFTER))
    reading = request.method == "GET"
    return render_template(
        "portal/financed.html",
        financings=nodes(data["financings"]),
        links=paging.links(data["financings"]) if reading else {},
        disputes=nodes(data["financingDisputes"]),
        dispute_links=paging.links(data["financingDisputes"], DISPUTES_AFTER) if reading else {},
        answer=answer,
        entered=request.form,
        refusal=errors[0]["message"] if errors else None,
    )


PAGE = Page(
    add,
    items=(Item("financed", "Financed before?", BANKS, FINANCE),),
    queries=(FINANCINGS, ASK, REGISTER, RELEASE, DISPUTE, WITHDRAW),
)
