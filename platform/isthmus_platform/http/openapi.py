"""The HTTP entries for machines as an OpenAPI 3.1 document, served at ``/openapi.json``.

An operation's id is its endpoint, so that the scope it needs is read from the table that opens it.
"""

from functools import lru_cache
from typing import Any

import orjson
from flask import Blueprint, Response

from isthmus_platform.http.openapi_documents import access_log, documents, titles
from isthmus_platform.http.openapi_operations import (
    ANY,
    KEY,
    PROBLEM,
    TEXT,
    Json,
    content,
    ok,
    operation,
    refusals,
    schema,
)
from isthmus_platform.http.openapi_shapes import PROBLEMS, SCHEMAS
from isthmus_platform.scopes import SCOPES


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
            "content": {**content("application/json", ANY), **PROBLEM},
        }
        for status in (400, 401, 403, 404, 429)
    }
    reading = operation(
        f"event_feed.track_and_trace_{version}",
        f"A page of the events that you may see, as DCSA {name} has it.",
        ok(content("application/json", told)),
        query=query,
    )
    reading["responses"] |= feed
    writing = operation(
        f"events.track_and_trace_{version}",
        f"Send events as a carrier, as DCSA {name} has them.",
        {**ok(content("application/json", schema("Outcomes"))), **refusals(400, 404, 409, 413, 415, 422)},
        headers=(KEY,),
        body=content("application/json", told),
    )
    return {"get": reading, "post": writing}


def _imports() -> Json:
    """Return the paths of bulk imports."""
    return {
        "/shipments/import": {
            "post": operation(
                "imports.take",
                "Hand in at most 10,000 shipments; a worker makes them.",
                {
                    **ok(content("application/json", schema("Import")), "Taken.", 202),
                    **refusals(400, 404, 409, 413, 415, 422),
                },
                query={"upload": {"type": "string", "description": "Your name for it."}},
                body={
                    **content("text/csv", TEXT),
                    **content("application/json", {"type": "array", "items": {"type": "object"}}),
                },
            )
        },
        "/shipments/import/{upload}": {
            "get": operation(
                "imports.report",
                "A page of the report: a line for each row.",
                {**ok(content("application/json", schema("Import"))), **refusals(400, 404, 422)},
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
        **content("application/json", {"type": "object"}),
        **content("application/graphql-response+json", {"type": "object"}),
    }
    # What is not executed is told as GraphQL does, what is no request as a problem.
    malformed = {"description": PROBLEMS[400], "content": told | content("application/problem+json", ANY)}
    answers = {**ok(told), "400": malformed, **refusals(405, 406, 413, 415)}
    query = {"documentId": TEXT, "variables": TEXT, "operationName": TEXT, "extensions": TEXT}
    return {
        # Two operations of one endpoint, which must not share an id.
        "get": operation("graphql.graphql", "Ask a persisted query.", answers, query=query)
        | {"operationId": "graphql.graphql.persisted"},
        "post": operation(
            "graphql.graphql",
            "Ask a query, make a change, or subscribe (Accept: text/event-stream).",
            answers,
            body=content("application/json", asked),
        ),
    }


def _financing() -> Json:
    elements = {"type": "array", "items": TEXT}
    told = {"type": "object", "properties": {"evaluated": elements, "key": TEXT}}
    return {
        "/financing/evaluations": {
            "post": operation(
                "financing.evaluate",
                "Have the blinded features of invoices evaluated by the bridge (RFC 9497), for banks.",
                {**ok(content("application/json", told)), **refusals(400, 413, 415, 422, 502)},
                body=content(
                    "application/json",
                    {"type": "object", "required": ["blinded"], "properties": {"blinded": elements}},
                ),
            )
        }
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
            "post": operation(
                "oauth.token",
                "Obtain an access token, bound to the key of the header DPoP.",
                {
                    **ok(content("application/json", schema("Token"))),
                    **refusals(400, 401, 413, 415, shape="OAuthError", kind="application/json"),
                },
                headers=({"name": "DPoP", "in": "header", "schema": TEXT},),
                body=content("application/x-www-form-urlencoded", form),
            )
        },
        "/.well-known/jwks.json": {
            "get": operation(
                "oauth.keys",
                "The public keys that access tokens are signed with.",
                ok(content("application/jwk-set+json", {"type": "object"})),
            )
        },
    }


SUBSCRIPTION = {"subscription_id": {"type": "string"}}


def subscription_paths(version: int) -> Json:
    """Return the paths of subscriptions to the events of Track & Trace 2.2 or, alike, 3.0."""
    told = content("application/json", schema("EventSubscription"))
    wanted = content("application/json", schema("EventSubscriptionWanted"))
    secret = content(
        "application/json", {"type": "object", "required": ["secret"], "properties": {"secret": TEXT}}
    )
    several = content("application/json", {"type": "array", "items": schema("EventSubscription")})
    nothing = {"204": {"description": "Done."}}
    page = {"limit": {"type": "integer", "minimum": 1}, "cursor": TEXT}

    def entry(name: str, summary: str, answers: Json, *more: int, **given: Any) -> Json:
        made = operation(f"event_subscriptions.{name}_{version}", summary, answers, **given)
        problem = {**content("application/json", ANY), **PROBLEM}
        for status in (400, 401, 403, 404, 429, *more):
            made["responses"][str(status)] = {"description": PROBLEMS[status], "content": problem}
        return made

    return {
        f"/v{version}/event-subscriptions": {
            "get": entry("subscriptions", "A page of your subscriptions.", ok(several), query=page),
            "post": entry(
                "subscribe", "Have events sent to you.", ok(told, "Made.", 201), 409, 413, 415, body=wanted
            ),
        },
        f"/v{version}/event-subscriptions/{{subscription_id}}": {
            "get": entry("subscription", "One of your subscriptions.", ok(told), path=SUBSCRIPTION),
            "put": entry(
                "alter", "Put another in its place.", ok(told), 409, 413, 415, path=SUBSCRIPTION, body=told
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
            **documents(),
            **titles(),
            **access_log(),
            **_financing(),
            "/crossings/{exchange}/evidence": {
                "get": operation(
                    "evidence.evidence",
                    "The bundle that proves a crossing.",
                    {**ok(content("application/json", {"type": "object"})), **refusals(404, 409, 502)},
                    path={"exchange": {"type": "string", "format": "uuid"}},
                )
            },
            "/openapi.json": {
                "get": operation(
                    "openapi.openapi", "This document.", ok(content("application/json", {"type": "object"}))
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
