"""Generated GraphQL documents, made to reach into a known trade, with everything the language has to say it.

``hypothesis-graphql`` draws the fields; here arguments become ones that find something, and fields get
aliases, directives with variables, and fragments of every kind.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    parse_value,
    print_ast,
    visit,
)

DECLARED = (
    "query Any($yes: Boolean = true, $no: Boolean! = false, $few: Int = 2, $id: ID!, $reference: String!,"
    " $after: String, $filter: ShipmentFilter) "
)


@dataclass(frozen=True)
class Known:
    """What exists: global ids, references, cursors, and filters that find something."""

    ids: list[str]
    references: list[str]
    cursors: list[str]
    filters: list[dict[str, Any]]

    def variables(self, random: Random) -> dict[str, Any]:
        """Return values for the variables that every document declares; some are left to their default."""
        given: dict[str, Any] = {
            "id": random.choice(self.ids),
            "reference": random.choice(self.references),
            "after": random.choice([None, None, None, random.choice(self.cursors)]),
            "filter": random.choice([None, *self.filters]),
        }
        for name, values in (("yes", (True, False)), ("no", (True, False)), ("few", (1, 3))):
            if random.random() < 0.5:
                given[name] = random.choice(values)
        return given


@dataclass
class Varying(Visitor):
    """Rewrites a document on the way out of each node."""

    random: Random
    known: Known
    types: TypeInfo
    fragments: list[FragmentDefinitionNode] = field(default_factory=list)
    aliases: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def leave_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode:
        """Give an argument a value that finds something."""
        written = self._value(node.name.value)
        return node if written is None else ArgumentNode(name=node.name, value=parse_value(written))

    def _value(self, name: str) -> str | None:
        choose, known = self.random.choice, self.known
        match name:
            case "first":
                return choose(["1", "2", "3", "$few", "20"])
            case "after":
                return choose(["null"] * 9 + ["$after", f'"{choose(known.cursors)}"'])
            case "id":
                return choose(["$id", *(f'"{each}"' for each in known.ids)])
            case "reference":
                return choose(["$reference", *(f'"{each}"' for each in known.references)])
            case "filter":
                kind = str(self.types.get_input_type())
                return choose(["$filter", "null", "{}"]) if kind == "ShipmentFilter" else "null"
            case "period":
                return choose(['"2026-05"', '"2026-06"'])
        return None

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        """Name a field otherwise, or let a directive decide on it."""
        if self.random.random() < 0.15 and self.aliases < 40:
            self.aliases += 1
            node.alias = NameNode(value=f"a{self.aliases}")
        if self.random.random() < 0.1:
            word = self.random.choice(["skip", "include"])
            value = VariableNode(name=NameNode(value=self.random.choice(["yes", "no"])))
            condition = ArgumentNode(name=NameNode(value="if"), value=value)
            node.directives = (DirectiveNode(name=NameNode(value=word), arguments=(condition,)),)
        return node

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        """Put part of a selection into a fragment, and ask for the type's name."""
        parent = self.types.get_parent_type()
        if parent is None or self.random.random() > 0.3:
            return node
        kept, moved = [*node.selections], [s for s in node.selections if self.random.random() < 0.6]
        if self.random.random() < 0.5:  # else they are asked for twice, and must merge
            kept = [s for s in kept if s not in moved]
        inside = SelectionSetNode(selections=(*moved, FieldNode(name=NameNode(value="__typename"))))
        condition = NamedTypeNode(name=NameNode(value=parent.name))
        match self.random.randrange(3):
            case 0:
                made: Any = InlineFragmentNode(selection_set=inside)
            case 1:
                made = InlineFragmentNode(type_condition=condition, selection_set=inside)
            case _:
                name = NameNode(value=f"F{len(self.fragments)}")
                self.fragments.append(
                    FragmentDefinitionNode(name=name, type_condition=condition, selection_set=inside)
                )
                made = FragmentSpreadNode(name=name)
        return SelectionSetNode(selections=tuple(self.random.sample([*kept, made], len(kept) + 1)))


def varied(schema: GraphQLSchema, document: DocumentNode, random: Random, known: Known) -> str:
    """Return ``document`` varied, as text; it takes the variables of :meth:`Known.variables`."""
    types = TypeInfo(schema)
    varying = Varying(random, known, types)
    rewritten = visit(document, TypeInfoVisitor(types, varying))
    [operation] = rewritten.definitions
    assert isinstance(operation, OperationDefinitionNode)
    used = SelectionSetNode(selections=operation.selection_set.selections)
    # Each variable is used, as validation asks, at a place that costs nothing.
    using = """{ viewer @skip(if: true) @include(if: $yes) { subject @include(if: $no) }
      uses: node(id: $id) @skip(if: true) { id } usesFirst: shipments(first: $few, after: $after,
      filter: $filter) @skip(if: true) { __typename }
      usesReference: shipment(reference: $reference) @skip(if: true) { id } }"""
    text = [DECLARED + using.rstrip()[:-1] + print_ast(used).strip()[1:]]
    return "\n".join([*text, *(print_ast(each) for each in varying.fragments)])


__all__ = ["DECLARED", "Known", "varied"]
