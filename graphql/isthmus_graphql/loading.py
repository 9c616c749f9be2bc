"""Children of a whole page in one statement.

GraphQL resolves field by field, one parent at a time. Whoever reads a page of parents says so with
:meth:`Loader.together` or :meth:`Loader.keep`; the first parent that is asked for its children then loads
those of all of them.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")


class Loader:
    """What one request has loaded; forgotten before each mutation."""

    def __init__(self) -> None:
        self._company: dict[tuple[str, UUID], Sequence[UUID]] = {}
        self._rows: dict[tuple[str, UUID], Any] = {}
        self._loaded: dict[tuple[Hashable, UUID], Any] = {}

    def together(self, kind: str, ids: Iterable[UUID | None]) -> None:
        """Note that the things of ``kind`` with these ``ids`` are wanted together."""
        company = list(dict.fromkeys(i for i in ids if i is not None))
        for one in company:
            if len(self._company.get((kind, one), ())) < len(company):
                self._company[kind, one] = company

    def keep(self, kind: str, rows: Iterable[Any]) -> None:
        """Note that these things, each with an ``id``, were read together."""
        kept = list(rows)
        self._rows.update({(kind, row.id): row for row in kept})
        self.together(kind, (row.id for row in kept))

    def kept(self, kind: str, ids: Iterable[UUID]) -> list[Any]:
        """Return what :meth:`keep` has of ``ids``."""
        return [self._rows[kind, one] for one in ids if (kind, one) in self._rows]

    def company(self, kind: str, key: UUID) -> Sequence[UUID]:
        """Return the ids of what is wanted together with ``key``, itself among them."""
        return self._company.get((kind, key), (key,))

    def load(
        self, kind: str, key: UUID, what: Hashable, read: Callable[[Sequence[UUID]], Mapping[UUID, T]]
    ) -> T | None:
        """Return what ``read`` gives for ``key``, reading for its whole company at once; None if nothing."""
        if (what, key) not in self._loaded:
            wanted = [one for one in self.company(kind, key) if (what, one) not in self._loaded]
            found = read(wanted)
            for one in wanted:
                self._loaded[what, one] = found.get(one)
        value: T | None = self._loaded[what, key]
        return value

    def forget(self) -> None:
        """Drop what was loaded: something is about to change."""
        self._company.clear()
        self._rows.clear()
        self._loaded.clear()
