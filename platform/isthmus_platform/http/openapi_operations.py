"""How the OpenAPI document tells of one operation; its scope is read from the table that opens entries."""

from typing import Any

from isthmus_platform.http import reach
from isthmus_platform.http.openapi_shapes import PROBLEMS

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
ANY: Json = {}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BINARY: Json = {"type": "string", "format": "binary"}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 200 characters of your choice.",
    "schema": TEXT,
}


def schema(name: str) -> Json:
    """Return the reference to a shape of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(kind: str, shape: Json) -> Json:
    """Return the content of a media type."""
    return {kind: {"schema": shape}}


def refusals(*statuses: int, shape: str = "Problem", kind: str = "application/problem+json") -> Json:
    """Return the answers that refuse."""
    return {
        str(status): {"description": PROBLEMS[status], "content": content(kind, schema(shape))}
        for status in statuses
    }


def operation(
    endpoint: str,
    summary: str,
    answers: Json,
    *,
    path: Json | None = None,
    query: Json | None = None,
    headers: tuple[Json, ...] = (),
    body: Json | None = None,
) -> Json:
    """Return one operation; ``path`` and ``query`` are its parameters' schemas, ``body`` its content."""
    placed = (("path", path), ("query", query))
    parameters = [
        {"name": name, "in": place, "schema": shape} | ({"required": True} if place == "path" else {})
        for place, shapes in placed
        for name, shape in (shapes or {}).items()
    ]
    parameters += headers
    scope = reach.NEEDS.get(endpoint)
    needed = [scope] if scope else []
    shut = scope is not None or endpoint in reach.BY_CONTENT
    refused = refusals(401, 403, 429) if shut else {}
    return {
        "operationId": endpoint,
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": {"required": True, "content": body}} if body else {}),
        "responses": {**answers, **refused, **refusals(503, 504)},
        "security": [{"dpop": needed}, {"bearer": needed}] if shut else [],
    }


def ok(content: Json, description: str = "As asked.", status: int = 200) -> Json:
    """Return the answer to what succeeded."""
    return {str(status): {"description": description, "content": content}}
