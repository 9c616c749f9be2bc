"""One flat SQL statement for each list level of an operation.

A level's statement finds the page of its parents anew, by the same conditions, so that all statements of an
operation go out together and none waits for the answer of another. They see one snapshot. SQL is put together
from the map and from names of our own; whatever comes from a request is a parameter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from isthmus_graphql.planner.map import Join, Kind
from isthmus_platform.database import Actor


@dataclass(frozen=True)
class Given:
    """What an operation is run with: coerced variables, and who asks."""

    variables: Mapping[str, Any]
    actor: Actor


Binding = Callable[[Given], Any]
"""Where a parameter's value comes from."""

COLUMN = re.compile(r"[a-z_0-9]+")


@dataclass(frozen=True)
class Statement:
    """SQL with the bindings of its parameters ``$1``, ``$2`` ..."""

    sql: str
    bindings: tuple[Binding, ...]

    def values(self, given: Given) -> list[bytes | None]:
        """Return the parameters in PostgreSQL's text format."""
        return [_text(binding(given)) for binding in self.bindings]


def _text(value: Any) -> bytes | None:
    return None if value is None else str(value).encode()


@dataclass
class Writer:
    """A statement that is being written: gives each binding its number."""

    bindings: list[Binding] = field(default_factory=list)

    def parameter(self, binding: Binding, kind: str) -> str:
        """Return the placeholder of ``binding``, of the SQL type ``kind``."""
        if binding not in self.bindings:
            self.bindings.append(binding)
        return f"${self.bindings.index(binding) + 1}::{kind}"


@dataclass(frozen=True)
class Condition:
    """SQL with ``{t}`` for the row's table, ``{up}`` for its parent's key, ``{0}`` ... for ``parameters``."""

    sql: str
    parameters: tuple[tuple[Binding, str], ...] = ()


@dataclass(frozen=True)
class Limit:
    """How many rows a page shows; one more is read where it matters whether more follow."""

    binding: Binding
    more: bool = False


@dataclass
class Level:
    """The rows of one list: of the root, or of each row of a ``parent`` at its key ``up``."""

    number: int
    kind: Kind
    parent: "Level | None" = None
    up: str = ""
    conditions: list[Condition] = field(default_factory=list)
    order: tuple[str, ...] = ()
    limit: Limit | None = None
    columns: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)

    @property
    def alias(self) -> str:
        """The name of the level's own table."""
        return f"t{self.number}"

    def column(self, sql: str) -> str:
        """Select ``sql``; return the name of its value in generated code."""
        return self.columns.setdefault(sql, f"v{self.number}_{len(self.columns)}")

    def position(self, sql: str) -> int:
        """Return where ``sql`` stands in the level's rows."""
        self.column(sql)
        return list(self.columns).index(sql) + (self.parent is not None)

    def join(self, alias: str, name: str, join: Join) -> str:
        """Join a row beside that of ``alias``; return its alias."""
        joined = f"{alias}_{name}"
        self.joins[joined] = (
            f" LEFT JOIN {join.table.format(t=alias)} {joined} ON {join.on.format(t=alias, j=joined)}"
        )
        return joined

    def statement(self) -> Statement:
        """Return the statement that reads the level's rows, each after its parent's key if it has one."""
        writer = Writer()
        own = self._select(writer, [f"{sql} AS {name}" for sql, name in self.columns.items()], rows=True)
        if self.parent is not None:
            own = f"SELECT {self._above}.k, c.* FROM {self._parents(writer)} CROSS JOIN LATERAL ({own}) c"  # noqa: S608
        return Statement(own, tuple(writer.bindings))

    @property
    def _above(self) -> str:
        return f"up{self.number}"

    def _parents(self, writer: Writer) -> str:
        parent = self.parent
        if parent is None:
            raise TypeError("a level of the root has no parents")
        keys = parent.keys(writer, self.up)
        if not self.up.startswith(f"{parent.alias}."):  # several parents may lead to one row
            keys = f"SELECT DISTINCT k FROM ({keys}) led WHERE k IS NOT NULL"  # noqa: S608
        return f"({keys}) {self._above}"

    def keys(self, writer: Writer, key: str) -> str:
        """Return a query of the ``key`` of each row that the level shows."""
        own = self._select(writer, [f"{key} AS k"], rows=False)
        if self.parent is None:
            return own
        return f"SELECT c.k FROM {self._parents(writer)} CROSS JOIN LATERAL ({own}) c"  # noqa: S608

    def _select(self, writer: Writer, columns: Sequence[str], *, rows: bool) -> str:
        where = " AND ".join(self._condition(writer, each) for each in self.conditions)
        order = ", ".join(each.format(t=self.alias) for each in self.order)
        parts = [
            f"SELECT {', '.join(columns) or '1'} FROM {self.kind.source} {self.alias}",  # noqa: S608
            *self._needed(" ".join(columns)),
            f" WHERE {where}" if where else "",
            f" ORDER BY {order}" if order else "",
        ]
        if self.limit is not None:
            count = writer.parameter(self.limit.binding, "bigint")
            parts.append(f" LIMIT {count}{' + 1' if rows and self.limit.more else ''}")
        return "".join(parts)

    def _condition(self, writer: Writer, condition: Condition) -> str:
        given = [writer.parameter(*each) for each in condition.parameters]
        return condition.sql.format(*given, t=self.alias, up=f"{self._above}.k")

    def _needed(self, text: str) -> list[str]:
        """Return the joins that ``text`` speaks of, and those that these stand on."""
        needed: list[str] = []
        for alias, sql in reversed(self.joins.items()):
            if f"{alias}." in text:
                needed.append(sql)
                text += sql
        return needed[::-1]


def located(alias: str, column: str) -> str:
    """Return a column of the map as SQL at ``alias``."""
    return f"{alias}.{column}" if COLUMN.fullmatch(column) else column.format(t=alias)


def constant(value: Any) -> Binding:
    """Return the binding of a value that is the same for every run."""
    return lambda _given: value


def acting_party(given: Given) -> UUID:
    """Return the id of the party that asks."""
    return given.actor.party_id
