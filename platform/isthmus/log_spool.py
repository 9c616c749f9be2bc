"""A log's entries on the disk while they are audited: whatever its length, memory stays as it is.

SQLite keeps them in a temporary file of its own, which is gone with the process (sqlite.org/inmemorydb.html,
"Temporary Databases").
"""

import sqlite3
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, overload

from isthmus_protocol import merkle
from isthmus_protocol.canonical import JsonObject, canonical, parse_object

PAGES = 4096
"""Kibibytes that SQLite holds in memory."""
KEPT = 64
"""Entries that are kept parsed: those that later ones name are often the last."""
Item = TypeVar("Item")


class Spool:
    """Entries in the order of the log, as :class:`isthmus_protocol.auditing.Entries`."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(f"PRAGMA cache_size = -{PAGES}")
        self._base.execute("CREATE TABLE entry (place INTEGER PRIMARY KEY, record BLOB, hash BLOB)")
        self._base.execute("CREATE TABLE mark (name TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID")
        self._size = 0
        self._record = lru_cache(KEPT)(self._parsed)
        self.marks: MutableMapping[str, int] = _Marks(self._base)

    def __len__(self) -> int:
        return self._size

    def extend(self, records: Sequence[JsonObject]) -> None:
        """Append entries."""
        leaves = map(canonical, records)
        rows = ((place, leaf, merkle.leaf_hash(leaf)) for place, leaf in enumerate(leaves, self._size))
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
        self._base.execute("COMMIT")
        self._size += len(records)

    @property
    def records(self) -> Sequence[JsonObject]:
        """The entries, read from the disk each time."""
        return _Column(self, "record", 0, self._size)

    @property
    def hashes(self) -> Sequence[bytes]:
        """The entries' hashes in the tree, read from the disk each time."""
        return _Column(self, "hash", 0, self._size)

    def close(self) -> None:
        """Do away with all of it."""
        self._base.close()

    def one(self, column: str, place: int) -> Any:
        """Return one entry or its hash."""
        if column == "record":
            return self._record(place)
        return self._base.execute("SELECT hash FROM entry WHERE place = ?", (place,)).fetchone()[0]

    def between(self, column: str, start: int, end: int) -> Iterator[Any]:
        """Yield entries or hashes in order, a row at a time."""
        query = f"SELECT {column} FROM entry WHERE place >= ? AND place < ? ORDER BY place"  # noqa: S608
        for (found,) in self._base.execute(query, (start, end)):
            yield parse_object(found) if column == "record" else found

    def _parsed(self, place: int) -> JsonObject:
        (leaf,) = self._base.execute("SELECT record FROM entry WHERE place = ?", (place,)).fetchone()
        return parse_object(leaf)


class _Column(Sequence[Item]):
    """A column from ``start`` to before ``end``; a slice of it is another, and reads nothing."""

    def __init__(self, spool: Spool, column: str, start: int, end: int) -> None:
        self._spool, self._column, self._start, self._end = spool, column, start, end

    def __len__(self) -> int:
        return self._end - self._start

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        places = range(self._start, self._end)[index]
        if isinstance(places, int):
            found: Item = self._spool.one(self._column, places)
            return found
        if places.step != 1:
            raise ValueError("entries are read in order")
        return _Column(self._spool, self._column, places.start, places.stop)

    def __iter__(self) -> Iterator[Item]:
        return self._spool.between(self._column, self._start, self._end)


class _Marks(MutableMapping[str, int]):
    """Places by name, as many as there are entries."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __getitem__(self, name: str) -> int:
        found = self._base.execute("SELECT place FROM mark WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise KeyError(name)
        place: int = found[0]
        return place

    def __setitem__(self, name: str, place: int) -> None:
        self._base.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, place))

    def __delitem__(self, name: str) -> None:
        self._base.execute("DELETE FROM mark WHERE name = ?", (name,))

    def __iter__(self) -> Iterator[str]:
        for (name,) in self._base.execute("SELECT name FROM mark ORDER BY name"):
            yield name

    def __len__(self) -> int:
        counted: int = self._base.execute("SELECT count(*) FROM mark").fetchone()[0]
        return counted
