"""What an operation selects, once fragments are spread and directives decided (specification, 6.3.2).

Arguments become bindings, read from the variables at each run. Directives are decided when the operation is
compiled: it is compiled anew for each value of the variables that decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
    get_named_type,
    is_abstract_type,
    value_from_ast,
)
from graphql.language import NullValueNode, ObjectValueNode, ValueNode

from isthmus_graphql.planner.statements import Binding, Given, constant
from isthmus_graphql.planner.values import uncovered


@dataclass
class Choice:
    """A field of the answer: its key, and the nodes that ask for it together."""

    key: str
    nodes: list[FieldNode] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The field's name."""
        return self.nodes[0].name.value

    @property
    def inside(self) -> list[SelectionSetNode]:
        """What is selected of the field."""
        return [node.selection_set for node in self.nodes if node.selection_set is not None]


@dataclass(frozen=True)
class Reading:
    """A document as one run reads it."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def choices(self, kind: str, sets: Sequence[SelectionSetNode]) -> list[Choice]:
        """Return what is selected of an object of the type ``kind``, in the order of the answer."""
        found: dict[str, Choice] = {}
        spread: set[str] = set()
        for each in sets:
            for node in self._fields(kind, each, spread):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, Choice(key)).nodes.append(node)
        return list(found.values())

    def definition(self, kind: str, name: str) -> GraphQLField:
        """Return the schema's definition of a field."""
        parent = self.schema.get_type(kind)
        if not isinstance(parent, GraphQLObjectType) or name not in parent.fields:
            uncovered(f"{kind}.{name}")
        found: GraphQLField = parent.fields[name]
        return found

    def kind_of(self, kind: str, name: str) -> str:
        """Return the name of a field's type."""
        return get_named_type(self.definition(kind, name).type).name

    def _fields(self, kind: str, inside: SelectionSetNode, spread: set[str]) -> Iterator[FieldNode]:
        for node in inside.selections:
            if not self._wanted(node.directives):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                narrower = node.type_condition
                if not narrower or self._applies(narrower.name.value, kind):  # type: ignore[truthy-bool]
                    yield from self._fields(kind, node.selection_set, spread)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, kind):
                    yield from self._fields(kind, fragment.selection_set, spread)

    def _applies(self, condition: str, kind: str) -> bool:
        if condition == kind:
            return True
        wider, own = self.schema.get_type(condition), self.schema.get_type(kind)
        return (
            is_abstract_type(wider)
            and isinstance(own, GraphQLObjectType)
            and self.schema.is_sub_type(wider, own)  # type: ignore[arg-type]
        )

    def _wanted(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name not in ("skip", "include"):
                uncovered(f"@{name}")
            node = next(each.value for each in directive.arguments if each.name.value == "if")
            if self.value(node, self.schema.get_directive(name).args["if"]) is (name == "skip"):  # type: ignore[union-attr]
                return False
        return True

    def value(self, node: ValueNode | None, argument: GraphQLArgument) -> Any:
        """Return an argument's value in this run."""
        if node is None:
            return None if argument.default_value is Undefined else argument.default_value
        if isinstance(node, VariableNode):
            default = None if argument.default_value is Undefined else argument.default_value
            return self.variables.get(node.name.value, default)
        found = value_from_ast(node, argument.type, dict(self.variables))
        return uncovered("an argument's value") if found is Undefined else found

    def arguments(self, kind: str, choice: Choice) -> dict[str, "Argument"]:
        """Return the arguments of a field by name, those not given included."""
        given = {each.name.value: each.value for each in choice.nodes[0].arguments}
        return {
            name: Argument(self, given.get(name), argument)
            for name, argument in self.definition(kind, choice.name).args.items()
        }


@dataclass(frozen=True)
class Argument:
    """One argument: its value in this run, and its binding in any run of the same shape."""

    reading: Reading
    node: ValueNode | None
    definition: GraphQLArgument

    @property
    def now(self) -> Any:
        """The value in this run."""
        return self.reading.value(self.node, self.definition)

    @property
    def binding(self) -> Binding:
        """Where the value comes from in every run."""
        node, definition = self.node, self.definition
        if isinstance(node, VariableNode):
            name = node.name.value
            default = None if definition.default_value is Undefined else definition.default_value
            return lambda given: given.variables.get(name, default)
        if node is None or not _varies(node):
            return constant(self.now)
        reading = self.reading
        return lambda given: Reading(reading.schema, reading.fragments, given.variables).value(
            node, definition
        )

    def member(self, name: str) -> Binding:
        """Return the binding of a member of an input object, by its name in Python."""
        whole = self.binding
        return lambda given: whole(given)[name]

    @property
    def members(self) -> list[str]:
        """The names in Python of the members that are given and not null."""
        value = self.now
        return [] if value is None else [name for name, each in value.items() if each is not None]


def _varies(node: ValueNode) -> bool:
    if isinstance(node, ObjectValueNode):
        return any(_varies(each.value) for each in node.fields)
    if isinstance(node, NullValueNode):
        return False
    return isinstance(node, VariableNode) or bool(getattr(node, "values", ()))


def shape(value: Any) -> Any:
    """Return what of a variable's value decides the form of statements: whether it is null, true or false.

    Of an input object, the same of each member.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return tuple((name, shape(each)) for name, each in value.items())
    return ...


__all__ = ["Argument", "Choice", "Given", "Reading", "shape"]
