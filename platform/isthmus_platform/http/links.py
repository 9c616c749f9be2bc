"""Opening a download link: ``GET /documents/link?token=``, by its reader, once.

The token stands in the query, which the access log leaves out, and in no answer.
"""

from collections.abc import Callable

from flask import Blueprint, Response, request

from isthmus_platform.database import Actor
from isthmus_platform.errors import InvalidInput
from isthmus_platform.http import bodies, documents, problems, ranges
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.links import Door

PATH = "/documents/link"
Visiting = Callable[[], Actor | None]
"""Who is signed in to the pages in the browser that sends the present request."""


def nobody() -> Actor | None:
    """Know no visitor."""
    return None


def blueprint(door: Door, authenticate: Authenticate, visiting: Visiting = nobody) -> Blueprint:
    """Return the blueprint that opens links: with an access token, or in the browser of who is signed in."""
    web = Blueprint("links", __name__)
    problems.install(web)
    ranges.install(web)

    @web.route(PATH, methods=["GET"], provide_automatic_options=False)
    def opened() -> Response:
        """Give the document out; a look alone (HEAD) does not spend the link."""
        if request.method != "GET":
            return problems.problem(405, "method_not_allowed", "A link is opened by GET.")
        visitor = None if "Authorization" in request.headers else visiting()
        actor = visitor or acting(authenticate)
        token = request.args.get("token")
        if not token:
            raise InvalidInput("Send the token of the link.", field="token", code="required")
        document_id, number = door.spend(actor, token, request_id=bodies.request_id())
        return documents.give_out(door.platform, door.vault, actor, document_id, number)

    return web
