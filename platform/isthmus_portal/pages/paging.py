"""Going through a list by cursors: the address keeps the filters."""

from typing import Any

from flask import request, url_for

PAGE = 25


def position() -> dict[str, Any]:
    """Return the variables ``first`` and ``after`` of this request."""
    return {"first": PAGE, **place("after")}


def place(name: str) -> dict[str, str | None]:
    """Return the variable ``name`` of this request: where a list of its own goes on."""
    return {name: request.args.get(name) or None}


def links(connection: dict[str, Any], name: str = "after") -> dict[str, str | None]:
    """Return the addresses of the next page and of the first, each none where one is already there.

    ``name`` is the argument by which this list goes on; the place of another list of the page is kept.
    """
    endpoint = str(request.endpoint)
    kept = {each: value for each, value in request.args.items() if each != name and value}
    info = connection["pageInfo"]
    onward = _address(endpoint, {**kept, name: info["endCursor"]}) if info["hasNextPage"] else None
    return {"next": onward, "first": _address(endpoint, kept) if request.args.get(name) else None}


def _address(endpoint: str, arguments: dict[str, str]) -> str:
    return url_for(endpoint, _external=False, **arguments)
