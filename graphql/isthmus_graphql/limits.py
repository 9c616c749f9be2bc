"""What a document may ask for, judged before anything is done.

Each limit has a code of its own in ``extensions.code``; the numbers are in :class:`Limits`. A document is
measured with its fragments spread out, but each fragment is measured once, so that a short document that
describes a vast answer is measured as quickly as it was sent.
"""

import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from graphql.language import IntValueNode, NullValueNode, ValueNode, VariableNode

from isthmus_graphql.pagination import DEFAULT, LARGEST

# The tokens of the specification's section 2.1, and comments, which begin with a number sign. A string
# without end is one to where it breaks off: what is looked at once is never looked at again.
TOKEN = re.compile(
    r'"""(?:\\"""|[^"]|"(?!""))*+(?:""")?|"(?:\\.|[^"\\\n\r])*+"?|#[^\n\r]*+'
    r"|[A-Za-z_]\w*+|-?\d[\w.+-]*+|\.\.\.|[!$&()\[\]{}:=@|]",
    re.ASCII,
)
MOST_SCANNED = 5_000
UNHOLDABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Limits:
    """The numbers.

    ``cost`` counts fields answered: a field is one, and what is inside a page counts as often as the page is
    long. ``width`` is the fields at one level, its fragments' included and repetitions too (the rules of the
    specification compare each with each). ``aliases``, ``roots`` and ``directives`` count as
    written. ``variable_depth`` is nesting of JSON.
    """

    body: int = 256 * 1024
    tokens: int = 1_500
    comments: int = 500
    depth: int = 15
    roots: int = 20
    width: int = 200
    aliases: int = 50
    directives: int = 50
    cost: int = 50_000
    variable_depth: int = 32


class LimitExceeded(GraphQLError):
    """A document asks for more than is given; ``extensions`` say which limit, and the limit."""

    def __init__(self, code: str, message: str, limit: int | None = None, node: Any = None) -> None:
        facts = {"code": code} if limit is None else {"code": code, "limit": limit}
        super().__init__(message, node, extensions=facts)


class _Last(threading.local):
    """What a thread read last: a request's scopes, cost and answer all want its document."""

    asked: tuple[str, Limits] | None = None
    found: DocumentNode | GraphQLError | None = None


_last = _Last()


def read_once(source: str, limits: Limits) -> DocumentNode:
    """Return what :func:`read` returns, or raise what it raises, reading once for a request."""
    if _last.asked != (source, limits):
        try:
            _last.found = read(source, limits)
        except GraphQLError as error:
            _last.found = error
        _last.asked = (source, limits)
    if isinstance(_last.found, GraphQLError):
        raise _last.found.with_traceback(None)
    assert _last.found is not None  # noqa: S101 (set with what was asked)
    return _last.found


def read(source: str, limits: Limits) -> DocumentNode:
    """Parse a document, once what counts as written has been counted.

    Raises :class:`LimitExceeded` (``CHARACTER``, ``TOKENS``, ``DIRECTIVES``, ``ALIASES``, ``ROOTS``,
    ``WIDTH``, ``DEPTH``) or a syntax error (``PARSE_FAILED``).
    """
    _check_text(source)
    found = (each[0] for each in TOKEN.finditer(source) if each[0][0] != "#")
    words = list(islice(found, MOST_SCANNED))
    if len(words) < MOST_SCANNED:  # of what are there too many?
        if words.count("@") > limits.directives:
            raise _too_many_directives(limits)
        _check_fields(words, limits)
    if len(words) > limits.tokens:
        raise _too_many_words(limits)  # told far sooner than by the parser
    try:
        document = parse(source, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message or "comments" in error.message:
            raise _too_many_words(limits) from None
        if "nested too deeply" in error.message:
            raise _too_deep(limits) from None
        error.extensions = {"code": "PARSE_FAILED"}
        raise
    if "\\u" in source:
        visit(document, _Strings())
    return document


def _check_fields(words: Sequence[str], limits: Limits) -> None:
    """Count aliases, and fields between one pair of braces, far sooner than they are parsed.

    Raises :class:`LimitExceeded`: ``ALIASES``, ``ROOTS`` or ``WIDTH``. Fields that fragments bring are not
    counted here.
    """
    aliases = 0
    levels: list[int] = []
    valued, before = 0, ""  # arguments' values stand in parentheses, and have braces of their own
    for word in words:
        if word in {"(", ")"}:
            valued += 1 if word == "(" else -1
        elif valued:
            continue
        elif word == "{":
            levels.append(0)
        elif word == "}" and levels:
            levels.pop()
        elif word == ":" and levels:  # what stood before was an alias
            levels[-1] -= 1
            aliases += 1
            if aliases > limits.aliases:
                raise _too_many_aliases(limits)
        elif levels and before not in {"@", "...", "... on"} and word[0] not in ":@.":
            levels[-1] += 1
            if levels[-1] > limits.width:
                raise _too_wide(limits) if len(levels) > 1 else _too_many_roots(limits)
        before = "... on" if (before, word) == ("...", "on") else word


def _too_many_directives(limits: Limits) -> LimitExceeded:
    message = f"The document uses more than {limits.directives} directives."
    return LimitExceeded("DIRECTIVES", message, limits.directives)


def _too_many_aliases(limits: Limits) -> LimitExceeded:
    message = f"The document gives more than {limits.aliases} aliases."
    return LimitExceeded("ALIASES", message, limits.aliases)


def _too_wide(limits: Limits) -> LimitExceeded:
    message = f"The document asks for more than {limits.width} fields at one level."
    return LimitExceeded("WIDTH", message, limits.width)


def _too_many_roots(limits: Limits) -> LimitExceeded:
    message = f"The operation asks for more than {limits.roots} fields at its root."
    return LimitExceeded("ROOTS", message, limits.roots)


def _too_many_words(limits: Limits) -> LimitExceeded:
    return LimitExceeded("TOKENS", f"The document has more than {limits.tokens} words.", limits.tokens)


def _too_deep(limits: Limits) -> LimitExceeded:
    return LimitExceeded("DEPTH", f"The document nests deeper than {limits.depth} levels.", limits.depth)


class _Strings(Visitor):
    """Refuses characters that PostgreSQL cannot hold, which escapes may stand for."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        """Refuse what is no text."""
        _check_text(node.value, node)


def _check_text(value: str, node: Any = None) -> None:
    """Refuse what is no text to PostgreSQL: NUL, and halves of surrogate pairs."""
    if UNHOLDABLE.search(value):
        message = "A text holds the character U+0000 or half a surrogate pair."
        raise LimitExceeded("CHARACTER", message, node=node)


def check_variables(value: object, limits: Limits, depth: int = 0) -> None:
    """Raise :class:`LimitExceeded`: ``CHARACTER`` or ``VARIABLE_DEPTH``."""
    if depth > limits.variable_depth:
        message = f"The variables nest deeper than {limits.variable_depth} levels."
        raise LimitExceeded("VARIABLE_DEPTH", message, limits.variable_depth)
    if isinstance(value, str):
        _check_text(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            check_variables(name, limits, depth)
            check_variables(inner, limits, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_variables(inner, limits, depth + 1)


def check_reach(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], limits: Limits
) -> int:
    """Measure every operation of ``document`` with its ``variables``, unknown fields at one each.

    Return the cost of the dearest.

    Raises :class:`LimitExceeded`: ``FRAGMENT_CYCLE``, ``DEPTH``, ``ROOTS``, ``WIDTH``, ``PAGE_SIZE`` or
    ``COST``.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    dearest = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            defaults = {
                v.variable.name.value: v.default_value
                for v in definition.variable_definitions or ()
                if v.default_value is not None
            }
            measure = _Measure(schema, fragments, variables, defaults, limits)
            dearest = max(dearest, measure.operation(definition))
    return dearest


@dataclass(frozen=True)
class _Reach:
    """What a selection asks for: fields answered, levels, and fields at its own level."""

    cost: int = 0
    depth: int = 0
    width: int = 0

    def beside(self, other: "_Reach") -> "_Reach":
        return _Reach(self.cost + other.cost, max(self.depth, other.depth), self.width + other.width)


class _Measure:
    """One operation's measure; fragments are measured once for each operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: dict[str, Any],
        defaults: Mapping[str, ValueNode],
        limits: Limits,
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.defaults = defaults
        self.limits = limits
        self.known: dict[str, _Reach] = {}
        self.open: list[str] = []

    def operation(self, node: OperationDefinitionNode) -> int:
        limits = self.limits
        reach = self.selection(node.selection_set, self.schema.get_root_type(node.operation), 0)
        if reach.depth > limits.depth:
            raise _too_deep(limits)
        if reach.width > limits.roots:
            raise _too_many_roots(limits)
        if reach.cost > limits.cost:
            message = f"The operation could answer more than {limits.cost} fields; ask for smaller pages."
            raise LimitExceeded("COST", message, limits.cost)
        return reach.cost

    def selection(self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> _Reach:
        if level > self.limits.depth:
            raise _too_deep(self.limits)
        total = _Reach()
        for choice in node.selections:
            if isinstance(choice, FieldNode):
                total = total.beside(self.field(choice, parent, level))
            elif isinstance(choice, InlineFragmentNode):
                named = choice.type_condition
                inner = self.schema.get_type(named.name.value) if named else parent  # type: ignore[truthy-bool]
                total = total.beside(self.selection(choice.selection_set, inner, level))
            elif isinstance(choice, FragmentSpreadNode):
                total = total.beside(self.spread(choice, level))
            if level > 0 and total.width > self.limits.width:
                raise _too_wide(self.limits)
        return total

    def spread(self, node: FragmentSpreadNode, level: int) -> _Reach:
        name = node.name.value
        if name in self.open:
            raise LimitExceeded("FRAGMENT_CYCLE", f"The fragment {name} contains itself.", node=node)
        fragment = self.fragments.get(name)
        if fragment is None:
            return _Reach()
        if name not in self.known:
            self.open.append(name)
            inner = self.schema.get_type(fragment.type_condition.name.value)
            # Fragments may chain without nesting levels, so the chain itself must end too.
            if len(self.open) > 10 * self.limits.depth:
                raise _too_deep(self.limits)
            self.known[name] = self.selection(fragment.selection_set, inner, level)
            self.open.pop()
        return self.known[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> _Reach:
        name = node.name.value
        if name.startswith("__"):  # introspection: bounded by the schema, and off in production
            return _Reach(1, 1, 1)
        definition = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        times = self.page_size(node, definition)
        if node.selection_set is None:
            return _Reach(1, 1, 1)
        inner = self.selection(
            node.selection_set, get_named_type(definition.type) if definition else None, level + 1
        )
        return _Reach(1 + times * inner.cost, 1 + inner.depth, 1)

    def page_size(self, node: FieldNode, definition: GraphQLField | None) -> int:
        if definition is None or "first" not in definition.args:
            return 1
        asked = next((a.value for a in node.arguments or () if a.name.value == "first"), None)
        number = DEFAULT if asked is None else self.number(asked)
        if not 1 <= number <= LARGEST:
            raise LimitExceeded("PAGE_SIZE", f"first is a number from 1 to {LARGEST}.", LARGEST, node)
        return number

    def number(self, value: ValueNode) -> int:
        """Return the integer behind a value: 0 for null, and for what validation will refuse the default."""
        if isinstance(value, VariableNode):
            name = value.name.value
            if name in self.variables:
                given = self.variables[name]
                if isinstance(given, float) and not math.isfinite(given):
                    return 0
                return 0 if given is None else int(given) if isinstance(given, int | float) else DEFAULT
            return self.number(self.defaults[name]) if name in self.defaults else DEFAULT
        if isinstance(value, NullValueNode):
            return 0
        return int(value.value[:20]) if isinstance(value, IntValueNode) else DEFAULT
