"""The portal as one Flask blueprint: sessions, the form key, safe headers, error pages, and the pages."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.clock import utc_now
from isthmus_platform.database import Actor
from isthmus_platform.errors import NotAuthenticated, PlatformError
from isthmus_portal import formats, navigation, session, words
from isthmus_portal.face import Executed, Face, Invitation, Papers, Sessions, roles, viewer
from isthmus_portal.files import NO_FILES, Files
from isthmus_portal.pages import PAGES, verify
from isthmus_portal.pages.page import Page

_STATIC = Path(__file__).with_name("static")
_OPEN = {"portal.sign_in", "portal.standing", "portal.static", "portal.verify"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_portal(
    execute: Callable[[Actor, str, dict[str, Any]], Executed],
    sign_in: Callable[[str, str], Actor],
    actor_of: Callable[[str], Actor],
    sessions: Sessions,
    *,
    files: Files = NO_FILES,
    clock: Callable[[], datetime] = utc_now,
    invitations: Callable[[], Sequence[Invitation]] = tuple,
    production: bool = False,
    to_machines: Callable[[HTTPException], AnyResponse | HTTPException] = lambda error: error,
    papers: Papers | None = None,
) -> Blueprint:
    """Return the portal, to be registered at the root of an app that has a secret key.

    ``execute(actor, query, variables)`` answers from the GraphQL schema; ``sign_in(email, password)`` and
    ``actor_of(subject)`` raise :class:`NotAuthenticated` for people who are not known. ``sessions`` are
    those that somebody signed out of. ``files`` are what the services give out.
    ``invitations()`` are shown on the sign-in page, in development only.
    ``production`` sends the session's cookie over TLS alone. An address that nobody serves is a page for
    browsers; ``to_machines`` answers the others. ``papers`` tell anybody how a signed document stands.

    The pages themselves are the modules that :data:`isthmus_portal.pages.PAGES` lists.
    """
    invited = tuple if production else invitations
    face = Face(execute, sign_in, actor_of, sessions, clock, files, invited, papers)
    portal = _Portal(
        "portal",
        "isthmus_portal",
        template_folder="templates",
        static_folder="static",
        static_url_path="/portal",
    )
    form_key = CSRFProtect()
    portal.record_once(_settings(form_key, production=production))
    _guard(portal, face, form_key)
    _dress(portal, face)
    _errors(portal)
    _nowhere(portal, face, to_machines)
    for page in PAGES:
        portal.adding = page
        page.add(portal, face)
    return portal


class _Portal(Blueprint):
    """The blueprint, which knows of each address whose page it is, to read codes as that page does."""

    adding: Page | None = None

    def __init__(self, name: str, module: str, **options: Any) -> None:
        super().__init__(name, module, **options)
        said = [page.words for page in PAGES], [page.tones for page in PAGES]
        self._common = words.Vocabulary.of([{}, *said[0]], [{}, *said[1]])
        self._own = {
            id(page): words.Vocabulary.of([page.words, *said[0]], [page.tones, *said[1]]) for page in PAGES
        }
        self._pages: dict[str, int] = {}

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *rest: Any, **options: Any
    ) -> None:
        """Add an address, as of the page that is being added."""
        self._pages[f"portal.{endpoint or view_func.__name__}"] = id(self.adding)
        super().add_url_rule(rule, endpoint, view_func, *rest, **options)

    @property
    def vocabulary(self) -> words.Vocabulary:
        """How codes are read on the page of this request."""
        return self._own.get(self._pages.get(request.endpoint or "", 0), self._common)


def _settings(form_key: CSRFProtect, *, production: bool) -> Callable[[BlueprintSetupState], None]:
    def apply(state: BlueprintSetupState) -> None:
        state.app.config.update(
            SESSION_COOKIE_NAME="__Host-isthmus" if production else "isthmus",
            SESSION_COOKIE_SECURE=production,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PATH="/",
            PERMANENT_SESSION_LIFETIME=session.LASTS,
            WTF_CSRF_CHECK_DEFAULT=False,  # the portal asks for it itself; bearer entries carry no cookie
            WTF_CSRF_TIME_LIMIT=None,  # as long as the session it is tied to
        )
        form_key.init_app(state.app)

    return apply


def _guard(portal: Blueprint, face: Face, form_key: CSRFProtect) -> None:

    @portal.before_request
    def recognise() -> AnyResponse | None:
        if request.endpoint == "portal.static":
            return None
        if request.endpoint == "portal.verify":  # before the form is read: the file is part of it
            request.max_content_length = verify.LARGEST_FORM
        g.actor = session.recognise(face.actor_of, face.sessions, face.clock())
        form_key.protect()
        if g.actor is None and request.endpoint not in _OPEN:
            return _to_sign_in()
        return None

    @portal.after_request
    def protect(response: Response) -> Response:
        if request.endpoint == "portal.static" and "v" in request.args:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return _safe(response)


def _safe(response: Response) -> Response:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _to_sign_in() -> AnyResponse:
    onward = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("portal.sign_in", next=None if onward == "/" else onward), 303)


def _dress(portal: _Portal, face: Face) -> None:
    digests = {
        path.name: sha256(path.read_bytes()).hexdigest()[:10] for path in _STATIC.iterdir() if path.is_file()
    }

    def asset(name: str) -> str:
        return url_for("portal.static", filename=name, v=digests[name])

    portal.add_app_template_filter(formats.when)
    portal.add_app_template_filter(formats.day)
    portal.add_app_template_filter(formats.money)
    portal.add_app_template_filter(formats.number)
    portal.add_app_template_filter(formats.size, "octets")
    portal.add_app_template_filter(formats.period, "month")
    portal.add_app_template_filter(formats.span)
    portal.add_app_template_filter(formats.about)
    portal.add_app_template_filter(formats.document_of)
    portal.add_app_template_filter(lambda code: portal.vocabulary.plain(code), "plain")
    portal.add_app_template_filter(lambda code: portal.vocabulary.reason(code), "reason")
    portal.add_app_template_filter(lambda code: portal.vocabulary.tone(code), "tone")
    portal.add_app_template_filter(words.grouped)
    portal.add_app_template_filter(words.fate)

    @portal.app_context_processor
    def frame() -> dict[str, Any]:
        return {
            "asset": asset,
            "csrf_token": generate_csrf,
            "once": lambda: secrets.token_hex(16),
            "navigation": navigation.sections((item for page in PAGES for item in page.items), roles()),
            "viewer": lambda: viewer(face),
            "CHANNELS": words.CHANNELS,
        }


def _page(status: int, title: str, what: str) -> tuple[str, int]:
    return render_template("portal/error.html", status=status, title=title, what=what), status


_SAID = {
    400: ("That could not be read", "The form was incomplete or out of date. Reload the page and try again."),
    403: ("Not for this party", "Your party does not hold the role or the grant that this page needs."),
    404: ("Nothing here", "There is no such page, or it is not one your party may see."),
    405: ("Not that way", "This address does not take that kind of request."),
    413: ("Too large", "What was sent is larger than this page takes."),
    500: ("Something failed on our side", "Nothing was changed. The fault is recorded; please try again."),
    503: ("Not reachable now", "A part that this page needs does not answer. Please try again in a moment."),
}  # fmt: skip


def _errors(portal: Blueprint) -> None:
    @portal.errorhandler(NotAuthenticated)
    def unknown(_: NotAuthenticated) -> AnyResponse:
        session.forget()
        return _to_sign_in()

    @portal.errorhandler(PlatformError)
    def refused(error: PlatformError) -> tuple[str, int]:
        title, _ = _SAID.get(error.status, _SAID[400])
        return _page(error.status, title, _SAID[404][1] if error.status == 404 else error.message)

    @portal.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[str, int] | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        title, what = _SAID.get(status, _SAID[400] if status < 500 else _SAID[500])
        return _page(status, title, what)


def _nowhere(
    portal: Blueprint, face: Face, to_machines: Callable[[HTTPException], AnyResponse | HTTPException]
) -> None:
    @portal.app_errorhandler(404)
    def nowhere(error: HTTPException) -> AnyResponse | HTTPException:
        if "text/html" not in request.headers.get("Accept", ""):
            return to_machines(error)
        if "actor" not in g:
            g.actor = session.recognise(face.actor_of, face.sessions, face.clock())
        return _safe(make_response(_page(404, *_SAID[404])))
