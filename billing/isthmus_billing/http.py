"""The door for Stripe's webhooks: ``POST /stripe/webhook``."""

import json
from http import HTTPStatus
from typing import Any

import stripe
import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from isthmus_billing.payments import BILLING, receive
from isthmus_platform.database import Platform

log = structlog.get_logger(__name__)

LARGEST_BODY = 512 * 1024


def blueprint(platform: Platform, webhook_secret: str, *, provider: str = "stripe") -> Blueprint:
    """Return the webhook's blueprint; ``webhook_secret`` is the endpoint's signing secret (``whsec_...``).

    An event is acknowledged once it is committed to the inbox together with what it caused; the same event
    again is acknowledged and does nothing. A bad signature gets 400, without a word about why.
    """
    routes = Blueprint("stripe", __name__)

    @routes.post("/stripe/webhook")
    def webhook() -> Response:
        request.max_content_length = LARGEST_BODY
        try:
            body = request.get_data()
            stripe.WebhookSignature.verify_header(
                body,
                request.headers.get("Stripe-Signature"),
                webhook_secret,
                stripe.Webhook.DEFAULT_TOLERANCE,
            )
        except RequestEntityTooLarge:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            log.warning("payment.webhook_refused", bytes=request.content_length)
            return _problem(HTTPStatus.BAD_REQUEST, "bad_signature")
        event = _event(body)
        if event is None:
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed_event")
        with platform.begin(BILLING, request_id=request.headers.get("X-Request-Id", "-")) as work:
            receive(work, provider, *event)
        return Response(status=HTTPStatus.NO_CONTENT)

    return routes


def _event(body: bytes) -> tuple[str, str, dict[str, Any]] | None:
    """Return the event's id, type and object; None when it is no event, or pays an invoice without a sum."""
    try:
        event = json.loads(body)
        identity, kind, content = event["id"], event["type"], event["data"]["object"]
    except (ValueError, KeyError, TypeError):
        return None
    if not (isinstance(identity, str) and isinstance(kind, str) and isinstance(content, dict)):
        return None
    if kind == "invoice.paid" and (type(content.get("id")), type(content.get("amount_paid"))) != (str, int):
        return None
    return identity, kind, content


def _problem(status: HTTPStatus, code: str) -> Response:
    """Return an RFC 9457 problem."""
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "code": code}
    return Response(json.dumps(problem), status=status, content_type="application/problem+json")
