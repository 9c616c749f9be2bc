"""The access log: who read what of an owner, and who was refused."""

from flask import Blueprint, render_template

from isthmus_portal import queries
from isthmus_portal.face import Face, nodes
from isthmus_portal.pages import paging


def add(portal: Blueprint, face: Face) -> None:
    """Add the access log."""

    @portal.get("/access")
    def access_log() -> str:
        data = face.ask(queries.ACCESS_LOG, **paging.position())
        return render_template(
            "portal/access_log.html", entries=nodes(data["accessLog"]), links=paging.links(data["accessLog"])
        )
