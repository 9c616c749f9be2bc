"""API clients: a party's own machines, registered by their public keys, given new ones, suspended."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from isthmus_platform.database import PartyRole
from isthmus_platform.scopes import SCOPES
from isthmus_portal.face import Face, nodes, viewer
from isthmus_portal.navigation import ACCOUNT, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

CLIENTS = """
query PortalClients($first: Int!, $after: String) {
  clients(first: $first, after: $after) {
    edges { node {
      id clientId scopes demandsProof createdAt suspendedAt revokedAt
      keys { kid algorithm notBefore notAfter }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

REGISTER = """
mutation PortalRegisterClient($input: RegisterClientInput!) {
  registerClient(input: $input) { client { clientId } userErrors { code field message } }
}
"""

ROTATE = """
mutation PortalRotateClientKeys($input: RotateClientKeysInput!) {
  rotateClientKeys(input: $input) { client { clientId } userErrors { code field message } }
}
"""

SUSPEND = """
mutation PortalSuspendClient($input: SuspendClientInput!) {
  suspendClient(input: $input) { client { clientId } userErrors { code field message } }
}
"""

RESUME = """
mutation PortalResumeClient($input: ResumeClientInput!) {
  resumeClient(input: $input) { client { clientId } userErrors { code field message } }
}
"""

Errors = list[dict[str, Any]]


def add(portal: Blueprint, face: Face) -> None:
    """Add the list, and what a party does with its machines."""

    @portal.get("/clients")
    def clients() -> str:
        return _page(face)

    @portal.post("/clients")
    def client_register() -> Response | tuple[str, int]:
        form = request.form
        values = {
            "name": form.get("name", "").strip(),
            "jwks": form.get("jwks", ""),
            "scopes": None if form.get("reach") == "all" else form.getlist("scopes"),
            "demandsProof": form.get("demandsProof") == "yes",
        }
        return _made(face, REGISTER, values, "{} may come in now.", where="register")

    @portal.post("/clients/keys")
    def client_rotate() -> Response | tuple[str, int]:
        values = {"client": request.form["client"], "jwks": request.form.get("jwks", "")}
        said = "{} has its new keys; those before them hold for 24 hours."
        return _made(face, ROTATE, values, said, where=request.form["client"])

    @portal.post("/clients/suspend")
    def client_suspend() -> Response | tuple[str, int]:
        said = "{} is let in no more, and its tokens end with this."
        return _made(face, SUSPEND, {"client": request.form["client"]}, said)

    @portal.post("/clients/resume")
    def client_resume() -> Response | tuple[str, int]:
        return _made(face, RESUME, {"client": request.form["client"]}, "{} may come in again.")


def _made(
    face: Face, change: str, values: dict[str, Any], said: str, where: str = ""
) -> Response | tuple[str, int]:
    payload, errors = face.change(change, values | {"idempotencyKey": request.form["once"]})
    if errors:
        return _page(face, errors, where), 422
    flash(said.format(payload["client"]["clientId"]), "good")
    return redirect(url_for("portal.clients"), 303)


def _page(face: Face, errors: Errors | None = None, where: str = "") -> str:
    data = face.ask(CLIENTS, **paging.position())
    told = {_beside(error["field"]): error["message"] for error in reversed(errors or [])}
    known = ("name", "jwks", "scopes") if where == "register" else ("jwks",) if where else ()
    elsewhere = (said for field, said in told.items() if field not in known)
    entered = request.form if where == "register" else {}
    return render_template(
        "portal/clients.html",
        clients=nodes(data["clients"]),
        links=paging.links(data["clients"]) if request.method == "GET" else {},
        scopes=SCOPES,
        party=viewer(face)["party"]["name"],
        entered=entered,
        chosen=request.form.getlist("scopes"),
        whole=not entered or entered.get("reach") == "all",
        bound=not entered or entered.get("demandsProof") == "yes",
        errors=told if where == "register" else {},
        rotating=where,
        rotation=told if where != "register" else {},
        refusal=next(elsewhere, None),
    )


def _beside(field: str | None) -> str:
    """Return the field of a form beside which an error stands."""
    name = (field or "").partition(".")[0]
    return {"clientId": "name", "keys": "jwks"}.get(name, name)


PAGE = Page(
    add,
    items=(Item("clients", "API clients", frozenset(PartyRole), ACCOUNT),),
    queries=(CLIENTS, REGISTER, ROTATE, SUSPEND, RESUME),
)
