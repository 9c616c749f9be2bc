"""The access log: who read what of an owner, and who was refused."""

from flask import Blueprint, Response, abort, g, render_template

from isthmus_portal import queries
from isthmus_portal.face import Face, nodes
from isthmus_portal.navigation import ACCOUNT, OWNERS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page


def add(portal: Blueprint, face: Face) -> None:
    """Add the access log."""

    @portal.get("/access")
    def access_log() -> str:
        data = face.ask(queries.ACCESS_LOG, **paging.position())
        return render_template(
            "portal/access_log.html",
            entries=nodes(data["accessLog"]),
            links=paging.links(data["accessLog"]),
            takes=("csv", "json") if face.files.access_log is not None else (),
        )

    @portal.get("/download/access-log")
    def access_log_file() -> Response:
        if face.files.access_log is None:
            abort(404)
        return face.files.access_log(g.actor)


PAGE = Page(add, items=(Item("access_log", "Access log", OWNERS, ACCOUNT),), queries=(queries.ACCESS_LOG,))
