"""Signing in and out, and where a party begins."""

from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from isthmus_platform.errors import NotAuthenticated
from isthmus_portal import navigation, queries, session
from isthmus_portal.face import Face, roles
from isthmus_portal.pages.page import Page


def add(portal: Blueprint, face: Face) -> None:
    """Add home, sign-in and sign-out."""

    @portal.get("/")
    def home() -> Response:
        return redirect(url_for(f"portal.{navigation.home(roles())}"), 303)

    @portal.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> str | Response | tuple[str, int]:
        if request.method == "GET":
            if g.actor is not None:
                return redirect(url_for("portal.home"), 303)
            return _form(face)
        email = request.form.get("email", "").strip()
        try:
            actor = face.sign_in(email, request.form.get("password", ""))
        except NotAuthenticated as refusal:
            return _form(face, email=email, refusal=refusal.message), 401
        session.begin(face, actor)
        return redirect(_onward(request.args.get("next")) or url_for("portal.home"), 303)

    @portal.post("/sign-out")
    def sign_out() -> Response:
        session.end(face)
        return redirect(url_for("portal.sign_in"), 303)


def _form(face: Face, email: str = "", refusal: str | None = None) -> str:
    return render_template(
        "portal/sign_in.html", email=email, refusal=refusal, invitations=face.invitations()
    )


def _onward(address: str | None) -> str | None:
    """Return the address only where it stays on this site: a path of ours, never ``//elsewhere``."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    plain = address.isprintable() and "\\" not in address
    return address if plain and not parts.scheme and not parts.netloc else None


PAGE = Page(add, queries=(queries.VIEWER,))
