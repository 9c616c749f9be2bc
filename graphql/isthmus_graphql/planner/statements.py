"""One flat SQL statement for each list level of an operation.

A level notes the keys of its page in a setting of the transaction, where the levels below it find them: so
all statements of an operation go out together and none waits for the answer of another. They see one
snapshot. SQL is put together from the map and from names of our own; whatever comes from a request is a
parameter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from isthmus_graphql.planner.terms import Join, Kind
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
    """The rows of one list: of the root, or of each row of a ``parent`` at its key ``up``.

    A list of the root whose rows are visible in several ways is found ``by_ways``; what is asked for by its
    own reference or key is not, since that has an index.
    """

    number: int
    kind: Kind
    parent: "Level | None" = None
    up: str = ""
    conditions: list[Condition] = field(default_factory=list)
    order: tuple[str, ...] = ()
    limit: Limit | None = None
    columns: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    led_to: dict[str, str] = field(default_factory=dict)
    by_ways: bool = False

    def __post_init__(self) -> None:
        if self.parent is not None:
            self.parent.lead_to(self.up)

    @property
    def alias(self) -> str:
        """The name of the level's own table."""
        return f"t{self.number}"

    @property
    def key(self) -> str:
        """The SQL of the key of the level's own rows."""
        return f"{self.alias}.{self.kind.key}"

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

    def lead_to(self, key: str) -> str:
        """Let other levels begin at ``key`` of each row; return the setting that holds the keys."""
        return self.led_to.setdefault(key, f"isthmus.page{self.number}_{len(self.led_to)}")

    def statement(self) -> Statement:
        """Return the statement of the level's rows; each is preceded by its parent's key if there is one.

        Where other levels begin at these rows it notes their keys, all with the first row.
        """
        writer = Writer()
        keys = [f"{key} AS k{self.number}_{n}" for n, key in enumerate(self.led_to)]
        columns = [f"{sql} AS {name}" for sql, name in self.columns.items()]
        rows = self._select(writer, ", ".join([*columns, *keys]))
        if self.parent is not None:
            rows = f"SELECT {self._above}.k, c.* FROM {self._parents(writer)} CROSS JOIN LATERAL ({rows}) c"  # noqa: S608
        if self.led_to:
            above = ["k"] if self.parent is not None else []
            shown = ", ".join([*above, *self.columns.values(), *self._noted()])
            rows = f"SELECT {shown} FROM ({rows}) page"  # noqa: S608
        return Statement(rows, tuple(writer.bindings))

    def _noted(self) -> list[str]:
        """Return what keeps keys of all the rows until the transaction ends: a column for each key."""
        return [
            "CASE row_number() OVER () WHEN 1 THEN"
            f" set_config('{name}', (array_agg(k{self.number}_{n}) OVER ())::text, true) IS NULL END"
            for n, name in enumerate(self.led_to.values())
        ]

    @property
    def _above(self) -> str:
        return f"up{self.number}"

    def _parents(self, writer: Writer) -> str:
        """Return the keys of the parents, each once."""
        parent = self.parent
        if parent is None:
            raise TypeError("a level of the root has no parents")
        keys = f"NULLIF(current_setting('{parent.led_to[self.up]}', true), '')::uuid[]"  # none noted: no rows
        if parent.parent is None and parent.limit is not None and parent.limit.more:
            keys = f"({keys})[1:{writer.parameter(parent.limit.binding, 'bigint')}::int]"
        if self.up == parent.key:
            return f"unnest({keys}) {self._above} (k)"
        return f"(SELECT DISTINCT k FROM unnest({keys}) k WHERE k IS NOT NULL) {self._above}"  # noqa: S608

    def _select(self, writer: Writer, columns: str) -> str:
        order = ", ".join(each.format(t=self.alias) for each in self.order)
        ending = f" ORDER BY {order}" if order else ""
        if self.limit is not None:
            count = writer.parameter(self.limit.binding, "bigint")
            ending += f" LIMIT {count}{' + 1' if self.limit.more else ''}"
        conditions = [self._condition(writer, each) for each in self.conditions]
        joins = "".join(self._needed(columns))
        source, where = f"{self.kind.source} {self.alias}", ""
        if self.by_ways:
            source = f"({self._by_ways(columns + joins + ending, conditions, ending)}) {self.alias}"
        elif conditions:
            where = f" WHERE {' AND '.join(conditions)}"
        return f"SELECT {columns} FROM {source}{joins}{where}{ending}"  # noqa: S608

    def _by_ways(self, text: str, conditions: Sequence[str], ending: str) -> str:
        """Return a query of the rows that come first on each way in which one may be visible, each once.

        They have the columns that ``text`` speaks of.
        """
        columns = sorted({self.kind.key, *re.findall(rf"\b{self.alias}\.([a-z_0-9]+)", text)})
        shown = ", ".join(f"{self.alias}.{column}" for column in columns)
        found = []
        for way in self.kind.ways:
            where = " AND ".join([way.on.format(t=self.alias), *conditions])
            own = f"SELECT {shown} FROM {self.kind.source} {self.alias} WHERE {where}{ending}"  # noqa: S608
            found.append(f"SELECT s.* FROM {way.each} CROSS JOIN LATERAL ({own}) s")  # noqa: S608
        key = f"w.{self.kind.key}"
        every = " UNION ALL ".join(found)
        return f"SELECT DISTINCT ON ({key}) w.* FROM ({every}) w ORDER BY {key} DESC"  # noqa: S608

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
