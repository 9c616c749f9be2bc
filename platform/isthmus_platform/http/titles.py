"""Titles over HTTP: the file that verifies itself."""

from uuid import UUID

from flask import Blueprint, Response

from isthmus_platform import title
from isthmus_platform.database import Actor, Platform
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.papers.signing import Desk
from isthmus_platform.title.chain import MEDIA_TYPE


def blueprint(platform: Platform, desk: Desk, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``GET /titles/<id>/file``, for the title's holder and its issuer."""
    web = Blueprint("titles", __name__)
    problems.install(web)

    @web.get("/titles/<uuid:title_id>/file")
    def file(title_id: UUID) -> Response:
        """Give the title out with all its steps."""
        return given(platform, desk, acting(authenticate), title_id)

    return web


def given(platform: Platform, desk: Desk, actor: Actor, title_id: UUID) -> Response:
    """Return the file of a title as it goes out to ``actor``; raises a :class:`PlatformError`."""
    with platform.begin(actor, request_id=bodies.request_id()) as work:
        found = title.export(work, desk, title_id)
    answer = Response(found, content_type=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"title-{title_id}.json")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
