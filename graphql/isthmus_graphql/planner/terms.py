"""The terms in which the map says how a type lies in the database.

In SQL, ``{t}`` is the row's own table and ``{j}`` a joined one; a bare column is the row's own. In ``make``,
``{0}``, ``{1}`` ... are the columns' values; the functions that it may call are in
:mod:`isthmus_graphql.planner.values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A leaf made of ``columns``, of the row or of what the row is joined to ``via``; then of its ``own``."""

    columns: tuple[str, ...]
    make: str = "{0}"
    via: str | None = None
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inside:
    """An object of ``fields`` on the same row; null where the column ``present`` is null."""

    fields: Mapping[str, Value]
    present: str | None = None


@dataclass(frozen=True)
class Place:
    """The place whose UN/LOCODE is in ``column``; ``strict`` where an unknown code is an error."""

    column: str
    strict: bool = True


@dataclass(frozen=True)
class Places:
    """The places whose UN/LOCODEs are in the array ``column``."""

    column: str


@dataclass(frozen=True)
class To:
    """The row of type ``kind`` that the row is joined to ``via``; ``required`` where there always is one."""

    kind: str
    via: str
    required: bool = False


@dataclass(frozen=True)
class Many:
    """All rows of ``kind`` that belong to the row by ``where`` (``{up}`` is the row's key), in ``order``."""

    kind: str
    where: str
    order: tuple[str, ...]


@dataclass(frozen=True)
class Paged:
    """Pages of ``kind``, newest first, by ``first`` and ``after``; as :mod:`isthmus_graphql.pagination`.

    Their cursors are of the list ``cursor``, at ``at`` of the row. ``where`` is None for a list of the root.
    """

    kind: str
    cursor: str
    where: str | None = None
    at: tuple[str, ...] = ("id",)


@dataclass(frozen=True)
class Join:
    """A row of ``table`` beside each row, found by ``on``; ``key`` is null where there is none."""

    table: str
    on: str
    key: str = "id"


Field = Value | Inside | Place | Places | To | Many | Paged


@dataclass(frozen=True)
class Way:
    """A way in which a row may be visible: ``on`` holds for one of ``each``; an index leads along it.

    Row-level security decides what is visible. But PostgreSQL does not look for rows along a policy of
    several ways: it goes through the rows of all parties. So each way is followed by itself, in the order of
    the list, and the policy is asked of what was found.
    """

    each: str
    on: str


@dataclass(frozen=True)
class Kind:
    """A type: its ``source`` (a table, or a sub-select), the joins its fields need, its fields by name.

    ``ways`` hold every way in which row-level security lets a party see a row, where there are several.
    """

    source: str
    fields: Mapping[str, Field]
    joins: Mapping[str, Join] = field(default_factory=dict)
    key: str = "id"
    ways: tuple[Way, ...] = ()


def plain(column: str) -> Value:
    """Return a leaf that is one column as it is."""
    return Value((column,))
