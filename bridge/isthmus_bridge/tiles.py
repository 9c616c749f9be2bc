"""Hashes of the log's complete subtrees, remembered in tiles: they never change, and proofs need no query.

A tile holds the subtrees of eight levels under one of 256 times its lowest level, 510 hashes in 16 kB, as the
C2SP tlog-tiles does with the lowest of them. At most :data:`MOST` are held, however long the log is.
"""

from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import BYTEA, aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import literal

from isthmus_bridge.models import LogNode
from isthmus_protocol.merkle import node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MOST = 4096
"""Tiles held at most: 64 MB, and those of a million leaves."""

# Where each level of a tile begins, the lowest first: it has 256 hashes, the next 128, ...
_BEGINS = tuple(2 * (WIDTH - (WIDTH >> level)) for level in range(HEIGHT))

_MASKS = tuple((WIDTH >> level) - 1 for level in range(HEIGHT))

Place = tuple[int, int]
"""A complete subtree: its level, and its number in that level."""
Run = tuple[int, int]
"""Leaves from the first to before the second, which need not make a complete subtree."""


def _where(height: int, index: int) -> slice:
    """Return where a tile has the hash of the subtree ``index``, ``height`` levels above its lowest."""
    at = 32 * (_BEGINS[height] + (index & _MASKS[height]))
    return slice(at, at + 32)


_SIBLINGS = tuple(
    tuple(_where(height, (node >> height) ^ 1) for height in range(HEIGHT)) for node in range(WIDTH)
)


def siblings_in(tile: bytes, node: int) -> list[bytes]:
    """Return the hashes beside the way from ``node`` of the tile's lowest level up through the tile."""
    return [tile[where] for where in _SIBLINGS[node & WIDTH - 1]]


class Tiles:
    """What one database's log has been asked for; many threads may share it."""

    def __init__(self) -> None:
        self.size = 0
        """How many leaves the log is known to have: it has more when somebody asks."""
        self.runs: dict[Run, bytes] = {}
        """Hashes of runs, by which a proof's last step needs no counting."""
        self._full: dict[Place, bytes] = {}
        self._edge: dict[Place, bytes] = {}
        self._lock = Lock()

    def hash_at(self, session: Session, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree ``index`` of ``level``, which the log must hold."""
        layer, height = divmod(level, HEIGHT)
        number = index >> (HEIGHT - height)
        if (number + 1) << HEIGHT * (layer + 1) <= self.size:
            return self.tile(session, layer, number)[_where(height, index)]
        return self._single(session, level, index)

    def tile(self, session: Session, layer: int, number: int) -> bytes:
        """Return the ``number``-th tile of ``layer``, which the log must fill."""
        tile = self._full.get((layer, number))
        return self._load(session, layer, number) if tile is None else tile

    def _single(self, session: Session, level: int, index: int) -> bytes:
        """Return a hash at the log's right edge, where no tile is full."""
        found = self._edge.get((level, index))
        if found is None:
            query = select(LogNode.hash).where(LogNode.level == level, LogNode.index == index)
            found = session.execute(query).scalar_one()
            self.keep(self._edge, (level, index), found)
        return found

    def _load(self, session: Session, layer: int, number: int) -> bytes:
        strung = func.string_agg(
            LogNode.hash, aggregate_order_by(literal(b"", BYTEA), LogNode.index), type_=BYTEA
        )
        first = number << HEIGHT
        lowest: bytes = session.execute(
            select(strung).where(
                LogNode.level == layer * HEIGHT, LogNode.index >= first, LogNode.index < first + WIDTH
            )
        ).scalar_one()
        hashes = [lowest[at : at + 32] for at in range(0, 32 * WIDTH, 32)]
        tile = [lowest]
        while len(hashes) > 2:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
            tile.append(b"".join(hashes))
        whole = b"".join(tile)
        self.keep(self._full, (layer, number), whole)
        return whole

    def keep(self, held: dict[Place, bytes], place: Place, content: bytes) -> None:
        """Remember ``content`` in one of the above, and forget the oldest where there are too many."""
        with self._lock:
            if len(held) >= MOST:
                held.pop(next(iter(held)), None)
            held[place] = content


_OF: WeakKeyDictionary[Engine | Connection, Tiles] = WeakKeyDictionary()


def tiles_of(session: Session) -> Tiles:
    """Return the tiles of the log that ``session`` reads; it must not have appended to it."""
    return _OF.setdefault(session.get_bind(), Tiles())
