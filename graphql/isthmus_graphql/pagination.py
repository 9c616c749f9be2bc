"""Pages of a list by position (Relay connections): no offsets, so any page costs the same."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import graphene
from graphene import relay

from isthmus_graphql.context import Info
from isthmus_platform.errors import InvalidInput

T = TypeVar("T")

DEFAULT = 20
LARGEST = 100


@dataclass(frozen=True)
class PageInfo:
    """Where a page stands; pages go forward only."""

    has_next_page: bool
    start_cursor: str | None
    end_cursor: str | None
    has_previous_page: bool


@dataclass(frozen=True)
class Edge(Generic[T]):
    """A node and its place."""

    node: T
    cursor: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page as the connection types read it."""

    edges: list[Edge[T]]
    page_info: PageInfo


def size(first: int | None) -> int:
    """Return a page's size; raise :class:`InvalidInput` (``page_size``) outside 1 to 100."""
    if first is None or isinstance(first, bool) or not 1 <= first <= LARGEST:
        raise InvalidInput(f"first is a number from 1 to {LARGEST}.", field="first", code="page_size")
    return first


def cursor(party_id: UUID, kind: str, *place: datetime | UUID | str | int) -> str:
    """Return the opaque cursor of a ``place`` in the list ``kind``, for the party ``party_id`` alone."""
    words = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else str(part) for part in place]
    text = " ".join([kind, *words, _mark(party_id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@lru_cache(maxsize=1024)
def _mark(party_id: UUID) -> str:
    """Return what tells a party's cursors from another's; rights do not hang on it, as it is no secret."""
    return blake2b(party_id.bytes, digest_size=6, person=b"cursor").hexdigest()


def place(
    party_id: UUID, kind: str, after: str | None, *parsers: Callable[[str], Any]
) -> tuple[Any, ...] | None:
    """Return the place inside ``after``, or None without one.

    Raises :class:`InvalidInput` (``cursor``) for anything that :func:`cursor` has not made for this list and
    this party.
    """
    if after is None:
        return None
    try:
        text = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True).decode()
        words = text.removeprefix(f"{kind} ").split(" ")[:-1]
        found = tuple(parse(word) for parse, word in zip(parsers, words, strict=True))
        if cursor(party_id, kind, *found) == after:
            return found
    except (ValueError, binascii.Error, OverflowError):
        pass
    raise InvalidInput(
        "This is not a cursor of this list; take one from a page of it.", field="after", code="cursor"
    )


@dataclass(frozen=True)
class Paging:
    """What the party ``party_id`` asks of the list ``kind``: ``count`` rows behind the cursor ``after``."""

    party_id: UUID
    kind: str
    count: int
    after: str | None

    def place(self, *parsers: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """Return the place to go on from, or None; raises what :func:`place` raises."""
        return place(self.party_id, self.kind, self.after, *parsers)

    @property
    def behind(self) -> UUID | None:
        """The id to go on from in a list that is sorted by id (UUIDv7: by time), or None."""
        found = self.place(UUID)
        return None if found is None else found[0]

    def cursor(self, *place: datetime | UUID | str | int) -> str:
        """Return the cursor of a ``place`` in this list."""
        return cursor(self.party_id, self.kind, *place)

    def page(
        self,
        rows: Sequence[T],
        at: Callable[[T], Any] = attrgetter("id"),
        *,
        unseen: str | None = None,
    ) -> Page[T]:
        """Return the page of ``rows``, of which one more than ``count`` was read to know whether more follow.

        ``at`` gives a row's place; ``unseen`` is the cursor behind which more may follow that were not
        looked at.
        """
        edges = [Edge(row, self.cursor(*_parts(at(row)))) for row in rows[: self.count]]
        full = len(rows) > self.count
        end = edges[-1].cursor if edges else None
        info = PageInfo(
            has_next_page=full or unseen is not None,
            has_previous_page=self.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=end if full or unseen is None else unseen,
        )
        return Page(edges, info)

    def part(
        self, rows: Iterable[T], behind: Callable[[T], bool], at: Callable[[T], Any] = attrgetter("id")
    ) -> Page[T]:
        """Return the page of ``rows``, sorted and all at hand, from the first that is ``behind``."""
        return self.page(list(islice(filter(behind, rows), self.count + 1)), at)


def _parts(place: Any) -> tuple[Any, ...]:
    return place if isinstance(place, tuple) else (place,)


def paging(info: Info, kind: str, first: int | None, after: str | None) -> Paging:
    """Return what is asked of the list ``kind``; raise :class:`InvalidInput` (``page_size``)."""
    return Paging(info.context.actor.party_id, kind, size(first), after)


def connection(node: type[Any]) -> type[Any]:
    """Return the Relay connection type over ``node``."""
    name = f"{node.__name__}Connection"
    meta = type(
        "Meta", (), {"node": node, "strict_types": True, "description": f"A page of {node.__name__}."}
    )
    return type(name, (relay.Connection,), {"Meta": meta})


def listed(connected: type[Any] | Callable[[], type[Any]], description: str, **arguments: Any) -> Any:
    """Return a field that is a page of ``connected``, newest first, by ``first`` and ``after``."""
    return graphene.Field(
        connected,
        description=description,
        first=graphene.Int(default_value=DEFAULT, description=f"How many, 1 to {LARGEST}."),
        after=graphene.String(description="The cursor after which the page begins."),
        **arguments,
    )
