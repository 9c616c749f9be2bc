"""GraphQL over HTTP: JSON in, JSON out, a bearer token always.

``graphql-server`` speaks the protocol; here are its limits and refusals. A request that never reaches the
schema is refused with a problem document (RFC 9457): 401 without a valid token, 405 for a mutation by GET,
413 for a body over the limit, 415 for anything but JSON, 400 for what is not JSON. There are no batches
and no multipart forms, and no cookie is looked at, so that another site's page can do nothing in a
person's name.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from uuid import uuid4

import orjson
from flask import Blueprint, Request, Response, request
from graphql import ExecutionResult
from graphql.language import OperationType
from graphql_server.exceptions import GraphQLValidationError
from graphql_server.flask.views import FlaskHTTPRequestAdapter, GraphQLView
from graphql_server.http import GraphQLHTTPResponse, GraphQLRequestData
from graphql_server.http.exceptions import HTTPException
from graphql_server.http.sync_base_view import SyncHTTPRequestAdapter

from isthmus_graphql import ide, persisted, reach
from isthmus_graphql.execution import Answer, GraphQL, OnlyQueries, PlannedAnswer
from isthmus_graphql.persisted import OperationRefused, Operations
from isthmus_graphql.streaming import Ask, StreamLimits, Streams, Subscribed, once
from isthmus_graphql.subscriptions import Following
from isthmus_platform.database import Actor
from isthmus_platform.errors import PlatformError
from isthmus_platform.http import bodies
from isthmus_platform.http.problems import of_error, problem
from isthmus_platform.http.turnstile import Turnstile

Authenticate = Callable[[str], Actor]

CODES = {405: "method_not_allowed", 415: "unsupported_media_type"}
LONGEST_REQUEST_ID = 100
REFUSED_COST = 100


class Ready(bytes):
    """A response that is written already."""


class View(GraphQLView[dict[str, Any], None]):
    """The one endpoint."""

    methods: ClassVar[list[str]] = ["GET", "POST"]

    def __init__(
        self,
        graphql: GraphQL,
        authenticate: Authenticate,
        operations: Operations,
        turnstile: Turnstile | None,
        streams: Streams,
        still: Authenticate,
    ) -> None:
        super().__init__(graphql.schema, graphql_ide="graphiql" if graphql.development else None)
        self.graphql = graphql
        self.authenticate = authenticate
        self.operations = operations
        self.turnstile = turnstile
        self.streams = streams
        self.still = still

    def dispatch_request(self) -> Response:
        """Answer one request."""
        try:
            if request.method == "POST" and _wants_stream(request):
                return self.stream()
            answer: Response = self.run(request=request)
        except OperationRefused as refused:
            return _not_run(refused)
        except HTTPException as refused:
            return _refusal(refused)
        except PlatformError as refused:
            return of_error(refused)
        return answer

    def stream(self) -> Response:
        """Answer one request with server-sent events; what is no operation is refused as ever, with 400."""
        header = request.headers.get("Authorization", "")
        actor = self.authenticate(header)
        asked = self.parse_http_body(FlaskHTTPRequestAdapter(request), {"actor": actor})
        query, variables = asked.query or "", dict(asked.variables or {})
        id_ = request_id(request.headers.get("X-Request-Id", ""))
        judged = self.graphql.judge(query, variables, asked.operation_name, id_)
        if isinstance(judged, Answer):
            return _no_stream(judged)
        document, operation = judged
        if operation.operation is not OperationType.SUBSCRIPTION:
            given = (actor, query, variables, asked.operation_name)
            answer = self.graphql.execute(*given, request_id=id_)
            return _streamed(once(answer)) if answer.executed else _no_stream(answer)
        following = self.graphql.subscribe(actor, document, variables, asked.operation_name, request_id=id_)
        if not isinstance(following, Following):
            return _streamed(once(following)) if following.executed else _no_stream(following)
        if "Last-Event-ID" in request.headers:
            following = following.behind(actor.party_id, request.headers["Last-Event-ID"])
        subscribed = Subscribed(document, variables, asked.operation_name, following, id_)
        return _streamed(self.streams.open(actor, self._asking_again(header, query, variables), subscribed))

    def _asking_again(self, header: str, query: str, variables: Mapping[str, Any]) -> Ask:
        """Return the function that says who is asking while a stream goes on, and whether they still may."""
        found = reach.reach(query, self.graphql.schema, self.graphql.limits, variables)

        def ask() -> Actor:
            actor = self.still(header)
            if found is not None:
                found.check(actor)
            return actor

        return ask

    def get_context(self, request: Request, response: Response) -> dict[str, Any]:
        """Find out who asks, before anything else is looked at."""
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Authorization, Accept"
        if self._shows_page(FlaskHTTPRequestAdapter(request)):
            return {}
        return {"actor": self.authenticate(request.headers.get("Authorization", ""))}

    def _shows_page(self, request: SyncHTTPRequestAdapter) -> bool:
        """Tell whether a browser opens GraphiQL, which holds nothing and needs no token."""
        return bool(self.graphql_ide) and self.should_render_graphql_ide(request)

    def render_graphql_ide(self, *_: Any, **__: Any) -> Response:
        """Answer a browser with GraphiQL."""
        return ide.page()

    def parse_http_body(self, request: SyncHTTPRequestAdapter, context: Any) -> GraphQLRequestData:
        """Read a request; refuse what is not one."""
        if request.method == "GET":
            read: GraphQLRequestData = super().parse_http_body(request, context)
            return read
        body = bodies.read_json(most=self.graphql.limits.body)
        if not isinstance(body, dict):
            raise HTTPException(400, "A request is one JSON object.")
        strict = "application/graphql-response+json" in request.headers.get("Accept", "")
        return self.get_graphql_request_data(request, context, body, "http-strict" if strict else "http")

    def decode_json(self, data: str | bytes) -> object:
        """Read the JSON of a parameter in the address."""
        try:
            value: object = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, f"This is not JSON: {error}.") from None
        return value

    def get_graphql_request_data(
        self,
        request: SyncHTTPRequestAdapter,
        context: Any,
        data: Mapping[str, Any],
        protocol: Any,
    ) -> GraphQLRequestData:
        """Check the parameters' types, find the text to run, and whether its sender may run it now."""
        for name in ("query", "operationName", "documentId"):
            if data.get(name) is not None and not isinstance(data[name], str):
                raise HTTPException(400, f"{name} is a string.")
        for name in ("variables", "extensions"):
            if data.get(name) is not None and not isinstance(data[name], dict):
                raise HTTPException(400, f"{name} is a JSON object.")
        query = None if self._shows_page(request) else self._text(request, context["actor"], data)
        if query is not None:
            self._admit(context["actor"], query, data.get("variables") or {})
        return GraphQLRequestData(
            query=query,
            document=None,
            variables=data.get("variables") or None,
            operation_name=data.get("operationName") or None,
            extensions=data.get("extensions") or None,
            protocol=protocol,
        )

    def _text(self, request: SyncHTTPRequestAdapter, actor: Actor, data: Mapping[str, Any]) -> str:
        """Return the operation's text: what was sent, or what is known by the hash that was sent."""
        try:
            digest = persisted.named(data)
        except ValueError as error:
            raise HTTPException(400, str(error)) from None
        given = data.get("query") or None
        if given is None and digest is None:
            raise HTTPException(400, "query is missing.")
        text, known = self.operations.text(actor, given, digest)
        if request.method == "GET" and not known and not self.graphql.development:
            raise HTTPException(405, "Only persisted operations are sent by GET; send this one by POST.")
        return text

    def _admit(self, actor: Actor, query: str, variables: Mapping[str, Any]) -> None:
        """Judge scopes and quota; what will be refused for what it says costs what it takes to say so."""
        found = reach.reach(query, self.graphql.schema, self.graphql.limits, variables)
        if found is not None:
            found.check(actor)
        if self.turnstile is not None:
            self.turnstile.admit(actor, "cost", found.cost if found is not None else REFUSED_COST)

    def execute_operation(
        self,
        request_adapter: SyncHTTPRequestAdapter,
        request_data: GraphQLRequestData,
        context: Any,
        root_value: object,  # noqa: ARG002
        allowed_operation_types: set[OperationType],
    ) -> ExecutionResult:
        """Execute; what was refused before any resolver ran is told apart, for the status depends on it."""
        try:
            answer = self.graphql.execute(
                context["actor"],
                request_data.query or "",
                request_data.variables,
                request_data.operation_name,
                request_id=request_id(request_adapter.headers.get("X-Request-Id", "")),
                only_queries=OperationType.MUTATION not in allowed_operation_types,
                explain=(request_data.extensions or {}).get("explain") is True,
            )
        except OnlyQueries:
            raise HTTPException(405, "A mutation is sent by POST.") from None
        if not answer.executed:
            raise GraphQLValidationError(answer.errors or [])
        return answer

    def process_result(
        self,
        request: Request,  # noqa: ARG002
        result: ExecutionResult,
        strict: bool = False,  # noqa: ARG002, FBT001, FBT002 (as the base class has it)
    ) -> GraphQLHTTPResponse:
        """Write the response; ``data`` is there, if only as null, whenever execution began."""
        if isinstance(result, PlannedAnswer) and not result.extensions:
            return Ready(result.encoded)  # type: ignore[return-value]
        answer = result if isinstance(result, Answer) else Answer(None, result.errors or [], executed=False)
        body: GraphQLHTTPResponse = answer.body  # type: ignore[assignment]
        return body

    def encode_json(self, data: object) -> str:
        """Write JSON; what the planner wrote is JSON already."""
        return data if isinstance(data, Ready) else orjson.dumps(data)  # type: ignore[return-value]


def request_id(given: str) -> str:
    """Return the id that follows a request through the logs: the one that it came with, if it is one."""
    return given if given.isprintable() and 0 < len(given) <= LONGEST_REQUEST_ID else str(uuid4())


def _wants_stream(given: Request) -> bool:
    return "text/event-stream" in given.headers.get("Accept", "").lower()


def _streamed(parts: Iterable[bytes]) -> Response:
    """Return server-sent events; a proxy that gathers them before it passes them on is asked not to."""
    headers = {"Cache-Control": "no-store", "Vary": "Authorization, Accept", "X-Accel-Buffering": "no"}
    return Response(parts, headers=headers, content_type="text/event-stream")


def _no_stream(answer: Answer) -> Response:
    """Return the refusal of what was not executed."""
    return Response(orjson.dumps(answer.body), 400, content_type="application/graphql-response+json")


def _refusal(refused: HTTPException) -> Response:
    answer = problem(refused.status_code, CODES.get(refused.status_code, "malformed"), refused.reason)
    if refused.status_code == 405:
        answer.headers["Allow"] = "POST"
    return answer


def _not_run(refused: OperationRefused) -> Response:
    """Answer as GraphQL does, for clients look for the code there."""
    strict = "application/graphql-response+json" in request.headers.get("Accept", "")
    body = {"errors": [{"message": refused.message, "extensions": {"code": refused.code}}]}
    kind = "application/graphql-response+json" if strict else "application/json"
    answer = Response(orjson.dumps(body), 400 if strict else 200, content_type=kind)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def blueprint(
    graphql: GraphQL,
    authenticate: Authenticate,
    operations: Operations | None = None,
    turnstile: Turnstile | None = None,
    stream_limits: StreamLimits | None = None,
    still: Authenticate | None = None,
) -> Blueprint:
    """Return the blueprint that serves ``/graphql``.

    ``authenticate`` takes the ``Authorization`` header and returns who acts, or raises
    :class:`~isthmus_platform.errors.NotAuthenticated`. ``operations`` are those known by their hash, and a
    ``turnstile`` takes what each costs from its client's quota. ``still`` says whom a header stands for while
    a subscription goes on, where that is another question.
    """
    web = Blueprint("graphql", __name__)
    streams = Streams(graphql, stream_limits or StreamLimits())
    if graphql.development:
        ide.serve_files(web)
    operations = operations or Operations()
    view = View.as_view(
        "graphql", graphql, authenticate, operations, turnstile, streams, still or authenticate
    )
    web.add_url_rule("/graphql", view_func=view)
    return web
