"""The HTTP entries for machines as an OpenAPI 3.1 document, served at ``/openapi.json``.

An operation's id is its endpoint, so that the scope it needs is read from the table that opens it.
"""

from functools import lru_cache
from typing import Any

import orjson
from flask import Blueprint, Response

from isthmus_platform.http import reach
from isthmus_platform.http.openapi_shapes import PROBLEMS, SCHEMAS
from isthmus_platform.scopes import SCOPES

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
ANY: Json = {}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BINARY: Json = {"type": "string", "format": "binary"}
DOCUMENT = {"document_id": {"type": "string", "format": "uuid"}}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 200 characters of your choice.",
    "schema": TEXT,
}


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(kind: str, schema: Json) -> Json:
    return {kind: {"schema": schema}}


def _refusals(*statuses: int, schema: str = "Problem", kind: str = "application/problem+json") -> Json:
    return {
        str(status): {"description": PROBLEMS[status], "content": _content(kind, _schema(schema))}
        for status in statuses
    }


def _operation(
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
        {"name": name, "in": place, "schema": schema} | ({"required": True} if place == "path" else {})
        for place, schemas in placed
        for name, schema in (schemas or {}).items()
    ]
    parameters += headers
    scope = reach.NEEDS.get(endpoint)
    needed = [scope] if scope else []
    shut = scope is not None or endpoint in reach.BY_CONTENT
    refused = _refusals(401, 403, 429) if shut else {}
    return {
        "operationId": endpoint,
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": {"required": True, "content": body}} if body else {}),
        "responses": {**answers, **refused, **_refusals(503, 504)},
        "security": [{"dpop": needed}, {"bearer": needed}] if shut else [],
    }


def _ok(content: Json, description: str = "As asked.", status: int = 200) -> Json:
    return {str(status): {"description": description, "content": content}}


def _feed(version: int) -> Json:
    """Return the operations on the events of DCSA Track & Trace 2.2 or 3.0."""
    name = {2: "Track & Trace 2.2", 3: "Track & Trace 3.0"}[version]
    list_of = {"type": "array", "items": {"type": "object"}}
    told = list_of if version == 2 else {"type": "object", "properties": {"events": list_of}}
    references = ("carrierBookingReference", "transportDocumentReference", "equipmentReference")
    query = dict.fromkeys((*references, "cursor"), TEXT) | {"limit": {"type": "integer", "minimum": 1}}
    feed = {
        str(status): {
            "description": PROBLEMS[status],
            "content": {**_content("application/json", ANY), **PROBLEM},
        }
        for status in (400, 401, 403, 404, 429)
    }
    reading = _operation(
        f"event_feed.track_and_trace_{version}",
        f"A page of the events that you may see, as DCSA {name} has it.",
        _ok(_content("application/json", told)),
        query=query,
    )
    reading["responses"] |= feed
    writing = _operation(
        f"events.track_and_trace_{version}",
        f"Send events as a carrier, as DCSA {name} has them.",
        {**_ok(_content("application/json", _schema("Outcomes"))), **_refusals(400, 404, 409, 413, 415, 422)},
        headers=(KEY,),
        body=_content("application/json", told),
    )
    return {"get": reading, "post": writing}


def _documents() -> Json:
    """Return the paths of documents."""
    stored = {
        **_ok(_content("application/json", _schema("Stored")), "Stored before."),
        **_ok(_content("application/json", _schema("Stored")), "Stored.", 201),
        **_refusals(400, 404, 409, 413, 415, 422),
    }
    file = _content("*/*", BINARY)
    refused = _refusals(400, 404, 409, 422)
    needed_key = {**KEY, "required": True}
    return {
        "/shipments/{reference}/documents": {
            "post": _operation(
                "documents.store",
                "Store a document of a shipment: the body, of any type.",
                stored,
                path={"reference": TEXT},
                query={"type": {"type": "string", "description": "UNTDID 1001"}, "title": TEXT},
                headers=(needed_key,),
                body=file,
            )
        },
        "/documents/{document_id}/versions": {
            "post": _operation(
                "documents.store_version",
                "Store a further version of a document: the body, of any type.",
                stored,
                path=DOCUMENT,
                headers=(needed_key,),
                body=file,
            )
        },
        "/documents/{document_id}/content": {
            "get": _operation(
                "documents.content",
                "The contents of a version, the newest unless another is asked for.",
                {**_ok(file), **refused},
                path=DOCUMENT,
                query={"version": {"type": "integer", "minimum": 1}},
            )
        },
        "/documents/{document_id}/signed": {
            "get": _operation(
                "papers.signed",
                "The signed file, which verifies itself, showing what is open to you.",
                {**_ok(_content("*/*", BINARY)), **refused},
                path=DOCUMENT,
                query={"fields": {"type": "string", "description": "Only these, with commas."}},
            )
        },
        "/documents/{document_id}/ubl": {
            "get": _operation(
                "papers.as_ubl",
                "The data as UBL 2.4.",
                {**_ok(_content("application/xml", BINARY)), **refused},
                path=DOCUMENT,
            )
        },
        "/documents/status": {
            "get": _operation(
                "papers.status",
                "The signed list of the documents that were revoked (Token Status List).",
                _ok(_content("application/statuslist+jwt", TEXT)),
            )
        },
    }


def _imports() -> Json:
    """Return the paths of bulk imports."""
    return {
        "/shipments/import": {
            "post": _operation(
                "imports.take",
                "Hand in at most 10,000 shipments; a worker makes them.",
                {
                    **_ok(_content("application/json", _schema("Import")), "Taken.", 202),
                    **_refusals(400, 404, 409, 413, 415, 422),
                },
                query={"upload": {"type": "string", "description": "Your name for it."}},
                body={
                    **_content("text/csv", TEXT),
                    **_content("application/json", {"type": "array", "items": {"type": "object"}}),
                },
            )
        },
        "/shipments/import/{upload}": {
            "get": _operation(
                "imports.report",
                "A page of the report: a line for each row.",
                {**_ok(_content("application/json", _schema("Import"))), **_refusals(400, 404, 422)},
                path={"upload": TEXT},
                query={
                    "after": {"type": "integer", "minimum": 0, "description": "A row's number."},
                    "first": {"type": "integer", "minimum": 1, "maximum": 10_000},
                },
            )
        },
    }


def _graphql() -> Json:
    asked = {
        "type": "object",
        "properties": {
            "query": TEXT,
            "variables": {"type": ["object", "null"]},
            "operationName": {"type": ["string", "null"]},
            "extensions": {"type": ["object", "null"]},
            "documentId": {"type": "string", "description": "`sha256:` and the text's hash."},
        },
    }
    told = {
        **_content("application/json", {"type": "object"}),
        **_content("application/graphql-response+json", {"type": "object"}),
    }
    # What is not executed is told as GraphQL does, what is no request as a problem.
    malformed = {"description": PROBLEMS[400], "content": told | _content("application/problem+json", ANY)}
    answers = {**_ok(told), "400": malformed, **_refusals(405, 406, 413, 415)}
    query = {"documentId": TEXT, "variables": TEXT, "operationName": TEXT, "extensions": TEXT}
    return {
        # Two operations of one endpoint, which must not share an id.
        "get": _operation("graphql.graphql", "Ask a persisted query.", answers, query=query)
        | {"operationId": "graphql.graphql.persisted"},
        "post": _operation(
            "graphql.graphql",
            "Ask a query, make a change, or subscribe (Accept: text/event-stream).",
            answers,
            body=_content("application/json", asked),
        ),
    }


def _signing_in() -> Json:
    """Return the paths of tokens."""
    form = {
        "type": "object",
        "required": ["grant_type", "client_assertion_type", "client_assertion"],
        "properties": {
            "grant_type": {"const": "client_credentials"},
            "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
            "client_assertion": {"type": "string", "description": "RFC 7523, signed by the client."},
            "scope": TEXT,
        },
    }
    return {
        "/oauth/token": {
            "post": _operation(
                "oauth.token",
                "Obtain an access token, bound to the key of the header DPoP.",
                {
                    **_ok(_content("application/json", _schema("Token"))),
                    **_refusals(400, 401, 413, 415, schema="OAuthError", kind="application/json"),
                },
                headers=({"name": "DPoP", "in": "header", "schema": TEXT},),
                body=_content("application/x-www-form-urlencoded", form),
            )
        },
        "/.well-known/jwks.json": {
            "get": _operation(
                "oauth.keys",
                "The public keys that access tokens are signed with.",
                _ok(_content("application/jwk-set+json", {"type": "object"})),
            )
        },
    }


SUBSCRIPTION = {"subscription_id": {"type": "string"}}


def subscription_paths(version: int) -> Json:
    """Return the paths of subscriptions to the events of Track & Trace 2.2 or, alike, 3.0."""
    told = _content("application/json", _schema("EventSubscription"))
    wanted = _content("application/json", _schema("EventSubscriptionWanted"))
    secret = _content(
        "application/json", {"type": "object", "required": ["secret"], "properties": {"secret": TEXT}}
    )
    several = _content("application/json", {"type": "array", "items": _schema("EventSubscription")})
    nothing = {"204": {"description": "Done."}}
    page = {"limit": {"type": "integer", "minimum": 1}, "cursor": TEXT}

    def entry(name: str, summary: str, answers: Json, *more: int, **given: Any) -> Json:
        made = _operation(f"event_subscriptions.{name}_{version}", summary, answers, **given)
        problem = _content("application/json", ANY)
        for status in (400, 401, 403, 404, 429, *more):
            made["responses"][str(status)] = {"description": PROBLEMS[status], "content": problem}
        return made

    return {
        f"/v{version}/event-subscriptions": {
            "get": entry("subscriptions", "A page of your subscriptions.", _ok(several), query=page),
            "post": entry(
                "subscribe", "Have events sent to you.", _ok(told, "Made.", 201), 409, 413, 415, body=wanted
            ),
        },
        f"/v{version}/event-subscriptions/{{subscription_id}}": {
            "get": entry("subscription", "One of your subscriptions.", _ok(told), path=SUBSCRIPTION),
            "put": entry(
                "alter", "Put another in its place.", _ok(told), 409, 413, 415, path=SUBSCRIPTION, body=told
            ),
            "delete": entry("stop", "End it.", nothing, path=SUBSCRIPTION),
        },
        f"/v{version}/event-subscriptions/{{subscription_id}}/secret": {
            "put": entry(
                "alter_secret", "Sign by another secret.", nothing, 413, 415, path=SUBSCRIPTION, body=secret
            )
        },
    }


@lru_cache(maxsize=1)
def document() -> Json:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Isthmus",
            "version": "1",
            "description": "The entries for machines. The schema of /graphql is in graphql/schema.graphql.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            **_signing_in(),
            "/graphql": _graphql(),
            "/v3/events": _feed(3),
            "/v2/events": _feed(2),
            **subscription_paths(2),
            **subscription_paths(3),
            **_imports(),
            **_documents(),
            "/crossings/{exchange}/evidence": {
                "get": _operation(
                    "evidence.evidence",
                    "The bundle that proves a crossing.",
                    {**_ok(_content("application/json", {"type": "object"})), **_refusals(404, 409, 502)},
                    path={"exchange": {"type": "string", "format": "uuid"}},
                )
            },
            "/openapi.json": {
                "get": _operation(
                    "openapi.openapi", "This document.", _ok(_content("application/json", {"type": "object"}))
                )
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "dpop": {
                    "type": "http",
                    "scheme": "DPoP",
                    "description": f"RFC 9449. Scopes: {', '.join(SCOPES)}.",
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Where the client need not hold its tokens to a key (RFC 6750, RFC 8705).",
                },
            },
        },
    }


def blueprint() -> Blueprint:
    """Return the blueprint with ``GET /openapi.json``, for anybody."""
    web = Blueprint("openapi", __name__)

    @web.get("/openapi.json")
    def openapi() -> Response:
        """Give the document out."""
        answer = Response(orjson.dumps(document()), content_type="application/json")
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return web
