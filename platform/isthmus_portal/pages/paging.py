"""Going through a list by cursors: the address keeps the filters."""

from typing import Any

from flask import request, url_for

PAGE = 25


def position() -> dict[str, Any]:
    """Return the variables ``first`` and ``after`` of this request."""
    return {"first": PAGE, "after": request.args.get("after") or None}


def links(connection: dict[str, Any]) -> dict[str, str | None]:
    """Return the addresses of the next page and of the first, each none where one is already there."""
    endpoint = str(request.endpoint)
    kept = {name: value for name, value in request.args.items() if name != "after" and value}
    info = connection["pageInfo"]
    onward = _address(endpoint, {**kept, "after": info["endCursor"]}) if info["hasNextPage"] else None
    return {"next": onward, "first": _address(endpoint, kept) if request.args.get("after") else None}


def _address(endpoint: str, arguments: dict[str, str]) -> str:
    return url_for(endpoint, _external=False, **arguments)
