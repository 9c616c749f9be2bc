"""Children of a whole page in one statement.

GraphQL resolves field by field, one parent at a time. Whoever reads a page of parents says so with
:meth:`Loader.together`; the first parent that is asked for its children then loads those of all of them.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")


class Loader:
    """What one request has loaded; forgotten after each mutation."""

    def __init__(self) -> None:
        self._company: dict[tuple[str, UUID], Sequence[UUID]] = {}
        self._loaded: dict[tuple[Hashable, UUID], Any] = {}

    def together(self, kind: str, ids: Iterable[UUID | None]) -> None:
        """Note that the things of ``kind`` with these ``ids`` were read together."""
        company = list(dict.fromkeys(i for i in ids if i is not None))
        for one in company:
            if len(self._company.get((kind, one), ())) < len(company):
                self._company[kind, one] = company

    def load(
        self, kind: str, key: UUID, what: Hashable, read: Callable[[Sequence[UUID]], Mapping[UUID, T]]
    ) -> T | None:
        """Return what ``read`` gives for ``key``, reading for its whole company at once; None if nothing."""
        if (what, key) not in self._loaded:
            wanted = [
                i for i in self._company.get((kind, key), (key,)) if (what, i) not in self._loaded or i == key
            ]
            found = read(wanted)
            for one in wanted:
                self._loaded[what, one] = found.get(one)
        value: T | None = self._loaded[what, key]
        return value

    def forget(self) -> None:
        """Drop what was loaded: something has changed."""
        self._company.clear()
        self._loaded.clear()
