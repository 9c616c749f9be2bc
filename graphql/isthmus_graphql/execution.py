"""Executing a document for an actor: limits, validation, then the planner or the resolvers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_argument_values,
    get_operation_ast,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import collect_fields
from graphql.pyutils import Path
from graphql.validation.rules import overlapping_fields_can_be_merged

from isthmus_graphql import limits as limit
from isthmus_graphql import refusals
from isthmus_graphql.context import Context
from isthmus_graphql.limits import Limits
from isthmus_graphql.planner import LONGEST_REMEMBERED, Operation, Planned, Planner, Uncovered
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Actor, Platform
from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.webhook_signing import SigningSecrets

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 12_000
"""How often a document's fields of one name are compared with each other: some 10 ms of CPU in all."""
MOST_ERRORS = 20
INTROSPECTION = re.compile(r"__(?:schema|type)\b")
MOST_WRONG_VALUES = 4
"""How many values of variables are told to be wrong: each is written out with all of what it stands in."""


class Answer(ExecutionResult):
    """What was answered; its errors carry a code each, and the refusal behind it as ``original_error``.

    ``executed`` is false when the request was refused before any resolver ran: then there is no data at all.
    """

    __slots__ = ("executed",)

    def __init__(self, data: dict[str, Any] | None, errors: list[GraphQLError], *, executed: bool) -> None:
        super().__init__(data, errors or None)
        self.executed = executed

    @property
    def body(self) -> dict[str, Any]:
        """The response as GraphQL writes it."""
        body: dict[str, Any] = {"errors": [error.formatted for error in self.errors]} if self.errors else {}
        if self.executed:
            body["data"] = self.data
        return body | ({"extensions": self.extensions} if self.extensions else {})


class PlannedAnswer(Answer):
    """An answer that the planner wrote; ``encoded`` is read back only for who wants its data."""

    __slots__ = ("encoded",)

    def __init__(self, encoded: bytes) -> None:
        super().__init__(None, [], executed=True)
        self.encoded = encoded

    def __getattribute__(self, name: str) -> Any:
        """Read the data back when it is asked for."""
        if name == "data":
            return orjson.loads(self.encoded)["data"]
        return super().__getattribute__(name)


class OnlyQueries(Exception):
    """A mutation came where only queries are served."""


@dataclass(frozen=True)
class GraphQL:
    """The schema on a platform; one for the process, used by the HTTP view and the portal alike.

    ``bridge`` reads the log for an authority, ``desk`` issues documents, ``push`` says where webhooks may go
    and signs them. ``development`` allows introspection, suggestions and explanations. Without a ``planner``
    every operation goes to the ordinary executor.
    """

    platform: Platform
    schema: GraphQLSchema
    bridge: BridgeClient | None = None
    desk: Desk | None = None
    development: bool = False
    limits: Limits = field(default_factory=Limits)
    planner: Planner | None = None
    push: tuple[Outgoing, SigningSecrets] | None = None

    def execute(
        self,
        actor: Actor,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        request_id: str = "-",
        only_queries: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Execute ``query`` as ``actor``; in development ``explain`` says in the answer how it was read.

        Raises :class:`OnlyQueries` for a mutation where ``only_queries``; whatever else is wrong is in the
        answer's errors.
        """
        given = dict(variables or {})
        judged = self.judge(query, given, operation_name, request_id)
        if isinstance(judged, Answer):
            return judged
        document, operation = judged
        if operation.operation is OperationType.SUBSCRIPTION:
            return _unexecuted([_only_streamed(operation)], request_id)
        if only_queries and operation.operation is not OperationType.QUERY:
            raise OnlyQueries
        asked = Operation(query, operation_name, document, operation)
        return self._answered(actor, asked, given, request_id, explain=explain and self.development)

    def judge(
        self, query: str, variables: dict[str, Any], operation_name: str | None, request_id: str
    ) -> tuple[DocumentNode, OperationDefinitionNode] | Answer:
        """Return the document and its operation once they may be executed, else the refusal."""
        try:
            return self._judged(query, variables, operation_name)
        except _Refused as refused:
            return Answer(
                None, [refusals.outward(error, request_id) for error in refused.errors], executed=False
            )
        except GraphQLError as error:
            return _unexecuted([error], request_id)

    def _answered(
        self,
        actor: Actor,
        operation: Operation,
        variables: dict[str, Any],
        request_id: str,
        *,
        explain: bool,
    ) -> Answer:
        """Answer by the planner where it covers the operation, else by the ordinary executor."""
        try:
            planned, why = self._planned(actor, operation, variables)
        except DeadlinePassed as error:
            return outward(error, request_id)
        if planned is None:
            answer = self._run(actor, operation.document, variables, operation.name, request_id)
            answer.extensions = {"explain": {"by": "executor", "why": why}} if explain else None
            return answer
        answer = PlannedAnswer(planned.body)
        answer.extensions = {"explain": {"by": "planner", "sql": planned.statements}} if explain else None
        return answer

    def by_executor(
        self, actor: Actor, operation: Operation, variables: dict[str, Any], request_id: str
    ) -> Answer:
        """Answer a judged operation by the ordinary executor."""
        return self._run(actor, operation.document, variables, operation.name, request_id)

    def _planned(
        self, actor: Actor, operation: Operation, variables: dict[str, Any]
    ) -> tuple[Planned | None, str]:
        """Return the planner's answer, or why the ordinary executor must give it."""
        if self.planner is None or operation.node.operation is not OperationType.QUERY:
            return None, "not a query" if self.planner else "no planner"
        try:
            return self.planner.answer(actor, operation, variables), ""
        except Uncovered as why:
            return None, str(why)

    def subscribe(
        self,
        actor: Actor,
        document: DocumentNode,
        variables: dict[str, Any],
        operation_name: str | None,
        *,
        request_id: str = "-",
    ) -> Any:
        """Return what the subscription's root field follows, or an answer that says why nothing."""
        try:
            with Context(self.platform, actor, request_id, self.bridge, self.push, self.desk) as context:
                return _followed(self.schema, document, variables, operation_name, context)
        except _Refused as refused:
            return Answer(
                None, [refusals.outward(error, request_id) for error in refused.errors], executed=False
            )
        except Exception as error:  # noqa: BLE001 (told as any resolver's is)
            return outward(error, request_id)

    def execute_event(
        self,
        actor: Actor,
        document: DocumentNode,
        variables: dict[str, Any],
        operation_name: str | None,
        event: object,
        *,
        request_id: str = "-",
    ) -> Answer:
        """Execute a subscription's selection on one ``event``, as ``actor``, in a transaction of its own."""
        return self._run(actor, document, variables, operation_name, request_id, event)

    def _judged(
        self, query: str, variables: dict[str, Any], operation_name: str | None
    ) -> tuple[DocumentNode, OperationDefinitionNode]:
        """Return the document, once it is within the limits and valid, and its operation.

        The limits come first since the rules of the specification walk whatever they are given, and nothing
        is walked of which it is not known what to execute.
        """
        document: DocumentNode = _remembering(_parsed, query)(query, self.limits)
        limit.check_variables(variables, self.limits)
        _remembering(_within_reach, query)(query, self.schema, self.limits, _numbers(variables))
        operation = _operation(self.schema, document, operation_name)
        errors = _remembering(_invalid, query)(query, self.schema, self.limits, self.development)
        if errors:
            raise _Refused(errors)
        return document, operation

    def _run(
        self,
        actor: Actor,
        document: DocumentNode,
        variables: dict[str, Any],
        operation_name: str | None,
        request_id: str,
        root: object = None,
    ) -> Answer:
        try:
            with Context(self.platform, actor, request_id, self.bridge, self.push, self.desk) as context:
                result = execute_sync(
                    self.schema,
                    document,
                    root_value=root,
                    context_value=context,
                    variable_values=variables,
                    operation_name=operation_name,
                    max_coercion_errors=MOST_WRONG_VALUES,
                    hide_suggestions=not self.development,
                )
        except Exception as error:  # noqa: BLE001 (what was read could not be committed; logged, not told)
            return Answer(
                None, [refusals.outward(GraphQLError("", original_error=error), request_id)], executed=True
            )
        errors = [refusals.outward(error, request_id) for error in result.errors or ()]
        return Answer(result.data, errors, executed=not _refused_variables(result))


def _refused_variables(result: ExecutionResult) -> bool:
    """Tell whether execution ended before it began, since a variable has a value of the wrong type."""
    return result.data is None and all(error.path is None for error in result.errors or ())


class _Refused(Exception):
    """Several errors at once."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@lru_cache(maxsize=256)
def _parsed(query: str, limits: Limits) -> DocumentNode:
    return limit.read_once(query, limits)


def _numbers(variables: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return what of the variables a document's reach depends on: numbers, which may be a page's size."""
    return tuple((n, v if v is None or isinstance(v, int | float) else "") for n, v in variables.items())


@lru_cache(maxsize=1024)
def _within_reach(
    query: str, schema: GraphQLSchema, limits: Limits, variables: tuple[tuple[str, Any], ...]
) -> None:
    """Measure a document; what is within the limits is remembered to be, what is not is measured again."""
    document = _remembering(_parsed, query)(query, limits)
    limit.check_reach(schema, document, dict(variables), limits)


@lru_cache(maxsize=256)
def _invalid(
    query: str,
    schema: GraphQLSchema,
    limits: Limits,
    development: bool,  # noqa: FBT001 (a cache's key)
) -> list[GraphQLError]:
    document = _remembering(_parsed, query)(query, limits)
    if not development and INTROSPECTION.search(query):
        errors = validate(schema, document, [NoSchemaIntrospectionCustomRule], 1)
        if errors:
            return _coded(errors[:1], "INTROSPECTION")
    errors = validate(schema, document, specified_rules, MOST_ERRORS, hide_suggestions=not development)
    if not development:  # a rule that is not asked to hide its suggestion: that a field has inner ones
        for error in errors:
            error.message = error.message.partition(" Did you mean ")[0]
    return _coded(errors, "VALIDATION_FAILED")


def _remembering(judge: Any, query: str) -> Any:
    """Return the form of ``judge`` that remembers: clients send few documents, and those are short."""
    return judge if len(query) <= LONGEST_REMEMBERED else judge.__wrapped__


def _coded(errors: list[GraphQLError], code: str) -> list[GraphQLError]:
    for error in errors:
        error.extensions = {"code": code}
    return errors


def _operation(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        message = "Name one of the document's operations." if name is None else "There is no such operation."
        raise GraphQLError(message, extensions={"code": "OPERATION"})
    if schema.get_root_type(operation.operation) is None:
        raise GraphQLError("There is no such kind of operation.", operation, extensions={"code": "OPERATION"})
    return operation


def _only_streamed(operation: OperationDefinitionNode) -> GraphQLError:
    message = "A subscription is answered as a stream: send Accept: text/event-stream, by POST."
    return GraphQLError(message, operation, extensions={"code": "OPERATION"})


def _followed(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: dict[str, Any],
    operation_name: str | None,
    context: Context,
) -> Any:
    """Resolve the source of a subscription's events (GraphQL specification, CreateSourceEventStream)."""
    execution = ExecutionContext.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=variables,
        operation_name=operation_name,
        max_coercion_errors=MOST_WRONG_VALUES,
        hide_suggestions=True,
    )
    if isinstance(execution, list):
        raise _Refused(execution)
    root = schema.subscription_type
    selected = execution.operation.selection_set
    fields = root and collect_fields(schema, execution.fragments, execution.variable_values, root, selected)
    if not root or not fields:
        raise GraphQLError("The subscription selects nothing.", extensions={"code": "OPERATION"})
    name, nodes = next(iter(fields.items()))
    definition = root.fields[nodes[0].name.value]
    if definition.subscribe is None:
        raise GraphQLError("This field follows nothing.", extensions={"code": "OPERATION"})
    info = execution.build_resolve_info(definition, nodes, root, Path(None, name, root.name))
    arguments = get_argument_values(definition, nodes[0], execution.variable_values)
    return definition.subscribe(None, info, **arguments)


def _unexecuted(errors: Iterable[GraphQLError], request_id: str) -> Answer:
    """Return the refusal of a document of which nothing was executed."""
    return Answer(None, [refusals.outward(error, request_id) for error in errors], executed=False)


def outward(error: Exception, request_id: str) -> Answer:
    """Return an error as an answer on its own."""
    return Answer(None, [refusals.outward(refusals.located(error), request_id)], executed=True)
