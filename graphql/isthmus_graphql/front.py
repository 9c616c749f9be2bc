"""The queries that come again and again, answered before Flask: its machinery takes longer than they do.

A query is answered here when its text was answered by the planner before, and it comes in the usual form: by
POST, as JSON, with a bearer token that is bound to no key. Who the token stands for is asked in the round
trip that reads what is asked for, and nothing that was read is used before that is known. Whatever is
otherwise, and whatever would be refused, is left to Flask, which has one way to tell of it; what was counted
for it is given back, since Flask counts it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
from graphql.language import OperationType

from isthmus_graphql import reach
from isthmus_graphql.execution import Answer, GraphQL, outward
from isthmus_graphql.http import request_id
from isthmus_graphql.persisted import Operations
from isthmus_graphql.planner import Operation, Planner, Prepared, Uncovered
from isthmus_graphql.reach import Reach
from isthmus_platform import access, deadline
from isthmus_platform.access import SIGN_IN
from isthmus_platform.database import Actor
from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.errors import PlatformError
from isthmus_platform.http import bodies, turnstile
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.pipeline import Question
from isthmus_platform.quotas import Quotas, Standing
from isthmus_platform.tokens import Claims, TokenIssuer

PATH = "/graphql"
BEARER = "Bearer "
JSON = frozenset({"application/json", "application/json; charset=utf-8"})
STRICT = "application/graphql-response+json"
UNUSUAL = ("HTTP_DPOP", "HTTP_CLIENT_CERT", "HTTP_COOKIE", "HTTP_PREFER", "HTTP_TRANSFER_ENCODING")
"""Headers that have a meaning of which nothing is known here."""
MEMBERS = frozenset({"query", "variables", "operationName"})


class _NotHere(Exception):
    """Flask must answer this."""


@dataclass(frozen=True)
class _Asked:
    """A query that came, what its token says of who sent it, and what it reaches for.

    ``sender`` has no rights yet: with its party alone questions may be asked, not answered.
    """

    operation: Operation
    variables: dict[str, Any]
    claims: Claims
    sender: Actor
    who: Question
    prepared: Prepared
    reach: Reach
    request_id: str


class Front:
    """WSGI middleware before the platform's Flask application.

    ``seconds`` is what a request may take, as :mod:`isthmus_platform.http.patience` gives it.
    """

    def __init__(
        self,
        behind: WSGIApplication,
        graphql: GraphQL,
        issuer: TokenIssuer,
        operations: Operations,
        gate: Turnstile | None,
        seconds: float,
    ) -> None:
        self._behind = behind
        self._graphql = graphql
        self._issuer = issuer
        self._operations = operations
        self._gate = gate
        self._seconds = seconds

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        planner = self._graphql.planner
        if planner is None or not _usual(environ, self._graphql.limits.body):
            return self._behind(environ, start_response)
        deadline.start(self._seconds)
        try:
            asked = self._asked(environ, planner)
            counted, body = self._counted(asked)
        except Exception:  # noqa: BLE001 (Flask meets it again, and tells of it)
            return self._behind(environ, start_response)
        finally:
            deadline.start(None)
        strict = STRICT in environ.get("HTTP_ACCEPT", "")
        headers = [
            ("Content-Type", STRICT if strict else "application/json"),
            ("Cache-Control", "no-store"),
            ("Vary", "Authorization, Accept"),
            ("Content-Length", str(len(body))),
            *counted.items(),
        ]
        start_response("200 OK", headers)
        return [body]

    def _asked(self, environ: WSGIEnvironment, planner: Planner) -> _Asked:
        """Return what is asked for, once it may be asked of the database; else raise."""
        claims = self._issuer.verify(environ["HTTP_AUTHORIZATION"][len(BEARER) :].strip())
        who = access.who(claims.subject)
        if claims.thumbprint is not None or claims.certificate is not None or who is None:
            raise _NotHere
        text, variables, name = _members(_body(environ))
        if not planner.has_answered(text, name):
            raise _NotHere
        sender = Actor(claims.party_id, frozenset(), claims.subject, frozenset())
        self._operations.text(sender, text, None)
        found = reach.reach(text, self._graphql.schema, self._graphql.limits, variables)
        id_ = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        judged = self._graphql.judge(text, variables, name, id_)
        if found is None or isinstance(judged, Answer) or judged[1].operation is not OperationType.QUERY:
            raise _NotHere
        operation = Operation(text, name, *judged)
        prepared = planner.prepare(sender, operation, variables)
        return _Asked(operation, variables, claims, sender, who, prepared, found, id_)

    def _counted(self, asked: _Asked) -> tuple[Mapping[str, str], bytes]:
        """Return the answer and what tells its client where its quotas stand, or raise and take nothing."""
        if self._gate is None:
            return {}, self._answer(asked)
        quotas, client = self._gate.quotas, asked.claims.subject
        standings: list[Standing] = []
        try:
            for name, amount in (("requests", 1), ("cost", asked.reach.cost)):
                standings.append(quotas.take(client, name, amount))
            return turnstile.headers(standings), self._answer(asked)
        except BaseException:
            _give_back(quotas, client, asked.reach.cost, standings)
            raise

    def _answer(self, asked: _Asked) -> bytes:
        """Return the answer as it is sent."""
        turns = ((SIGN_IN, [asked.who]), (asked.sender, asked.prepared.questions))
        try:
            [found], rows = self._graphql.platform.read_in_turn(*turns)
        except DeadlinePassed as late:  # not to be tried again
            return _written(outward(late, asked.request_id))
        actor = _known(asked, access.standing(asked.claims.subject, found))
        try:
            return asked.prepared.written(actor, rows).body
        except (PlatformError, Uncovered):
            given = (actor, asked.operation, asked.variables, asked.request_id)
            return _written(self._graphql.by_executor(*given))


def _usual(environ: WSGIEnvironment, most: int) -> bool:
    """Tell whether a request comes in the form that is answered here."""
    if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return False
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ.get("CONTENT_TYPE", "").lower() in JSON
        and length.isdecimal()
        and int(length) <= most
        and environ.get("HTTP_AUTHORIZATION", "").startswith(BEARER)
        and "text/event-stream" not in environ.get("HTTP_ACCEPT", "").lower()
        and not any(name in environ for name in UNUSUAL)
    )


def _body(environ: WSGIEnvironment) -> bytes:
    """Return the body, and leave it to be read once more."""
    body: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = BytesIO(body)
    return body


def _members(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    """Return the text, the variables and the operation's name of a request that has no other member."""
    given = bodies.parsed(body)
    if not isinstance(given, dict) or not given.keys() <= MEMBERS:
        raise _NotHere
    text, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if (
        not isinstance(text, str)
        or not isinstance(variables, dict | None)
        or not isinstance(name, str | None)
    ):
        raise _NotHere
    return text, variables or {}, name or None


def _known(asked: _Asked, standing: access.Standing) -> Actor:
    """Return who asks, as the database knows it now; raise where Flask must refuse it."""
    if standing.demands_proof:
        raise _NotHere
    actor = standing.acting(asked.claims)
    asked.reach.check(actor)
    return actor


def _give_back(quotas: Quotas, client: str, cost: int, standings: list[Standing]) -> None:
    for standing in standings:
        quotas.give_back(client, standing.name, cost if standing.name == "cost" else 1)


def _written(answer: Answer) -> bytes:
    return orjson.dumps(answer.body)
