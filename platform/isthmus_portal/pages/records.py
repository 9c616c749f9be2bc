"""The access log: who read what of an owner, and who was refused."""

from flask import Blueprint, Response, abort, g, render_template

from isthmus_portal import queries
from isthmus_portal.face import Face, nodes
from isthmus_portal.pages import paging


def add(portal: Blueprint, face: Face) -> None:
    """Add the access log."""

    @portal.get("/access")
    def access_log() -> str:
        data = face.ask(queries.ACCESS_LOG, **paging.position())
        return render_template(
            "portal/access_log.html",
            entries=nodes(data["accessLog"]),
            links=paging.links(data["accessLog"]),
            takes=("csv", "json") if face.access_log is not None else (),
        )

    @portal.get("/download/access-log")
    def access_log_file() -> Response:
        if face.access_log is None:
            abort(404)
        return face.access_log(g.actor)
