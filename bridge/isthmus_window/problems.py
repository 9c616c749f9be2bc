"""What the window says when it refuses."""

from isthmus_protocol.canonical import JsonObject


def problem(status: int, code: str, detail: str, field: str | None = None) -> JsonObject:
    """Return the members of a problem (RFC 9457); ``field`` is a JSON pointer."""
    return {"status": status, "code": code, "title": detail, "field": field}
