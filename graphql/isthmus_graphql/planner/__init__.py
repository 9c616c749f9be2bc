"""The planner: reads an operation with one statement for each list level, all in one round trip.

An operation is compiled once for its text, its name and the shape of its variables. Whatever the planner does
not cover, and whatever goes wrong, is left to the ordinary executor, whole: both give the same answer, and
errors are told by the executor alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    get_variable_values,
)
from graphql_relay import from_global_id

from isthmus_graphql.planner.cache import Remembered
from isthmus_graphql.planner.compiler import Plan, compile_operation
from isthmus_graphql.planner.selection import shape
from isthmus_graphql.planner.statements import Given
from isthmus_graphql.planner.values import Uncovered, uncovered
from isthmus_platform.database import Actor, Platform
from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.errors import PlatformError
from isthmus_platform.pipeline import Question

__all__ = ["LONGEST_REMEMBERED", "Operation", "Planned", "Planner", "Prepared", "Uncovered"]

MOST_PLANS = 512
LONGEST_REMEMBERED = 8_000
WRITTEN = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@dataclass(frozen=True)
class Planned:
    """An answer: the whole response in JSON, and the statements that it took."""

    body: bytes
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """One operation of one document, as the cache knows it."""

    text: str
    name: str | None
    document: DocumentNode
    node: OperationDefinitionNode


@dataclass(frozen=True)
class Prepared:
    """An operation that may be read: its plan, and what it is run with."""

    plan: Plan
    variables: dict[str, Any]
    sizes: list[int]
    questions: Sequence[Question]

    def written(self, actor: Actor, rows: Sequence[Any]) -> Planned:
        """Return the answer to ``actor``; raise :class:`Uncovered` where it is not the planner's to give."""
        self.check(actor)
        data = self.plan.assemble(rows, self.sizes, Given(self.variables, actor))
        return Planned(orjson.dumps({"data": data}, option=WRITTEN), tuple(sql for sql, _ in self.questions))

    def check(self, actor: Actor) -> None:
        """Raise :class:`Uncovered` where the executor answers ``actor`` otherwise."""
        for admits in self.plan.admitted:
            if not admits(actor):
                uncovered("not for this party")


class Planner:
    """Plans and reads operations on a platform."""

    def __init__(self, platform: Platform, schema: GraphQLSchema) -> None:
        self.platform = platform
        self.schema = schema
        self._plans: Remembered[Plan | Uncovered] = Remembered(MOST_PLANS)
        self._answered: Remembered[bool] = Remembered(MOST_PLANS)

    def has_answered(self, text: str, name: str | None) -> bool:
        """Tell whether the operation was within the limits, valid and covered when it last came."""
        return (text, name) in self._answered

    def answer(self, actor: Actor, operation: Operation, variables: Mapping[str, Any]) -> Planned:
        """Return the answer of a valid query.

        Raises :class:`Uncovered` where the executor must give it, and :class:`DeadlinePassed` where a
        statement took too long.
        """
        if len(operation.text) > LONGEST_REMEMBERED:
            uncovered("a document too long to be remembered")
        try:
            return self._answer(actor, operation, variables)
        except DeadlinePassed:
            raise
        except PlatformError as refused:
            raise Uncovered(refused.message) from refused
        except psycopg.Error as failed:
            raise Uncovered(str(failed)) from failed

    def _answer(self, actor: Actor, operation: Operation, variables: Mapping[str, Any]) -> Planned:
        prepared = self.prepare(actor, operation, variables)
        prepared.check(actor)
        rows = self.platform.read(actor, prepared.questions) if prepared.questions else []
        written = prepared.written(actor, rows)
        self._answered.get((operation.text, operation.name), lambda: True)
        return written

    def prepare(self, actor: Actor, operation: Operation, variables: Mapping[str, Any]) -> Prepared:
        """Return what is asked of the database to answer a valid query.

        Only the party of ``actor`` is looked at; whether it may ask is judged by whoever writes the answer.
        Raises :class:`Uncovered` and :class:`~isthmus_platform.errors.PlatformError`.
        """
        given = Given(self._coerced(operation.node, variables), actor)
        plan = self._plan(operation, given)
        sizes = [size(given) for size in plan.sizes]
        questions = [(each.sql, each.values(given)) for each in plan.statements]
        return Prepared(plan, dict(given.variables), sizes, questions)

    def _coerced(self, node: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
        if not node.variable_definitions:
            return {}
        coerced = get_variable_values(self.schema, node.variable_definitions, dict(variables), 1)
        return coerced if isinstance(coerced, dict) else uncovered("a variable of the wrong type")

    def _plan(self, operation: Operation, given: Given) -> Plan:
        key = (operation.text, operation.name, *_shapes(operation.node, given.variables))
        plan = self._plans.get(key, lambda: self._compiled(operation, given))
        if isinstance(plan, Uncovered):
            raise Uncovered(*plan.args)
        return plan

    def _compiled(self, operation: Operation, given: Given) -> Plan | Uncovered:
        named = {
            each.name.value: each
            for each in operation.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        try:
            return compile_operation(self.schema, operation.node, named, given)
        except Uncovered as why:
            return Uncovered(*why.args)


def _shapes(node: OperationDefinitionNode, variables: Mapping[str, Any]) -> list[Any]:
    """Return what of the variables decides the plan; of an id, the type inside."""
    found: list[Any] = []
    for each in node.variable_definitions:
        name = each.variable.name.value
        value = variables.get(name)
        declared = each.type.type if isinstance(each.type, NonNullTypeNode) else each.type
        is_id = isinstance(declared, NamedTypeNode) and declared.name.value == "ID"
        found.append(from_global_id(value).type if is_id and isinstance(value, str) else shape(value))
    return found
