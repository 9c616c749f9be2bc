"""What the OpenAPI document says of answers: what each status means, and the shapes of bodies."""

from typing import Any

PROBLEMS = {
    400: "The request is malformed.",
    401: "There is no valid token, or no proof of its key.",
    403: "The token's scopes, or the party's role, do not reach.",
    405: "Another method is wanted: `Allow` says which.",
    404: "There is no such thing that you may see.",
    406: "What it could be answered as is not accepted.",
    409: "It contradicts what is there, or the Idempotency-Key came before with something else.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The input breaks a rule: `code` says which, `field` where.",
    429: "The client's quota is used up; `Retry-After` tells when there is more.",
    502: "The bridge answered with something else than it should.",
    503: "A part that is needed does not answer; try again.",
    504: "It took longer than it may; nothing was changed.",
}
SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457, with a stable code: docs/errors.md lists them.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "In English; it may change."},
            "code": {"type": "string"},
            "field": {"type": "string", "description": "The input at fault."},
        },
    },
    "EventSubscription": {
        "type": "object",
        "description": "DCSA Track & Trace 2.2.0 `subscription`; the other members are its filters.",
        "required": ["callbackUrl"],
        "properties": {"subscriptionID": {"type": "string"}, "callbackUrl": {"type": "string"}},
    },
    "EventSubscriptionWanted": {
        "type": "object",
        "description": "The same with a secret in Base64, by which what is sent is signed.",
        "required": ["callbackUrl", "secret"],
        "properties": {"callbackUrl": {"type": "string"}, "secret": {"type": "string"}},
    },
    "OAuthError": {
        "type": "object",
        "description": "RFC 6749 section 5.2; our own code stands in brackets.",
        "required": ["error", "error_description"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    },
    "Token": {
        "type": "object",
        "required": ["access_token", "token_type", "expires_in"],
        "properties": {
            "access_token": {"type": "string"},
            "token_type": {"enum": ["DPoP", "Bearer"]},
            "expires_in": {"type": "integer", "description": "Seconds."},
            "scope": {"type": "string"},
        },
    },
    "Outcomes": {
        "type": "object",
        "description": "What became of each event, in their order.",
        "required": ["outcomes"],
        "properties": {
            "outcomes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["eventId", "outcome"],
                    "properties": {
                        "eventId": {"type": ["string", "null"]},
                        "outcome": {"type": "string"},
                        "shipment": {"type": ["string", "null"], "description": "The shipment's reference."},
                        "code": {"type": ["string", "null"]},
                        "message": {"type": ["string", "null"]},
                    },
                },
            }
        },
    },
    "Import": {
        "type": "object",
        "required": ["upload", "rows", "waiting", "made", "refused"],
        "properties": {
            "upload": {"type": "string"},
            "rows": {"type": "integer"},
            "waiting": {"type": "integer"},
            "made": {"type": "integer"},
            "refused": {"type": "integer"},
            "finishedAt": {"type": ["string", "null"], "format": "date-time"},
            "lines": {"type": "array", "items": {"type": "object"}},
            "next": {"type": ["integer", "null"], "description": "Where the next page begins (`after`)."},
        },
    },
    "Stored": {
        "type": "object",
        "required": ["id", "version", "sha256", "size"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "version": {"type": "integer", "minimum": 1},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "size": {"type": "integer", "description": "Octets."},
        },
    },
}
