"""``/v2/event-subscriptions`` as DCSA Track & Trace 2.2.0 publishes it, ``/v3/event-subscriptions`` alike.

Answers and refusals are what the published OpenAPI document declares; links lead from page to page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import Blueprint, Response, request

from isthmus_platform import event_subscriptions
from isthmus_platform.database import Platform, Work
from isthmus_platform.dcsa import Standard
from isthmus_platform.errors import NotFound, PlatformError
from isthmus_platform.event_subscriptions import VERSIONS, Asked
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.http.event_feed import limit, refusal_2, refusal_3, refused
from isthmus_platform.http.problems import Malformed
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_signing import SigningSecrets

STANDARDS = {2: Standard.DCSA_2_2, 3: Standard.DCSA_3_0}
REFUSALS = {Standard.DCSA_2_2: refusal_2, Standard.DCSA_3_0: refusal_3}
ONE = "/<subscription_id>"


def blueprint(
    platform: Platform, authenticate: Authenticate, outgoing: Outgoing, secrets: SigningSecrets
) -> Blueprint:
    """Return the blueprint of both versions; the endpoints of each end on its number."""
    web = Blueprint("event_subscriptions", __name__)
    problems.install(web)
    desk = _Desk(platform, authenticate, outgoing, secrets)
    for method, rule, view in (
        ("GET", "", desk.subscriptions),
        ("POST", "", desk.subscribe),
        ("GET", ONE, desk.subscription),
        ("PUT", ONE, desk.alter),
        ("PUT", f"{ONE}/secret", desk.alter_secret),
        ("DELETE", ONE, desk.stop),
    ):
        for version in STANDARDS:
            web.add_url_rule(
                f"/v{version}/event-subscriptions{rule}",
                f"{view.__name__}_{version}",
                view,
                methods=[method],
                defaults={"version": version},
            )
    return web


@dataclass(frozen=True)
class _Desk:
    """The entries; each is one transaction of the token's party."""

    platform: Platform
    authenticate: Authenticate
    outgoing: Outgoing
    secrets: SigningSecrets

    def subscriptions(self, version: int) -> Response:
        """List the party's subscriptions; ``Next-Page`` links to the next page."""
        return self._answer(version, _page)

    def subscribe(self, version: int) -> Response:
        """Make a subscription."""

        def act(work: Work, standard: Standard) -> Response:
            body = bodies.read_json()
            made = event_subscriptions.subscribe(work, self.outgoing, self.secrets, standard, body)
            return _json(_written(made), HTTPStatus.CREATED)

        return self._answer(version, act)

    def subscription(self, version: int, subscription_id: str) -> Response:
        """Give one subscription, without its secret."""

        def act(work: Work, standard: Standard) -> Response:
            return _json(_written(event_subscriptions.get(work, standard, _id(subscription_id))))

        return self._answer(version, act)

    def alter(self, version: int, subscription_id: str) -> Response:
        """Put other filters, or another address, in place of a subscription's."""

        def act(work: Work, standard: Standard) -> Response:
            found, body = _id(subscription_id), bodies.read_json()
            return _json(_written(event_subscriptions.alter(work, self.outgoing, standard, found, body)))

        return self._answer(version, act)

    def alter_secret(self, version: int, subscription_id: str) -> Response:
        """Put another secret in place of a subscription's."""

        def act(work: Work, standard: Standard) -> Response:
            found, body = _id(subscription_id), bodies.read_json()
            event_subscriptions.alter_secret(work, self.secrets, standard, found, body)
            return Response(status=HTTPStatus.NO_CONTENT)

        return self._answer(version, act)

    def stop(self, version: int, subscription_id: str) -> Response:
        """End a subscription."""

        def act(work: Work, standard: Standard) -> Response:
            event_subscriptions.stop(work, standard, _id(subscription_id))
            return Response(status=HTTPStatus.NO_CONTENT)

        return self._answer(version, act)

    def _answer(self, version: int, act: Callable[[Work, Standard], Response]) -> Response:
        standard = STANDARDS[version]
        headers = {"API-Version": VERSIONS[standard], "Cache-Control": "no-store"}
        try:
            actor = acting(self.authenticate)
            with self.platform.begin(actor, request_id=bodies.request_id()) as work:
                answer = act(work, standard)
        except PlatformError as error:
            return refused(error, REFUSALS[standard], headers)
        answer.headers.update(headers)
        return answer


def _page(work: Work, standard: Standard) -> Response:
    for name in request.args:
        if name not in ("limit", "cursor"):
            raise Malformed(
                f"The parameter {name[:50]!r} is not supported here.",
                field=name[:50],
                code="unsupported_parameter",
            )
    first, cursor = limit(), request.args.get("cursor")
    after = None if cursor is None else _cursor(cursor)
    rows = event_subscriptions.page(work, standard, after, first + 1)
    answer = _json([_written(row) for row in rows[:first]])
    answer.headers["Current-Page"] = request.full_path.rstrip("?")
    if len(rows) > first:
        onward = {**request.args.to_dict(), "cursor": str(rows[first - 1].id)}
        answer.headers["Next-Page"] = f"{request.path}?{urlencode(onward)}"
    return answer


def _written(asked: Asked) -> dict[str, Any]:
    return {"subscriptionID": str(asked.id), "callbackUrl": asked.callback_url, **asked.wanted}


def _json(body: Any, status: int = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound("There is no such subscription.", field="subscriptionID") from None


def _cursor(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise Malformed("This is not a cursor of this list.", field="cursor", code="cursor") from None
