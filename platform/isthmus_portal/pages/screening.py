"""Screening: the queue of hits, one with its explanation and history, and deciding of it by two people."""

from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal.face import Face, nodes
from isthmus_portal.navigation import OWNERS, RISK, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

WAITING = ("OPEN", "PROPOSED")
_HIT = """
fragment Screened on ScreeningHit {
  id state score place list listVersion reference decision reason proposedBy decidedBy openedAt
  shipment { reference } about { name legalName }
  explanation {
    kind given listed rule score threshold scoring pairs { given listed score } takenOff { rule points }
  }
}
"""
HITS = (
    """
query PortalScreening($first: Int!, $after: String, $states: [ScreeningState!]) {
  screeningHits(first: $first, after: $after, states: $states) {
    edges { node { ...Screened } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _HIT
)
HIT = (
    """
query PortalScreeningHit($id: ID!) {
  screeningHit(id: $id) { ...Screened history { action by decision reason listVersion score at } }
}
"""
    + _HIT
)
PROPOSE = """
mutation PortalProposeScreeningDecision($input: ProposeScreeningDecisionInput!) {
  proposeScreeningDecision(input: $input) { hit { id } userErrors { code field message } }
}
"""
APPROVE = """
mutation PortalApproveScreeningDecision($input: ApproveScreeningDecisionInput!) {
  approveScreeningDecision(input: $input) { hit { id } userErrors { code field message } }
}
"""
SEND_BACK = """
mutation PortalSendBackScreeningDecision($input: SendBackScreeningDecisionInput!) {
  sendBackScreeningDecision(input: $input) { hit { id } userErrors { code field message } }
}
"""
CHANGES = {"propose": PROPOSE, "approve": APPROVE, "return": SEND_BACK}


def add(portal: Blueprint, face: Face) -> None:
    """Add the queue, and a hit with what may be done about it."""

    @portal.get("/screening")
    def screening() -> str:
        everything = request.args.get("show") == "all"
        data = face.ask(HITS, **paging.position(), states=None if everything else WAITING)
        return render_template(
            "portal/screening.html",
            hits=nodes(data["screeningHits"]),
            links=paging.links(data["screeningHits"]),
            everything=everything,
        )

    @portal.get("/screening/<id>")
    def screening_hit(id: str) -> str:  # noqa: A002 (the route's word)
        return _page(face, id)

    @portal.post("/screening/<id>")
    def decide(id: str) -> AnyResponse | tuple[str, int]:  # noqa: A002 (the route's word)
        step, given = request.form.get("step", ""), {"hit": id, "idempotencyKey": request.form["once"]}
        if step not in CHANGES:
            abort(400)
        if step != "return":
            given["decision"] = request.form["decision"]
        if step != "approve":
            given["reason"] = request.form.get("reason", "")
        if given.get("decision", "RELEASE") not in ("RELEASE", "CONFIRM"):
            abort(400)
        _, errors = face.change(CHANGES[step], given)
        if errors:
            return _page(face, id, refusal=errors[0]["message"]), 422
        return redirect(url_for("portal.screening_hit", id=id), 303)


def _page(face: Face, hit_id: str, refusal: str | None = None) -> str:
    found: dict[str, Any] | None = face.ask(HIT, id=hit_id)["screeningHit"]
    if found is None:
        abort(404)
    return render_template("portal/screening_hit.html", hit=found, me=g.actor.subject, refusal=refusal)


PAGE = Page(
    add,
    items=(Item("screening", "Screening", OWNERS | {PartyRole.OPERATOR}, RISK),),
    queries=(HITS, HIT, PROPOSE, APPROVE, SEND_BACK),
    words={
        "imo": "IMO number",
        "hs": "HS code",
        "hs+keyword": "HS code and keyword",
        "keyword": "Keyword",
        "tokens": "Words",
        "joined": "Written without spaces",
        "contained": "Contained",
        "RETURNED": "Sent back",
    },
    tones={"OPEN": "warn", "PROPOSED": "warn", "RELEASED": "good", "CONFIRMED": "bad"},
)
