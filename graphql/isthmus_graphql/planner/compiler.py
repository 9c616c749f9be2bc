"""An operation, compiled: the statements that read it and the function that assembles its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode

from isthmus_graphql.pagination import place, size
from isthmus_graphql.planner import roots
from isthmus_graphql.planner.assembler import Code
from isthmus_graphql.planner.map import KINDS
from isthmus_graphql.planner.places import fragments
from isthmus_graphql.planner.selection import Argument, Choice, Reading
from isthmus_graphql.planner.statements import (
    Binding,
    Condition,
    Given,
    Level,
    Limit,
    Statement,
    constant,
    located,
)
from isthmus_graphql.planner.terms import Field, Inside, Kind, Many, Paged, Place, Places, To, Value
from isthmus_graphql.planner.values import uncovered
from isthmus_platform.database import Actor


@dataclass(frozen=True)
class Plan:
    """What it takes to answer an operation: a statement for each list level, and what makes their rows it."""

    statements: tuple[Statement, ...]
    sizes: tuple[Binding, ...]
    admitted: tuple[Callable[[Actor], bool], ...]
    assemble: Callable[[Sequence[Any], Sequence[int], Given], dict[str, Any]]
    source: str


@dataclass(frozen=True)
class Scope:
    """A row within a level: the level's own, or one that is joined beside it."""

    level: Level
    alias: str
    kind: Kind

    def value(self, column: str) -> str:
        """Select a column; return its name in generated code."""
        return self.level.column(located(self.alias, column))

    @property
    def key(self) -> str:
        """The SQL of the row's key."""
        return f"{self.alias}.{self.kind.key}"

    def joined(self, name: str, kind: Kind | None = None) -> "Scope":
        """Return what the row is joined to by ``name``."""
        join = self.kind.joins[name]
        alias = self.level.join(self.alias, name, join)
        return Scope(self.level, alias, kind or Kind(join.table, {}, key=join.key))


def compile_operation(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    named: dict[str, FragmentDefinitionNode],
    given: Given,
) -> Plan:
    """Return the plan of ``operation`` for variables of the shape of those ``given``.

    Raises :class:`~isthmus_graphql.planner.values.Uncovered` for what the map does not hold.
    """
    return Compiler(Reading(schema, named, given.variables)).plan(operation.selection_set)


class Compiler:
    """Compiles one operation."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.levels: list[Level] = []
        self.admitted: list[Callable[[Actor], bool]] = []
        self.sizes: dict[int, Binding] = {}
        self.code = Code()

    def plan(self, inside: SelectionSetNode) -> Plan:
        """Compile the fields of the root."""
        members = []
        for choice in self.reading.choices("Query", [inside]):
            members.append((choice.key, self._root(choice)))
        assemble, source = self.code.function(self.levels, members)
        statements = tuple(level.statement() for level in self.levels)
        sizes = tuple(self.sizes.get(level.number, constant(0)) for level in self.levels)
        return Plan(statements, sizes, tuple(self.admitted), assemble, source)

    def _root(self, choice: Choice) -> str:
        if choice.name == "__typename":
            return "'Query'"
        root = roots.ROOTS.get(choice.name) or uncovered(f"Query.{choice.name}")
        arguments = self.reading.arguments("Query", choice)
        if isinstance(root, roots.Viewer):
            return self._viewer(choice)
        if isinstance(root, roots.One):
            return self._one(root.found(arguments), choice)
        self.admitted.append(root.admits)
        level = self._level(KINDS[root.paged.kind])
        level.by_ways = bool(level.kind.ways)
        level.conditions += root.narrowed(arguments)
        if root.unnamed(arguments):
            self.code.before(f"if not r{level.number}: uncovered('perhaps nobody is named so')")
        return self._page(level, root.paged, choice, arguments, f"r{level.number}")

    def _viewer(self, choice: Choice) -> str:
        members = []
        for each in self.reading.choices("Viewer", choice.inside):
            if each.name == "party":
                members.append((each.key, self._one(roots.ACTING_PARTY, each, required=True)))
            elif each.name == "subject":
                members.append((each.key, "given.actor.subject"))
            else:
                members.append((each.key, self._typename("Viewer", each)))
        return _object(members)

    def _one(self, found: roots.Found, choice: Choice, *, required: bool = False) -> str:
        self.admitted.append(found.admits)
        level = self._level(KINDS[found.kind])
        level.conditions += found.conditions
        level.order, level.limit = found.order, Limit(constant(1), more=found.sole)
        if found.sole:
            at = level.position(located(level.alias, "party_id"))
            self.code.before(
                f"if len(r{level.number}) > 1 and r{level.number}[0][{at}] != given.actor.party_id.bytes:"
                " uncovered('an ambiguous reference')"
            )
        scope = Scope(level, level.alias, level.kind)
        item = self._object(scope, found.kind, choice.inside)
        shown = self.code.items(level, f"r{level.number}[:1]", item)
        return f"needed(first({shown}))" if required else f"first({shown})"

    def _level(self, kind: Kind, parent: Level | None = None, up: str = "") -> Level:
        level = Level(len(self.levels), kind, parent, up)
        self.levels.append(level)
        return level

    def _object(self, scope: Scope, name: str, inside: Sequence[SelectionSetNode]) -> str:
        """Return the code of an object of the type ``name`` at ``scope``."""
        return _object(
            [(each.key, self._field(scope, name, each)) for each in self.reading.choices(name, inside)]
        )

    def _field(self, scope: Scope, name: str, choice: Choice) -> str:
        if choice.name == "__typename":
            return repr(name)
        field: Field = scope.kind.fields.get(choice.name) or uncovered(f"{name}.{choice.name}")
        if isinstance(field, Value):
            return self._value(scope, field)
        kind = self.reading.kind_of(name, choice.name)
        if isinstance(field, Inside):
            return self._inside(scope, field, kind, choice)
        if isinstance(field, Place | Places):
            return self._place(scope, field, choice)
        if isinstance(field, To):
            return self._to(scope, field, choice)
        if isinstance(field, Many):
            level = self._level(KINDS[field.kind], scope.level, scope.key)
            level.conditions.append(Condition(field.where))
            level.order = tuple(_ordered(each) for each in field.order)
            item = self._object(Scope(level, level.alias, level.kind), field.kind, choice.inside)
            return self.code.items(level, f"g{level.number}.get({scope.value(scope.kind.key)}, ())", item)
        level = self._level(KINDS[field.kind], scope.level, scope.key)
        arguments = self.reading.arguments(name, choice)
        rows = f"g{level.number}.get({scope.value(scope.kind.key)}, ())"
        return self._page(level, field, choice, arguments, rows)

    def _value(self, scope: Scope, field: Value) -> str:
        at = scope if field.via is None else scope.joined(field.via)
        values = [*map(at.value, field.columns), *map(scope.value, field.own)]
        return field.make.format(*values)

    def _inside(self, scope: Scope, field: Inside, kind: str, choice: Choice) -> str:
        members = []
        for each in self.reading.choices(kind, choice.inside):
            if each.name == "__typename":
                members.append((each.key, repr(kind)))
            else:
                value = field.fields.get(each.name) or uncovered(f"{kind}.{each.name}")
                members.append((each.key, self._value(scope, value)))
        made = _object(members)
        return (
            made if field.present is None else f"(None if {scope.value(field.present)} is None else {made})"
        )

    def _place(self, scope: Scope, field: Place | Places, choice: Choice) -> str:
        members = [(each.key, each.name) for each in self.reading.choices("Place", choice.inside)]
        table = self.code.constant(fragments(tuple(members)))
        value = scope.value(field.column)
        if isinstance(field, Places):
            return f"[needed({table}[code]) for code in {value}]"
        return f"needed({table}[{value}])" if field.strict else f"({table}[{value}] if {value} else None)"

    def _to(self, scope: Scope, field: To, choice: Choice) -> str:
        target = scope.joined(field.via, KINDS[field.kind])
        made = self._object(target, field.kind, choice.inside)
        key = target.value(target.kind.key)
        absent = "uncovered('a row that must be there')" if field.required else "None"
        return f"({absent} if {key} is None else {made})"

    def _page(
        self, level: Level, field: Paged, choice: Choice, arguments: dict[str, Argument], rows: str
    ) -> str:
        """Return the code of a page of ``rows``."""
        after, wanted = arguments["after"], arguments["first"].binding

        def first(given: Given) -> int:
            return size(wanted(given))

        shown = self.reading.choices(f"{field.kind}Connection", choice.inside)
        level.order = tuple(f"{{t}}.{column} DESC" for column in field.at)
        level.limit = Limit(first, more=any(each.name == "pageInfo" for each in shown))
        if field.where is not None:
            level.conditions.append(Condition(field.where))
        if after.now is not None:
            level.conditions.append(_behind(field, after.binding))
        self.sizes[level.number] = first
        members = [(each.key, self._of_page(level, field, each, after.now is not None)) for each in shown]
        return self.code.page(level, rows, _object(members))

    def _of_page(self, level: Level, field: Paged, choice: Choice, continued: bool) -> str:  # noqa: FBT001
        if choice.name == "edges":
            kind = f"{field.kind}Edge"
            scope = Scope(level, level.alias, level.kind)
            members = []
            for each in self.reading.choices(kind, choice.inside):
                if each.name == "node":
                    members.append((each.key, self._object(scope, field.kind, each.inside)))
                elif each.name == "cursor":
                    members.append((each.key, _cursor(field, [scope.value(c) for c in field.at])))
                else:
                    members.append((each.key, self._typename(kind, each)))
            return self.code.items(level, "rows", _object(members))
        if choice.name == "pageInfo":
            members = []
            for each in self.reading.choices("PageInfo", choice.inside):
                members.append((each.key, self._of_page_info(level, field, each, continued)))
            return _object(members)
        return self._typename(f"{field.kind}Connection", choice)

    def _of_page_info(self, level: Level, field: Paged, choice: Choice, continued: bool) -> str:  # noqa: FBT001
        at = [level.position(located(level.alias, column)) for column in field.at]
        match choice.name:
            case "hasNextPage":
                return "more"
            case "hasPreviousPage":
                return repr(continued)
            case "startCursor":
                return f"({_cursor(field, [f'rows[0][{n}]' for n in at])} if rows else None)"
            case "endCursor":
                return f"({_cursor(field, [f'rows[-1][{n}]' for n in at])} if rows else None)"
        return self._typename("PageInfo", choice)

    def _typename(self, kind: str, choice: Choice) -> str:
        return repr(kind) if choice.name == "__typename" else uncovered(f"{kind}.{choice.name}")


def _object(members: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in members) + "}"


def _ordered(column: str) -> str:
    return f"{{t}}.{column}"


def _cursor(field: Paged, values: Sequence[str]) -> str:
    maker = "id_cursor" if field.at == ("id",) else "moment_cursor"
    return f"{maker}(given.actor.party_id, {field.cursor!r}, {', '.join(values)})"


def _behind(field: Paged, after: Binding) -> Condition:
    """Return the condition that a row comes after the cursor ``after``, which is read at each run."""
    parsers = (UUID,) if field.at == ("id",) else (datetime.fromisoformat, UUID)

    def part(number: int) -> Binding:
        return lambda given: (place(given.actor.party_id, field.cursor, after(given), *parsers) or ())[number]

    if field.at == ("id",):
        return Condition("{t}.id < {0}", ((part(0), "uuid"),))
    columns = ", ".join(f"{{t}}.{column}" for column in field.at)
    return Condition(f"({columns}) < ({{0}}, {{1}})", ((part(0), "timestamptz"), (part(1), "uuid")))
